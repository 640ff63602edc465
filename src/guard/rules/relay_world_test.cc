// SPDX-License-Identifier: Apache-2.0
// A small world of the relay (form `hardened`), searched to a depth in every order: a Primary that
// fails and comes back, two name servers that hear of it late, a relay of two processes, of which
// one is slow (it reads, others act, then it latches) and either may be killed, an operator whose
// switch back is two calls, of which the second may be late, come twice or never, and another who
// trips. The reference remembers two things: that somebody latched and nobody released, and whether
// Route 53 found Primary unhealthy again after the last release.
#include <doctest/doctest.h>

#include <string>

#include "guard/rules/relay.h"
#include "guard/rules/small_world.h"
#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;

namespace {
namespace relay_world {

using namespace guard::testing;

constexpr int tick_s = 10, window_s = 60, window_ticks = window_s / tick_s;
constexpr int skew_ticks = 2;  // of relay.cc, which this world only uses to tell its states apart

// A process, and what is known of its memory without asking it.
struct Relay {
  RelayMemory memory;
  std::uint64_t waiting = 0;  // release; 0: none
  int primary_for = -1;       // ticks
};

struct World {
  Situation s = armed();
  bool well = true, healthy = true;     // Primary; Route 53's status
  bool says_primary[2] = {true, true};  // the servers
  int now = 0;                          // ticks
  Relay quick, slow;
  std::optional<Change> slow_change;    // what the slow one is about to do
  std::optional<Change> release, copy;  // the operator's second call, on its way
  // The reference.
  bool must_hold = false;
  int released_at = -1;                  // ticks; -1: never
  bool came_back = false, fell = false;  // by Route 53, after the last release
  bool broken = false;
};

std::string key_of(const World& w) {
  std::string key;
  const auto add = [&key](auto value) { key.push_back(static_cast<char>(value)); };
  const auto& record = w.s.record;
  add(w.well | w.healthy << 1 | w.says_primary[0] << 2 | w.says_primary[1] << 3 |
      latched(w.s.check) << 4 | w.must_hold << 5 | w.came_back << 6);
  add(w.fell | record.latched_in_this_release() << 1 | (record.release.number > 0) << 2 |
      w.slow_change.has_value() << 3 | w.release.has_value() << 4 | w.copy.has_value() << 5 |
      (record.release.at.has_value() &&
       at(w.now * tick_s) < *record.release.at + std::chrono::seconds{window_s})
          << 6);
  for (const auto* change : {&w.slow_change, &w.release, &w.copy})
    add(*change && (*change)->expected_version == w.s.check.version);
  const auto release_age =
      record.release.at ? (at(w.now * tick_s) - *record.release.at) / std::chrono::seconds{tick_s}
                        : window_ticks + 1;
  add(std::min<long>(release_age, window_ticks + 1));
  add(w.released_at < 0 ? window_ticks + 1 : std::min(w.now - w.released_at, window_ticks + 1));
  for (const auto* relay : {&w.quick, &w.slow}) {
    add((relay->waiting == record.release.number) | (relay->waiting != 0) << 1 |
        (relay->memory.came_back_in() == record.release.number) << 2 |
        relay->memory.came_back_in().has_value() << 3);
    add(std::min(relay->primary_for, skew_ticks));
  }
  return key;
}

// A look at both servers, so many milliseconds after the run's beginning.
Look look(const World& w, int ms) {
  Look out;
  for (int i = 0; i < 2; ++i)
    out.push_back({{"ns-" + std::to_string(i + 1), 53},
                   std::chrono::milliseconds{ms},
                   w.says_primary[i] ? Side::primary : Side::backup,
                   {}});
  return out;
}

// As the function does it: looks, and what they come to. Nothing: there is nothing to do.
std::optional<Change> run(World& w, Relay& relay) {
  const auto now = at(w.now * tick_s);
  std::vector<Look> looks{look(w, 0)};
  relay.memory.saw(looks.back(), now);
  const bool backup = !w.says_primary[0] || !w.says_primary[1];
  relay.primary_for = backup || relay.waiting == 0 ? -1 : std::max(relay.primary_for, 0);
  auto sighting = weigh(looks);
  if (sighting.kind == Sighting::Kind::look_again) {
    looks.push_back(look(w, 1000));
    relay.memory.saw(looks.back(), now);
    sighting = weigh(looks);
  }
  if (sighting.kind != Sighting::Kind::latch) return std::nullopt;
  const auto verdict = on_relay(w.s, {sighting.why, relay.memory.came_back_in(), false}, now);
  if (verdict.kind == Verdict::Kind::older_evidence) {
    const auto number = w.s.record.release.number;
    relay.memory.met_release(number);
    if (relay.waiting != number) relay.primary_for = -1;
    relay.waiting = number;
  }
  return verdict.change;
}

enum class Note { written, lost };

// UpdateHealthCheck under its version, then the note: the function writes no other part.
bool latches(World& w, const Change& change, Note note) {
  if (change.expected_version != w.s.check.version) return false;
  w.s.check = apply(change.check, w.s.check);
  if (note == Note::written) w.s.record.latch_note = change.record.latch_note;
  // The window is counted from the promise, however late the release came.
  const auto& promised = w.s.record.release.at;
  const bool excused = w.released_at < 0 || w.fell || !promised ||
                       at(w.now * tick_s) >= *promised + std::chrono::seconds{window_s};
  if (!excused) w.broken = true;  // it undoes a person's switch back
  w.must_hold = true;
  return true;
}

bool releases(World& w, const Change& change) {
  if (change.expected_version != w.s.check.version) return false;
  w.s.check = apply(change.check, w.s.check);
  w.must_hold = w.came_back = w.fell = false;
  w.released_at = w.now;
  return true;
}

bool take(std::optional<Change>& change, World& w, bool (*does)(World&, const Change&)) {
  if (!change) return false;
  const auto taken = std::move(*change);
  change.reset();
  (void)does(w, taken);
  return true;
}

struct Act {
  const char* name;
  bool (*does)(World&);  // false: nothing changed
};
const Act acts[] = {
    {"ten seconds",
     [](World& w) {
       ++w.now;
       for (auto* relay : {&w.quick, &w.slow})
         if (relay->primary_for >= 0) ++relay->primary_for;
       return true;
     }},
    {"Primary fails or comes back", [](World& w) { return w.well = !w.well, true; }},
    {"Route 53 finds it",
     [](World& w) {
       const bool finds = w.well && !latched(w.s.check);
       if (finds == w.healthy) return false;
       w.healthy = finds;
       w.came_back = w.came_back || finds;
       w.fell = w.fell || (w.came_back && !finds);
       return true;
     }},
    {"server 1 hears of it",
     [](World& w) { return std::exchange(w.says_primary[0], w.healthy) != w.healthy; }},
    {"server 2 hears of it",
     [](World& w) { return std::exchange(w.says_primary[1], w.healthy) != w.healthy; }},
    {"the quick relay runs",
     [](World& w) {
       const auto change = run(w, w.quick);
       if (change) (void)latches(w, *change, Note::written);
       return true;
     }},
    {"the quick relay runs and is killed before its note",
     [](World& w) {
       const auto change = run(w, w.quick);
       w.quick = {};
       return change && latches(w, *change, Note::lost);
     }},
    {"the slow relay looks",
     [](World& w) {
       if (w.slow_change) return false;
       w.slow_change = run(w, w.slow);
       return true;
     }},
    {"the slow relay latches",
     [](World& w) {
       return take(w.slow_change, w, [](World& world, const Change& change) {
         return latches(world, change, Note::written);
       });
     }},
    {"both relays are killed",
     [](World& w) { return w.quick = w.slow = {}, w.slow_change.reset(), true; }},
    {"a person switches back",
     [](World& w) {
       SwitchBack options;
       options.reason = "x";
       options.primary_answers = true;
       options.force = {"alarm"};
       options.window = std::chrono::seconds{window_s};
       const auto change = switch_back(w.s, options, at(w.now * tick_s));
       if (!change || w.release) return false;
       w.s.record = change->record;
       w.release = *change;
       return true;
     }},
    {"the release arrives",
     [](World& w) {
       if (!w.copy) w.copy = w.release;
       return take(w.release, w, releases);
     }},
    {"the release arrives again", [](World& w) { return take(w.copy, w, releases); }},
    {"the person is killed before the release",
     [](World& w) { return std::exchange(w.release, std::nullopt).has_value(); }},
    {"another person trips",
     [](World& w) {
       const auto change = trip(w.s, {false, "x"}, at(w.now * tick_s));
       if (!change || change->check.empty()) return false;
       w.s.check = apply(change->check, w.s.check);
       w.s.record.latch_note = change->record.latch_note;
       return w.must_hold = true;
     }},
};

bool holds(const World& w) { return !w.broken && (!w.must_hold || latched(w.s.check)); }

Taken take_act(const Act& act, World& w) {
  if (!act.does(w)) return Taken::no;
  return holds(w) ? Taken::held : Taken::broke;
}

// Failed over, latched by the relay, and Primary well again.
World latched_world() {
  World w;
  w.well = w.healthy = w.says_primary[0] = w.says_primary[1] = false;
  const auto change = run(w, w.quick);
  REQUIRE(change);
  REQUIRE(latches(w, *change, Note::written));
  w.well = true;
  return w;
}

// Released, and a relay has met that while the servers still say Backup.
World released_world() {
  auto w = latched_world();
  for (const auto* name : {"a person switches back", "the release arrives"})
    for (const auto& act : acts)
      if (std::string_view{act.name} == name) REQUIRE(act.does(w));
  REQUIRE_FALSE(run(w, w.quick));
  return w;
}

}  // namespace relay_world
}  // namespace

TEST_CASE(
    "relay: every order of acts keeps a latch until its release, and a release until a fall") {
  std::size_t taken = 0, latches = 0, releases = 0;
  for (const auto& [world, depth] :
       {std::pair{relay_world::World{}, 11}, std::pair{relay_world::latched_world(), 11},
        std::pair{relay_world::released_world(), 11}}) {
    const auto found = guard::testing::search(world, depth, relay_world::acts, relay_world::key_of,
                                              relay_world::take_act);
    MESSAGE(found.states, " states, ", found.taken, " acts");
    CHECK(found.breach == "");
    taken += found.taken;
    latches += found.latches;
    releases += found.releases;
  }
  CHECK(taken > 100'000);
  CHECK(latches > 1'000);
  CHECK(releases > 1'000);
  // From a failover on that every server tells of, one run of a relay is enough.
  relay_world::World w;
  w.well = w.healthy = w.says_primary[0] = w.says_primary[1] = false;
  CHECK(relay_world::run(w, w.slow));
}
