// SPDX-License-Identifier: Apache-2.0
// Passwords and what an account demands of them; the account's alias and settings (facts iam-37,
// iam-38). Nobody signs in here: a password is checked by ChangePassword alone.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
constexpr std::size_t most_remembered = 24;
constexpr std::string_view symbols = "!@#$%^&*()_+-=[]{}|'";

struct Classes {
  bool upper = false, lower = false, digit = false, symbol = false;
  int count() const { return upper + lower + digit + symbol; }
};
Classes classes_of(std::string_view password) {
  Classes found;
  for (const char c : password) {
    found.upper |= c >= 'A' && c <= 'Z';
    found.lower |= c >= 'a' && c <= 'z';
    found.digit |= c >= '0' && c <= '9';
    found.symbol |= symbols.find(c) != std::string_view::npos;
  }
  return found;
}

// One text for all of them: AWS does not say which rule it was.
Failure<aws::Error> violation() {
  return aws::refuse("PasswordPolicyViolation",
                     "Password does not conform to the account password policy.");
}

aws::Outcome<Done> check_password(const std::string& password,
                                  const std::optional<PasswordPolicy>& policy) {
  const auto found = classes_of(password);
  const auto length = static_cast<std::int64_t>(password.size());
  // AWS's own rule where the account has none (IAMD id_credentials_passwords_account-policy).
  if (!policy) return length >= 8 && found.count() >= 3 ? aws::Outcome<Done>{Done{}} : violation();
  const bool fine = length >= policy->minimum_length && (!policy->uppercase || found.upper) &&
                    (!policy->lowercase || found.lower) && (!policy->numbers || found.digit) &&
                    (!policy->symbols || found.symbol);
  if (!fine) return violation();
  return Done{};
}

Value login_value(const Entity& user, const LoginProfile& login) {
  return Value::structure({{"UserName", user.name},
                           {"CreateDate", login.created},
                           {"PasswordResetRequired", login.reset_required}});
}
}  // namespace

aws::Outcome<Entity*> Iam::require_login(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return user;
  if (!(*user)->credentials.login)
    return no_such_entity(fmt::format("Login Profile for User {} cannot be found.", (*user)->name));
  return user;
}

// In the place of the one that is; earlier ones are remembered for PasswordReusePrevention.
aws::Outcome<Done> Iam::set_password(Entity& user, const std::string& password) {
  const auto& policy = directory_.holdings().settings().password_policy;
  if (const auto fine = check_password(password, policy); !fine) return fine;
  auto& login = user.credentials.login;
  const auto remembered = policy ? static_cast<std::size_t>(policy->remembered) : 0;
  std::vector<PasswordDigest> before;
  if (login && !login->password.key.empty()) {
    before = login->earlier;
    before.insert(before.begin(), login->password);
  }
  for (std::size_t i = 0; i < std::min(remembered, before.size()); ++i)
    if (before[i].matches(password)) return violation();
  if (before.size() > most_remembered) before.resize(most_remembered);
  auto digest = digest_of(password, *unhex(directory_.random(32, "0123456789abcdef")));
  if (!login) login.emplace().created = directory_.now();
  login->password = std::move(digest);
  login->earlier = std::move(before);
  login->changed = directory_.now();
  return Done{};
}

aws::Outcome<> Iam::create_login_profile(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  if ((*user)->credentials.login)
    return aws::refuse("EntityAlreadyExists",
                       fmt::format("Login Profile for user {} already exists.", (*user)->name));
  if (!call.input.has("Password"))
    return validation_error(
        "1 validation error detected: Value null at 'password' failed to satisfy constraint: "
        "Member must not be null");
  if (const auto set = set_password(**user, call.input["Password"].string()); !set)
    return failure(set.error());
  auto& login = *(*user)->credentials.login;
  login.reset_required = call.input["PasswordResetRequired"].boolean_or(false);
  directory_.save(**user);
  return Value::structure({{"LoginProfile", login_value(**user, login)}});
}

aws::Outcome<> Iam::get_login_profile(const Call& call) {
  const auto user = require_login(call);
  if (!user) return failure(user.error());
  return Value::structure({{"LoginProfile", login_value(**user, *(*user)->credentials.login)}});
}

aws::Outcome<> Iam::update_login_profile(const Call& call) {
  const auto user = require_login(call);
  if (!user) return failure(user.error());
  if (call.input.has("Password"))
    if (const auto set = set_password(**user, call.input["Password"].string()); !set)
      return failure(set.error());
  auto& login = *(*user)->credentials.login;
  login.reset_required = call.input["PasswordResetRequired"].boolean_or(login.reset_required);
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::delete_login_profile(const Call& call) {
  const auto user = require_login(call);
  if (!user) return failure(user.error());
  (*user)->credentials.login.reset();
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::change_password(const Call& call) {
  if (call.caller.kind != aws::Caller::Kind::user)
    return aws::refuse("InvalidUserType", "Only IAM Users can change their own password");
  auto* user = directory_.find(Kind::user, call.caller.name);
  if (!user)
    return no_such_entity(fmt::format("The user with name {} cannot be found.", call.caller.name));
  auto& login = user->credentials.login;
  if (!login)
    return no_such_entity(fmt::format("Login Profile for User {} cannot be found.", user->name));
  if (!login->password.matches(call.input["OldPassword"].string()))
    return aws::refuse("AccessDenied", "The old password was incorrect.", 403);
  if (const auto set = set_password(*user, call.input["NewPassword"].string()); !set)
    return failure(set.error());
  login->reset_required = false;
  directory_.save(*user);
  return Value{};
}

// --- The account ---

aws::Outcome<> Iam::update_account_password_policy(const Call& call) {
  const auto& in = call.input;
  // What is not said goes back to its default: nothing is kept of the policy before (API
  // UpdateAccountPasswordPolicy).
  PasswordPolicy policy;
  policy.minimum_length = in["MinimumPasswordLength"].integer_or(policy.minimum_length);
  policy.symbols = in["RequireSymbols"].boolean_or(false);
  policy.numbers = in["RequireNumbers"].boolean_or(false);
  policy.uppercase = in["RequireUppercaseCharacters"].boolean_or(false);
  policy.lowercase = in["RequireLowercaseCharacters"].boolean_or(false);
  policy.users_may_change = in["AllowUsersToChangePassword"].boolean_or(false);
  policy.max_age_days = in["MaxPasswordAge"].integer_or(0);
  policy.remembered = in["PasswordReusePrevention"].integer_or(0);
  if (in.has("HardExpiry")) policy.hard_expiry = in["HardExpiry"].boolean();
  auto settings = directory_.holdings().settings();
  settings.password_policy = policy;
  directory_.holdings().set(std::move(settings));
  return Value{};
}

aws::Outcome<> Iam::get_account_password_policy(const Call&) {
  const auto& policy = directory_.holdings().settings().password_policy;
  if (!policy)
    return no_such_entity(fmt::format("The Password Policy with domain name {} cannot be found.",
                                      directory_.account()));
  const auto or_nothing = [](std::int64_t number) { return number ? Value{number} : Value{}; };
  return Value::structure(
      {{"PasswordPolicy",
        Value::structure({{"MinimumPasswordLength", policy->minimum_length},
                          {"RequireSymbols", policy->symbols},
                          {"RequireNumbers", policy->numbers},
                          {"RequireUppercaseCharacters", policy->uppercase},
                          {"RequireLowercaseCharacters", policy->lowercase},
                          {"AllowUsersToChangePassword", policy->users_may_change},
                          {"ExpirePasswords", policy->max_age_days > 0},
                          {"MaxPasswordAge", or_nothing(policy->max_age_days)},
                          {"PasswordReusePrevention", or_nothing(policy->remembered)},
                          {"HardExpiry", Value{policy->hard_expiry}}})}});
}

aws::Outcome<> Iam::delete_account_password_policy(const Call&) {
  auto settings = directory_.holdings().settings();
  if (!settings.password_policy)
    return no_such_entity("The account policy with name PasswordPolicy cannot be found.");
  settings.password_policy.reset();
  directory_.holdings().set(std::move(settings));
  return Value{};
}

// An account has one: a new one takes its place.
aws::Outcome<> Iam::create_account_alias(const Call& call) {
  auto settings = directory_.holdings().settings();
  settings.alias = call.input["AccountAlias"].string();
  directory_.holdings().set(std::move(settings));
  return Value{};
}

aws::Outcome<> Iam::delete_account_alias(const Call& call) {
  auto settings = directory_.holdings().settings();
  const auto alias = call.input["AccountAlias"].string();
  if (settings.alias != alias)
    return no_such_entity(fmt::format("The account alias with name {} cannot be found.", alias));
  settings.alias.clear();
  directory_.holdings().set(std::move(settings));
  return Value{};
}

aws::Outcome<> Iam::list_account_aliases(const Call& call) {
  std::vector<std::pair<std::string, Value>> rows;
  const auto& alias = directory_.holdings().settings().alias;
  if (!alias.empty()) rows.emplace_back(alias, Value{alias});
  return page(call.input, "AccountAliases", std::move(rows));
}

aws::Outcome<> Iam::set_token_preferences(const Call& call) {
  auto settings = directory_.holdings().settings();
  settings.token_version = call.input["GlobalEndpointTokenVersion"].string();
  directory_.holdings().set(std::move(settings));
  return Value{};
}

}  // namespace sitelatch::iam
