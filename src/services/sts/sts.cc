// SPDX-License-Identifier: Apache-2.0
#include "services/sts/sts.h"

#include <fmt/format.h>

#include "aws/auth/arn.h"
#include "aws/auth/policy.h"
#include "services/sts/sts_common.h"

namespace sitelatch::sts {
using aws::Value;
using CallerKind = aws::Caller::Kind;

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

namespace {
constexpr std::int64_t packed_size_quota = 2048;  // characters of a session policy
}

Sts::Sts(Sessions& sessions, std::string account)
    : sessions_(sessions), account_(std::move(account)) {}

const aws::OperationTable<Sts>& Sts::operation_table() {
  static const aws::OperationTable<Sts> table{
      "sts",
      {{"GetCallerIdentity", &Sts::get_caller_identity, &Sts::ask_nothing},  // never denied
       {"AssumeRole", &Sts::assume_role, &Sts::ask_to_assume_role},
       {"GetSessionToken", &Sts::get_session_token, &Sts::ask_nothing},  // never denied
       {"GetAccessKeyInfo", &Sts::get_access_key_info, &Sts::ask_of_everything},
       {"AssumeRoleWithWebIdentity", &Sts::assume_role_with_web_identity, &Sts::ask_nothing},
       {"AssumeRoleWithSAML", &Sts::assume_role_with_saml, &Sts::ask_nothing},
       {"GetFederationToken", &Sts::get_federation_token, &Sts::ask_to_federate},
       {"DecodeAuthorizationMessage", &Sts::decode_authorization_message, &Sts::ask_of_everything},
       {"AssumeRoot", &Sts::assume_root, &Sts::ask_of_everything},
       {"GetWebIdentityToken", &Sts::get_web_identity_token, &Sts::ask_of_everything},
       {"GetDelegatedAccessToken", &Sts::get_delegated_access_token, &Sts::ask_of_everything}}};
  return table;
}

std::vector<aws::Permission> Sts::ask_to_assume_role(const aws::Call& call) const {
  const auto& in = call.input;
  const auto role_arn = in["RoleArn"].string_or("");
  // Refused by the handler, in words of its own.
  if (!is_role_arn(role_arn) || !check_mfa(call) || call.caller.federated) return {};

  aws::Permission asked{"sts:AssumeRole", {role_arn}, {}, "", true};
  asked.keys.set("sts:RoleSessionName", in["RoleSessionName"].string_or(""));
  if (in.has("TokenCode")) {
    asked.keys.set("aws:multifactorauthpresent", "true");
    asked.keys.set("aws:multifactorauthage", "0");
  }
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
  if (const auto fine = check_mfa(call); !fine) return failure(fine.error());
  const auto role = sessions_.find_role(role_arn);
  // Authorisation said so before: a role that is not there has no trust policy either. A federated
  // user assumes none (API GetFederationToken).
  if (!role || call.caller.federated)
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
  session.source_identity = in["SourceIdentity"].string_or("");
  const auto packed = take_limits(in, session);
  if (!packed) return failure(packed.error());
  // A code counts once. The session does not tell of it (IAMD id_credentials_mfa_configure-api-
  // require): what asks for MFA asks it of the call that assumes the role.
  if (in.has("TokenCode")) sessions_.use_mfa(in["SerialNumber"].string(), in["TokenCode"].string());
  return answer_role(*role, session, duration_s, *packed,
                     Value::structure({{"SourceIdentity", session.source_identity.empty()
                                                              ? Value{}
                                                              : Value{session.source_identity}}}));
}

aws::Outcome<Done> Sts::check_mfa(const aws::Call& call) const {
  const auto& in = call.input;
  const auto denied = [](const char* why) {
    return aws::refuse("AccessDenied", std::string{"MultiFactorAuthentication failed"} + why, 403);
  };
  if (in.has("SerialNumber") != in.has("TokenCode"))
    return denied(", must provide both MFA serial number and one time pass code.");
  if (!in.has("TokenCode")) return Done{};
  switch (sessions_.check_mfa(call.caller, in["SerialNumber"].string(), in["TokenCode"].string())) {
    case MfaCheck::not_this_users:
      return denied(
          ", unable to validate MFA code.  Please verify your MFA serial number is valid and "
          "associated with this user.");
    case MfaCheck::wrong_code:
      return denied(" with invalid MFA one time pass code. ");
    case MfaCheck::fine:
      break;
  }
  return Done{};
}

aws::Outcome<std::int64_t> Sts::take_limits(const Value& in, RoleSession& session) const {
  session.policy = in["Policy"].string_or("");
  if (in.has("Tags")) session.tags = aws::read_tags(in["Tags"]);
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
  return percent;
}

aws::Outcome<> Sts::answer_role(const Role& role, const RoleSession& session,
                                std::int64_t duration_s, std::int64_t packed, Value more) {
  const auto credentials = sessions_.of_role(session, std::chrono::seconds{duration_s});
  more.set("AssumedRoleUser",
           Value::structure({{"AssumedRoleId", role.id + ":" + session.name},
                             {"Arn", fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account_,
                                                 role.name, session.name)}}));
  more.set("Credentials", credentials_value(credentials));
  more.set("PackedPolicySize", packed ? Value{packed} : Value{});
  return more;
}

aws::Outcome<> Sts::get_session_token(const aws::Call& call) {
  if (call.caller.kind == CallerKind::role_session || call.caller.access_key_id.starts_with("ASIA"))
    return aws::refuse("AccessDenied", "Cannot call GetSessionToken with session credentials", 403);
  if (const auto fine = check_mfa(call); !fine) return failure(fine.error());
  const bool root = call.caller.kind == CallerKind::root;
  auto duration_s = call.input["DurationSeconds"].integer_or(root ? 3600 : 43200);
  if (root && duration_s > 3600) duration_s = 3600;
  std::int64_t mfa_at_s = 0;
  if (call.input.has("TokenCode")) {
    sessions_.use_mfa(call.input["SerialNumber"].string(), call.input["TokenCode"].string());
    mfa_at_s = sessions_.wall_seconds();
  }
  const auto credentials =
      sessions_.of_caller(call.caller, mfa_at_s, std::chrono::seconds{duration_s});
  return Value::structure({{"Credentials", credentials_value(credentials)}});
}

aws::Outcome<> Sts::get_access_key_info(const aws::Call& call) {
  const auto id = call.input["AccessKeyId"].string();
  if (!sessions_.key_exists(id))
    return validation_error(fmt::format("Invalid access key id: {}", id));  // fact sts-6
  return Value::structure({{"Account", account_}});
}

}  // namespace sitelatch::sts
