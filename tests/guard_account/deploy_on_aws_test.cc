// SPDX-License-Identifier: Apache-2.0
// Deploy where AWS is not the engine: slow to show what it did, closed in places, short of
// concurrency, with an organisation's hand on roles. The numbers are those of the reading of the
// guard against AWS's documents (guard-on-aws).
#include <doctest/doctest.h>

#include <algorithm>

#include "account.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;
using client::Call;
using Instead = std::optional<client::Outcome<client::Reply>>;

namespace {

bool says(const std::optional<std::string>& why, std::string_view words) {
  return why && why->find(words) != std::string::npos;
}
bool said(const Account& account, std::string_view words) {
  return std::any_of(account.said.begin(), account.said.end(), [words](const std::string& line) {
    return line.find(words) != std::string::npos;
  });
}
bool lists(const std::vector<ResourceChange>& work, Resource resource) {
  return std::any_of(work.begin(), work.end(),
                     [resource](const auto& w) { return w.resource == resource; });
}

Instead refuse(const Call& call, std::string code, std::string message, int status = 400) {
  return client::Outcome<client::Reply>{
      failure(service_error(call, std::move(code), std::move(message), status))};
}

std::string guard_name(const Account& account) { return default_names(account.check()).function; }

// The role's policy without the right to latch, put there behind deploy's back.
void take_the_right_to_latch(Account& account) {
  account.story.ok("iam", "PutRolePolicy",
                   Value::structure({{"RoleName", guard_name(account)},
                                     {"PolicyName", "sitelatch-guard"},
                                     {"PolicyDocument",
                                      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
                                      R"("Action":"route53:GetHealthCheck","Resource":"*"}]})"}}));
}

// An organisation that closes every region but some to all that is regional.
std::function<Instead(const Call&)> closed_but_for(std::set<std::string> open) {
  return [open = std::move(open)](const Call& call) -> Instead {
    static const std::set<std::string> exempt{"iam", "route53", "sts", "sns", "cloudwatch"};
    if (exempt.contains(call.service) || open.contains(call.region)) return std::nullopt;
    return refuse(call, "AccessDeniedException",
                  "User: arn:aws:iam::000000000000:user/test is not authorized to perform: " +
                      client::iam_action(call.service, call.operation) +
                      " with an explicit deny in a service control policy",
                  403);
  };
}

}  // namespace

TEST_CASE(
    "guard-on-aws 6: a function that cannot latch is not armed, and is named with its right") {
  Account account;
  account.before("Invoke", [&] { take_the_right_to_latch(account); });
  const auto why = account.deploy();
  INFO(why.value_or("armed"));
  CHECK(says(why, "Not armed"));
  CHECK(says(why, "self-test"));
  CHECK(says(why, "route53:UpdateHealthCheck"));
  CHECK_FALSE(account.look().snapshot.observed.alarm->snapshot.actions_enabled);
  CHECK(account.count("EnableAlarmActions") == 0);
  account.deploy_well();
}

TEST_CASE("guard-on-aws 6: a function that cannot run at all is not armed either") {
  Account account;
  account.instead = [](const Call& call) -> Instead {
    if (call.operation != "Invoke") return std::nullopt;
    return client::Reply{Value::structure({{"FunctionError", "Unhandled"},
                                           {"Payload", "Runtime exited with error: exec format"}}),
                         "request"};
  };
  const auto why = account.deploy();
  CHECK(says(why, "exec format"));
  CHECK_FALSE(account.look().snapshot.observed.alarm->snapshot.actions_enabled);
  account.instead = nullptr;
  account.deploy_well();
}

TEST_CASE("guard-on-aws 6: a role's policy may take some seconds to arrive") {
  Account account;
  int early = 3;
  account.instead = [&early](const Call& call) -> Instead {
    if (call.operation != "Invoke" || early-- <= 0) return std::nullopt;
    return client::Reply{
        Value::structure(
            {{"Payload", R"({"self_test":"failed","rights":[{"right":"sns:Publish","ok":false,)"
                         R"("detail":"AuthorizationError"}]})"}}),
        "request"};
  };
  const auto why = account.deploy();
  INFO(why.value_or("armed"));
  CHECK_FALSE(why);
  CHECK(account.count("Invoke") == 4);
  // Armed already, and nothing to do: it is not run again.
  REQUIRE_FALSE(account.deploy());
  CHECK(account.count("Invoke") == 4);
}

TEST_CASE("guard-on-aws 6: a guard that is repaired while it holds a latch proves itself too") {
  Account account;
  account.deploy_well();
  account.lose_primary();
  account.story.ok("cloudwatch", "DeleteAlarms",
                   Value::structure({{"AlarmNames", Value::list({guard_name(account)})}}));
  account.before("Invoke", [&] { take_the_right_to_latch(account); });
  const auto why = account.deploy();
  CHECK(says(why, "route53:UpdateHealthCheck"));
  CHECK(latched(*account.look().snapshot.observed.check));
}

TEST_CASE("guard-on-aws 8: two executions are reserved for the function") {
  Account account;
  account.deploy_well();
  CHECK(account.look().snapshot.observed.function->reserved_concurrency == 2);
  CHECK(account.count("PutFunctionConcurrency") == 1);
  // Somebody's own reservation stays; one of 0, with which it never runs, does not.
  const auto put = [&](int reserved) {
    account.story.ok("lambda", "PutFunctionConcurrency",
                     Value::structure({{"FunctionName", guard_name(account)},
                                       {"ReservedConcurrentExecutions", reserved}}));
  };
  put(5);
  CHECK(account.work_left().empty());
  put(0);
  CHECK(lists(account.work_left(), Resource::function_concurrency));
  account.deploy_well();
}

TEST_CASE("guard-on-aws 8: an account without room is guarded all the same, and told") {
  Account account;
  account.instead = [](const Call& call) -> Instead {
    if (call.operation != "GetAccountSettings") return std::nullopt;
    const auto limit = Value::structure({{"UnreservedConcurrentExecutions", 101}});
    return client::Reply{Value::structure({{"AccountLimit", limit}}), "request"};
  };
  account.deploy_well();
  CHECK(account.count("PutFunctionConcurrency") == 0);
  const auto notes = account.plan().notes;
  CHECK(std::any_of(notes.begin(), notes.end(), [](const std::string& note) {
    return note.find("101 unreserved") != std::string::npos;
  }));
}

TEST_CASE("guard-on-aws 8: a reservation that is refused does not stop a deploy, nor repeats") {
  Account account;
  account.instead = [](const Call& call) -> Instead {
    if (call.operation != "PutFunctionConcurrency") return std::nullopt;
    return refuse(call, "InvalidParameterValueException",
                  "Specified concurrency is below its minimum value of [100]");
  };
  const auto why = account.deploy();
  INFO(why.value_or("armed"));
  CHECK_FALSE(why);
  CHECK(said(account, "below its minimum value"));
  CHECK(account.count("PutFunctionConcurrency") == 1);
}

TEST_CASE("guard-on-aws 10: a destination that Lambda does not see yet is waited for") {
  for (const auto* message :
       {"The destination ARN arn:aws:sns:us-east-1:000000000000:x is invalid.",
        "The function's execution role does not have permissions to call Publish on arn:..."}) {
    CAPTURE(message);
    Account account;
    int early = 3;
    account.instead = [&](const Call& call) -> Instead {
      if (call.operation != "PutFunctionEventInvokeConfig" || early-- <= 0) return std::nullopt;
      return refuse(call, "InvalidParameterValueException", message);
    };
    const auto why = account.deploy();
    INFO(why.value_or("armed"));
    CHECK_FALSE(why);
    CHECK(account.count("PutFunctionEventInvokeConfig") == 4);
  }
  // For two minutes, not for as long as deploy may wait for Primary.
  Account account;
  account.instead = [](const Call& call) -> Instead {
    if (call.operation != "PutFunctionEventInvokeConfig") return std::nullopt;
    return refuse(call, "InvalidParameterValueException", "The destination ARN x is invalid.");
  };
  const auto begun = account.now();
  CHECK(says(account.deploy(), "The destination ARN x is invalid"));
  CHECK(account.now() - begun < 3min);
}

TEST_CASE("guard-on-aws 11: regions that an organisation closes hold no function") {
  // A guide that was stopped after its role: no topic says where the function is.
  for (const bool topic : {false, true}) {
    CAPTURE(topic);
    Account account;
    using Step = scenario::FailoverStory::Step;
    if (topic) account.story.follow(Step::topic);
    account.story.follow(Step::role);
    account.instead = closed_but_for({"eu-west-1"});
    DeployOptions options;
    options.function_region = "eu-west-1";
    const auto why = account.deploy(options);
    INFO(why.value_or("armed"));
    CHECK_FALSE(why);
    CHECK(account.look().snapshot.settings.function_region == "eu-west-1");
    const auto plan = plan_removal(account.context(), {account.check(), Latch::unsaid, true});
    INFO("plan: ", plan ? "" : plan.error().text);
    REQUIRE(plan);
    REQUIRE(carry_out(account.context(), *plan));
    CHECK(account.resources().empty());
  }
}

TEST_CASE("guard-on-aws 11: half a guard can be removed where most regions are closed") {
  Account account;
  account.story.follow(scenario::FailoverStory::Step::role);
  account.story.ok(
      "iam", "TagRole",
      Value::structure({{"RoleName", account.check()},
                        {"Tags", Value::list({Value::structure({{"Key", "sitelatch:guard"},
                                                                {"Value", account.check()}})})}}));
  account.instead = closed_but_for({"eu-west-1"});
  const auto plan = plan_removal(account.context(), {account.check(), Latch::unsaid, true});
  INFO("plan: ", plan ? "" : plan.error().text);
  REQUIRE(plan);
  REQUIRE(carry_out(account.context(), *plan));
  CHECK(account.resources().empty());
}

TEST_CASE("guard-on-aws 11: once the region is told, no other is searched") {
  Account account;
  account.deploy_well();
  account.story.ok("lambda", "DeleteFunction",
                   Value::structure({{"FunctionName", guard_name(account)}}));
  std::set<std::string> asked;
  account.instead = [&asked](const Call& call) -> Instead {
    if (call.operation == "GetFunction") asked.insert(call.region);
    return std::nullopt;
  };
  CHECK_FALSE(account.work_left().empty());
  CHECK(asked == std::set<std::string>{"us-east-1"});
}

TEST_CASE("guard-on-aws 11: whoever may look in no region at all has not looked") {
  Account account;
  account.story.follow(scenario::FailoverStory::Step::role);
  account.deny("GetFunction");
  CHECK(says(account.deploy(), "lambda:GetFunction"));
  CHECK(account.count("CreateFunction") == 0);
}

TEST_CASE("guard-on-aws 13: what reads do not show yet is looked for again, not made again") {
  struct Lag {
    const char *read, *made, *code;
  };
  for (const auto& [read, made, code] :
       {Lag{"GetRole", "CreateRole", "NoSuchEntity"},
        Lag{"GetFunction", "CreateFunction", "ResourceNotFoundException"}}) {
    const std::string told{read};
    CAPTURE(told);
    Account account;
    std::optional<WallInstant> at;
    account.instead = [&, read = read, made = made, code = code](const Call& call) -> Instead {
      if (call.operation == made && !at) at = account.now();
      const bool ours = call.input["RoleName"].string_or("") == guard_name(account) ||
                        call.input["FunctionName"].string_or("") == guard_name(account);
      if (call.operation != read || !ours || !at || account.now() - *at > 12s) return std::nullopt;
      return refuse(call, code, "not yet", 404);
    };
    const auto why = account.deploy();
    INFO(why.value_or("armed"));
    CHECK_FALSE(why);
    CHECK(account.count(made) == 1);
    CHECK(account.work_left().empty());
  }
}

TEST_CASE("guard-on-aws 13: already there means: look again") {
  struct Hidden {
    const char *read, *code;
  };
  for (const auto& [read, code] :
       {Hidden{"GetRole", "NoSuchEntity"}, Hidden{"GetFunction", "ResourceNotFoundException"}}) {
    const std::string told{read};
    CAPTURE(told);
    Account account;
    account.deploy_well();
    // The look of a second deploy, begun at once, sees nothing of it yet.
    bool first = true;
    account.instead = [&, read = read, code = code](const Call& call) -> Instead {
      if (call.operation.starts_with("Create")) first = false;
      if (!first || call.operation != read) return std::nullopt;
      return refuse(call, code, "not yet", 404);
    };
    const auto why = account.deploy();
    INFO(why.value_or("armed"));
    CHECK_FALSE(why);
    account.instead = nullptr;
    CHECK(account.work_left().empty());
  }
}

TEST_CASE("guard-on-aws 13: nobody is mailed twice to confirm one subscription") {
  Account account;
  DeployOptions options;
  options.notify_endpoint = "sre@example.org";
  int asked = 0;
  account.instead = [&](const Call& call) -> Instead {
    if (call.operation == "Subscribe" && call.input["Protocol"].string_or("") == "email") ++asked;
    const auto topic = call.input["TopicArn"].string_or("");
    if (call.operation == "ListSubscriptionsByTopic" && topic.ends_with("-notify"))
      return client::Reply{Value::structure({{"Subscriptions", Value::list()}}), "request"};
    return std::nullopt;
  };
  const auto why = account.deploy(options);
  INFO(why.value_or("armed"));
  CHECK_FALSE(why);
  CHECK(asked == 1);
}

TEST_CASE("guard-on-aws 13: another change of the function is not a statement of that name") {
  Account account;
  int busy = 2;
  account.instead = [&busy](const Call& call) -> Instead {
    if (call.operation != "AddPermission" || busy-- <= 0) return std::nullopt;
    return refuse(call, "ResourceConflictException",
                  "The operation cannot be performed at this time. The function is currently in "
                  "the following state: Pending",
                  409);
  };
  REQUIRE_FALSE(account.deploy());
  CHECK(account.count("RemovePermission") == 0);
}

TEST_CASE("guard-on-aws 14: a function whose tags may not be seen is not somebody else's") {
  Account account;
  account.deploy_well();
  account.instead = [&account](const Call& call) -> Instead {
    if (call.operation != "GetFunction") return std::nullopt;
    auto reply = account.story.call("lambda", "GetFunction", call.input, call.region);
    if (!reply) return std::nullopt;
    auto blind = *reply;
    blind.set("Tags", Value{});
    blind.set("TagsError",
              Value::structure({{"ErrorCode", "AccessDeniedException"},
                                {"Message",
                                 "User: arn:aws:iam::000000000000:user/test is not authorized to "
                                 "perform: lambda:ListTags on resource: arn:aws:lambda:x"}}));
    return client::Reply{blind, "request"};
  };
  const auto before = account.resources();
  const auto why = account.deploy();
  CHECK(says(why, "lambda:ListTags"));
  const auto plan = plan_removal(account.context(), {account.check(), Latch::unsaid, true});
  REQUIRE_FALSE(plan);
  CHECK(plan.error().text.find("lambda:ListTags") != std::string::npos);
  CHECK(account.resources() == before);
}

TEST_CASE("guard-on-aws 16: the function is made for the processor that its code is for") {
  for (const auto* architecture : {"x86_64", "arm64"}) {
    CAPTURE(architecture);
    Account account;
    auto codes = account.codes();
    codes.native.architecture = architecture;
    DeployOptions options;
    options.health_check_id = account.check();
    const auto deploy = [&] {
      Deployment deployment({account.context(), 30min}, options, codes);
      auto plan = deployment.plan();
      REQUIRE(plan);
      REQUIRE(deployment.build(*plan));
      return plan->plan.function.architecture;
    };
    CHECK(deploy() == architecture);
    CHECK(account.look().snapshot.observed.function->architecture == architecture);
    // Code of another machine comes with that machine.
    codes.native.architecture = architecture == std::string{"arm64"} ? "x86_64" : "arm64";
    CHECK(deploy() == codes.native.architecture);
    CHECK(account.look().snapshot.observed.function->architecture == codes.native.architecture);
  }
}

TEST_CASE(
    "guard-on-aws 17: a region that SNS does not deliver to is refused before it is looked at") {
  for (const auto* region : {"eu-south-1", "ap-northeast-3", "nowhere-9"}) {
    CAPTURE(region);
    Account account;
    DeployOptions options;
    options.function_region = region;
    CHECK(says(account.deploy(options), "opt-in"));
    CHECK(account.calls().empty());
  }
  Account account;
  DeployOptions options;
  options.function_region = "ap-northeast-3";
  options.accept_holes = {"function-region"};
  const auto why = account.deploy(options);
  INFO(why.value_or("armed"));
  CHECK_FALSE(why);
  CHECK(account.plan().plan.settings.accepted_holes == HoleNames{"function-region"});
}

TEST_CASE("guard-on-aws 18: what is attached to the role after its adoption stays, and is told") {
  Account account;
  account.deploy_well();
  const auto role = Value::structure({{"RoleName", guard_name(account)}});
  auto attach = role;
  attach.set("PolicyArn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess");
  account.story.ok("iam", "AttachRolePolicy", attach);
  const auto plan = account.plan();
  CHECK(plan.work.empty());
  REQUIRE(plan.notes.size() == 1);
  CHECK(plan.notes.front().find("IAMReadOnlyAccess") != std::string::npos);
  REQUIRE_FALSE(account.deploy());
  CHECK(account.count("DetachRolePolicy") == 0);
  CHECK(account.look().assessment.state == State::armed);
}

TEST_CASE("guard-on-aws 18: an organisation's boundary, path and tags") {
  Account account;
  const auto document =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";
  const auto boundary = account.story
                            .ok("iam", "CreatePolicy",
                                Value::structure({{"PolicyName", "boundary"},
                                                  {"PolicyDocument", document}}))["Policy"]["Arn"]
                            .string();
  DeployOptions options;
  options.permissions_boundary = boundary;
  options.role_path = "/guards/";
  options.tags = {{"team", "web"}, {"cost-centre", "4711"}};
  const auto why = account.deploy(options);
  INFO(why.value_or("armed"));
  REQUIRE_FALSE(why);
  const auto observed = account.look().snapshot.observed;
  CHECK(observed.role->path == "/guards/");
  CHECK(observed.role->permissions_boundary == boundary);
  for (const auto* tags :
       {&observed.role->tags, &observed.function->tags, &observed.alarm_topic->tags,
        &observed.notify_topic->tags, &observed.alarm->tags, &observed.schedule->tags,
        &observed.audit_group->tags}) {
    CHECK(tags->at("team") == "web");
    CHECK(tags->at("cost-centre") == "4711");
  }
  // A later deploy that says nothing of them keeps them, also on what it must make again.
  CHECK(account.work_left().empty());
  account.story.ok("cloudwatch", "DeleteAlarms",
                   Value::structure({{"AlarmNames", Value::list({guard_name(account)})}}));
  REQUIRE_FALSE(account.deploy());
  CHECK(account.look().snapshot.observed.alarm->tags.at("team") == "web");
  options.role_path = "/others/";
  CHECK(says(account.deploy(options), "cannot be changed"));
  options = {};
  options.tags = {{"aws:x", "y"}};
  CHECK(says(account.deploy(options), "aws:"));
  options.tags.clear();
  options.permissions_boundary = "boundary";
  CHECK(says(account.deploy(options), "not the ARN of a policy"));
}

TEST_CASE(
    "guard-on-aws 13: an alarm that does not show yet what was done to it is looked at again") {
  Account account;
  int behind = 0;
  account.instead = [&](const Call& call) -> Instead {
    if (call.operation == "EnableAlarmActions") behind = 4;
    if (call.operation != "DescribeAlarms" || behind == 0) return std::nullopt;
    --behind;
    auto answer = account.story.ok("cloudwatch", "DescribeAlarms", call.input);
    auto alarms = Value::list();
    for (auto alarm : answer["MetricAlarms"].items()) {
      alarm.set("ActionsEnabled", false);
      alarms.push(alarm);
    }
    answer.set("MetricAlarms", alarms);
    return client::Reply{answer, "r"};
  };
  const auto why = account.deploy();
  INFO(why.value_or("armed"));
  CHECK_FALSE(why);
  CHECK(behind == 0);
}

TEST_CASE("guard-on-aws 30: FIPS and dual stack of a profile are the function's, too") {
  Account account;
  account.variant = {true, true};
  account.deploy_well();
  const auto& variables = account.plan().plan.function.environment;
  CHECK(variables.at("AWS_USE_FIPS_ENDPOINT") == "true");
  CHECK(variables.at("AWS_USE_DUALSTACK_ENDPOINT") == "true");
  const auto deployed = account.story.ok("lambda", "GetFunctionConfiguration",
                                         Value::structure({{"FunctionName", guard_name(account)}}));
  CHECK(deployed["Environment"]["Variables"]["AWS_USE_FIPS_ENDPOINT"].string_or("") == "true");
}
