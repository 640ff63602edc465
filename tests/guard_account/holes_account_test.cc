// SPDX-License-Identifier: Apache-2.0
// What stands against arming, and what a person may accept by its name.
#include <doctest/doctest.h>

#include <algorithm>

#include "account.h"
#include "guard/apply/doctor.h"
#include "guard/apply/preflight.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;
using client::Call;

namespace {

const Finding* finding_of(const DeployPlan& plan, std::string_view name) {
  for (const auto& finding : plan.findings)
    if (finding.name == name && finding.kind != Finding::Kind::sound) return &finding;
  return nullptr;
}
const Link* link_of(const View& view, std::string_view name) {
  for (const auto& link : view.assessment.links)
    if (link.name == name) return &link;
  return nullptr;
}
std::size_t resources_of(Account& account) { return account.resources().size(); }

void change_records(Account& account, const Value& change) {
  account.story.ok("route53", "ChangeResourceRecordSets", change);
}

}  // namespace

TEST_CASE("guard-on-aws 4: a way past the latch refuses, and nothing is made") {
  Account account;
  account.give_secondary(account.story.backup_check);
  const auto why = account.deploy();
  REQUIRE(why);
  INFO(*why);
  CHECK(why->find("Nothing was made") != std::string::npos);
  CHECK(why->find("secondary-health") != std::string::npos);
  CHECK(why->find("--accept-hole secondary-health") != std::string::npos);
  CHECK(resources_of(account) == 0);
  for (const auto& operation : account.calls()) CHECK(is_reading(operation));
}

TEST_CASE("guard-on-aws 4: the plan's change closes the hole, and its rollback opens it again") {
  Account account;
  account.give_secondary(account.story.backup_check);
  const auto plan = account.plan();
  const auto* hole = finding_of(plan, "secondary-health");
  REQUIRE(hole);
  CHECK(hole->kind == Finding::Kind::refusal);
  CHECK(refuses(plan.findings));
  account.story.watch({scenario::client_name, account.story.primary_check,
                       scenario::primary_address, "", scenario::backup_address});
  change_records(account, hole->change);
  CHECK_FALSE(finding_of(account.plan(), "secondary-health"));
  change_records(account, hole->rollback);
  CHECK(finding_of(account.plan(), "secondary-health"));
}

TEST_CASE(
    "guard-on-aws 4: an accepted hole is recorded, shown by status, and forgotten when closed") {
  Account account;
  account.give_secondary(account.story.backup_check);
  DeployOptions options;
  options.accept_holes = {"secondary-health", "target-health"};
  const auto why = account.deploy(options);
  INFO(why.value_or("armed"));
  REQUIRE_FALSE(why);
  const auto tags = account.look().snapshot.observed.notify_topic->tags;
  // What is not there is not accepted beforehand.
  CHECK(tags.at("sitelatch:accepted-holes") == "secondary-health");
  auto shown = account.look();
  CHECK(shown.assessment.state == State::armed);
  const auto* link = link_of(shown, "secondary-health");
  REQUIRE(link);
  CHECK(link->health == Link::Health::broken);
  CHECK(link->why.find("(accepted)") != std::string::npos);
  CHECK_FALSE(shown.assessment.sound());
  // Accepted once, it is not asked for again by deploy.
  CHECK(account.work_left().empty());
  REQUIRE_FALSE(account.deploy());
  // Closed, its acceptance goes, and coming back it refuses again.
  account.give_secondary("");
  CHECK_FALSE(link_of(account.look(), "secondary-health"));
  REQUIRE_FALSE(account.deploy());
  CHECK(account.look().snapshot.settings.accepted_holes.empty());
  CHECK(account.work_left().empty());
  account.give_secondary(account.story.backup_check);
  CHECK(account.deploy());
  shown = account.look();
  link = link_of(shown, "secondary-health");
  REQUIRE(link);
  CHECK(link->why.find("not accepted") != std::string::npos);
}

TEST_CASE("guard-on-aws 4: a guard that holds a latch is repaired whatever the holes") {
  Account account;
  account.deploy_well();
  account.lose_primary();
  account.give_secondary(account.story.backup_check);
  account.story.ok(
      "cloudwatch", "DeleteAlarms",
      Value::structure({{"AlarmNames", Value::list({default_names(account.check()).alarm})}}));
  const auto why = account.deploy();
  INFO(why.value_or("done"));
  CHECK_FALSE(why);
  CHECK(account.look().snapshot.observed.alarm);
}

TEST_CASE("a Primary that only Route 53's checkers reach is armed by whoever says so") {
  Account account;
  const auto ask = account.context().ask_site;
  account.context().ask_site = [](const Value&, const std::string&) -> Result<int> {
    return problem("no route to host");
  };
  auto why = account.deploy();
  REQUIRE(why);
  CHECK(why->find("Not armed in time") != std::string::npos);
  DeployOptions options;
  options.accept_holes = {"unreachable-primary"};
  why = account.deploy(options);
  INFO(why.value_or("armed"));
  CHECK_FALSE(why);
  CHECK(link_of(account.look(), "unreachable-primary"));
  // A Primary that answers, and not as Route 53 wants it, is no such hole.
  Account failing;
  failing.context().ask_site = [](const Value&, const std::string& path) -> Result<int> {
    return path == scenario::healthy_path ? 503 : 404;
  };
  why = failing.deploy(options);
  REQUIRE(why);
  CHECK(why->find("503") != std::string::npos);
}

TEST_CASE("what counts as healthy is Route 53's own rule, before arming and before a switch back") {
  for (const int status : {200, 204, 302, 399}) {
    CAPTURE(status);
    Account account;
    account.context().ask_site = [&account, status](const Value& config,
                                                    const std::string& path) -> Result<int> {
      if (path != scenario::healthy_path) return 404;
      if (!account.story.primary().up() &&
          config["IPAddress"].string_or("") == account.story.primary().address())
        return problem("nobody answers");
      return status;
    };
    account.deploy_well();
    account.lose_primary();
    account.story.primary().comes_up();
    SwitchBackOptions options;
    options.health_check_id = account.check();
    options.reason = "in sync";
    options.confirm = [](const View&, const std::string&) { return true; };
    const auto report = switch_back(account.context(), options);
    INFO(report.sentence);
    CHECK(report.end == SwitchBackEnd::done);
  }
}

TEST_CASE("checks that nothing can latch are refused with their reason, and can be looked at") {
  struct Case {
    const char *type, *linked, *words;
  };
  for (const auto& [type, linked, words] :
       {Case{"CALCULATED", "", "goes by other health checks"},
        Case{"CLOUDWATCH_METRIC", "", "CloudWatch alarm"},
        Case{"RECOVERY_CONTROL", "", "routing control"},
        Case{"HTTP", "servicediscovery.amazonaws.com", "servicediscovery.amazonaws.com"}}) {
    const std::string told{type};
    CAPTURE(told);
    Account account;
    account.instead = [&, type = type, linked = linked](
                          const Call& call) -> std::optional<client::Outcome<client::Reply>> {
      // GetHealthCheckStatus refuses what has no checkers (guard-on-aws 15).
      if (call.operation == "GetHealthCheckStatus" && type != std::string{"HTTP"})
        return client::Outcome<client::Reply>{
            failure(service_error(call, "InvalidInput", "not for this type"))};
      if (call.operation != "GetHealthCheck") return std::nullopt;
      auto reply = *account.story.call("route53", "GetHealthCheck", call.input);
      auto check = reply["HealthCheck"];
      auto config = check["HealthCheckConfig"];
      config.set("Type", type);
      check.set("HealthCheckConfig", config);
      if (*linked) check.set("LinkedService", Value::structure({{"ServicePrincipal", linked}}));
      reply.set("HealthCheck", check);
      return client::Reply{reply, "request"};
    };
    const auto why = account.deploy();
    REQUIRE(why);
    INFO(*why);
    CHECK(why->find(words) != std::string::npos);
    CHECK(resources_of(account) == 0);
    CHECK(account.look().assessment.state == State::not_deployed);
  }
}

TEST_CASE("guard-on-aws 12: topics in two regions want two keys, and nothing of AWS's own") {
  Account account;
  const std::string virginia = "arn:aws:kms:us-east-1:000000000000:key/1";
  const std::string ireland = "arn:aws:kms:eu-west-1:000000000000:key/2";
  DeployOptions options;
  options.function_region = "eu-west-1";
  options.kms_keys = {virginia};
  auto why = account.deploy(options);
  REQUIRE(why);
  CHECK(why->find("eu-west-1 too") != std::string::npos);
  options.kms_keys = {"alias/aws/sns"};
  why = account.deploy(options);
  REQUIRE(why);
  CHECK(why->find("AWS's own") != std::string::npos);
  CHECK(resources_of(account) == 0);
  options.kms_keys = {virginia, ireland};
  why = account.deploy(options);
  INFO(why.value_or("armed"));
  CHECK_FALSE(why);
  const auto observed = account.look().snapshot.observed;
  CHECK(observed.alarm_topic->kms_key == virginia);
  CHECK(observed.notify_topic->kms_key == ireland);
  // The function publishes to the second topic alone.
  const auto policy = observed.role->inline_policies.at("sitelatch-guard");
  CHECK(policy.find(ireland) != std::string::npos);
  CHECK(policy.find(virginia) == std::string::npos);
  CHECK(account.work_left().empty());
}

TEST_CASE(
    "guard-on-aws 12: a key whose policy shuts CloudWatch out is a hole, where it may be seen") {
  Account account;
  const std::string key = "arn:aws:kms:us-east-1:000000000000:key/1";
  DeployOptions options;
  options.kms_keys = {key};
  account.key_policies[key] =
      R"({"Statement":[{"Effect":"Allow",)"
      R"("Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"kms:*",)"
      R"("Resource":"*"}]})";
  auto why = account.deploy(options);
  REQUIRE(why);
  CHECK(why->find("kms-key") != std::string::npos);
  CHECK(why->find("kms:GenerateDataKey*") != std::string::npos);
  account.key_policies[key] = "";
  why = account.deploy(options);
  REQUIRE(why);
  CHECK(why->find("there is no key") != std::string::npos);
  CHECK(resources_of(account) == 0);
  account.key_policies[key] =
      R"({"Statement":[{"Effect":"Allow",)"
      R"("Principal":{"Service":"cloudwatch.amazonaws.com"},)"
      R"("Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}]})";
  CHECK_FALSE(account.deploy(options));
  account.key_policies.clear();
  CHECK_FALSE(account.deploy(options));
}

TEST_CASE("guard-on-aws 12: an alarm whose action failed is named by doctor") {
  Account account;
  account.deploy_well();
  const auto found = [&] {
    const auto diagnosis = diagnose(account.context());
    REQUIRE(diagnosis);
    std::string why;
    for (const auto& one : diagnosis->observations)
      if (one.name == "alarm-action") why = one.why;
    return why;
  };
  CHECK(found().empty());
  account.story.ok(
      "sns", "SetTopicAttributes",
      Value::structure({{"TopicArn", account.look().snapshot.observed.alarm_topic->arn},
                        {"AttributeName", "Policy"},
                        {"AttributeValue",
                         R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",)"
                         R"("Action":"sns:Publish","Resource":")" +
                             account.look().snapshot.observed.alarm_topic->arn + R"("}]})"}}));
  account.story.primary().goes_down();
  account.story.wait(scenario::time_to_latch);
  CHECK(found().find("Failed to execute action") != std::string::npos);
}
