// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/composite_alarm.h"

#include <array>

#include "services/cloudwatch/json_text.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;

constexpr std::array<std::string_view, 3> suppressed_by_names = {"WaitPeriod", "ExtensionPeriod",
                                                                 "Alarm"};

}  // namespace

std::string_view suppressed_by_name(SuppressedBy by) {
  return suppressed_by_names[static_cast<std::size_t>(by)];
}

std::string name_of_reference(const AlarmBasics& alarm, const std::string& reference) {
  if (!reference.starts_with("arn:")) return reference;
  // Every alarm's ARN is its own up to the name.
  const auto prefix = std::string_view{alarm.arn}.substr(0, alarm.arn.size() - alarm.name.size());
  return reference.starts_with(prefix) ? reference.substr(prefix.size()) : "";
}

Value describe(const CompositeAlarm& alarm) {
  Value out = Value::structure();
  describe_basics(alarm, out);
  out.set("AlarmRule", alarm.rule_text);
  if (alarm.suppressed_by) {
    const auto by = suppressed_by_name(*alarm.suppressed_by);
    out.set("ActionsSuppressedBy", by);
    out.set("ActionsSuppressedReason", "Actions suppressed by " + std::string{by});
  }
  if (alarm.suppressor) {
    out.set("ActionsSuppressor", *alarm.suppressor);
    out.set("ActionsSuppressorWaitPeriod", alarm.wait_period_s);
    out.set("ActionsSuppressorExtensionPeriod", alarm.extension_period_s);
  }
  return out;
}

std::string triggering_data(const std::vector<TriggeringAlarm>& alarms) {
  std::vector<std::string> items;
  for (const auto& alarm : alarms) {
    JsonObject state;
    state.text("value", state_name(alarm.state)).text("timestamp", iso8601_ms_offset(alarm.since));
    items.push_back(JsonObject{}.text("arn", alarm.arn).json("state", state.str()).str());
  }
  return JsonObject{}.json("triggeringAlarms", json_list(items)).str();
}

Value to_row(const CompositeAlarm& alarm) {
  Value out = describe(alarm);
  const auto basics = basics_to_row(alarm);
  for (const auto* name : {"Region", "Tags", "MutedFrom"}) out.set(name, basics[name]);
  Value triggering = Value::list();
  for (const auto& child : alarm.triggering)
    triggering.push(Value::structure(
        {{"Arn", child.arn}, {"State", state_name(child.state)}, {"Since", child.since}}));
  out.set("Triggering", std::move(triggering));
  out.set("SuppressedUntil", alarm.suppressed_until);
  out.set("OwesActions", alarm.owes_actions);
  return out;
}

std::optional<CompositeAlarm> composite_alarm_from_row(const Value& row) {
  CompositeAlarm out;
  basics_from_row(row, out);
  out.rule_text = row["AlarmRule"].string_or("");
  auto rule = AlarmRule::parse(out.rule_text);
  if (!rule || out.name.empty()) return std::nullopt;
  out.rule = std::move(*rule);
  out.suppressor = row["ActionsSuppressor"].optional_string();
  out.wait_period_s = row["ActionsSuppressorWaitPeriod"].integer_or(0);
  out.extension_period_s = row["ActionsSuppressorExtensionPeriod"].integer_or(0);
  for (const auto& child : row["Triggering"].items())
    out.triggering.push_back({child["Arn"].string_or(""),
                              state_by_name(child["State"].string_or("")).value_or(State::alarm),
                              from_unix_ms(child["Since"].integer_or(0))});
  for (const auto by :
       {SuppressedBy::wait_period, SuppressedBy::extension_period, SuppressedBy::alarm})
    if (row["ActionsSuppressedBy"].string_or("") == suppressed_by_name(by)) out.suppressed_by = by;
  if (row.has("SuppressedUntil"))
    out.suppressed_until = from_unix_ms(row["SuppressedUntil"].integer());
  out.owes_actions = row["OwesActions"].boolean_or(false);
  return out;
}

}  // namespace sitelatch::cloudwatch
