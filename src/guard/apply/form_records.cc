// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/form_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sitelatch::guard {
namespace {

using aws::Value;

std::string named(const RecordSnapshot& record) {
  auto text = fmt::format("{} {}", record.name, record.type);
  if (!record.failover.empty()) text += " " + record.failover;
  return text;
}

bool same_record(const RecordSnapshot& a, const RecordSnapshot& b) {
  return a.zone_id == b.zone_id && a.name == b.name && a.type == b.type &&
         a.set_identifier == b.set_identifier;
}

void join_into(std::vector<RecordSnapshot>& all, const std::vector<RecordSnapshot>& more) {
  for (const auto& record : more)
    if (std::none_of(all.begin(), all.end(),
                     [&](const auto& there) { return same_record(there, record); }))
      all.push_back(record);
}

std::vector<RecordSnapshot> behind(const RecordsSnapshot& records) {
  std::vector<RecordSnapshot> all;
  join_into(all, records.targets);
  join_into(all, records.secondary_targets);
  return all;
}

bool evaluates_target(const RecordSnapshot& record) {
  return record.alias && record.alias->evaluate_target_health;
}

bool follows_endpoint(const RecordSnapshot& record, const std::string& endpoint) {
  return record.failover == "PRIMARY" && record.health_check_id == endpoint;
}

class Batches {
 public:
  void change(const RecordSnapshot& record, const Value& wanted, std::string says) {
    auto& batch = batches_[record.zone_id];
    batch.zone_id = record.zone_id;
    batch.says.push_back(std::move(says));
    upsert(batch.change, wanted);
    upsert(batch.rollback, record.wire);
  }
  std::vector<RecordsBatch> take() {
    std::vector<RecordsBatch> out;
    for (auto& [zone, batch] : batches_) out.push_back(std::move(batch));
    return out;
  }

 private:
  static void upsert(Value& batch, const Value& record) {
    Value changes = batch.has("Changes") ? batch["Changes"] : Value::list();
    changes.push(Value::structure({{"Action", "UPSERT"}, {"ResourceRecordSet", record}}));
    batch = Value::structure({{"Changes", changes}});
  }
  std::map<std::string, RecordsBatch> batches_;
};

}  // namespace

RecordsSnapshot joined_records(const RecordsSnapshot& of_endpoint, const RecordsSnapshot& of_hold) {
  RecordsSnapshot all;
  for (const auto* records : {&of_endpoint, &of_hold}) {
    join_into(all.users, records->users);
    join_into(all.secondaries, records->secondaries);
    join_into(all.targets, records->targets);
    join_into(all.secondary_targets, records->secondary_targets);
  }
  return all;
}

FormRecords standing_of(const RecordsSnapshot& records, const std::string& endpoint,
                        const std::string& hold) {
  FormRecords out;
  for (const auto& record : records.users) {
    if (record.failover != "PRIMARY") continue;
    if (record.health_check_id == endpoint) ++out.on_endpoint;
    if (!hold.empty() && record.health_check_id == hold) ++out.on_hold;
  }
  for (const auto& record : records.secondaries)
    if (!record.health_check_id.empty()) out.secondary_checks.push_back(named(record));
  for (const auto& record : behind(records))
    if (evaluates_target(record)) out.target_health.push_back(named(record));
  return out;
}

std::vector<RecordsBatch> batches_to_attach(const RecordsSnapshot& records,
                                            const std::string& endpoint, const std::string& hold) {
  Batches batches;
  for (const auto& record : records.users) {
    if (!follows_endpoint(record, endpoint) || hold == endpoint) continue;
    auto wanted = record.wire;
    wanted.set("HealthCheckId", hold);
    batches.change(record, wanted, named(record) + " follows the hold check " + hold);
  }
  for (const auto& record : records.secondaries) {
    if (record.health_check_id.empty()) continue;
    auto wanted = record.wire;
    wanted.set("HealthCheckId", Value{});
    batches.change(record, wanted, named(record) + " has no health check");
  }
  for (const auto& record : behind(records)) {
    if (!evaluates_target(record)) continue;
    auto alias = record.wire["AliasTarget"];
    alias.set("EvaluateTargetHealth", false);
    auto wanted = record.wire;
    wanted.set("AliasTarget", alias);
    batches.change(record, wanted, named(record) + " does not evaluate its target's health");
  }
  return batches.take();
}

std::vector<RecordsBatch> batches_to_give_back(const RecordsSnapshot& records,
                                               const std::string& endpoint,
                                               const std::string& hold) {
  Batches batches;
  for (const auto& record : records.users) {
    if (record.health_check_id != hold) continue;
    auto wanted = record.wire;
    wanted.set("HealthCheckId", endpoint);
    batches.change(record, wanted,
                   named(record) + " follows the endpoint's check " + endpoint + " again");
  }
  return batches.take();
}

Step carry_out(client::Aws& aws, const RecordsBatch& batch, const std::string& comment) {
  auto change = batch.change;
  change.set("Comment", comment);
  const auto made = aws.call(
      "route53", "ChangeResourceRecordSets",
      Value::structure({{"HostedZoneId", batch.zone_id}, {"ChangeBatch", std::move(change)}}));
  if (!made) return failure(error_of(made.error(), "change the records of zone " + batch.zone_id));
  return Done{};
}

}  // namespace sitelatch::guard
