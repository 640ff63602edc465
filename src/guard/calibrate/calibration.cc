// SPDX-License-Identifier: Apache-2.0
// Runs the experiments beside each other: every one is a row of stages, and whoever waits is looked
// at when its time has come.
#include "guard/calibrate/calibration.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "guard/calibrate/bench.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

// Where the experiments make something beside the control region.
const std::vector<std::string> other_regions = {"eu-west-1", "ap-northeast-3"};
constexpr auto shortest_sleep = std::chrono::milliseconds{200};
constexpr auto longest_sleep = std::chrono::seconds{5};
constexpr int most_troubles = 5;

// One experiment, on its way through its stages.
class Running {
 public:
  Running(Bench& bench, const Experiment& experiment)
      : bench_(bench),
        experiment_(experiment),
        trial_(experiment.start(bench)),
        stages_(trial_->stages()),
        begun_(bench.now()) {}

  bool over() const { return over_; }
  Instant next_look() const { return next_look_; }
  const Experiment& experiment() const { return experiment_; }

  void go_on() {
    while (!over_ && at_ < stages_.size())
      if (!pass(stages_[at_])) return;
    if (!over_) ends(trial_->judge());
  }
  Measurement measurement() const {
    if (over_) return {&experiment_, conclusion_, took_};
    return {&experiment_,
            {Settled::not_settled, "it was interrupted while it waited: " + stages_[at_].what,
             Value::structure()},
            bench_.now() - begun_};
  }

 private:
  // True: the next stage's turn.
  bool pass(const Stage& stage) {
    const auto now = bench_.now();
    if (!in_stage_) {
      in_stage_ = true;
      stage_begun_ = next_look_ = now;
      trouble_.clear();
      troubles_ = 0;
      if (stage.act) {
        const auto acted = stage.act();
        if (!acted) return fails(acted.error().text);
      }
    }
    if (!stage.reached) return passed();
    if (bench_.now() < next_look_) return false;
    const auto reached = stage.reached();
    if (reached && *reached) return passed();
    if (!reached) {
      // A lost answer or a throttled call is worth another look.
      trouble_ = reached.error().text;
      if (++troubles_ == most_troubles) return fails(trouble_);
    } else {
      troubles_ = 0;
      trouble_.clear();
    }
    if (bench_.now() - stage_begun_ >= stage.at_most) {
      if (stage.watch && trouble_.empty()) return passed();
      return fails(fmt::format("in {} this did not come: {}{}", sitelatch::describe(stage.at_most),
                               stage.what, trouble_.empty() ? "" : " (" + trouble_ + ")"));
    }
    next_look_ = bench_.now() + stage.every;
    return false;
  }
  bool passed() {
    in_stage_ = false;
    ++at_;
    return true;
  }
  bool fails(std::string why) {
    ends({Settled::not_settled, std::move(why), Value::structure()});
    return false;
  }
  void ends(Conclusion conclusion) {
    conclusion_ = std::move(conclusion);
    took_ = bench_.now() - begun_;
    over_ = true;
    bench_.context().progress(fmt::format("{:<22} {}: {}", experiment_.name,
                                          to_string(conclusion_.settled), conclusion_.sentence));
  }

  Bench& bench_;
  const Experiment& experiment_;
  std::unique_ptr<Trial> trial_;
  std::vector<Stage> stages_;
  std::size_t at_ = 0;
  bool in_stage_ = false, over_ = false;
  Instant begun_, stage_begun_{}, next_look_{};
  Duration took_{};
  std::string trouble_;  // of the last look
  int troubles_ = 0;     // in a row
  Conclusion conclusion_;
};

class Work {
 public:
  Work(Context& context, const CalibrationPlan& plan, const CalibrationOptions& options)
      : context_(context), plan_(plan), options_(options), bench_(context, plan, options) {}

  Calibration run() {
    calibration_.begun = bench_.now();
    try {
      remove_remains();
      experiment();
    } catch (const Interrupted&) {
      calibration_.interrupted = true;
    }
    options_.ignore_interrupts();
    report();
    context_.progress("Removing what was made ...");
    const auto left = bench_.remove_everything();
    calibration_.left.insert(calibration_.left.end(), left.begin(), left.end());
    calibration_.ended = bench_.now();
    return std::move(calibration_);
  }

 private:
  void remove_remains() {
    if (plan_.remains.empty()) return;
    context_.progress("Removing what an earlier calibration left ...");
    calibration_.left = remove_all(context_, plan_.remains);
  }
  void experiment() {
    for (const auto* experiment : plan_.to_run) running_.emplace_back(bench_, *experiment);
    while (true) {
      bool all_over = true;
      for (auto& one : running_) {
        if (!one.over()) one.go_on();
        all_over = all_over && one.over();
      }
      if (all_over) return;
      context_.clock.sleep(until_next_look());
    }
  }
  Duration until_next_look() {
    const auto now = bench_.now();
    Duration wait = longest_sleep;
    for (const auto& one : running_)
      if (!one.over()) wait = std::min(wait, one.next_look() - now);
    return std::max<Duration>(wait, shortest_sleep);
  }
  void report() {
    for (const auto& experiment : experiments()) {
      const auto is = [&](const auto& one) { return &one.experiment() == &experiment; };
      const auto found = std::find_if(running_.begin(), running_.end(), is);
      const auto listed = [&](const auto& list) {
        return std::find(list.begin(), list.end(), &experiment) != list.end();
      };
      if (found != running_.end())
        calibration_.results.push_back(found->measurement());
      else if (listed(plan_.to_run))
        calibration_.results.push_back(
            {&experiment, {Settled::not_run, "interrupted before it began", {}}, {}});
      else if (listed(plan_.not_run))
        calibration_.results.push_back(
            {&experiment, {Settled::not_run, std::string{experiment.not_run}, {}}, {}});
    }
  }

  Context& context_;
  const CalibrationPlan& plan_;
  const CalibrationOptions& options_;
  Bench bench_;
  std::vector<Running> running_;
  Calibration calibration_;
};

// A check of the account that has an endpoint and is as its owner wants it.
bool can_be_copied(const Value& wire) {
  const auto& config = wire["HealthCheckConfig"];
  return config["Type"].string_or("").starts_with("HTTP") &&
         !config["Disabled"].boolean_or(false) && !config["Inverted"].boolean_or(false) &&
         !is_latch_path(config["ResourcePath"].string_or("")) &&
         !wire["CallerReference"].string_or("").starts_with("sitelatch-") && !wire["LinkedService"];
}

Step choose_site(client::Aws& aws, const std::string& like, CalibrationPlan& plan) {
  const auto checks = aws.call_all("route53", "ListHealthChecks");
  if (!checks) return failure(error_of(checks.error(), "look for a health check to copy"));
  for (const auto& wire : (*checks)["HealthChecks"].items()) {
    const auto id = wire["Id"].string_or("");
    if (!like.empty() && id != like) continue;
    if (!can_be_copied(wire)) {
      if (like.empty()) continue;
      return failure(error_of(
          Error::Kind::refused,
          fmt::format("Health check {} cannot be copied: it must be HTTP or HTTPS, neither latched "
                      "nor Disabled nor Inverted, and nobody's scratch check.",
                      id)));
    }
    plan.site = id;
    plan.site_config = wire["HealthCheckConfig"];
    return Done{};
  }
  return failure(error_of(
      Error::Kind::refused,
      like.empty()
          ? std::string{"There is no HTTP or HTTPS health check whose address the scratch checks "
                        "could ask: make one of a site of yours that answers."}
          : fmt::format("There is no health check {}.", like)));
}

Step choose_experiments(const std::vector<std::string>& only, CalibrationPlan& plan) {
  for (const auto& name : only) {
    const auto known = [&](const Experiment& one) { return one.name == name; };
    if (std::any_of(experiments().begin(), experiments().end(), known)) continue;
    std::vector<std::string> names;
    for (const auto& one : experiments()) names.emplace_back(one.name);
    return failure(error_of(Error::Kind::refused, fmt::format("There is no experiment \"{}\": {}.",
                                                              name, join(names, ", "))));
  }
  for (const auto& experiment : experiments()) {
    if (!only.empty() && std::find(only.begin(), only.end(), experiment.name) == only.end())
      continue;
    (experiment.start ? plan.to_run : plan.not_run).push_back(&experiment);
    plan.takes = std::max(plan.takes, experiment.takes);
    plan.cost_usd += experiment.cost_usd;
  }
  return Done{};
}

}  // namespace

std::string_view to_string(Settled settled) {
  switch (settled) {
    case Settled::confirmed:
      return "confirmed";
    case Settled::refuted:
      return "refuted";
    case Settled::not_settled:
      return "not settled";
    case Settled::not_run:
      return "not run";
  }
  return {};
}

Result<CalibrationPlan, Error> plan_calibration(Context& context,
                                                const CalibrationOptions& options) {
  CalibrationPlan plan;
  if (const auto chosen = choose_experiments(options.only, plan); !chosen)
    return failure(chosen.error());
  const auto caller = read_caller(context.aws);
  if (!caller) return failure(error_of(caller.error(), "find out whose account this is"));
  plan.caller = *caller;
  plan.run = ports::random_hex(context.entropy, 8);
  if (const auto chosen = choose_site(context.aws, options.like, plan); !chosen)
    return failure(chosen.error());
  const auto home = std::string{control_region(plan.caller.partition)};
  auto regions = std::vector{home};
  if (plan.caller.partition == "aws")
    regions.insert(regions.end(), other_regions.begin(), other_regions.end());
  auto remains = find_remains(context, home, regions);
  if (!remains) return failure(remains.error());
  plan.remains = std::move(remains->found);
  plan.notes = std::move(remains->blind);
  return plan;
}

Calibration calibrate(Context& context, const CalibrationPlan& plan,
                      const CalibrationOptions& options) {
  return Work(context, plan, options).run();
}

}  // namespace sitelatch::guard
