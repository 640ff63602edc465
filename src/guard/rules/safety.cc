// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/safety.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"

namespace sitelatch::guard {
namespace {

constexpr std::int64_t ms_of_s = 1'000;
// When Primary is back, after the moment at which DNS is about to move.
constexpr std::array<std::int64_t, 3> back_after_ms = {30'000, 90'000, 270'000};
// A share of two hundred is within seven points of its value (95 %). Where the failover is the
// latch the figures are about time, and a run takes five times as long.
constexpr std::uint64_t runs_of_chain = 200, runs_of_one_event = 100;
// An alternative is one if it leaks at least a tenth less.
constexpr double tenth_less = 0.9;

bool failover_is_latch(Form form) { return form != Form::guide && form != Form::hardened; }
bool has_function(Form form) { return !failover_is_latch(form); }

double share_of(std::uint64_t hits, std::uint64_t of) {
  return of == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(of);
}

// Of failovers, over the outages and the three cases alike.
double leak_weight(const SafetyFigures& figures) {
  double sum = 0;
  for (const auto& outage : figures.outages)
    for (const auto& one : outage.cases) sum += share_of(one.leaks, one.failovers);
  return figures.outages.empty() ? 0 : sum / static_cast<double>(3 * figures.outages.size());
}

// Never 0 or 100 unless it is.
std::string per_cent(std::uint64_t hits, std::uint64_t of) {
  if (hits == 0) return "0";
  if (hits == of) return "100";
  const auto value = 100 * share_of(hits, of);
  if (value < 1 || value > 99) return fmt::format("{:.1f}", std::clamp(value, 0.1, 99.9));
  return fmt::format("{:.0f}", value);
}
std::string leaks_of(const LeakCase& one) { return per_cent(one.leaks, one.failovers); }

// "47 % (0 to 100)", or "0 %" where the cases agree.
std::string leaks_over_cases(const OutageFigures& outage) {
  const auto low = leaks_of(outage.optimistic()), high = leaks_of(outage.pessimistic());
  const auto base = leaks_of(outage.base());
  return low == base && base == high ? base + " %"
                                     : fmt::format("{} % ({} to {})", base, low, high);
}

std::int64_t rounded_s(std::int64_t ms) { return (ms + ms_of_s / 2) / ms_of_s; }
std::string length_text(std::int64_t ms) {
  return sitelatch::describe(std::chrono::milliseconds{ms});
}

const OutageFigures* worst_leak(const SafetyFigures& figures) {
  const OutageFigures* worst = nullptr;
  for (const auto& outage : figures.outages)
    for (const auto& one : outage.cases)
      if (one.leaks > 0 && (!worst || leak_weight({{}, {outage}}) > leak_weight({{}, {*worst}})))
        worst = &outage;
  return worst;
}

// "86 s (45 to 211, p99 290)": of a leak, until something holds Primary out.
std::string seconds_over_cases(const OutageFigures& outage) {
  std::optional<std::int64_t> low, high, p99;
  for (const auto& one : outage.cases) {
    if (!one.unsafe_mean_ms) continue;
    low = low ? std::min(*low, *one.unsafe_mean_ms) : *one.unsafe_mean_ms;
    high = high ? std::max(*high, *one.unsafe_mean_ms) : *one.unsafe_mean_ms;
    if (one.unsafe_p99_ms) p99 = std::max(p99.value_or(0), *one.unsafe_p99_ms);
  }
  if (!low || !high) return "until somebody sees it";
  const auto middle = outage.base().unsafe_mean_ms.value_or(*high);
  return fmt::format("for {} s ({} to {}, p99 {})", rounded_s(middle), rounded_s(*low),
                     rounded_s(*high), rounded_s(p99.value_or(*high)));
}

// The last outage is long enough for every setup to fail over in.
const LeakCase& longest_outage(const SafetyFigures& figures, std::size_t which) {
  static const LeakCase none;
  return figures.outages.empty() ? none : figures.outages.back().cases[which];
}

std::string seconds_text(const std::optional<std::int64_t>& ms) {
  return ms ? std::to_string(rounded_s(*ms)) : "-";
}

std::string to_one_digit(double value) {
  const auto text = fmt::format("{:.1f}", value);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

std::string false_latches(const SafetyFigures& figures) {
  std::array<std::string, 3> by_case;
  for (std::size_t i = 0; i < 3; ++i)
    by_case[i] = to_one_digit(false_latches_a_year(figures.blip, i));
  const auto [low, high] =
      std::minmax({false_latches_a_year(figures.blip, 0), false_latches_a_year(figures.blip, 1),
                   false_latches_a_year(figures.blip, 2)});
  return to_one_digit(low) == to_one_digit(high)
             ? by_case[1]
             : fmt::format("{} ({} to {})", by_case[1], to_one_digit(low), to_one_digit(high));
}

std::string over_cases(const Year& year, double YearCase::*member) {
  const auto low = to_one_digit(year[0].*member), high = to_one_digit(year[2].*member);
  const auto base = to_one_digit(year[1].*member);
  return low == base && base == high ? base : fmt::format("{} ({} to {})", base, low, high);
}

std::string year_clause(const Year& year) {
  return fmt::format("{} failovers, {} latches, {} leaks with {} unsafe s",
                     over_cases(year, &YearCase::failovers), over_cases(year, &YearCase::latches),
                     over_cases(year, &YearCase::leaks), over_cases(year, &YearCase::unsafe_s));
}

LatchSetup altered(LatchSetup setup, Form form, int interval_s, int threshold) {
  setup.form = form;
  setup.interval_s = interval_s;
  setup.threshold = threshold;
  setup.options.fast_interval = interval_s == 10;
  if (form == Form::hardened) setup.function = FunctionKind::native;
  return setup;
}

std::string plan_of_form(const std::string& id, Form form) {
  return fmt::format("sitelatch deploy {} --form {} --plan", id, to_string(form));
}

void add_form(std::vector<Alternative>& out, const LatchSetup& setup, const std::string& id,
              Form form, int threshold) {
  if (setup.form == form || not_built_yet(form)) return;
  out.push_back({altered(setup, form, setup.interval_s, threshold),
                 fmt::format("the form {}", to_string(form)),
                 plan_of_form(id, form),
                 {},
                 0,
                 0});
}

std::vector<Alternative> candidates(const LatchSetup& setup, const SafetyWish& wish) {
  std::vector<Alternative> out;
  const auto& id = wish.health_check_id;
  add_form(out, setup, id, Form::config, setup.threshold);
  if (wish.weigh == SafetyWish::Weigh::best) return out;
  if (setup.form == Form::guide)
    add_form(out, setup, id, Form::hardened, std::max(setup.threshold, 3));
  if (wish.engine_at_hand) add_form(out, setup, id, Form::engine, setup.threshold);
  for (const int threshold : {3, 10})
    if (threshold > setup.threshold)
      out.push_back({altered(setup, setup.form, setup.interval_s, threshold),
                     fmt::format("FailureThreshold {}", threshold),
                     fmt::format("aws route53 update-health-check --health-check-id {} "
                                 "--failure-threshold {}",
                                 id, threshold),
                     {},
                     0,
                     0});
  if (setup.interval_s == 30) {
    const int threshold = std::min(10, 3 * setup.threshold);
    out.push_back({altered(setup, setup.form, 10, threshold),
                   fmt::format("RequestInterval 10, FailureThreshold {}", threshold),
                   "RequestInterval cannot be changed: it takes another health check and its guard",
                   {},
                   0,
                   0});
  }
  return out;
}

MicroUsd low_of(const LatchSetup& setup) {
  return bill_of_guard(setup.form, setup.function).low() + bill_of_check(setup.options).low();
}
MicroUsd high_of(const LatchSetup& setup) {
  return bill_of_guard(setup.form, setup.function).high() + bill_of_check(setup.options).high();
}

// Each charge that both have cancels out, so that the low end stands against the low end.
void set_price(Alternative& alternative, const LatchSetup& now) {
  const auto a = low_of(alternative.setup) - low_of(now);
  const auto b = high_of(alternative.setup) - high_of(now);
  alternative.more_low = std::min(a, b);
  alternative.more_high = std::max(a, b);
}

std::string money_more(const Alternative& alternative) {
  const auto high = std::max<MicroUsd>(alternative.more_high, 0);
  return dollars(high) == "0.00"
             ? "no dollars more"
             : dollars(std::max<MicroUsd>(alternative.more_low, 0), high) + " USD a month more";
}

}  // namespace

bool SafetyFigures::leaks() const {
  return std::any_of(outages.begin(), outages.end(), [](const OutageFigures& outage) {
    return std::any_of(outage.cases.begin(), outage.cases.end(),
                       [](const LeakCase& one) { return one.leaks > 0; });
  });
}

SafetyQuestion question_about(const LatchSetup& setup, const std::vector<std::string>& assumed) {
  SafetyQuestion out{setup, {blip_ms}, 0, 1, assumed};
  const bool one_event = failover_is_latch(setup.form);
  const auto noticed = ms_of_s * setup.interval_s * setup.threshold;
  for (const auto after : back_after_ms)
    if (!one_event || after != back_after_ms[1]) out.outages_ms.push_back(noticed + after);
  out.runs = one_event ? runs_of_one_event : runs_of_chain;
  return out;
}

std::string replay_command(const SafetyQuestion& question) {
  const auto& setup = question.setup;
  std::vector<std::string> outages;
  for (const auto ms : question.outages_ms) outages.push_back(length_text(ms));
  auto out = fmt::format("sitelatch simulate --form {} --interval {} --threshold {}",
                         to_string(setup.form), setup.interval_s, setup.threshold);
  if (has_function(setup.form)) {
    out += fmt::format(" --function {}", to_string(setup.function));
    if (setup.alarm_periods != 1)
      out += fmt::format(" --alarm {}/{}", setup.alarm_datapoints, setup.alarm_periods);
  }
  for (const auto& one : question.assumed) out += " --assume " + one;
  return out + fmt::format(" --outage {} --runs {} --seed {}", join(outages, ","), question.runs,
                           question.seed);
}

double false_latches_a_year(const OutageFigures& blip, std::size_t which) {
  const auto& one = blip.cases[which];
  return blips_a_year * share_of(one.failovers - one.never_latched, one.runs);
}

Safety weigh_safety(const LatchSetup& setup, const SafetyWish& wish, const Reckon& reckon) {
  Safety out;
  out.health_check_id = wish.health_check_id;
  out.setup = setup;
  out.question = question_about(setup, wish.assumed);
  out.figures = reckon(out.question);
  out.guard = bill_of_guard(setup.form, setup.function);
  out.check = bill_of_check(setup.options);
  const auto year_of = [&wish](const LatchSetup& of) {
    return wish.reckon_year ? std::optional{wish.reckon_year(of, wish.assumed)} : std::nullopt;
  };
  out.year = year_of(setup);
  const auto now = leak_weight(out.figures);
  if (now == 0) return out;
  for (auto& candidate : candidates(setup, wish)) {
    candidate.figures = reckon(question_about(candidate.setup, wish.assumed));
    if (leak_weight(candidate.figures) > tenth_less * now) continue;
    set_price(candidate, setup);
    candidate.year = year_of(candidate.setup);
    out.alternatives.push_back(std::move(candidate));
  }
  std::stable_sort(out.alternatives.begin(), out.alternatives.end(),
                   [](const Alternative& a, const Alternative& b) {
                     const auto left = leak_weight(a.figures), right = leak_weight(b.figures);
                     return left != right ? left < right : a.more_high < b.more_high;
                   });
  return out;
}

UnsafeRange unsafe_range(const SafetyFigures& figures) {
  UnsafeRange out;
  bool first = true;
  for (const auto& outage : figures.outages)
    for (const auto& one : outage.cases) {
      if (one.failovers == 0) continue;
      const auto low = one.leaks < one.failovers ? 0 : one.unsafe_mean_ms.value_or(0);
      out.low_ms = first ? low : std::min(out.low_ms, low);
      first = false;
      out.high_ms = std::max(out.high_ms, one.unsafe_p99_ms.value_or(0));
      out.may_never_latch = out.may_never_latch || one.never_latched > 0;
    }
  return out;
}

std::string brief_sentence(const Safety& safety) {
  const auto range = unsafe_range(safety.figures);
  const std::string not_yet = safety.in_force ? "" : "nothing latches now. Once it does: ";
  if (!safety.figures.leaks())
    return fmt::format("{}0 s a failover, simulated; {} after {} s ({} to {}, p99 {})", not_yet,
                       failover_is_latch(safety.setup.form) ? "the failover is the latch, and comes"
                                                            : "the failover comes",
                       seconds_text(longest_outage(safety.figures, 1).failover_p50_ms),
                       seconds_text(longest_outage(safety.figures, 0).failover_p50_ms),
                       seconds_text(longest_outage(safety.figures, 2).failover_p50_ms),
                       seconds_text(longest_outage(safety.figures, 2).failover_p99_ms));
  std::vector<std::string> parts;
  for (const auto& outage : safety.figures.outages)
    parts.push_back(
        parts.empty()
            ? fmt::format("Back after {}, Primary is named before the latch in {} of the failovers",
                          length_text(outage.outage_ms), leaks_over_cases(outage))
            : fmt::format("after {} in {}", length_text(outage.outage_ms),
                          leaks_over_cases(outage)));
  return fmt::format("{}{} to {} s a failover{}, simulated. {}", not_yet, rounded_s(range.low_ms),
                     rounded_s(range.high_ms), range.may_never_latch ? " or until it is seen" : "",
                     join(parts, ", "));
}

std::string leak_sentence(const Safety& safety) {
  std::uint64_t failovers = 0;
  for (const auto& outage : safety.figures.outages)
    for (const auto& one : outage.cases) failovers += one.failovers;
  const std::string not_yet =
      safety.in_force ? ""
                      : "Nothing latches now: a Primary that is back serves until somebody sees "
                        "it. Once this works: ";
  const auto* worst = worst_leak(safety.figures);
  if (!worst)
    return not_yet + fmt::format("{}n none of {} simulated failovers DNS named Primary {}.",
                                 safety.in_force ? "I" : "i", failovers,
                                 failover_is_latch(safety.setup.form)
                                     ? "before a switch back: the failover is the latch, under the "
                                       "assumptions that docs/safety.md names"
                                     : "again before the latch");
  std::vector<std::string> parts;
  std::uint64_t never = 0, leaks = 0;
  for (const auto& outage : safety.figures.outages) {
    parts.push_back(
        fmt::format("after {} in {}", length_text(outage.outage_ms), leaks_over_cases(outage)));
    const auto& one = outage.pessimistic();
    if (share_of(one.never_latched, one.leaks) <= share_of(never, leaks)) continue;
    never = one.never_latched;
    leaks = one.leaks;
  }
  auto out = not_yet + fmt::format(
                           "DNS names a Primary that is back soon again, before the latch: "
                           "{} of the failovers, {}",
                           join(parts, ", "), seconds_over_cases(*worst));
  if (never > 0)
    out += fmt::format("; of these up to {} % are never latched", per_cent(never, leaks));
  return out + ".";
}

std::string failover_sentence(const Safety& safety) {
  const auto& figures = safety.figures;
  return fmt::format(
      "Failover after {} s ({} to {}, p99 {}); a blip of {} s a week makes {} false latches a "
      "year.",
      seconds_text(longest_outage(figures, 1).failover_p50_ms),
      seconds_text(longest_outage(figures, 0).failover_p50_ms),
      seconds_text(longest_outage(figures, 2).failover_p50_ms),
      seconds_text(longest_outage(figures, 2).failover_p99_ms), blip_ms / ms_of_s,
      false_latches(figures));
}

std::string sentence_of(const Safety& safety, const Alternative& alternative) {
  const auto* worst = worst_leak(alternative.figures);
  return fmt::format(
      "{}: {}, failover after {} s in place of {}, {} false latches a year in place of {}, {}{}: "
      "{}",
      alternative.what, worst ? "leaks in " + leaks_over_cases(*worst) : std::string{"no leak"},
      seconds_text(longest_outage(alternative.figures, 1).failover_p50_ms),
      seconds_text(longest_outage(safety.figures, 1).failover_p50_ms),
      to_one_digit(false_latches_a_year(alternative.figures.blip, 1)),
      to_one_digit(false_latches_a_year(safety.figures.blip, 1)), money_more(alternative),
      alternative.year ? "; in such a year " + year_clause(*alternative.year) : std::string{},
      alternative.how);
}

std::string year_sentence(const Year& year) {
  return "In a year of these outages: " + year_clause(year) +
         ". Each latch is a page, a resynchronisation and a switch back by a person.";
}

std::string brief_sentence(const Safety& safety, const Alternative& alternative) {
  const auto* worst = worst_leak(alternative.figures);
  return fmt::format("{} {}: failover after {} s in place of {}, {}", alternative.what,
                     worst ? "leaks in " + leaks_over_cases(*worst) : std::string{"does not leak"},
                     seconds_text(longest_outage(alternative.figures, 1).failover_p50_ms),
                     seconds_text(longest_outage(safety.figures, 1).failover_p50_ms),
                     money_more(alternative));
}

std::string price_sentence(const Safety& safety) {
  const auto check = dollars(safety.check.low(), safety.check.high());
  if (safety.guard.charges.empty())
    return fmt::format("The guard costs nothing beside the health check itself ({} USD a month).",
                       check);
  return fmt::format(
      "The guard costs {} USD a month by AWS's list prices, beside the health check "
      "itself ({}).",
      dollars(safety.guard.low(), safety.guard.high()), check);
}

}  // namespace sitelatch::guard
