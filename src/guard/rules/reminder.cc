// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/reminder.h"

#include <algorithm>

namespace sitelatch::guard {
namespace {

// Zero: none has passed.
int last_mark(Duration latched_for) {
  const auto hours = latched_for / std::chrono::hours{1};
  if (hours >= 24) return static_cast<int>(hours / 24 * 24);
  return hours >= 4 ? 4 : hours >= 1 ? 1 : 0;
}

}  // namespace

std::string Reminder::key() const {
  return "reminder/" + std::to_string(mark.release) + "-" + std::to_string(unix_ms(mark.since)) +
         "-" + std::to_string(mark.hours) + "h";
}

std::vector<std::string> Reminder::claims(Instant now) const {
  const auto window = (now - due) / std::chrono::minutes{10};
  std::vector<std::string> names;
  if (window > 0) names.push_back(key() + "/" + std::to_string(window - 1));
  names.push_back(key() + "/" + std::to_string(window));
  return names;
}

std::optional<Reminder> reminder_due(const Situation& s, Instant now) {
  const auto& record = s.record;
  if (!latched(s.check) || !record.latched_in_this_release()) return std::nullopt;
  const auto& note = *record.latch_note;
  auto since = note.at;
  if (record.maintenance && record.maintenance->keep == Keep::backup)
    since = std::max(since, record.maintenance->until);
  const auto hours = last_mark(now - since);
  if (hours == 0 || since == Instant{}) return std::nullopt;  // without its time: nobody knows
  const Reminded mark{record.release.number, since, hours};
  const auto& told = record.reminded;
  if (told && told->release == mark.release && told->since == mark.since && told->hours >= hours)
    return std::nullopt;
  return Reminder{mark, since + std::chrono::hours{hours}, note.at, planned_latch(s), note.by};
}

}  // namespace sitelatch::guard
