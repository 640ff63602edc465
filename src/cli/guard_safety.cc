// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_safety.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <memory>

#include "base/text.h"
#include "cli/simulate_command.h"
#include "simulation/report.h"

namespace sitelatch::cli {
namespace {

using aws::Value;

constexpr std::uint64_t runs_of_a_line = 200;
constexpr std::size_t label_width = 11, text_width = 80;

std::optional<std::int64_t> mean_ms(simulation::Ms total, std::uint64_t of) {
  if (of == 0) return std::nullopt;
  return total / static_cast<std::int64_t>(of);
}

guard::LeakCase figures_of(simulation::Tally tally) {
  guard::LeakCase out;
  out.runs = tally.runs;
  out.failovers = tally.failovers;
  out.leaks = tally.leaks;
  out.never_latched = tally.never_latched;
  out.unsafe_mean_ms = mean_ms(tally.unsafe_total, tally.latched_leaks());
  out.unsafe_p99_ms = simulation::percentile(tally.unsafe_times, 99);
  out.failover_p50_ms = simulation::percentile(tally.failover_times, 50);
  out.failover_p99_ms = simulation::percentile(tally.failover_times, 99);
  return out;
}

simulation::Settings settings_of(simulation::Case which, const std::vector<std::string>& assumed) {
  simulation::Settings out(which);
  for (const auto& text : assumed)
    if (const auto one = simulation::parse_override(text)) out.set(one->name, one->range);
  return out;
}

simulation::Plan plan_of(const guard::LatchSetup& setup, std::int64_t outage_ms,
                         simulation::Ailment ailment = simulation::Ailment::refuses) {
  auto plan =
      simulation::outage(setup.form, {setup.interval_s, setup.threshold}, outage_ms, ailment);
  plan.function = setup.function == guard::FunctionKind::native ? simulation::Function::native
                                                                : simulation::Function::python;
  plan.alarm = {setup.alarm_datapoints, setup.alarm_periods};
  return plan;
}

guard::SafetyFigures simulate_safety(const guard::SafetyQuestion& question) {
  guard::SafetyFigures out;
  for (const auto ms : question.outages_ms) {
    guard::OutageFigures figures;
    figures.outage_ms = ms;
    for (std::size_t i = 0; i < simulation::all_cases.size(); ++i) {
      const auto settings = settings_of(simulation::all_cases[i], question.assumed);
      figures.cases[i] = figures_of(simulation::carry_out(
          {plan_of(question.setup, ms), question.runs, question.seed}, settings));
    }
    if (ms == question.outages_ms.front())
      out.blip = figures;
    else
      out.outages.push_back(figures);
  }
  return out;
}

// --- JSON: seconds and shares as `simulate --output json` has them, dollars to the cent

Value seconds_or_null(const std::optional<std::int64_t>& ms) {
  return ms ? Value{static_cast<double>(*ms) / 1000} : Value{};
}
Value usd(guard::MicroUsd amount) {
  const auto cents = (amount + (amount < 0 ? -5'000 : 5'000)) / 10'000;
  return static_cast<double>(cents) / 100;
}

Value outage_value(const guard::OutageFigures& outage) {
  auto cases = Value::list();
  for (std::size_t i = 0; i < outage.cases.size(); ++i) {
    const auto& one = outage.cases[i];
    const auto interval = simulation::wilson(one.leaks, one.failovers);
    const auto millionths = [](double share) { return std::round(share * 1e6) / 1e6; };
    const bool any = one.failovers > 0;
    cases.push(Value::structure(
        {{"case", guard::case_names[i]},
         {"runs", static_cast<std::int64_t>(one.runs)},
         {"failovers", static_cast<std::int64_t>(one.failovers)},
         {"leaks", static_cast<std::int64_t>(one.leaks)},
         {"leak_share",
          any ? millionths(static_cast<double>(one.leaks) / static_cast<double>(one.failovers))
              : 0.0},
         {"leak_share_low", any ? millionths(interval.low) : 0.0},
         {"leak_share_high", any ? millionths(interval.high) : 1.0},
         {"unsafe_s_mean", one.leaks == 0 ? Value{0} : seconds_or_null(one.unsafe_mean_ms)},
         {"unsafe_s_p99", one.leaks == 0 ? Value{0} : seconds_or_null(one.unsafe_p99_ms)},
         {"never_latched", static_cast<std::int64_t>(one.never_latched)},
         {"failover_s_p50", seconds_or_null(one.failover_p50_ms)},
         {"failover_s_p99", seconds_or_null(one.failover_p99_ms)}}));
  }
  return Value::structure(
      {{"outage_s", static_cast<double>(outage.outage_ms) / 1000}, {"cases", cases}});
}

Value outages_value(const guard::SafetyFigures& figures) {
  auto out = Value::list();
  for (const auto& outage : figures.outages) out.push(outage_value(outage));
  return out;
}

Value unsafe_value(const guard::SafetyFigures& figures) {
  const auto range = guard::unsafe_range(figures);
  return Value::structure({{"low", static_cast<double>(range.low_ms) / 1000},
                           {"high", static_cast<double>(range.high_ms) / 1000},
                           {"may_never_latch", range.may_never_latch}});
}

Value false_latches_value(const guard::SafetyFigures& figures) {
  auto out =
      Value::structure({{"blip_s", guard::blip_ms / 1000}, {"blips_a_year", guard::blips_a_year}});
  for (std::size_t i = 0; i < guard::case_names.size(); ++i)
    out.set(guard::case_names[i],
            std::round(guard::false_latches_a_year(figures.blip, i) * 100) / 100);
  return out;
}

void set_setup(Value& out, const guard::LatchSetup& setup) {
  out.set("form", guard::to_string(setup.form));
  out.set("interval_s", setup.interval_s);
  out.set("threshold", setup.threshold);
  if (setup.form != guard::Form::guide && setup.form != guard::Form::hardened) return;
  out.set("function", guard::to_string(setup.function));
  out.set("alarm_datapoints", setup.alarm_datapoints);
  out.set("alarm_periods", setup.alarm_periods);
}

Value alternative_value(const guard::Alternative& alternative) {
  auto out = Value::structure({{"what", alternative.what}, {"how", alternative.how}});
  set_setup(out, alternative.setup);
  out.set("unsafe_s", unsafe_value(alternative.figures));
  out.set("outages", outages_value(alternative.figures));
  out.set("false_latches_a_year", false_latches_value(alternative.figures));
  out.set("usd_a_month_more_low", usd(alternative.more_low));
  out.set("usd_a_month_more_high", usd(alternative.more_high));
  return out;
}

void print_labelled(std::string_view label, std::string_view text) {
  const auto block = wrapped(text, label_width, text_width);
  fmt::print("  {:<{}}{}\n", label, label_width - 2, block.substr(label_width));
}

}  // namespace

guard::Reckon reckoning() {
  const auto known = std::make_shared<std::map<std::string, guard::SafetyFigures>>();
  return [known](const guard::SafetyQuestion& question) {
    const auto key = guard::replay_command(question);
    const auto found = known->find(key);
    if (found != known->end()) return found->second;
    return known->emplace(key, simulate_safety(question)).first->second;
  };
}

Result<guard::ReckonYear> year_reckoning(const std::string& file) {
  auto profile = read_profile(file);
  if (!profile) return failure(profile.error());
  return guard::ReckonYear{[profile = *profile](const guard::LatchSetup& setup,
                                                const std::vector<std::string>& assumed) {
    guard::Year out;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto which = simulation::all_cases[i];
      const auto settings = settings_of(which, assumed);
      simulation::Rows rows;
      for (const auto& one : profile)
        rows.push_back(
            {setup.form,
             {setup.interval_s, setup.threshold},
             which,
             one.length,
             one.ailment,
             1,
             simulation::carry_out({plan_of(setup, one.length, one.ailment), runs_of_a_line, 1},
                                   settings)});
      const auto year = simulation::year_of(profile, rows);
      out[i] = {year.failovers, year.latches, year.leaks, year.unsafe_s};
    }
    return out;
  }};
}

guard::SafetyWish safety_wish(GuardContext& context, const GuardOptions& options,
                              const std::string& health_check_id,
                              const std::vector<std::string>& assumed,
                              guard::SafetyWish::Weigh weigh) {
  const auto& environment = context.context().environment;
  const bool elsewhere =
      !options.endpoint_url.empty() || environment.variable("AWS_ENDPOINT_URL").has_value();
  return {health_check_id, elsewhere, assumed, weigh, {}};
}

std::optional<guard::Safety> safety_of(const std::optional<guard::SafetyGround>& ground,
                                       const guard::SafetyWish& wish, const guard::Reckon& reckon) {
  if (!ground) return std::nullopt;
  return guard::weigh_safety(*ground, wish, reckon);
}

std::optional<guard::Safety> safety_of_plan(GuardContext& context, const DeployOptions& options,
                                            const std::optional<guard::SafetyGround>& ground,
                                            bool changes_nothing) {
  // Nobody is shown it: a fifth of a second of reckoning.
  if (!options.plan && (changes_nothing || options.common.output == Output::json))
    return std::nullopt;
  return safety_of(ground,
                   safety_wish(context, options.common, options.health_check_id, options.assumed,
                               guard::SafetyWish::Weigh::all),
                   reckoning());
}

void print_brief(const guard::Safety& safety) {
  print_labelled("unsafe", as_sentence(guard::brief_sentence(safety)));
  if (!safety.beside.empty()) print_labelled("besides", as_sentence(join(safety.beside, "; ")));
  if (!safety.alternatives.empty())
    print_labelled("less", as_sentence(guard::brief_sentence(safety, safety.alternatives.front()) +
                                       ". More: sitelatch doctor"));
}

void print_whole(const guard::Safety& safety) {
  print_labelled("unsafe", guard::leak_sentence(safety));
  if (!safety.beside.empty())
    print_labelled("besides", as_sentence("not in these figures: " + join(safety.beside, "; ")));
  print_labelled("failover", guard::failover_sentence(safety));
  for (const auto& alternative : safety.alternatives)
    print_labelled("less", guard::sentence_of(safety, alternative));
  print_labelled("costs", guard::price_sentence(safety));
  print_labelled("basis", std::string{guard::safety_basis} +
                              " The same figures: " + guard::replay_command(safety.question));
}

Value to_value(const guard::Bill& bill) {
  auto charges = Value::list();
  for (const auto& charge : bill.charges)
    charges.push(Value::structure(
        {{"what", charge.what}, {"usd_low", usd(charge.low)}, {"usd_high", usd(charge.high)}}));
  return Value::structure({{"usd_a_month_low", usd(bill.low())},
                           {"usd_a_month_high", usd(bill.high())},
                           {"charges", charges}});
}

Value to_value(const guard::Safety& safety) {
  auto out = Value::structure({{"sentence", guard::leak_sentence(safety)},
                               {"basis", guard::safety_basis},
                               {"in_force", safety.in_force}});
  set_setup(out, safety.setup);
  out.set("unsafe_s", unsafe_value(safety.figures));
  out.set("outages", outages_value(safety.figures));
  out.set("false_latches_a_year", false_latches_value(safety.figures));
  out.set("replay", guard::replay_command(safety.question));
  auto beside = Value::list(), alternatives = Value::list(), assumed = Value::list();
  for (const auto& clause : safety.beside) beside.push(clause);
  for (const auto& text : safety.question.assumed) assumed.push(text);
  for (const auto& alternative : safety.alternatives)
    alternatives.push(alternative_value(alternative));
  out.set("not_in_figures", beside);
  out.set("assumed", assumed);
  out.set("alternatives", alternatives);
  out.set("cost", to_value(safety.guard));
  out.set("cost_of_health_check", to_value(safety.check));
  return out;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string out, line(indent, ' ');
  bool empty = true;
  for (const auto word : split(text, ' ')) {
    if (word.empty()) continue;
    if (!empty && utf8_length(line) + 1 + utf8_length(word) > width) {
      out += line + "\n";
      line.assign(indent, ' ');
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
  }
  return out + line;
}

}  // namespace sitelatch::cli
