// SPDX-License-Identifier: Apache-2.0
#include "services/sts/sts.h"

#include <fmt/format.h>

#include "aws/auth/arn.h"
#include "aws/auth/policy.h"

namespace sitelatch::sts {
using aws::Value;
using CallerKind = aws::Caller::Kind;

namespace {
constexpr std::int64_t packed_size_quota = 2048;  // characters of a session policy

Failure<aws::Error> validation_error(std::string message) {
  return aws::refuse("ValidationError", std::move(message), 400);
}

bool is_role_arn(std::string_view text) {
  const auto arn = aws::parse_arn(text);
  return arn && arn->service == "iam" && aws::is_account_id(arn->account) &&
         arn->resource.starts_with("role/") && arn->resource.size() > 5;
}

Value credentials_value(const ports::Credentials& c) {
  return Value::structure({{"AccessKeyId", c.access_key_id},
                           {"SecretAccessKey", c.secret_access_key},
                           {"SessionToken", c.session_token},
                           {"Expiration", Instant{c.expiration.time_since_epoch()}}});
}
}  // namespace

Sts::Sts(Sessions& sessions, std::string account)
    : sessions_(sessions), account_(std::move(account)) {}

const aws::OperationTable<Sts>& Sts::operation_table() {
  static const aws::OperationTable<Sts> table{
      "sts",
      {{"GetCallerIdentity", &Sts::get_caller_identity, &Sts::ask_nothing},  // never denied
       {"AssumeRole", &Sts::assume_role, &Sts::ask_to_assume_role},
       {"GetSessionToken", &Sts::get_session_token, &Sts::ask_nothing},  // never denied
       {"GetAccessKeyInfo", &Sts::get_access_key_info, &Sts::ask_of_everything}}};
  return table;
}

std::vector<aws::Permission> Sts::ask_to_assume_role(const aws::Call& call) const {
  const auto& in = call.input;
  const auto role_arn = in["RoleArn"].string_or("");
  if (!is_role_arn(role_arn)) return {};  // refused by the handler

  aws::Permission asked{"sts:AssumeRole", {role_arn}, {}, "", true};
  asked.keys.set("sts:RoleSessionName", in["RoleSessionName"].string_or(""));
  if (in.has("ExternalId")) asked.keys.set("sts:ExternalId", in["ExternalId"].string());
  if (in.has("SourceIdentity")) asked.keys.set("sts:SourceIdentity", in["SourceIdentity"].string());
  if (in.has("TransitiveTagKeys"))
    asked.keys.set("sts:TransitiveTagKeys", in["TransitiveTagKeys"].strings());
  const auto tags = aws::read_tags(in["Tags"]);
  aws::add_request_tags(tags, {}, asked.keys);
  // A role that is not there trusts nobody: the caller learns no more than that.
  if (const auto role = sessions_.find_role(role_arn)) {
    asked.resource_policy = role->trust_policy;
    aws::add_resource_tags(role->tags, asked.keys);
    for (const auto& [key, value] : role->tags) asked.keys.add_tag("iam:ResourceTag", key, value);
  }
  std::vector<aws::Permission> all{asked};
  const auto also = [&](const char* action) {
    all.push_back(asked);
    all.back().action = action;
  };
  if (!tags.empty()) also("sts:TagSession");
  if (in.has("SourceIdentity")) also("sts:SetSourceIdentity");
  return all;
}

aws::Outcome<> Sts::get_caller_identity(const aws::Call& call) {
  return Value::structure({{"Arn", call.caller.arn},
                           {"UserId", call.caller.user_id},
                           {"Account", call.caller.account}});
}

aws::Outcome<> Sts::assume_role(const aws::Call& call) {
  const auto& in = call.input;
  const auto role_arn = in["RoleArn"].string();
  if (!is_role_arn(role_arn)) return validation_error(fmt::format("{} is invalid", role_arn));
  const auto role = sessions_.find_role(role_arn);
  if (!role)  // authorisation said so before: its trust policy is not there either
    return aws::refuse("AccessDenied",
                       fmt::format("User: {} is not authorized to perform: sts:AssumeRole on "
                                   "resource: {}",
                                   call.caller.arn, role_arn),
                       403);
  const auto duration_s = in["DurationSeconds"].integer_or(3600);
  if (duration_s > role->max_session_s)
    return validation_error(
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  if (call.caller.kind == CallerKind::role_session && duration_s > 3600)
    return validation_error(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
        "chaining.");

  RoleSession session;
  session.role_arn = role_arn;
  session.name = in["RoleSessionName"].string();
  session.policy = in["Policy"].string_or("");
  session.tags = aws::read_tags(in["Tags"]);
  session.source_identity = in["SourceIdentity"].string_or("");
  if (!session.policy.empty()) {
    const auto policy = aws::parse_policy(session.policy, aws::PolicyUse::identity);
    if (!policy) return aws::refuse("MalformedPolicyDocument", policy.error().text);
  }
  for (const auto& item : in["PolicyArns"].items()) {
    const auto arn = item["arn"].string_or("");
    if (!sessions_.policy_exists(arn))
      return validation_error(fmt::format("PolicyArn {} does not exist.", arn));
    session.policy_arns.push_back(arn);
  }
  auto packed = static_cast<std::int64_t>(session.policy.size());
  for (const auto& arn : session.policy_arns) packed += static_cast<std::int64_t>(arn.size());
  for (const auto& [key, value] : session.tags)
    packed += static_cast<std::int64_t>(key.size() + value.size());
  const auto percent = (packed * 100 + packed_size_quota - 1) / packed_size_quota;
  if (percent > 100)
    return aws::refuse(
        "PackedPolicyTooLarge",
        fmt::format("PackedPolicySize: {}%, exceeds the allowed quota of 100%", percent));

  const auto credentials = sessions_.of_role(session, std::chrono::seconds{duration_s});
  return Value::structure(
      {{"AssumedRoleUser",
        Value::structure({{"AssumedRoleId", role->id + ":" + session.name},
                          {"Arn", fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account_,
                                              role->name, session.name)}})},
       {"Credentials", credentials_value(credentials)},
       {"PackedPolicySize", packed ? Value{percent} : Value{}},
       {"SourceIdentity",
        session.source_identity.empty() ? Value{} : Value{session.source_identity}}});
}

aws::Outcome<> Sts::get_session_token(const aws::Call& call) {
  if (call.caller.kind == CallerKind::role_session || call.caller.access_key_id.starts_with("ASIA"))
    return aws::refuse("AccessDenied", "Cannot call GetSessionToken with session credentials", 403);
  const bool root = call.caller.kind == CallerKind::root;
  auto duration_s = call.input["DurationSeconds"].integer_or(root ? 3600 : 43200);
  if (root && duration_s > 3600) duration_s = 3600;
  const auto credentials = sessions_.of_caller(call.caller, std::chrono::seconds{duration_s});
  return Value::structure({{"Credentials", credentials_value(credentials)}});
}

aws::Outcome<> Sts::get_access_key_info(const aws::Call& call) {
  const auto id = call.input["AccessKeyId"].string();
  if (!sessions_.key_exists(id))
    return validation_error(fmt::format("Invalid access key id: {}", id));  // fact sts-6
  return Value::structure({{"Account", account_}});
}

}  // namespace sitelatch::sts
