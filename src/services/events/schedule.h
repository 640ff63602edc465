// SPDX-License-Identifier: Apache-2.0
// Schedule expressions, rate(...) and cron(...): AWS's strict grammar, and when such a rule is due.
// Pure; UTC; minutes are the finest resolution (facts events-10 to events-16).
#pragma once

#include <bitset>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"

namespace sitelatch::events {

struct Rate {
  std::int64_t period_s = 60;
};

struct MonthDays {
  std::bitset<32> days;               // 1-31
  bool last = false;                  // L
  std::vector<int> nearest_weekdays;  // 3W
};
struct NthWeekday {
  int weekday = 0, nth = 0;
};
struct WeekDays {
  std::bitset<8> days;            // 1 = SUN to 7
  std::vector<int> last;          // 6L: the last Friday
  std::optional<NthWeekday> nth;  // 6#3: the third Friday
};

// The six fields, each as the set of its values. Of the two kinds of days exactly one is given.
struct Cron {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<13> months;  // 1-12
  std::bitset<230> years;  // since 1970
  std::variant<MonthDays, WeekDays> day;
};

using Schedule = std::variant<Rate, Cron>;

// Nothing for what AWS answers "Parameter ScheduleExpression is not valid."
std::optional<Schedule> parse_schedule(std::string_view expression);

// The first tick strictly after `after`; of a rate, whose countdown began at `start`. Nothing: it
// never comes again.
std::optional<Instant> next_tick(const Schedule& schedule, Instant start, Instant after);

}  // namespace sitelatch::events
