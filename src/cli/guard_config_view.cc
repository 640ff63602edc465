// SPDX-License-Identifier: Apache-2.0
// A guard of the form `config` as JSON, and its exit status.

#include <algorithm>

#include "base/text.h"
#include "cli/guard_config.h"

namespace sitelatch::cli {
namespace {

using aws::Value;
using guard::Phase;
using guard::Serving;

std::optional<bool> hold_health(const guard::ConfigView& view) {
  return guard::hold_is_healthy(view.plan, view.observed, view.now);
}

bool dns_is_wrong(const guard::ConfigView& view) {
  const auto phase = view.assessment.phase;
  const bool primary = phase == Phase::serving;
  const bool backup = phase == Phase::latched || phase == Phase::tripped;
  return (primary || backup) &&
         std::any_of(view.dns.begin(), view.dns.end(), [&](const guard::DnsSnapshot& one) {
           if (one.serving == Serving::unknown) return !one.not_asked;
           if (one.serving == Serving::both) return false;
           return one.serving != (primary ? Serving::primary : Serving::backup);
         });
}

Value children_of(const guard::CombinedCheck& combined) {
  auto list = Value::list();
  for (const auto& child : combined.children) list.push(child);
  return list;
}

Value value_of(const guard::PeopleTold& people) {
  auto subscriptions = Value::list();
  for (const auto& one : people.subscriptions)
    subscriptions.push(Value::structure(
        {{"protocol", one.protocol}, {"endpoint", one.endpoint}, {"confirmed", !one.pending}}));
  return Value::structure({{"topic", people.topic->arn}, {"subscriptions", subscriptions}});
}

}  // namespace

Value to_value(const guard::ConfigView& view) {
  const auto& o = view.observed;
  const auto& assessment = view.assessment;
  auto problems = Value::list(), blind = Value::list();
  for (const auto& problem : assessment.problems)
    problems.push(Value::structure({{"name", problem.name},
                                    {"why", problem.why},
                                    {"mend", problem.mend},
                                    {"breaks", problem.breaks}}));
  for (const auto& unseen : view.blind) blind.push(guard::describe(unseen));
  auto out = Value::structure(
      {{"health_check_id", view.id()},
       {"form", guard::to_string(guard::Form::config)},
       {"state", guard::to_string(assessment.phase)},
       {"sentence", assessment.sentence},
       {"next", assessment.next.empty() ? Value{} : Value{assessment.next}},
       {"since", assessment.since ? Value{iso8601_ms(*assessment.since)} : Value{}},
       {"at", iso8601_ms(view.now)},
       {"good_minutes", assessment.good_minutes},
       {"good_minutes_asked", guard::good_minutes_asked},
       {"problems", problems},
       {"dns", to_value(view.dns)},
       {"blind", blind}});
  if (o.endpoint)
    out.set("endpoint",
            Value::structure({{"id", o.endpoint->id},
                              {"version", static_cast<std::int64_t>(o.endpoint->version)},
                              {"type", o.endpoint->type},
                              {"path", o.endpoint->path},
                              {"healthy", guard::endpoint_is_healthy(o)}}));
  if (o.combined)
    out.set("combined",
            Value::structure({{"id", o.combined->id},
                              {"version", static_cast<std::int64_t>(o.combined->version)},
                              {"threshold", o.combined->threshold},
                              {"children", children_of(*o.combined)}}));
  if (o.hold)
    out.set("hold", Value::structure({{"id", o.hold->id},
                                      {"version", static_cast<std::int64_t>(o.hold->version)},
                                      {"inverted", o.hold->inverted},
                                      {"disabled", o.hold->disabled},
                                      {"healthy", hold_health(view)}}));
  if (o.alarm)
    out.set("alarm", Value::structure({{"name", o.alarm->name},
                                       {"state", guard::to_string(o.alarm->snapshot.state)}}));
  if (o.people.topic) out.set("notify", value_of(o.people));
  if (const auto note = view.last_drill(); !note.empty()) out.set("last_drill", note);
  if (o.records)
    out.set("records", Value::structure({{"on_hold", o.records->on_hold},
                                         {"on_endpoint", o.records->on_endpoint}}));
  out.set("exit_code", status_code(view));
  return out;
}

int status_code(const guard::ConfigView& view) {
  if (dns_is_wrong(view)) return exit_dns;
  const auto code = guard::exit_code(view.assessment.phase);
  if (code != exit_done) return code;
  if (!view.assessment.problems.empty()) return exit_link;
  return view.blind.empty() ? exit_done : exit_no_answer;
}

}  // namespace sitelatch::cli
