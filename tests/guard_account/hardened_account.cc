// SPDX-License-Identifier: Apache-2.0
#include "hardened_account.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "native_function.h"

namespace sitelatch::guard::test {
namespace {

using aws::Value;

scenario::FailoverStory::Setting with_checkers(std::size_t checkers) {
  scenario::FailoverStory::Setting setting;
  setting.checkers = checkers;
  return setting;
}

std::string sentinel_name(const std::string& check) {
  return sentinel_label(check) + ".example.test";
}

}  // namespace

HardenedAccount::HardenedAccount(std::size_t checkers) : ConfigAccount(with_checkers(checkers)) {
  story.witness.watch_no_more();
  servers_ = story
                 .ok("route53", "GetHostedZone",
                     Value::structure({{"Id", story.zone}}))["DelegationSet"]["NameServers"]
                 .strings();
  REQUIRE(servers_.size() == behind_s.size());
  story.functions[default_names(check()).function] = native_function();
  const auto relay = native_relay(
      [this](const RelaySettings& settings, Duration waited) { return see(settings, waited); });
  story.functions[relay_name(check())] = [this, relay](scenario::Running& running) {
    ++relay_runs;
    if (relay_is_dead) throw scenario::FunctionError{"Dead", "the relay is dead"};
    relay(running);
  };
  // Of a drill's second guard, whose names nobody knows before.
  story.any_function = [this, relay](scenario::Running& running) {
    if (relay_is_dead && running.event["rawPath"])
      throw scenario::FunctionError{"Dead", "the relay is dead"};
    relay(running);
  };
  context().ask_dns = [this](const std::string& server, const std::string& name,
                             const std::string& type) -> Result<DnsAnswer> {
    if (name.starts_with("sitelatch-drill-")) return DnsAnswer{0, {at_once(name, type)}};
    return DnsAnswer{0, {says(server_of(server))}};
  };
}

std::size_t HardenedAccount::server_of(const std::string& name) {
  const auto found = std::find(servers_.begin(), servers_.end(), name);
  return found == servers_.end() ? 0 : static_cast<std::size_t>(found - servers_.begin());
}

std::string HardenedAccount::at_once(std::string name, const std::string& type) const {
  if (name.ends_with('.')) name.pop_back();
  return static_cast<const scenario::TestEngine&>(story).dns(name, type);
}

HardenedAccount::Second HardenedAccount::now_said() {
  return {story.dns(), at_once(sentinel_name(check()), "TXT")};
}

void HardenedAccount::second_passed() {
  history_.push_back(now_said());
  if (!watches) return;
  bool leaks = false;
  for (std::size_t server = 0; server < named_backup_.size(); ++server) {
    const auto answer = says(server);
    if (answer == scenario::backup_address) named_backup_[server] = true;
    leaks = leaks || (named_backup_[server] && answer == scenario::primary_address);
  }
  if (leaks) ++leaked_s;
}

std::string HardenedAccount::says(std::size_t server, const std::string& type) {
  const auto behind = std::min(static_cast<std::size_t>(behind_s.at(server)), history_.size());
  const auto seen = behind == 0 ? now_said() : history_[history_.size() - behind];
  return type == "A" ? seen.user : seen.sentinel;
}

Look HardenedAccount::see(const RelaySettings& settings, Duration waited) {
  Look look;
  for (const auto& server : settings.name_servers) {
    SentinelAnswer answer;
    answer.server = server;
    answer.at = story.now().time_since_epoch() + waited;
    auto text = settings.sentinel == sentinel_name(check()) ? says(server_of(server.host), "TXT")
                                                            : at_once(settings.sentinel, "TXT");
    std::erase(text, '"');
    answer.side = side_of({text}, settings);
    if (!answer.side) answer.problem = "says '" + text + "'";
    look.push_back(std::move(answer));
  }
  return look;
}

std::optional<std::string> HardenedAccount::deploy_hardened(bool change_records,
                                                            DeployOptions wish) {
  wish.health_check_id = check();
  HardenedDeployment deployment(context(), std::move(wish), codes(), {change_records, 30min});
  auto plan = deployment.plan();
  if (!plan) return plan.error().text;
  const auto permitted = deployment.permitted(*plan);
  if (!permitted) return permitted.error().text;
  const auto built = deployment.build(*plan);
  if (!built) return built.error().text;
  const auto armed = deployment.arm(*plan);
  if (!armed) return armed.error().text;
  const auto proven = deployment.prove_relay(*plan);
  if (!proven) return proven.error().text;
  return std::nullopt;
}

HardenedDeployPlan HardenedAccount::plan_hardened() {
  DeployOptions wish;
  wish.health_check_id = check();
  HardenedDeployment deployment(context(), std::move(wish), codes(), {false, 30min});
  auto plan = deployment.plan();
  INFO("plan: ", plan ? "" : plan.error().text);
  REQUIRE(plan);
  return std::move(*plan);
}

void HardenedAccount::serve_hardened() {
  const auto wrong = deploy_hardened(true);
  INFO("deploy: ", wrong.value_or("done"));
  REQUIRE_FALSE(wrong);
  live(3min);
  const auto seen = look_hardened();
  for (const auto& link : seen.assessment.links) {
    INFO(link.name, ": ", link.why);
    CHECK((link.health == Link::Health::ok || link.health == Link::Health::off));
  }
  REQUIRE(seen.assessment.state == State::armed);
}

View HardenedAccount::look_hardened() {
  auto seen = view(*this, *this, check(), context().chain_and_dns());
  INFO("look: ", seen ? "" : seen.error().text);
  REQUIRE(seen);
  const auto added = add_hardened(context(), *seen);
  INFO("the relay: ", added ? "" : added.error().text);
  REQUIRE(added);
  return std::move(*seen);
}

std::optional<std::string> HardenedAccount::destroy_hardened() {
  RemovalOptions options;
  options.health_check_id = check();
  options.logs = true;
  options.ask_rights = false;
  auto ending = plan_removal(context(), options);
  if (!ending) return ending.error().text;
  const auto added = add_hardened(context(), *ending, true);
  if (!added) return added.error().text;
  const auto done = guard::carry_out(context(), *ending);
  if (!done) return done.error().text;
  return std::nullopt;
}

std::optional<std::string> HardenedAccount::back_to_guide() {
  const auto ending = plan_hardened_removal(context(), check());
  if (!ending) return ending.error().text;
  const auto done = guard::carry_out(context(), *ending);
  if (!done) return done.error().text;
  return std::nullopt;
}

SwitchBackReport HardenedAccount::switch_back_now(std::set<std::string> force) {
  SwitchBackOptions options;
  options.health_check_id = check();
  options.reason = "in sync";
  options.force = std::move(force);
  options.confirm = [](const View&, const std::string&) { return true; };
  return guard::switch_back(context(), options);
}

std::int64_t HardenedAccount::threshold() {
  return story
      .ok("route53", "GetHealthCheck",
          Value::structure(
              {{"HealthCheckId", check()}}))["HealthCheck"]["HealthCheckConfig"]["FailureThreshold"]
      .integer();
}

std::vector<std::string> HardenedAccount::everything() {
  auto found = resources();
  const auto checks = story.ok("route53", "ListHealthChecks", Value::structure());
  for (const auto& wire : checks["HealthChecks"].items())
    if (endpoint_of_clock(wire["CallerReference"].string_or("")))
      found.push_back("check " + wire["CallerReference"].string_or(""));
  const auto records = story.ok("route53", "ListResourceRecordSets",
                                Value::structure({{"HostedZoneId", story.zone}}));
  for (const auto& record : records["ResourceRecordSets"].items())
    if (record["Type"].string_or("") == "TXT")
      found.push_back("record " + record["Name"].string_or("") + " " +
                      record["SetIdentifier"].string_or(""));
  const auto tags =
      story.ok("route53", "ListTagsForResource",
               Value::structure({{"ResourceType", "healthcheck"}, {"ResourceId", check()}}));
  for (const auto& one : tags["ResourceTagSet"]["Tags"].items())
    found.push_back("tag " + one["Key"].string_or(""));
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace sitelatch::guard::test
