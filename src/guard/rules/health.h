// SPDX-License-Identifier: Apache-2.0
// Route 53's own verdict about Primary, as far as it can be seen: the metric HealthCheckStatus
// minute by minute. The alarm comes minutes later (fact guard-16), so what must know whether
// Primary has failed asks here. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace sitelatch::guard {

// HealthCheckStatus in one minute: CloudWatch's Minimum and Maximum of it.
struct StatusMinute {
  Instant begins;
  bool any_unhealthy = false;  // Minimum 0
  bool any_healthy = false;    // Maximum 1
};

struct PrimaryHealth {
  std::optional<bool> now;  // by verdict(); nothing: not known
  // Oldest first, a minute without data is left out; nothing: not looked at, or not to be seen.
  std::optional<std::vector<StatusMinute>> minutes;
  // The checkers' last probes mostly failed: what the metric will say in a minute or two, perhaps.
  bool probes_fail = false;
};

// What Route 53 has come to: the checkers' opinions, each after FailureThreshold probes, are in the
// metric; their last probes, which GetHealthCheckStatus shows, are not opinions yet. The newest
// minute counts, if it is at most five minutes old at `now`: one that holds a 0 and a 1 has seen
// the status turn, away from what the minute before ended with. Nothing: there is no such minute.
std::optional<bool> verdict(const std::vector<StatusMinute>& minutes, Instant now);

// Since when Route 53 has found Primary unhealthy, without a whole minute of health since: the
// beginning of the first minute with a 0. Nothing: the newest minute holds none.
std::optional<Instant> unhealthy_since(const std::vector<StatusMinute>& minutes);

// The last minute that begins at `since` or later and has a 0; nothing: there is none.
std::optional<Instant> last_failure(const std::vector<StatusMinute>& minutes, Instant since);

// The first minute with a 0 after a minute with a 1, both begun at `since` or later: healthy, then
// unhealthy again. An alarm whose every minute holds a 0 never leaves ALARM and says nothing of it.
std::optional<Instant> fell_again(const std::vector<StatusMinute>& minutes, Instant since);

// Why it cannot be said that Primary has been healthy for `how_long`: it was not, or it cannot be
// seen, with what to do. Nothing: it has.
std::optional<std::string> doubt(const PrimaryHealth& health, Instant now, Duration how_long);

// The time of the oldest datapoint that an alarm's StateReason shows: "Threshold Crossed: 1
// datapoint [0.0 (22/11/26 11:59:00)] ..." (fact cloudwatch-16). It is the minute's beginning.
// Nothing: none is shown (SetAlarmState by hand, missing data).
std::optional<Instant> oldest_datapoint(std::string_view state_reason);

}  // namespace sitelatch::guard
