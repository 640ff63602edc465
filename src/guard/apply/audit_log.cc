// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/audit_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/rules/json.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

// Where each member of an entry stands in a line; the reader, the writer and `log` share it.
struct Field {
  std::string_view name;
  std::string AuditEntry::*member;
};
constexpr Field fields[] = {
    {"action", &AuditEntry::action},
    {"stage", &AuditEntry::stage},
    {"change", &AuditEntry::change_id},
    {"who", &AuditEntry::who},
    {"why", &AuditEntry::why},
    {"before", &AuditEntry::before},
    {"after", &AuditEntry::after},
    {"version", &AuditEntry::version},
    {"request_id", &AuditEntry::request_id},
    {"forced", &AuditEntry::forced},
    {"note", &AuditEntry::note},
};

}  // namespace

std::string audit_line(const AuditEntry& entry, std::string_view health_check_id) {
  JsonObject line;
  line.add("sitelatch", "audit")
      .add("at", iso8601_ms(entry.at))
      .add("health_check", health_check_id);
  for (const auto& field : fields)
    if (!(entry.*field.member).empty()) line.add(field.name, entry.*field.member);
  if (entry.seen) line.raw("seen", to_json(*entry.seen));
  return line.text();
}

std::optional<AuditEntry> read_audit_line(std::string_view line) {
  const auto json = Json::parse(line);
  if (!json || !json->is_object() || !json->has("action")) return std::nullopt;
  AuditEntry entry;
  const auto at = parse_iso8601((*json)["at"].text());
  if (!at) return std::nullopt;
  entry.at = *at;
  for (const auto& field : fields) entry.*field.member = (*json)[field.name].text();
  entry.seen = read_evidence((*json)["seen"]);
  return entry;
}

std::vector<AuditEntry> without_answered(const std::vector<AuditEntry>& entries) {
  std::vector<AuditEntry> out;
  for (const auto& entry : entries) {
    const auto about_the_same = [&](const AuditEntry& other) {
      return !entry.change_id.empty() && other.change_id == entry.change_id &&
             (other.stage == "asked") != (entry.stage == "asked");
    };
    const auto other = std::find_if(entries.begin(), entries.end(), about_the_same);
    if (entry.stage == "asked" && other != entries.end()) continue;
    out.push_back(entry);
    if (other != entries.end() && !out.back().seen) out.back().seen = other->seen;
  }
  return out;
}

client::Outcome<std::vector<AuditEntry>> latches_by_alarm_history(client::Aws& aws,
                                                                  const AlarmPlan& alarm,
                                                                  Instant from, Instant until) {
  const auto found = aws.call_all("cloudwatch", "DescribeAlarmHistory",
                                  Value::structure({{"AlarmName", alarm.name},
                                                    {"HistoryItemType", "Action"},
                                                    {"StartDate", from},
                                                    {"EndDate", until}}),
                                  alarm.region);
  if (!found) return failure(found.error());
  std::vector<AuditEntry> entries;
  for (const auto& item : (*found)["AlarmHistoryItems"].items()) {
    const auto summary = item["HistorySummary"].string_or("");
    if (!item["Timestamp"].is_timestamp() || !summary.starts_with("Successfully") ||
        summary.find(alarm.topic_arn) == std::string::npos)
      continue;
    AuditEntry entry;
    entry.at = item["Timestamp"].timestamp();
    entry.action = "latch";
    entry.who = "function";
    entry.why = "the alarm went to ALARM and told the function";
    entry.note = "from the history of alarm " + alarm.name +
                 ": the guide's Python function writes no audit log";
    entries.push_back(std::move(entry));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const AuditEntry& a, const AuditEntry& b) { return a.at < b.at; });
  return entries;
}

AuditLog::AuditLog(client::Aws& aws, std::string region, std::string group,
                   std::string health_check_id, std::string stream)
    : aws_(aws),
      region_(std::move(region)),
      group_(std::move(group)),
      id_(std::move(health_check_id)),
      stream_(std::move(stream)) {}

Result<Done> AuditLog::write(const AuditEntry& entry) {
  if (group_.empty()) return failure(Problem{"the guard has no audit log"});
  if (!stream_made_) {
    const auto made = aws_.call(
        "logs", "CreateLogStream",
        Value::structure({{"logGroupName", group_}, {"logStreamName", stream_}}), region_);
    if (!made && !made.error().is("ResourceAlreadyExistsException"))
      return failure(Problem{client::explain(made.error(), "write to the audit log " + group_)});
    stream_made_ = true;
  }
  const auto event =
      Value::structure({{"timestamp", unix_ms(entry.at)}, {"message", audit_line(entry, id_)}});
  const auto written = aws_.call("logs", "PutLogEvents",
                                 Value::structure({{"logGroupName", group_},
                                                   {"logStreamName", stream_},
                                                   {"logEvents", Value::list({event})}}),
                                 region_);
  if (!written)
    return failure(Problem{client::explain(written.error(), "write to the audit log " + group_)});
  if (const auto& rejected = (*written)["rejectedLogEventsInfo"]; rejected)
    return failure(Problem{
        fmt::format("the audit log {} refused an entry dated {}: the clocks differ too much",
                    group_, iso8601_seconds(entry.at))});
  return Done{};
}

client::Outcome<std::vector<AuditEntry>> AuditLog::read(Instant from) {
  const auto found = aws_.call_all(
      "logs", "FilterLogEvents",
      Value::structure({{"logGroupName", group_}, {"startTime", unix_ms(from)}}), region_);
  if (!found) return failure(found.error());
  std::vector<AuditEntry> entries;
  for (const auto& event : (*found)["events"].items())
    if (auto entry = read_audit_line(event["message"].string_or("")))
      entries.push_back(std::move(*entry));
  std::stable_sort(entries.begin(), entries.end(),
                   [](const AuditEntry& a, const AuditEntry& b) { return a.at < b.at; });
  return entries;
}

}  // namespace sitelatch::guard
