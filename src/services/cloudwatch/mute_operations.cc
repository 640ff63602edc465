// SPDX-License-Identifier: Apache-2.0
// Alarm mute rules.
#include <fmt/format.h>

#include <algorithm>

#include "aws/service/paging.h"
#include "base/text.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/refusals.h"
#include "services/cloudwatch/tag_rules.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;

constexpr std::size_t most_mute_rules = 2000, most_targets = 100;

Value describe_mute_type(const MuteRule& rule) {
  return rule.schedule.once() ? "ONE_TIME" : "RECURRING";
}

}  // namespace

std::string CloudWatch::mute_rule_arn(const aws::Call& call, std::string_view name) {
  return fmt::format("arn:aws:cloudwatch:{}:{}:alarm-mute-rule:{}", call.region, call.account,
                     name);
}

aws::Outcome<> CloudWatch::put_alarm_mute_rule(const aws::Call& call) {
  const auto& input = call.input;
  MuteRule rule;
  rule.region = call.region;
  rule.name = input["Name"].string_or("");
  rule.arn = mute_rule_arn(call, rule.name);
  rule.description = input["Description"].optional_string();
  const auto& schedule = input["Rule"]["Schedule"];
  if (schedule.is_null()) return invalid("Rule.Schedule is required.");
  rule.text = {schedule["Expression"].string_or(""), schedule["Duration"].string_or(""),
               schedule["Timezone"].string_or("")};
  auto parsed = MuteSchedule::parse(rule.text);
  if (!parsed) return invalid(parsed.error().text);
  rule.schedule = *parsed;
  rule.has_targets = input.has("MuteTargets");
  for (const auto& name : input["MuteTargets"]["AlarmNames"].strings())
    if (std::find(rule.alarms.begin(), rule.alarms.end(), name) == rule.alarms.end())
      rule.alarms.push_back(name);
  if (rule.alarms.size() > most_targets)
    return invalid(fmt::format("A mute rule can target {} alarms at most.", most_targets));
  std::vector<std::string> absent;
  for (const auto& name : rule.alarms)
    if (!any_alarm(call.region, name)) absent.push_back(name);
  if (!absent.empty())
    return invalid(
        fmt::format("The alarms [{}] of the mute targets do not exist", join(absent, ", ")));
  if (input.has("StartDate")) rule.start = input["StartDate"].timestamp();
  if (input.has("ExpireDate")) rule.expire = input["ExpireDate"].timestamp();
  if (rule.schedule.once() && (rule.start || rule.expire))
    return invalid("StartDate and ExpireDate must not be specified with an at expression.");
  if (rule.start && rule.expire && *rule.start >= *rule.expire)
    return invalid("StartDate must be before ExpireDate.");
  auto tags = aws::with_tags({}, aws::read_tags(input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  rule.tags = std::move(*tags);
  if (!mutes_.find(call.region, rule.name) && mutes_.count(call.region) >= most_mute_rules)
    return aws::refuse(
        "LimitExceededFault",
        fmt::format("An account can have {} alarm mute rules in a region.", most_mute_rules));
  mutes_.put(std::move(rule));
  return Value::structure();
}

aws::Outcome<> CloudWatch::get_alarm_mute_rule(const aws::Call& call) {
  const auto name = call.input["AlarmMuteRuleName"].string_or("");
  const auto* rule = mutes_.find(call.region, name);
  if (!rule) return no_such_thing("AlarmMuteRule", name);
  Value schedule =
      Value::structure({{"Expression", rule->text.expression}, {"Duration", rule->text.duration}});
  if (!rule->text.timezone.empty()) schedule.set("Timezone", rule->text.timezone);
  Value out = Value::structure({{"Name", rule->name},
                                {"AlarmMuteRuleArn", rule->arn},
                                {"Description", rule->description},
                                {"Rule", Value::structure({{"Schedule", std::move(schedule)}})},
                                {"StartDate", rule->start},
                                {"ExpireDate", rule->expire},
                                {"Status", rule->status(call.now)},
                                {"LastUpdatedTimestamp", rule->updated},
                                {"MuteType", describe_mute_type(*rule)}});
  if (rule->has_targets) {
    Value alarms = Value::list();
    for (const auto& alarm : rule->alarms) alarms.push(alarm);
    out.set("MuteTargets", Value::structure({{"AlarmNames", std::move(alarms)}}));
  }
  return out;
}

aws::Outcome<> CloudWatch::list_alarm_mute_rules(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("mutes", input["NextToken"], input["MaxRecords"].integer_or(50));
  if (!page) return aws::refuse("InvalidNextToken", "Invalid token");
  const auto statuses = input["Statuses"].strings();
  mutes_.visit(call.region, page->after(), [&](const MuteRule& rule) {
    const auto status = rule.status(call.now);
    const bool of_alarm =
        !input.has("AlarmName") || std::find(rule.alarms.begin(), rule.alarms.end(),
                                             input["AlarmName"].string()) != rule.alarms.end();
    const bool in_status =
        statuses.empty() || std::find(statuses.begin(), statuses.end(), status) != statuses.end();
    if (!of_alarm || !in_status) return true;
    return page->offer(rule.name, [&] {
      return Value::structure({{"AlarmMuteRuleArn", rule.arn},
                               {"ExpireDate", rule.expire},
                               {"Status", status},
                               {"MuteType", describe_mute_type(rule)},
                               {"LastUpdatedTimestamp", rule.updated}});
    });
  });
  return Value::structure(
      {{"AlarmMuteRuleSummaries", page->items()}, {"NextToken", page->next_token()}});
}

// Of one that is not there: nothing, and no error (API DeleteAlarmMuteRule).
aws::Outcome<> CloudWatch::delete_alarm_mute_rule(const aws::Call& call) {
  mutes_.erase(call.region, call.input["AlarmMuteRuleName"].string_or(""));
  return Value::structure();
}

}  // namespace sitelatch::cloudwatch
