// SPDX-License-Identifier: Apache-2.0
#include "account.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "services/lambda/test_world.h"

namespace sitelatch::guard::test {
namespace {

using aws::Value;

client::Error error_of(const client::Call& call, client::Cause cause, std::string code,
                       std::string message, int status) {
  client::Error error;
  error.cause = cause;
  error.code = std::move(code);
  error.message = std::move(message);
  error.status = status;
  error.service = call.service;
  error.operation = call.operation;
  error.attempts = 1;
  return error;
}

// What Route 53's checkers would be told.
Result<int> answer_of(scenario::FailoverStory& story, const Value& config,
                      const std::string& path) {
  for (auto* site : {&story.primary(), &story.backup()}) {
    if (site->address() != config["IPAddress"].string_or("")) continue;
    const auto seen = site->answer(path);
    if (seen.success) return 200;
    if (site->up()) return 404;
  }
  return failure(Problem{"nobody answers"});
}

}  // namespace

bool is_reading(std::string_view operation) {
  for (const auto verb : {"Get", "List", "Describe", "Filter", "Test"})
    if (operation.starts_with(verb)) return true;
  return false;
}

Account::Account(const scenario::FailoverStory::Setting& setting)
    : story(setting),
      context_{*this,
               *this,
               environment,
               entropy_,
               [this](const std::string& sentence) { said.push_back(sentence); },
               ""} {
  context_.ask_site = [this](const Value& config, const std::string& path) {
    return answer_of(story, config, path);
  };
  context_.ask_dns = [this](const std::string&, const std::string& name,
                            const std::string&) -> Result<DnsAnswer> {
    return DnsAnswer{0,
                     {static_cast<const scenario::TestEngine&>(story).dns(
                         name.ends_with('.') ? name.substr(0, name.size() - 1) : name)}};
  };
  // The native function as far as these tests need it: it latches on an alarm, and the schedule
  // finds nothing to do.
  const auto latch = [this](scenario::Running& running) {
    if (running.event["sitelatch"].string_or("") == "self-test") return self_test(running);
    if (!running.event["Records"].items().empty()) scenario::guide_function(running);
  };
  story.functions[default_names(check()).function] = latch;
  give_secondary("");
}

Codes Account::codes() const {
  return {{lambda::test::small_zip(), "", ""}, {lambda::test::small_zip(), "", ""}};
}

void Account::give_secondary(const std::string& health_check_id) {
  const auto address = Value::structure({{"Value", scenario::backup_address}});
  auto record = Value::structure({{"Name", scenario::client_name},
                                  {"Type", "A"},
                                  {"TTL", 60},
                                  {"SetIdentifier", "secondary"},
                                  {"Failover", "SECONDARY"},
                                  {"ResourceRecords", Value::list({address})}});
  if (!health_check_id.empty()) record.set("HealthCheckId", health_check_id);
  const auto change = Value::structure({{"Action", "UPSERT"}, {"ResourceRecordSet", record}});
  story.watch({scenario::client_name, story.primary_check, scenario::primary_address,
               health_check_id, scenario::backup_address});
  story.ok(
      "route53", "ChangeResourceRecordSets",
      Value::structure({{"HostedZoneId", story.zone},
                        {"ChangeBatch", Value::structure({{"Changes", Value::list({change})}})}}));
}

// The native function's, as far as its role's rights on the check go.
void Account::self_test(scenario::Running& running) const {
  auto rights = Value::list();
  bool all = true;
  const auto try_right = [&](const char* operation, const Value& input, const char* refused_with) {
    std::string detail;
    try {
      running.call("route53", operation, input);
    } catch (const scenario::FunctionError& error) {
      detail = error.message;
    }
    const bool ok = *refused_with ? detail.find(refused_with) != std::string::npos : detail.empty();
    all = all && ok;
    rights.push(Value::structure(
        {{"right", "route53:" + std::string{operation}}, {"ok", ok}, {"detail", detail}}));
  };
  const auto of_check = Value::structure({{"HealthCheckId", check()}});
  auto stale = of_check;
  stale.set("HealthCheckVersion", 1'000'000);
  try_right("GetHealthCheck", of_check, "");
  try_right("UpdateHealthCheck", stale, "HealthCheckVersionMismatch");
  running.response =
      aws::to_json(Value::structure({{"self_test", all ? "ok" : "failed"}, {"rights", rights}}));
}

client::Error service_error(const client::Call& call, std::string code, std::string message,
                            int status) {
  return error_of(call, client::Cause::service, std::move(code), std::move(message), status);
}

void Account::become(const std::string& policy) {
  role_.clear();
  if (policy.empty()) return;
  const auto user = std::string{"tester"};
  const auto account_arn = std::string{"arn:aws:iam::000000000000:"};
  const auto role = Value::structure({{"RoleName", user}});
  if (!story.call("iam", "GetRole", role)) {
    story.ok("iam", "CreateUser", Value::structure({{"UserName", user}}));
    story.ok("iam", "PutUserPolicy",
             Value::structure(
                 {{"UserName", user},
                  {"PolicyName", "assume"},
                  {"PolicyDocument", R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
                                     R"("Action":"sts:AssumeRole","Resource":"*"}]})"}}));
    auto made = role;
    made.set("AssumeRolePolicyDocument",
             R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",)"
             R"("Principal":{"AWS":")" +
                 account_arn + "user/" + user + R"("}}]})");
    story.ok("iam", "CreateRole", made);
  }
  auto put = role;
  put.set("PolicyName", "exactly");
  put.set("PolicyDocument", policy);
  story.ok("iam", "PutRolePolicy", put);
  role_ = account_arn + "role/" + user;
  session_since_ = {};
}

aws::Outcome<> Account::ask(const client::Call& call) {
  const auto region = call.region.empty() ? this->region() : call.region;
  if (role_.empty()) return story.call(call.service, call.operation, call.input, region);
  if (now() - session_since_ > 30min) {
    const auto key =
        story.ok("iam", "CreateAccessKey", Value::structure({{"UserName", "tester"}}))["AccessKey"];
    const auto user = Value::structure(
        {{"UserName", "tester"}, {"AccessKeyId", key["AccessKeyId"].string_or("")}});
    const auto assumed = story.call_as(
        {key["AccessKeyId"].string_or(""), key["SecretAccessKey"].string_or(""), ""}, "sts",
        "AssumeRole", Value::structure({{"RoleArn", role_}, {"RoleSessionName", "test"}}),
        "us-east-1");
    REQUIRE(assumed);
    const auto& credentials = (*assumed)["Credentials"];
    session_ = {credentials["AccessKeyId"].string_or(""),
                credentials["SecretAccessKey"].string_or(""),
                credentials["SessionToken"].string_or("")};
    session_since_ = now();
    story.ok("iam", "DeleteAccessKey", user);
  }
  return story.call_as(session_, call.service, call.operation, call.input, region);
}

client::Outcome<client::Reply> Account::send(const client::Call& call) {
  calls_.push_back(call.operation);
  const auto number = calls_.size();
  if (const auto act = acts_.extract(call.operation)) act.mapped()();
  if (lost_call_ == number)
    return failure(error_of(call, client::Cause::timeout, "Timeout", "no answer in time", 0));
  if (denied_.contains(call.operation))
    return failure(
        error_of(call, client::Cause::service, "AccessDenied",
                 "User: arn:aws:iam::000000000000:user/test is not authorized to perform: " +
                     client::iam_action(call.service, call.operation),
                 403));
  if (instead)
    if (auto answer = instead(call)) return std::move(*answer);
  if (call.service == "kms") {
    const auto key = key_policies.find(call.input["KeyId"].string_or(""));
    if (key == key_policies.end())
      return failure(service_error(call, "AccessDeniedException", "not yours to see"));
    if (key->second.empty()) return failure(service_error(call, "NotFoundException", "no key"));
    return client::Reply{Value::structure({{"Policy", key->second}}), "request"};
  }
  const auto outcome = ask(call);
  if (lost_answer_ == number)
    return failure(error_of(call, client::Cause::timeout, "Timeout", "no answer in time", 0));
  if (outcome) return client::Reply{*outcome, "request-" + std::to_string(number)};
  auto error = error_of(call, client::Cause::service, outcome.error().code, outcome.error().message,
                        outcome.error().status ? outcome.error().status : 400);
  error.members = outcome.error().members;
  // Questions about the caller's own rights are asked once, and need no answer.
  if (client::is_denied(error) && call.attempts != 1)
    denials.insert(client::iam_action(call.service, call.operation));
  return failure(error);
}

std::size_t Account::count(std::string_view operation) const {
  return static_cast<std::size_t>(std::count(calls_.begin(), calls_.end(), operation));
}

std::optional<std::string> Account::deploy(DeployOptions options) {
  options.health_check_id = check();
  Deployment deployment({context_, 30min}, std::move(options), codes());
  auto plan = deployment.plan();
  if (!plan) return plan.error().text;
  const auto permitted = deployment.permitted(*plan);
  if (!permitted) return permitted.error().text;
  const auto built = deployment.build(*plan);
  if (!built) return built.error().text;
  const auto armed = plan->will_arm ? deployment.arm(*plan) : deployment.prove(*plan);
  if (!armed) return armed.error().text;
  return std::nullopt;
}

void Account::deploy_well() {
  const auto wrong = deploy();
  INFO("deploy: ", wrong.value_or("done"));
  REQUIRE_FALSE(wrong);
  REQUIRE(look().assessment.state == State::armed);
  REQUIRE(work_left().empty());
}

std::vector<ResourceChange> Account::work_left(DeployOptions options) {
  return plan(std::move(options)).work;
}

DeployPlan Account::plan(DeployOptions options) {
  options.health_check_id = check();
  Deployment deployment({context_, 30min}, std::move(options), codes());
  auto plan = deployment.plan();
  INFO("plan: ", plan ? "" : plan.error().text);
  REQUIRE(plan);
  return std::move(*plan);
}

View Account::look() {
  auto seen = view(*this, *this, check(), context_.chain_and_dns());
  INFO("look: ", seen ? "" : seen.error().text);
  REQUIRE(seen);
  return std::move(*seen);
}

void Account::lose_primary() {
  story.primary().goes_down();
  story.wait(scenario::time_to_latch);
  REQUIRE(latched(*look().snapshot.observed.check));
  REQUIRE(story.dns() == scenario::backup_address);
}

std::vector<std::string> Account::resources() {
  std::vector<std::string> found;
  const auto id = check();
  const auto gather = [&](const char* service, const char* operation, const char* list,
                          const char* member) {
    const auto reply = story.ok(service, operation, Value::structure());
    for (const auto& item : reply[list].items()) {
      const auto name = item.is_string() ? item.string() : item[member].string_or("");
      if (name.find(id) != std::string::npos) found.push_back(std::string{service} + " " + name);
    }
  };
  gather("sns", "ListTopics", "Topics", "TopicArn");
  gather("sns", "ListSubscriptions", "Subscriptions", "TopicArn");
  gather("cloudwatch", "DescribeAlarms", "MetricAlarms", "AlarmName");
  gather("lambda", "ListFunctions", "Functions", "FunctionName");
  gather("iam", "ListRoles", "Roles", "RoleName");
  gather("events", "ListRules", "Rules", "Name");
  gather("logs", "DescribeLogGroups", "logGroups", "logGroupName");
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace sitelatch::guard::test
