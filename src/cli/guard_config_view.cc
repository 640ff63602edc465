// SPDX-License-Identifier: Apache-2.0
// A guard of the form `config` as text and as JSON; the next step comes first.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/guard_config.h"

namespace sitelatch::cli {
namespace {

using aws::Value;
using guard::Phase;
using guard::Serving;

std::string health_word(const std::optional<bool>& healthy) {
  return !healthy ? "health not known" : *healthy ? "healthy" : "UNHEALTHY";
}

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

std::string told_words(const guard::PeopleTold& people) {
  std::vector<std::string> who;
  for (const auto& one : people.subscriptions)
    who.push_back(one.endpoint + (one.pending ? " (NOT CONFIRMED)" : ""));
  return who.empty() ? "NOBODY" : join(who, ", ");
}

Value value_of(const guard::PeopleTold& people) {
  auto subscriptions = Value::list();
  for (const auto& one : people.subscriptions)
    subscriptions.push(Value::structure(
        {{"protocol", one.protocol}, {"endpoint", one.endpoint}, {"confirmed", !one.pending}}));
  return Value::structure({{"topic", people.topic->arn}, {"subscriptions", subscriptions}});
}

void print_pieces(const guard::ConfigView& view) {
  const auto& o = view.observed;
  if (o.endpoint)
    fmt::print("  endpoint {}, {}: {} NOW\n", o.endpoint->id, guard::describe(*o.endpoint),
               health_word(guard::endpoint_is_healthy(o)));
  if (o.combined)
    fmt::print("  both     {}, version {}: {} of {}, {} of {} good minutes\n", o.combined->id,
               o.combined->version, o.combined->threshold, o.combined->children.size(),
               view.assessment.good_minutes, guard::good_minutes_asked);
  if (o.hold)
    fmt::print("  hold     {}, version {}: {}{}, {}\n", o.hold->id, o.hold->version,
               o.hold->inverted ? "Inverted" : "NOT Inverted", o.hold->disabled ? ", Disabled" : "",
               health_word(hold_health(view)));
  if (o.alarm)
    fmt::print("  alarm    {} {} (ALARM: fifteen good minutes)\n", o.alarm->name,
               guard::to_string(o.alarm->snapshot.state));
  if (const auto& people = o.people; people.topic)
    fmt::print("  tells    {} by {}\n", told_words(people), view.plan.notify_topic);
  if (const auto note = view.last_drill(); !note.empty())
    fmt::print("  drill    {}\n", as_sentence(note));
  if (o.records)
    fmt::print("  records  {} on the hold, {} on the endpoint's check\n",
               counted(o.records->on_hold, "PRIMARY record", "PRIMARY records"),
               o.records->on_endpoint);
}

}  // namespace

void print(const guard::ConfigView& view) {
  const auto& assessment = view.assessment;
  fmt::print("{}  {}  (form config)\n", view.id(), guard::to_string(assessment.phase));
  if (!assessment.next.empty()) fmt::print("  NEXT     {}\n", as_sentence(assessment.next));
  fmt::print("  {}{}\n", as_sentence(assessment.sentence),
             assessment.since ? " Since " + iso8601_seconds(*assessment.since) + "." : "");
  print_pieces(view);
  for (const auto& answer : view.dns)
    fmt::print("  DNS      {} {} -> {} ({}){}{}\n", answer.name, answer.type,
               answer.answer.empty() ? "nothing" : join(answer.answer, ", "),
               guard::to_string(answer.serving),
               answer.server.empty() ? "" : " by " + answer.server,
               answer.problem.empty() ? "" : ": " + answer.problem);
  if (dns_is_wrong(view))
    fmt::print("  DNS does not answer as this state demands, or does not answer.\n");
  for (const auto& problem : assessment.problems)
    fmt::print("  {:<8} {}: {}\n           mend: {}\n", problem.breaks ? "BROKEN" : "warning",
               problem.name, problem.why, problem.mend);
  for (const auto& unseen : view.blind) fmt::print("  {}\n", guard::describe(unseen));
}

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
