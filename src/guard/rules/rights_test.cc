// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/rights.h"

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

Plan plan_in(const std::string& region) {
  Settings s;
  s.health_check_id = id;
  s.account = "000000000000";
  s.function_region = region;
  return *make_plan(s);
}

std::vector<std::string> all_actions(const std::vector<Right>& rights) {
  std::vector<std::string> all;
  for (const auto& right : rights)
    all.insert(all.end(), right.actions.begin(), right.actions.end());
  return all;
}

bool has(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// Whether the rights allow `action` on `resource`.
bool allow(const std::vector<Right>& rights, const std::string& action,
           const std::string& resource) {
  for (const auto& right : rights) {
    if (!has(right.actions, action)) continue;
    for (const auto& pattern : right.resources)
      if (wildcard_match(pattern, resource)) return true;
  }
  return false;
}

constexpr Audience audiences[] = {Audience::viewer, Audience::operate, Audience::deployer};

}  // namespace

TEST_CASE("policies are valid, name whole actions, and fit where IAM keeps them") {
  for (const auto& scope : {scope_of(plan_in("us-east-1")), scope_of(plan_in("eu-west-1")),
                            every_guard("aws"), every_guard("aws-cn")})
    for (const auto audience : audiences) {
      CAPTURE(to_string(audience));
      const auto rights = rights_of(audience, scope);
      std::set<std::string> sids;
      for (const auto& right : rights) {
        CAPTURE(right.sid);
        CHECK(sids.insert(right.sid).second);
        CHECK(right.sid.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ==
              std::string::npos);
        CHECK_FALSE(right.resources.empty());
        for (const auto& action : right.actions) CHECK(action.find('*') == std::string::npos);
        for (const auto& resource : right.resources)
          CHECK((resource == "*" || resource.starts_with("arn:" + scope.partition + ":")));
      }
      const auto document = policy_document(rights);
      const auto parsed = Json::parse(document);
      REQUIRE(parsed);
      CHECK((*parsed)["Statement"].elements().size() == rights.size());
      const auto pretty = Json::parse(policy_text(rights));
      REQUIRE(pretty);
      CHECK(*pretty == *parsed);
      // Managed policies take 6,144 characters, a role's inline ones 10,240.
      CHECK(document.size() < (audience == Audience::deployer ? 10240u : 6144u));
    }
}

TEST_CASE("who may do more may do what the others may, and only a deployer makes and removes") {
  const auto scope = scope_of(plan_in("eu-west-1"));
  const auto viewer = all_actions(rights_of(Audience::viewer, scope));
  const auto operates = all_actions(rights_of(Audience::operate, scope));
  const auto deployer = all_actions(rights_of(Audience::deployer, scope));
  for (const auto& action : viewer) CHECK(has(operates, action));
  for (const auto& action : operates) CHECK(has(deployer, action));
  for (const auto& action : viewer) {
    CAPTURE(action);
    const auto verb = action.substr(action.find(':') + 1);
    const bool reads = verb.starts_with("Get") || verb.starts_with("List") ||
                       verb.starts_with("Describe") || verb.starts_with("Filter");
    CHECK(reads);
  }
  CHECK_FALSE(has(operates, "iam:PassRole"));
  CHECK(has(operates, latch_action));
  CHECK_FALSE(has(viewer, latch_action));
}

TEST_CASE("of one guard: its exact ARNs, and the guide's names to look for") {
  const auto plan = plan_in("eu-west-1");
  const auto rights = rights_of(Audience::deployer, scope_of(plan));
  for (const auto& right : rights)
    for (const auto& resource : right.resources) {
      CAPTURE(right.sid);
      CAPTURE(resource);
      const bool exact = resource.find(id) != std::string::npos;
      const bool whole = resource == "*" || resource.ends_with(":hostedzone/*");
      CHECK((exact || whole));
      if (exact) CHECK(resource.find('?') == std::string::npos);
    }
  CHECK(allow(rights, "sns:GetTopicAttributes", plan.alarm_topic.arn));
  CHECK(allow(rights, "sns:GetTopicAttributes", "arn:aws:sns:us-east-1:000000000000:" + id));
  CHECK_FALSE(allow(rights, "sns:DeleteTopic", "arn:aws:sns:us-east-1:000000000000:" + id));
  CHECK(allow(rights, "iam:PassRole", plan.role.arn));
  CHECK_FALSE(allow(rights, "route53:CreateHealthCheck", "*"));
  const auto adopted = [] {
    Settings s;
    s.health_check_id = id;
    s.account = "000000000000";
    s.names = guide_names(id);
    return rights_of(Audience::deployer, scope_of(*make_plan(s)));
  }();
  CHECK(allow(adopted, "sns:DeleteTopic", "arn:aws:sns:us-east-1:000000000000:" + id));
}

TEST_CASE(
    "of every guard: by the names that deploy and the guide give, in any account and region") {
  const auto rights = rights_of(Audience::deployer, every_guard("aws"));
  for (const auto& region : {"us-east-1", "eu-west-1"}) {
    const auto plan = plan_in(region);
    for (const auto& right : rights_of(Audience::deployer, scope_of(plan)))
      for (const auto& action : right.actions)
        for (const auto& resource : right.resources) {
          CAPTURE(action);
          CAPTURE(resource);
          CHECK(allow(rights, action, resource));
        }
  }
  CHECK_FALSE(allow(rights, "sns:DeleteTopic", "arn:aws:sns:us-east-1:000000000000:orders"));
  CHECK_FALSE(allow(rights, "iam:PassRole", "arn:aws:iam::000000000000:role/admin"));
  CHECK(allow(rights, "iam:PassRole", "arn:aws:iam::000000000000:role/guards/sitelatch-" + id));
}

TEST_CASE("what a step of deploy needs is in the deployer's policy") {
  const auto plan = plan_in("us-east-1");
  const auto rights = rights_of(Audience::deployer, scope_of(plan));
  const auto known = all_actions(rights);
  for (int i = 0; i <= static_cast<int>(Resource::function_concurrency); ++i)
    for (const bool there : {false, true})
      for (const auto& action : actions_to_make(static_cast<Resource>(i), there, plan)) {
        CAPTURE(action);
        CHECK(has(known, action));
      }
  const auto role = only(rights, actions_to_make(Resource::role, false, plan));
  CHECK(all_actions(role) == std::vector<std::string>{"iam:CreateRole", "iam:TagRole"});
  auto every = all_actions(rights_of(Audience::deployer, every_guard("aws")));
  for (const auto& action : actions_to_drill(plan_in("us-east-1"))) CHECK(has(every, action));
}

TEST_CASE("a change needs the rights of what it changes") {
  Change change;
  Record before;
  change.record = before;
  auto needs = actions_to_apply(change, before);
  CHECK_FALSE(has(needs, latch_action));
  CHECK_FALSE(has(needs, "sns:TagResource"));
  CHECK(has(needs, "logs:PutLogEvents"));
  change.check.path = std::string{failed_over_path};
  change.record.release.number = 2;
  change.alarm_actions = true;
  needs = actions_to_apply(change, before);
  for (const auto* action : {"route53:UpdateHealthCheck", "sns:TagResource",
                             "lambda:UpdateFunctionConfiguration", "cloudwatch:EnableAlarmActions"})
    CHECK(has(needs, action));
  const auto operates = all_actions(rights_of(Audience::operate, scope_of(plan_in("us-east-1"))));
  for (const auto& action : needs) CHECK(has(operates, action));
}
