// SPDX-License-Identifier: Apache-2.0
// deploy --form config --notify: people get a mail that says who serves and what to do next; what
// somebody changes of it is named and mended, and destroy leaves nothing of it.
#include "guard/rules/config_notify.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "config_account.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

const std::string people = "sre@example.org";

struct TellingAccount : ConfigAccount {
  ConfigPlan plan = plan_config(check(), "aws", "000000000000");
  void serve_and_tell() {
    const auto wrong = deploy_config(true, 45min, people);
    INFO("deploy: ", wrong.value_or("done"));
    REQUIRE_FALSE(wrong);
    confirm();
    live(3min);
    REQUIRE(look_config().assessment.problems.empty());
  }
  // By the token in the mail.
  void confirm() {
    for (const auto& mail : story.mails()) {
      const auto at = mail.body.find("&Token=");
      if (at == std::string::npos) continue;
      const auto token = mail.body.substr(at + 7, mail.body.find_first_of("\n ", at) - at - 7);
      story.ok("sns", "ConfirmSubscription",
               Value::structure({{"TopicArn", plan.notify_arn}, {"Token", token}}));
      return;
    }
    FAIL("nobody was asked");
  }
  std::size_t mails_with(const std::string& subject, const std::string& part) const {
    const auto& all = story.mails();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const auto& mail) {
      return mail.subject.find(subject) != std::string::npos &&
             mail.body.find(part) != std::string::npos;
    }));
  }
  std::vector<std::string> problem_names() {
    std::vector<std::string> names;
    for (const auto& problem : look_config().assessment.problems) names.push_back(problem.name);
    return names;
  }
};

}  // namespace

TEST_CASE("config, telling people: the mail says who serves which name, and the next command") {
  TellingAccount account;
  account.serve_and_tell();
  const auto id = account.check();
  const std::string failed = "ALARM: \"" + account.plan.latched_alarm;
  CHECK(account.mails_with(failed, "") == 0);  // nothing has happened yet
  account.outage(5min);
  account.live(5min);
  CHECK(account.story.dns() == scenario::backup_address);
  CHECK(account.mails_with(failed, "Backup serves client.example.test") == 1);
  CHECK(account.mails_with(failed, "sitelatch switch-back " + id + " --reason") == 1);
  CHECK(account.mails_with("ALARM: \"" + account.plan.failing_alarm, "sitelatch trip " + id) == 1);
  // Primary is healthy again, and people are told that this alone moves nothing.
  CHECK(account.mails_with("OK: \"" + account.plan.failing_alarm, "goes on until a person") >= 1);
  REQUIRE(account.release().end == SwitchBackEnd::done);
  account.live(3min);
  CHECK(account.mails_with("OK: \"" + account.plan.latched_alarm,
                           "Primary serves client.example.test") >= 1);
}

TEST_CASE(
    "config, telling people: nobody is told of what has not happened, before records follow") {
  TellingAccount account;
  REQUIRE_FALSE(account.deploy_config(false, 45min, people));
  account.confirm();
  const auto before = account.story.mails().size();
  account.outage(5min);
  account.live(5min);
  CHECK(account.story.mails().size() == before);
  CHECK_FALSE(account.look_config().observed.people.latched);
  // Attached later, without being told again whom to tell.
  account.live(20min);
  REQUIRE_FALSE(account.deploy_config(true));
  CHECK(account.look_config().observed.people.latched);
  CHECK(account.work_left_of_config().empty());
}

TEST_CASE("config, telling people: what is changed is a warning, and deploy mends it") {
  const std::vector<std::pair<std::string, std::function<void(TellingAccount&)>>> hands = {
      {"notify-alarm",
       [](TellingAccount& account) {
         account.story.ok(
             "cloudwatch", "DisableAlarmActions",
             Value::structure({{"AlarmNames", Value::list({account.plan.latched_alarm})}}));
       }},
      {"notify-alarm",
       [](TellingAccount& account) {
         account.story.ok(
             "cloudwatch", "DeleteAlarms",
             Value::structure({{"AlarmNames", Value::list({account.plan.failing_alarm})}}));
       }},
      {"notify-topic",
       [](TellingAccount& account) {
         account.story.ok(
             "sns", "SetTopicAttributes",
             Value::structure(
                 {{"TopicArn", account.plan.notify_arn},
                  {"AttributeName", "Policy"},
                  {"AttributeValue", R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
                                     R"("Principal":{"AWS":"000000000000"},)"
                                     R"("Action":"sns:Publish","Resource":")" +
                                         account.plan.notify_arn + R"("}]})"}}));
       }},
      {"notify-topic",
       [](TellingAccount& account) {
         account.story.ok("sns", "DeleteTopic",
                          Value::structure({{"TopicArn", account.plan.notify_arn}}));
       }},
  };
  for (const auto& [name, hand] : hands) {
    TellingAccount account;
    account.serve_and_tell();
    hand(account);
    const std::string told{name};
    CAPTURE(told);
    const auto names = account.problem_names();
    CHECK(std::find(names.begin(), names.end(), name) != names.end());
    CHECK(account.phase() == Phase::serving);  // it breaks no latch
    REQUIRE_FALSE(account.deploy_config(true, 45min, people));
    CHECK(account.work_left_of_config().empty());
    CHECK(account.story.dns() == scenario::primary_address);
  }
}

TEST_CASE("config, telling people: who has not confirmed is named; destroy leaves nothing") {
  TellingAccount account;
  const auto before = account.pieces();
  REQUIRE_FALSE(account.deploy_config(true, 45min, people));
  CHECK(account.problem_names() == std::vector<std::string>{"notify-unconfirmed"});
  REQUIRE_FALSE(account.destroy_config(true));
  CHECK(account.pieces() == before);
  const auto topics = account.story.ok("sns", "ListTopics", Value::structure());
  CHECK(topics["Topics"].items().empty());
  const auto why = account.deploy_config(false, 45min, "nobody");
  REQUIRE(why);
  CHECK(why->find("nobody whom SNS could tell") != std::string::npos);
}
