// SPDX-License-Identifier: Apache-2.0
// When an alarm mute rule mutes (API Schedule; fact cloudwatch-46): from each tick of
//   cron(minutes hours day-of-month month day-of-week)   *  a-b  a,b; names of months and days
// or from at(yyyy-MM-ddThh:mm), for a duration of ISO 8601 from PT1M to P15D. Pure; minutes are the
// finest resolution. Ticks are of the zone's clocks, durations are not.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "services/cloudwatch/time_zone.h"

namespace sitelatch::cloudwatch {

class MuteSchedule {
 public:
  struct Text {
    std::string expression, duration, timezone;  // an empty zone: UTC
  };
  static Result<MuteSchedule> parse(const Text& text);

  bool once() const { return at_.has_value(); }
  bool mutes(Instant now) const;
  // The next instant after `now` at which mutes() may change. Nothing: never again.
  std::optional<Instant> next_change(Instant now) const;

 private:
  std::optional<Instant> last_tick(Instant now) const;  // at or before, within the longest duration
  std::optional<Instant> next_tick(Instant now) const;  // after
  // The same in local time.
  std::optional<Instant> last_local(Instant now) const;
  std::optional<Instant> next_local(Instant now) const;
  bool on_day(Instant day) const;

  TimeZone zone_;
  std::optional<Instant> at_;  // local
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;  // 0 = Sunday
  bool any_day_ = true, any_weekday_ = true;
  Duration duration_{};
};

}  // namespace sitelatch::cloudwatch
