// SPDX-License-Identifier: Apache-2.0
#include "services/route53/dns_answers.h"

#include <algorithm>

#include "base/check.h"

namespace sitelatch::route53 {

DnsAnswers::DnsAnswers(HostedZones& zones, HealthChecks& checks, Publisher& publisher,
                       std::string home_region)
    : zones_(zones), checks_(checks), publisher_(publisher), home_region_(std::move(home_region)) {}

void DnsAnswers::start() {
  std::set<NodeKey> nodes;
  zones_.visit("", [&](const HostedZone& zone) {
    for (const auto& [listed, group] : zone.groups) {
      NodeKey node{zone.id, group.front().name, group.front().type};
      dependencies_.add(node, group);
      nodes.insert(std::move(node));
    }
    return true;
  });
  publisher_.start(changes(nodes));
}

void DnsAnswers::health_changed(const std::string& health_check_id) {
  auto step = changes(dependencies_.resting_on(health_check_id));
  if (!step.empty()) publisher_.stage({std::nullopt, std::move(step)});
}

const HostedZone& DnsAnswers::add_zone(HostedZone zone, std::function<void()> published) {
  const auto& added = zones_.add(std::move(zone));
  const auto nodes = nodes_of(added);
  publisher_.stage({std::nullopt, changes({nodes.begin(), nodes.end()})}, std::move(published));
  return added;
}

void DnsAnswers::remove_zone(const std::string& id, std::function<void()> published) {
  const auto* zone = zones_.find(id);
  ENSURE(zone != nullptr);
  const auto origin = zone->name;
  const bool served = is_served(*zone);
  auto nodes = nodes_of(*zone);
  for (const auto& [listed, group] : zone->groups)
    dependencies_.remove({id, group.front().name, group.front().type}, group);
  auto touched = dependencies_.closure(std::move(nodes));
  zones_.remove(id);
  ViewStep step;
  if (served) {
    step.remove_zone = origin;
    if (const auto* heir = zones_.served(origin))
      for (auto& node : nodes_of(*heir)) touched.insert(std::move(node));
  }
  step.changes = changes(touched);
  publisher_.stage(std::move(step), std::move(published));
}

void DnsAnswers::commit(const std::string& zone_id, const TouchedGroups& touched,
                        std::function<void()> published) {
  const auto* zone = zones_.find(zone_id);
  ENSURE(zone != nullptr);
  std::vector<NodeKey> nodes;
  for (const auto& [listed, after] : touched) {
    const auto before = zone->groups.find(listed);
    const Group* known = !after.empty()                 ? &after
                         : before != zone->groups.end() ? &before->second
                                                        : nullptr;
    if (!known) continue;  // created and deleted in one batch
    NodeKey node{zone_id, known->front().name, known->front().type};
    if (before != zone->groups.end()) dependencies_.remove(node, before->second);
    dependencies_.add(node, after);
    nodes.push_back(std::move(node));
  }
  zones_.commit(zone_id, touched);
  publisher_.stage({std::nullopt, changes(dependencies_.closure(std::move(nodes)))},
                   std::move(published));
}

const HostedZone* DnsAnswers::zone(const std::string& id) const {
  if (const auto* found = zones_.find(id)) return found;
  const auto tree = trees_.find(id);
  return tree == trees_.end() ? nullptr : &tree->second;
}

void DnsAnswers::forget(const HostedZone& tree) {
  for (const auto& [listed, group] : tree.groups)
    dependencies_.remove({tree.id, group.front().name, group.front().type}, group);
}

// What leads there answers by the new tree in one step, never by none.
void DnsAnswers::plant(HostedZone tree) {
  if (const auto before = trees_.find(tree.id); before != trees_.end()) forget(before->second);
  for (const auto& [listed, group] : tree.groups)
    dependencies_.add({tree.id, group.front().name, group.front().type}, group);
  const auto id = tree.id;
  trees_.insert_or_assign(id, std::move(tree));
  auto step = changes(dependencies_.closure(nodes_of(trees_.at(id))));
  if (!step.empty()) publisher_.stage({std::nullopt, std::move(step)});
}

void DnsAnswers::uproot(const std::string& id) {
  const auto found = trees_.find(id);
  if (found == trees_.end()) return;
  auto nodes = nodes_of(found->second);
  forget(found->second);
  trees_.erase(found);
  auto step = changes(dependencies_.closure(std::move(nodes)));
  if (!step.empty()) publisher_.stage({std::nullopt, std::move(step)});
}

Resolution DnsAnswers::resolve(const NodeKey& key) const {
  return Router{*this, home_region_}.resolve(key);
}

std::vector<NodeKey> DnsAnswers::nodes_of(const HostedZone& zone) const {
  std::vector<NodeKey> out;
  for (const auto& [listed, group] : zone.groups)
    out.push_back({zone.id, group.front().name, group.front().type});
  return out;
}

std::vector<dns::NodeChange> DnsAnswers::changes(const std::set<NodeKey>& nodes) const {
  Router router{*this, home_region_};
  std::vector<dns::NodeChange> out;
  for (const auto& node : nodes) {
    const auto* zone = zones_.find(node.zone_id);
    if (!zone || !is_served(*zone)) continue;
    dns::NodeChange change{zone->name, node.name, node.type, std::nullopt};
    if (zone->group(node.name, node.type)) change.choices = router.resolve(node).choices;
    out.push_back(std::move(change));
  }
  return out;
}

}  // namespace sitelatch::route53
