// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/safety_ground.h"

#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/preflight.h"

namespace sitelatch::guard {
namespace {

// The simulation keeps an hour of an alarm's minutes.
constexpr int most_alarm_minutes = 60;

std::optional<LatchSetup> setup_of(Form form, const aws::Value& config) {
  const auto type = config["Type"].string_or("");
  Check check;
  check.type = type;
  if (type.empty() || !has_checkers(check)) return std::nullopt;
  LatchSetup out;
  out.form = form;
  out.interval_s = static_cast<int>(config["RequestInterval"].integer_or(30));
  out.threshold = static_cast<int>(config["FailureThreshold"].integer_or(3));
  out.options = options_of(type, out.interval_s, config["MeasureLatency"].boolean_or(false));
  return out;
}

void take_alarm(const ObservedAlarm& alarm, SafetyGround& out) {
  const int periods = std::max(alarm.evaluation_periods, 1);
  out.setup.alarm_periods = std::min(periods, most_alarm_minutes);
  out.setup.alarm_datapoints =
      std::clamp(alarm.datapoints_to_alarm > 0 ? alarm.datapoints_to_alarm : periods, 1,
                 out.setup.alarm_periods);
  if (alarm.period_s != AlarmPlan::period_s && alarm.period_s > 0)
    out.beside.push_back(fmt::format("the alarm's Period is {} s, and the figures are for {}",
                                     alarm.period_s, AlarmPlan::period_s));
  if (periods > most_alarm_minutes)
    out.beside.push_back(fmt::format("the alarm waits for {} periods, and the figures are for {}",
                                     periods, most_alarm_minutes));
}

void take_hole(std::string_view name, SafetyGround& out) {
  out.beside.push_back(fmt::format("{} ({})", consequence(name), name));
}

bool works(State state) {
  return state == State::armed || state == State::tripped || state == State::switched_over ||
         state == State::failing_over || state == State::switching_back;
}
bool works(Phase phase) {
  return phase == Phase::serving || phase == Phase::failing_over || phase == Phase::latched ||
         phase == Phase::tripped;
}

void take_records(const std::optional<FormRecords>& records, SafetyGround& out) {
  if (!records) return;
  if (!records->secondary_checks.empty()) take_hole(hole::secondary_health, out);
  if (!records->target_health.empty()) take_hole(hole::target_health, out);
}

// A form's change of the records closes their holes.
std::optional<SafetyGround> once_done(std::optional<SafetyGround> ground) {
  if (!ground) return ground;
  ground->in_force = true;
  ground->beside.clear();
  return ground;
}

bool is_of_records(const Finding& finding) {
  return finding.name == hole::secondary_health || finding.name == hole::target_health;
}

}  // namespace

namespace {

// A relay that does not run latches nothing: then the guide's chain is what there is.
void take_relay(const View& view, SafetyGround& out) {
  if (view.form != Form::hardened) return;
  for (const auto& link : view.assessment.links) {
    if (link.health != Link::Health::broken) continue;
    if (!link.name.starts_with("relay") && link.name != "sentinel") continue;
    out.setup.form = Form::guide;
    out.beside.push_back("the relay, which does not work (" + link.name +
                         "): the figures are those of the alarm alone");
    return;
  }
}

}  // namespace

std::optional<SafetyGround> safety_ground(const View& view) {
  const auto setup = setup_of(view.form, view.snapshot.check_config);
  if (!setup) return std::nullopt;
  SafetyGround out{*setup, works(view.assessment.state), {}};
  out.setup.function = view.plan.settings.function;
  if (view.snapshot.observed.alarm) take_alarm(*view.snapshot.observed.alarm, out);
  take_relay(view, out);
  if (!view.snapshot.records) return out;
  HoleNames seen;
  for (const auto& finding : record_findings(view.plan, view.snapshot))
    if (finding.kind != Finding::Kind::sound && is_of_records(finding) &&
        seen.insert(finding.name).second)
      take_hole(finding.name, out);
  return out;
}

std::optional<SafetyGround> safety_ground(const ConfigView& view) {
  const auto setup = setup_of(Form::config, view.endpoint_config);
  if (!setup) return std::nullopt;
  SafetyGround out{*setup, works(view.assessment.phase), {}};
  take_records(view.observed.records, out);
  return out;
}

std::optional<SafetyGround> safety_ground(const EngineView& view) {
  const auto setup = setup_of(Form::engine, view.endpoint_config);
  if (!setup) return std::nullopt;
  SafetyGround out{*setup, view.observed.armed, {}};
  take_records(view.observed.records, out);
  return out;
}

std::optional<SafetyGround> safety_ground(const DeployPlan& plan) {
  const auto setup = setup_of(Form::guide, plan.snapshot.check_config);
  if (!setup) return std::nullopt;
  SafetyGround out{*setup, true, {}};
  out.setup.function = plan.plan.settings.function;
  const auto& alarm = plan.snapshot.observed.alarm;
  // Deploy rewrites an alarm that is not as it should be.
  if (alarm && alarm_is_as_planned(plan.plan, *alarm)) take_alarm(*alarm, out);
  for (const auto& name : plan.plan.settings.accepted_holes)
    if (name == hole::secondary_health || name == hole::target_health) take_hole(name, out);
  return out;
}

std::optional<SafetyGround> safety_ground(const HardenedDeployPlan& plan, bool change_records) {
  auto out = safety_ground(plan.guide);
  if (!out) return out;
  out->setup.form = Form::hardened;
  if (!change_records) return out;
  if (plan.threshold) out->setup.threshold = plan.threshold->to;
  return once_done(out);
}

std::optional<SafetyGround> safety_ground(const ConfigDeployPlan& plan) {
  return once_done(safety_ground(plan.view));
}

std::optional<SafetyGround> safety_ground(const EngineDeployment& plan) {
  return once_done(safety_ground(plan.view));
}

Safety weigh_safety(const SafetyGround& ground, const SafetyWish& wish, const Reckon& reckon) {
  auto out = weigh_safety(ground.setup, wish, reckon);
  out.in_force = ground.in_force;
  out.beside = ground.beside;
  return out;
}

}  // namespace sitelatch::guard
