// SPDX-License-Identifier: Apache-2.0
// What PRIMARY follows in the forms that do not follow E itself, and hardened's relay.
#include <fmt/format.h>

#include <algorithm>

#include "simulation/world.h"

namespace sitelatch::simulation {

using route53::Status;

namespace {
// A watcher wants two answers of Backup so far apart; so does the relay.
constexpr Ms between_backups = second;
// A permit is published so far ahead, and so is its end.
constexpr Ms ahead = 15;
constexpr Ms watchers_interval = 30 * second;
}  // namespace

void Simulator::World::begin_form() {
  followers_ = {};
  for (auto& follower : followers_) follower.at_edges.fill(Status::healthy);
  children_.fill(Status::healthy);
  children_asked_ = 2;
  releases_ = 0;
  release_lags_ = false;
  calculated_ = Status::healthy;
  watchers_ = {};
  engine_latch_ = {};
  engine_version_ = 1;
  const bool uses_backup = std::any_of(plan_->acts.begin(), plan_->acts.end(), [](const Act& act) {
    return act.kind == Act::Kind::backup;
  });
  if (plan_->form == Form::guide && uses_backup) begin_checkers(Probed::backup, 30 * second, 1);
  if (watches()) {
    begin_checkers(Probed::watcher_a, watchers_interval, 1);
    begin_checkers(Probed::watcher_b, watchers_interval, 1);
  }
  if (plan_->form == Form::hardened && plan_->relay)
    begin_checkers(Probed::watcher_a, watchers_interval, 1);
  if (plan_->form == Form::config)
    for (auto& delay : child_delay_) delay = chosen(Name::calculated_delay);
  const int followers = watches() ? 2 : plan_->form == Form::config ? 1 : 0;
  for (int f = 0; f < followers; ++f) {
    auto first = chosen(Name::stream_offset) - phase_;
    if (first <= 0) first += minute;
    agenda_.add(first, Kind::follower_reads, static_cast<std::uint8_t>(f));
  }
}

// What HealthCheckStatus is a metric of: E, or config's C.
Status Simulator::World::metric_source() const {
  return plan_->form == Form::config ? calculated_ : check(Probed::primary).sum;
}

void Simulator::World::child_known(std::size_t child, Status status) {
  children_[child] = status;
  children_changed();
}

void Simulator::World::children_changed() {
  int healthy = 0;
  for (const auto status : children_) healthy += status == Status::healthy ? 1 : 0;
  const auto calculated = route53::aggregate_children(healthy, children_asked_);
  if (calculated == calculated_) return;
  calculated_ = calculated;
  if (story_)
    tell(fmt::format("C, {} of 2, is {}", children_asked_,
                     calculated == Status::healthy ? "healthy" : "unhealthy"));
}

// An inverted check: its alarm's ALARM (so many good minutes) is its health. What is not settled
// stays as it was (LastKnownStatus).
void Simulator::World::follower_reads(int number) {
  agenda_.add(now_ + minute, Kind::follower_reads, static_cast<std::uint8_t>(number));
  const auto index = static_cast<std::size_t>(number);
  if (region_out_[index]) return;
  auto& reader = plan_->form == Form::config ? good_minutes_ : permit_;
  const auto state = reader.read(metrics_[index], minute_of(now_), now_);
  if (!state || *state == cloudwatch::State::insufficient_data) return;
  const auto status =
      route53::opposite(*state == cloudwatch::State::alarm ? Status::unhealthy : Status::healthy);
  auto& follower = followers_[index];
  if (status == follower.status) return;
  const auto before = follower.effective();
  follower.status = status;
  if (story_)
    tell(fmt::format("{} is {}",
                     plan_->form == Form::config ? "H"
                     : number == 0               ? "P_A"
                                                 : "P_B",
                     status == Status::healthy ? "healthy" : "unhealthy"));
  if (follower.effective() == before) return;
  if (follower.effective() == Status::unhealthy) release_lags_ = false;
  follow(number);
  if (plan_->form == Form::config)
    agenda_.add(now_ + child_delay_[1], Kind::child, 1, 0,
                static_cast<std::uint8_t>(follower.effective()));
}

// Each of Route 53's own probes runs the watcher once: it publishes, and asks a name server what
// its sentinel pair on E answers.
void Simulator::World::watcher_runs(int region) {
  publish(region);
  auto& watcher = watchers_[static_cast<std::size_t>(region)];
  if (watcher.revoked || watcher.acting) return;
  const auto edge = static_cast<std::size_t>(random_.between(0, edge_count));
  if (check(Probed::primary).sum_at_edges[edge] == Status::healthy) {
    watcher.first_backup = -1;
  } else if (watcher.first_backup < 0) {
    watcher.first_backup = now_;
  } else if (now_ - watcher.first_backup >= between_backups) {
    watcher.acting = true;
    agenda_.add(now_ + chosen(Name::relay_question) + chosen(Name::write), Kind::watcher_writes,
                static_cast<std::uint8_t>(region));
  }
}

void Simulator::World::watcher_writes(int region) {
  auto& watcher = watchers_[static_cast<std::size_t>(region)];
  watcher.acting = false;
  if (region_out_[static_cast<std::size_t>(region)] || random_.chance(plan_->faults.function_fails))
    return;
  watcher.revoked = true;
  watcher.published_minute = -1;
  if (story_) tell(fmt::format("watcher {} has revoked", region == 0 ? 'A' : 'B'));
  publish(region);
}

// Once a minute, for so many minutes ahead. A zero outweighs the ones that are there: Minimum.
void Simulator::World::publish(int region) {
  const auto index = static_cast<std::size_t>(region);
  auto& watcher = watchers_[index];
  const auto current = minute_of(now_);
  if (region_out_[index] || watcher.published_minute == current) return;
  watcher.published_minute = current;
  const auto delay = visible_delay_;
  for (Ms number = current; number <= current + ahead; ++number)
    metrics_[index].put(number, !watcher.revoked, std::max(now_, end_of_minute(number)) + delay);
}

void Simulator::World::relay_runs() {
  auto& relay = watchers_[0];
  if (relay.acting || guard::latched(check_)) return;
  const auto edge = static_cast<std::size_t>(random_.between(0, edge_count));
  if (check(Probed::primary).sum_at_edges[edge] == Status::healthy) {
    relay.first_backup = -1;
  } else if (relay.first_backup < 0) {
    relay.first_backup = now_;
  } else if (now_ - relay.first_backup >= between_backups) {
    relay.acting = true;
    agenda_.add(now_ + chosen(Name::relay_question) + chosen(Name::write), Kind::relay_updates);
  }
}

void Simulator::World::relay_updates() {
  watchers_[0] = {};
  if (region_out_[0] || random_.chance(plan_->faults.function_fails) || guard::latched(check_))
    return;
  if (story_) tell("the relay has seen Backup twice");
  update(guard::latching(check_, guard::LatchKind::path, false));
}

}  // namespace sitelatch::simulation
