// SPDX-License-Identifier: Apache-2.0
#include "services/route53/dns_answers.h"

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>

#include "base/check.h"
#include "dns/name.h"
#include "dns/type.h"
#include "services/route53/aws_zones.h"

namespace sitelatch::route53 {

namespace {
// The targets that aliases of a group lead to.
void add_targets(std::set<std::string>& out, const Group& group) {
  for (const auto& record : group)
    if (record.alias) out.insert(target_name(record.alias->name));
}
std::set<std::string> targets_of(const HostedZone& zone) {
  std::set<std::string> out;
  for (const auto& [listed, group] : zone.groups) add_targets(out, group);
  return out;
}
}  // namespace

DnsAnswers::DnsAnswers(HostedZones& zones, HealthChecks& checks, AliasTargets& targets,
                       Publisher& publisher, Places places)
    : zones_(zones),
      checks_(checks),
      targets_(targets),
      publisher_(publisher),
      places_(std::move(places)),
      askers_(1) {}

void DnsAnswers::start() {
  std::set<NodeKey> nodes;
  std::set<std::string> targets;
  zones_.visit("", [&](const HostedZone& zone) {
    for (const auto& [listed, group] : zone.groups) {
      NodeKey node{zone.id, group.front().name, group.front().type};
      dependencies_.add(node, group);
      add_targets(targets, group);
      nodes.insert(std::move(node));
    }
    return true;
  });
  for (const auto& target : targets) targets_.use(target, true);
  ViewStep first;
  first.places = number_places();
  first.changes = changes(nodes);
  for (const auto& target : targets_.said())
    for (auto& change : own_answers(target)) first.changes.push_back(std::move(change));
  publisher_.start(first);
}

Asker DnsAnswers::asker_in(const dns::Network& network) const {
  if (places_.askers && !network.bytes.empty()) return places_.askers->asker(network);
  Asker out;
  out.network = network;
  return out;
}

// Networks whose askers are alike in all that routing looks at have one number.
std::shared_ptr<const dns::Places> DnsAnswers::number_places() {
  std::set<dns::Network> networks;
  if (places_.askers)
    for (const auto& row : places_.askers->rows()) networks.insert(row.network);
  if (places_.cidr)
    for (auto& network : places_.cidr->networks()) networks.insert(std::move(network));
  const auto likeness = [this](const Asker& asker) {
    return std::tuple(asker.continent, asker.country, asker.subdivision, asker.region,
                      places_.cidr && !asker.network.bytes.empty()
                          ? places_.cidr->locations(asker.network)
                          : std::string{});
  };
  auto out = std::make_shared<dns::Places>();
  askers_.assign(1, Asker{});
  std::map<decltype(likeness(Asker{})), std::uint16_t> numbers = {{likeness(Asker{}), 0}};
  constexpr std::size_t most_places = 65'000;
  for (const auto& network : networks) {
    auto asker = asker_in(network);
    if (askers_.size() >= most_places) break;
    const auto [at, is_new] =
        numbers.try_emplace(likeness(asker), static_cast<std::uint16_t>(askers_.size()));
    if (is_new) askers_.push_back(std::move(asker));
    out->put(network, at->second);
  }
  return out;
}

void DnsAnswers::places_changed() {
  ViewStep step;
  step.places = number_places();
  std::set<NodeKey> nodes;
  zones_.visit("", [&](const HostedZone& zone) {
    for (auto& node : nodes_of(zone)) nodes.insert(std::move(node));
    return true;
  });
  step.changes = changes(nodes);
  publisher_.stage(std::move(step));
}

std::string DnsAnswers::cidr_location(const std::string& collection_id,
                                      const dns::Network& network) const {
  return places_.cidr ? places_.cidr->location(collection_id, network) : std::string{};
}

void DnsAnswers::health_changed(const std::string& health_check_id) {
  auto step = changes(dependencies_.resting_on(health_check_id));
  if (!step.empty()) publisher_.stage({std::nullopt, std::move(step)});
}

void DnsAnswers::target_changed(const std::string& target) {
  ViewStep step{std::nullopt, own_answers(target)};
  if (answers_itself(target)) step.remove_zone = target;
  for (auto& change : changes(dependencies_.resting_on_target(target)))
    step.changes.push_back(std::move(change));
  publisher_.stage(std::move(step));
}

Resolution DnsAnswers::outside(const AliasTarget& target, std::uint16_t type) const {
  const auto name = target_name(target.name);
  return {targets_.answer(name, type), targets_.up(name)};
}

// A target whose addresses a person has said answers by them under its own name too, for probes and
// clients that use it without an alias; not where a zone of the account has that name to give.
bool DnsAnswers::answers_itself(const std::string& target) const {
  for (std::string_view above = target; above.size() > 1; above = dns::parent_name(above))
    if (zones_.served(std::string{above})) return false;
  return target.find('*') == std::string::npos;
}

std::vector<dns::NodeChange> DnsAnswers::own_answers(const std::string& target) const {
  if (!targets_.has_said_addresses(target) || !answers_itself(target)) return {};
  HostedZone zone;
  zone.name = target;
  zone.name_servers = {"ns-0.awsdns-00.com"};
  std::vector<dns::NodeChange> out;
  for (const auto& record : apex_records(zone))
    out.push_back({target, target, record.type, dns::Choices{{1, {record.ttl, record.rdata}}}});
  for (const auto type : {dns::type::a, dns::type::aaaa})
    if (auto choices = targets_.answer(target, type); !choices.empty())
      out.push_back({target, target, type, std::move(choices)});
  return out;
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
  std::set<std::string> targets;
  for (const auto& [listed, group] : zone->groups) {
    dependencies_.remove({id, group.front().name, group.front().type}, group);
    add_targets(targets, group);
  }
  for (const auto& target : targets) targets_.use(target, dependencies_.aliases_of(target) > 0);
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
  std::set<std::string> targets;
  for (const auto& [listed, after] : touched) {
    const auto before = zone->groups.find(listed);
    const Group* known = !after.empty()                 ? &after
                         : before != zone->groups.end() ? &before->second
                                                        : nullptr;
    if (!known) continue;  // created and deleted in one batch
    NodeKey node{zone_id, known->front().name, known->front().type};
    if (before != zone->groups.end()) {
      dependencies_.remove(node, before->second);
      add_targets(targets, before->second);
    }
    dependencies_.add(node, after);
    add_targets(targets, after);
    nodes.push_back(std::move(node));
  }
  for (const auto& target : targets) targets_.use(target, dependencies_.aliases_of(target) > 0);
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
  std::set<std::string> targets = targets_of(tree);
  if (const auto before = trees_.find(tree.id); before != trees_.end()) {
    targets.merge(targets_of(before->second));
    forget(before->second);
  }
  for (const auto& [listed, group] : tree.groups)
    dependencies_.add({tree.id, group.front().name, group.front().type}, group);
  for (const auto& target : targets) targets_.use(target, dependencies_.aliases_of(target) > 0);
  const auto id = tree.id;
  trees_.insert_or_assign(id, std::move(tree));
  auto step = changes(dependencies_.closure(nodes_of(trees_.at(id))));
  if (!step.empty()) publisher_.stage({std::nullopt, std::move(step)});
}

void DnsAnswers::uproot(const std::string& id) {
  const auto found = trees_.find(id);
  if (found == trees_.end()) return;
  auto nodes = nodes_of(found->second);
  const auto targets = targets_of(found->second);
  forget(found->second);
  for (const auto& target : targets) targets_.use(target, dependencies_.aliases_of(target) > 0);
  trees_.erase(found);
  auto step = changes(dependencies_.closure(std::move(nodes)));
  if (!step.empty()) publisher_.stage({std::nullopt, std::move(step)});
}

Resolution DnsAnswers::resolve(const NodeKey& key, const dns::Network& asker) const {
  return Router{*this, places_.home_region, asker_in(asker)}.resolve(key);
}

std::vector<NodeKey> DnsAnswers::nodes_of(const HostedZone& zone) const {
  std::vector<NodeKey> out;
  for (const auto& [listed, group] : zone.groups)
    out.push_back({zone.id, group.front().name, group.front().type});
  return out;
}

std::vector<dns::NodeChange> DnsAnswers::changes(const std::set<NodeKey>& nodes) const {
  Router router{*this, places_.home_region};
  std::vector<std::unique_ptr<Router>> elsewhere(askers_.size());
  std::vector<dns::NodeChange> out;
  for (const auto& node : nodes) {
    const auto* zone = zones_.find(node.zone_id);
    if (!zone || !is_served(*zone)) continue;
    dns::NodeChange change{zone->name, node.name, node.type, std::nullopt};
    if (!zone->group(node.name, node.type)) {
      out.push_back(std::move(change));
      continue;
    }
    const auto& everybody = router.resolve(node);
    change.choices = everybody.choices;
    for (std::size_t place = 1; everybody.by_asker && place < askers_.size(); ++place) {
      if (!elsewhere[place])
        elsewhere[place] = std::make_unique<Router>(*this, places_.home_region, askers_[place]);
      const auto& there = elsewhere[place]->resolve(node);
      if (there.choices != everybody.choices)
        change.placed.emplace(static_cast<std::uint16_t>(place), there.choices);
    }
    out.push_back(std::move(change));
  }
  return out;
}

}  // namespace sitelatch::route53
