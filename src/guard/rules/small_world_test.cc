// SPDX-License-Identifier: Apache-2.0
// Every sequence of up to six events in a world of one check, against a naive reference that only
// remembers whether Primary may serve. Invariant: between a latch and a release, no step of ours
// leaves the check unlatched; a foreign undo is mended by the next step of the function, whatever
// it is. (The function keeps nothing between events that it decides by, so that a restart of it is
// no event of its own.)
#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace guard::testing;

namespace {
enum class Step {
  fails,
  recovers,
  duplicate,
  tick,
  undo,
  release,
  maintain_primary,
  maintain_backup,
  trip,
  late_tick
};
constexpr int steps = 10;

struct World {
  Situation s = armed();
  int now = 0;                            // a minute a step
  std::optional<Evidence> last_evidence;  // what SNS may deliver again
  // The reference.
  bool must_hold = false;  // latched and not released
  bool undone = false;     // somebody undid it, and the function has not run since
};

void run(World& w, const Verdict& verdict) {
  const bool was = latched(w.s.check);
  if (verdict.change) {
    CHECK_MESSAGE(
        (verdict.change->check.empty() || verdict.change->expected_version == w.s.check.version),
        "under the version");
    carry_out(*verdict.change, w.s);
  }
  CHECK_MESSAGE((!was || latched(w.s.check)), "the function never releases");
  if (latched(w.s.check)) w.must_hold = true;
  w.undone = false;
}

// The alarm is an edge: its message comes when it changes. Frozen or latched checks make it OK or
// ALARM by themselves.
void alarm_becomes(World& w, AlarmState state) {
  if (w.s.alarm->state == state) return;
  w.s.alarm->state = state;
  w.s.alarm->transitioned_at = at(w.now);
  if (state != AlarmState::alarm) return;
  w.last_evidence = Evidence{at(w.now)};
  run(w, on_alarm(w.s, *w.last_evidence, at(w.now + 1)));
}

bool step(World& w, Step step) {
  w.now += 60;
  if (step == Step::late_tick) w.now += 7200;
  const auto now = at(w.now);
  switch (step) {
    case Step::fails:
      alarm_becomes(w, AlarmState::alarm);
      break;
    case Step::recovers:
      if (latched(w.s.check)) return false;  // a latched check does not recover
      alarm_becomes(w, AlarmState::ok);
      break;
    case Step::duplicate:
      if (!w.last_evidence) return false;
      run(w, on_alarm(w.s, *w.last_evidence, now));
      break;
    case Step::tick:
    case Step::late_tick:
      run(w, on_tick(w.s, now));
      break;
    case Step::undo:
      if (!latched(w.s.check)) return false;
      w.s.check.path = "/lb-check";
      w.s.check.disabled = w.s.check.inverted = false;
      ++w.s.check.version;
      w.undone = true;
      break;
    case Step::release: {
      SwitchBack options;
      options.reason = "x";
      options.primary_answers = true;
      const auto change = switch_back(w.s, options, now);
      if (!change) return false;
      carry_out(*change, w.s);
      w.must_hold = w.undone = false;
      CHECK_FALSE(latched(w.s.check));
      break;
    }
    case Step::maintain_primary:
    case Step::maintain_backup: {
      const auto side = step == Step::maintain_primary ? Keep::primary : Keep::backup;
      w.s.health = healthy_until(now);  // as the alarm says: it has no lag in this world
      const auto change = disarm(w.s, {std::chrono::minutes{3}, side, "x"}, now);
      if (!change) return false;
      CHECK_MESSAGE((!w.must_hold || side == Keep::backup), "maintenance never releases");
      carry_out(*change, w.s);
      if (latched(w.s.check)) w.must_hold = true;
      break;
    }
    case Step::trip: {
      const auto change = trip(w.s, {false, "x"}, now);
      if (!change) return false;
      carry_out(*change, w.s);
      w.must_hold = true;
      w.undone = false;
      break;
    }
  }
  return true;
}

bool holds(const World& w) {
  if (w.must_hold && !w.undone && !latched(w.s.check)) return false;
  // Frozen as healthy only in maintenance, or until the next tick after it.
  return !(frozen_healthy(w.s.check) && !w.s.record.maintenance);
}

long explored = 0;
void explore(const World& world, int left, std::string path) {
  for (int i = 0; i < steps; ++i) {
    World next = world;
    if (!step(next, static_cast<Step>(i))) continue;
    ++explored;
    if (!holds(next)) FAIL("after " << path << i);
    if (left > 1) explore(next, left - 1, path + std::to_string(i));
  }
}

// From any state: two ticks after a failing Primary, it is latched, unless in maintenance or within
// a release's window.
void check_liveness(const World& world, int left) {
  for (int i = 0; i < steps; ++i) {
    World next = world;
    if (!step(next, static_cast<Step>(i))) continue;
    World later = next;
    later.s.alarm->state = AlarmState::alarm;  // and its message was lost
    later.s.alarm->transitioned_at = at(later.now + 30);
    step(later, Step::late_tick);
    if (!latched(later.s.check)) FAIL("a failing Primary is never latched");
    if (left > 1) check_liveness(next, left - 1);
  }
}
}  // namespace

TEST_CASE("every sequence of six events holds the latch from latch to release") {
  for (const auto kind : {LatchKind::path, LatchKind::inverted}) {
    World world;
    world.s.record.latch = kind;
    explore(world, 6, kind == LatchKind::inverted ? "inverted " : "");
  }
  CHECK(explored >
        100'000);  // steps that cannot be taken (an undo of nothing, ...) end their branch
}

TEST_CASE("after every sequence of four events a lost alarm is made good") {
  check_liveness(World{}, 4);
}
