// SPDX-License-Identifier: Apache-2.0
// One decision carried out: who is faster, what gets lost, what is denied.
#include <doctest/doctest.h>

#include "account.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

Result<Carried, Error> trip_now(Account& account, View shown) {
  Request request;
  request.action = "trip";
  request.why = "a test";
  return carry_out(account.context(), std::move(shown), request, [](const View& now) {
    return trip(situation_of(now.snapshot.observed), {false, "a test"}, now.now);
  });
}

void update(Account& account, std::initializer_list<std::pair<std::string_view, Value>> members) {
  auto input = Value::structure({{"HealthCheckId", account.check()}});
  for (const auto& [name, value] : members) input.set(name, value);
  account.story.ok("route53", "UpdateHealthCheck", input);
}

Check check_now(Account& account) { return *account.look().snapshot.observed.check; }

}  // namespace

TEST_CASE("tripping latches, notes who did it, and a second time changes nothing") {
  Account account;
  account.deploy_well();
  const auto tripped = trip_now(account, account.look());
  REQUIRE(tripped);
  CHECK(latched(check_now(account)));
  const auto note = record_of(account.look().snapshot.observed).latch_note;
  REQUIRE(note);
  CHECK(note->by == LatchedBy::trip);
  const auto updates = account.count("UpdateHealthCheck");
  const auto again = trip_now(account, account.look());
  REQUIRE(again);
  CHECK(again->change.says.find("already") != std::string::npos);
  CHECK(account.count("UpdateHealthCheck") == updates);
  CHECK(record_of(account.look().snapshot.observed).latch_note == note);
}

TEST_CASE("somebody who changes the check in between makes it look and decide again") {
  struct Race {
    const char* what;
    std::initializer_list<std::pair<std::string_view, Value>> members;
    bool carried;  // or refused, because it is latched otherwise already
  };
  for (const Race& race :
       {Race{"another threshold", {{"FailureThreshold", 2}}, true},
        Race{"another path", {{"ResourcePath", "/lb-check?v=2"}}, true},
        // As the guide's function does at the alarm: what was wanted is there.
        Race{"the latch itself", {{"ResourcePath", "/lb-check-failed-over"}}, true},
        Race{"a planned latch", {{"ResourcePath", "/lb-check-switched-over"}}, false}}) {
    Account account;
    account.deploy_well();
    CAPTURE(race.what);
    account.before("UpdateHealthCheck", [&] { update(account, race.members); });
    const auto tripped = trip_now(account, account.look());
    CHECK(tripped.has_value() == race.carried);
    CHECK(latched(check_now(account)));
    CHECK(account.count("UpdateHealthCheck") >= 1);
  }
}

TEST_CASE("somebody who is always faster ends it, and it says so") {
  Account account;
  account.deploy_well();
  int others = 0;
  std::function<void()> meddle = [&] {
    update(account, {{"FailureThreshold", 1 + others++ % 5}});
    account.before("UpdateHealthCheck", meddle);
  };
  account.before("UpdateHealthCheck", meddle);
  const auto tripped = trip_now(account, account.look());
  REQUIRE_FALSE(tripped);
  CHECK(tripped.error().text.find("somebody else") != std::string::npos);
  CHECK(others == 5);
  CHECK_FALSE(latched(check_now(account)));
}

TEST_CASE("a lost answer to the latch: the check itself says that it stands, and it is noted") {
  Account account;
  account.deploy_well();
  auto shown = account.look();
  account.before("UpdateHealthCheck", [&] { account.lose_answer(0); });
  const auto tripped = trip_now(account, std::move(shown));
  REQUIRE(tripped);
  REQUIRE_FALSE(tripped->applied.notes.empty());
  CHECK(tripped->applied.notes.front().find("was lost") != std::string::npos);
  CHECK(latched(check_now(account)));
  CHECK(record_of(account.look().snapshot.observed).latched_in_this_release());
}

TEST_CASE("a latch that did not arrive is an error, and a second command sets it") {
  Account account;
  account.deploy_well();
  auto shown = account.look();
  account.before("UpdateHealthCheck", [&] { account.lose_call(0); });
  const auto tripped = trip_now(account, std::move(shown));
  REQUIRE_FALSE(tripped);
  CHECK(tripped.error().text.find("change health check") != std::string::npos);
  CHECK_FALSE(latched(check_now(account)));
  CHECK(trip_now(account, account.look()));
  CHECK(latched(check_now(account)));
}

TEST_CASE("a denied latch names the right, and changes nothing") {
  Account account;
  account.deploy_well();
  const auto before = check_now(account).version;
  account.deny("UpdateHealthCheck");
  const auto tripped = trip_now(account, account.look());
  REQUIRE_FALSE(tripped);
  CHECK(tripped.error().text.find("route53:UpdateHealthCheck") != std::string::npos);
  CHECK(check_now(account).version == before);
}

TEST_CASE("a latch is set whether or not it can be noted") {
  for (const char* operation : {"TagResource", "PutLogEvents", "Publish"}) {
    Account account;
    account.deploy_well();
    account.deny(operation);
    CAPTURE(operation);
    const auto tripped = trip_now(account, account.look());
    CHECK(tripped);
    account.allow();
    CHECK(latched(check_now(account)));
  }
}
