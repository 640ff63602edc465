// SPDX-License-Identifier: Apache-2.0
#include "services/route53/dependencies.h"

#include "services/route53/aws_zones.h"

namespace sitelatch::route53 {
namespace {
template <class Map, class Key>
void drop(Map& map, const Key& key, const NodeKey& node) {
  const auto found = map.find(key);
  if (found == map.end()) return;
  found->second.erase(node);
  if (found->second.empty()) map.erase(found);
}
NodeKey target(const RecordSet& record) {
  return {record.alias->zone_id, record.alias->name, record.type};
}
}  // namespace

void Dependencies::add(const NodeKey& node, const Group& group) {
  for (const auto& record : group) {
    if (!record.health_check_id.empty()) by_check_[record.health_check_id].insert(node);
    if (!record.alias) continue;
    by_target_[target(record)].insert(node);
    by_target_name_[target_name(record.alias->name)].insert(node);
  }
}

void Dependencies::remove(const NodeKey& node, const Group& group) {
  for (const auto& record : group) {
    if (!record.health_check_id.empty()) drop(by_check_, record.health_check_id, node);
    if (!record.alias) continue;
    drop(by_target_, target(record), node);
    drop(by_target_name_, target_name(record.alias->name), node);
  }
}

std::set<NodeKey> Dependencies::resting_on(const std::string& health_check_id) const {
  const auto found = by_check_.find(health_check_id);
  if (found == by_check_.end()) return {};
  return closure({found->second.begin(), found->second.end()});
}

std::size_t Dependencies::aliases_of(const std::string& target) const {
  const auto found = by_target_name_.find(target);
  return found == by_target_name_.end() ? 0 : found->second.size();
}

std::set<NodeKey> Dependencies::resting_on_target(const std::string& target) const {
  const auto found = by_target_name_.find(target);
  if (found == by_target_name_.end()) return {};
  return closure({found->second.begin(), found->second.end()});
}

std::set<NodeKey> Dependencies::closure(std::vector<NodeKey> open) const {
  std::set<NodeKey> out;
  while (!open.empty()) {
    const auto node = std::move(open.back());
    open.pop_back();
    const auto [at, is_new] = out.insert(node);
    if (!is_new) continue;
    const auto dependents = by_target_.find(*at);
    if (dependents != by_target_.end())
      open.insert(open.end(), dependents->second.begin(), dependents->second.end());
  }
  return out;
}

}  // namespace sitelatch::route53
