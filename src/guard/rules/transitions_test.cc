// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace guard::testing;

namespace {
Situation tripped() {
  auto s = armed();
  carry_out(*trip(s, {false, "fire"}, at(0)), s);
  s.alarm = AlarmSnapshot{AlarmState::alarm, at(60), true, true};
  return s;
}
SwitchBack proper() {
  SwitchBack options;
  options.reason = "sites are in sync";
  options.primary_answers = true;
  return options;
}
bool names(const Transition& t, std::string_view name) {
  for (const auto& refusal : t.error())
    if (refusal.name == name) return true;
  return false;
}
}  // namespace

TEST_CASE("trip latches under the version, notes it, and needs a reason") {
  auto s = armed();
  s.check.version = 41;
  const auto change = trip(s, {false, "fire"}, at(0));
  REQUIRE(change);
  CHECK(change->check.path == "/lb-check-failed-over");
  CHECK(change->expected_version == 41);
  CHECK(change->order == Order::check_then_record);
  CHECK(change->record.latched_in_this_release());
  CHECK(trip(s, {true, "x"}, at(0))->check.path == "/lb-check-switched-over");
  CHECK(trip(s, {true, "x"}, at(0))->record.latch_note->planned);
  CHECK_FALSE(trip(s, {false, " "}, at(0)));
  s.record.latch = LatchKind::inverted;
  const auto both = trip(s, {false, "x"}, at(0));
  CHECK(both->check.disabled == true);
  CHECK(both->check.inverted == true);
}

TEST_CASE("what is latched in the same way already is left, and noted where nobody has") {
  for (const bool planned : {false, true}) {
    auto s = armed();
    carry_out(*trip(s, {planned, "x"}, at(0)), s);
    const auto again = trip(s, {planned, "x"}, at(90));
    REQUIRE(again);
    CHECK(again->check.empty());
    CHECK(again->record == s.record);
    s.record.latch_note.reset();
    const auto noted = trip(s, {planned, "x"}, at(90));
    REQUIRE(noted);
    CHECK(noted->check.empty());
    CHECK(noted->record.latch_note->planned == planned);
  }
}

TEST_CASE(
    "a version that moved while the values stayed is no conflict; the version that a person "
    "named is") {
  auto s = tripped();
  auto options = proper();
  options.shown = s.check;
  ++s.check.version;  // the guide's function has latched again
  CHECK(switch_back(s, options, at(600)));
  s.check.path = "/lb-check-switched-over";
  const auto other = switch_back(s, options, at(600));
  REQUIRE_FALSE(other);
  CHECK(other.error().front().why.find("has changed since it was shown") != std::string::npos);
  s = tripped();
  options.shown.reset();
  options.expected_version = s.check.version;
  CHECK(switch_back(s, options, at(600))->exact_version);
  ++s.check.version;
  CHECK_FALSE(switch_back(s, options, at(600)));
}

TEST_CASE("guard-on-aws 3: a record that comes first needs a place") {
  auto s = armed();
  const auto freeze = *disarm(s, {std::chrono::minutes{30}, Keep::primary, "x"}, at(0));
  CHECK_FALSE(nowhere_to_write(freeze, s.record, {true, true}));
  CHECK(nowhere_to_write(freeze, s.record, {false, true}));  // the environment has no maintenance
  CHECK(nowhere_to_write(freeze, s.record, {false, false}));
  s = tripped();
  const auto release = *switch_back(s, proper(), at(600));
  CHECK_FALSE(nowhere_to_write(release, s.record, {true, false}));
  CHECK_FALSE(nowhere_to_write(release, s.record, {false, true}));
  CHECK(nowhere_to_write(release, s.record, {false, false}));
  // A latch is set whether or not it can be noted.
  CHECK_FALSE(nowhere_to_write(*trip(armed(), {false, "x"}, at(0)), armed().record, {}));
}

TEST_CASE("what is latched is never latched otherwise") {
  auto s = tripped();
  CHECK_FALSE(trip(s, {true, "x"}, at(90)));
  s = armed();
  carry_out(*trip(s, {true, "x"}, at(0)), s);
  CHECK_FALSE(trip(s, {false, "x"}, at(90)));
}

TEST_CASE("a trip keeps the path that it replaces where it is not the recorded one") {
  auto s = armed();
  s.check.path = "/changed";
  carry_out(*trip(s, {false, "x"}, at(0)), s);
  s.alarm->state = AlarmState::alarm;
  CHECK(switch_back(s, proper(), at(100))->check.path == "/changed");
}

TEST_CASE(
    "switch-back: promise first, release then, in a new release that knows the alarm it has seen") {
  const auto s = tripped();
  const auto change = switch_back(s, proper(), at(600));
  REQUIRE(change);
  CHECK(change->order == Order::record_then_check);
  CHECK(change->check.path == "/lb-check");
  CHECK(change->record.release.number == 1);
  CHECK(change->record.release.alarm_seen == at(60));
  CHECK(change->record.release.at == at(600));
  CHECK_FALSE(change->record.latch_note);
}

TEST_CASE("switch-back is refused by each check alone, and each has the name that overrides it") {
  const auto s = tripped();
  auto options = proper();
  options.primary_answers = false;
  CHECK(names(switch_back(s, options, at(600)), "primary"));
  options.force = {"primary"};
  CHECK(switch_back(s, options, at(600)));
  options = proper();
  options.primary_answers.reset();
  CHECK(names(switch_back(s, options, at(600)), "primary"));
  options = proper();
  options.checks_passed = false;
  CHECK(names(switch_back(s, options, at(600)), "checks"));
  options = proper();
  auto not_seen = s;
  not_seen.alarm->state = AlarmState::ok;
  CHECK(names(switch_back(not_seen, options, at(600)), "alarm"));
  options.expected_version = 1;
  CHECK_FALSE(switch_back(s, options, at(600)));
  options = proper();
  options.expected_release = 4;
  CHECK_FALSE(switch_back(s, options, at(600)));
  options = proper();
  options.reason.clear();
  CHECK_FALSE(switch_back(s, options, at(600)));
}

TEST_CASE(
    "switch-back of what is not latched, or was not latched by the guard, or has no way back, is "
    "refused") {
  CHECK_FALSE(switch_back(armed(), proper(), at(0)));
  auto s = tripped();
  s.record.original_path.reset();
  CHECK_FALSE(switch_back(s, proper(), at(0)));
  s.record.original_path = "/lb-check-switched-over";
  CHECK_FALSE(switch_back(s, proper(), at(0)));
  s = armed();
  s.check.fqdn = "x.invalid";
  s.alarm->state = AlarmState::alarm;
  CHECK_FALSE(switch_back(s, proper(), at(0)));
}

TEST_CASE(
    "maintenance that keeps Primary freezes the check, and is refused while that would release or "
    "revive it") {
  auto s = armed();
  const Disarm options{std::chrono::minutes{30}, Keep::primary, "patching"};
  const auto change = disarm(s, options, at(0));
  REQUIRE(change);
  CHECK(change->order == Order::record_then_check);
  CHECK(change->check.disabled == true);
  CHECK_FALSE(change->check.inverted);
  CHECK(change->record.maintenance->until == at(1800));
  CHECK_FALSE(disarm(tripped(), options, at(0)));
  s.alarm->state = AlarmState::alarm;
  CHECK_FALSE(disarm(s, options, at(0)));
  CHECK_FALSE(disarm(armed(), {Duration::zero(), Keep::primary, "x"}, at(0)));
  CHECK_FALSE(disarm(armed(), {std::chrono::hours{24 * 8}, Keep::primary, "x"}, at(0)));
  CHECK_FALSE(disarm(armed(), {std::chrono::minutes{1}, Keep::primary, ""}, at(0)));
}

TEST_CASE("guard-on-aws 1: no freeze in the alarm's lag, nor where Route 53 cannot be seen") {
  const Disarm options{std::chrono::minutes{30}, Keep::primary, "patching"};
  auto s = armed();  // the alarm is OK: it comes minutes after the failure
  CHECK(disarm(s, options, at(0)));
  s.health.now = false;
  CHECK_FALSE(disarm(s, options, at(0)));
  s = armed();
  s.health.minutes = status_minutes("1111111101", at(-600));  // failed, and is back
  const auto failed = disarm(s, options, at(0));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().front().why.find("found Primary unhealthy at 2026-11-22T11:58:00Z") !=
        std::string::npos);
  CHECK(failed.error().front().name.empty());  // nothing overrides it
  s.health.minutes.reset();
  CHECK_FALSE(disarm(s, options, at(0)));
  s.health = {};
  CHECK_FALSE(disarm(s, options, at(0)));
  CHECK(disarm(s, {std::chrono::minutes{30}, Keep::backup, "x"}, at(0)));
}

TEST_CASE("a maintenance that goes on needs no new look at a check that is frozen already") {
  auto s = armed();
  carry_out(*disarm(s, {std::chrono::minutes{30}, Keep::primary, "x"}, at(0)), s);
  s.health = {};
  const auto longer = disarm(s, {std::chrono::minutes{60}, Keep::primary, "x"}, at(60));
  REQUIRE(longer);
  CHECK(longer->check.empty());
}

TEST_CASE("maintenance that keeps Backup is a planned switch-over, and can be prolonged") {
  auto s = armed();
  const auto change = disarm(s, {std::chrono::minutes{30}, Keep::backup, "x"}, at(0));
  REQUIRE(change);
  CHECK(change->check.path == "/lb-check-switched-over");
  carry_out(*change, s);
  const auto longer = disarm(s, {std::chrono::minutes{60}, Keep::backup, "x"}, at(60));
  REQUIRE(longer);
  CHECK(longer->check.empty());
  CHECK(longer->record.maintenance->until == at(3660));
  CHECK(longer->record.latched_in_this_release());
}

TEST_CASE("keep Backup is refused where the function would overwrite the planned latch") {
  auto s = armed();
  const Disarm options{std::chrono::minutes{30}, Keep::backup, "x", true};
  CHECK_FALSE(disarm(s, options, at(0)));
  CHECK(disarm(s, {std::chrono::minutes{30}, Keep::primary, "x", true}, at(0)));
}

TEST_CASE("arm asks Primary itself, and one who knows better names it") {
  CHECK(arm(armed(), {true, true}, at(0)));
  const auto refused = arm(armed(), {true, false}, at(0));
  REQUIRE_FALSE(refused);
  CHECK(names(refused, "primary"));
  CHECK(arm(armed(), {true, false, {"primary"}}, at(0)));
}

TEST_CASE("arm refuses while the guard could not fire") {
  CHECK(arm(armed(), {true}, at(0)));
  CHECK_FALSE(arm(armed(), {false}, at(0)));
  CHECK_FALSE(arm(armed(), {std::nullopt}, at(0)));
  CHECK_FALSE(arm(tripped(), {true}, at(0)));
  auto s = armed();
  s.alarm->state = AlarmState::alarm;
  CHECK_FALSE(arm(s, {true}, at(0)));
  s = armed();
  s.alarm->from_data = false;
  CHECK_FALSE(arm(s, {true}, at(0)));
  s = armed();
  s.alarm.reset();
  CHECK_FALSE(arm(s, {true}, at(0)));
  s = armed();
  s.check.disabled = true;
  CHECK_FALSE(arm(s, {true}, at(0)));
  s = armed();
  s.check.inverted = true;
  CHECK_FALSE(arm(s, {true}, at(0)));
}

TEST_CASE("arm ends a maintenance and enables the alarm's actions") {
  auto s = armed();
  carry_out(*disarm(s, {std::chrono::minutes{30}, Keep::primary, "x"}, at(0)), s);
  s.alarm->actions_enabled = false;
  const auto change = arm(s, {true}, at(60));
  REQUIRE(change);
  CHECK(change->check.disabled == false);
  CHECK(change->alarm_actions == true);
  CHECK_FALSE(change->record.in_maintenance(at(60)));
  CHECK(change->order == Order::record_then_check);
}

TEST_CASE("an alarm is OK from real data only when datapoints say so") {
  CHECK(
      from_real_data("Threshold Crossed: 1 datapoint [1.0 (12/02/19 15:44:00)] was not less than "
                     "the threshold (1.0)."));
  CHECK(
      from_real_data("Threshold Crossed: 3 out of the last 3 datapoints [1.0 (..)] were not less "
                     "than the threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition)."));
  CHECK_FALSE(
      from_real_data("Threshold Crossed: no datapoints were received for 1 period and 1 missing "
                     "datapoint was treated as [NonBreaching]."));
  CHECK_FALSE(from_real_data("Unchecked: Initial alarm creation"));
  CHECK_FALSE(from_real_data("set by hand: 1 datapoint [x]"));
}
