// SPDX-License-Identifier: Apache-2.0
// A metric of zeros and ones, minute by minute, each minute seen only some time after its end, and
// a reader that judges it by cloudwatch::evaluate() as an alarm would, or Route 53 for a
// CLOUDWATCH_METRIC check (facts cloudwatch-10 to cloudwatch-12, route53-21).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "services/cloudwatch/evaluation.h"
#include "simulation/plan.h"

namespace sitelatch::simulation {

class Metric {
 public:
  // As if every minute up to `last` had held nothing but ones, and all had been seen.
  void begin(Ms last);
  // One sample; `visible`: when the minute's data is seen, should this be its first. A zero that
  // comes for a minute that has been seen is seen when it is written.
  void put(Ms minute_number, bool good, Ms visible);
  // Minimum of the minute: 1, 0, or missing (not there, or not to be seen yet).
  std::optional<bool> minimum(Ms minute_number, Ms now) const;

 private:
  // An hour and more: the window of seventeen minutes, and what comes late.
  static constexpr Ms kept = 128;
  struct Minute {
    Ms number = -1;
    bool good = true;
    Ms visible = 0, bad_visible = 0;
  };
  std::array<Minute, kept> minutes_{};
  Ms all_good_until_ = -1;
};

class Reader {
 public:
  explicit Reader(cloudwatch::Rule rule);
  // At `now`, in the minute of this number. Nothing: stays as it was.
  std::optional<cloudwatch::State> read(const Metric& metric, Ms minute_number, Ms now);

 private:
  cloudwatch::Rule rule_;
  std::vector<cloudwatch::Datapoint> slots_;
};

// The guide's alarm: Minimum < 1, missing is not breaching; 1 of 1, or as somebody has made it.
cloudwatch::Rule rule_of_alarm(const AlarmAsks& asks = {});
// What an inverted check follows whose health is so many good minutes in a row: Minimum >= 1, N of
// N. TreatMissingData is not among what Route 53 copies. Where fewer than N minutes are to be seen
// and all are good, that is no data enough, so that the last status stands; or it is as for an
// alarm by whose settings missing is missing: ALARM, so healthy, if the oldest of them is N minutes
// old (fact cloudwatch-10). Which of the two is not known.
enum class ShortWindow : std::uint8_t { settles_nothing, as_alarm };
cloudwatch::Rule rule_of_good_minutes(std::size_t minutes, ShortWindow short_window);

}  // namespace sitelatch::simulation
