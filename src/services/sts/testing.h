// SPDX-License-Identifier: Apache-2.0
// What the tests of STS have in common: the service over sessions that are made up.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "services/sts/sts.h"

namespace sitelatch::sts {
using aws::Value;
inline const std::string role_arn = "arn:aws:iam::000000000000:role/app/reader";

inline const std::string provider_arn = "arn:aws:iam::000000000000:oidc-provider/idp.test/realm";

struct FakeSessions final : Sessions {
  std::optional<Role> find_role(std::string_view arn) const override {
    if (arn != role_arn) return std::nullopt;
    return Role{"reader", "AROAX", role_arn, trust, 7200, {{"Team", "ops"}}};
  }
  bool policy_exists(std::string_view arn) const override {
    return arn == "arn:aws:iam::aws:policy/Known";
  }
  ports::Credentials of_role(const RoleSession& session, Duration lifetime) override {
    last = session;
    lasts = lifetime;
    return {"ASIAROLE", "secret", "token", WallInstant{std::chrono::hours{1}}};
  }
  ports::Credentials of_caller(const aws::Caller&, std::int64_t mfa_at_s,
                               Duration lifetime) override {
    lasts = lifetime;
    last.mfa_at_s = mfa_at_s;
    return {"ASIASELF", "secret", "token", WallInstant{}};
  }
  ports::Credentials of_federated(const aws::Caller&, const RoleSession& limits,
                                  Duration lifetime) override {
    last = limits;
    lasts = lifetime;
    return {"ASIAFED", "secret", "token", WallInstant{}};
  }
  std::optional<WebIdentityProvider> web_identity_provider(std::string_view url) const override {
    if (url != "idp.test/realm") return std::nullopt;
    return WebIdentityProvider{provider_arn, {"client"}, jwks};
  }
  bool saml_provider_exists(std::string_view arn) const override {
    return arn == "arn:aws:iam::000000000000:saml-provider/idp";
  }
  MfaCheck check_mfa(const aws::Caller&, const std::string& serial,
                     const std::string& code) const override {
    if (serial != "arn:aws:iam::000000000000:mfa/ann") return MfaCheck::not_this_users;
    return code == "123456" && !used ? MfaCheck::fine : MfaCheck::wrong_code;
  }
  void use_mfa(const std::string&, const std::string&) override { used = true; }
  std::int64_t wall_seconds() const override { return 1'800'000'000; }
  std::string jwks, trust = R"({"Version":"2012-10-17"})";
  bool used = false;
  bool key_exists(std::string_view id) const override { return id == "AKIAKNOWN"; }
  RoleSession last;
  Duration lasts{};
};

struct Fixture {
  FakeSessions sessions;
  Sts sts{sessions, "000000000000"};
  aws::Caller caller;
  Fixture() {
    caller.kind = aws::Caller::Kind::user;
    caller.account = "000000000000";
    caller.arn = caller.principal_arn = "arn:aws:iam::000000000000:user/ann";
    caller.user_id = "AIDAANN";
    caller.access_key_id = "AKIAKNOWN";
  }
  aws::Call call(std::string_view operation, const Value& input) {
    return {operation, input, caller, "us-east-1", "000000000000", "id", "http://x", {}};
  }
  aws::Outcome<> run(std::string_view operation, const Value& input) {
    std::optional<aws::Outcome<>> got;
    sts.handle(call(operation, input), [&](aws::Outcome<> o) { got = std::move(o); });
    return *got;
  }
};
inline Value assume(std::initializer_list<std::pair<std::string_view, Value>> more = {}) {
  auto in = Value::structure({{"RoleArn", role_arn}, {"RoleSessionName", "session"}});
  for (const auto& [name, value] : more) in.set(name, value);
  return in;
}

}  // namespace sitelatch::sts
