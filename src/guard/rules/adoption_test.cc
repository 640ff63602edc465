// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/adoption.h"

#include <doctest/doctest.h>

#include "guard/rules/testing.h"

using namespace sitelatch::guard;
using sitelatch::guard::testing::id;

namespace {
const std::string guides_policy = "arn:aws:iam::000000000000:policy/" + id;
const std::string logs_policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
const std::string audits = "arn:aws:iam::000000000000:policy/organisation/audits";
using List = std::vector<std::string>;

Plan plan_with_role() {
  Settings s;
  s.health_check_id = id;
  s.account = "000000000000";
  return *make_plan(s);
}
}  // namespace

TEST_CASE(
    "guard-on-aws 18: a role of others is stripped when it is adopted, and never after that") {
  const auto plan = plan_with_role();
  ObservedRole role;
  role.managed_policies = {guides_policy, logs_policy, audits};
  role.inline_policies = {{plan.role.policy_name, "{}"}, {"more", "{}"}};

  auto strip = policies_to_strip(plan, role);
  CHECK(strip.managed == List{guides_policy, logs_policy, audits});
  CHECK(strip.inlined == List{"more"});
  CHECK(foreign_policies(plan, role).empty());

  role.tags = plan.role.tags;
  strip = policies_to_strip(plan, role);
  CHECK(strip.managed == List{guides_policy, logs_policy});
  CHECK(strip.inlined.empty());
  CHECK(foreign_policies(plan, role) == List{"policy " + audits, "inline policy more"});

  role.managed_policies = {audits};
  CHECK(policies_to_strip(plan, role).empty());
  role.tags["sitelatch:guard"] = "another";
  CHECK_FALSE(policies_to_strip(plan, role).empty());
}
