// SPDX-License-Identifier: Apache-2.0
// Credentials for those who have none of AWS's: by an identity provider's token, or asked for by
// somebody who has (facts sts-11 to sts-18). A token that was not verified is refused, always.
#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/policy.h"
#include "base/log.h"
#include "base/text.h"
#include "services/sts/sts.h"
#include "services/sts/sts_common.h"
#include "services/sts/web_identity.h"

namespace sitelatch::sts {
using aws::Value;
using CallerKind = aws::Caller::Kind;

namespace {
constexpr std::string_view https = "https://";

Failure<aws::Error> invalid_token(std::string message) {
  return aws::refuse("InvalidIdentityToken", std::move(message), 400);
}
Failure<aws::Error> not_authorized() {
  return aws::refuse("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity",
                     403);
}

aws::Outcome<Done> check_times(const WebIdentityToken& token, std::int64_t now_s) {
  const auto expires = seconds_claim(token, "exp");
  if (!expires) return invalid_token("Missing a required claim: exp");
  if (!seconds_claim(token, "iat")) return invalid_token("Missing a required claim: iat");
  if (*expires <= now_s)
    return aws::refuse("ExpiredTokenException",
                       fmt::format("Token expired: current date/time {} must be before the "
                                   "expiration date/time {}",
                                   now_s, *expires),
                       400);
  constexpr std::int64_t skew_s = 300;
  const auto from = seconds_claim(token, "nbf");
  if (from && *from > now_s + skew_s)
    return invalid_token(fmt::format(
        "Token must not be accepted before {}: the current date/time is {}", *from, now_s));
  return Done{};
}

bool is_for(const WebIdentityToken& token, const std::vector<std::string>& client_ids) {
  auto audience = audiences(token);
  const auto azp = text_claim(token, "azp");
  if (!azp.empty()) audience.push_back(azp);
  return std::any_of(audience.begin(), audience.end(), [&](const std::string& a) {
    return std::find(client_ids.begin(), client_ids.end(), a) != client_ids.end();
  });
}

bool trusts(const Role& role, const std::string& provider_arn, std::string_view action,
            const aws::ConditionKeys& keys) {
  const auto policy = aws::parse_policy(role.trust_policy, aws::PolicyUse::trust);
  if (!policy) return false;
  aws::PolicySet set;
  set.resource = *policy;
  set.trust = true;
  const auto who = aws::federated_principal(provider_arn);
  const std::vector<std::string> resources{role.arn};
  return aws::evaluate({who, action, resources, keys}, set).allowed();
}
}  // namespace

aws::Outcome<> Sts::assume_role_with_web_identity(const aws::Call& call) {
  const auto& in = call.input;
  const auto role_arn = in["RoleArn"].string();
  if (!is_role_arn(role_arn)) return validation_error(fmt::format("{} is invalid", role_arn));
  if (in.has("ProviderId"))  // of OAuth 2.0 access tokens, which OpenID Connect has none of
    return invalid_token("Provided Token is not a Login With Amazon token");
  const auto token = read_token(in["WebIdentityToken"].string());
  if (!token)
    return invalid_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access "
        "Token)");
  const auto url = token->issuer.starts_with(https) ? token->issuer.substr(https.size()) : "";
  const auto provider = url.empty() ? std::nullopt : sessions_.web_identity_provider(url);
  if (!provider)
    return invalid_token(
        fmt::format("No OpenIDConnect provider found in your account for {}", token->issuer));
  if (provider->jwks.empty()) {
    log(LogLevel::warning, "sts",
        fmt::format("a token of {} cannot be verified: start the engine with --oidc-keys "
                    "{}=FILE, where FILE is the issuer's JWKS",
                    token->issuer, token->issuer));
    return invalid_token(
        "Couldn't retrieve verification key from your identity provider,  please reference "
        "AssumeRoleWithWebIdentity documentation for requirements");
  }
  if (!verify_token(*token, provider->jwks))
    return invalid_token("The ID Token provided is not valid: its signature does not verify.");
  if (const auto timely = check_times(*token, sessions_.wall_seconds()); !timely)
    return failure(timely.error());
  if (!is_for(*token, provider->client_ids)) return invalid_token("Incorrect token audience");
  const auto subject = text_claim(*token, "sub");
  if (subject.empty()) return invalid_token("Missing a required claim: sub");

  RoleSession session;
  session.role_arn = role_arn;
  session.name = in["RoleSessionName"].string();
  session.tags = principal_tags(*token);
  session.source_identity = source_identity(*token);
  const auto role = sessions_.find_role(role_arn);
  if (!role) return not_authorized();
  aws::ConditionKeys keys;
  add_claim_keys(*token, url, keys);
  keys.set("aws:federatedprovider", provider->arn);
  keys.set("sts:RoleSessionName", session.name);
  aws::add_request_tags(session.tags, {}, keys);
  aws::add_resource_tags(role->tags, keys);
  if (!session.source_identity.empty()) keys.set("sts:SourceIdentity", session.source_identity);
  if (!trusts(*role, provider->arn, "sts:AssumeRoleWithWebIdentity", keys) ||
      (!session.tags.empty() && !trusts(*role, provider->arn, "sts:TagSession", keys)) ||
      (!session.source_identity.empty() &&
       !trusts(*role, provider->arn, "sts:SetSourceIdentity", keys)))
    return not_authorized();
  const auto duration_s = in["DurationSeconds"].integer_or(3600);
  if (duration_s > role->max_session_s)
    return validation_error(
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  const auto packed = take_limits(in, session);
  if (!packed) return failure(packed.error());
  const auto audience = audiences(*token);
  return answer_role(
      *role, session, duration_s, *packed,
      Value::structure(
          {{"SubjectFromWebIdentityToken", subject},
           {"Provider", provider->arn},
           {"Audience", audience.empty() ? Value{} : Value{audience.front()}},
           {"SourceIdentity",
            session.source_identity.empty() ? Value{} : Value{session.source_identity}}}));
}

// XML signatures are not verified here, so that no assertion is believed (fact sts-16).
aws::Outcome<> Sts::assume_role_with_saml(const aws::Call& call) {
  const auto role_arn = call.input["RoleArn"].string();
  if (!is_role_arn(role_arn)) return validation_error(fmt::format("{} is invalid", role_arn));
  if (!sessions_.saml_provider_exists(call.input["PrincipalArn"].string()))
    return invalid_token("Specified provider doesn't exist");
  if (!unbase64(call.input["SAMLAssertion"].string()))
    return invalid_token("Invalid base64 SAMLResponse");
  log(LogLevel::warning, "sts",
      "AssumeRoleWithSAML is refused: the engine does not verify XML signatures, and believes no "
      "assertion without");
  return invalid_token("Response signature invalid");
}

std::vector<aws::Permission> Sts::ask_to_federate(const aws::Call& call) const {
  aws::Permission asked{"sts:GetFederationToken",
                        {fmt::format("arn:aws:sts::{}:federated-user/{}", account_,
                                     call.input["Name"].string_or(""))},
                        {},
                        ""};
  const auto tags = aws::read_tags(call.input["Tags"]);
  aws::add_request_tags(tags, {}, asked.keys);
  std::vector<aws::Permission> all{asked};
  if (!tags.empty()) {
    all.push_back(asked);
    all.back().action = "sts:TagSession";
  }
  return all;
}

aws::Outcome<> Sts::get_federation_token(const aws::Call& call) {
  if (call.caller.kind == CallerKind::role_session || call.caller.access_key_id.starts_with("ASIA"))
    return aws::refuse("AccessDenied", "Cannot call GetFederationToken with session credentials",
                       403);
  const bool root = call.caller.kind == CallerKind::root;
  auto duration_s = call.input["DurationSeconds"].integer_or(root ? 3600 : 43200);
  if (root && duration_s > 3600) duration_s = 3600;
  RoleSession limits;
  limits.name = call.input["Name"].string();
  const auto packed = take_limits(call.input, limits);
  if (!packed) return failure(packed.error());
  const auto credentials =
      sessions_.of_federated(call.caller, limits, std::chrono::seconds{duration_s});
  return Value::structure(
      {{"Credentials", credentials_value(credentials)},
       {"FederatedUser", Value::structure({{"FederatedUserId", account_ + ":" + limits.name},
                                           {"Arn", fmt::format("arn:aws:sts::{}:federated-user/{}",
                                                               account_, limits.name)}})},
       {"PackedPolicySize", *packed}});
}

// Only services that encode their refusals give out such messages; none does here.
aws::Outcome<> Sts::decode_authorization_message(const aws::Call&) {
  return aws::refuse("InvalidAuthorizationMessageException",
                     "The message could not be decoded: it is no encoded authorization message.");
}

// For the management account of an organisation, and the engine's is in none (fact sts-17).
aws::Outcome<> Sts::assume_root(const aws::Call& call) {
  return aws::refuse("AccessDenied",
                     fmt::format("User: {} is not authorized to perform: sts:AssumeRoot on "
                                 "resource: {}",
                                 call.caller.arn, call.input["TargetPrincipal"].string()),
                     403);
}

aws::Outcome<> Sts::get_web_identity_token(const aws::Call&) {
  return aws::refuse("OutboundWebIdentityFederationDisabledException",
                     "Outbound web identity federation is not enabled for the account.");
}

aws::Outcome<> Sts::get_delegated_access_token(const aws::Call&) {
  return aws::refuse("ExpiredTradeInTokenException", "The trade-in token is not valid any more.");
}

}  // namespace sitelatch::sts
