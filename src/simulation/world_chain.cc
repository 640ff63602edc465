// SPDX-License-Identifier: Apache-2.0
// The guide's chain: HealthCheckStatus, the alarm, its message, the function, its update.
#include <fmt/format.h>

#include "simulation/world.h"

namespace sitelatch::simulation {

using route53::Status;

namespace {
constexpr std::string_view own_path = "/lb-check";
// Lambda tries a failed invocation again after a minute and after two more (fact guard-40).
constexpr std::array<Ms, 2> retry_after = {minute, 2 * minute};
constexpr Ms longest_late_message = 20 * minute;
}  // namespace

void Simulator::World::begin_chain() {
  for (auto& metric : metrics_) metric.begin(minute_of(0) - 1);
  const auto skew = plan_->faults.clock_skew;
  sample_skew_ = skew > 0 ? random_.between(-skew, skew) : 0;
  visible_delay_ = chosen(Name::minute_visible);
  if (plan_->alarm != alarm_asks_) {
    alarm_asks_ = plan_->alarm;
    alarm_ = Reader{rule_of_alarm(alarm_asks_)};
  }
  asks_latch_path_.fill(false);
  latch_on_way_ = false;
  latches_ = 0;
  latched_at_ = -1;
  message_pending_ = false;
  if (follows_chain() || plan_->form == Form::config)
    agenda_.add(plan_->phases ? plan_->phases->sample
                              : random_.between(0, minute / settings_[Name::samples].low),
                Kind::sample);
  if (!follows_chain()) return;
  if (original_.id.empty()) {
    original_.id = "233e180f-f023-45a3-954e-415303f21eab";
    original_.version = 1;
    original_.path = own_path;
  }
  check_ = original_;
  record_ = {};
  record_.original_path = own_path;
  alarm_snapshot_ = {guard::AlarmState::ok, instant(-hour), true, true, {}};
  const auto offset = chosen(Name::alarm_offset);
  auto first = offset - phase_;
  if (first <= 0) first += minute;
  agenda_.add(first, Kind::alarm_reads);
  if (plan_->function == Function::native) agenda_.add(random_.between(0, minute), Kind::tick);
}

Ms Simulator::World::visible_after(Ms minute_number) {
  auto delay = visible_delay_;
  if (plan_->phases && minute_number == minutes_before) delay += plan_->phases->first_minute_late;
  if (random_.chance(plan_->faults.minute_late))
    delay += random_.between(0, plan_->faults.minute_late_by);
  return end_of_minute(minute_number) + delay;
}

void Simulator::World::sample() {
  agenda_.add(now_ + minute / settings_[Name::samples].low, Kind::sample);
  if (region_out_[0] || random_.chance(plan_->faults.sample_lost)) return;
  const auto number = minute_of(now_ + sample_skew_);
  metrics_[0].put(number, metric_source() == Status::healthy, visible_after(number));
}

void Simulator::World::alarm_reads() {
  agenda_.add(now_ + minute, Kind::alarm_reads);
  if (region_out_[0]) return;
  const auto state = alarm_.read(metrics_[0], minute_of(now_), now_);
  if (!state) return;
  const auto seen = *state == cloudwatch::State::alarm ? guard::AlarmState::alarm
                    : *state == cloudwatch::State::ok  ? guard::AlarmState::ok
                                                       : guard::AlarmState::insufficient_data;
  if (seen == alarm_snapshot_.state) return;
  alarm_snapshot_.state = seen;
  alarm_snapshot_.transitioned_at = instant(now_);
  if (story_) tell(fmt::format("the alarm is {}", guard::to_string(seen)));
  if (seen == guard::AlarmState::alarm) send_message();
}

void Simulator::World::send_message() {
  const auto& faults = plan_->faults;
  if (random_.chance(faults.message_lost)) return tell("its message is lost");
  auto takes = chosen(Name::message);
  if (random_.chance(faults.message_late)) takes += random_.between(0, longest_late_message);
  agenda_.add(now_ + takes, Kind::function_begins);
  if (random_.chance(faults.message_twice))
    agenda_.add(now_ + takes + random_.between(0, longest_late_message), Kind::function_begins);
}

void Simulator::World::function_begins() {
  if (region_out_[0]) {
    message_pending_ = true;
    return tell("the function's Region is out; its event waits");
  }
  agenda_.add(now_ + chosen(Name::function), Kind::function_ends, 0);
}

guard::Situation Simulator::World::situation() const {
  return {check_, alarm_snapshot_, record_, {}};
}

void Simulator::World::function_ends(int attempt) {
  if (region_out_[0] || random_.chance(plan_->faults.function_fails)) {
    tell("the function fails");
    const auto next = static_cast<std::size_t>(attempt);
    if (next < retry_after.size())
      agenda_.add(now_ + retry_after[next], Kind::function_ends,
                  static_cast<std::uint8_t>(attempt + 1));
    return;
  }
  if (plan_->function == Function::python)
    return update(guard::latching(check_, guard::LatchKind::path, false));
  act_on(guard::on_alarm(situation(), {alarm_snapshot_.transitioned_at, {}}, instant(now_)));
}

void Simulator::World::tick() {
  agenda_.add(now_ + minute, Kind::tick);
  if (region_out_[0] || random_.chance(plan_->faults.function_fails)) return;
  act_on(guard::on_tick(situation(), instant(now_)));
}

void Simulator::World::act_on(const guard::Verdict& verdict) {
  if (!verdict.change) return;
  record_ = verdict.change->record;
  if (!verdict.change->check.empty()) update(verdict.change->check);
}

void Simulator::World::update(const guard::CheckChange& change) {
  const bool before = guard::latched(check_);
  check_ = guard::apply(change, check_);
  const bool after = guard::latched(check_);
  if (after == before) return;
  if (after) ++latches_;
  latch_on_way_ = true;
  if (story_)
    tell(fmt::format("UpdateHealthCheck: {}, version {}", guard::describe(check_), check_.version));
  agenda_.add(now_ + chosen(Name::update_reaches), Kind::update_arrives,
              static_cast<std::uint8_t>(check_.version & 255),
              static_cast<std::uint8_t>((check_.version >> 8) & 255));
}

// A later update is on its way: what an earlier one said is not heard any more.
void Simulator::World::update_arrives(std::uint64_t version) {
  if (version != (check_.version & 65'535)) return;
  latch_on_way_ = false;
  const bool latched = guard::latched(check_);
  asks_latch_path_.fill(latched);
  for (auto& opinion : check(Probed::primary).checkers) opinion.contrary_in_a_row = 0;
  if (latched && latched_at_ < 0) latched_at_ = now_;
  if (story_) tell(fmt::format("the checkers ask for {}", check_.path.value_or("/")));
}

}  // namespace sitelatch::simulation
