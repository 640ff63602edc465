// SPDX-License-Identifier: Apache-2.0
// The operations on alarms.
#include <fmt/format.h>

#include <algorithm>

#include "aws/service/paging.h"
#include "services/cloudwatch/alarm_request.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/tag_rules.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool has_action(const AlarmBasics& alarm, std::string_view prefix) {
  for (const auto* list :
       {&alarm.ok_actions, &alarm.alarm_actions, &alarm.insufficient_data_actions})
    for (const auto& arn : *list)
      if (starts_with(arn, prefix)) return true;
  return false;
}

bool wanted(const AlarmBasics& alarm, const Value& input, const std::vector<std::string>& names) {
  if (!names.empty() && std::find(names.begin(), names.end(), alarm.name) == names.end())
    return false;
  if (input.has("AlarmNamePrefix") && !starts_with(alarm.name, input["AlarmNamePrefix"].string()))
    return false;
  if (input.has("StateValue") && state_name(alarm.state) != input["StateValue"].string())
    return false;
  return !input.has("ActionPrefix") || has_action(alarm, input["ActionPrefix"].string());
}

bool includes_type(const Value& types, std::string_view type) {
  const auto given = types.strings();
  return given.empty() ? type == "MetricAlarm"
                       : std::find(given.begin(), given.end(), type) != given.end();
}

auto no_such_alarm() { return aws::refuse("ResourceNotFound", ""); }  // AWS gives no message

}  // namespace

aws::Outcome<> CloudWatch::put_metric_alarm(const aws::Call& call) {
  auto alarm = requested_alarm(call);
  if (!alarm) return failure(alarm.error());
  auto tags = aws::with_tags({}, aws::read_tags(call.input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  alarm->tags = std::move(*tags);  // of a new alarm; one that exists keeps its own
  alarms_.put(std::move(*alarm));
  return Value::structure();
}

aws::Outcome<> CloudWatch::describe_alarms(const aws::Call& call) {
  const auto& input = call.input;
  const auto names = input["AlarmNames"].strings();
  if (names.size() > 100)
    return aws::refuse("ValidationError",
                       "1 validation error detected: Value at 'alarmNames' failed to satisfy "
                       "constraint: Member must have length less than or equal to 100");
  auto page = aws::Page::at("alarms", input["NextToken"],
                            input["MaxRecords"].integer_or(names.empty() ? 50 : 100));
  if (!page) return aws::refuse("InvalidNextToken", "Invalid token");
  // Parents and children are composite alarms' business, and there are none here.
  const bool related = input.has("ChildrenOfAlarmName") || input.has("ParentsOfAlarmName");
  if (!related && includes_type(input["AlarmTypes"], "MetricAlarm"))
    alarms_.visit(call.region, page->after(), [&](const MetricAlarm& alarm) {
      if (!wanted(alarm, input, names)) return true;
      return page->offer(alarm.name, [&] { return describe(alarm); });
    });
  return Value::structure({{"CompositeAlarms", Value::list()},
                           {"MetricAlarms", page->items()},
                           {"LogAlarms", Value::list()},
                           {"NextToken", page->next_token()}});
}

aws::Outcome<> CloudWatch::describe_alarms_for_metric(const aws::Call& call) {
  const auto& input = call.input;
  const auto key = MetricId{call.region, input["Namespace"].string_or(""),
                            input["MetricName"].string_or(""), dimensions_from(input["Dimensions"])}
                       .key();
  Value found = Value::list();
  alarms_.visit(call.region, "", [&](const MetricAlarm& alarm) {
    const auto statistic = alarm.statistic->name();
    const bool same =
        alarm.metric.key() == key &&
        (!input.has("Statistic") || input["Statistic"].string() == statistic) &&
        (!input.has("ExtendedStatistic") || input["ExtendedStatistic"].string() == statistic) &&
        (!input.has("Period") || input["Period"].integer() == alarm.period_s) &&
        (!input.has("Unit") || (alarm.unit && input["Unit"].string() == unit_name(*alarm.unit)));
    if (same) found.push(describe(alarm));
    return true;
  });
  return Value::structure({{"MetricAlarms", std::move(found)}});
}

aws::Outcome<> CloudWatch::describe_alarm_history(const aws::Call& call) {
  const auto& input = call.input;
  AlarmHistory::Query query;
  query.region = call.region;
  query.alarm_name = input["AlarmName"].optional_string();
  query.alarm_types = input["AlarmTypes"].strings();
  if (query.alarm_types.empty()) query.alarm_types = {"MetricAlarm"};
  query.item_type = input["HistoryItemType"].optional_string();
  if (input.has("StartDate")) query.from = input["StartDate"].timestamp();
  if (input.has("EndDate")) query.to = input["EndDate"].timestamp();
  query.newest_first = input["ScanBy"].string_or("TimestampDescending") == "TimestampDescending";
  query.limit = static_cast<std::size_t>(input["MaxRecords"].integer_or(100));
  if (input.has("NextToken")) {
    const auto position = aws::page_position("history", input["NextToken"].string());
    if (!position || !AlarmHistory::is_position(*position))
      return aws::refuse("InvalidNextToken", "Invalid token");
    query.after = *position;
  }
  const auto page = history_.read(query);
  Value items = Value::list();
  for (const auto& item : page.items)
    items.push(Value::structure({{"AlarmName", item.alarm_name},
                                 {"AlarmType", item.alarm_type},
                                 {"Timestamp", item.at},
                                 {"HistoryItemType", item.item_type},
                                 {"HistorySummary", item.summary},
                                 {"HistoryData", item.data}}));
  Value out = Value::structure({{"AlarmHistoryItems", std::move(items)}});
  if (!page.next.empty()) out.set("NextToken", aws::page_token("history", page.next));
  return out;
}

// Unknown names are passed over (fact cloudwatch-28).
aws::Outcome<> CloudWatch::delete_alarms(const aws::Call& call) {
  const auto names = call.input["AlarmNames"].strings();
  if (names.size() > 100)
    return aws::refuse("ValidationError",
                       "1 validation error detected: Value at 'alarmNames' failed to satisfy "
                       "constraint: Member must have length less than or equal to 100");
  for (const auto& name : names) alarms_.erase(call.region, name);
  return Value::structure();
}

aws::Outcome<> CloudWatch::set_alarm_state(const aws::Call& call) {
  const auto& input = call.input;
  const auto name = input["AlarmName"].string_or("");
  if (!alarms_.find(call.region, name)) return no_such_alarm();
  const auto state = state_by_name(input["StateValue"].string_or(""));
  if (!state)
    return aws::refuse(
        "ValidationError",
        fmt::format(
            "1 validation error detected: Value '{}' at 'stateValue' failed to satisfy constraint: "
            "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]",
            input["StateValue"].string_or("")));
  const auto data = input["StateReasonData"].optional_string();
  if (data && !data->empty() && !aws::from_json(*data))
    return aws::refuse("InvalidFormatFault", "StateReasonData was not valid JSON");
  alarms_.set_state(call.region, name, {*state, input["StateReason"].string_or(""), data});
  return Value::structure();
}

aws::Outcome<> CloudWatch::enable_alarm_actions(const aws::Call& call) {
  for (const auto& name : call.input["AlarmNames"].strings())
    alarms_.enable_actions(call.region, name, true);
  return Value::structure();
}
aws::Outcome<> CloudWatch::disable_alarm_actions(const aws::Call& call) {
  for (const auto& name : call.input["AlarmNames"].strings())
    alarms_.enable_actions(call.region, name, false);
  return Value::structure();
}

}  // namespace sitelatch::cloudwatch
