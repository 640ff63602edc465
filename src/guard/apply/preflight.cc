// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/preflight.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/site_probe.h"

namespace sitelatch::guard {
namespace {

using aws::Value;
using Kind = Finding::Kind;

Finding sound(std::string name, std::string why) {
  return {Kind::sound, std::move(name), std::move(why), {}, false, {}};
}
Finding refusal(std::string name, std::string why, std::string mend) {
  return {Kind::refusal, std::move(name), std::move(why), std::move(mend), false, {}};
}
Finding warning(std::string name, std::string why, std::string mend, Value change = {}) {
  return {Kind::warning,   std::move(name), std::move(why),
          std::move(mend), false,           std::move(change)};
}

std::string words(const RecordSnapshot& record) {
  auto text = fmt::format("{} {}", record.name, record.type);
  if (!record.failover.empty()) text += " " + record.failover;
  if (!record.set_identifier.empty()) text += fmt::format(" \"{}\"", record.set_identifier);
  return text + " in zone " + record.zone_id;
}

// The ChangeBatch that puts `record` back with what `alter` does to it.
template <class Alter>
Value change_of(const RecordSnapshot& record, Alter alter) {
  Value wanted = record.wire;
  alter(wanted);
  const auto change = Value::structure({{"Action", "UPSERT"}, {"ResourceRecordSet", wanted}});
  return Value::structure(
      {{"HostedZoneId", record.zone_id},
       {"ChangeBatch", Value::structure({{"Changes", Value::list({change})}})}});
}

void without_target_health(Value& record) {
  Value alias = record["AliasTarget"];
  alias.set("EvaluateTargetHealth", false);
  record.set("AliasTarget", alias);
}

std::string how(const RecordSnapshot& record) {
  return "change the record " + words(record) +
         " (aws route53 change-resource-record-sets; the change batch is in --output json)";
}

void judge_check(const Snapshot& snapshot, std::vector<Finding>& out) {
  const auto& check = *snapshot.observed.check;
  if (!check.type.starts_with("HTTP"))
    out.push_back(refusal("check-type",
                          fmt::format("health check {} is of type {}: the latch is a path, and "
                                      "only HTTP and HTTPS checks have one.",
                                      check.id, check.type),
                          "use an HTTP or HTTPS health check on the PRIMARY record"));
  else
    out.push_back(sound("check-type", check.type));
  if (latched(check)) return;
  const auto foreign = foreign_setting(check, snapshot.settings.record);
  if (foreign == ForeignSetting::inverted)
    out.push_back(refusal(
        "check-inverted", "the health check is Inverted: it is healthy while Primary fails.",
        fmt::format("aws route53 update-health-check --health-check-id {} --no-inverted",
                    check.id)));
  else if (foreign == ForeignSetting::disabled)
    out.push_back(
        refusal("check-disabled",
                "the health check is Disabled: Route 53 counts it as healthy whatever happens.",
                fmt::format("aws route53 update-health-check --health-check-id {} --no-disabled",
                            check.id)));
  else
    out.push_back(sound("check-enabled", "neither disabled nor inverted by others"));
}

void judge_paths(const Plan& plan, const Snapshot& snapshot, const AskSite& ask,
                 std::vector<Finding>& out) {
  const auto& check = *snapshot.observed.check;
  if (!check.type.starts_with("HTTP")) return;
  const auto own =
      latched(check) ? plan.settings.record.original_path.value_or("/") : check.path.value_or("/");
  const auto status = ask(snapshot.check_config, own);
  if (status && *status >= 200 && *status < 300) {
    out.push_back(sound("real-path", fmt::format("{} answers {} from here", own, *status)));
  } else {
    const auto what =
        status ? fmt::format("{} answers {} from here, not 2xx.", own, *status)
               : fmt::format("{} cannot be asked from here: {}.", own, status.error().text);
    auto finding =
        refusal("real-path", what, "start Primary, or run this where Primary can be reached");
    finding.may_pass = true;
    out.push_back(std::move(finding));
  }
  if (plan.settings.latch != LatchKind::path) return;
  for (const auto path : {failed_over_path, switched_over_path}) {
    const auto latch = ask(snapshot.check_config, std::string{path});
    if (latch && *latch >= 200 && *latch < 400)
      out.push_back(refusal(
          "latch-path",
          fmt::format("{} answers {} at Primary, and Route 53 counts 2xx and 3xx as healthy: the "
                      "latch would do nothing.",
                      path, *latch),
          fmt::format("make Primary answer {} with 404, or deploy with --latch inverted", path)));
    else
      out.push_back(sound("latch-path", fmt::format("{} {}", path,
                                                    latch ? fmt::format("answers {}", *latch)
                                                          : "does not answer")));
  }
}

// A record that fails over by its target's health moves DNS without alarm and latch.
void judge_alias(const RecordSnapshot& record, std::string_view what, std::vector<Finding>& out) {
  if (!record.alias || !record.alias->evaluate_target_health) return;
  out.push_back(
      warning("target-health",
              fmt::format("{} {} evaluates its target's health: when the target fails, DNS moves "
                          "with no alarm and no latch, and moves back by itself.",
                          what, words(record)),
              how(record), change_of(record, without_target_health)));
}

void judge_secondary(const RecordSnapshot& record, std::vector<Finding>& out) {
  const bool target_health = record.alias && record.alias->evaluate_target_health;
  if (record.health_check_id.empty() && !target_health) return;
  const auto by = record.health_check_id.empty()
                      ? std::string{"evaluates its target's health"}
                      : "uses health check " + record.health_check_id +
                            (target_health ? " and evaluates its target's health" : "");
  out.push_back(warning("secondary-health",
                        fmt::format("the SECONDARY record {} {}: while Primary is latched, Route "
                                    "53 answers Primary as soon as both look unhealthy.",
                                    words(record), by),
                        how(record), change_of(record, [target_health](Value& wire) {
                          wire.set("HealthCheckId", Value{});
                          if (target_health) without_target_health(wire);
                        })));
}

void judge_records(const Plan& plan, const Snapshot& snapshot, std::vector<Finding>& out) {
  if (!snapshot.records) {
    out.push_back(refusal("records",
                          "the hosted zones' records cannot be seen: nobody knows whether a "
                          "PRIMARY record uses the check.",
                          "allow route53:ListHostedZones and route53:ListResourceRecordSets"));
    return;
  }
  const auto& records = *snapshot.records;
  const auto primary = std::count_if(records.users.begin(), records.users.end(),
                                     [](const auto& r) { return r.failover == "PRIMARY"; });
  if (primary == 0)
    out.push_back(refusal(
        "primary-record",
        "no PRIMARY failover record of this account uses the health check: to latch it would "
        "change no answer of DNS.",
        fmt::format("put HealthCheckId {} on the PRIMARY record", plan.settings.health_check_id)));
  else
    out.push_back(
        sound("primary-record", fmt::format("{} PRIMARY record{} use{} the check", primary,
                                            primary == 1 ? "" : "s", primary == 1 ? "s" : "")));
  const auto before = out.size();
  for (const auto& record : records.users)
    if (record.failover == "PRIMARY") judge_alias(record, "the PRIMARY record", out);
  for (const auto& record : records.targets) judge_alias(record, "behind PRIMARY,", out);
  for (const auto& record : records.secondaries) judge_secondary(record, out);
  for (const auto& record : records.users)
    if (record.failover == "SECONDARY")
      out.push_back(
          refusal("secondary-record",
                  fmt::format("the SECONDARY record {} uses the same health check as PRIMARY.",
                              words(record)),
                  "give the SECONDARY record no health check"));
  if (out.size() == before && primary > 0)
    out.push_back(sound("records", "no record fails over past the check"));
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::sound:
      return "ok";
    case Kind::warning:
      return "warning";
    case Kind::refusal:
      return "refusal";
  }
  return "";
}

std::vector<Finding> preflight(const Plan& plan, const Snapshot& snapshot, const AskSite& ask) {
  std::vector<Finding> out;
  judge_check(snapshot, out);
  judge_paths(plan, snapshot, ask, out);
  judge_records(plan, snapshot, out);
  return out;
}

}  // namespace sitelatch::guard
