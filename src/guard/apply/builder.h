// SPDX-License-Identifier: Apache-2.0
// Makes, changes or completes one resource of a guard so that it is as the plan says. Each call may
// be the second for the same resource (a deploy that was cut off): what is there is taken as it is
// found, and "already exists" means that it has to be looked at again. Pieces that others made keep
// what the plan does not speak of: tags, variables, further actions of the alarm, policies that
// were attached to the role after its adoption. Waits out what AWS makes eventual: a role that
// cannot be assumed yet, a function that is pending or being updated.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "client/client.h"
#include "client/wait.h"
#include "guard/apply/error.h"
#include "guard/rules/state.h"

namespace sitelatch::guard {

struct FunctionCode {
  std::string_view zip;
  std::string sha256;          // as Lambda tells it; empty: not compared
  std::string architecture{};  // "x86_64", "arm64"; empty: it runs on any
};

using Step = Result<Done, Error>;
using Progress = std::function<void(const std::string& sentence)>;

class Builder {
 public:
  struct Dependencies {
    client::Aws& aws;
    client::Clock& clock;
    Progress progress;
    WallInstant deadline;
  };
  // Borrows all of it.
  Builder(Dependencies dependencies, const Plan& plan, const Observed& observed, FunctionCode code);

  Step make(Resource resource);
  // The alarm does nothing until it is armed.
  Step disarm_alarm();
  // Of a function that has become Python.
  Step remove_schedule();

 private:
  struct Call {
    std::string_view service, operation, region;
    std::string doing;  // made for the call, mostly
  };
  Result<client::Value, Error> ask(const Call& call, client::Value input);
  Step call(const Call& call, client::Value input);
  using Passing = std::function<bool(const client::Error&)>;
  // Again while `passing` says that the refusal passes by itself; nothing when the time is up, and
  // then `last` is what AWS said.
  client::Outcome<std::optional<Done>> patiently(const Call& call, const client::Value& input,
                                                 const Passing& passing,
                                                 std::string_view waiting_for, std::string& last);
  Step call_patiently(const Call& call, const client::Value& input, const Passing& passing,
                      std::string_view waiting_for);
  Error not_in_time(const Call& call, const std::string& last) const;

  Step topic(const TopicPlan& plan, const std::optional<ObservedTopic>& there, bool with_record);
  Step topic_policy();
  Step subscribe(const SubscriptionPlan& plan);
  Step subscribe_function();
  Step log_group(const LogGroupPlan& plan, const std::optional<ObservedLogGroup>& there);
  Step role();
  Step create_role();
  Step change_role();
  Step role_policy();
  Step detach(const std::string& policy_arn);
  Step function();
  Step create_function();
  Step function_code();
  Step function_configuration();
  Step failure_destination();
  Step function_concurrency();
  Step permission(const PermissionPlan& plan);
  Step schedule();
  Step schedule_target();
  Step alarm();
  Step change_alarm(client::Value input);

  Step function_settled();
  Step tag_function(Texts tags);
  Texts missing_tags(const Texts& wanted, const Texts& there) const;
  void say(const std::string& sentence) { dependencies_.progress(sentence); }

  Dependencies dependencies_;
  const Plan& plan_;
  const Observed& observed_;
  FunctionCode code_;
  std::string role_id_;
};

}  // namespace sitelatch::guard
