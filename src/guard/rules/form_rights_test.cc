// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/form_rights.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "guard/rules/json.h"
#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::id;

namespace {

const std::string made_c = "c0000000-0000-4000-8000-000000000000";
const std::string made_h = "40000000-0000-4000-8000-000000000000";
constexpr Audience everybody[] = {Audience::viewer, Audience::operate, Audience::deployer};

bool allows(const std::vector<Right>& rights, const std::string& action,
            const std::string& resource) {
  for (const auto& right : rights)
    if (std::find(right.actions.begin(), right.actions.end(), action) != right.actions.end())
      for (const auto& pattern : right.resources)
        if (wildcard_match(pattern, resource)) return true;
  return false;
}
std::string check_of(const std::string& one) { return "arn:aws:route53:::healthcheck/" + one; }
FormScope of_one() {
  return scope_of_config(plan_config(id, "aws", "123456789012"), {made_c, made_h});
}

}  // namespace

TEST_CASE("hardened: the guide's policies and the relay's, valid, and no larger than IAM takes") {
  Settings settings;
  settings.health_check_id = id;
  settings.account = "123456789012";
  const auto one = scope_of_hardened(*make_plan(settings), made_c);
  for (const auto& scope : {one, every_hardened_guard("aws"), every_hardened_guard("aws-us-gov")})
    for (const auto audience : everybody) {
      CAPTURE(to_string(audience));
      const auto rights = rights_of(audience, scope);
      std::set<std::string> sids;
      for (const auto& right : rights) {
        CAPTURE(right.sid);
        CHECK(sids.insert(right.sid).second);
        CHECK_FALSE(right.resources.empty());
        for (const auto& resource : right.resources)
          CHECK((resource == "*" || resource.starts_with("arn:" + scope.partition + ":")));
      }
      REQUIRE(Json::parse(policy_document(rights)));
      CHECK(policy_document(rights).size() < (audience == Audience::deployer ? 10240u : 6144u));
    }
  const auto function = "arn:aws:lambda:us-east-1:123456789012:function:" + relay_name(id);
  const auto role = "arn:aws:iam::123456789012:role/" + relay_name(id);
  const auto viewer = rights_of(Audience::viewer, one),
             deployer = rights_of(Audience::deployer, one);
  CHECK(allows(viewer, "lambda:GetFunctionUrlConfig", function));
  CHECK(allows(viewer, "route53:GetHealthCheckStatus", check_of(made_c)));
  CHECK_FALSE(allows(viewer, "route53:GetHealthCheckStatus", check_of(made_h)));
  CHECK(allows(deployer, "lambda:CreateFunctionUrlConfig", function));
  CHECK(allows(deployer, "iam:PassRole", role));
  CHECK(allows(deployer, "route53:UpdateHealthCheck", check_of(made_h)));
  // Who operates works the endpoint's check alone.
  const auto operates = rights_of(Audience::operate, one);
  CHECK(allows(operates, "route53:UpdateHealthCheck", check_of(id)));
  CHECK_FALSE(allows(operates, "route53:UpdateHealthCheck", check_of(made_c)));
  CHECK_FALSE(allows(operates, "lambda:UpdateFunctionConfiguration", function));
  // The guide's own policy says nothing of it.
  CHECK_FALSE(allows(rights_of(Audience::deployer, scope_of(*make_plan(settings))),
                     "lambda:CreateFunctionUrlConfig", function));
  // And of the relay alone nothing is the guide's.
  CHECK_FALSE(allows(rights_of(Audience::deployer, relay_alone(one)), "iam:PassRole",
                     "arn:aws:iam::123456789012:role/sitelatch-" + id));
}

TEST_CASE("an operator of config answers a drill, and alters no other tag of the topic") {
  const auto topic =
      "arn:aws:sns:us-east-1:123456789012:" + plan_config(id, "aws", "123456789012").notify_topic;
  const auto operates = rights_of(Form::config, Audience::operate, of_one());
  CHECK(allows(operates, "sns:TagResource", topic));
  CHECK_FALSE(allows(operates, "sns:Publish", topic));
  const auto answers = std::find_if(operates.begin(), operates.end(),
                                    [](const Right& right) { return right.sid == "Acknowledge"; });
  REQUIRE(answers != operates.end());
  CHECK(answers->condition.find("sitelatch:acknowledged") != std::string::npos);
  CHECK_FALSE(
      allows(rights_of(Form::config, Audience::viewer, of_one()), "sns:TagResource", topic));
  const auto deploys = rights_of(Form::config, Audience::deployer, of_one());
  for (const auto* action : {"sns:Publish", "sns:TagResource", "sns:UntagResource",
                             "sns:ListTagsForResource", "sns:ListSubscriptionsByTopic"})
    CHECK(allows(deploys, action, topic));
}

TEST_CASE("policies of config and engine are valid, and fit into a managed policy") {
  for (const auto form : {Form::config, Form::engine})
    for (const auto audience : everybody)
      for (const auto& scope : {form == Form::config ? of_one() : scope_of_engine(id, "aws"),
                                every_guard_of(form, "aws"), every_guard_of(form, "aws-us-gov")}) {
        CAPTURE(to_string(form));
        CAPTURE(to_string(audience));
        const auto rights = rights_of(form, audience, scope);
        std::set<std::string> sids;
        for (const auto& right : rights) {
          CHECK(sids.insert(right.sid).second);
          CHECK_FALSE(right.resources.empty());
          for (const auto& action : right.actions) CHECK(action.find('*') == std::string::npos);
          for (const auto& resource : right.resources)
            CHECK((resource == "*" || resource.starts_with("arn:" + scope.partition + ":")));
        }
        const auto parsed = Json::parse(policy_document(rights));
        REQUIRE(parsed);
        CHECK((*parsed)["Statement"].elements().size() == rights.size());
        CHECK(policy_document(rights).size() < 6144);
      }
}

TEST_CASE("config: an operator changes what was made and not the endpoint's check") {
  const auto operate = rights_of(Form::config, Audience::operate, of_one());
  CHECK(allows(operate, "route53:UpdateHealthCheck", check_of(made_h)));
  CHECK(allows(operate, "route53:UpdateHealthCheck", check_of(made_c)));
  CHECK_FALSE(allows(operate, "route53:UpdateHealthCheck", check_of(id)));
  CHECK_FALSE(allows(operate, "route53:DeleteHealthCheck", check_of(made_h)));
  CHECK_FALSE(
      allows(operate, "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z"));
  CHECK(allows(operate, "route53:GetHealthCheck", check_of(id)));
  const auto viewer = rights_of(Form::config, Audience::viewer, of_one());
  for (const auto& right : viewer)
    for (const auto& action : right.actions) {
      const auto verb = action.substr(action.find(':') + 1);
      CAPTURE(action);
      const bool reads = verb.starts_with("Get") || verb.starts_with("List") ||
                         verb.starts_with("Describe") || verb.starts_with("Filter");
      CHECK(reads);
    }
}

TEST_CASE("of every guard: whatever one guard needs") {
  const auto one = plan_config(id, "aws", "123456789012");
  for (const auto audience : everybody) {
    const auto all = rights_of(Form::config, audience, every_guard_of(Form::config, "aws"));
    for (const auto& right :
         rights_of(Form::config, audience, scope_of_config(one, {made_c, made_h})))
      for (const auto& action : right.actions)
        for (const auto& resource : right.resources) {
          CAPTURE(action);
          CAPTURE(resource);
          CHECK(allows(all, action, resource));
        }
    CHECK_FALSE(
        allows(all, "cloudwatch:DeleteAlarms", "arn:aws:cloudwatch:us-east-1:1:alarm:mine"));
  }
}

TEST_CASE("what a command asks IAM about beforehand is in its audience's policy") {
  const auto knows = [](Audience audience, const std::vector<std::string>& actions) {
    const auto rights = rights_of(Form::config, audience, of_one());
    for (const auto& action : actions) {
      CAPTURE(action);
      CHECK_FALSE(only(rights, {action}).empty());
    }
  };
  knows(Audience::deployer, actions_to_deploy_config(true, true));
  knows(Audience::deployer, actions_to_remove_config(true, true));
  knows(Audience::operate, actions_to_release_config());
}

TEST_CASE("engine: an operator trips and releases, and cannot take the latch away") {
  const auto operate = rights_of(Form::engine, Audience::operate, scope_of_engine(id, "aws"));
  const auto latch = only(operate, {"route53:ChangeTagsForResource"});
  REQUIRE(latch.size() == 1);
  CHECK(latch.front().condition.find("sitelatch:resume") != std::string::npos);
  CHECK(latch.front().condition.find("sitelatch:manual-resume") == std::string::npos);
  CHECK(Json::parse(latch.front().condition));
}
