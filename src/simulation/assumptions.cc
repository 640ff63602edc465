// SPDX-License-Identifier: Apache-2.0
#include "simulation/assumptions.h"

#include <algorithm>

#include "base/nearest.h"
#include "base/text.h"
#include "base/time.h"

namespace sitelatch::simulation {
namespace {

// The longest that anything may be late, or asked for: a day.
constexpr std::int64_t most_ms = 24LL * 3600 * 1000;
constexpr std::int64_t most_samples = 60;

constexpr std::array<Assumption, name_count> table = {{
    {"edge-delay",
     "an opinion of a checker is known at an edge",
     true,
     {{{0, 1'000}, {1'000, 5'000}, {5'000, 15'000}}},
     "estimate: pushed constantly to all DNS locations, no number (R53 dns-failover-problems)"},
    {"answer-time",
     "a checker's question is answered, or refused",
     true,
     {{{10, 50}, {20, 300}, {100, 1'000}}},
     "estimate; the interval runs from the answer to the next question (fact route53-13)"},
    {"samples",
     "samples of HealthCheckStatus a minute",
     false,
     {{{3, 3}, {3, 3}, {1, 1}}},
     "fact route53-12: three were seen; one is what \"about once a minute\" would be"},
    {"minute-visible",
     "a minute of a metric is seen, after its end",
     true,
     {{{0, 2'000}, {5'000, 45'000}, {60'000, 120'000}}},
     "estimate, within fact realism-24: 5 to 120 s"},
    {"alarm-offset",
     "an alarm is evaluated, into each minute",
     true,
     {{{2'000, 8'000}, {0, 60'000}, {0, 60'000}}},
     "fact cloudwatch-12: a fixed second of the minute; which one is an estimate (21 s was seen)"},
    {"stream-offset",
     "Route 53 reads an alarm's data stream, into each minute",
     true,
     {{{2'000, 8'000}, {0, 60'000}, {0, 60'000}}},
     "fact route53-21: once a minute; estimate as alarm-offset"},
    {"calculated-delay",
     "a child's status is known to its CALCULATED parent",
     true,
     {{{0, 500}, {500, 3'000}, {5'000, 15'000}}},
     "estimate: as edge-delay (calibrate's X7)"},
    {"message",
     "the alarm's action has started the function",
     true,
     {{{50, 200}, {200, 2'000}, {1'000, 60'000}}},
     "estimate: SNS tens of ms after the alarm was seen; pessimistic: one retry of SNS or Lambda"},
    {"function",
     "the function's start to its update, answered",
     true,
     {{{100, 500}, {500, 3'000}, {1'000, 30'000}}},
     "estimate: native 0.1 s, Python from cold seconds; calls tried again: more"},
    {"update-reaches",
     "an update of a check reaches its checkers",
     true,
     {{{0, 2'000}, {1'000, 5'000}, {5'000, 45'000}}},
     "estimate, within fact realism-23: 5 to 60 s"},
    {"relay-question",
     "a relay's start to a name server's answer",
     true,
     {{{20, 100}, {50, 500}, {500, 2'000}}},
     "estimate: a warm function and one UDP question"},
    {"write",
     "a conditional write is read back",
     true,
     {{{5, 20}, {10, 100}, {100, 1'000}}},
     "estimate"},
    {"short-window",
     "a data stream of good minutes with gaps: 0 settles nothing, 1 is healthy by an alarm's rule",
     false,
     {{{0, 0}, {0, 0}, {0, 0}}},
     "estimate: LastKnownStatus is for want of data (calibrate's X2); 1 by fact cloudwatch-10"},
}};

std::optional<std::int64_t> number_of(std::string_view text, Name name) {
  const auto number = parse_int(text);
  if (name == Name::short_window)
    return number && (*number == 0 || *number == 1) ? number : std::nullopt;
  if (name == Name::samples)
    return number && *number >= 1 && *number <= most_samples && 60 % *number == 0 ? number
                                                                                  : std::nullopt;
  if (text == "0") return 0;
  const auto parsed = parse_duration(text);
  if (!parsed || *parsed < Duration{0}) return std::nullopt;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(*parsed).count();
  return ms <= most_ms ? std::optional{ms} : std::nullopt;
}

std::string words(bool time, std::int64_t value) {
  return time ? sitelatch::describe(std::chrono::milliseconds{value}) : std::to_string(value);
}

}  // namespace

std::string_view to_string(Case which) {
  static constexpr std::array<std::string_view, 3> names = {"optimistic", "base", "pessimistic"};
  return names[static_cast<std::size_t>(which)];
}

std::optional<Case> case_by_name(std::string_view name) {
  for (const auto which : all_cases)
    if (to_string(which) == name) return which;
  return std::nullopt;
}

std::span<const Assumption> assumptions() { return table; }

Settings::Settings(Case which) {
  for (std::size_t i = 0; i < name_count; ++i)
    ranges_[i] = table[i].range[static_cast<std::size_t>(which)];
}

Result<Override> parse_override(std::string_view text) {
  const auto quoted = "\"" + std::string{text} + "\"";
  const auto equals = text.find('=');
  if (equals == std::string_view::npos)
    return problem(quoted + " is not NAME=VALUE, such as minute-visible=5s..45s");
  const auto name = text.substr(0, equals);
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Assumption& one) { return one.name == name; });
  if (found == table.end()) {
    std::vector<std::string> known;
    for (const auto& one : table) known.emplace_back(one.name);
    const auto meant = nearest(name, known);
    return problem("there is no assumption \"" + std::string{name} + "\"." +
                   (meant ? " Did you mean " + *meant + "?" : "") +
                   " All of them: sitelatch simulate --assumptions");
  }
  const auto value = text.substr(equals + 1);
  const auto dots = value.find("..");
  const auto which = static_cast<Name>(found - table.begin());
  const auto low = number_of(value.substr(0, dots), which);
  const auto high = dots == std::string_view::npos ? low : number_of(value.substr(dots + 2), which);
  if (!low || !high || *high < *low)
    return problem(quoted + ": " + std::string{name} +
                   (which == Name::short_window ? " is 0 or 1"
                    : found->time
                        ? " is a duration or two, low..high, of a day at most: 5s, 5s..45s"
                        : " is a number of 1 to 60 that divides 60: 1, 3"));
  if (!found->time && *low != *high) return problem(quoted + ": one number, not two");
  if ((found->name == "alarm-offset" || found->name == "stream-offset") && *high > 60'000)
    return problem(quoted + ": an offset within a minute is at most 60s");
  return Override{which, {*low, *high}};
}

std::string describe(const Assumption& assumption, const Range& range) {
  const auto low = words(assumption.time, range.low);
  return range.low == range.high ? low : low + " to " + words(assumption.time, range.high);
}

}  // namespace sitelatch::simulation
