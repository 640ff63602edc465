// SPDX-License-Identifier: Apache-2.0
// A small world of the form `config`, searched to a depth in every order: minutes good and bad, two
// operators of whom one is slow (he looks, others act, then he does what he saw), answers that get
// lost, processes that are killed or interrupted, Terraform. The rules decide; here stands what an
// update under a version does, and a naive reference that knows no rule: it only notes who let
// Primary be named, and of which failover he knew. The sentence: between a failover (or a trip) and
// the release of a person who knew of it, nobody is answered Primary.
#include <doctest/doctest.h>

#include <string>

#include "guard/rules/config_steps.h"
#include "guard/rules/small_world.h"
#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;

namespace {
namespace config_world {

using guard::testing::at;
using guard::testing::id;
using guard::testing::status_minutes;
using guard::testing::Taken;
using std::chrono::minutes;

const std::string combined_id = "c1111111-0000-4000-8000-000000000000";
const std::string hold_id = "41111111-0000-4000-8000-000000000000";
const ConfigPlan plan = plan_config(id, "aws");
const Instant now = at(0);

enum class Asks { endpoint, both, one };  // C: [E] 1, [E, H] 2, [E, H] 1
constexpr int visible_after = 2;          // minutes until a datapoint of C is seen
constexpr int oldest = good_minutes_asked + visible_after + 1;  // beyond it an age says nothing new

// What a look shows.
struct Seen {
  bool well = true, shown_healthy = true, disabled = false, tag = false, attached = true,
       dns_primary = true;
  Asks asks = Asks::both;
  int good = good_minutes_asked;
  int c_version = 1, h_version = 1;
  int failover = 0;  // the reference's: which the looker knows of
};

// A command that releases, as guard/apply has it.
struct Session {
  bool on = false, closed = false;
  int h_version = 0, age = 0, failover = 0;
  int c_version = 0;  // as the person was shown it; 0: not to be opened
};

struct World {
  // What is there.
  bool well = true, hold = true, hold_shown = true, disabled = false, tag = false, attached = true;
  Asks asks = Asks::both;
  int good = good_minutes_asked;            // visible good minutes of C, one after the other
  bool on_the_way[visible_after] = {1, 1};  // the newest first
  int c_version = 1, h_version = 1, tag_age = 0;
  // Who acts.
  bool slow_looked = false;
  Seen slow_view;
  Session slow, quick;
  // The reference.
  bool must_hold = false, let_out = false;
  int failover = 0;
};

std::string key_of(const World& w) {
  std::string key;
  const auto add = [&key](auto value) { key.push_back(static_cast<char>(value)); };
  add(w.well | w.hold << 1 | w.hold_shown << 2 | w.disabled << 3 | w.tag << 4 | w.attached << 5 |
      w.must_hold << 6);
  add(w.let_out | w.on_the_way[0] << 1 | w.on_the_way[1] << 2 | static_cast<int>(w.asks) << 3);
  add(w.good);
  add(w.tag ? w.tag_age : 0);
  for (const auto* s : {&w.slow, &w.quick}) {
    if (!s->on) {
      add(0);
      continue;
    }
    add(1 | s->closed << 1 | (s->h_version == w.h_version) << 2 |
        (s->c_version == w.c_version) << 3 | (s->failover == w.failover) << 4);
    add(s->age);
  }
  if (w.slow_looked) {
    const auto& v = w.slow_view;
    add(v.well | v.shown_healthy << 1 | v.disabled << 2 | v.tag << 3 | v.attached << 4 |
        v.dns_primary << 5);
    add(static_cast<int>(v.asks) | (v.c_version == w.c_version) << 2 |
        (v.h_version == w.h_version) << 3 | (v.failover == w.failover) << 4);
    add(v.good);
  }
  return key;
}

bool names_primary(const World& w) { return w.attached ? w.hold : w.well; }

// The reference. A release lets Primary be named once, or as long as C is left content with one
// (docs/forms.md says so of a command that is killed); what fails after that is another failover.
bool settle(World& w) {
  if (w.hold && w.let_out && w.asks != Asks::one) w.must_hold = w.let_out = false;
  if (w.attached && !w.hold && !w.must_hold) {
    w.must_hold = true;
    ++w.failover;
    w.let_out = false;
  }
  return !(names_primary(w) && w.must_hold && !w.let_out);
}

Seen look(const World& w) {
  return {w.well, w.hold_shown, w.disabled,  w.tag,       w.attached, names_primary(w),
          w.asks, w.good,       w.c_version, w.h_version, w.failover};
}

ConfigObserved observed(const Seen& seen) {
  ConfigObserved o;
  o.endpoint = guard::testing::healthy_check();
  o.endpoint_health.now = seen.well;
  o.combined = CombinedCheck{
      combined_id, static_cast<std::uint64_t>(seen.c_version), {id}, 1, false, false, {}};
  if (seen.asks != Asks::endpoint) o.combined->children.push_back(hold_id);
  if (seen.asks == Asks::both) o.combined->threshold = 2;
  const auto text = "0" + std::string(static_cast<std::size_t>(seen.good), '1');
  o.combined_minutes = status_minutes(text, now - minutes{text.size() + visible_after});
  HoldCheck hold;
  hold.id = hold_id;
  hold.version = static_cast<std::uint64_t>(seen.h_version);
  hold.alarm_region = plan.region;
  hold.alarm_name = plan.alarm;
  hold.insufficient_data = "LastKnownStatus";
  hold.inverted = true;
  hold.disabled = seen.disabled;
  hold.copy = good_minutes_rule(combined_id);
  if (seen.tag) hold.tags[std::string{tag::switch_back}] = "somebody";
  o.hold = hold;
  o.hold_minutes = status_minutes(seen.shown_healthy ? "01" : "10", now - minutes{2});
  o.alarm = guard::testing::alarm_by(good_minutes_rule(combined_id));
  o.records = FormRecords{seen.attached ? 0 : 1, seen.attached ? 1 : 0, {}, {}};
  o.dns_primary = seen.dns_primary;
  return o;
}

void minute(World& w, bool well) {
  w.well = well;
  const bool c = w.asks == Asks::endpoint ? well
                 : w.asks == Asks::both   ? well && w.hold
                                          : well || w.hold;
  const bool visible = w.on_the_way[1];
  w.on_the_way[1] = w.on_the_way[0];
  w.on_the_way[0] = c;
  w.good = visible ? std::min(w.good + 1, good_minutes_asked) : 0;
  w.hold_shown = w.hold;  // the metric is a minute behind DNS
  w.hold = !w.disabled && w.good == good_minutes_asked;
  for (auto* age : {&w.tag_age, &w.slow.age, &w.quick.age}) *age = std::min(*age + 1, oldest);
}

// C, under its version. Closing it takes no release back: only who says so does.
bool ask_for(World& w, int version, Asks asks) {
  if (version != w.c_version) return false;
  ++w.c_version;
  w.asks = asks;
  return true;
}
bool update_hold(World& w, int version, bool disabled) {
  if (version != w.h_version) return false;
  ++w.h_version;
  w.disabled = disabled;
  if (!disabled) return true;
  w.hold = false;
  if (!w.attached) return true;
  ++w.failover;
  w.must_hold = true;
  w.let_out = false;
  return true;
}

// What the rules say of a look, each asked once: they know no versions but those that they compare.
struct Said {
  bool trips, release, opens, attach, removal, healthy;
  HoldStep holding;
  std::optional<ConfigStep> deploy;
};
int number_of(const Seen& s) {
  const int bits = s.well | s.shown_healthy << 1 | s.disabled << 2 | s.tag << 3 | s.attached << 4 |
                   s.dns_primary << 5;
  return (bits * 3 + static_cast<int>(s.asks)) * (good_minutes_asked + 1) + s.good;
}
const Said& said_of(const Seen& seen) {
  static std::unordered_map<int, Said> known;
  const auto [at, is_new] = known.try_emplace(number_of(seen));
  if (!is_new) return at->second;
  const auto o = observed(seen);
  auto& said = at->second;
  const auto trip = trip_config(o);
  said.trips = trip && *trip;
  said.release = against_release(plan, o, {}, now).empty();
  said.opens = may_be_opened(plan, o, now);
  const bool builds = against_config(plan, o).empty();
  said.attach = builds && against_attaching(plan, o, now).empty();
  said.removal = against_removal(plan, o, true, Unhold::unsaid, now).empty();
  said.healthy = hold_is_healthy(plan, o, now) == true;
  said.holding = next_of_holding(plan, o, now);
  const auto work = config_work(plan, o, {true, true}, now);
  if (builds && !work.empty()) said.deploy = work.front().step;
  return said;
}
ReleaseStep next_step(const Seen& seen, int age, MayOpen may_open) {
  static std::unordered_map<int, ReleaseStep> known;
  const int number =
      (number_of(seen) * (oldest + 1) + age) * 2 + (may_open == MayOpen::yes ? 1 : 0);
  const auto [at, is_new] = known.try_emplace(number);
  if (is_new) at->second = next_of_release(plan, observed(seen), now - minutes{age}, now, may_open);
  return at->second;
}
ConfigObserved versions(const Seen& seen) {
  ConfigObserved o;
  o.combined.emplace().version = static_cast<std::uint64_t>(seen.c_version);
  o.hold.emplace().version = static_cast<std::uint64_t>(seen.h_version);
  return o;
}

bool trips(World& w, const Seen& seen) {
  // Where no record follows the hold the endpoint's check itself is latched.
  return seen.attached && said_of(seen).trips && update_hold(w, seen.h_version, true);
}

bool deploys(World& w, const Seen& seen) {
  const auto step = said_of(seen).deploy;
  if (step == ConfigStep::open_window) return ask_for(w, seen.c_version, Asks::endpoint);
  if (step == ConfigStep::close) return ask_for(w, seen.c_version, Asks::both);
  return false;
}

bool attaches(World& w) {
  if (w.attached || !said_of(look(w)).attach) return false;
  return w.attached = true;
}

// It looks when the person has said yes, and again before the records change.
bool gives_back(World& w) {
  if (!w.attached || !said_of(look(w)).removal) return false;
  w.attached = false;
  if (w.let_out) w.must_hold = w.let_out = false;
  return true;
}

// hold_again(): after an interrupt, or where somebody else has changed the hold.
void holds_again(World& w) {
  for (auto seen = look(w); said_of(seen).holding != HoldStep::done; seen = look(w)) {
    if (said_of(seen).holding == HoldStep::trip)
      update_hold(w, seen.h_version, true);
    else
      ask_for(w, seen.c_version, Asks::both);
  }
  w.tag = false;
  if (!w.hold) w.let_out = false;  // too late where Primary serves already
}

// `shown` to a person, who thinks about it.
bool begins(World& w, Session& session, const Seen& shown) {
  if (session.on || !said_of(shown).release) return false;
  Session next{true, false, shown.h_version, 0, shown.failover, 0};
  if (shown.asks == Asks::one) {
    // Going on with it: nobody is asked again.
    next.age = shown.tag ? w.tag_age : 0;
    w.let_out = w.let_out || shown.failover == w.failover;
  } else {
    const auto fresh = look(w);
    if (!seen_the_same(versions(shown), versions(fresh)) || !said_of(fresh).release) return false;
    auto both = fresh;
    both.dns_primary = shown.dns_primary;  // asked when it was shown
    next.c_version = said_of(both).opens ? shown.c_version : 0;
  }
  session = next;
  if (!w.tag) w.tag_age = next.age;
  w.tag = true;
  return true;
}

enum class Answer { comes, lost };

// One look and at most one change; `seen` may be of before others acted.
bool advances(World& w, Session& session, const Seen& seen, Answer answer) {
  if (!session.on) return false;
  if (seen.h_version != session.h_version) {
    holds_again(w);
    session = {};
    return true;
  }
  if (session.closed) {
    if (!said_of(seen).healthy && seen.dns_primary) return false;
    w.tag = false;
    session = {};
    return true;
  }
  // Whoever goes on with it, and knows of the latest failover, releases.
  w.let_out = w.let_out || (w.asks == Asks::one && session.failover == w.failover);
  const auto may_open = session.c_version == seen.c_version ? MayOpen::yes : MayOpen::not_again;
  switch (next_step(seen, session.age, may_open)) {
    case ReleaseStep::open:
      if (!ask_for(w, seen.c_version, Asks::one)) return false;
      w.let_out = w.let_out || session.failover == w.failover;
      return true;
    case ReleaseStep::wait:
      return false;
    case ReleaseStep::let_go: {
      const bool done = update_hold(w, seen.h_version, false);
      if (done && answer == Answer::comes) session.h_version = w.h_version;
      w.let_out = w.let_out || (done && session.failover == w.failover);
      return done;
    }
    case ReleaseStep::close: {
      const bool done = ask_for(w, seen.c_version, Asks::both);
      session.closed = done && answer == Answer::comes;
      return done;
    }
    case ReleaseStep::done:
    case ReleaseStep::closed_by_others:
      session.closed = true;
      return true;
  }
  return false;
}

struct Act {
  const char* name;
  bool (*does)(World&);  // false: refused, or nothing changed
};
const Act acts[] = {
    {"a good minute", [](World& w) { return minute(w, true), true; }},
    {"a bad minute", [](World& w) { return minute(w, false), true; }},
    {"twelve good minutes", nullptr},
    {"the slow one looks", [](World& w) { return w.slow_view = look(w), w.slow_looked = true; }},
    {"the slow one trips", [](World& w) { return w.slow_looked && trips(w, w.slow_view); }},
    {"the slow one deploys", [](World& w) { return w.slow_looked && deploys(w, w.slow_view); }},
    {"the slow one switches back",
     [](World& w) { return w.slow_looked && begins(w, w.slow, w.slow_view); }},
    {"the slow one goes on",
     [](World& w) { return w.slow_looked && advances(w, w.slow, w.slow_view, Answer::comes); }},
    {"the slow one looks and goes on",
     [](World& w) { return advances(w, w.slow, look(w), Answer::comes); }},
    {"the slow one goes on, his answer is lost",
     [](World& w) { return advances(w, w.slow, look(w), Answer::lost); }},
    {"the slow one is killed",
     [](World& w) {
       if (!w.slow.on) return false;
       w.slow = {};
       return true;
     }},
    {"the slow one is interrupted",
     [](World& w) {
       if (!w.slow.on) return false;
       holds_again(w);
       w.slow = {};
       return true;
     }},
    {"the quick one trips", [](World& w) { return trips(w, look(w)); }},
    {"the quick one deploys", [](World& w) { return deploys(w, look(w)); }},
    {"the quick one attaches", attaches},
    {"the quick one gives the records back", gives_back},
    {"the quick one switches back", [](World& w) { return begins(w, w.quick, look(w)); }},
    {"the quick one goes on",
     [](World& w) { return advances(w, w.quick, look(w), Answer::comes); }},
    {"the quick one is killed",
     [](World& w) {
       if (!w.quick.on) return false;
       w.quick = {};
       return true;
     }},
    // Not while the fifteen minutes are about to be complete: then Primary is named for some
    // minutes and held again (docs/forms.md), and no version tells that latch from the one before.
    {"Terraform puts C back",
     [](World& w) {
       return w.asks == Asks::one && (w.hold || w.good + visible_after < good_minutes_asked) &&
              ask_for(w, w.c_version, Asks::both);
     }},
};

Taken take(const Act& act, World& w) {
  bool did = true, broken = false;
  if (act.does == nullptr) {
    for (int i = 0; i < 12 && !broken; ++i) {
      minute(w, true);
      broken = !settle(w);
    }
  } else {
    did = act.does(w);
  }
  if (broken || !settle(w)) return Taken::broke;
  return did ? Taken::held : Taken::no;
}

World serving() { return {}; }
World latched() {
  auto w = serving();
  for (int i = 0; i < 5; ++i) {
    minute(w, false);
    settle(w);
  }
  for (int i = 0; i < 5; ++i) {
    minute(w, true);
    settle(w);
  }
  return w;
}
World releasing() {
  auto w = latched();
  REQUIRE(begins(w, w.slow, look(w)));
  REQUIRE(advances(w, w.slow, look(w), Answer::comes));
  for (int i = 0; i < 13; ++i) {
    minute(w, true);
    settle(w);
  }
  return w;
}
World unattached() {
  auto w = serving();
  w.attached = false;
  return w;
}

}  // namespace config_world
}  // namespace

TEST_CASE("config: every order of acts of two operators keeps the sentence") {
  struct Row {
    const char* from;
    config_world::World world;
    int depth;
  };
  std::size_t taken = 0, releases = 0, failovers = 0;
  for (const auto& row :
       {Row{"serving", config_world::serving(), 8}, Row{"latched", config_world::latched(), 9},
        Row{"switching back", config_world::releasing(), 8},
        Row{"not attached", config_world::unattached(), 8}}) {
    CAPTURE(std::string{row.from});
    const auto found = guard::testing::search(row.world, row.depth, config_world::acts,
                                              config_world::key_of, config_world::take);
    MESSAGE(std::string{row.from}, ": ", found.states, " states, ", found.taken, " acts");
    CHECK(found.breach == "");
    taken += found.taken;
    releases += found.releases;
    failovers += found.latches;
  }
  CHECK(taken > 100'000);
  CHECK(releases > 100);
  CHECK(failovers > 100);
}
