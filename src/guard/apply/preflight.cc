// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/preflight.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/site_probe.h"
#include "guard/rules/kms.h"
#include "guard/rules/site_status.h"

namespace sitelatch::guard {
namespace {

using aws::Value;
using Kind = Finding::Kind;

Finding sound(std::string name, std::string why) {
  return {Kind::sound, std::move(name), std::move(why), {}, false, {}, {}};
}
Finding refusal(std::string name, std::string why, std::string mend) {
  return {Kind::refusal, std::move(name), std::move(why), std::move(mend), false, {}, {}};
}
// A hole refuses until somebody accepts it by its name.
Finding hole_found(const Plan& plan, std::string_view name, std::string why, std::string mend) {
  const bool accepted = plan.settings.accepted_holes.contains(name);
  return {accepted ? Kind::accepted : Kind::refusal,
          std::string{name},
          std::move(why),
          std::move(mend),
          false,
          {},
          {}};
}

std::string words(const RecordSnapshot& record) {
  auto text = fmt::format("{} {}", record.name, record.type);
  if (!record.failover.empty()) text += " " + record.failover;
  if (!record.set_identifier.empty()) text += fmt::format(" \"{}\"", record.set_identifier);
  return text + " in zone " + record.zone_id;
}

Value batch_of(const RecordSnapshot& record, const Value& wanted) {
  const auto change = Value::structure({{"Action", "UPSERT"}, {"ResourceRecordSet", wanted}});
  return Value::structure(
      {{"HostedZoneId", record.zone_id},
       {"ChangeBatch", Value::structure({{"Changes", Value::list({change})}})}});
}
// A hole that `alter` closes on `record`: with the change, and the one that puts the record back.
template <class Alter>
Finding hole_of_record(const Plan& plan, std::string_view name, std::string why,
                       const RecordSnapshot& record, Alter alter) {
  auto finding = hole_found(
      plan, name, std::move(why),
      "change the record " + words(record) +
          " (aws route53 change-resource-record-sets) by the change batch given here, or deploy "
          "with --accept-hole " +
          std::string{name} + ", which means: " + std::string{consequence(name)});
  Value wanted = record.wire;
  alter(wanted);
  finding.change = batch_of(record, wanted);
  finding.rollback = batch_of(record, record.wire);
  return finding;
}

void without_target_health(Value& record) {
  Value alias = record["AliasTarget"];
  alias.set("EvaluateTargetHealth", false);
  record.set("AliasTarget", alias);
}

// What no guard can be put on, whoever asks for it.
Finding judge_kind(const Check& check, const std::string& linked_service) {
  if (!linked_service.empty())
    return refusal("check-linked",
                   fmt::format("health check {} is managed by {}: Route 53 lets nobody else change "
                               "it, so nothing could latch it.",
                               check.id, linked_service),
                   "make an HTTP or HTTPS health check of your own for Primary and put it on the "
                   "PRIMARY record");
  if (check.type.starts_with("HTTP")) return sound("check-type", check.type);
  const auto what = check.type == "CALCULATED"
                        ? "it goes by other health checks and has no path of its own"
                    : check.type == "CLOUDWATCH_METRIC"
                        ? "it goes by the data of a CloudWatch alarm and has no path of its own"
                    : check.type == "RECOVERY_CONTROL"
                        ? "a routing control of Application Recovery Controller decides it, by hand"
                        : "it has no path";
  return refusal(
      "check-type",
      fmt::format("health check {} is of type {}: {}. The latch is a path, and only HTTP "
                  "and HTTPS checks have one.",
                  check.id, check.type, what),
      "use an HTTP or HTTPS health check on the PRIMARY record");
}

void judge_check(const Snapshot& snapshot, std::vector<Finding>& out) {
  const auto& check = *snapshot.observed.check;
  out.push_back(judge_kind(check, snapshot.linked_service));
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
  if (status && counts_as_healthy(*status)) {
    out.push_back(sound("real-path", fmt::format("{} answers {} from here", own, *status)));
  } else if (status) {
    auto finding =
        refusal("real-path",
                fmt::format("{} answers {} from here, and Route 53 counts 2xx and 3xx as healthy.",
                            own, *status),
                "start Primary");
    finding.may_pass = true;
    out.push_back(std::move(finding));
  } else {
    auto finding = hole_found(
        plan, hole::unreachable_primary,
        fmt::format("{} cannot be asked from here: {}.", own, status.error().text),
        fmt::format("start Primary, or run this where Primary can be reached; if only Route 53's "
                    "checkers reach it, deploy with --accept-hole {}, which means: {}",
                    hole::unreachable_primary, consequence(hole::unreachable_primary)));
    finding.may_pass = true;
    out.push_back(std::move(finding));
  }
  if (plan.settings.latch != LatchKind::path) return;
  for (const auto path : {failed_over_path, switched_over_path}) {
    const auto latch = ask(snapshot.check_config, std::string{path});
    if (latch && counts_as_healthy(*latch))
      out.push_back(refusal(
          "latch-path",
          fmt::format("{} answers {} at Primary, and Route 53 counts 2xx and 3xx as healthy: the "
                      "latch would do nothing.",
                      path, *latch),
          fmt::format("make Primary answer {} with 404, or deploy with --latch inverted", path)));
    else if (latch || status)
      out.push_back(sound("latch-path", fmt::format("{} {}", path,
                                                    latch ? fmt::format("answers {}", *latch)
                                                          : "does not answer")));
  }
}

// Where SNS may not deliver, and where CloudWatch may not publish, an alarm ends before the
// function.
void judge_delivery(const Plan& plan, const Snapshot& snapshot, std::vector<Finding>& out) {
  const auto& s = plan.settings;
  if (const auto doubt = delivery_doubt(s.partition, s.function_region))
    out.push_back(hole_found(
        plan, hole::function_region, *doubt + ".",
        fmt::format("leave --function-region out (of a guard that is there already: sitelatch "
                    "destroy {} first), or deploy with --accept-hole {}, which means: {}",
                    s.health_check_id, hole::function_region, consequence(hole::function_region))));
  const auto& topic = snapshot.observed.alarm_topic;
  const auto key = !plan.alarm_topic.kms_key.empty() ? plan.alarm_topic.kms_key
                   : topic                           ? topic->kms_key
                                                     : std::string{};
  if (is_sns_own_key(key))
    out.push_back(refusal(
        "sns-own-key",
        fmt::format("topic {} is encrypted with {}: its policy cannot be changed, and does not let "
                    "CloudWatch publish. The alarm tells nobody.",
                    plan.alarm_topic.name, key),
        "deploy with --kms-key, a key of yours, or take the encryption from the topic"));
  for (const auto& seen : snapshot.keys) {
    if (!seen.there)
      out.push_back(refusal(
          "kms-key-missing", fmt::format("there is no key {}.", seen.arn),
          "give a key that exists; a multi-region key must be replicated to the topic's region"));
    else if (seen.arn == key && !lets_cloudwatch_publish(seen.policy))
      out.push_back(hole_found(
          plan, hole::kms_key,
          fmt::format("the policy of key {} does not let CloudWatch use it: the alarm could not "
                      "publish to topic {}.",
                      key, plan.alarm_topic.name),
          fmt::format("add this statement to the key's policy: {}; or, where another statement "
                      "does the same, deploy with --accept-hole {}, which means: {}",
                      cloudwatch_statement(), hole::kms_key, consequence(hole::kms_key))));
  }
}

// A record that fails over by its target's health moves DNS without alarm and latch.
void judge_alias(const Plan& plan, const RecordSnapshot& record, std::string_view what,
                 std::vector<Finding>& out) {
  if (!record.alias || !record.alias->evaluate_target_health) return;
  out.push_back(hole_of_record(
      plan, hole::target_health,
      fmt::format("{} {} evaluates its target's health: when the target fails, DNS moves with no "
                  "alarm and no latch, and moves back by itself.",
                  what, words(record)),
      record, without_target_health));
}

void judge_secondary(const Plan& plan, const RecordSnapshot& record, std::vector<Finding>& out) {
  const bool target_health = record.alias && record.alias->evaluate_target_health;
  if (record.health_check_id.empty() && !target_health) return;
  const auto by = record.health_check_id.empty()
                      ? std::string{"evaluates its target's health"}
                      : "uses health check " + record.health_check_id +
                            (target_health ? " and evaluates its target's health" : "");
  out.push_back(hole_of_record(
      plan, hole::secondary_health,
      fmt::format("the SECONDARY record {} {}: while Primary is latched, Route 53 answers Primary "
                  "as soon as both look unhealthy.",
                  words(record), by),
      record, [target_health](Value& wire) {
        wire.set("HealthCheckId", Value{});
        if (target_health) without_target_health(wire);
      }));
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
    if (record.failover == "PRIMARY") judge_alias(plan, record, "the PRIMARY record", out);
  for (const auto& record : records.targets) judge_alias(plan, record, "behind PRIMARY,", out);
  for (const auto& record : records.secondaries) judge_secondary(plan, record, out);
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
    case Kind::accepted:
      return "accepted";
    case Kind::refusal:
      return "refusal";
  }
  return "";
}

std::vector<Finding> preflight(const Plan& plan, const Snapshot& snapshot, const AskSite& ask) {
  std::vector<Finding> out;
  judge_check(snapshot, out);
  judge_paths(plan, snapshot, ask, out);
  judge_delivery(plan, snapshot, out);
  judge_records(plan, snapshot, out);
  return out;
}

std::vector<Finding> record_findings(const Plan& plan, const Snapshot& snapshot) {
  std::vector<Finding> out;
  judge_records(plan, snapshot, out);
  return out;
}

bool refuses(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.kind == Kind::refusal && !finding.may_pass;
  });
}

HoleNames holes_among(const std::vector<Finding>& findings) {
  HoleNames names;
  for (const auto& finding : findings)
    if (finding.kind != Kind::sound && is_hole(finding.name)) names.insert(finding.name);
  return names;
}

}  // namespace sitelatch::guard
