// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "simulation/world.h"

namespace sitelatch::simulation {

using route53::Status;

namespace {
// Route 53's limits: four seconds to connect, then two for the status (R53
// dns-failover-determining-health-of-endpoints).
constexpr Ms no_connection = 4 * second, least_time_out = 2 * second, most_time_out = 6 * second;
constexpr std::int64_t lossy_loses = 400'000, half_fails = 500'000;

std::uint8_t pair_of(std::size_t a, int b) {
  return static_cast<std::uint8_t>(a * 16 + static_cast<std::size_t>(b));
}
std::uint8_t with_epoch(Status status, std::uint8_t epoch) {
  return static_cast<std::uint8_t>((epoch << 1) | static_cast<std::uint8_t>(status));
}
bool is_bit(std::uint32_t mask, std::size_t bit) { return ((mask >> bit) & 1) != 0; }
}  // namespace

void Simulator::World::begin_checkers(Probed which, Ms interval, int threshold) {
  auto& one = check(which);
  one.used = true;
  one.interval = interval;
  one.threshold = threshold;
  // A watcher's URL is probed by an inverted check of threshold 1: its checkers see no latch yet.
  const auto first = which == Probed::watcher_a || which == Probed::watcher_b ? Status::unhealthy
                                                                              : Status::healthy;
  one.checkers.fill({first, 0});
  for (auto& edge : one.at_edges) edge.fill({first, 0});
  one.sum_at_edges.fill(first);
  one.sum = first;
  for (std::size_t c = 0; c < checker_count; ++c)
    agenda_.add(plan_->phases ? plan_->phases->probes[c] : random_.between(0, interval),
                Kind::probe, static_cast<std::uint8_t>(which), static_cast<std::uint8_t>(c));
}

bool Simulator::World::reaches(Probed which, std::size_t checker) {
  switch (which) {
    case Probed::primary:
      return !is_bit(cut_off_, checker);
    case Probed::watcher_a:
      return !region_out_[0];
    case Probed::watcher_b:
      return !region_out_[1];
    case Probed::backup:
    case Probed::count:
      break;
  }
  return true;
}

void Simulator::World::probe(Probed which, std::size_t checker) {
  const auto number = static_cast<std::uint8_t>(which);
  const auto id = static_cast<std::uint8_t>(checker);
  const bool reached = reaches(which, checker);
  const bool site = which == Probed::primary || which == Probed::backup;
  const auto state = which == Probed::backup ? backup_ : primary_;
  Ms takes = chosen(Name::answer_time);
  bool late_failure = false;
  if (!reached) {
    takes = no_connection;
    late_failure = true;
  } else if (site && state == Site::hangs) {
    takes = random_.between(least_time_out, most_time_out);
    late_failure = true;
  }
  agenda_.add(now_ + takes + check(which).interval, Kind::probe, number, id);
  if (late_failure) return agenda_.add(now_ + takes, Kind::result, number, id);
  if (!site) {
    const int region = which == Probed::watcher_a ? 0 : 1;
    if (plan_->form == Form::hardened) return relay_runs();
    watcher_runs(region);
    return judge(which, checker, watchers_[static_cast<std::size_t>(region)].revoked);
  }
  bool success = state == Site::up || (state == Site::half && !random_.chance(half_fails));
  if (which == Probed::primary) {
    if (asks_latch_path_[checker]) success = false;
    if (is_bit(lossy_, checker) && random_.chance(lossy_loses)) success = false;
  }
  judge(which, checker, success);
}

void Simulator::World::judge(Probed which, std::size_t checker, bool success) {
  auto& one = check(which);
  auto& opinion = one.checkers[checker];
  const auto before = opinion.status;
  opinion = route53::observe(opinion, success, one.threshold);
  if (opinion.status == before) return;
  if (plan_->form != Form::engine)
    for (int e = 0; e < edge_count; ++e)
      agenda_.add(now_ + edge_delay_[static_cast<std::size_t>(e)], Kind::opinion,
                  pair_of(static_cast<std::size_t>(which), e), static_cast<std::uint8_t>(checker),
                  with_epoch(opinion.status, epoch_[static_cast<std::size_t>(e)]));
  const auto sum = route53::aggregate(one.checkers);
  if (sum == one.sum) return;
  one.sum = sum;
  sum_changed(which);
}

void Simulator::World::sum_changed(Probed which) {
  const auto sum = check(which).sum;
  if (which == Probed::primary) {
    if (story_)
      tell(fmt::format("Route 53 finds Primary {}",
                       sum == Status::healthy ? "healthy" : "unhealthy"));
    if (plan_->form == Form::config)
      agenda_.add(now_ + child_delay_[0], Kind::child, 0, 0, static_cast<std::uint8_t>(sum));
  }
  if (plan_->form != Form::engine) return;
  if (which == Probed::primary && route53::latch_if_due(engine_latch_, engine_situation(), {})) {
    ++engine_version_;  // in the same batch of the journal, before the answer leaves
    latched_at_ = now_;
    ++latches_;
    if (story_) tell("latched by the engine, in the same instant");
  }
  answer_anew_everywhere();
}

void Simulator::World::opinion_arrives(const Entry& entry) {
  const auto edge = static_cast<std::size_t>(entry.a % 16);
  if (edge_cut_[edge] || entry.c >> 1 != (epoch_[edge] & 127)) return;
  auto& one = checks_[entry.a / 16];
  one.at_edges[edge][entry.b].status = static_cast<Status>(entry.c & 1);
  const auto sum = route53::aggregate(one.at_edges[edge]);
  if (sum == one.sum_at_edges[edge]) return;
  one.sum_at_edges[edge] = sum;
  answer_anew(static_cast<int>(edge));
}

void Simulator::World::follow(int follower) {
  const auto number = static_cast<std::size_t>(follower);
  for (int e = 0; e < edge_count; ++e)
    agenda_.add(now_ + edge_delay_[static_cast<std::size_t>(e)], Kind::followed, pair_of(number, e),
                0, with_epoch(followers_[number].effective(), epoch_[static_cast<std::size_t>(e)]));
}

void Simulator::World::followed_arrives(const Entry& entry) {
  const auto edge = static_cast<std::size_t>(entry.a % 16);
  if (edge_cut_[edge] || entry.c >> 1 != (epoch_[edge] & 127)) return;
  followers_[entry.a / 16].at_edges[edge] = static_cast<Status>(entry.c & 1);
  answer_anew(static_cast<int>(edge));
}

// An edge that was cut off has everything at once; what was on its way to it is older than that.
void Simulator::World::hear_all(int number) {
  const auto edge = static_cast<std::size_t>(number);
  ++epoch_[edge];
  for (auto& one : checks_) {
    if (!one.used) continue;
    one.at_edges[edge] = one.checkers;
    one.sum_at_edges[edge] = route53::aggregate(one.at_edges[edge]);
  }
  for (auto& follower : followers_) follower.at_edges[edge] = follower.effective();
  answer_anew(number);
}

bool Simulator::World::primary_healthy_at(int number) const {
  const auto edge = static_cast<std::size_t>(number);
  const auto healthy = [](Status status) { return status == Status::healthy ? 1 : 0; };
  const auto permits =
      healthy(followers_[0].at_edges[edge]) + healthy(followers_[1].at_edges[edge]);
  // The watchers' checks are inverted: whom their checkers find unhealthy is not revoked.
  const auto not_revoked = healthy(route53::opposite(check(Probed::watcher_a).sum_at_edges[edge])) +
                           healthy(route53::opposite(check(Probed::watcher_b).sum_at_edges[edge]));
  switch (plan_->form) {
    case Form::guide:
    case Form::hardened:
      break;
    case Form::config:
      return followers_[0].at_edges[edge] == Status::healthy;
    case Form::fast:
      return route53::aggregate_children(not_revoked + permits, 4) == Status::healthy;
    case Form::strict:
      return route53::aggregate_children(permits, 2) == Status::healthy;
    case Form::engine:
      return route53::status_of(engine_latch_, check(Probed::primary).sum) == Status::healthy;
  }
  return check(Probed::primary).sum_at_edges[edge] == Status::healthy;
}

// The failover table (fact route53-37). In every form but the guide's, SECONDARY has no health
// check: it answers whenever PRIMARY is unhealthy.
void Simulator::World::answer_anew(int edge) {
  const bool primary = primary_healthy_at(edge);
  const bool backup_fails =
      plan_->form == Form::guide && check(Probed::backup).used &&
      check(Probed::backup).sum_at_edges[static_cast<std::size_t>(edge)] == Status::unhealthy;
  witness_.answer(now_, edge, !primary && !backup_fails, !primary && backup_fails);
  if (given_back()) witness_.released(now_);
  if (follows_chain() || latched_at_ >= 0 || !witness_.failed_over()) return;
  latched_at_ = now_;  // the failover is the latch
  ++latches_;
}

// What a person has given back may still be on its way to Backup: C asks for one child only, or did
// and H has not failed since; or nothing is revoked any more.
bool Simulator::World::given_back() const {
  if (releases_ == 0) return false;
  return plan_->form == Form::config ? children_asked_ == 1 || release_lags_
                                     : watches() && !watchers_[0].revoked && !watchers_[1].revoked;
}

void Simulator::World::answer_anew_everywhere() {
  for (int e = 0; e < edge_count; ++e) answer_anew(e);
}

}  // namespace sitelatch::simulation
