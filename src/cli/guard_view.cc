// SPDX-License-Identifier: Apache-2.0
// A guard's status as JSON, and its exit status.

#include <algorithm>

#include "base/text.h"
#include "cli/guard_report.h"

namespace sitelatch::cli {
namespace {

using aws::Value;
using guard::Serving;
using guard::State;

std::string_view to_string(guard::Link::Health health) {
  switch (health) {
    case guard::Link::Health::ok:
      return "ok";
    case guard::Link::Health::broken:
      return "broken";
    case guard::Link::Health::unknown:
      return "unknown";
    case guard::Link::Health::off:
      return "off";
  }
  return "unknown";
}

Value strings(const std::vector<std::string>& texts) {
  auto list = Value::list();
  for (const auto& text : texts) list.push(text);
  return list;
}

Value or_null(const std::string& text) { return text.empty() ? Value{} : Value{text}; }
Value time_or_null(const std::optional<Instant>& t) { return t ? Value{iso8601_ms(*t)} : Value{}; }

Value check_value(const guard::View& view) {
  const auto& observed = view.snapshot.observed;
  if (!observed.check) return {};
  const auto& check = *observed.check;
  const auto latch = guard::latch_on(check);
  return Value::structure({{"version", static_cast<std::int64_t>(check.version)},
                           {"type", check.type},
                           {"path", check.path},
                           {"disabled", check.disabled},
                           {"inverted", check.inverted},
                           {"latch", guard::to_string(latch.value)},
                           {"latched", latch.effective},
                           {"healthy", observed.healthy}});
}

Value alarm_value(const guard::View& view) {
  const auto& alarm = view.snapshot.observed.alarm;
  if (!alarm) return {};
  return Value::structure({{"name", alarm->name},
                           {"state", guard::to_string(alarm->snapshot.state)},
                           {"since", iso8601_ms(alarm->snapshot.transitioned_at)},
                           {"actions_enabled", alarm->snapshot.actions_enabled},
                           {"from_data", alarm->snapshot.from_data}});
}

Value maintenance_value(const guard::View& view, const guard::Record& record) {
  const auto& maintenance = record.maintenance;
  if (!maintenance) return {};
  return Value::structure({{"since", iso8601_ms(maintenance->since)},
                           {"until", iso8601_ms(maintenance->until)},
                           {"keep", guard::to_string(maintenance->keep)},
                           {"reason", maintenance->reason},
                           {"over", !record.in_maintenance(view.now)}});
}

// What the state demands of DNS; nothing: it demands nothing.
std::optional<Serving> demanded(State state) {
  if (state == State::armed) return Serving::primary;
  if (state == State::tripped || state == State::switched_over ||
      state == State::latched_without_guard)
    return Serving::backup;
  return std::nullopt;
}

// Latched a moment ago: the checkers have not found it yet, and DNS goes by them.
bool latch_is_fresh(const guard::View& view) {
  const auto& observed = view.snapshot.observed;
  return observed.healthy.value_or(false) && view.assessment.since &&
         view.now < *view.assessment.since + std::chrono::minutes{2};
}

bool dns_contradicts(const guard::View& view) {
  auto wanted = demanded(view.assessment.state);
  if (wanted == Serving::backup && latch_is_fresh(view)) wanted.reset();
  return std::any_of(view.dns.begin(), view.dns.end(), [&](const auto& answer) {
    if (answer.serving == Serving::neither) return true;  // empty, or nobody's
    if (answer.serving == Serving::unknown) return !answer.not_asked;
    if (answer.serving == Serving::both) return false;
    return wanted && answer.serving != *wanted;
  });
}

}  // namespace

Value to_value(const std::vector<guard::DnsSnapshot>& dns) {
  auto list = Value::list();
  for (const auto& answer : dns)
    list.push(Value::structure({{"name", answer.name},
                                {"type", answer.type},
                                {"server", or_null(answer.server)},
                                {"answer", strings(answer.answer)},
                                {"serves", guard::to_string(answer.serving)},
                                {"problem", or_null(answer.problem)}}));
  return list;
}

Value to_value(const guard::View& view) {
  const auto record = guard::record_of(view.snapshot.observed);
  auto links = Value::list();
  for (const auto& link : view.assessment.links)
    links.push(Value::structure({{"name", link.name},
                                 {"health", to_string(link.health)},
                                 {"why", or_null(link.why)},
                                 {"mend", or_null(link.mend)}}));
  auto blind = Value::list();
  for (const auto& unseen : view.snapshot.blind) blind.push(guard::describe(unseen));
  auto out = Value::structure(
      {{"health_check_id", view.id()},
       {"state", guard::to_string(view.assessment.state)},
       {"sentence", view.assessment.sentence},
       {"since", time_or_null(view.assessment.since)},
       {"at", iso8601_ms(view.now)},
       {"health_check", check_value(view)},
       {"alarm", alarm_value(view)},
       {"release", Value::structure({{"number", static_cast<std::int64_t>(record.release.number)},
                                     {"at", time_or_null(record.release.at)}})},
       {"maintenance", maintenance_value(view, record)},
       {"original_path", record.original_path},
       {"links", links},
       {"dns", to_value(view.dns)},
       {"blind", blind}});
  if (const auto note = guard::last_drill(view); !note.empty()) out.set("last_drill", note);
  if (view.form != guard::Form::guide) out.set("form", guard::to_string(view.form));
  out.set("exit_code", status_code(view));
  return out;
}

int status_code(const guard::View& view) {
  if (dns_contradicts(view)) return exit_dns;
  const auto code = guard::exit_code(view.assessment.state);
  if (code != exit_done) return code;
  const auto& links = view.assessment.links;
  const auto any = [&links](guard::Link::Health health) {
    return std::any_of(links.begin(), links.end(),
                       [health](const auto& link) { return link.health == health; });
  };
  if (any(guard::Link::Health::broken)) return exit_link;
  const bool seen = !any(guard::Link::Health::unknown) && view.snapshot.blind.empty();
  return seen ? exit_done : exit_no_answer;
}

}  // namespace sitelatch::cli
