// SPDX-License-Identifier: Apache-2.0
// The inside of a Simulator: the state of one run, and what each event does to it. The parts:
//
//   probing   (world_probes.cc)    sites, checkers and their opinions on the way to the edges
//   the chain (world_chain.cc)     metric, alarm, message, function, update: guide and hardened
//   the forms (world_forms.cc)     what PRIMARY follows: config's loop, the watchers of fast and
//                                  strict, the relay of hardened, the engine's own latch
//   people    (world_acts.cc)      what the plan does to all of it
#pragma once

#include <array>
#include <optional>

#include "guard/rules/decision.h"
#include "services/route53/aggregation.h"
#include "services/route53/latch.h"
#include "simulation/agenda.h"
#include "simulation/metric.h"
#include "simulation/random.h"
#include "simulation/simulator.h"
#include "simulation/witness.h"

namespace sitelatch::simulation {

// What somebody's checkers probe: Primary (E), Backup, and the URLs of the two watchers (of fast
// and strict; the first is hardened's relay).
enum class Probed : std::uint8_t { primary, backup, watcher_a, watcher_b, count };
inline constexpr auto probed_count = static_cast<std::size_t>(Probed::count);

class Simulator::World {
 public:
  explicit World(const Settings& settings)
      : settings_(settings),
        good_minutes_(rule_of_good_minutes(15, short_window(settings))),
        permit_(rule_of_good_minutes(3, short_window(settings))) {}
  Outcome run(const Plan& plan, std::uint64_t seed, Story* story);

 private:
  static ShortWindow short_window(const Settings& settings) {
    return settings[Name::short_window].low == 0 ? ShortWindow::settles_nothing
                                                 : ShortWindow::as_alarm;
  }
  enum class Kind : std::uint8_t {
    probe,           // a: probed, b: checker
    result,          // the same, when a time-out came to its end; always a failure
    opinion,         // a: probed and edge, b: checker, c: status and epoch: it has arrived
    followed,        // a: follower and edge, c: status and epoch
    child,           // a: which child of C, c: status
    sample,          // of HealthCheckStatus
    alarm_reads,     // the alarm's minute
    follower_reads,  // a: follower
    function_begins,
    function_ends,  // a: attempt
    tick,
    relay_updates,
    update_arrives,  // a: low, b: high byte of its version: the checkers have heard of it
    watcher_writes,  // a: region
    held_again,      // a: which release of config's it was that may have come to nothing
  };
  using Entry = Agenda<Kind>::Entry;

  struct ProbedCheck {
    bool used = false;
    Ms interval = 0;
    int threshold = 1;
    std::array<route53::CheckerOpinion, checker_count> checkers{};
    std::array<std::array<route53::CheckerOpinion, checker_count>, edge_count> at_edges{};
    std::array<route53::Status, edge_count> sum_at_edges{};
    route53::Status sum = route53::Status::healthy;
  };
  // An inverted CLOUDWATCH_METRIC check: config's H; P of the two Regions.
  struct Follower {
    route53::Status status = route53::Status::healthy;
    bool disabled = false;  // inverted too, so that it counts as unhealthy
    std::array<route53::Status, edge_count> at_edges{};
    Ms offset = 0;
    route53::Status effective() const { return disabled ? route53::Status::unhealthy : status; }
  };
  // A function that Route 53's own probes clock: fast's and strict's watchers, hardened's relay.
  struct Watcher {
    Ms first_backup = -1;  // of the two answers that it wants, a second apart
    bool acting = false;   // its write or update is under way
    bool revoked = false;
    Ms published_minute = -1;
  };

  // --- loop
  void begin(const Plan& plan, std::uint64_t seed, Story* story);
  void begin_chain();
  void begin_form();
  void handle(const Entry& entry);
  bool settled() const;
  Outcome outcome() const;

  Ms chosen(Name name) { return random_.between(settings_[name].low, settings_[name].high); }
  Ms minute_of(Ms at) const { return (at + phase_) / minute + minutes_before; }
  Ms end_of_minute(Ms number) const { return (number - minutes_before + 1) * minute - phase_; }
  Instant instant(Ms at) const;
  bool watches() const { return plan_->form == Form::fast || plan_->form == Form::strict; }
  bool follows_chain() const { return plan_->form == Form::guide || plan_->form == Form::hardened; }
  void tell(std::string text);

  // --- world_probes.cc
  void begin_checkers(Probed which, Ms interval, int threshold);
  void probe(Probed which, std::size_t checker);
  bool reaches(Probed which, std::size_t checker);
  void judge(Probed which, std::size_t checker, bool success);
  void opinion_arrives(const Entry& entry);
  void sum_changed(Probed which);
  void follow(int follower);  // its status is on its way to the edges
  void followed_arrives(const Entry& entry);
  void answer_anew(int edge);
  void answer_anew_everywhere();
  bool given_back() const;
  bool primary_healthy_at(int edge) const;
  void hear_all(int edge);
  ProbedCheck& check(Probed which) { return checks_[static_cast<std::size_t>(which)]; }
  const ProbedCheck& check(Probed which) const { return checks_[static_cast<std::size_t>(which)]; }

  // --- world_chain.cc
  void sample();
  void alarm_reads();
  void send_message();
  void function_begins();
  void function_ends(int attempt);
  void tick();
  void act_on(const guard::Verdict& verdict);
  void update(const guard::CheckChange& change);
  void update_arrives(std::uint64_t version);
  guard::Situation situation() const;
  Ms visible_after(Ms minute_number);

  // --- world_forms.cc
  route53::Status metric_source() const;
  void child_known(std::size_t child, route53::Status status);
  void children_changed();
  void follower_reads(int follower);
  void watcher_runs(int region);
  void watcher_writes(int region);
  void publish(int region);
  void relay_runs();
  void relay_updates();

  // --- world_acts.cc
  void act(const Act& act);
  void region(int which, bool out);
  void terraform(bool disabled_too);
  void switch_back();
  route53::Situation engine_situation() const;
  void trip();
  void end_of_release();
  void held_again(std::uint8_t release);
  void disable_follower(bool disabled);

  const Settings settings_;
  const Plan* plan_ = nullptr;
  Story* story_ = nullptr;
  Random random_{0};
  Agenda<Kind> agenda_;
  Witness witness_;
  Ms now_ = 0, phase_ = 0, end_ = 0;
  static constexpr Ms minutes_before =
      1'000;  // minutes there were, so that no number is below zero

  // sites and checkers
  Site primary_ = Site::up, backup_ = Site::up;
  bool primary_was_down_ = false;
  Ms down_since_ = -1;
  std::uint32_t cut_off_ = 0, lossy_ = 0;
  std::array<bool, region_count> region_out_{};
  std::array<ProbedCheck, probed_count> checks_{};
  std::array<Ms, edge_count> edge_delay_{};
  std::array<bool, edge_count> edge_cut_{};
  std::array<std::uint8_t, edge_count> epoch_{};

  // the chain
  std::array<Metric, region_count> metrics_{};  // HealthCheckStatus; fast, strict: the permits
  Ms sample_skew_ = 0;
  Ms visible_delay_ = 0;  // steady for a run: a delay that changes is a fault (Faults::minute_late)
  AlarmAsks alarm_asks_;
  Reader alarm_{rule_of_alarm()};
  guard::AlarmSnapshot alarm_snapshot_;
  guard::Check original_, check_;
  guard::Record record_;
  std::array<bool, checker_count> asks_latch_path_{};
  bool latch_on_way_ = false;
  int latches_ = 0;
  Ms latched_at_ = -1;
  bool message_pending_ = false;  // its Region is out

  // the forms
  std::array<Follower, region_count> followers_{};
  Reader good_minutes_, permit_;
  std::array<route53::Status, 2> children_{};  // of C, as it knows them: E and H
  int children_asked_ = 2;
  std::uint8_t releases_ = 0;  // a person's acts
  bool release_lags_ = false;  // config: it was ended, and may still make H healthy
  std::array<Ms, 2> child_delay_{};
  route53::Status calculated_ = route53::Status::healthy;
  std::array<Watcher, region_count> watchers_{};
  route53::LatchState engine_latch_;  // by the engine's own rules (route53/latch.h)
  std::int64_t engine_version_ = 1;
};

}  // namespace sitelatch::simulation
