// SPDX-License-Identifier: Apache-2.0
// What the simulation takes for granted of AWS where AWS publishes no number: each assumption has a
// name, an optimistic, a base and a pessimistic value, and the fact it rests on or the word
// "estimate". Whoever doubts one gives another (`--assume NAME=LOW..HIGH`). Nothing here was
// measured on an account.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sitelatch::simulation {

enum class Case : std::uint8_t { optimistic, base, pessimistic };
inline constexpr std::array all_cases = {Case::optimistic, Case::base, Case::pessimistic};
std::string_view to_string(Case which);
std::optional<Case> case_by_name(std::string_view name);

// Even chances from low to high. Milliseconds, or a number as it is.
struct Range {
  std::int64_t low = 0, high = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

enum class Name : std::uint8_t {
  edge_delay,        // an opinion of a checker to an edge
  answer_time,       // a checker's question to its answer; the interval runs from the answer
  samples,           // of HealthCheckStatus a minute
  minute_visible,    // a minute of a metric is seen, after its end
  alarm_offset,      // into the minute: when an alarm is evaluated
  stream_offset,     // the same of what Route 53 reads for a CLOUDWATCH_METRIC check
  calculated_delay,  // a child's status to its CALCULATED parent
  message,           // the alarm's action to the start of the function: SNS and Lambda's queue
  function,          // the function's start to its UpdateHealthCheck, answered
  update_reaches,    // that update to the checkers
  relay_question,    // a relay's start to its answer from a name server
  write,             // a conditional write to a table, read back by the next question
  short_window,      // 1: a data stream with gaps is judged as an alarm's (metric.h, ShortWindow)
  count,
};
inline constexpr auto name_count = static_cast<std::size_t>(Name::count);

struct Assumption {
  std::string_view name, what;
  bool time = true;            // milliseconds; else a number
  std::array<Range, 3> range;  // by Case
  std::string_view basis;      // a fact, or "estimate" with its reason
};
std::span<const Assumption> assumptions();

// The values of one case.
class Settings {
 public:
  explicit Settings(Case which);
  const Range& operator[](Name name) const { return ranges_[static_cast<std::size_t>(name)]; }
  void set(Name name, Range range) { ranges_[static_cast<std::size_t>(name)] = range; }

 private:
  std::array<Range, name_count> ranges_;
};

// "minute-visible=5s..45s", "samples=3": what people type.
struct Override {
  Name name = Name::count;
  Range range;
};
Result<Override> parse_override(std::string_view text);

// "1s to 5s", "200ms", "3".
std::string describe(const Assumption& assumption, const Range& range);

}  // namespace sitelatch::simulation
