// SPDX-License-Identifier: Apache-2.0
#include "engine/gateway_sessions.h"

#include "base/check.h"
#include "services/iam/iam_common.h"
#include "services/iam/totp.h"

namespace sitelatch::engine {

std::optional<sts::Role> SessionsOfIam::find_role(std::string_view role_arn) const {
  const auto* role = identities_.role_by_arn(role_arn);
  if (!role) return std::nullopt;
  sts::Role out;
  out.name = role->name;
  out.id = role->id;
  out.arn = role_arn;
  out.trust_policy = role->trust;
  out.max_session_s = role->max_session_s;
  out.tags = role->tags;
  return out;
}

bool SessionsOfIam::policy_exists(std::string_view policy_arn) const {
  const iam::Directory& directory = identities_.directory();
  return directory.policy(policy_arn) != nullptr;
}

ports::Credentials SessionsOfIam::of_role(const sts::RoleSession& session, Duration lifetime) {
  const auto* role = identities_.role_by_arn(session.role_arn);
  ENSURE(role, "credentials asked for a role that is not there");
  iam::Session made;
  made.kind = aws::Caller::Kind::role_session;
  made.entity = role->name;
  made.entity_id = role->id;
  made.name = session.name;
  made.policy = session.policy;
  made.policy_arns = session.policy_arns;
  made.tags = session.tags;
  made.source_identity = session.source_identity;
  made.mfa_at_s = session.mfa_at_s;
  return identities_.mint(std::move(made), lifetime);
}

namespace {
iam::Session session_as(const aws::Caller& caller) {
  iam::Session made;
  made.kind = caller.kind;
  if (caller.kind == aws::Caller::Kind::user) {
    made.entity = caller.name;
    made.entity_id = caller.user_id;
  }
  return made;
}
}  // namespace

ports::Credentials SessionsOfIam::of_caller(const aws::Caller& caller, std::int64_t mfa_at_s,
                                            Duration lifetime) {
  auto made = session_as(caller);
  made.mfa_at_s = mfa_at_s;
  return identities_.mint(std::move(made), lifetime);
}

ports::Credentials SessionsOfIam::of_federated(const aws::Caller& caller,
                                               const sts::RoleSession& limits, Duration lifetime) {
  auto made = session_as(caller);
  made.federated = true;
  made.name = limits.name;
  made.policy = limits.policy;
  made.policy_arns = limits.policy_arns;
  made.tags = limits.tags;
  return identities_.mint(std::move(made), lifetime);
}

std::optional<sts::WebIdentityProvider> SessionsOfIam::web_identity_provider(
    std::string_view url) const {
  const iam::Directory& directory = identities_.directory();
  const auto arn = iam::oidc_provider_arn(directory.account(), url);
  const auto* provider = directory.holdings().oidc_providers.find(arn);
  if (!provider) return std::nullopt;
  const auto keys = keys_.find(url);
  return sts::WebIdentityProvider{arn, provider->client_ids,
                                  keys == keys_.end() ? std::string{} : keys->second};
}

bool SessionsOfIam::saml_provider_exists(std::string_view arn) const {
  const iam::Directory& directory = identities_.directory();
  return directory.holdings().saml_providers.find(arn) != nullptr;
}

// Nothing: the code is not the device's, or was used.
std::optional<std::int64_t> SessionsOfIam::step_of(const std::string& serial,
                                                   const std::string& code) const {
  const iam::Directory& directory = identities_.directory();
  const auto* device = directory.holdings().mfa_devices.find(serial);
  if (!device) return std::nullopt;
  const auto now = iam::totp_step(identities_.wall_now()) + device->drift;
  return iam::find_code(device->seed, code, now, 1, device->last_step);
}

sts::MfaCheck SessionsOfIam::check_mfa(const aws::Caller& caller, const std::string& serial,
                                       const std::string& code) const {
  const iam::Directory& directory = identities_.directory();
  const auto* device = directory.holdings().mfa_devices.find(serial);
  const bool own = device && caller.kind == aws::Caller::Kind::user && !caller.federated &&
                   !device->user_id.empty() && device->user_id == caller.user_id;
  if (!own) return sts::MfaCheck::not_this_users;
  return step_of(serial, code) ? sts::MfaCheck::fine : sts::MfaCheck::wrong_code;
}

void SessionsOfIam::use_mfa(const std::string& serial, const std::string& code) {
  const auto step = step_of(serial, code);
  ENSURE(step, "a one-time code is used that was not checked");
  auto& devices = identities_.directory().holdings().mfa_devices;
  devices.find(serial)->last_step = *step;
  devices.save(serial);
}

std::int64_t SessionsOfIam::wall_seconds() const {
  return std::chrono::floor<std::chrono::seconds>(identities_.wall_now().time_since_epoch())
      .count();
}

bool SessionsOfIam::key_exists(std::string_view access_key_id) const {
  return access_key_id == identities_.root_key().access_key_id ||
         identities_.directory().owner_of_key(access_key_id) != nullptr ||
         identities_.has_seen(std::string{access_key_id});
}

}  // namespace sitelatch::engine
