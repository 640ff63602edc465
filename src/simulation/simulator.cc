// SPDX-License-Identifier: Apache-2.0
#include "simulation/simulator.h"

#include <algorithm>

#include "base/check.h"
#include "simulation/world.h"

namespace sitelatch::simulation {

using route53::Status;

Simulator::Simulator(const Settings& settings) : world_(std::make_unique<World>(settings)) {}
Simulator::~Simulator() = default;

Outcome Simulator::run(const Plan& plan, std::uint64_t seed, Story* story) {
  return world_->run(plan, seed, story);
}

Outcome Simulator::World::run(const Plan& plan, std::uint64_t seed, Story* story) {
  begin(plan, seed, story);
  // The acts are in order already; each comes before what else is due in its moment.
  auto act_due = plan.acts.begin();
  while (true) {
    const bool acts = act_due != plan.acts.end();
    if (agenda_.empty() && !acts) break;
    const bool act_first = acts && (agenda_.empty() || act_due->at <= agenda_.next_at());
    const auto at = act_first ? act_due->at : agenda_.next_at();
    if (at > end_) break;
    now_ = at;
    if (act_first) {
      act(*act_due++);
      continue;
    }
    const auto entry = agenda_.take();
    handle(entry);
    if (entry.kind == Kind::alarm_reads && settled()) {
      end_ = now_;
      break;
    }
  }
  now_ = end_;
  witness_.end(now_);
  return outcome();
}

void Simulator::World::begin(const Plan& plan, std::uint64_t seed, Story* story) {
  plan_ = &plan;
  story_ = story;
  random_ = Random{seed};
  agenda_.clear();
  witness_.begin(story);
  now_ = 0;
  phase_ = plan.phases ? plan.phases->minute : random_.between(0, minute);
  end_ = plan.horizon > 0 ? plan.horizon
                          : (plan.acts.empty() ? 0 : plan.acts.back().at) + settling_time(plan);
  primary_ = backup_ = Site::up;
  primary_was_down_ = false;
  down_since_ = -1;
  cut_off_ = lossy_ = 0;
  region_out_ = {};
  for (auto& one : checks_) one.used = false;
  edge_cut_ = {};
  epoch_ = {};
  for (auto& delay : edge_delay_) delay = plan.form == Form::engine ? 0 : chosen(Name::edge_delay);
  ENSURE(std::is_sorted(plan.acts.begin(), plan.acts.end(),
                        [](const Act& a, const Act& b) { return a.at < b.at; }));
  begin_checkers(Probed::primary, plan.tuning.interval_s * second, plan.tuning.threshold);
  begin_form();
  begin_chain();
}

void Simulator::World::handle(const Entry& entry) {
  const auto probed = static_cast<Probed>(entry.a);
  switch (entry.kind) {
    case Kind::probe:
      return probe(probed, entry.b);
    case Kind::result:
      return judge(probed, entry.b, false);
    case Kind::opinion:
      return opinion_arrives(entry);
    case Kind::followed:
      return followed_arrives(entry);
    case Kind::child:
      return child_known(entry.a, static_cast<Status>(entry.c));
    case Kind::sample:
      return sample();
    case Kind::alarm_reads:
      return alarm_reads();
    case Kind::follower_reads:
      return follower_reads(entry.a);
    case Kind::function_begins:
      return function_begins();
    case Kind::function_ends:
      return function_ends(entry.a);
    case Kind::tick:
      return tick();
    case Kind::relay_updates:
      return relay_updates();
    case Kind::update_arrives:
      return update_arrives(entry.a + 256u * entry.b);
    case Kind::watcher_writes:
      return watcher_writes(entry.a);
    case Kind::held_again:
      return held_again(entry.a);
  }
}

// Latched for good: every checker asks for a path that fails, and every edge names Backup.
bool Simulator::World::settled() const {
  return follows_chain() && !plan_->acts.empty() && now_ > plan_->acts.back().at &&
         plan_->faults.message_late == 0 && plan_->faults.function_fails == 0 &&
         guard::latched(check_) && !latch_on_way_ && witness_.all_name_backup();
}

Outcome Simulator::World::outcome() const {
  Outcome out;
  out.failed_over = witness_.failed_over();
  out.false_failover = out.failed_over && !primary_was_down_;
  out.leaked = witness_.leaked();
  out.failover = witness_.failover();
  out.latched = latched_at_ >= 0;
  out.latched_at = latched_at_;
  out.unsafe = witness_.unsafe();
  if (out.leaked && out.latched && latched_at_ > witness_.first_leak())
    out.unsafe_to_latch = latched_at_ - witness_.first_leak();
  out.latches = latches_;
  out.missed = down_since_ >= 0 && !witness_.all_name_backup();
  out.lasted = now_;
  return out;
}

Instant Simulator::World::instant(Ms at) const {
  static const auto epoch = from_civil(2026, 1, 1, 0, 0, 0);
  return epoch + std::chrono::milliseconds{at + phase_};
}

void Simulator::World::tell(std::string text) {
  if (story_) story_->tell(now_, std::move(text));
}

}  // namespace sitelatch::simulation
