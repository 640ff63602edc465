// SPDX-License-Identifier: Apache-2.0
#include "simulation/plan.h"

#include "base/text.h"

namespace sitelatch::simulation {
namespace {
constexpr std::array<std::string_view, all_ailments.size()> ailment_names = {
    "refuses", "hangs", "half", "flaps", "unreached", "disputed"};
constexpr Ms flaps_every = 10 * second;
constexpr std::uint32_t first_checkers(int number) { return (1u << number) - 1; }
}  // namespace

std::string_view to_string(Ailment ailment) {
  return ailment_names[static_cast<std::size_t>(ailment)];
}

std::optional<Ailment> ailment_by_name(std::string_view name) {
  for (const auto ailment : all_ailments)
    if (to_string(ailment) == name) return ailment;
  return std::nullopt;
}

std::optional<AlarmAsks> parse_alarm_asks(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto datapoints = parse_int(text.substr(0, slash));
  const auto periods = parse_int(text.substr(slash + 1));
  if (!datapoints || !periods || *datapoints < 1 || *periods < *datapoints ||
      *periods > most_alarm_periods)
    return std::nullopt;
  return AlarmAsks{static_cast<int>(*datapoints), static_cast<int>(*periods)};
}

Tuning usual_tuning(Form form) {
  switch (form) {
    case Form::hardened:
      return {30, 3};
    case Form::fast:
      return {10, 2};
    case Form::guide:
    case Form::config:
    case Form::strict:
    case Form::engine:
      break;
  }
  return {30, 1};
}

namespace {

Act site(Ms at, Site to) { return {at, Act::Kind::primary, 0, static_cast<std::uint32_t>(to)}; }

std::vector<Act> flapping(Ms length) {
  std::vector<Act> acts;
  bool down = true;
  for (Ms at = 0; at < length; at += flaps_every, down = !down)
    acts.push_back(site(at, down ? Site::refuses : Site::up));
  acts.push_back(site(length, Site::up));
  return acts;
}

std::vector<Act> acts_of(Ailment ailment, Ms length) {
  switch (ailment) {
    case Ailment::refuses:
      return {site(0, Site::refuses), site(length, Site::up)};
    case Ailment::hangs:
      return {site(0, Site::hangs), site(length, Site::up)};
    case Ailment::half:
      return {site(0, Site::half), site(length, Site::up)};
    case Ailment::flaps:
      return flapping(length);
    case Ailment::unreached:
      return {{0, Act::Kind::cut_off, 0, first_checkers(14)}, {length, Act::Kind::cut_off, 0, 0}};
    case Ailment::disputed:
      return {{0, Act::Kind::cut_off, 0, first_checkers(13)},
              {0, Act::Kind::lossy, 0, first_checkers(16) & ~first_checkers(13)},
              {length, Act::Kind::cut_off, 0, 0},
              {length, Act::Kind::lossy, 0, 0}};
  }
  return {};
}

}  // namespace

Plan outage(Form form, Tuning tuning, Ms length, Ailment ailment) {
  Plan plan;
  plan.form = form;
  plan.tuning = tuning;
  if (form == Form::hardened) plan.function = Function::native;
  plan.acts = acts_of(ailment, length);
  return plan;
}

Ms settling_time(const Plan& plan) {
  // A whole loop: fifteen minutes of the window, their visibility, and once more.
  const Ms loop = plan.form == Form::config   ? 45 * minute
                  : plan.form == Form::engine ? 10 * minute
                                              : 20 * minute;
  const bool chain = plan.form == Form::guide || plan.form == Form::hardened;
  const Ms window = chain ? (plan.alarm.periods - 1) * minute : 0;
  const Ms retries =
      chain && (plan.faults.function_fails > 0 || plan.faults.message_late > 0) ? hour : 0;
  return loop + window + retries + plan.faults.minute_late_by;
}

}  // namespace sitelatch::simulation
