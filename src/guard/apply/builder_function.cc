// SPDX-License-Identifier: Apache-2.0
// The function and its role.
#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/builder.h"
#include "guard/apply/observe.h"
#include "guard/apply/propagation.h"
#include "guard/apply/reading.h"
#include "guard/apply/wire_forms.h"
#include "guard/rules/adoption.h"

namespace sitelatch::guard {

using aws::Value;

namespace {

Value environment_of(const Texts& variables) {
  return Value::structure({{"Variables", text_map(variables)}});
}

bool already_there(const client::Error& error) {
  return error.is("ResourceConflictException") &&
         error.message.find("already exist") != std::string::npos;
}

// Another change of the function is under way.
bool busy(const client::Error& error) {
  return error.is("ResourceConflictException") && !already_there(error);
}

}  // namespace

Step Builder::role() { return observed_.role ? change_role() : create_role(); }

Step Builder::create_role() {
  const auto& plan = plan_.role;
  const auto doing = "create role " + plan.name;
  // If we are cut off behind this, the function still says that its role is another one.
  if (observed_.function) {
    const auto marked = tag_function({{std::string{role_id_tag}, "none"}});
    if (!marked) return marked;
  }
  auto input =
      Value::structure({{"RoleName", plan.name},
                        {"Path", plan.path},
                        {"AssumeRolePolicyDocument", plan.trust},
                        {"Description", "Sitelatch: what the function of one guard may do"},
                        {"Tags", tag_list(plan.tags)}});
  if (!plan.permissions_boundary.empty())
    input.set("PermissionsBoundary", plan.permissions_boundary);
  const auto made = dependencies_.aws.call("iam", "CreateRole", input);
  if (made) {
    role_id_ = (*made)["Role"]["RoleId"].string_or("");
    return Done{};
  }
  if (!made.error().is("EntityAlreadyExists") && !made.error().is("EntityAlreadyExistsException"))
    return failure(error_of(made.error(), doing));
  // IAM's reads lag behind: it was made a moment ago. The next look sees what it is like.
  const auto there =
      dependencies_.aws.call("iam", "GetRole", Value::structure({{"RoleName", plan.name}}));
  if (there) role_id_ = (*there)["Role"]["RoleId"].string_or("");
  return Done{};
}

Step Builder::change_role() {
  const auto& plan = plan_.role;
  const auto& there = *observed_.role;
  if (there.trust.find("lambda.amazonaws.com") == std::string::npos) {
    const auto trusted =
        call({"iam", "UpdateAssumeRolePolicy", {}, "let Lambda assume role " + plan.name},
             Value::structure({{"RoleName", plan.name}, {"PolicyDocument", plan.trust}}));
    if (!trusted) return trusted;
  }
  if (!plan.permissions_boundary.empty() &&
      there.permissions_boundary != plan.permissions_boundary) {
    const auto bounded =
        call({"iam", "PutRolePermissionsBoundary", {}, "set the boundary of role " + plan.name},
             Value::structure(
                 {{"RoleName", plan.name}, {"PermissionsBoundary", plan.permissions_boundary}}));
    if (!bounded) return bounded;
  }
  // Its tag says that it is adopted: what is stripped then goes first.
  if (!policies_to_strip(plan_, there).empty()) {
    const auto stripped = role_policy();
    if (!stripped) return stripped;
  }
  const auto tags = missing_tags(plan.tags, there.tags);
  if (tags.empty()) return Done{};
  return call({"iam", "TagRole", {}, "tag role " + plan.name},
              Value::structure({{"RoleName", plan.name}, {"Tags", tag_list(tags)}}));
}

Step Builder::role_policy() {
  const auto& plan = plan_.role;
  const auto put = call({"iam", "PutRolePolicy", {}, "write the policy of role " + plan.name},
                        Value::structure({{"RoleName", plan.name},
                                          {"PolicyName", plan.policy_name},
                                          {"PolicyDocument", plan.policy}}));
  if (!put || !observed_.role) return put;
  // Wider rights go only once the narrow ones stand.
  const auto strip = policies_to_strip(plan_, *observed_.role);
  for (const auto& arn : strip.managed) {
    const auto detached = detach(arn);
    if (!detached) return detached;
  }
  for (const auto& name : strip.inlined) {
    const auto removed =
        dependencies_.aws.call("iam", "DeleteRolePolicy",
                               Value::structure({{"RoleName", plan.name}, {"PolicyName", name}}));
    if (!removed && !client::is_absent(removed.error()))
      return failure(error_of(removed.error(), "remove policy " + name + " of role " + plan.name));
  }
  return Done{};
}

// The guide's own policy is marked before it is let go, so that destroy finds it.
Step Builder::detach(const std::string& policy_arn) {
  const auto& id = plan_.settings.health_check_id;
  if (policy_arn.ends_with(":" + plan_.settings.account + ":policy/" + id)) {
    const auto tagged =
        call({"iam", "TagPolicy", {}, "tag policy " + policy_arn},
             Value::structure({{"PolicyArn", policy_arn}, {"Tags", tag_list(plan_.role.tags)}}));
    if (!tagged) return tagged;
  }
  const auto detached = dependencies_.aws.call(
      "iam", "DetachRolePolicy",
      Value::structure({{"RoleName", plan_.role.name}, {"PolicyArn", policy_arn}}));
  if (!detached && !client::is_absent(detached.error()))
    return failure(error_of(detached.error(), "detach policy " + policy_arn));
  return Done{};
}

Step Builder::tag_function(Texts tags) {
  if (observed_.function) tags = missing_tags(tags, observed_.function->tags);
  if (tags.empty()) return Done{};
  return call(
      {"lambda", "TagResource", plan_.function.region, "tag function " + plan_.function.name},
      Value::structure({{"Resource", plan_.function.arn}, {"Tags", text_map(tags)}}));
}

Step Builder::function() {
  if (!observed_.function) return create_function();
  return tag_function(plan_.function.tags);
}

Step Builder::create_function() {
  const auto& plan = plan_.function;
  auto tags = plan.tags;
  if (!role_id_.empty()) tags[std::string{role_id_tag}] = role_id_;
  auto input =
      Value::structure({{"FunctionName", plan.name},
                        {"Description", "Sitelatch: keeps a failed Primary site out of DNS"},
                        {"Runtime", plan.runtime},
                        {"Handler", plan.handler},
                        {"Role", plan.role_arn},
                        {"Code", Value::structure({{"ZipFile", code_.zip}})},
                        {"Timeout", plan.timeout_s},
                        {"MemorySize", plan.memory_mb},
                        {"Environment", environment_of(plan.environment)},
                        {"Tags", text_map(tags)}});
  if (!plan.architecture.empty()) input.set("Architectures", Value::list({plan.architecture}));
  const Call create{"lambda", "CreateFunction", plan.region, "create function " + plan.name};
  std::string last;
  const auto made = patiently(create, input, role_not_there_yet,
                              "Lambda can assume role " + plan_.role.name, last);
  // It was made, and its answer lost: the next look sees what it is like.
  if (!made && !already_there(made.error()))
    return failure(error_of(made.error(), "create function " + plan.name));
  if (made && !*made) return failure(not_in_time(create, last));
  return function_settled();
}

Step Builder::function_settled() {
  const auto& plan = plan_.function;
  client::Backoff backoff;
  backoff.every = std::chrono::milliseconds{100};
  backoff.growth = 1.6;
  backoff.longest = std::chrono::seconds{5};
  backoff.at_most =
      std::max(Duration{0}, Duration{dependencies_.deadline - dependencies_.clock.now()});
  std::string state;
  bool said = false;
  const auto doing = "read function " + plan.name;
  const auto outcome = client::wait_for<std::string>(
      dependencies_.clock, backoff, [&]() -> client::Outcome<std::optional<std::string>> {
        const auto reply =
            dependencies_.aws.call("lambda", "GetFunctionConfiguration",
                                   Value::structure({{"FunctionName", plan.name}}), plan.region);
        if (!reply) {
          if (client::is_absent(reply.error()))
            return std::optional<std::string>{};  // not everywhere yet
          return failure(reply.error());
        }
        state = (*reply)["State"].string_or("Active");
        const auto update = (*reply)["LastUpdateStatus"].string_or("Successful");
        if (state == "Failed" || update == "Failed")
          return std::optional{
              "failed: " + (*reply)["StateReason"].string_or(
                               (*reply)["LastUpdateStatusReason"].string_or("no reason given"))};
        if ((state == "Active" || state == "Inactive") && update == "Successful")
          return std::optional{std::string{}};
        if (!said && dependencies_.clock.now() + std::chrono::seconds{1} < dependencies_.deadline) {
          say(fmt::format("waiting until function {} is ready ({})", plan.name,
                          state == "Active" ? "update " + update : state));
          said = true;
        }
        return std::optional<std::string>{};
      });
  if (!outcome) return failure(error_of(outcome.error(), doing));
  if (!*outcome)
    return failure(error_of(
        Error::Kind::not_in_time,
        fmt::format("Function {} is not ready yet ({}). Run deploy again; it goes on from here.",
                    plan.name, state)));
  if (!(*outcome)->empty())
    return failure(
        error_of(Error::Kind::failed, fmt::format("Function {} {}.", plan.name, **outcome)));
  return Done{};
}

Step Builder::function_code() {
  const auto& plan = plan_.function;
  const auto settled = function_settled();
  if (!settled) return settled;
  // From Python to native: runtime and handler first; what comes in between is tried again by
  // Lambda.
  auto input = Value::structure({{"FunctionName", plan.name}, {"ZipFile", code_.zip}});
  if (!plan.architecture.empty()) input.set("Architectures", Value::list({plan.architecture}));
  const auto updated = call_patiently(
      {"lambda", "UpdateFunctionCode", plan.region, "update the code of function " + plan.name},
      input, busy, "an update of function " + plan.name + " has ended");
  if (!updated) return updated;
  return function_settled();
}

Step Builder::function_configuration() {
  const auto& plan = plan_.function;
  const auto settled = function_settled();
  if (!settled) return settled;
  const auto now =
      ask({"lambda", "GetFunctionConfiguration", plan.region, "read function " + plan.name},
          Value::structure({{"FunctionName", plan.name}}));
  if (!now) return failure(now.error());
  Texts environment;
  for (const auto& [name, value] : (*now)["Environment"]["Variables"].members())
    environment[name] = value.string_or("");
  const auto release = environment.find(std::string{env::release});
  const auto kept_release =
      release == environment.end() ? std::optional<std::string>{} : std::optional{release->second};
  for (const auto& [name, value] : plan.environment) environment[name] = value;
  if (kept_release)
    environment[std::string{env::release}] = *kept_release;  // releases have their own writer
  auto input = Value::structure({{"FunctionName", plan.name},
                                 {"Role", plan.role_arn},
                                 {"Environment", environment_of(environment)},
                                 {"RevisionId", (*now)["RevisionId"]}});
  const bool native = plan.kind == FunctionKind::native;
  const auto timeout = (*now)["Timeout"].integer_or(3);
  if (native || timeout < 10) input.set("Timeout", plan.timeout_s);
  if (native || !(*now)["Runtime"].string_or("").starts_with("python")) {
    input.set("Runtime", plan.runtime);
    input.set("Handler", plan.handler);
  }
  const auto passing = [](const client::Error& error) {
    return role_not_there_yet(error) || busy(error);
  };
  const auto updated = call_patiently(
      {"lambda", "UpdateFunctionConfiguration", plan.region, "configure function " + plan.name},
      input, passing, "function " + plan.name + " can be configured");
  if (!updated) return updated;
  const auto ready = function_settled();
  if (!ready || role_id_.empty()) return ready;
  return tag_function({{std::string{role_id_tag}, role_id_}});
}

Step Builder::failure_destination() {
  const auto& plan = plan_.function;
  const auto destination = Value::structure(
      {{"OnFailure", Value::structure({{"Destination", plan.failure_destination}})}});
  return call_patiently({"lambda", "PutFunctionEventInvokeConfig", plan.region,
                         "set the failure destination of function " + plan.name},
                        Value::structure({{"FunctionName", plan.name},
                                          {"MaximumRetryAttempts", plan.retries},
                                          {"MaximumEventAgeInSeconds", plan.event_age_s},
                                          {"DestinationConfig", destination}}),
                        destination_not_there_yet,
                        "role " + plan_.role.name + " may publish to " + plan_.notify_topic.name);
}

// The latch and the ticks must not wait behind whatever else the account runs. Best effort: an
// account with a low limit cannot spare it, and is guarded all the same.
Step Builder::function_concurrency() {
  const auto& plan = plan_.function;
  const Call reserve{"lambda", "PutFunctionConcurrency", plan.region,
                     "reserve concurrency for function " + plan.name};
  std::string last;
  const auto put =
      patiently(reserve,
                Value::structure({{"FunctionName", plan.name},
                                  {"ReservedConcurrentExecutions", plan.reserved_concurrency}}),
                busy, "an update of function " + plan.name + " has ended", last);
  if (put && *put) return Done{};
  say("No concurrency is reserved for the function; it shares the account's: " +
      (put ? last : client::explain(put.error())));
  return Done{};
}

Step Builder::permission(const PermissionPlan& plan) {
  const auto& function = plan_.function;
  auto input = Value::structure({{"FunctionName", function.name},
                                 {"StatementId", plan.statement_id},
                                 {"Action", "lambda:InvokeFunction"},
                                 {"Principal", plan.principal},
                                 {"SourceArn", plan.source_arn}});
  if (!plan.source_account.empty()) input.set("SourceAccount", plan.source_account);
  const auto doing = fmt::format("let {} invoke function {}", plan.principal, function.name);
  const Call add{"lambda", "AddPermission", function.region, doing};
  const auto waiting_for = "an update of function " + function.name + " has ended";
  std::string last;
  const auto added = patiently(add, input, busy, waiting_for, last);
  if (added && *added) return Done{};
  if (added) return failure(not_in_time(add, last));
  if (!already_there(added.error())) return failure(error_of(added.error(), doing));
  // Ours from a moment ago, or one of that name that stands for something else (a topic that was
  // made again, say): only that one is replaced, because until then nobody may invoke the function.
  const auto policy = dependencies_.aws.call(
      "lambda", "GetPolicy", Value::structure({{"FunctionName", function.name}}), function.region);
  if (policy)
    for (const auto& there : permissions_from((*policy)["Policy"].string_or("")))
      if (there.statement_id == plan.statement_id && there.principal == plan.principal &&
          there.source_arn == plan.source_arn)
        return Done{};
  const auto removed = dependencies_.aws.call(
      "lambda", "RemovePermission",
      Value::structure({{"FunctionName", function.name}, {"StatementId", plan.statement_id}}),
      function.region);
  if (!removed && !client::is_absent(removed.error()))
    return failure(error_of(removed.error(), "remove permission " + plan.statement_id));
  return call_patiently(add, input, busy, waiting_for);
}

}  // namespace sitelatch::guard
