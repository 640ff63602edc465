// SPDX-License-Identifier: Apache-2.0
// TrafficPolicies: policies in versions, and instances of them: what Route 53's operations keep and
// list (facts route53-118 and route53-119). Tables route53.traffic_policies (a row each version)
// and route53.traffic_instances. The records of instances are dns_answers.h's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "ports/journal.h"

namespace sitelatch::route53 {

struct TrafficPolicyVersion {
  std::string id;
  std::int64_t version = 1;
  std::string name;
  std::uint16_t type = 0;
  std::string document;  // as it came
  std::string comment;
  std::uint64_t number = 0;  // of the policy, in the order of their making
  bool deleted = false;      // still shown to who knows its id, and to nobody else
};

struct TrafficInstance {
  std::string id, zone_id;
  std::string name;  // wire
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;
  std::string policy_id;
  std::int64_t policy_version = 1;
  std::string failed;   // why it has no records; empty: it has
  bool applied = true;  // DNS answers by it; after a restart all do
};

class TrafficPolicies {
 public:
  explicit TrafficPolicies(ports::Journal& journal);

  // --- policies
  std::size_t size() const { return live_; }  // not deleted
  const TrafficPolicyVersion* find(const std::string& id, std::int64_t version) const;
  bool name_used(const std::string& name) const;  // by one that is not deleted
  // Of the versions that are not deleted, in their order.
  std::vector<const TrafficPolicyVersion*> versions(const std::string& id) const;
  std::int64_t next_version(const std::string& id) const;  // one that never was
  // Ids of policies that have such versions, in the order of their making.
  std::vector<std::string> ids() const;

  // Numbers a policy's first version.
  const TrafficPolicyVersion& add(TrafficPolicyVersion version);
  void set_comment(const std::string& id, std::int64_t version, std::string comment);
  void remove(const std::string& id, std::int64_t version);

  // --- instances
  std::size_t instances() const { return instances_.size(); }
  const TrafficInstance* instance(const std::string& id) const;
  const TrafficInstance* instance_at(const std::string& zone_id, const std::string& wire_name,
                                     std::uint16_t type) const;
  bool in_use(const std::string& id, std::int64_t version) const;
  // In the order of zones, names (as records are listed) and types.
  std::vector<const TrafficInstance*> listed() const;

  void put(TrafficInstance instance);  // new, or changed
  void set_applied(const std::string& id);
  void remove_instance(const std::string& id);

 private:
  using Place = std::tuple<std::string, std::string>;  // zone, listing key
  static Place place_of(const TrafficInstance& instance);
  void write(const TrafficPolicyVersion& version);

  ports::Journal& journal_;
  std::map<std::string, std::map<std::int64_t, TrafficPolicyVersion>> policies_;
  std::size_t live_ = 0;
  std::uint64_t last_number_ = 0;
  std::map<std::string, TrafficInstance> instances_;
  std::map<Place, std::string> by_place_;
};

}  // namespace sitelatch::route53
