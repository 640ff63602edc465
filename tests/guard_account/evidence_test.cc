// SPDX-License-Identifier: Apache-2.0
// What a person saw before a release is in the audit log with it.
#include <doctest/doctest.h>

#include <algorithm>

#include "account.h"
#include "guard/apply/audit_log.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;

namespace {

struct Releasing : Account {
  Releasing() {
    deploy_well();
    lose_primary();
    story.primary().comes_up();
    story.wait(10min);
    environment.program = [this](const std::vector<std::string>& arguments) {
      const bool second = arguments.back().find("second") != std::string::npos;
      return client::ProgramOutput{second ? second_status : 0, "all in sync\n", "a warning\n"};
    };
  }
  SwitchBackReport release() {
    SwitchBackOptions options;
    options.health_check_id = check();
    options.reason = "sites synchronised";
    options.checks = {"./first", "./second --all"};
    options.confirm = [this](const View&, const std::string&) {
      said_before = said;
      return true;
    };
    return guard::switch_back(context(), options);
  }
  std::vector<AuditEntry> entries(const std::string& stage) {
    const auto view = look();
    AuditLog log(*this, view.plan.audit_group.region, view.plan.audit_group.name, check(), "");
    auto all = log.read(Instant{});
    REQUIRE(all);
    std::erase_if(*all, [&](const AuditEntry& one) {
      return one.action != "switch-back" || one.stage != stage;
    });
    return std::move(*all);
  }
  bool was_said_before(const std::string& text) const {
    return std::any_of(said_before.begin(), said_before.end(),
                       [&](const auto& line) { return line.find(text) != line.npos; });
  }
  std::vector<std::string> said_before;  // what was on the screen when the person said yes
  int second_status = 0;
};

}  // namespace

TEST_CASE("evidence (issue 8): check, alarm, Primary, each name server and each check's output") {
  Releasing account;
  REQUIRE(account.release().end == SwitchBackEnd::done);
  const auto asked = account.entries("asked");
  REQUIRE(asked.size() == 1);
  REQUIRE(asked[0].seen);
  const auto& seen = *asked[0].seen;
  CHECK(seen.check.find("ResourcePath=/lb-check-failed-over, version ") == 0);
  CHECK(seen.check.find("unhealthy") != std::string::npos);
  CHECK(seen.alarm.find("ALARM since ") == 0);
  CHECK(seen.primary.size() == 3);
  CHECK(seen.primary[0].find("answers 200") != std::string::npos);
  REQUIRE(seen.dns.size() == 4);
  for (const auto& dns : seen.dns) {
    CHECK(dns.answer == std::vector<std::string>{scenario::backup_address});
    CHECK(dns.problem.empty());
  }
  CHECK(seen.dns[0].server != seen.dns[1].server);
  REQUIRE(seen.commands.size() == 2);
  CHECK(seen.commands[1].command == "./second --all");
  CHECK(seen.commands[1].output == "all in sync\na warning\n");
  // The person saw it too, before they said yes.
  CHECK(account.was_said_before("Alarm: ALARM since "));
  CHECK(account.was_said_before("-> " + std::string{scenario::backup_address} + " by " +
                                seen.dns[3].server));
  // Once is enough.
  const auto done = account.entries("done");
  REQUIRE(done.size() == 1);
  CHECK(!done[0].seen);
  CHECK(done[0].change_id == asked[0].change_id);
}

TEST_CASE("evidence: a release that is forced past a failed check keeps what the check said") {
  Releasing account;
  account.second_status = 3;
  SwitchBackOptions options;
  options.health_check_id = account.check();
  options.reason = "known to be wrong";
  options.checks = {"./first", "./second"};
  options.force = {"checks"};
  options.confirm = [](const View&, const std::string&) { return true; };
  REQUIRE(guard::switch_back(account.context(), options).end == SwitchBackEnd::done);
  const auto asked = account.entries("asked");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].forced == "checks");
  REQUIRE(asked[0].seen->commands.size() == 2);
  CHECK(asked[0].seen->commands[1].status == 3);
}

TEST_CASE("evidence: name servers that do not answer are noted, and not all of them waited for") {
  Releasing account;
  int asked_servers = 0;
  account.context().ask_dns = [&](const std::string& server, const std::string&,
                                  const std::string&) -> Result<DnsAnswer> {
    if (!server.empty()) ++asked_servers;
    return failure(Problem{"the name server " + server + " does not answer"});
  };
  const auto view = account.look();
  REQUIRE(view.snapshot.records);
  asked_servers = 0;
  const auto seen =
      ask_every_server(account, *view.snapshot.records, "", account.context().ask_dns);
  REQUIRE(seen.size() == 4);
  CHECK(asked_servers == 2);
  CHECK(seen[1].problem.find("does not answer") != std::string::npos);
  CHECK(seen[2].problem.find("not asked") == 0);
}
