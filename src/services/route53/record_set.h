// SPDX-License-Identifier: Apache-2.0
// RecordSet: one resource record set as its owner wrote it, with its values already in wire form
// beside their text. Parsing refuses what AWS calls an invalid request: what can be seen from the
// one change alone (fact route53-73). What depends on other records is change_batch.h's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aws/wire/error.h"
#include "aws/wire/value.h"

namespace sitelatch::route53 {

enum class Policy {
  simple,
  weighted,
  failover,
  multivalue,
  latency,
  geolocation,
  geoproximity,
  cidr
};

struct AliasTarget {
  std::string zone_id;  // without /hostedzone/
  std::string name;     // wire, lower case
  bool evaluate_target_health = false;
  friend bool operator==(const AliasTarget&, const AliasTarget&) = default;
};

struct GeoLocation {
  std::string continent, country, subdivision;  // empty: not given
  friend bool operator==(const GeoLocation&, const GeoLocation&) = default;
};
struct CidrLocation {
  std::string collection_id, location_name;
  friend bool operator==(const CidrLocation&, const CidrLocation&) = default;
};
struct GeoProximity {
  std::string region, local_zone_group, latitude, longitude;
  std::optional<int> bias;
  friend bool operator==(const GeoProximity&, const GeoProximity&) = default;
};

enum class Failover { primary, secondary };

struct RecordSet {
  std::string name;  // wire, lower case
  std::uint16_t type = 0;
  std::string set_identifier;  // empty exactly for Policy::simple
  Policy policy = Policy::simple;
  int weight = 0;
  Failover failover = Failover::primary;
  std::string region;
  GeoLocation geo;
  CidrLocation cidr;
  GeoProximity proximity;
  std::uint32_t ttl = 0;
  std::vector<std::string> values;  // as written
  std::vector<std::string> rdata;   // the same on the wire, in the same order
  std::optional<AliasTarget> alias;
  std::string health_check_id;  // empty: none
  // Whose record it is: then `alias` leads to that instance's tree (traffic_document.h).
  std::string traffic_policy_instance_id;

  // Says the same: values as a set and by their wire form.
  bool same_as(const RecordSet& other) const;
};

// A name of AWS's wire, with or without its final dot.
std::string shown(const std::string& wire_name);  // "a\052b.example.com."

struct Change {
  enum class Action { create, remove, upsert };
  Action action = Action::create;
  RecordSet record;
};
std::string_view name_of(Change::Action action);  // "CREATE"

// One element of Changes. InvalidInput for what is no sound request; what is wrong in it otherwise,
// values that are not what the type asks for, is added to `faults`, and told with all others of the
// batch (fact route53-135).
aws::Outcome<Change> parse_change(const aws::Value& value, std::vector<std::string>& faults);

aws::Value to_value(const RecordSet& record);  // AWS's shape ResourceRecordSet

std::string to_row(const RecordSet& record);
RecordSet record_set_from_row(std::string_view row);

}  // namespace sitelatch::route53
