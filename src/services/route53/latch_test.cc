// SPDX-License-Identifier: Apache-2.0
// The latch by a table, and every order of what can happen against a reference that knows no state:
// it reads the whole history anew for every question.
#include "services/route53/latch.h"

#include <doctest/doctest.h>

#include <vector>

using namespace sitelatch;
using namespace sitelatch::route53;
using std::chrono::seconds;

namespace {

Situation unhealthy_at(std::int64_t version) {
  return {true, Status::unhealthy, false, version, Instant{seconds{100}}};
}
Situation healthy_at(std::int64_t version) {
  return {true, Status::healthy, false, version, Instant{seconds{200}}};
}

LatchState latched() {
  LatchState state;
  REQUIRE(latch_if_due(state, unhealthy_at(6), "503"));
  return state;
}

// --- every order

enum class Event {
  down,
  up,
  arm,
  disarm,
  disable,
  enable,
  trip,
  edit,
  look,
  release,
  release_seen
};
constexpr Event every_event[] = {Event::down,    Event::up,      Event::arm,         Event::disarm,
                                 Event::disable, Event::enable,  Event::trip,        Event::edit,
                                 Event::look,    Event::release, Event::release_seen};

// A check as HealthChecks keeps it: `probes` is what its probes say, Disabled makes it healthy.
struct Subject {
  LatchState state;
  bool armed = false, probes_bad = false, disabled = false;
  std::int64_t version = 1, seen = 1;
  bool accepted = true;  // the last event

  Status own() const { return probes_bad && !disabled ? Status::unhealthy : Status::healthy; }
  Situation now() const { return {armed, own(), disabled, version, Instant{}}; }
  Status status() const { return status_of(state, own()); }

  void does(Event event) {
    accepted = true;
    switch (event) {
      case Event::down:
        probes_bad = true;
        break;
      case Event::up:
        probes_bad = false;
        break;
      case Event::arm:
        armed = true;
        break;
      case Event::disarm:
        accepted = !state.latch;
        if (accepted) armed = false;
        break;
      case Event::disable:
        disabled = true, ++version;
        break;
      case Event::enable:
        disabled = false, ++version;
        break;
      case Event::trip:
        accepted = armed;
        if (armed && route53::trip(state, now(), "by hand " + std::to_string(version))) ++version;
        break;
      case Event::edit:
        ++version;
        break;
      case Event::look:
        seen = version;
        break;
      case Event::release:
        asks(version);
        break;
      case Event::release_seen:
        asks(seen);
        break;
    }
    if (latch_if_due(state, now(), "down")) ++version;
  }
  void asks(std::int64_t named) {
    accepted = route53::release(state, now(), {named, "why", "who"}) == ReleaseVerdict::released;
    if (accepted) ++version;
  }
};

// Answers each question from the history's beginning. What it answered of shorter ones it writes
// down, since two million histories begin alike.
class Reference {
 public:
  void push(Event event) {
    history_.push_back(event);
    const auto n = history_.size();
    accepted_.push_back(was_accepted(n));
    latched_.push_back(is_latched(n));
    version_.push_back(counted(n));
  }
  void pop() {
    history_.pop_back(), accepted_.pop_back(), latched_.pop_back(), version_.pop_back();
  }

  bool accepted() const { return accepted_.back(); }
  bool latched() const { return latched_.back(); }
  std::int64_t version() const { return version_.back(); }
  bool armed() const { return armed(history_.size()); }
  bool own_bad() const { return own_bad(history_.size()); }
  bool released() const { return is_release(history_.size()) && accepted(); }

 private:
  // After the first n events: whether the last of two kinds of event is the first kind.
  bool last_is(std::size_t n, Event one, Event other) const {
    for (; n > 0; --n) {
      if (history_[n - 1] == one) return true;
      if (history_[n - 1] == other) return false;
    }
    return false;
  }
  bool disabled(std::size_t n) const { return last_is(n, Event::disable, Event::enable); }
  bool own_bad(std::size_t n) const { return last_is(n, Event::down, Event::up) && !disabled(n); }
  bool armed(std::size_t n) const {
    for (; n > 0; --n) {
      if (history_[n - 1] == Event::arm) return true;
      if (history_[n - 1] == Event::disarm && accepted_[n]) return false;
    }
    return false;
  }
  // Since the last release there was an instant of armed and unhealthy, or a trip.
  bool is_latched(std::size_t n) const {
    for (; n > 0; --n) {
      if (is_release(n) && accepted_[n]) return false;
      if (armed(n) && (own_bad(n) || history_[n - 1] == Event::trip)) return true;
    }
    return false;
  }
  bool is_release(std::size_t n) const {
    return n > 0 && (history_[n - 1] == Event::release || history_[n - 1] == Event::release_seen);
  }
  bool was_accepted(std::size_t n) const {
    const auto before = n - 1;
    const bool releasable = latched_[before] && !own_bad(before) && !disabled(before);
    switch (history_[before]) {
      case Event::disarm:
        return !latched_[before];
      case Event::trip:
        return armed(before);
      case Event::release:
        return releasable;
      case Event::release_seen:
        return releasable && seen(before) == version_[before];
      default:
        return true;
    }
  }
  // Updates count, and accepted trips and releases, and latches that came of themselves.
  std::int64_t counted(std::size_t n) const {
    std::int64_t out = 1;
    for (std::size_t i = 1; i <= n; ++i) {
      const auto e = history_[i - 1];
      if (e == Event::disable || e == Event::enable || e == Event::edit) ++out;
      if ((e == Event::trip || is_release(i)) && accepted_[i]) ++out;
      if (e != Event::trip && !latched_[i - 1] && latched_[i]) ++out;
    }
    return out;
  }
  std::int64_t seen(std::size_t n) const {
    for (; n > 0; --n)
      if (history_[n - 1] == Event::look) return version_[n];
    return 1;
  }

  std::vector<Event> history_;
  std::vector<bool> accepted_{true}, latched_{false};  // after the first n events
  std::vector<std::int64_t> version_{1};
};

struct Walk {
  Reference by;
  std::size_t histories = 0, latches = 0, releases = 0, late_releases = 0, wrong = 0;

  void on(const Subject& before, std::size_t left) {
    if (left == 0) return;
    for (const auto event : every_event) {
      auto subject = before;
      subject.does(event);
      by.push(event);
      ++histories;
      const bool latched = subject.state.latch.has_value();
      const bool agrees = latched == by.latched() && subject.armed == by.armed() &&
                          subject.version == by.version() && subject.accepted == by.accepted() &&
                          (subject.status() == Status::unhealthy) == (by.latched() || by.own_bad());
      const bool at_rest = !subject.armed || subject.own() == Status::healthy || latched;  // L1
      const bool kept = !before.state.latch || latched || by.released();                   // L2
      if (!agrees || !at_rest || !kept) ++wrong;
      latches += latched && !before.state.latch ? 1 : 0;
      releases += by.released() ? 1 : 0;
      late_releases += event == Event::release_seen && before.state.latch && !subject.accepted &&
                               before.own() == Status::healthy && !before.disabled
                           ? 1
                           : 0;
      on(subject, left - 1);
      by.pop();
    }
  }
};

}  // namespace

TEST_CASE("armed and unhealthy latches, once; plain or healthy does not (fact route53-81)") {
  struct Row {
    bool armed;
    Status own;
    bool latches;
  };
  for (const auto& row :
       {Row{true, Status::unhealthy, true}, Row{true, Status::healthy, false},
        Row{false, Status::unhealthy, false}, Row{false, Status::healthy, false}}) {
    LatchState state;
    const Situation now{row.armed, row.own, false, 3, Instant{seconds{7}}};
    CHECK(latch_if_due(state, now, "503") == row.latches);
    CHECK(state.latch.has_value() == row.latches);
    CHECK_FALSE(latch_if_due(state, now, "again"));
    if (!state.latch) continue;
    CHECK(state.latch->since == Instant{seconds{7}});
    CHECK(state.latch->cause == "503");
    for (const auto own : {Status::healthy, Status::unhealthy})
      CHECK(status_of(state, own) == Status::unhealthy);
  }
  CHECK(status_of({}, Status::healthy) == Status::healthy);
}

TEST_CASE("a release names the version, while somebody sees the check healthy (fact route53-84)") {
  const ReleaseAsked asked{7, "why", "who"};
  struct Row {
    Situation now;
    std::int64_t named;
    ReleaseVerdict verdict;
  };
  auto disabled = healthy_at(7);
  disabled.disabled = true;
  for (const auto& row : {Row{healthy_at(7), 7, ReleaseVerdict::released},
                          Row{healthy_at(7), 6, ReleaseVerdict::other_version},
                          Row{healthy_at(7), 8, ReleaseVerdict::other_version},
                          Row{unhealthy_at(7), 7, ReleaseVerdict::unhealthy},
                          Row{unhealthy_at(7), 6, ReleaseVerdict::other_version},
                          Row{disabled, 7, ReleaseVerdict::disabled}}) {
    auto state = latched();
    CHECK(release(state, row.now, {row.named, "why", "who"}) == row.verdict);
    CHECK(state.latch.has_value() == (row.verdict != ReleaseVerdict::released));
  }
  auto nothing = LatchState{};
  CHECK(release(nothing, healthy_at(7), asked) == ReleaseVerdict::not_latched);
}

TEST_CASE("a release that is asked again is told done; anybody else's is not (fact route53-85)") {
  auto state = latched();
  const ReleaseAsked asked{7, "why", "who"};
  REQUIRE(release(state, healthy_at(7), asked) == ReleaseVerdict::released);
  CHECK(release(state, healthy_at(8), asked) == ReleaseVerdict::done_before);
  CHECK(release(state, healthy_at(8), {7, "why", "other"}) == ReleaseVerdict::not_latched);
  CHECK(release(state, healthy_at(8), {7, "other", "who"}) == ReleaseVerdict::not_latched);
  CHECK(release(state, healthy_at(8), {8, "why", "who"}) == ReleaseVerdict::not_latched);
  // It has latched again: whoever asks again did release, but must not believe that it is.
  REQUIRE(latch_if_due(state, unhealthy_at(8), "again"));
  CHECK(release(state, healthy_at(9), asked) == ReleaseVerdict::other_version);
}

TEST_CASE("a trip latches, and of what is latched it says why besides (fact route53-83)") {
  LatchState state;
  CHECK(trip(state, healthy_at(3), "maintenance"));
  CHECK_FALSE(trip(state, healthy_at(4), "maintenance"));  // asked again
  CHECK(state.latch->cause == "maintenance");
  CHECK(state.latch->tripped.empty());
  auto later = healthy_at(4);
  later.now = Instant{seconds{900}};
  CHECK(trip(state, later, "not before Monday"));
  CHECK_FALSE(trip(state, later, "not before Monday"));
  CHECK(state.latch->cause == "maintenance");
  CHECK(state.latch->tripped == "not before Monday");
  CHECK(state.latch->since == Instant{seconds{200}});
}

TEST_CASE("what a release says: a version, a blank, a reason") {
  for (const auto* text : {"", "7", "7 ", " ", "looked at", "0 looked at", "-1 looked at",
                           "7looked at", "7.0 looked at", "99999999999999999999 looked at"}) {
    CAPTURE(text);
    CHECK_FALSE(release_asked(text));
  }
  const auto asked = release_asked("  12   looked at: all well  ");
  REQUIRE(asked);
  CHECK(asked->version == 12);
  CHECK(asked->reason == "looked at: all well");
}

TEST_CASE("rows give back what they were made of") {
  const Latch latch{Instant{seconds{1'767'225'600}}, "Failure: \"503\"\n", "by hand"};
  const auto same = latch_from_row(to_row(latch));
  CHECK(same.since == latch.since);
  CHECK(same.cause == latch.cause);
  CHECK(same.tripped == latch.tripped);
  const Release given{7, "why", "arn:aws:iam::000000000000:user/ops", latch.since};
  const auto read = release_from_row(to_row(given));
  CHECK(read.version == 7);
  CHECK(read.reason == "why");
  CHECK(read.who == given.who);
  CHECK(read.at == given.at);
}

TEST_CASE("every order of six events: only a release that knows the last word ends a latch") {
  Walk walk;
  walk.on({}, 6);
  CHECK(walk.histories == 1'948'716);  // 11 + 11^2 + ... + 11^6
  CHECK(walk.wrong == 0);
  CHECK(walk.latches > 10'000);
  CHECK(walk.releases > 1'000);
  CHECK(walk.late_releases > 1'000);
}

// --- two operators, answers that get lost, and a process that is killed

namespace {

enum class Hand { down, up, trip, one_looks, other_looks, one_asks, other_asks, one_repeats, kill };
constexpr int hands = 9;

// What each has seen and asked; `latest` counts what whoever releases has to know of.
struct Operators {
  Subject check;
  int latest = 0, known[2] = {0, 0};
  std::int64_t version_seen[2] = {1, 1};
  std::optional<std::int64_t> asked;  // by the one: what he repeats when no answer comes
  bool released_by_asked = false;     // ... and nothing has latched since
  std::size_t releases = 0, repeats = 0, wrong = 0;

  void asks(int who, std::int64_t version) {
    const auto before = check.state;
    const auto verdict = route53::release(check.state, check.now(), {version, "why", names[who]});
    if (verdict == ReleaseVerdict::released) {
      ++check.version;
      ++releases;
      wrong += known[who] == latest && before.latch && !check.probes_bad ? 0 : 1;
    } else {
      wrong += check.state.latch.has_value() == before.latch.has_value() ? 0 : 1;
    }
    const bool repeated = verdict == ReleaseVerdict::done_before;
    if (repeated) ++repeats;
    if (who == 0) {
      const bool same = asked == version && released_by_asked;
      wrong += repeated == same ? 0 : 1;
      if (verdict == ReleaseVerdict::released) asked = version, released_by_asked = true;
    } else {
      wrong += repeated && !other_released(version) ? 1 : 0;
      if (verdict == ReleaseVerdict::released) released_by_asked = false, other_version = version;
    }
  }
  bool other_released(std::int64_t version) const { return other_version == version; }

  void does(Hand hand) {
    const bool was_latched = check.state.latch.has_value();
    switch (hand) {
      case Hand::down:
      case Hand::up:
        check.probes_bad = hand == Hand::down;
        break;
      case Hand::trip:
        ++words;
        if (route53::trip(check.state, check.now(), "by hand " + std::to_string(words)))
          ++check.version, ++latest;
        break;
      case Hand::one_looks:
      case Hand::other_looks: {
        const int who = hand == Hand::one_looks ? 0 : 1;
        known[who] = latest, version_seen[who] = check.version;
        break;
      }
      case Hand::one_asks:
        asks(0, version_seen[0]);
        break;
      case Hand::other_asks:
        asks(1, version_seen[1]);
        break;
      case Hand::one_repeats:
        if (asked) asks(0, *asked);
        break;
      case Hand::kill: {
        LatchState again;
        if (check.state.latch) again.latch = latch_from_row(to_row(*check.state.latch));
        if (check.state.last_release)
          again.last_release = release_from_row(to_row(*check.state.last_release));
        check.state = again;
        break;
      }
    }
    if (latch_if_due(check.state, check.now(), "down")) ++check.version, ++latest;
    if (check.state.latch && !was_latched) released_by_asked = false, other_version = 0;
  }

  std::int64_t other_version = 0;  // of the other's last release, while nothing has latched since
  int words = 0;
  static constexpr const char* names[2] = {"one", "other"};
};

void explore(const Operators& before, std::size_t left, Operators& all) {
  for (int i = 0; i < hands && left > 0; ++i) {
    auto next = before;
    next.releases = next.repeats = next.wrong = 0;
    next.does(Hand{i});
    all.releases += next.releases, all.repeats += next.repeats, all.wrong += next.wrong;
    explore(next, left - 1, all);
  }
}

}  // namespace

TEST_CASE("two operators, lost answers and kills in every order: only the last word releases") {
  Operators first, all;
  first.check.armed = true;
  first.does(Hand::down);
  first.does(Hand::up);
  REQUIRE(first.check.state.latch);
  explore(first, 6, all);
  CHECK(all.wrong == 0);
  CHECK(all.releases > 10'000);
  CHECK(all.repeats > 1'000);
}
