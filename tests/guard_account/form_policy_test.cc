// SPDX-License-Identifier: Apache-2.0
// The policies that `sitelatch policy --form config|engine|hardened` prints, against the engine's
// IAM: each is enough for its audience's commands, and whoever lacks one right of it is told which.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.h"
#include "config_account.h"
#include "guard/apply/engine_form.h"
#include "guard/apply/form_drill.h"
#include "guard/apply/reach.h"
#include "guard/apply/self_testing.h"
#include "guard/rules/form_rights.h"
#include "hardened_account.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;

namespace {

// What a command said: of errors, of what may not be seen, of what could not be noted down.
using Said = std::vector<std::string>;

void look(ConfigAccount& account, Said& said) {
  const auto seen = look_at_config(account.context(), account.check(), {});
  if (!seen) return said.push_back("status: " + seen.error().text);
  for (const auto& blind : seen->blind) said.push_back("status: " + describe(blind));
  for (const auto& answer : seen->dns)
    if (!answer.problem.empty()) said.push_back("status: " + answer.problem);
}

void read_log(ConfigAccount& account, const std::string& region, const std::string& group,
              Said& said) {
  AuditLog log(account, region, group, account.check(), "x");
  if (const auto read = log.read(Instant{account.now().time_since_epoch()} - 1h); !read)
    said.push_back("log: " + client::explain(read.error()));
}

void view_config(ConfigAccount& account, Said& said) {
  look(account, said);
  const auto plan = plan_config(account.check(), "aws", "000000000000");
  read_log(account, plan.region, plan.audit_group, said);
  // Where the tags do not lead to what was made, it is searched for: so in `status --all`.
  if (const auto all = config_guards(account); !all)
    said.push_back("status --all: " + client::explain(all.error()));
}

const std::string code = "K7Q4-2MXD";

// As a drill does that somebody else runs.
void ask_people(ConfigAccount& account) {
  const Asked asked{digest_of_code(code), account.story.now(), account.story.now() + 24h};
  account.story.ok(
      "sns", "TagResource",
      Value::structure(
          {{"ResourceArn", plan_config(account.check(), "aws", "000000000000").notify_arn},
           {"Tags",
            Value::list({Value::structure({{"Key", tag::asked}, {"Value", tag_text(asked)}})})}}));
}

void operate_config(ConfigAccount& account, Said& said) {
  view_config(account, said);
  const auto tripped = trip_config(account.context(), account.look_config(), "a test");
  if (!tripped) return said.push_back("trip: " + tripped.error().text);
  for (const auto& note : tripped->notes) said.push_back("trip: " + note);
  const auto released = account.release({}, 40min);
  for (const auto& refusal : released.refusals) said.push_back("switch-back: " + refusal.why);
  if (released.end != SwitchBackEnd::done) said.push_back("switch-back: " + released.sentence);
  for (const auto& note : released.notes) said.push_back("switch-back: " + note);
  if (const auto taken = acknowledge(account.context(), account.check(), Form::config, code);
      !taken)
    said.push_back("acknowledge: " + taken.error().text);
}

void deploy_and_destroy_config(ConfigAccount& account, Said& said) {
  account.said.clear();
  if (const auto wrong = account.deploy_config(true, 45min, "sre@example.org"))
    return said.push_back("deploy: " + *wrong);
  said.insert(said.end(), account.said.begin(), account.said.end());  // of the audit log
  ReachOptions options;
  options.limit = 1s;
  Reach reach(account.context(), options);
  const auto topic = people_of(account.context(), account.check(), Form::config);
  if (!topic) return said.push_back("reach: " + topic.error().text);
  if (const auto asked = reach.ask(*topic); !asked) said.push_back("reach: " + asked.error().text);
  if (const auto closed = reach.close(); !closed) said.push_back("reach: " + closed.error().text);
  if (const auto wrong = account.destroy_config(true)) said.push_back("destroy: " + *wrong);
}

std::vector<std::string> every_action(const std::vector<Right>& rights) {
  std::vector<std::string> all;
  for (const auto& right : rights)
    for (const auto& action : right.actions)
      if (std::find(all.begin(), all.end(), action) == all.end()) all.push_back(action);
  return all;
}
std::vector<Right> without(std::vector<Right> rights, const std::string& action) {
  for (auto& right : rights) std::erase(right.actions, action);
  std::erase_if(rights, [](const Right& right) { return right.actions.empty(); });
  return rights;
}

struct Told {
  std::string text;  // that something is wrong
  std::set<std::string> denials;
};
template <class Account>
Told told(const std::vector<Right>& rights, const std::function<void(Account&)>& prepare,
          const std::function<void(Account&, Said&)>& story) {
  Account account;
  prepare(account);
  account.become(policy_document(rights));
  account.denials.clear();
  Said said;
  story(account, said);
  return {join(said, "\n"), account.denials};
}

// Enough; and without each one action somebody is told its name.
template <class Account>
void each_action_is_named(const std::vector<Right>& rights,
                          const std::function<void(Account&)>& prepare,
                          const std::function<void(Account&, Said&)>& story) {
  const auto whole = told<Account>(rights, prepare, story);
  INFO(whole.text);
  CHECK(whole.denials == std::set<std::string>{});
  for (const auto& action : every_action(rights)) {
    const auto less = told<Account>(without(rights, action), prepare, story);
    CAPTURE(action);
    INFO(less.text);
    // SNS says "SNS:Publish" where others say "sns:Publish".
    CHECK(lower(less.text).find(lower(action)) != std::string::npos);
  }
}

void serve_and_tell(ConfigAccount& account) {
  REQUIRE_FALSE(account.deploy_config(true, 45min, "sre@example.org"));
  REQUIRE(account.phase() == Phase::serving);
}

FormScope scope_of_deployed() {
  ConfigAccount account;
  serve_and_tell(account);
  const auto seen = account.look_config();
  return scope_of_config(seen.plan, {seen.observed.combined->id, seen.observed.hold->id});
}

}  // namespace

TEST_CASE("config: a viewer's policy is enough, and a missing right is named") {
  const auto rights = rights_of(Form::config, Audience::viewer, scope_of_deployed());
  each_action_is_named<ConfigAccount>(rights, serve_and_tell, view_config);
}

TEST_CASE("config: an operator's policy is enough, and a missing right is named") {
  const auto rights = rights_of(Form::config, Audience::operate, scope_of_deployed());
  const auto asked_too = [](ConfigAccount& account) {
    serve_and_tell(account);
    ask_people(account);
  };
  each_action_is_named<ConfigAccount>(rights, asked_too, operate_config);
}

TEST_CASE("config: a deployer's policy is enough, and a missing right is named") {
  ConfigAccount account;
  const auto plan = plan_config(account.check(), "aws", "000000000000");
  auto rights = rights_of(Form::config, Audience::deployer, scope_of_config(plan, {}));
  // Of `log` and of changing a topic's policy back: in the other cases.
  for (const auto* other : {"logs:FilterLogEvents", "sns:SetTopicAttributes"})
    rights = without(rights, other);
  each_action_is_named<ConfigAccount>(
      rights, [](ConfigAccount&) {}, deploy_and_destroy_config);
}

TEST_CASE("config: whoever may ask IAM is told all that is missing before anything is made") {
  ConfigAccount account;
  const auto plan = plan_config(account.check(), "aws", "000000000000");
  auto rights = rights_of(Form::config, Audience::deployer, scope_of_config(plan, {}));
  for (const auto* lacking : {"route53:CreateHealthCheck", "cloudwatch:PutMetricAlarm"})
    rights = without(rights, lacking);
  rights.push_back({"AskIam",
                    {"iam:SimulatePrincipalPolicy", "iam:GetRole"},
                    {"arn:aws:iam::000000000000:role/tester"},
                    ""});
  account.become(policy_document(rights));
  const auto before = account.pieces();
  const auto why = account.deploy_config(true);
  REQUIRE(why);
  INFO(*why);
  for (const auto* part :
       {"Nothing was made", "route53:CreateHealthCheck on ", "cloudwatch:PutMetricAlarm on ",
        "sitelatch policy deployer --form config"})
    CHECK(why->find(part) != std::string::npos);
  CHECK(account.pieces() == before);
}

TEST_CASE("config: what may not be seen is neither deployed over nor left behind") {
  ConfigAccount account;
  account.serve();
  account.deny("GetTopicAttributes");
  const auto why = account.destroy_config(true);
  REQUIRE(why);
  CHECK(why->find("sns:GetTopicAttributes") != std::string::npos);
  CHECK(account.phase() == Phase::serving);
}

TEST_CASE("config: the deployer's policy of every guard rehearses; without a part nothing stays") {
  const auto rights =
      rights_of(Form::config, Audience::deployer, every_guard_of(Form::config, "aws"));
  for (const std::string lacking :
       {"", "route53:CreateHealthCheck", "route53:ChangeResourceRecordSets"}) {
    ConfigAccount account;
    account.story.witness.watch_no_more();
    account.live(3min);
    const auto before = account.pieces();
    account.become(policy_document(lacking.empty() ? rights : without(rights, lacking)));
    FormDrillOptions options;
    options.health_check_id = account.check();
    options.scenario = Scenario::trip;
    const auto report = drill_form(account.context(), options);
    CAPTURE(lacking);
    INFO(report.sentence);
    CHECK(report.passed == lacking.empty());
    CHECK(report.left.empty());
    if (!lacking.empty()) CHECK(report.sentence.find(lacking) != std::string::npos);
    account.become("");
    auto now = account.pieces();
    std::erase(now, "tag sitelatch:last-drill");
    CHECK(now == before);
  }
}

TEST_CASE("engine form: each policy is enough, and a missing right is named") {
  const auto look_engine = [](ConfigAccount& account, Said& said) {
    const auto seen = look_at_engine(account.context(), account.check());
    if (!seen) {
      said.push_back(seen.error().text);
      return std::optional<EngineView>{};
    }
    for (const auto& blind : seen->blind) said.push_back(describe(blind));
    for (const auto& answer : seen->dns)
      if (!answer.problem.empty()) said.push_back(answer.problem);
    read_log(account, "us-east-1", default_names(account.check()).audit_group, said);
    return std::optional{*seen};
  };
  const auto add = [](const std::vector<std::string>& notes, Said& said) {
    said.insert(said.end(), notes.begin(), notes.end());
  };
  const auto arm = [&](ConfigAccount& account, Said& said) {
    const auto plan = plan_engine(account.context(), account.check());
    if (!plan) return said.push_back(plan.error().text);
    const auto done = carry_out(account.context(), *plan, true);
    if (!done) return said.push_back(done.error().text);
    add(done->notes, said);
  };
  const auto prepare = [&](ConfigAccount& account) {
    account.story.witness.watch_no_more();
    account.live(2min);
    Said said;
    arm(account, said);
    REQUIRE(said.empty());
  };
  const auto operate = [&](ConfigAccount& account, Said& said) {
    const auto seen = look_engine(account, said);
    if (!seen) return;
    const auto tripped = trip_engine(account.context(), *seen, "a test");
    if (!tripped) return said.push_back(tripped.error().text);
    add(tripped->notes, said);
    EngineSwitchBackOptions options;
    options.health_check_id = account.check();
    options.reason = "a test";
    options.confirm = [](const EngineView&, const std::string&) { return true; };
    const auto released = engine_switch_back(account.context(), options);
    if (released.end != SwitchBackEnd::done) said.push_back(released.sentence);
    add(released.notes, said);
  };
  ConfigAccount some;
  const auto scope = scope_of_engine(some.check(), "aws");
  each_action_is_named<ConfigAccount>(
      rights_of(Form::engine, Audience::viewer, scope), prepare,
      [&](ConfigAccount& account, Said& said) { (void)look_engine(account, said); });
  each_action_is_named<ConfigAccount>(rights_of(Form::engine, Audience::operate, scope), prepare,
                                      operate);
  each_action_is_named<ConfigAccount>(
      rights_of(Form::engine, Audience::deployer, scope),
      [](ConfigAccount& account) {
        account.story.witness.watch_no_more();
        account.give_secondary(account.story.backup_check);
        account.story.witness.watch_no_more();
        account.live(2min);
      },
      [&](ConfigAccount& account, Said& said) {
        arm(account, said);
        const auto seen = look_engine(account, said);
        if (!seen) return;
        const auto done = disarm_engine(account.context(), *seen, Logs::removed);
        if (!done) return said.push_back(done.error().text);
        add(done->notes, said);
      });
  // Who may trip and release may not take the latch away.
  ConfigAccount account;
  prepare(account);
  account.become(policy_document(rights_of(Form::engine, Audience::operate, scope)));
  Said said;
  const auto seen = look_engine(account, said);
  REQUIRE(seen);
  CHECK_FALSE(disarm_engine(account.context(), *seen));
  CHECK(look_engine(account, said)->observed.armed);
}

namespace {

struct QuickHardened : HardenedAccount {
  QuickHardened() : HardenedAccount(1) { story.witness.watch_no_more(); }
};

// Without this action where it is about the relay, its clock or its sentinel; the guide's guard may
// be worked as before.
std::vector<Right> without_for_relay(const std::vector<Right>& rights, const std::string& action,
                                     const std::string& clock = "(not made yet)") {
  const auto of_relay = [&clock](const std::string& resource) {
    return resource.find("-relay") != std::string::npos || resource.ends_with("/*") ||
           resource == "*" || resource.ends_with(clock);
  };
  std::vector<Right> out;
  for (const auto& right : rights) {
    auto rest = right, guides = right;
    std::erase(rest.actions, action);
    if (rest.actions.size() != right.actions.size()) {
      guides.sid += "OfGuide";
      guides.actions = {action};
      std::erase_if(guides.resources, of_relay);
      if (!guides.resources.empty()) out.push_back(guides);
    }
    if (!rest.actions.empty()) out.push_back(rest);
  }
  return out;
}

void look_hardened(HardenedAccount& account, Said& said) {
  auto seen = view(account, account, account.check(), account.context().everything());
  if (!seen) return said.push_back("status: " + seen.error().text);
  if (const auto added = add_hardened(account.context(), *seen); !added)
    return said.push_back("status: " + added.error().text);
  for (const auto& blind : seen->snapshot.blind) said.push_back("status: " + describe(blind));
  for (const auto& link : seen->assessment.links)
    if (link.health == Link::Health::unknown) said.push_back("status: " + link.why);
}

void make_and_remove_hardened(HardenedAccount& account, Said& said) {
  if (const auto wrong = account.deploy_hardened(true)) return said.push_back("deploy: " + *wrong);
  account.live(3min);
  look_hardened(account, said);
  const auto tests = run_self_test(account, account.plan_hardened().look.plan.relay.function);
  if (!tests) return said.push_back("self-test: " + client::explain(tests.error()));
  if (const auto wrong = account.destroy_hardened()) said.push_back("destroy: " + *wrong);
}

Scope scope_of_one_hardened(HardenedAccount& account, const std::string& clock) {
  Settings settings;
  settings.health_check_id = account.check();
  settings.account = "000000000000";
  return scope_of_hardened(*make_plan(std::move(settings)), clock);
}

}  // namespace

TEST_CASE(
    "hardened: a deployer's policy makes, proves and removes it, and a missing right is named") {
  QuickHardened some;
  const auto rights = rights_of(Audience::deployer, scope_of_one_hardened(some, ""));
  for (const std::string lacking :
       {"", "lambda:CreateFunctionUrlConfig", "lambda:GetFunctionUrlConfig", "lambda:AddPermission",
        "lambda:CreateFunction", "lambda:InvokeFunction", "lambda:DeleteFunction", "iam:CreateRole",
        "iam:PassRole", "iam:DeleteRole", "logs:CreateLogGroup", "route53:CreateHealthCheck",
        "route53:ChangeTagsForResource", "route53:ChangeResourceRecordSets",
        "route53:DeleteHealthCheck"}) {
    QuickHardened account;
    account.live(2min);
    account.become(policy_document(without_for_relay(rights, lacking)));
    account.denials.clear();
    Said said;
    make_and_remove_hardened(account, said);
    const auto text = join(said, "\n");
    CAPTURE(lacking);
    INFO(text);
    if (lacking.empty()) CHECK(account.denials == std::set<std::string>{});
    CHECK(text.empty() == lacking.empty());
    CHECK(text.find(lacking) != std::string::npos);
  }
}

TEST_CASE("hardened: a viewer's policy is enough for status, and a missing right is named") {
  for (const std::string lacking :
       {"", "lambda:GetFunctionUrlConfig", "lambda:GetFunction", "iam:GetRole",
        "route53:GetHealthCheck", "route53:ListTagsForResource"}) {
    QuickHardened account;
    account.serve_hardened();
    const auto clock = account.plan_hardened().look.observed.clock->id;
    const auto rights = rights_of(Audience::viewer, scope_of_one_hardened(account, clock));
    account.become(policy_document(without_for_relay(rights, lacking, clock)));
    account.denials.clear();
    Said said;
    look_hardened(account, said);
    const auto text = join(said, "\n");
    CAPTURE(lacking);
    INFO(text);
    if (lacking.empty()) CHECK(account.denials == std::set<std::string>{});
    CHECK(text.empty() == lacking.empty());
    CHECK(text.find(lacking) != std::string::npos);
  }
}

TEST_CASE("hardened: what was changed by others is mended with the deployer's policy") {
  QuickHardened account;
  account.serve_hardened();
  const auto look = account.plan_hardened().look;
  const auto name = look.plan.relay.function.name;
  account.update(look.observed.clock->id, {{"Disabled", true}});
  account.story.ok("lambda", "UpdateFunctionUrlConfig",
                   Value::structure({{"FunctionName", name}, {"AuthType", "AWS_IAM"}}));
  account.story.ok("lambda", "UpdateFunctionConfiguration",
                   Value::structure({{"FunctionName", name}, {"Timeout", 3}}));
  account.story.ok("lambda", "PutFunctionConcurrency",
                   Value::structure({{"FunctionName", name}, {"ReservedConcurrentExecutions", 0}}));
  CHECK(account.plan_hardened().work.size() == 4);
  const auto rights =
      rights_of(Audience::deployer, scope_of_one_hardened(account, look.observed.clock->id));
  account.become(policy_document(rights));
  account.denials.clear();
  const auto wrong = account.deploy_hardened(false);
  INFO(wrong.value_or(""));
  CHECK_FALSE(wrong);
  CHECK(account.denials == std::set<std::string>{});
  account.become("");
  CHECK(account.plan_hardened().work.empty());
}

TEST_CASE("hardened: whoever may ask IAM is told all that is missing before anything is changed") {
  const Right asks{"AskIam",
                   {"iam:SimulatePrincipalPolicy", "iam:GetRole"},
                   {"arn:aws:iam::000000000000:role/tester"},
                   ""};
  QuickHardened account;
  account.live(2min);
  const auto whole = rights_of(Audience::deployer, scope_of_one_hardened(account, ""));
  auto rights = whole;
  for (const auto* lacking : {"iam:PassRole", "lambda:AddPermission",
                              "lambda:CreateFunctionUrlConfig", "route53:CreateHealthCheck"})
    rights = without_for_relay(rights, lacking);
  rights.push_back(asks);
  account.become(policy_document(rights));
  auto why = account.deploy_hardened(true);
  REQUIRE(why);
  INFO(*why);
  for (const auto* part :
       {"Nothing was made", "iam:PassRole on arn:aws:iam::000000000000:role/sitelatch-",
        "lambda:AddPermission on ", "lambda:CreateFunctionUrlConfig on ",
        "route53:CreateHealthCheck on ", "sitelatch policy deployer --form hardened"})
    CHECK(why->find(part) != std::string::npos);
  CHECK(std::count(why->begin(), why->end(), '\n') == 5);  // and nothing of the guide's guard
  CHECK(account.everything().empty());

  // Of a removal too.
  account.become("");
  account.serve_hardened();
  const auto before = account.everything();
  rights = without_for_relay(without_for_relay(whole, "lambda:DeleteFunction"),
                             "route53:DeleteHealthCheck");
  rights.push_back(asks);
  account.become(policy_document(rights));
  for (const auto& refusal : {account.destroy_hardened(), account.back_to_guide()}) {
    REQUIRE(refusal);
    INFO(*refusal);
    for (const auto* part : {"Nothing was removed", "lambda:DeleteFunction on ",
                             "route53:DeleteHealthCheck on ", "--form hardened"})
      CHECK(refusal->find(part) != std::string::npos);
    CHECK(std::count(refusal->begin(), refusal->end(), '\n') == 3);
  }
  account.become("");
  CHECK(account.everything() == before);
}
