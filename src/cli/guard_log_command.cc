// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "cli/commands.h"
#include "cli/guard_report.h"
#include "cli/interrupts.h"
#include "guard/apply/audit_log.h"
#include "guard/apply/config_observe.h"

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

client::Outcome<Done> add_alarm_history(GuardContext& context, const guard::View& view,
                                        Instant from, Instant now,
                                        std::vector<AuditEntry>& entries) {
  const auto history = guard::latches_by_alarm_history(context.aws(), view.plan.alarm, from,
                                                       now + std::chrono::minutes{1});
  if (!history) return failure(history.error());
  entries.insert(entries.end(), history->begin(), history->end());
  std::stable_sort(entries.begin(), entries.end(),
                   [](const AuditEntry& a, const AuditEntry& b) { return a.at < b.at; });
  return Done{};
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

// One guard's log, read again and again.
class Source {
 public:
  Source(GuardContext& context, const LogOptions& options, std::optional<guard::View> view,
         std::string region, std::string group)
      : context_(context),
        view_(std::move(view)),
        log_(context.aws(), std::move(region), std::move(group), options.health_check_id, "") {}

  client::Outcome<std::vector<AuditEntry>> read(Instant from, Instant now) {
    auto entries = log_.read(from);
    if (!entries) return failure(entries.error());
    if (view_ && guard::overwrites_planned(view_->snapshot.observed)) {
      const auto added = add_alarm_history(context_, *view_, from, now, *entries);
      if (!added && !history_missed_)
        say(client::explain(added.error(),
                            "read the alarm's history, which says when the guide's Python function "
                            "latched"));
      history_missed_ = !added;
    }
    return without_answered(*entries);
  }

 private:
  GuardContext& context_;
  std::optional<guard::View> view_;
  guard::AuditLog log_;
  bool history_missed_ = false;  // which was said
};

// FilterLogEvents may be asked five times a second in an account and Region (fact client-15).
constexpr auto between_reads = std::chrono::seconds{5};
// Lines come late, and by clocks that differ: so much of the log is read again each time.
constexpr auto read_again = std::chrono::hours{1};

// Shows each entry once, in the order in which they come; ends by a signal.
class Follower {
 public:
  Follower(GuardContext& context, const LogOptions& options, Source& source, std::string group)
      : context_(context), options_(options), source_(source), group_(std::move(group)) {}

  [[noreturn]] void run(const std::vector<AuditEntry>& entries, Instant from) {
    end_on_interrupts(exit_done, {});  // before the first line: who reads it may have seen enough
    show(entries);
    if (entries.empty())
      say(fmt::format("Nothing in the last {} yet; what comes is shown.",
                      describe(options_.since)));
    for (;;) {
      context_.clock().sleep(between_reads);
      const auto now = context_.aws_time();
      const auto entries_now =
          source_.read(std::max(from, std::min(now, newest_) - read_again), now);
      if (entries_now) {
        reached();
        show(*entries_now);
      } else {
        not_reached(entries_now.error(), now);
      }
    }
  }

 private:
  void show(const std::vector<AuditEntry>& entries) {
    for (const auto& entry : entries) {
      auto key = entry;
      key.seen.reset();  // of a line before it, which may be read no more
      newest_ = std::max(newest_, entry.at);
      if (!shown_.insert(guard::audit_line(key, options_.health_check_id)).second) continue;
      if (options_.common.output == Output::json)
        fmt::print("{}\n", aws::to_json(to_value(entry)));
      else
        print(entry);
      std::fflush(stdout);
    }
  }

  void reached() {
    if (missed_) say("Reached again.");
    missed_ = false;
    end_on_interrupts(exit_done, {});
  }

  void not_reached(const client::Error& error, Instant now) {
    const auto why = guard::error_of(error, "read the audit log " + group_);
    if (!missed_)
      say(fmt::format("Not reached since {}, retrying: {}", iso8601_seconds(now), why.text));
    missed_ = true;
    end_on_interrupts(exit_status_of(why.kind), {});
  }

  GuardContext& context_;
  const LogOptions& options_;
  Source& source_;
  const std::string group_;
  std::set<std::string> shown_{};
  Instant newest_ = earliest;
  bool missed_ = false;
};

}  // namespace

int show_log(const LogOptions& options) {
  GuardContext context(options.common);
  // In the form config it is named by the check alone, and nothing else need be seen.
  std::optional<guard::View> view;
  std::string region, group;
  Instant now{};
  if (options.form == guard::Form::config) {
    const auto caller = guard::read_caller(context.aws());
    if (!caller) {
      const auto error = guard::error_of(caller.error(), "find out whose account this is");
      return fail(options.common, error.text, exit_status_of(error.kind));
    }
    const auto plan = guard::plan_config(options.health_check_id, caller->partition);
    region = plan.region;
    group = plan.audit_group;
    now = context.aws_time();
  } else {
    auto seen = guard::view(context.aws(), context.clock(), options.health_check_id,
                            context.context().chain());
    if (!seen) return fail(options.common, seen.error().text, exit_status_of(seen.error().kind));
    region = seen->plan.audit_group.region;
    group = seen->plan.audit_group.name;
    now = seen->now;
    view = std::move(*seen);
  }
  Source source(context, options, std::move(view), region, group);
  const auto entries = source.read(now - options.since, now);
  if (!entries) {
    if (client::is_absent(entries.error()))
      return fail(options.common, fmt::format("There is no audit log {}: deploy makes it.", group),
                  exit_failed);
    const auto error = guard::error_of(entries.error(), "read the audit log " + group);
    return fail(options.common, error.text, exit_status_of(error.kind));
  }
  if (options.follow) Follower(context, options, source, group).run(*entries, now - options.since);
  const auto& shown = *entries;
  if (options.common.output == Output::json) {
    auto list = Value::list();
    for (const auto& entry : shown) list.push(to_value(entry));
    fmt::print("{}\n", aws::to_json(Value::structure({{"health_check_id", options.health_check_id},
                                                      {"log_group", group},
                                                      {"entries", list}})));
    return exit_done;
  }
  for (const auto& entry : shown) print(entry);
  if (shown.empty()) fmt::print("Nothing in the last {}.\n", describe(options.since));
  return exit_done;
}

}  // namespace sitelatch::cli
