// SPDX-License-Identifier: Apache-2.0
// How safe a latch is as it is set up: in how many failovers DNS names Primary again before
// anything holds it out (a leak, docs/safety.md), for how many seconds, what would shrink that, and
// at which price. Here stands what is asked and what is said; who reckons is handed in, for the
// simulation rests on the engine's services, which this room may not know. Nothing of it is
// measured on AWS: three cases of what may be assumed of it give a range. Times are milliseconds.
// Pure.
//
// What is asked: a blip, and outages that end 30, 90 and 270 s after interval x threshold, when DNS
// is about to move. So settings that differ in how soon they fail over are asked the same: how
// often a Primary that is back so long after the failover is named before the latch.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "guard/rules/prices.h"

namespace sitelatch::guard {

// What the figures and the price hang on.
struct LatchSetup {
  Form form = Form::guide;
  int interval_s = 30, threshold = 1;            // of the endpoint's check
  CheckOptions options;                          // the same; for the price alone
  FunctionKind function = FunctionKind::native;  // of guide and hardened
  int alarm_datapoints = 1, alarm_periods = 1;   // the same: M of N minutes
  friend bool operator==(const LatchSetup&, const LatchSetup&) = default;
};

// Of one length of outage, under one case.
struct LeakCase {
  std::uint64_t runs = 0, failovers = 0, leaks = 0, never_latched = 0;
  // Of the leaks that were latched in the end.
  std::optional<std::int64_t> unsafe_mean_ms, unsafe_p99_ms;
  std::optional<std::int64_t> failover_p50_ms, failover_p99_ms;
};
inline constexpr std::array<std::string_view, 3> case_names = {"optimistic", "base", "pessimistic"};
struct OutageFigures {
  std::int64_t outage_ms = 0;
  std::array<LeakCase, 3> cases;  // by case_names
  const LeakCase& optimistic() const { return cases[0]; }
  const LeakCase& base() const { return cases[1]; }
  const LeakCase& pessimistic() const { return cases[2]; }
};

struct SafetyQuestion {
  LatchSetup setup;
  std::vector<std::int64_t> outages_ms;  // the blip first
  std::uint64_t runs = 0, seed = 1;      // of each outage and case
  std::vector<std::string> assumed;      // other values of what is assumed: "samples=1"
};
SafetyQuestion question_about(const LatchSetup& setup, const std::vector<std::string>& assumed);
// The command that gives the same figures to people.
std::string replay_command(const SafetyQuestion& question);

struct SafetyFigures {
  OutageFigures blip;
  std::vector<OutageFigures> outages;
  bool leaks() const;  // in any case
};
using Reckon = std::function<SafetyFigures(const SafetyQuestion&)>;

// What is expected in a year of outages that somebody has written down, under one case.
struct YearCase {
  double failovers = 0, latches = 0, leaks = 0, unsafe_s = 0;  // unsafe: of leaks that were latched
};
using Year = std::array<YearCase, 3>;  // by case_names
using ReckonYear =
    std::function<Year(const LatchSetup& setup, const std::vector<std::string>& assumed)>;

// Shorter than most people would want a failover for: what is latched after one is a false latch,
// which a person has to look into and switch back. One a week is an example, not a measurement.
inline constexpr std::int64_t blip_ms = 20'000;
inline constexpr int blips_a_year = 52;
double false_latches_a_year(const OutageFigures& blip, std::size_t which);

// Another setup for the same site.
struct Alternative {
  LatchSetup setup;
  std::string what;  // "the form config", "FailureThreshold 3"
  std::string how;   // a command, or a sentence where no command does it
  SafetyFigures figures;
  MicroUsd more_low = 0, more_high = 0;  // a month, against the setup that there is
  std::optional<Year> year{};
};

struct SafetyWish {
  std::string health_check_id;
  bool engine_at_hand = false;  // commands speak to an endpoint that may be Sitelatch's engine
  std::vector<std::string> assumed{};
  enum class Weigh { best, all } weigh = Weigh::all;  // best: the form that leaves nothing
  ReckonYear reckon_year{};                           // nothing: no year is asked for
};

struct Safety {
  std::string health_check_id;
  LatchSetup setup;
  SafetyQuestion question;
  SafetyFigures figures;
  std::vector<Alternative> alternatives;  // that leak less: the least first, then the cheapest
  Bill guard, check;
  bool in_force = true;               // false: this is what it will be once the guard works
  std::vector<std::string> beside{};  // what the figures leave out: clauses
  std::optional<Year> year{};
};
Safety weigh_safety(const LatchSetup& setup, const SafetyWish& wish, const Reckon& reckon);

// Unsafe seconds of a failover: 0 where some do not leak, to the p99 of the worst case.
struct UnsafeRange {
  std::int64_t low_ms = 0, high_ms = 0;
  bool may_never_latch = false;  // some leak until somebody sees it
};
UnsafeRange unsafe_range(const SafetyFigures& figures);

// For people: in short, as clauses; and whole, as sentences.
std::string brief_sentence(const Safety& safety);
std::string brief_sentence(const Safety& safety, const Alternative& alternative);
std::string leak_sentence(const Safety& safety);
std::string failover_sentence(const Safety& safety);  // what the setup costs: seconds and latches
std::string sentence_of(const Safety& safety, const Alternative& alternative);
std::string price_sentence(const Safety& safety);
std::string year_sentence(const Year& year);
inline constexpr std::string_view safety_basis =
    "Simulated under assumptions, optimistic to pessimistic; not measured on AWS (docs/safety.md).";

}  // namespace sitelatch::guard
