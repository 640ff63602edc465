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

Account::Account()
    : context_{*this,
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
  const auto latch = [](scenario::Running& running) {
    if (!running.event["Records"].items().empty()) scenario::guide_function(running);
  };
  story.functions[default_names(check()).function] = latch;
}

Codes Account::codes() const {
  return {{lambda::test::small_zip(), ""}, {lambda::test::small_zip(), ""}};
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
  const auto outcome = story.call(call.service, call.operation, call.input,
                                  call.region.empty() ? region() : call.region);
  if (lost_answer_ == number)
    return failure(error_of(call, client::Cause::timeout, "Timeout", "no answer in time", 0));
  if (outcome) return client::Reply{*outcome, "request-" + std::to_string(number)};
  auto error = error_of(call, client::Cause::service, outcome.error().code, outcome.error().message,
                        outcome.error().status ? outcome.error().status : 400);
  error.members = outcome.error().members;
  return failure(error);
}

std::size_t Account::count(std::string_view operation) const {
  return static_cast<std::size_t>(std::count(calls_.begin(), calls_.end(), operation));
}

std::optional<std::string> Account::deploy() {
  DeployOptions options;
  options.health_check_id = check();
  Deployment deployment({context_, 30min}, options, codes());
  auto plan = deployment.plan();
  if (!plan) return plan.error().text;
  const auto built = deployment.build(*plan);
  if (!built) return built.error().text;
  if (!plan->will_arm) return std::nullopt;
  const auto armed = deployment.arm(*plan);
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

std::vector<ResourceChange> Account::work_left() {
  DeployOptions options;
  options.health_check_id = check();
  Deployment deployment({context_, 30min}, options, codes());
  const auto plan = deployment.plan();
  INFO("plan: ", plan ? "" : plan.error().text);
  REQUIRE(plan);
  return plan->work;
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
