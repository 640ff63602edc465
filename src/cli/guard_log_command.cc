// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/guard_report.h"
#include "guard/apply/audit_log.h"

namespace sitelatch::cli {
namespace {

using aws::Value;
using guard::AuditEntry;

Value to_value(const guard::ReleaseEvidence& seen) {
  auto primary = Value::list(), dns = Value::list(), commands = Value::list();
  for (const auto& one : seen.primary) primary.push(one);
  for (const auto& one : seen.dns) {
    auto answer = Value::list();
    for (const auto& value : one.answer) answer.push(value);
    dns.push(Value::structure({{"server", one.server},
                               {"name", one.name},
                               {"type", one.type},
                               {"answer", answer},
                               {"problem", one.problem.empty() ? Value{} : Value{one.problem}}}));
  }
  for (const auto& one : seen.commands)
    commands.push(
        Value::structure({{"command", one.command},
                          {"status", one.status},
                          {"output", one.output},
                          {"left_out", static_cast<std::int64_t>(one.left_out)},
                          {"problem", one.problem.empty() ? Value{} : Value{one.problem}}}));
  return Value::structure({{"at", iso8601_ms(seen.at)},
                           {"check", seen.check},
                           {"alarm", seen.alarm},
                           {"primary", primary},
                           {"dns", dns},
                           {"commands", commands}});
}

void add_alarm_history(GuardContext& context, const guard::View& view, const LogOptions& options,
                       std::vector<AuditEntry>& entries) {
  const auto history = guard::latches_by_alarm_history(
      context.aws(), view.plan.alarm, view.now - options.since, view.now + std::chrono::minutes{1});
  if (!history)
    return say(client::explain(history.error(),
                               "read the alarm's history, which says when the "
                               "guide's Python function latched"));
  entries.insert(entries.end(), history->begin(), history->end());
  std::stable_sort(entries.begin(), entries.end(),
                   [](const AuditEntry& a, const AuditEntry& b) { return a.at < b.at; });
}

Value to_value(const AuditEntry& entry) {
  const auto text = [](const std::string& value) { return value.empty() ? Value{} : Value{value}; };
  return Value::structure({{"at", iso8601_ms(entry.at)},
                           {"action", entry.action},
                           {"stage", text(entry.stage)},
                           {"who", text(entry.who)},
                           {"why", text(entry.why)},
                           {"before", text(entry.before)},
                           {"after", text(entry.after)},
                           {"version", text(entry.version)},
                           {"request_id", text(entry.request_id)},
                           {"forced", text(entry.forced)},
                           {"note", text(entry.note)},
                           {"seen", entry.seen ? to_value(*entry.seen) : Value{}}});
}

void print(const AuditEntry& entry) {
  fmt::print("{}  {}{}  {}\n", iso8601_seconds(entry.at), entry.action,
             entry.stage.empty() || entry.stage == "done" ? ""
             : entry.stage == "asked"                     ? " (begun, no end recorded)"
                                                          : " (" + entry.stage + ")",
             entry.who);
  if (!entry.why.empty()) fmt::print("  why      {}\n", entry.why);
  if (!entry.forced.empty()) fmt::print("  forced   {}\n", entry.forced);
  if (!entry.before.empty())
    fmt::print("  check    {}{}\n", entry.before,
               entry.after.empty() || entry.after == entry.before ? "" : " -> " + entry.after);
  if (!entry.version.empty() || !entry.request_id.empty())
    fmt::print("  version  {}{}\n", entry.version,
               entry.request_id.empty() ? "" : "   request " + entry.request_id);
  if (!entry.note.empty()) fmt::print("  note     {}\n", entry.note);
  if (!entry.seen) return;
  fmt::print("  seen at  {}\n", iso8601_seconds(entry.seen->at));
  for (const auto& line : lines_of(*entry.seen)) fmt::print("           {}\n", line);
}

}  // namespace

int show_log(const LogOptions& options) {
  GuardContext context(options.common);
  const auto view = guard::view(context.aws(), context.clock(), options.health_check_id,
                                context.context().chain());
  if (!view) return fail(options.common, view.error().text, exit_status_of(view.error().kind));
  const auto& group = view->plan.audit_group;
  guard::AuditLog log(context.aws(), group.region, group.name, options.health_check_id, "");
  auto entries = log.read(view->now - options.since);
  if (!entries) {
    if (client::is_absent(entries.error()))
      return fail(options.common,
                  fmt::format("There is no audit log {}: deploy makes it.", group.name),
                  exit_failed);
    const auto error = guard::error_of(entries.error(), "read the audit log " + group.name);
    return fail(options.common, error.text, exit_status_of(error.kind));
  }
  if (guard::overwrites_planned(view->snapshot.observed))
    add_alarm_history(context, *view, options, *entries);
  const auto shown = guard::without_answered(*entries);
  if (options.common.output == Output::json) {
    auto list = Value::list();
    for (const auto& entry : shown) list.push(to_value(entry));
    fmt::print("{}\n", aws::to_json(Value::structure({{"health_check_id", options.health_check_id},
                                                      {"log_group", group.name},
                                                      {"entries", list}})));
    return exit_done;
  }
  for (const auto& entry : shown) print(entry);
  if (shown.empty()) fmt::print("Nothing in the last {}.\n", describe(options.since));
  return exit_done;
}

}  // namespace sitelatch::cli
