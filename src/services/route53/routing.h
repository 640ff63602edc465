// SPDX-License-Identifier: Apache-2.0
// Routing: what a name and type of a zone answer, given the records, the routing policy and the
// health of everything they rest on (facts route53-37, route53-77). Pure: a Router sees one moment
// and remembers what it has worked out for it.
//
//   a record is healthy    its health check is (or it has none) AND, with EvaluateTargetHealth, its
//                          alias's target is
//   a group is healthy     at least one of its records is
//   nothing healthy        for choosing, all count as healthy; for whoever evaluates it through an
//                          alias, it is not
//
// Where it matters who asks (geolocation, CIDR, latency, geoproximity) a Router is for one asker.
//
// Failover, the whole table (H healthy, U unhealthy; no health check is H):
//   primary H -> primary;  primary U, secondary H -> secondary;  both U -> primary
#pragma once

#include <compare>
#include <map>
#include <string>

#include "dns/view.h"
#include "services/route53/aggregation.h"
#include "services/route53/askers.h"
#include "services/route53/hosted_zone.h"

namespace sitelatch::route53 {

struct NodeKey {
  std::string zone_id;
  std::string name;  // wire
  std::uint16_t type = 0;
  friend auto operator<=>(const NodeKey&, const NodeKey&) = default;
};

struct Resolution {
  dns::Choices choices;  // empty: no data
  bool healthy = false;
  bool by_asker = false;  // somebody elsewhere may be told otherwise
};

class RoutingWorld {
 public:
  virtual const HostedZone* zone(const std::string& id) const = 0;
  virtual Status health(const std::string& health_check_id) const = 0;
  // What an alias leads to that is in no zone of ours (fact route53-131).
  virtual Resolution outside(const AliasTarget& target, std::uint16_t type) const = 0;
  // Of a CIDR collection, the location that holds all of this network; empty: none does.
  virtual std::string cidr_location(const std::string& collection_id,
                                    const dns::Network& network) const = 0;

 protected:
  ~RoutingWorld() = default;
};

class Router {
 public:
  // `home_region` is where latency records look from for whom nobody knows better (fact
  // route53-36).
  Router(const RoutingWorld& world, std::string home_region, Asker asker = {})
      : world_(world), home_region_(std::move(home_region)), asker_(std::move(asker)) {}

  const Resolution& resolve(const NodeKey& key);

 private:
  using Members = std::vector<const RecordSet*>;
  Resolution decide(const Group& group);
  Resolution resolve_record(const RecordSet& record);
  Resolution weighted(const Members& candidates);
  Members for_asker(const Group& group) const;
  int distance(const RecordSet& record) const;
  bool healthy(const RecordSet& record);
  const Resolution& target_of(const RecordSet& alias);

  const RoutingWorld& world_;
  std::string home_region_;
  Asker asker_;
  std::map<NodeKey, Resolution> known_;
  int depth_ = 0;
};

}  // namespace sitelatch::route53
