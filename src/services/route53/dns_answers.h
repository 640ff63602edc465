// SPDX-License-Identifier: Apache-2.0
// DnsAnswers: turns every change of records or health into the few answers that it changes, and
// stages them for publication once it is durable. The one place that writes records, so that
// dependencies never lag behind.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "services/route53/alias_targets.h"
#include "services/route53/cidr_blocks.h"
#include "services/route53/dependencies.h"
#include "services/route53/health_checks.h"
#include "services/route53/hosted_zones.h"
#include "services/route53/publisher.h"
#include "services/route53/routing.h"

namespace sitelatch::route53 {

class DnsAnswers final : public RoutingWorld {
 public:
  struct Places {
    std::string home_region;
    std::shared_ptr<const AskerTable> askers;  // none: nobody is anywhere
    const CidrBlocks* cidr = nullptr;          // none: there are no collections
  };
  DnsAnswers(HostedZones& zones, HealthChecks& checks, AliasTargets& targets, Publisher& publisher,
             Places places);

  void start();  // publishes everything that was loaded

  void health_changed(const std::string& health_check_id);
  void target_changed(const std::string& target);
  std::size_t aliases_of(const std::string& target) const {
    return dependencies_.aliases_of(target);
  }
  bool uses(const std::string& health_check_id) const {
    return dependencies_.uses(health_check_id);
  }

  // `published` runs once DNS answers so.
  const HostedZone& add_zone(HostedZone zone, std::function<void()> published);
  void remove_zone(const std::string& id, std::function<void()> published);
  void commit(const std::string& zone_id, const TouchedGroups& touched,
              std::function<void()> published);

  // A zone of no name, which only aliases lead to: the records of a traffic policy's instance.
  // Takes the place of the one of its id.
  void plant(HostedZone tree);
  void uproot(const std::string& id);  // nothing leads there any more, or it answers nothing

  // CIDR collections have changed.
  void places_changed();

  // What this name and type of this zone answer now, to whoever is in this network.
  Resolution resolve(const NodeKey& key, const dns::Network& asker = {}) const;

  const HostedZone* zone(const std::string& id) const override;
  Status health(const std::string& health_check_id) const override {
    return checks_.status(health_check_id);
  }
  Resolution outside(const AliasTarget& target, std::uint16_t type) const override;
  std::string cidr_location(const std::string& collection_id,
                            const dns::Network& network) const override;

 private:
  bool is_served(const HostedZone& zone) const { return zones_.served(zone.name) == &zone; }
  void forget(const HostedZone& tree);
  std::vector<NodeKey> nodes_of(const HostedZone& zone) const;
  std::vector<dns::NodeChange> changes(const std::set<NodeKey>& nodes) const;
  bool answers_itself(const std::string& target) const;
  std::vector<dns::NodeChange> own_answers(const std::string& target) const;

  HostedZones& zones_;
  HealthChecks& checks_;
  AliasTargets& targets_;
  Publisher& publisher_;
  std::shared_ptr<const dns::Places> number_places();
  Asker asker_in(const dns::Network& network) const;

  const Places places_;
  std::vector<Asker> askers_;  // who is at a place, by its number in the view; the first: nobody
  Dependencies dependencies_;
  std::map<std::string, HostedZone> trees_;
};

}  // namespace sitelatch::route53
