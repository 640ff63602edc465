// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>

#include "simulation/world.h"

namespace sitelatch::simulation {

using route53::Status;

namespace {
// What C said before it asked for two children again may still make H healthy so long.
constexpr Ms whole_loop = 30 * minute;

std::string_view words(Site site) {
  switch (site) {
    case Site::up:
      return "is up";
    case Site::refuses:
      return "refuses";
    case Site::hangs:
      return "hangs";
    case Site::half:
      return "fails every second time";
  }
  return "";
}
}  // namespace

void Simulator::World::act(const Act& act) {
  const bool on = act.value != 0;
  switch (act.kind) {
    case Act::Kind::primary:
      primary_ = static_cast<Site>(act.value);
      primary_was_down_ = primary_was_down_ || primary_ != Site::up;
      down_since_ = primary_ == Site::refuses ? now_ : -1;
      if (story_) tell(fmt::format("Primary {}", words(primary_)));
      return;
    case Act::Kind::backup:
      backup_ = static_cast<Site>(act.value);
      if (story_) tell(fmt::format("Backup {}", words(backup_)));
      return;
    case Act::Kind::cut_off:
      cut_off_ = act.value;
      if (story_) tell(fmt::format("{} of 16 checkers are cut off", std::popcount(cut_off_)));
      return;
    case Act::Kind::lossy:
      lossy_ = act.value;
      if (story_) tell(fmt::format("{} of 16 checkers lose answers", std::popcount(lossy_)));
      return;
    case Act::Kind::region:
      if (story_)
        tell(fmt::format("Region {} is {}", act.which == 0 ? 'A' : 'B', on ? "out" : "back"));
      return region(act.which, on);
    case Act::Kind::edge:
      if (story_) tell(fmt::format("edge {} is {}", act.which, on ? "cut off" : "back"));
      edge_cut_[act.which] = on;
      if (!on) hear_all(act.which);
      return;
    case Act::Kind::restart:
      tell("the engine restarts");
      // What the journal has of a latch is what it was.
      if (engine_latch_.latch)
        engine_latch_.latch = route53::latch_from_row(route53::to_row(*engine_latch_.latch));
      if (plan_->form == Form::engine)
        for (auto& opinion : check(Probed::primary).checkers) opinion.contrary_in_a_row = 0;
      return;
    case Act::Kind::terraform:
      return terraform(on);
    case Act::Kind::switch_back:
      return switch_back();
    case Act::Kind::end_of_switch_back:
      if (plan_->form != Form::config) return;
      tell("a person asks for two children of two again");
      witness_.released(now_);
      return end_of_release();
    case Act::Kind::trip:
      return trip();
  }
}

void Simulator::World::region(int which, bool out) {
  region_out_[static_cast<std::size_t>(which)] = out;
  if (which != 0 || out || !message_pending_) return;
  message_pending_ = false;
  agenda_.add(now_ + chosen(Name::message), Kind::function_begins);
}

// Its files know the path and two children of two. Of an H that is Disabled they should know
// nothing
// (`ignore_changes`): what a person has latched by it is undone otherwise, as long as H's data has
// not seen C's zeros.
void Simulator::World::terraform(bool disabled_too) {
  tell("Terraform applies its files");
  if (follows_chain()) return update(guard::releasing(check_, *record_.original_path));
  if (plan_->form != Form::config) return;
  if (children_asked_ == 1) end_of_release();  // which a person began, and it goes on as theirs
  if (disabled_too) disable_follower(false);
}

// Of config. Also of a healthy H: an edge may still hear of the latch, and only then of its end.
void Simulator::World::end_of_release() {
  children_asked_ = 2;
  release_lags_ = true;
  agenda_.add(now_ + whole_loop, Kind::held_again, ++releases_);
  children_changed();
}

// H, which is inverted: Disabled, it counts as unhealthy.
void Simulator::World::disable_follower(bool disabled) {
  const auto before = followers_[0].effective();
  if (disabled) release_lags_ = false;
  followers_[0].disabled = disabled;
  if (followers_[0].effective() == before) return;
  follow(0);
  agenda_.add(now_ + child_delay_[1], Kind::child, 1, 0,
              static_cast<std::uint8_t>(followers_[0].effective()));
}

// Unless a person has done something since, or it has not come to nothing: H is healthy.
void Simulator::World::held_again(std::uint8_t release) {
  if (release != releases_) return;
  release_lags_ = false;
  if (followers_[0].effective() == Status::unhealthy) witness_.held_again();
}

route53::Situation Simulator::World::engine_situation() const {
  return {true, check(Probed::primary).sum, false, engine_version_, instant(now_)};
}

void Simulator::World::switch_back() {
  tell("a person switches back");
  witness_.released(now_);
  ++releases_;
  switch (plan_->form) {
    case Form::guide:
    case Form::hardened:
      record_.release.number += 1;
      record_.release.at = instant(now_);
      record_.release.alarm_seen = alarm_snapshot_.transitioned_at;
      return update(guard::releasing(check_, *record_.original_path));
    case Form::config:
      children_asked_ = 1;
      children_changed();
      return disable_follower(false);
    case Form::fast:
    case Form::strict:
      for (auto& watcher : watchers_) watcher = {};
      return;
    case Form::engine:
      // Refused while Primary is unhealthy.
      if (route53::release(engine_latch_, engine_situation(), {engine_version_, "in sync", "a"}) ==
          route53::ReleaseVerdict::released)
        ++engine_version_;
      return answer_anew_everywhere();
  }
}

void Simulator::World::trip() {
  tell("a person latches");
  switch (plan_->form) {
    case Form::guide:
    case Form::hardened:
      return update(guard::latching(check_, guard::LatchKind::path, false));
    case Form::config:
      return disable_follower(true);
    case Form::fast:
    case Form::strict:
      for (int r = 0; r < region_count; ++r) watcher_writes(r);
      return;
    case Form::engine:
      if (route53::trip(engine_latch_, engine_situation(), "by hand")) ++engine_version_;
      return answer_anew_everywhere();
  }
}

}  // namespace sitelatch::simulation
