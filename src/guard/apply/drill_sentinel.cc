// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/drill_sentinel.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/carry_out.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

std::string label_of(const std::string& scratch_id) { return "sitelatch-drill-" + scratch_id; }

std::string bare_id(const Value& zone) {
  const auto id = zone["Id"].string_or("");
  return id.substr(id.rfind('/') + 1);
}

Value batch_of(std::string_view action, const std::vector<Value>& records) {
  auto changes = Value::list();
  for (const auto& record : records)
    changes.push(Value::structure({{"Action", action}, {"ResourceRecordSet", record}}));
  return Value::structure({{"Comment", "sitelatch drill"}, {"Changes", changes}});
}

RecordSnapshot sentinel_record(const RecordSnapshot& zone, const std::string& name,
                               std::string_view failover, std::string_view address,
                               const std::string& check) {
  RecordSnapshot record;
  record.zone_id = zone.zone_id;
  record.zone_name = zone.zone_name;
  record.private_zone = zone.private_zone;
  record.name = name;
  record.type = "A";
  record.set_identifier = failover;
  record.failover = failover;
  record.health_check_id = check;
  record.values = {std::string{address}};
  record.wire = Value::structure(
      {{"Name", name},
       {"Type", "A"},
       {"TTL", 1},
       {"SetIdentifier", failover},
       {"Failover", failover},
       {"ResourceRecords", Value::list({Value::structure({{"Value", address}})})}});
  if (!check.empty()) record.wire.set("HealthCheckId", check);
  return record;
}

// The records of one zone under a label; the zone's other names are not read.
client::Outcome<std::vector<Value>> records_under(client::Aws& aws, const Value& zone,
                                                  const std::string& label) {
  const auto name = label + "." + zone["Name"].string_or("");
  const auto reply = aws.call(
      "route53", "ListResourceRecordSets",
      Value::structure(
          {{"HostedZoneId", bare_id(zone)}, {"StartRecordName", name}, {"MaxItems", "10"}}));
  std::vector<Value> found;
  if (!reply && client::is_absent(reply.error())) return found;  // deleted meanwhile
  if (!reply) return failure(reply.error());
  for (const auto& record : (*reply)["ResourceRecordSets"].items())
    if (record["Name"].string_or("") == name) found.push_back(record);
  return found;
}

}  // namespace

std::optional<Sentinel> plan_sentinel(const RecordsSnapshot& of_primary,
                                      const std::string& scratch_id) {
  const RecordSnapshot* zone = nullptr;
  for (const auto& record : of_primary.users)
    if (record.failover == "PRIMARY" && (!zone || (zone->private_zone && !record.private_zone)))
      zone = &record;
  if (!zone) return std::nullopt;
  Sentinel out;
  out.name = label_of(scratch_id) + "." + zone->zone_name;
  out.records.users = {sentinel_record(*zone, out.name, "PRIMARY", sentinel_primary, scratch_id)};
  out.records.secondaries = {sentinel_record(*zone, out.name, "SECONDARY", sentinel_backup, "")};
  return out;
}

Step make_sentinel(Context& context, const Sentinel& sentinel) {
  const auto made = context.aws.call(
      "route53", "ChangeResourceRecordSets",
      Value::structure(
          {{"HostedZoneId", sentinel.zone_id()},
           {"ChangeBatch", batch_of("UPSERT", {sentinel.records.users[0].wire,
                                               sentinel.records.secondaries[0].wire})}}));
  if (made) return Done{};
  return failure(error_of(made.error(), "make the records " + sentinel.name));
}

Step remove_sentinel(Context& context, const std::string& scratch_id) {
  const auto label = label_of(scratch_id);
  const auto doing = "remove the records " + label;
  const auto zones = context.aws.call_all("route53", "ListHostedZones");
  if (!zones) return failure(error_of(zones.error(), doing));
  for (const auto& zone : (*zones)["HostedZones"].items()) {
    const auto records = records_under(context.aws, zone, label);
    if (!records) return failure(error_of(records.error(), doing));
    if (records->empty()) continue;
    const auto gone =
        context.aws.call("route53", "ChangeResourceRecordSets",
                         Value::structure({{"HostedZoneId", bare_id(zone)},
                                           {"ChangeBatch", batch_of("DELETE", *records)}}));
    if (!gone) return failure(error_of(gone.error(), doing));
  }
  return Done{};
}

}  // namespace sitelatch::guard
