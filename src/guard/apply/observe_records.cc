// SPDX-License-Identifier: Apache-2.0
// Which records use the check: every hosted zone is searched, because Route 53 does not keep the
// way back.
#include <algorithm>

#include "base/text.h"
#include "guard/apply/observe.h"
#include "guard/rules/hardened_form.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

constexpr int longest_chain = 8;

std::string without_prefix(const std::string& id) {
  const auto slash = id.rfind('/');
  return slash == std::string::npos ? id : id.substr(slash + 1);
}

std::string normal_name(std::string_view name) {
  auto out = lower(name);
  if (!out.ends_with('.')) out += '.';
  return out;
}

RecordSnapshot record_of(const Value& wire, const RecordSnapshot& zone) {
  RecordSnapshot record = zone;
  record.name = wire["Name"].string_or("");
  record.type = wire["Type"].string_or("");
  record.set_identifier = wire["SetIdentifier"].string_or("");
  record.failover = wire["Failover"].string_or("");
  record.health_check_id = wire["HealthCheckId"].string_or("");
  for (const auto& value : wire["ResourceRecords"].items())
    record.values.push_back(value["Value"].string_or(""));
  if (const auto& alias = wire["AliasTarget"]; alias)
    record.alias = RecordSnapshot::Alias{without_prefix(alias["HostedZoneId"].string_or("")),
                                         alias["DNSName"].string_or(""),
                                         alias["EvaluateTargetHealth"].boolean_or(false)};
  record.wire = wire;
  return record;
}

// Records that an alias of `zone` leads to, nearest first.
void follow(const RecordSnapshot& from, const std::vector<RecordSnapshot>& zone,
            std::vector<RecordSnapshot>& targets) {
  const RecordSnapshot* at = &from;
  for (int step = 0; step < longest_chain && at->alias && at->alias->zone_id == at->zone_id;
       ++step) {
    const auto next = std::find_if(zone.begin(), zone.end(), [&](const RecordSnapshot& record) {
      return record.type == from.type && normal_name(record.name) == normal_name(at->alias->name);
    });
    if (next == zone.end()) return;
    targets.push_back(*next);
    at = &*next;
  }
}

void gather(const std::vector<RecordSnapshot>& zone, std::string_view id,
            RecordsSnapshot& snapshot) {
  for (const auto& record : zone) {
    if (record.type == "TXT" && is_sentinel_name(record.name, id)) {
      snapshot.sentinels.push_back(record);
      continue;
    }
    if (record.health_check_id != id) continue;
    snapshot.users.push_back(record);
    follow(record, zone, snapshot.targets);
    for (const auto& other : zone)
      if (other.failover == "SECONDARY" && other.name == record.name && other.type == record.type) {
        snapshot.secondaries.push_back(other);
        follow(other, zone, snapshot.secondary_targets);
      }
  }
}

}  // namespace

client::Outcome<RecordsSnapshot> AllRecords::using_check(std::string_view health_check_id) {
  if (!zones_) {
    const auto zones = aws_.call_all("route53", "ListHostedZones");
    if (!zones) return failure(zones.error());
    std::vector<std::vector<RecordSnapshot>> read;
    for (const auto& wire : (*zones)["HostedZones"].items()) {
      RecordSnapshot zone;
      zone.zone_id = without_prefix(wire["Id"].string_or(""));
      zone.zone_name = wire["Name"].string_or("");
      zone.private_zone = wire["Config"]["PrivateZone"].boolean_or(false);
      const auto records = aws_.call_all("route53", "ListResourceRecordSets",
                                         Value::structure({{"HostedZoneId", zone.zone_id}}));
      if (!records) {
        if (client::is_absent(records.error())) continue;  // deleted meanwhile
        return failure(records.error());
      }
      auto& all = read.emplace_back();
      for (const auto& record : (*records)["ResourceRecordSets"].items())
        all.push_back(record_of(record, zone));
    }
    zones_ = std::move(read);
  }
  RecordsSnapshot snapshot;
  for (const auto& zone : *zones_) gather(zone, health_check_id, snapshot);
  return snapshot;
}

client::Outcome<RecordsSnapshot> read_records(client::Aws& aws, std::string_view health_check_id) {
  return AllRecords(aws).using_check(health_check_id);
}

}  // namespace sitelatch::guard
