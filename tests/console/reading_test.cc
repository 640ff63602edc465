// SPDX-License-Identifier: Apache-2.0
// What the console's page tells, looked at in an account in memory (tests/guard_account): every
// form of the latch, armed, failed, latched; rights that are missing; and how many calls a look is.
#include "console/reading.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "config_account.h"
#include "console/accounts.h"
#include "guard/apply/engine_form.h"

namespace sitelatch::console {
namespace {

using guard::test::ConfigAccount;
using OneAccount = guard::test::Account;
using namespace std::chrono_literals;

// Everything at every look.
constexpr Pace at_once{0ms, 0ms, 0ms};

GuardView look(Reader& reader, const std::string& id) {
  auto view = reader.look(id);
  REQUIRE_MESSAGE(view, (view ? "" : view.error().text));
  return std::move(*view);
}

bool has_moment(const GuardView& view, std::string_view kind) {
  return std::any_of(view.story.begin(), view.story.end(),
                     [&](const Moment& moment) { return moment.kind == kind; });
}

Tone tone_of(const GuardView& view, std::string_view piece) {
  for (const auto& one : view.chain)
    if (one.name == piece) return one.tone;
  FAIL("no such piece: ", std::string{piece});
  return Tone::unknown;
}

TEST_CASE("page: a guard of the guide's form, armed, latched, and Primary back again") {
  OneAccount account;
  account.deploy_well();
  Reader reader(account.context(), at_once);
  auto view = look(reader, account.check());
  CHECK(view.state == "armed");
  CHECK(view.tone == Tone::good);
  CHECK(view.headline == "Primary serves client.example.test");
  CHECK(view.next.words == "Nothing to do.");
  CHECK(view.name_to_type == "client.example.test");
  CHECK(view.primary.serves == true);
  CHECK(view.primary.from_here->well == true);
  CHECK(view.backup.from_here);
  CHECK(view.backup.standing == "stands by");
  CHECK(view.servers.size() == 4);  // each name server of the zone
  CHECK(!view.audit.empty());
  CHECK(view.unseen.empty());
  CHECK(view.story.empty());
  CHECK(view.offered.trip);
  CHECK(view.offered.drill);
  CHECK(!view.offered.switch_back);
  for (const auto& piece : view.chain) CHECK_MESSAGE(piece.tone == Tone::good, piece.name);

  account.lose_primary();
  view = look(reader, account.check());
  CHECK(view.state == "tripped");
  CHECK(view.headline == "Backup serves client.example.test");
  CHECK(view.next.words.starts_with("Mend Primary first"));
  CHECK(view.primary.serves == false);
  CHECK(view.primary.standing == "latched: held out of DNS");
  CHECK(view.primary.from_here->well == false);
  CHECK(view.backup.serves == true);
  CHECK(view.offered.switch_back);
  CHECK(!view.offered.trip);
  CHECK(tone_of(view, "Latch") == Tone::warning);
  CHECK(has_moment(view, "alarm"));
  CHECK(has_moment(view, "dns-backup"));  // between the two looks

  account.story.primary().comes_up();
  view = look(reader, account.check());
  CHECK(view.next.words.starts_with("Synchronise the sites"));
  CHECK(has_moment(view, "answers"));
}

TEST_CASE("page: what may not be seen is said, and the rest is shown") {
  OneAccount account;
  account.deploy_well();
  Reader reader(account.context(), at_once);
  account.deny("DescribeAlarms");
  auto view = look(reader, account.check());
  CHECK(view.state == "unknown");
  CHECK(view.headline == "Primary serves client.example.test");
  CHECK(!view.unseen.empty());
  account.allow();
  account.deny("FilterLogEvents");
  account.deny("DescribeAlarmHistory");
  view = look(reader, account.check());
  CHECK(view.state == "armed");
  CHECK(view.audit.empty());
  CHECK(!view.audit_problem.empty());
  account.allow();
  account.deny("ListHostedZones");
  view = look(reader, account.check());
  CHECK(view.headline.starts_with("Who serves"));
}

TEST_CASE("page: a look is so many calls, and changes nothing") {
  OneAccount account;
  account.deploy_well();
  // The audit log, the alarm's history and the hour of metrics are not asked for at every look.
  Reader reader(account.context(), Pace{0ms, 0ms, 1h});
  (void)look(reader, account.check());
  const auto before = account.calls().size();
  (void)look(reader, account.check());
  const auto a_look = account.calls().size() - before;
  CHECK(a_look <= 35);
  for (auto n = before; n < account.calls().size(); ++n) {
    CHECK_MESSAGE(guard::test::is_reading(account.calls()[n]), account.calls()[n]);
    CHECK(account.calls()[n] != "FilterLogEvents");
    CHECK(account.calls()[n] != "DescribeAlarmHistory");
  }
  const auto glanced = account.calls().size();
  guard::AllRecords records(account);
  REQUIRE(reader.glance(account.check(), records));
  CHECK(account.calls().size() - glanced <= a_look);
  // Once a second is an account's (fact client-11): once a look, and none for a row.
  const auto& calls = account.calls();
  CHECK(std::count(calls.begin() + static_cast<std::ptrdiff_t>(before), calls.end(),
                   "GetHealthCheckStatus") == 1);
}

TEST_CASE("page: the form config, whose failover is the latch") {
  ConfigAccount account;
  account.live(1min);
  account.serve();
  Reader reader(account.context(), at_once);
  auto view = look(reader, account.check());
  CHECK(view.form == guard::Form::config);
  CHECK(view.state == "serving");
  CHECK(view.headline == "Primary serves client.example.test");
  CHECK(view.offered.trip);
  CHECK(tone_of(view, "Hold") == Tone::good);
  account.outage(10min);
  account.live(5min);
  view = look(reader, account.check());
  CHECK(view.state == "latched");
  CHECK(view.headline == "Backup serves client.example.test");
  CHECK(view.primary.from_here->well == true);  // it is back, and held out
  CHECK(view.primary.standing == "latched: held out of DNS");
  CHECK(view.offered.switch_back);
  CHECK(has_moment(view, "latched"));
}

TEST_CASE("page: the engine's own latch") {
  ConfigAccount account;
  account.live(1min);
  const auto plan = guard::plan_engine(account.context(), account.check());
  REQUIRE(plan);
  REQUIRE(guard::carry_out(account.context(), *plan, false));
  Reader reader(account.context(), at_once);
  const auto guards = reader.guards();
  REQUIRE(guards);
  CHECK(*guards == std::vector<std::string>{account.check()});
  const auto serving = look(reader, account.check());
  CHECK(serving.state == "serving");
  REQUIRE(serving.audit.size() == 1);
  CHECK(serving.audit.front().action == "deploy");
  account.outage(2min);
  account.live(1min);
  const auto view = look(reader, account.check());
  CHECK(view.state == "latched");
  CHECK(view.headline == "Backup serves client.example.test");
  CHECK(view.version);
  CHECK(has_moment(view, "latched"));
}

TEST_CASE("fleet: the guards of an account, and an account that cannot be read") {
  OneAccount account;
  account.deploy_well();
  OneAccount closed;
  closed.deny("DescribeAlarms");
  closed.deny("ListTopics");
  std::vector<console::Account> accounts;
  accounts.push_back({"prod", account.context(), at_once});
  accounts.push_back({"closed", closed.context(), at_once});
  Accounts fleet(std::move(accounts), {});
  CHECK(fleet.knows("fleet"));
  CHECK(fleet.knows("guard:1:" + account.check()));
  CHECK(!fleet.knows("guard:2:" + account.check()));
  CHECK(!fleet.knows("engine"));
  const auto page = fleet.look("fleet");
  REQUIRE(page["rows"].items().size() == 1);
  const auto& row = page["rows"].items()[0];
  CHECK(row["account"].string() == "prod");
  CHECK(row["key"].string() == "guard:0:" + account.check());
  CHECK(row["serves"].string() == "primary");
  CHECK(page["problems"].items().size() == 1);
  CHECK(page["problems"].items()[0].string().starts_with("closed: "));
  CHECK(!fleet.seen("guard:0:" + account.check()));
  const auto guard_page = fleet.look("guard:0:" + account.check());
  CHECK(guard_page["guard"]["state"].string() == "armed");
  CHECK(fleet.seen("guard:0:" + account.check())->state == "armed");
  CHECK(fleet.look("guard:0:nobody-has-this")["guard"]["state"].string() == "not-deployed");
}

}  // namespace
}  // namespace sitelatch::console
