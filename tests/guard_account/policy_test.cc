// SPDX-License-Identifier: Apache-2.0
// The policies that `sitelatch policy` prints, against the engine's IAM: each is enough for its
// audience's commands, and without any one statement some command is denied. And what a caller who
// lacks rights is told, once, before anything is changed.
#include <doctest/doctest.h>

#include <algorithm>

#include "account.h"
#include "guard/apply/doctor.h"
#include "guard/apply/drill.h"
#include "guard/apply/missing_rights.h"
#include "guard/rules/rights.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

const char* const everything =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";

// --- what each audience does, one thing after another; a failure ends it and is its name.

std::optional<std::string> view_all(Account& account) {
  const auto shown = view(account, account, account.check(), account.context().everything());
  if (!shown) return "status: " + shown.error().text;
  if (!shown->snapshot.blind.empty()) return "status is blind";
  if (!shown->snapshot.records) return "status sees no records";
  for (const auto& answer : shown->dns)
    if (!answer.problem.empty()) return "status: " + answer.problem;
  const auto& s = shown->plan.settings;
  AuditLog log(account, s.function_region, s.names.audit_group, account.check(), "x");
  const auto entries = log.read(shown->now - 1h);
  if (!entries) return "log: " + client::explain(entries.error());
  const auto plan = plan_removal(account.context(), {account.check(), Latch::keep, true, false});
  if (!plan) return "destroy --plan: " + plan.error().text;
  return std::nullopt;
}
std::optional<std::string> view_every_guard(Account& account) {
  if (auto wrong = view_all(account)) return wrong;
  const auto guards = guarded_checks(account);
  if (!guards) return "status --all: " + client::explain(guards.error());
  const auto diagnosis = diagnose(account.context());
  if (!diagnosis) return "doctor: " + diagnosis.error().text;
  if (!diagnosis->blind.empty()) return "doctor is blind: " + diagnosis->blind.front();
  return std::nullopt;
}

// A failover by hand and the way back: the latch, its note, its release, the arming.
std::optional<std::string> operate(Account& account) {
  if (auto wrong = view_all(account)) return wrong;
  Request request;
  request.action = "trip";
  request.why = "a test";
  request.tells = true;
  const auto tripped = carry_out(account.context(), account.look(), request, [](const View& seen) {
    return guard::trip(situation_of(seen.snapshot.observed), {false, "a test"}, seen.now);
  });
  if (!tripped) return "trip: " + tripped.error().text;
  if (!tripped->applied.notes.empty()) return "trip: " + tripped->applied.notes.front();
  account.story.wait(scenario::time_to_latch);
  SwitchBackOptions back;
  back.health_check_id = account.check();
  back.reason = "a test";
  back.confirm = [](const View&, const std::string&) { return true; };
  const auto released = switch_back(account.context(), back);
  if (released.end != SwitchBackEnd::done) return "switch-back: " + released.sentence;
  if (!released.notes.empty()) return "switch-back: " + released.notes.front();
  // Somebody has switched the actions off.
  account.story.ok(
      "cloudwatch", "DisableAlarmActions",
      Value::structure({{"AlarmNames", Value::list({account.look().plan.alarm.name})}}));
  request.action = "arm";
  const auto arming = carry_out(account.context(), account.look(), request, [](const View& seen) {
    return guard::arm(situation_of(seen.snapshot.observed), {seen.snapshot.observed.healthy},
                      seen.now);
  });
  if (!arming) return "arm: " + arming.error().text;
  if (!arming->applied.notes.empty()) return "arm: " + arming->applied.notes.front();
  return std::nullopt;
}

// The account's root, for what the others of the story do.
template <class Act>
void as_root(Account& account, const std::string& policy, Act act) {
  account.become("");
  act();
  account.become(policy);
}

std::optional<std::string> remove_guard(Account& account) {
  const auto plan = plan_removal(account.context(), {account.check(), Latch::keep, true, false});
  if (!plan) return "destroy: " + plan.error().text;
  if (!plan->left.empty()) return "destroy leaves " + plan->left.front();
  const auto removed = carry_out(account.context(), *plan);
  if (!removed) return "destroy: " + removed.error().text;
  return std::nullopt;
}

std::optional<std::string> make_and_remove(Account& account) {
  DeployOptions options;
  options.notify_endpoint = "sre@example.org";
  if (auto wrong = account.deploy(options)) return "deploy: " + *wrong;
  if (account.look().snapshot.observed.function->reserved_concurrency != 2)
    return std::string{"deploy reserves nothing"};
  if (auto wrong = operate(account)) return wrong;
  return remove_guard(account);
}

std::optional<std::string> adopt_and_remove(Account& account, const std::string& policy) {
  as_root(account, policy, [&] { account.story.follow_the_guide(); });
  account.story.functions[account.check()] =
      account.story.functions[default_names(account.check()).function];
  DeployOptions options;
  options.function = FunctionKind::native;
  if (auto wrong = account.deploy(options)) return "adoption: " + *wrong;
  return remove_guard(account);
}

std::optional<std::string> rehearse(Account& account) {
  account.story.any_function = account.story.functions.begin()->second;
  DrillOptions options;
  options.health_check_id = account.check();
  options.codes = account.codes();
  const auto report = drill(account.context(), options);
  if (!report.passed) return "drill: " + report.sentence;
  if (!report.left.empty()) return "drill leaves " + report.left.front();
  return std::nullopt;
}

Plan plan_of(Account& account, Names names = {}, const std::string& region = "us-east-1") {
  Settings settings;
  settings.health_check_id = account.check();
  settings.account = "000000000000";
  settings.function_region = region;
  settings.names = std::move(names);
  return *make_plan(std::move(settings));
}

using Story = std::function<std::optional<std::string>(Account&, const std::string& policy)>;

// `prepare` as the root; then the story with all statements, and with all but one in turn.
void each_statement_is_needed(const std::vector<Right>& rights,
                              const std::function<void(Account&)>& prepare, const Story& story) {
  const auto run = [&](const std::vector<Right>& some) {
    Account account;
    prepare(account);
    const auto policy = policy_document(some);
    account.become(policy);
    account.denials.clear();
    const auto wrong = story(account, policy);
    std::string text = wrong.value_or("");
    for (const auto& denied : account.denials) text += " denied " + denied;
    return text;
  };
  const auto whole = run(rights);
  CHECK_MESSAGE(whole.empty(), whole);
  for (std::size_t i = 0; i < rights.size(); ++i) {
    auto less = rights;
    less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
    CAPTURE(rights[i].sid);
    CHECK(run(less) != "");
  }
}

void deploy_guard(Account& account) { account.deploy_well(); }

}  // namespace

TEST_CASE(
    "the viewer's policy of one guard is enough for status and log, and nothing of it is idle") {
  Account account;
  each_statement_is_needed(rights_of(Audience::viewer, scope_of(plan_of(account))), deploy_guard,
                           [](Account& a, const std::string&) { return view_all(a); });
}

TEST_CASE("the viewer's policy of every guard is enough for doctor and status --all, too") {
  each_statement_is_needed(rights_of(Audience::viewer, every_guard("aws")), deploy_guard,
                           [](Account& a, const std::string&) { return view_every_guard(a); });
}

TEST_CASE(
    "the operator's policy is enough for trip, switch-back and arm, and nothing of it is idle") {
  Account account;
  each_statement_is_needed(rights_of(Audience::operate, scope_of(plan_of(account))), deploy_guard,
                           [](Account& a, const std::string&) { return operate(a); });
}

TEST_CASE("the deployer's policy of one guard makes it, works it and removes it") {
  Account account;
  auto rights = rights_of(Audience::deployer, scope_of(plan_of(account)));
  // Of an adoption; below.
  rights.erase(std::remove_if(rights.begin(), rights.end(),
                              [](const Right& r) { return r.sid == "RemoveGuidesPolicy"; }),
               rights.end());
  each_statement_is_needed(
      rights, [](Account&) {}, [](Account& a, const std::string&) { return make_and_remove(a); });
}

TEST_CASE("the deployer's policy adopts what the guide made, and removes that") {
  Account account;
  const auto scope = scope_of(plan_of(account, guide_names(account.check()), "eu-west-1"));
  const auto rights = rights_of(Audience::deployer, scope);
  for (const bool with : {true, false}) {
    Account adopting;
    auto some = rights;
    if (!with)
      some.erase(std::remove_if(some.begin(), some.end(),
                                [](const Right& r) { return r.sid == "RemoveGuidesPolicy"; }),
                 some.end());
    const auto policy = policy_document(some);
    adopting.become(policy);
    const auto wrong = adopt_and_remove(adopting, policy);
    INFO(wrong.value_or("done"));
    CHECK(wrong.has_value() != with);
  }
}

TEST_CASE("the deployer's policy of every guard rehearses, too") {
  const auto rights = rights_of(Audience::deployer, every_guard("aws"));
  for (const std::string without : {"", "DrillCheck", "DrillOnCheck", "DrillAlarm"}) {
    CAPTURE(without);
    auto some = rights;
    some.erase(
        std::remove_if(some.begin(), some.end(), [&](const Right& r) { return r.sid == without; }),
        some.end());
    Account account;
    account.deploy_well();
    account.become(policy_document(some));
    account.denials.clear();
    const auto wrong = rehearse(account);
    INFO(wrong.value_or("passed"));
    CHECK((wrong || !account.denials.empty()) == !without.empty());
  }
}

TEST_CASE("missing rights are told once, in one list, before anything is made") {
  Account account;
  // All that is needed but three rights, and the right to ask IAM.
  auto rights = rights_of(Audience::deployer, scope_of(plan_of(account)));
  for (auto& right : rights)
    for (const auto* lacking :
         {"iam:PassRole", "lambda:AddPermission", "cloudwatch:PutMetricAlarm"})
      std::erase(right.actions, lacking);
  std::erase_if(rights, [](const Right& r) { return r.actions.empty(); });
  rights.push_back({"AskIam",
                    {"iam:SimulatePrincipalPolicy", "iam:GetRole"},
                    {"arn:aws:iam::000000000000:role/tester"},
                    ""});
  account.become(policy_document(rights));
  const auto why = account.deploy();
  REQUIRE(why);
  INFO(*why);
  CHECK(why->find("Nothing was made") != std::string::npos);
  for (const auto* action :
       {"iam:PassRole on arn:aws:iam::000000000000:role/sitelatch-", "lambda:AddPermission on ",
        "cloudwatch:PutMetricAlarm on ", "sitelatch policy deployer"})
    CHECK(why->find(action) != std::string::npos);
  CHECK(std::count(why->begin(), why->end(), '\n') == 4);
  CHECK(account.resources().empty());
}

TEST_CASE("a caller who may not ask IAM learns from the first denial of each resource") {
  Account account;
  account.deploy_well();
  account.become(R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"route53:*",)"
                 R"("Resource":"*"}]})");
  const auto why = account.deploy();
  REQUIRE(why);
  INFO(*why);
  for (const auto* action :
       {"cloudwatch:DescribeAlarms", "sns:GetTopicAttributes", "sns:ListTagsForResource",
        "sns:ListSubscriptionsByTopic", "lambda:GetFunction", "lambda:GetPolicy",
        "lambda:GetFunctionEventInvokeConfig", "iam:GetRole", "iam:ListRolePolicies",
        "iam:ListAttachedRolePolicies", "events:DescribeRule", "events:ListTargetsByRule",
        "logs:DescribeLogGroups"}) {
    CAPTURE(action);
    CHECK(why->find(action) != std::string::npos);
  }
  const auto plan = plan_removal(account.context(), {account.check(), Latch::keep, true});
  REQUIRE_FALSE(plan);
  CHECK(plan.error().text.find("events:ListTargetsByRule") != std::string::npos);
}

TEST_CASE("a destroy and a switch back without all rights change nothing") {
  Account account;
  account.deploy_well();
  auto rights = rights_of(Audience::deployer, scope_of(plan_of(account)));
  for (auto& right : rights)
    for (const auto* lacking : {"iam:DeleteRole", "sns:DeleteTopic", "sns:TagResource"})
      std::erase(right.actions, lacking);
  rights.push_back({"AskIam",
                    {"iam:SimulatePrincipalPolicy", "iam:GetRole"},
                    {"arn:aws:iam::000000000000:role/tester"},
                    ""});
  account.lose_primary();
  account.story.primary().comes_up();
  account.become(policy_document(rights));
  const auto before = account.resources();
  const auto plan = plan_removal(account.context(), {account.check(), Latch::keep, true});
  REQUIRE(plan);
  CHECK(plan->missing.size() == 3);  // one role, two topics
  const auto removed = carry_out(account.context(), *plan);
  REQUIRE_FALSE(removed);
  CHECK(removed.error().text.find("iam:DeleteRole") != std::string::npos);
  CHECK(account.resources() == before);
  SwitchBackOptions back;
  back.health_check_id = account.check();
  back.reason = "a test";
  bool asked = false;
  back.confirm = [&asked](const View&, const std::string&) { return asked = true; };
  const auto report = switch_back(account.context(), back);
  CHECK(report.sentence.find("sns:TagResource") != std::string::npos);
  CHECK_FALSE(asked);
  CHECK(latched(*account.look().snapshot.observed.check));
}

TEST_CASE("a latch is set whether or not it can be written down; without its own right it is not") {
  Account account;
  account.deploy_well();
  auto rights = rights_of(Audience::operate, scope_of(plan_of(account)));
  rights.push_back({"AskIam",
                    {"iam:SimulatePrincipalPolicy", "iam:GetRole"},
                    {"arn:aws:iam::000000000000:role/tester"},
                    ""});
  const auto without = [&](std::string_view sid) {
    auto some = rights;
    std::erase_if(some, [&](const Right& r) { return r.sid == sid; });
    account.become(policy_document(some));
    const auto shown = account.look();
    const auto change =
        guard::trip(situation_of(shown.snapshot.observed), {false, "a test"}, shown.now);
    REQUIRE(change);
    return rights_against(account.context(), shown, *change, true);
  };
  CHECK_FALSE(without("Audit"));
  CHECK(account.said.back().find("logs:PutLogEvents") != std::string::npos);
  const auto why = without("Latch");
  REQUIRE(why);
  CHECK(why->find("route53:UpdateHealthCheck") != std::string::npos);
  CHECK_FALSE(without("nothing"));
}

TEST_CASE("a drill without rights makes nothing, and leaves nothing") {
  for (const bool may_ask : {true, false}) {
    CAPTURE(may_ask);
    Account account;
    account.deploy_well();
    const auto checks = [&] {
      return account.story.ok("route53", "ListHealthChecks", Value::structure())["HealthChecks"]
          .items()
          .size();
    };
    const auto before = checks();
    auto rights = rights_of(Audience::operate, every_guard("aws"));
    rights.push_back(
        {"MakeChecks",
         {"route53:CreateHealthCheck", "route53:DeleteHealthCheck", "lambda:InvokeFunction"},
         {"*"},
         ""});
    if (may_ask)
      rights.push_back({"AskIam",
                        {"iam:SimulatePrincipalPolicy"},
                        {"arn:aws:iam::000000000000:role/tester"},
                        ""});
    account.become(policy_document(rights));
    const auto wrong = rehearse(account);
    REQUIRE(wrong);
    INFO(*wrong);
    if (may_ask) {
      CHECK(wrong->find("iam:CreateRole") != std::string::npos);
      CHECK(account.count("CreateHealthCheck") == 0);
    }
    account.become("");
    CHECK(checks() == before);
  }
}

TEST_CASE("an account's root is asked nothing, and IAM that does not answer stops nobody") {
  Account account;
  account.deploy_well();
  CHECK(account.count("SimulatePrincipalPolicy") == 0);
  Account silent;
  silent.become(everything);
  silent.instead = [](const client::Call& call) -> std::optional<client::Outcome<client::Reply>> {
    if (call.operation != "SimulatePrincipalPolicy") return std::nullopt;
    CHECK(call.attempts == 1);
    CHECK(call.time_limit.has_value());
    client::Error error;
    error.cause = client::Cause::timeout;
    return client::Outcome<client::Reply>{failure(error)};
  };
  const auto why = silent.deploy();
  INFO(why.value_or("armed"));
  CHECK_FALSE(why);
}
