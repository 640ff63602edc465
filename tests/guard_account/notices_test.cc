// SPDX-License-Identifier: Apache-2.0
// What people are told beside a latch itself: that it still stands, and by a drill, which asks
// whether anybody reads it.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.h"
#include "config_account.h"
#include "guard/apply/drill.h"
#include "guard/apply/form_drill.h"
#include "guard/apply/reach.h"
#include "guard/apply/status.h"
#include "native_function.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

struct ReachAccount : ConfigAccount {
  // By the token in the newest mail.
  void confirm(const std::string& topic_arn) {
    const auto& body = story.mails().back().body;
    const auto at = body.find("&Token=");
    REQUIRE(at != std::string::npos);
    const auto token = body.substr(at + 7, body.find_first_of("\n ", at) - at - 7);
    story.ok("sns", "ConfirmSubscription",
             Value::structure({{"TopicArn", topic_arn}, {"Token", token}}));
  }
  void deploy_and_tell() {
    DeployOptions options;
    options.notify_endpoint = "sre@example.org";
    const auto wrong = deploy(options);
    INFO("deploy: ", wrong.value_or("done"));
    REQUIRE_FALSE(wrong);
    live(5s);
    confirm(look().snapshot.observed.notify_topic->arn);
  }
  // The code of the drill under way, as it stands in the subject; empty: it was not sent.
  std::string code() const {
    for (const auto& mail : story.mails())
      if (const auto at = mail.subject.find("answer with "); at != std::string::npos)
        return mail.subject.substr(at + 12, 9);
    return {};
  }
  std::size_t checks() {
    return story.ok("route53", "ListHealthChecks", Value::structure())["HealthChecks"]
        .items()
        .size();
  }
  DrillReport rehearse(ReachOptions reach) {
    story.any_function = story.functions.begin()->second;
    DrillOptions options;
    options.health_check_id = check();
    options.codes = codes();
    options.reach = std::move(reach);
    return drill(context(), options);
  }
};

std::string legs_of(const DrillReport& report) {
  std::vector<std::string> names;
  for (const auto& leg : report.legs) names.push_back((leg.passed ? "" : "!") + leg.name);
  return join(names, " ");
}

}  // namespace

TEST_CASE("the schedule reminds of a latch after an hour, once, and not after a switch back") {
  ReachAccount account;
  account.story.functions[default_names(account.check()).function] = native_function();
  account.deploy_and_tell();
  account.lose_primary();
  const auto reminders = [&] {
    const auto& mails = account.story.mails();
    return std::count_if(mails.begin(), mails.end(), [](const auto& mail) {
      return has(mail.subject, "Backup still serves client.example.test since ");
    });
  };
  account.story.wait(57min);
  CHECK(reminders() == 0);
  account.story.wait(8min);
  CHECK(reminders() == 1);
  CHECK(account.look()
            .snapshot.observed.notify_topic->tags.at("sitelatch:notified")
            .find("reminded=1h") != std::string::npos);
  account.story.primary().comes_up();
  account.story.wait(3min);
  SwitchBackOptions options;
  options.health_check_id = account.check();
  options.reason = "in sync";
  options.confirm = [](const View&, const std::string&) { return true; };
  REQUIRE(switch_back(account.context(), options).end == SwitchBackEnd::done);
  account.story.wait(65min);
  CHECK(reminders() == 1);
}

TEST_CASE("a drill reaches a person, who answers by the command; status and the log have it") {
  ReachAccount account;
  account.deploy_and_tell();
  const auto checks = account.checks();
  int looks = 0;
  ReachOptions reach;
  reach.limit = 30min;
  reach.typed = [&]() -> std::optional<std::string> {
    if (++looks != 4) return std::nullopt;
    const auto wrong = acknowledge(account.context(), account.check(), Form::guide, "AAAA-AAAA");
    CHECK_FALSE(wrong);
    if (!wrong) CHECK(has(wrong.error().text, "not the code"));
    const auto taken =
        acknowledge(account.context(), account.check(), Form::guide, lower(account.code()));
    CHECK(taken);
    return std::nullopt;
  };
  const auto report = account.rehearse(reach);
  INFO(report.sentence);
  CHECK(report.passed);
  CHECK(legs_of(report) ==
        "message self-test scratch-check deploy armed alarm latched switch-back person");
  CHECK(has(report.reached, "a person was reached after "));
  CHECK(account.checks() == checks);
  const auto seen = account.look();
  CHECK(has(last_drill(seen), " alarm passed: a person was reached after "));
  for (const auto key : {tag::asked, tag::acknowledged})
    CHECK_FALSE(seen.snapshot.observed.notify_topic->tags.contains(std::string{key}));
  AuditLog log(account.context().aws, "us-east-1", seen.plan.audit_group.name, account.check(),
               "x");
  const auto entries = log.read(seen.now - 2h);
  REQUIRE(entries);
  CHECK(std::any_of(entries->begin(), entries->end(), [](const AuditEntry& entry) {
    return entry.action == "drill" && entry.stage == "done" &&
           has(entry.why, "A person was reached after ");
  }));
  CHECK(account.phase() != Phase::latched);
  // It is over: the code is nobody's any more.
  const auto late = acknowledge(account.context(), account.check(), Form::guide, account.code());
  REQUIRE_FALSE(late);
  CHECK(late.error().kind == Error::Kind::refused);
  CHECK(has(late.error().text, "no drill of this guard waits"));
}

TEST_CASE("a drill that reaches nobody fails by that leg, and cleans up") {
  ReachAccount account;
  account.deploy_and_tell();
  const auto checks = account.checks();
  const auto begun = account.story.now();
  ReachOptions reach;
  reach.limit = 40min;
  const auto report = account.rehearse(reach);
  CHECK_FALSE(report.passed);
  CHECK(legs_of(report).ends_with("switch-back !person"));
  CHECK(report.reached == "nobody was reached");
  CHECK(has(report.sentence, "was not given back within 40m"));
  CHECK(account.story.now() - begun < 42min);
  CHECK(account.checks() == checks);
  CHECK(has(last_drill(account.look()), " alarm FAILED: nobody was reached"));
}

TEST_CASE("where nobody is subscribed nothing is rehearsed, and it says what to do") {
  ReachAccount account;
  account.deploy_well();
  const auto checks = account.checks();
  ReachOptions reach;
  reach.limit = 10min;
  const auto report = account.rehearse(reach);
  CHECK(report.not_begun == Error::Kind::refused);
  CHECK(has(report.sentence, "--notify"));
  CHECK(account.checks() == checks);
}

TEST_CASE("config: the code typed where the drill runs is an answer, another line is not") {
  ReachAccount account;
  account.story.witness.watch_no_more();
  account.live(3min);
  REQUIRE_FALSE(account.deploy_config(true, 45min, "sre@example.org"));
  account.confirm(plan_config(account.check(), "aws", "000000000000").notify_arn);
  std::vector<std::string> lines{"what code?", ""};
  FormDrillOptions options;
  options.health_check_id = account.check();
  options.form = Form::config;
  options.scenario = Scenario::trip;
  options.reach.limit = 2h;
  options.reach.typed = [&]() -> std::optional<std::string> {
    if (account.code().empty()) return std::nullopt;
    if (lines.empty()) return std::nullopt;
    auto line = lines.front();
    lines.erase(lines.begin());
    if (lines.empty() && line.empty()) return account.code();
    return line;
  };
  const auto report = drill_form(account.context(), options);
  INFO(report.sentence);
  CHECK(report.passed);
  CHECK(legs_of(report).starts_with("message scratch-check"));
  CHECK(legs_of(report).ends_with("switch-back person"));
  CHECK(std::count(account.said.begin(), account.said.end(),
                   "That is not the code in the message.") == 1);
  CHECK(has(account.look_config().last_drill(), ", a person was reached after "));
}
