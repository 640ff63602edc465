// SPDX-License-Identifier: Apache-2.0
#include "config_account.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace sitelatch::guard::test {

using aws::Value;

std::optional<std::string> ConfigAccount::deploy_config(bool change_records, Duration timeout,
                                                        const std::string& notify) {
  // The witness knows endpoints' checks alone.
  story.witness.watch_no_more();
  ConfigDeployment deployment(context(), {check(), change_records, timeout, notify});
  auto plan = deployment.plan();
  if (!plan) return plan.error().text;
  const auto done = deployment.run(std::move(*plan));
  if (!done) return done.error().text;
  return std::nullopt;
}

void ConfigAccount::serve() {
  const auto wrong = deploy_config(true);
  INFO("deploy: ", wrong.value_or("done"));
  REQUIRE_FALSE(wrong);
  const auto seen = look_config();
  INFO(seen.assessment.sentence);
  REQUIRE(seen.assessment.phase == Phase::serving);
  REQUIRE(work_left_of_config().empty());
}

std::vector<ConfigWork> ConfigAccount::work_left_of_config() {
  ConfigDeployment deployment(context(), {check(), true, 1min});
  auto plan = deployment.plan();
  REQUIRE(plan);
  return plan->work;
}

std::optional<std::string> ConfigAccount::destroy_config(bool change_records, Unhold unhold,
                                                         bool logs) {
  const ConfigRemovalOptions options{check(), change_records, logs, unhold};
  const auto removal = plan_config_removal(context(), options);
  if (!removal) return removal.error().text;
  const auto done = carry_out(context(), *removal, options);
  if (!done) return done.error().text;
  return std::nullopt;
}

SwitchBackReport ConfigAccount::release(std::set<std::string> force, Duration window) {
  ConfigSwitchBackOptions options;
  options.health_check_id = check();
  options.reason = "sites synchronised";
  options.force = std::move(force);
  options.window = window;
  options.confirm = [](const ConfigView&, const std::string&) { return true; };
  return config_switch_back(context(), options);
}

Result<ConfigTripped, Error> ConfigAccount::trip() {
  return trip_config(context(), look_config(), "a test");
}

ConfigView ConfigAccount::look_config() {
  auto seen = look_at_config(context(), check(), {});
  INFO("look: ", seen ? "" : seen.error().text);
  REQUIRE(seen);
  return std::move(*seen);
}

void ConfigAccount::update(const std::string& health_check_id,
                           std::initializer_list<std::pair<std::string_view, aws::Value>> members) {
  auto input = Value::structure({{"HealthCheckId", health_check_id}});
  for (const auto& [name, value] : members) input.set(name, value);
  story.ok("route53", "UpdateHealthCheck", input);
}

void ConfigAccount::outage(Duration length) {
  story.primary().goes_down();
  live(length);
  story.primary().comes_up();
}

void ConfigAccount::live(Duration d) {
  while (d > Duration{0}) {
    const auto step = std::min<Duration>(d, 1s);
    story.wait(step);
    d -= step;
    second_passed();
    every_second();
    if (held_out && story.dns() == scenario::primary_address) ++named_primary;
  }
}

client::Outcome<client::Reply> ConfigAccount::send(const client::Call& call) {
  if (killed_at_ != 0 && calls().size() + 1 >= killed_at_) {
    killed_at_ = 0;
    throw ProcessEnded{};
  }
  return Account::send(call);
}

std::vector<std::string> ConfigAccount::pieces() {
  std::vector<std::string> found;
  const auto checks = story.ok("route53", "ListHealthChecks", Value::structure());
  for (const auto& wire : checks["HealthChecks"].items()) {
    const auto reference = wire["CallerReference"].string_or("");
    if (config_reference(reference)) found.push_back("check " + reference);
  }
  const auto alarms = story.ok("cloudwatch", "DescribeAlarms", Value::structure());
  for (const auto& alarm : alarms["MetricAlarms"].items())
    found.push_back("alarm " + alarm["AlarmName"].string_or(""));
  const auto tags =
      story.ok("route53", "ListTagsForResource",
               Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", check()}}));
  for (const auto& one : tags["ResourceTagSet"]["Tags"].items())
    found.push_back("tag " + one["Key"].string_or(""));
  const auto groups = story.ok("logs", "DescribeLogGroups", Value::structure());
  for (const auto& group : groups["logGroups"].items())
    found.push_back("group " + group["logGroupName"].string_or(""));
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace sitelatch::guard::test
