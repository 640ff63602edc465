// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/missing_rights.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

constexpr auto simulation_limit = std::chrono::milliseconds{3000};

client::Outcome<Value> ask_iam(client::Aws& aws, std::string operation, Value input) {
  client::Call call;
  call.service = "iam";
  call.operation = std::move(operation);
  call.input = std::move(input);
  call.time_limit = simulation_limit;
  call.attempts = 1;
  auto reply = aws.send(call);
  if (!reply) return failure(reply.error());
  return std::move(reply->output);
}

// What the simulator takes: a user, or the role behind a session, whose path its session does not
// tell. Nothing: the root, or somebody else's identity.
std::optional<std::string> simulated_principal(client::Aws& aws, const std::string& caller_arn) {
  const auto parts = split(caller_arn, ':');
  if (parts.size() != 6) return std::nullopt;
  if (parts[2] == "iam" && parts[5].starts_with("user/")) return caller_arn;
  const auto session = split(parts[5], '/');
  if (parts[2] != "sts" || session.size() < 2 || session[0] != "assumed-role") return std::nullopt;
  const std::string name{session[1]};
  const auto role = ask_iam(aws, "GetRole", Value::structure({{"RoleName", name}}));
  if (role) return (*role)["Role"]["Arn"].string_or("");
  return fmt::format("arn:{}:iam::{}:role/{}", parts[1], parts[4], name);
}

// A pattern is simulated by one of those whom it means.
std::string example_of(std::string resource) {
  if (resource.size() > 1 && resource.ends_with('*')) resource.back() = 'x';
  return resource;
}

Value simulation_of(const std::string& principal, const Right& right) {
  auto actions = Value::list(), resources = Value::list();
  for (const auto& action : right.actions) actions.push(action);
  for (const auto& resource : right.resources) resources.push(example_of(resource));
  const auto passed = Value::structure({{"ContextKeyName", "iam:PassedToService"},
                                        {"ContextKeyValues", Value::list({"lambda.amazonaws.com"})},
                                        {"ContextKeyType", "string"}});
  return Value::structure({{"PolicySourceArn", principal},
                           {"ActionNames", actions},
                           {"ResourceArns", resources},
                           {"ContextEntries", Value::list({passed})}});
}

// As far as AWS says what denies it: then no policy of the caller's own helps.
std::string reason_in(const std::string& message) {
  if (message.find("service control policy") != std::string::npos)
    return "by a service control policy";
  if (message.find("permissions boundary") != std::string::npos) return "by a permissions boundary";
  if (message.find("explicit deny") != std::string::npos) return "by an explicit deny";
  return {};
}
std::string reason_in(const Value& row) {
  const auto& boundary = row["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"];
  if (!row["OrganizationsDecisionDetail"]["AllowedByOrganizations"].boolean_or(true))
    return "by a policy of the organisation";
  if (!boundary.boolean_or(true)) return "by a permissions boundary";
  if (row["EvalDecision"].string_or("") == "explicitDeny") return "by an explicit deny";
  return {};
}

void add_once(std::vector<MissingRight>& to, MissingRight one) {
  if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(std::move(one));
}

}  // namespace

std::optional<std::vector<MissingRight>> missing_rights(client::Aws& aws,
                                                        const std::string& caller_arn,
                                                        const std::vector<Right>& wanted) {
  const auto principal = simulated_principal(aws, caller_arn);
  if (!principal || principal->empty()) return std::nullopt;
  std::vector<MissingRight> missing;
  for (const auto& right : wanted) {
    const auto reply = ask_iam(aws, "SimulatePrincipalPolicy", simulation_of(*principal, right));
    if (!reply) return std::nullopt;
    // Of a log group's two forms either is enough.
    std::vector<MissingRight> denied;
    std::vector<std::string> allowed;
    for (const auto& row : (*reply)["EvaluationResults"].items()) {
      const auto action = row["EvalActionName"].string_or("");
      // A condition on a key that nobody can know here decides nothing.
      if (row["EvalDecision"].string_or("") == "allowed" ||
          !row["MissingContextValues"].items().empty())
        allowed.push_back(action);
      else
        add_once(denied, {action, row["EvalResourceName"].string_or(""), reason_in(row)});
    }
    const bool either = std::any_of(
        right.resources.begin(), right.resources.end(), [&](const std::string& resource) {
          return std::find(right.resources.begin(), right.resources.end(), resource + ":*") !=
                 right.resources.end();
        });
    for (auto& one : denied)
      if (!either || std::find(allowed.begin(), allowed.end(), one.action) == allowed.end())
        add_once(missing, std::move(one));
  }
  return missing;
}

std::vector<Right> in_zone(std::vector<Right> rights, const std::string& zone_id) {
  for (auto& right : rights)
    for (auto& resource : right.resources)
      if (resource.ends_with(":hostedzone/*"))
        resource = replace_all(resource, "/*", "/" + zone_id);
  return rights;
}
std::vector<Right> in_zone(std::vector<Right> rights,
                           const std::optional<RecordsSnapshot>& records) {
  if (!records || records->users.empty()) return rights;
  return in_zone(std::move(rights), records->users.front().zone_id);
}

std::vector<MissingRight> missing_rights(const std::vector<ReadFailure>& blind) {
  std::vector<MissingRight> missing;
  for (const auto& one : blind)
    add_once(missing, {client::iam_action(one.why.service, one.why.operation), one.what,
                       reason_in(one.why.message)});
  return missing;
}

std::string describe(const std::vector<MissingRight>& missing, const std::string& caller_arn,
                     Audience audience, const std::string& health_check_id, Form form) {
  auto text = fmt::format("{} lacks these rights:", caller_arn.empty() ? "The caller" : caller_arn);
  for (const auto& one : missing)
    text += fmt::format("\n  {} on {}{}", one.action, one.resource,
                        one.because.empty() ? "" : ": denied " + one.because);
  const auto of_form =
      form == Form::guide ? std::string{} : " --form " + std::string{to_string(form)};
  return text + fmt::format("\n`sitelatch policy {}{}{}{}` prints what is needed.",
                            to_string(audience), of_form, health_check_id.empty() ? "" : " ",
                            health_check_id);
}

std::optional<std::string> rights_against(Context& context, const ConfigView& view,
                                          Audience audience,
                                          const std::vector<std::string>& actions) {
  std::vector<std::string> made;
  if (view.observed.combined && view.observed.hold)
    made = {view.observed.combined->id, view.observed.hold->id};
  const auto scope = scope_of_config(view.plan, made);
  auto rights = in_zone(only(rights_of(Form::config, audience, scope), actions), view.records);
  for (auto& right : rights)
    for (auto& resource : right.resources)
      if (resource.ends_with(":healthcheck/*")) resource = scope.checks.front();
  const auto missing = missing_rights(context.aws, view.caller_arn, rights);
  if (!missing || missing->empty()) return std::nullopt;
  return describe(*missing, view.caller_arn, audience, view.id(), Form::config);
}

std::optional<std::string> rights_against(Context& context, const View& view, const Change& change,
                                          bool people_are_told) {
  const auto& observed = view.snapshot.observed;
  auto actions = actions_to_apply(change, record_of(observed));
  if (people_are_told && observed.notify_topic) actions.emplace_back("sns:Publish");
  const auto missing =
      missing_rights(context.aws, view.snapshot.caller_arn,
                     only(rights_of(Audience::operate, scope_of(view.plan)), actions));
  if (!missing || missing->empty()) return std::nullopt;
  const auto text = describe(*missing, view.snapshot.caller_arn, Audience::operate, view.id());
  const bool latches =
      observed.check && !latched(*observed.check) && latched(apply(change.check, *observed.check));
  const bool may_latch =
      std::none_of(missing->begin(), missing->end(),
                   [](const MissingRight& one) { return one.action == latch_action; });
  if (!latches || !may_latch) return text;
  context.progress(text);
  return std::nullopt;
}

}  // namespace sitelatch::guard
