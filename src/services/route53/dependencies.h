// SPDX-License-Identifier: Apache-2.0
// Dependencies: which answers rest on which health checks and on which other answers (through
// aliases), so that one health change touches exactly the names that it can move.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "services/route53/routing.h"

namespace sitelatch::route53 {

class Dependencies {
 public:
  void add(const NodeKey& node, const Group& group);
  void remove(const NodeKey& node, const Group& group);  // exactly what was added

  bool uses(const std::string& health_check_id) const {
    return by_check_.contains(health_check_id);
  }
  // All that a health check decides, aliases of aliases included.
  std::set<NodeKey> resting_on(const std::string& health_check_id) const;
  // Of aliases by their targets' names (target_name(): one target has several), whatever their
  // zone.
  std::size_t aliases_of(const std::string& target) const;
  std::set<NodeKey> resting_on_target(const std::string& target) const;
  // The nodes themselves and all that rest on them.
  std::set<NodeKey> closure(std::vector<NodeKey> nodes) const;

 private:
  std::unordered_map<std::string, std::set<NodeKey>> by_check_;
  std::map<NodeKey, std::set<NodeKey>> by_target_;
  std::map<std::string, std::set<NodeKey>> by_target_name_;
};

}  // namespace sitelatch::route53
