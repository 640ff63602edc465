// SPDX-License-Identifier: Apache-2.0
// An AWS account for tests of the guard's commands: the engine's services in memory on virtual time
// (tests/scenario), behind client::Aws, the guard's only door. Calls may be denied, their answers
// or they themselves lost, and somebody else may be faster. Waiting is virtual.
//
//   Account account;
//   account.lose_answer(12);                        // it is carried out, and nobody hears of it
//   account.before("UpdateHealthCheck", [&] { ... });  // somebody else's hand
//   guard::Deployment deployment({account.context(), 1h}, {account.check()}, account.codes());
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/test_support.h"
#include "guard/apply/deploy.h"
#include "guard/apply/destroy.h"
#include "guard/apply/switch_back.h"
#include "scenario/failover_story.h"

namespace sitelatch::guard::test {

using namespace std::chrono_literals;

class Account : public client::Aws, public client::Clock {
 public:
  Account() : Account(scenario::FailoverStory::Setting{}) {}
  explicit Account(const scenario::FailoverStory::Setting& setting);

  // --- the world: two sites, their health checks, a failover pair
  scenario::FailoverStory story;
  std::string check() const { return story.primary_check; }
  Context& context() { return context_; }
  Codes codes() const;
  // The SECONDARY record's health check. The account begins without: with one there is a hole.
  void give_secondary(const std::string& health_check_id);
  std::vector<std::string> said;  // progress, a line each
  client::test::FakeEnvironment environment;

  // --- faults
  // From now on this operation is answered with AccessDenied, until allow().
  void deny(std::string operation) { denied_.insert(std::move(operation)); }
  void allow() { denied_.clear(); }
  // The n-th call from here (1: the next) is carried out, but its answer is a timeout.
  void lose_answer(std::size_t n) { lost_answer_ = calls_.size() + n; }
  // The n-th call from here does not arrive.
  void lose_call(std::size_t n) { lost_call_ = calls_.size() + n; }
  // Asked before every call: what it gives is the answer, and the call does not reach the account.
  std::function<std::optional<client::Outcome<client::Reply>>(const client::Call&)> instead;
  // Policies of KMS keys by ARN. What is not there may not be seen, "" is no key.
  std::map<std::string, std::string> key_policies;
  // From now on the caller is a session of a role with exactly this policy (JSON; empty: the root
  // again). Denials are counted: IAM's actions as the engine names them in its refusals.
  void become(const std::string& policy);
  std::set<std::string> denials;
  // `act` comes just before the next call of this operation, once.
  void before(std::string operation, std::function<void()> act) {
    acts_[std::move(operation)] = std::move(act);
  }

  // --- what was asked, in order: operations
  const std::vector<std::string>& calls() const { return calls_; }
  std::size_t count(std::string_view operation) const;

  // --- a guard
  // Deploys as the command does: plan, build, arm. Nothing: done and armed; else why not.
  std::optional<std::string> deploy(DeployOptions options = {});
  // Deployed, armed, and nothing left to do. Fails the test otherwise.
  void deploy_well();
  // What a deploy would do now.
  std::vector<ResourceChange> work_left(DeployOptions options = {});
  DeployPlan plan(DeployOptions options = {});
  View look();
  // Primary fails and is latched by the guard.
  void lose_primary();
  // Every resource of the account whose name holds the check's id, sorted.
  std::vector<std::string> resources();

  // client::Aws, client::Clock
  client::Outcome<client::Reply> send(const client::Call& call) override;
  std::string region() override { return "us-east-1"; }
  // This machine's clock may be wrong; AWS's answers have told the client by how much.
  WallInstant now() const override { return story.wall_now() + clock_is_ahead; }
  Duration clock_offset() const override { return -clock_is_ahead; }
  Duration clock_is_ahead{};
  aws::EndpointVariant endpoint_variant() override { return variant; }
  aws::EndpointVariant variant{};  // as a profile would have it
  void sleep(Duration d) override { story.wait(d); }

 private:
  Context context_;
  ports::sim::SeededEntropy entropy_{11};
  std::vector<std::string> calls_;
  std::set<std::string> denied_;
  std::map<std::string, std::function<void()>> acts_;
  std::optional<std::size_t> lost_answer_, lost_call_;
  void self_test(scenario::Running& running) const;
  aws::Outcome<> ask(const client::Call& call);

  std::string role_;  // of become(); empty: the root
  aws::SigningIdentity session_;
  WallInstant session_since_{};
};

// AWS's refusals, for `instead`.
client::Error service_error(const client::Call& call, std::string code, std::string message,
                            int status = 400);

// The operations that change nothing, by their names.
bool is_reading(std::string_view operation);

}  // namespace sitelatch::guard::test
