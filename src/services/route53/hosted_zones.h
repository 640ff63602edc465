// SPDX-License-Identifier: Apache-2.0
// HostedZones: all zones and their records, written through to the tables route53.zones and
// route53.records. Several zones may have one name, as on AWS; DNS answers from the oldest of them
// (fact route53-41), and never from private ones (fact route53-111).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "ports/journal.h"
#include "services/route53/change_batch.h"
#include "services/route53/hosted_zone.h"

namespace sitelatch::route53 {

class HostedZones {
 public:
  explicit HostedZones(ports::Journal& journal);

  std::size_t size() const { return zones_.size(); }
  const HostedZone* find(const std::string& id) const;
  bool reference_used(const std::string& caller_reference) const {
    return references_.contains(caller_reference);
  }
  // In the order of ids from `from` on, until the visitor answers false.
  void visit(const std::string& from, const std::function<bool(const HostedZone&)>& visitor) const;
  // In the order of names (as listings sort them) and ids, from the first not before (name, id).
  void visit_by_name(const std::string& wire_name, const std::string& id,
                     const std::function<bool(const HostedZone&)>& visitor) const;
  // The public zone that DNS answers from for this origin.
  const HostedZone* served(const std::string& origin) const;

  const HostedZone& add(HostedZone zone);  // with its apex records; numbers it
  void remove(const std::string& id);
  void set_comment(const std::string& id, std::string comment);
  void set_vpcs(const std::string& id, std::vector<Vpc> vpcs);  // never none: it stays private
  void set_authorized(const std::string& id, std::vector<Vpc> vpcs);
  void set_delegation_set(const std::string& id, std::string delegation_set_id);
  void set_accelerated_recovery(const std::string& id, bool on);
  void commit(const std::string& id, const TouchedGroups& touched);

 private:
  using NameKey = std::pair<std::string, std::string>;  // listing key, id
  void index(const HostedZone& zone);
  void write(const HostedZone& zone);

  ports::Journal& journal_;
  std::map<std::string, std::unique_ptr<HostedZone>, std::less<>> zones_;
  std::map<NameKey, const HostedZone*> by_name_;
  std::map<std::string, std::set<std::pair<std::uint64_t, std::string>>> by_origin_;  // number, id
  std::set<std::string> references_;
  std::uint64_t last_number_ = 0;
};

}  // namespace sitelatch::route53
