// SPDX-License-Identifier: Apache-2.0
// A service of AWS's that does not answer, which is when people reach for the guard: a latch is set
// all the same, and nothing is given to Primary by what could not be seen.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "guard/apply/switch_back.h"
#include "matrix_commands.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;

namespace {

void silence(WiredAccount& account, const std::string& service) {
  realism::Fault out;
  out.kind = realism::FaultKind::outage;
  out.service = service;
  account.realism().add(out);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a latch is set while any one service but Route 53 and STS does not answer") {
  for (const std::string service : {"sns", "cloudwatch", "lambda", "events", "iam", "logs"})
    for (const std::string name : {"trip", "trip --planned", "disarm --keep backup"}) {
      CAPTURE(service);
      CAPTURE(name);
      WiredAccount account;
      command(name).prepare(account);
      silence(account, service);
      const auto asked = account.story.now();
      const auto end = command(name).run(account);
      INFO(end.text);
      CHECK(end.done);
      CHECK(account.story.now() - asked < 2min);
      account.mend();
      account.story.wait(2min);
      CHECK(account.story.dns() == scenario::backup_address);
    }
}

TEST_CASE("nothing is released or frozen by what does not answer; the service is named") {
  for (const std::string service : {"sns", "cloudwatch", "lambda", "logs"})
    for (const std::string name : {"switch-back", "disarm --keep primary", "arm"}) {
      CAPTURE(service);
      CAPTURE(name);
      WiredAccount account;
      command(name).prepare(account);
      const auto before = *account.look().snapshot.observed.check;
      silence(account, service);
      const auto end = command(name).run(account);
      INFO(end.text);
      CHECK_FALSE(end.done);
      CHECK(contains(end.text, service));
      account.mend();
      CHECK(*account.look().snapshot.observed.check == before);
      const auto again = command(name).run(account);
      INFO(again.text);
      CHECK(again.done);
    }
}

TEST_CASE("a release whose Primary does not get well is latched again while SNS does not answer") {
  WiredAccount account;
  command("switch-back").prepare(account);
  account.before_call = [&](const WiredAccount::Made& call) {
    if (call.operation != "UpdateHealthCheck" || !account.story.primary().up()) return;
    account.story.primary().goes_down();
    silence(account, "sns");
  };
  SwitchBackOptions options;
  options.health_check_id = account.check();
  options.reason = "sites synchronised";
  options.confirm = [](const View&, const std::string&) { return true; };
  const auto report = switch_back(account.context(), options);
  INFO(report.sentence);
  CHECK(report.end == SwitchBackEnd::latched_again);
  CHECK(latched(*account.look().snapshot.observed.check));
  CHECK(account.story.dns() == scenario::backup_address);
}

TEST_CASE("a look while SNS does not answer shows the rest, and says what it could not ask") {
  WiredAccount account;
  account.deploy_well();
  silence(account, "sns");
  const auto seen = account.look();
  CHECK(seen.snapshot.observed.check);
  CHECK(seen.snapshot.observed.alarm);
  CHECK(seen.snapshot.observed.function);
  CHECK(seen.assessment.state != State::armed);
  const auto& links = seen.assessment.links;
  CHECK(std::any_of(links.begin(), links.end(), [](const Link& link) {
    return link.health == Link::Health::unknown && contains(link.why, "sns");
  }));
}
