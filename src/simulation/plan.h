// SPDX-License-Identifier: Apache-2.0
// What one run of the simulation is about: a form of the latch with its settings, what happens to
// sites, checkers, Regions and people at which moment, and how often what goes wrong. All else is
// decided by the seed. Times are milliseconds from the run's start, at which Primary and Backup are
// well and have been for long.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "guard/rules/form.h"

namespace sitelatch::simulation {

using Ms = std::int64_t;
inline constexpr Ms second = 1'000, minute = 60 * second, hour = 60 * minute;

// The forms of docs/safety.md. `fast` and `strict` are designs that nothing deploys yet.
using guard::Form;
inline constexpr std::array all_forms = {Form::guide, Form::hardened, Form::config,
                                         Form::fast,  Form::strict,   Form::engine};

// RequestInterval and FailureThreshold of Primary's health check.
struct Tuning {
  int interval_s = 30, threshold = 1;
  friend bool operator==(const Tuning&, const Tuning&) = default;
};
Tuning usual_tuning(Form form);

// Who latches when the alarm says so: the guide's Python (always), or the guard's native function
// with its schedule (guard/rules/decision.h).
enum class Function : std::uint8_t { python, native };

enum class Site : std::uint8_t { up, refuses, hangs, half };

inline constexpr int checker_count = 16, edge_count = 4, region_count = 2;

// What happens at a moment.
struct Act {
  enum class Kind : std::uint8_t {
    primary,      // value: Site
    backup,       // value: Site
    cut_off,      // value: mask of the checkers that do not reach Primary
    lossy,        // value: mask of those that lose two answers of five
    region,       // which: 0 the alarm's (and watcher A's), 1 watcher B's; value: 1 out, 0 back
    edge,         // which; value: 1 hears nothing of the checkers, 0 hears what it missed
    restart,      // of the engine; counters are lost, statuses stand (fact route53-10)
    terraform,    // writes what its files say over what is there; value: 1 with H's Disabled
    switch_back,  // a person releases
    end_of_switch_back,  // `config` only: the person asks for two children of two again
    trip,                // a person latches
  };
  Ms at = 0;
  Kind kind = Kind::primary;
  std::uint8_t which = 0;
  std::uint32_t value = 0;
};

// Of a million each; nothing by default.
struct Faults {
  std::int64_t message_lost = 0, message_twice = 0, message_late = 0;
  std::int64_t function_fails =
      0;  // throttled, timed out: Lambda tries again after 1 and 2 minutes
  std::int64_t sample_lost = 0, minute_late = 0;
  Ms minute_late_by = 0;  // at most
  Ms clock_skew = 0;      // of who writes samples, at most, either way
};

// In place of chance, for small worlds worked out by hand: when each checker asks first, how far
// into a minute the run begins, when the first sample is taken.
struct Phases {
  std::array<Ms, checker_count> probes{};
  Ms minute = 0, sample = 0;
  Ms first_minute_late = 0;  // the metric's first minute is seen so much later than others
};

// Of so many minutes in a row so many are below 1: when the chain's alarm is ALARM.
struct AlarmAsks {
  int datapoints = 1, periods = 1;
  friend bool operator==(const AlarmAsks&, const AlarmAsks&) = default;
};
inline constexpr int most_alarm_periods = 60;  // the metric keeps two hours of minutes
// "2/3"; nothing for other text, and where more is asked than there is.
std::optional<AlarmAsks> parse_alarm_asks(std::string_view text);

struct Plan {
  Form form = Form::guide;
  Tuning tuning;
  Function function = Function::python;
  AlarmAsks alarm;        // guide and hardened
  std::vector<Act> acts;  // in the order of their times
  Faults faults;
  Ms horizon = 0;  // 0: as long as the form needs after the last act
  std::optional<Phases> phases;
  bool relay = true;  // hardened: false, its relay is dead
};

// How Primary ails for a while: it refuses, accepts and never answers, answers every second time,
// is up and down every ten seconds, or is well and 14 of the 16 checkers do not reach it; or 13 do
// not, and the other three lose two answers of five.
enum class Ailment : std::uint8_t { refuses, hangs, half, flaps, unreached, disputed };
inline constexpr std::array all_ailments = {Ailment::refuses,   Ailment::hangs,
                                            Ailment::half,      Ailment::flaps,
                                            Ailment::unreached, Ailment::disputed};
std::string_view to_string(Ailment ailment);
std::optional<Ailment> ailment_by_name(std::string_view name);

// Primary ails from the start for `length`.
Plan outage(Form form, Tuning tuning, Ms length, Ailment ailment = Ailment::refuses);

// How long after the last act a form may still move.
Ms settling_time(const Plan& plan);

}  // namespace sitelatch::simulation
