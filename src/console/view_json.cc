// SPDX-License-Identifier: Apache-2.0
// The views as the page reads them. Times are ISO 8601 in UTC.
#include "console/view_parts.h"

namespace sitelatch::console {
namespace {

using aws::Value;

Value text(const std::string& value) { return value.empty() ? Value{} : Value{value}; }
Value time(const std::optional<Instant>& at) { return at ? Value{iso8601_ms(*at)} : Value{}; }
Value number(const std::optional<std::uint64_t>& value) {
  return value ? Value{static_cast<std::int64_t>(*value)} : Value{};
}
Value strings(const std::vector<std::string>& texts) {
  auto out = Value::list();
  for (const auto& one : texts) out.push(one);
  return out;
}

template <class T>
Value list_of(const std::vector<T>& all, Value (*one)(const T&)) {
  auto out = Value::list();
  for (const auto& element : all) out.push(one(element));
  return out;
}

Value said(const std::optional<Said>& one) {
  if (!one) return {};
  return Value::structure({{"well", one->well}, {"words", one->words}});
}

// One letter a minute: w(ell), f(ailing), m(ixed).
Value minutes(const std::vector<guard::StatusMinute>& all) {
  if (all.empty()) return {};
  std::string letters;
  for (const auto& minute : all)
    letters += minute.any_unhealthy ? (minute.any_healthy ? 'm' : 'f') : 'w';
  return Value::structure({{"from", iso8601_seconds(all.front().begins)},
                           {"until", iso8601_seconds(all.back().begins)},
                           {"letters", letters}});
}

Value site(const Site& one) {
  return Value::structure({{"role", one.role},
                           {"serves", one.serves},
                           {"tone", to_string(one.tone)},
                           {"standing", one.standing},
                           {"addresses", strings(one.addresses)},
                           {"fromHere", said(one.from_here)},
                           {"checkers", said(one.checkers)},
                           {"minutes", minutes(one.minutes)}});
}

Value answer(const guard::DnsSnapshot& one) {
  return Value::structure({{"server", text(one.server)},
                           {"name", one.name},
                           {"type", one.type},
                           {"answer", strings(one.answer)},
                           {"serves", guard::to_string(one.serving)},
                           {"problem", text(one.problem)}});
}

Value piece(const Piece& one) {
  return Value::structure(
      {{"name", one.name}, {"detail", one.detail}, {"tone", to_string(one.tone)}});
}

Value trouble(const Trouble& one) {
  return Value::structure({{"name", one.name},
                           {"why", text(one.why)},
                           {"mend", text(one.mend)},
                           {"tone", to_string(one.tone)}});
}

Value moment(const Moment& one) {
  return Value::structure({{"at", iso8601_ms(one.at)},
                           {"kind", one.kind},
                           {"words", one.words},
                           {"precision", to_string(one.precision)}});
}

Value audit(const guard::AuditEntry& one) {
  return Value::structure({{"at", iso8601_ms(one.at)},
                           {"action", one.action},
                           {"stage", text(one.stage)},
                           {"who", text(who_in_short(one.who))},
                           {"why", text(one.why)},
                           {"before", text(one.before)},
                           {"after", text(one.after)},
                           {"version", text(one.version)},
                           {"forced", text(one.forced)},
                           {"note", text(one.note)}});
}

Value offered(const Offered& one) {
  return Value::structure({{"trip", one.trip},
                           {"switch-back", one.switch_back},
                           {"drill", one.drill},
                           {"arm", one.arm},
                           {"disarm", one.disarm}});
}

}  // namespace

Value to_value(const GuardView& view) {
  constexpr std::size_t most_lines = 50;
  auto lines = view.audit;
  if (lines.size() > most_lines) lines.resize(most_lines);
  return Value::structure({{"id", view.id},
                           {"name", text(view.name)},
                           {"form", guard::to_string(view.form)},
                           {"state", view.state},
                           {"tone", to_string(view.tone)},
                           {"headline", view.headline},
                           {"why", view.why},
                           {"next", Value::structure({{"words", view.next.words},
                                                      {"command", text(view.next.command)}})},
                           {"since", time(view.since)},
                           {"at", iso8601_ms(view.at)},
                           {"version", number(view.version)},
                           {"release", number(view.release)},
                           {"nameToType", view.name_to_type},
                           {"primary", site(view.primary)},
                           {"backup", site(view.backup)},
                           {"servers", list_of(view.servers, answer)},
                           {"chain", list_of(view.chain, piece)},
                           {"troubles", list_of(view.troubles, trouble)},
                           {"story", list_of(view.story, moment)},
                           {"audit", list_of(lines, audit)},
                           {"auditProblem", text(view.audit_problem)},
                           {"lastDrill", time(view.last_drill)},
                           {"drill", text(view.drill)},
                           {"exposure", text(view.exposure)},
                           {"unseen", strings(view.unseen)},
                           {"acts", offered(view.offered)}});
}

Value to_value(const FleetRow& row) {
  if (!row.guard)
    return Value::structure({{"key", row.key},
                             {"account", text(row.account)},
                             {"id", row.id},
                             {"tone", "unknown"},
                             {"problem", row.problem}});
  const auto& view = *row.guard;
  return Value::structure({{"key", row.key},
                           {"account", text(row.account)},
                           {"id", view.id},
                           {"name", text(view.name)},
                           {"form", guard::to_string(view.form)},
                           {"state", view.state},
                           {"tone", to_string(view.tone)},
                           {"headline", view.headline},
                           {"serves", guard::to_string(who_serves(view.servers))},
                           {"since", time(view.since)},
                           {"at", iso8601_ms(view.at)},
                           {"lastDrill", time(view.last_drill)},
                           {"next", Value::structure({{"words", view.next.words},
                                                      {"command", text(view.next.command)}})}});
}

}  // namespace sitelatch::console
