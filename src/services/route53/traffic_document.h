// SPDX-License-Identifier: Apache-2.0
// TrafficDocument: the JSON of a traffic policy, and the record sets that an instance of it makes
// (fact route53-118). Pure.
//
// The records of an instance stand in a zone of their own that nobody sees, a name for each rule;
// the record that everybody sees is an alias to the start. So whatever routing, health and aliases
// do, they do here too.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "aws/wire/error.h"
#include "services/route53/hosted_zone.h"

namespace sitelatch::route53 {

struct TrafficEndpoint {
  std::string type;  // "value", "elastic-load-balancer", ...
  std::string value;
};

// One way on from a rule. Exactly one of endpoint and rule is named; of the rest, what the rule's
// policy has.
struct TrafficBranch {
  std::string endpoint, rule;
  bool evaluate_target_health = false;
  std::string health_check_id;
  int weight = 0;
  std::string region;
  GeoLocation geo;
  GeoProximity proximity;
};

struct TrafficRule {
  Policy policy = Policy::simple;
  std::vector<TrafficBranch> branches;  // of failover: the primary and the secondary one
};

struct TrafficDocument {
  std::uint16_t type = 0;
  TrafficBranch start;
  std::map<std::string, TrafficEndpoint> endpoints;
  std::map<std::string, TrafficRule> rules;
};

// InvalidTrafficPolicyDocument for what is none.
aws::Outcome<TrafficDocument> parse_traffic_document(const std::string& text);

// Wire: where an instance's zone begins.
extern const std::string traffic_start_name;
// The zone of an instance, under the instance's id.
HostedZone traffic_zone(const TrafficDocument& document, const std::string& instance_id,
                        std::uint32_t ttl);

}  // namespace sitelatch::route53
