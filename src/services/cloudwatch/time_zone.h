// SPDX-License-Identifier: Apache-2.0
// A time zone by its name in the tz database ("Europe/Zurich"), by the rule that its clocks follow
// from now on (zone_rules.inc). Pure. Local times are Instants too, as if they were UTC.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace sitelatch::cloudwatch {

class TimeZone {
 public:
  TimeZone() = default;  // UTC
  static std::optional<TimeZone> named(std::string_view name);
  // A rule of POSIX, as RFC 8536 extends it: "CET-1CEST,M3.5.0,M10.5.0/3".
  static std::optional<TimeZone> of_rule(std::string_view rule);

  Instant to_local(Instant utc) const { return utc + offset(utc); }
  // A time that the clocks skip is as if they had not; one that they show twice is the first.
  Instant to_utc(Instant local) const;

 private:
  friend class RuleReader;
  // The d-th day of week w (5: the last) of a month, or a day of the year, at some time of it.
  struct Change {
    enum class Kind { month_week_day, day_without_leap, day } kind = Kind::month_week_day;
    int month = 1, week = 1, day = 0;
    std::chrono::seconds time{7200};
  };
  Duration offset(Instant utc) const;
  static Instant in_year(const Change& change, int year);  // local

  std::chrono::seconds standard_{0}, summer_{0};
  bool has_summer_ = false;
  Change begins_, ends_;
};

}  // namespace sitelatch::cloudwatch
