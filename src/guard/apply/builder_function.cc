// SPDX-License-Identifier: Apache-2.0
// The function and its role.
#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/builder.h"
#include "guard/apply/observe.h"
#include "guard/apply/wire_forms.h"

namespace sitelatch::guard {

using aws::Value;

namespace {

Value environment_of(const Texts& variables) {
  return Value::structure({{"Variables", text_map(variables)}});
}

// Passes by itself within seconds of a role's creation (fact guard-22), or of its policy's.
bool role_not_there_yet(const client::Error& error) {
  return error.is("InvalidParameterValueException") &&
         (error.message.find("cannot be assumed by Lambda") != std::string::npos ||
          error.message.find("does not have permissions") != std::string::npos ||
          error.message.find("execution role") != std::string::npos ||
          error.message.find("KMS") != std::string::npos);
}

bool busy(const client::Error& error) {
  return error.is("ResourceConflictException") &&
         error.message.find("cannot be performed at this time") != std::string::npos;
}

}  // namespace

Step Builder::role() {
  const auto& plan = plan_.role;
  const auto doing = "create role " + plan.name;
  if (!observed_.role) {
    // If we are cut off behind this, the function still says that its role is another one.
    if (observed_.function) {
      const auto marked = tag_function({{std::string{role_id_tag}, "none"}});
      if (!marked) return marked;
    }
    const auto made =
        ask({"iam", "CreateRole", {}, doing},
            Value::structure({{"RoleName", plan.name},
                              {"AssumeRolePolicyDocument", plan.trust},
                              {"Description", "Sitelatch: what the function of one guard may do"},
                              {"Tags", tag_list(plan.tags)}}));
    if (!made) return failure(made.error());
    role_id_ = (*made)["Role"]["RoleId"].string_or("");
    return Done{};
  }
  const auto& there = *observed_.role;
  if (there.trust.find("lambda.amazonaws.com") == std::string::npos) {
    const auto trusted =
        call({"iam", "UpdateAssumeRolePolicy", {}, "let Lambda assume role " + plan.name},
             Value::structure({{"RoleName", plan.name}, {"PolicyDocument", plan.trust}}));
    if (!trusted) return trusted;
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
  const auto& wanted = plan.managed_policies;
  for (const auto& arn : observed_.role->managed_policies) {
    if (std::find(wanted.begin(), wanted.end(), arn) != wanted.end()) continue;
    const auto detached = detach(arn);
    if (!detached) return detached;
  }
  for (const auto& [name, document] : observed_.role->inline_policies) {
    if (name == plan.policy_name) continue;
    const auto removed =
        call({"iam", "DeleteRolePolicy", {}, "remove policy " + name + " of role " + plan.name},
             Value::structure({{"RoleName", plan.name}, {"PolicyName", name}}));
    if (!removed) return removed;
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
  return call({"iam", "DetachRolePolicy", {}, "detach policy " + policy_arn},
              Value::structure({{"RoleName", plan_.role.name}, {"PolicyArn", policy_arn}}));
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
  Value architectures = Value::list();
  for (const auto& architecture : plan.architectures) architectures.push(architecture);
  const auto input =
      Value::structure({{"FunctionName", plan.name},
                        {"Description", "Sitelatch: keeps a failed Primary site out of DNS"},
                        {"Runtime", plan.runtime},
                        {"Handler", plan.handler},
                        {"Role", plan.role_arn},
                        {"Code", Value::structure({{"ZipFile", code_.zip}})},
                        {"Timeout", plan.timeout_s},
                        {"MemorySize", plan.memory_mb},
                        {"Architectures", architectures},
                        {"Environment", environment_of(plan.environment)},
                        {"Tags", text_map(tags)}});
  const auto made =
      call_patiently({"lambda", "CreateFunction", plan.region, "create function " + plan.name},
                     input, role_not_there_yet, "Lambda can assume role " + plan_.role.name);
  if (!made) return made;
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
  const auto updated = call_patiently(
      {"lambda", "UpdateFunctionCode", plan.region, "update the code of function " + plan.name},
      Value::structure({{"FunctionName", plan.name}, {"ZipFile", code_.zip}}), busy,
      "an update of function " + plan.name + " has ended");
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
                        role_not_there_yet,
                        "role " + plan_.role.name + " may publish to " + plan_.notify_topic.name);
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
  const auto added = dependencies_.aws.call("lambda", "AddPermission", input, function.region);
  if (added) return Done{};
  if (!added.error().is("ResourceConflictException"))
    return failure(error_of(added.error(), doing));
  // A statement of that name stands for something else (a topic that was made again, say).
  const auto removed = call(
      {"lambda", "RemovePermission", function.region, "remove permission " + plan.statement_id},
      Value::structure({{"FunctionName", function.name}, {"StatementId", plan.statement_id}}));
  if (!removed) return removed;
  return call({"lambda", "AddPermission", function.region, doing}, input);
}

}  // namespace sitelatch::guard
