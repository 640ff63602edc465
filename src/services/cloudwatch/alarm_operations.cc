// SPDX-License-Identifier: Apache-2.0
// The operations on alarms.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "aws/service/paging.h"
#include "base/text.h"
#include "services/cloudwatch/alarm_request.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/refusals.h"
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
  if (composites_.find(call.region, alarm->name))
    return invalid(
        fmt::format("Could not save the metric alarm as a composite alarm with the name {} exists",
                    alarm->name));
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
  if (input.has("ChildrenOfAlarmName") || input.has("ParentsOfAlarmName"))
    return related_alarms(call);
  // One list of two kinds: "C" and a composite alarm's name, then "M" and a metric alarm's.
  auto page = aws::Page::at("alarms", input["NextToken"],
                            input["MaxRecords"].integer_or(names.empty() ? 50 : 100));
  if (!page) return aws::refuse("InvalidNextToken", "Invalid token");
  std::size_t composites = 0;
  const auto offer = [&](std::string_view kind, const auto& alarm) {
    if (!wanted(alarm, input, names)) return true;
    return page->offer(std::string{kind} + alarm.name, [&] { return describe(alarm); });
  };
  const auto after = [&](std::string_view kind) {
    return page->after().starts_with(kind) ? page->after().substr(kind.size()) : std::string{};
  };
  if (includes_type(input["AlarmTypes"], "CompositeAlarm"))
    composites_.visit(call.region, after("C"),
                      [&](const CompositeAlarm& alarm) { return offer("C", alarm); });
  composites = page->items().items().size();
  if (includes_type(input["AlarmTypes"], "MetricAlarm") && page->next_token().is_null())
    alarms_.visit(call.region, after("M"),
                  [&](const MetricAlarm& alarm) { return offer("M", alarm); });
  Value composite = Value::list(), metric = Value::list();
  for (std::size_t i = 0; i < page->items().items().size(); ++i)
    (i < composites ? composite : metric).push(page->items().items()[i]);
  return Value::structure({{"CompositeAlarms", std::move(composite)},
                           {"MetricAlarms", std::move(metric)},
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
    if (alarm.is_on_queries()) return true;
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
  std::size_t composites = 0;
  std::vector<std::string> needed;
  for (const auto& name : std::set<std::string>{names.begin(), names.end()}) {
    if (composites_.find(call.region, name)) ++composites;
    if (!any_alarm(call.region, name)) continue;
    const auto dependents = composites_.dependents(call.region, name);
    const bool stays = std::any_of(dependents.begin(), dependents.end(), [&](const auto& parent) {
      return parent == name || std::find(names.begin(), names.end(), parent) == names.end();
    });
    if (stays) needed.push_back(name);
  }
  if (composites > 1)
    return invalid("No more than one composite alarm can be deleted in one request.");
  if (!needed.empty())
    return invalid(fmt::format("Cannot delete {} as there are composite alarm(s) depending on {}.",
                               join(needed, ","), needed.size() == 1 ? "it" : "them"));
  // The composite alarm first: its children's end is not a change of its own.
  for (const auto& name : names) composites_.erase(call.region, name);
  for (const auto& name : names) alarms_.erase(call.region, name);
  return Value::structure();
}

aws::Outcome<> CloudWatch::set_alarm_state(const aws::Call& call) {
  const auto& input = call.input;
  const auto name = input["AlarmName"].string_or("");
  if (!any_alarm(call.region, name)) return no_such_alarm();
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
  AlarmBook::NewState to{*state, input["StateReason"].string_or(""), data};
  if (alarms_.find(call.region, name))
    alarms_.set_state(call.region, name, std::move(to));
  else
    composites_.set_state(call.region, name, std::move(to));
  return Value::structure();
}

void CloudWatch::enable(const aws::Call& call, bool enabled) {
  for (const auto& name : call.input["AlarmNames"].strings()) {
    alarms_.enable_actions(call.region, name, enabled);
    composites_.enable_actions(call.region, name, enabled);
  }
}
aws::Outcome<> CloudWatch::enable_alarm_actions(const aws::Call& call) {
  enable(call, true);
  return Value::structure();
}
aws::Outcome<> CloudWatch::disable_alarm_actions(const aws::Call& call) {
  enable(call, false);
  return Value::structure();
}

// Only alarms over several series have contributors, and there are none of those here.
aws::Outcome<> CloudWatch::describe_alarm_contributors(const aws::Call& call) {
  const auto name = call.input["AlarmName"].string_or("");
  if (!any_alarm(call.region, name))
    return aws::refuse("ResourceNotFoundException", fmt::format("Alarm {} does not exist.", name));
  if (call.input.has("NextToken")) return aws::refuse("InvalidNextToken", "Invalid token");
  return Value::structure({{"AlarmContributors", Value::list()}});
}

}  // namespace sitelatch::cloudwatch
