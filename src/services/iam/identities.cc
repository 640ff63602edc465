// SPDX-License-Identifier: Apache-2.0
#include "services/iam/identities.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "aws/auth/arn.h"
#include "aws/auth/sigv4_digest.h"
#include "aws/wire/value.h"
#include "base/check.h"
#include "base/text.h"
#include "ports/rows.h"

namespace sitelatch::iam {
namespace {
using aws::Caller;
using aws::Value;
constexpr std::string_view secrets_table = "iam.secrets";
constexpr std::string_view id_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t mac_size = 32;
const std::string everything =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";

Failure<aws::Error> unknown_key() {
  return aws::refuse("InvalidClientTokenId",
                     "The security token included in the request is invalid.");
}

std::optional<std::string> kept_secret(const ports::Journal& journal, std::string_view key) {
  // The scan begins at the key or, where that has no row, at the next one.
  std::optional<std::string> found;
  journal.scan(secrets_table, key, "", [&](std::string_view at, std::string_view value) {
    if (at == key) found = std::string{value};
    return false;
  });
  return found;
}

std::string own_secret(ports::Journal& journal, std::string_view key,
                       const std::function<std::string()>& make) {
  if (auto kept = kept_secret(journal, key)) return *kept;
  auto made = make();
  journal.put(secrets_table, key, made);
  return made;
}
}  // namespace

std::vector<std::pair<std::string, std::string>> root_key_rows(const ports::Journal& journal) {
  std::vector<std::pair<std::string, std::string>> out;
  journal.scan(secrets_table, "root_", "", [&](std::string_view key, std::string_view value) {
    if (!key.starts_with("root_")) return false;
    out.emplace_back(key, value);
    return true;
  });
  return out;
}

void put_root_key_rows(ports::Journal& journal,
                       const std::vector<std::pair<std::string, std::string>>& rows) {
  for (const auto& [key, value] : rows) journal.put(secrets_table, key, value);
}

Identities::Identities(Directory& directory, ports::Journal& journal, const ports::WallClock& wall,
                       ports::Entropy& entropy)
    : directory_(directory), wall_(wall), entropy_(entropy) {
  root_.access_key_id = own_secret(journal, "root_access_key_id", [&] {
    return "AKIA" + ports::random_text(entropy, 16, id_alphabet);
  });
  root_.secret_access_key = own_secret(journal, "root_secret_access_key", [&] {
    return ports::random_text(entropy, 40,
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  });
  // Kept like the key: otherwise IAM would show a key that is younger after every start.
  const auto created = parse_int(own_secret(
      journal, "root_created", [&] { return std::to_string(unix_ms(directory.now())); }));
  ports::expect_of_row(created.has_value(), "the row root_created of iam.secrets is no time");
  root_.created = from_unix_ms(*created);
  master_key_ =
      own_secret(journal, "session_master_key", [&] { return ports::random_hex(entropy, 64); });
}

Caller Identities::root_caller() const {
  Caller c;
  c.kind = Caller::Kind::root;
  c.account = directory_.account();
  c.arn = c.principal_arn = fmt::format("arn:aws:iam::{}:root", c.account);
  c.user_id = c.account;
  c.access_key_id = root_.access_key_id;
  return c;
}

namespace {
Caller user_caller(const Directory& directory, const Entity& user) {
  Caller c;
  c.kind = Caller::Kind::user;
  c.account = directory.account();
  c.arn = c.principal_arn = directory.arn(user);
  c.user_id = user.id;
  c.name = user.name;
  return c;
}

Caller session_caller(const Directory& directory, const Entity& role, const Session& session) {
  Caller c;
  c.kind = Caller::Kind::role_session;
  c.account = directory.account();
  c.arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", c.account, role.name, session.name);
  c.principal_arn = directory.arn(role);
  c.user_id = role.id + ":" + session.name;
  c.name = role.name;
  c.session_name = session.name;
  c.session_policy = session.policy;
  c.session_policy_arns = session.policy_arns;
  for (const auto& tag : session.tags) c.session_tags[tag.key] = tag.value;
  c.source_identity = session.source_identity;
  return c;
}
}  // namespace

aws::Outcome<KnownKey> Identities::find_key(std::string_view access_key_id,
                                            std::string_view session_token) const {
  // A token says by itself whose it is. Long-term keys have none: beside one it is nobody's.
  if (!session_token.empty()) {
    const auto session = open(session_token);
    if (!session) return unknown_key();
    return find_session(access_key_id, *session);
  }
  if (access_key_id == root_.access_key_id) return KnownKey{root_.secret_access_key, root_caller()};
  const auto* user = directory_.owner_of_key(access_key_id);
  if (!user) return unknown_key();
  const auto key = std::find_if(user->keys.begin(), user->keys.end(),
                                [&](const AccessKey& k) { return k.id == access_key_id; });
  if (key == user->keys.end() || !key->active) return unknown_key();
  KnownKey known{key->secret, user_caller(directory_, *user)};
  known.caller.access_key_id = key->id;
  return known;
}

namespace {
void make_federated(const Session& session, Caller& c) {
  c.federated = true;
  // Root is named as the account, which hands the decision to its policies.
  if (c.kind != Caller::Kind::root) c.issuer_arn = c.arn;
  c.arn = c.principal_arn =
      fmt::format("arn:aws:sts::{}:federated-user/{}", c.account, session.name);
  c.user_id = c.account + ":" + session.name;
  c.session_name = session.name;
  c.session_policy = session.policy;
  c.session_policy_arns = session.policy_arns;
  for (const auto& tag : session.tags) c.session_tags[tag.key] = tag.value;
}
}  // namespace

aws::Outcome<KnownKey> Identities::find_session(std::string_view access_key_id,
                                                const Session& session) const {
  if (session.access_key_id != access_key_id) return unknown_key();
  if (wall_.now() >= session.expires)
    return aws::refuse("ExpiredToken", "The security token included in the request is expired");
  KnownKey known;
  known.secret_access_key = secret_of(access_key_id);
  if (session.kind == Caller::Kind::root) {
    known.caller = root_caller();
    known.caller.session_policy = session.policy;
    known.caller.session_policy_arns = session.policy_arns;
  } else {
    const bool role = session.kind == Caller::Kind::role_session;
    const auto* entity = directory_.find(role ? Kind::role : Kind::user, session.entity);
    // Made anew under the same name it is another: what was given to the one before does not become
    // its own (fact iam-13).
    if (!entity || entity->id != session.entity_id) return unknown_key();
    known.caller =
        role ? session_caller(directory_, *entity, session) : user_caller(directory_, *entity);
  }
  known.caller.access_key_id = session.access_key_id;
  known.caller.mfa_at_s = session.mfa_at_s;
  if (session.federated) make_federated(session, known.caller);
  seen_.add(session.access_key_id, {});
  return known;
}

bool Identities::knows(std::string_view access_key_id, std::string_view session_token) const {
  if (access_key_id == root_.access_key_id || directory_.owner_of_key(access_key_id)) return true;
  const auto session = session_token.empty() ? std::nullopt : open(session_token);
  return session && session->access_key_id == access_key_id;
}

// --- Policies and keys of callers ---

void Identities::add_policies(const Entity& entity, aws::PolicySet& set) const {
  // Documents were parsed before they were kept, and an attached policy cannot be deleted. Missing
  // here is at most a policy of AWS that this engine does not know; it grants nothing.
  const auto add = [&](const std::string& document) {
    if (auto policy = parsed_.get(document, aws::PolicyUse::identity))
      set.identity.push_back(std::move(policy));
  };
  for (const auto& [name, document] : entity.inline_policies) add(document);
  for (const auto& arn : entity.attached)
    if (const auto* policy = directory_.policy(arn)) add(policy->document());
}

aws::PolicySet Identities::policies_of(const Entity& entity) const {
  aws::PolicySet set;
  add_policies(entity, set);
  for (const auto& name : entity.groups)
    if (const auto* group = directory_.find(Kind::group, name)) add_policies(*group, set);
  if (!entity.boundary.empty()) {
    const auto* policy = directory_.policy(entity.boundary);
    // A boundary that is gone allows nothing.
    set.boundary = policy ? parsed_.get(policy->document(), aws::PolicyUse::identity) : nullptr;
    if (!set.boundary) set.boundary = std::make_shared<aws::Policy>();
  }
  return set;
}

aws::PolicySet Identities::policies_of(const Caller& caller, const Identities& known) const {
  aws::PolicySet set;
  if (caller.kind == Caller::Kind::user || caller.kind == Caller::Kind::role_session) {
    const auto* entity = known.directory_.find(
        caller.kind == Caller::Kind::user ? Kind::user : Kind::role, caller.name);
    if (entity) set = known.policies_of(*entity);
  }
  // Root has everything; what a federated user has of it, its session policies say.
  if (caller.federated && caller.kind == Caller::Kind::root)
    set.identity.push_back(parsed_.get(everything, aws::PolicyUse::identity));
  if (caller.session_policy.empty() && caller.session_policy_arns.empty() && !caller.federated)
    return set;
  // All policies of a session are one limit together: each may allow what the others do not name.
  auto whole = std::make_shared<aws::Policy>();
  const auto add = [&](const std::string& document) {
    if (const auto parsed = parsed_.get(document, aws::PolicyUse::identity))
      whole->statements.insert(whole->statements.end(), parsed->statements.begin(),
                               parsed->statements.end());
  };
  if (!caller.session_policy.empty()) add(caller.session_policy);
  for (const auto& arn : caller.session_policy_arns)
    if (const auto* policy = directory_.policy(arn)) add(policy->document());
  set.session = std::move(whole);
  return set;
}

void Identities::add_keys(const Entity& entity, aws::ConditionKeys& keys) const {
  keys.set("aws:principalarn", directory_.arn(entity));
  keys.set("aws:principalaccount", directory_.account());
  for (const auto& tag : entity.tags) keys.add_tag("aws:PrincipalTag", tag.key, tag.value);
  if (entity.kind != Kind::user) return;
  keys.set("aws:principaltype", "User");
  keys.set("aws:username", entity.name);
  keys.set("aws:userid", entity.id);
}

void Identities::add_keys(const Caller& caller, aws::ConditionKeys& keys) const {
  if (caller.kind == Caller::Kind::anonymous) {
    keys.set("aws:principaltype", "Anonymous");
    return;
  }
  const bool user = caller.kind == Caller::Kind::user && !caller.federated;
  if (user || caller.kind == Caller::Kind::role_session)
    if (const auto* entity = directory_.find(user ? Kind::user : Kind::role, caller.name))
      add_keys(*entity, keys);
  // Over those of the entity: aws:userid of a session names the session.
  keys.set("aws:principalarn", caller.principal_arn);
  keys.set("aws:principalaccount", caller.account);
  keys.set("aws:principaltype", caller.federated                    ? "FederatedUser"
                                : user                              ? "User"
                                : caller.kind == Caller::Kind::root ? "Account"
                                                                    : "AssumedRole");
  keys.set("aws:userid", caller.user_id);
  for (const auto& [key, value] : caller.session_tags) keys.set("aws:PrincipalTag/" + key, value);
  if (!caller.source_identity.empty()) keys.set("aws:sourceidentity", caller.source_identity);
  // Long-term keys have no such keys at all (IAMD reference_policies_condition-keys).
  if (!caller.access_key_id.starts_with("ASIA")) return;
  keys.set("aws:multifactorauthpresent", caller.mfa_at_s ? "true" : "false");
  const auto now_s =
      std::chrono::floor<std::chrono::seconds>(wall_.now().time_since_epoch()).count();
  if (caller.mfa_at_s)
    keys.set("aws:multifactorauthage",
             std::to_string(std::max<std::int64_t>(0, now_s - caller.mfa_at_s)));
}

// --- Temporary credentials ---

std::string Identities::secret_of(std::string_view access_key_id) const {
  // Derived, so that no session is kept anywhere. Under one key with the token's MAC: the words
  // before the colon keep the two apart.
  const auto derived = aws::hmac_sha256(master_key_, "secret:" + std::string{access_key_id});
  return base64(aws::bytes_of(derived)).substr(0, 40);
}

std::string Identities::seal(const Session& s) const {
  auto tags = Value::list();
  for (const auto& tag : s.tags) tags.push(Value::list({tag.key, tag.value}));
  auto arns = Value::list();
  for (const auto& arn : s.policy_arns) arns.push(arn);
  // Short, without what is empty: clients send the token with every request.
  const auto maybe = [](const std::string& text) { return text.empty() ? Value{} : Value{text}; };
  const auto body = aws::to_json(Value::structure(
      {{"k", static_cast<std::int64_t>(s.kind)},
       {"a", s.access_key_id},
       {"e", maybe(s.entity)},
       {"i", maybe(s.entity_id)},
       {"n", maybe(s.name)},
       {"p", maybe(s.policy)},
       {"r", s.policy_arns.empty() ? Value{} : arns},
       {"t", s.tags.empty() ? Value{} : tags},
       {"s", maybe(s.source_identity)},
       {"m", s.mfa_at_s ? Value{s.mfa_at_s} : Value{}},
       {"f", s.federated ? Value{true} : Value{}},
       {"x", std::chrono::duration_cast<std::chrono::milliseconds>(s.expires.time_since_epoch())
                 .count()}}));
  const auto mac = aws::hmac_sha256(master_key_, "token:" + body);
  return base64(std::string{aws::bytes_of(mac)} + body);
}

std::optional<Session> Identities::open(std::string_view token) const {
  if (const auto* seen = opened_.find(std::string{token})) return *seen;
  const auto bytes = unbase64(token);
  if (!bytes || bytes->size() <= mac_size) return std::nullopt;
  // Nothing of the body is parsed, and nothing remembered, before the MAC says that it is ours.
  const auto body = bytes->substr(mac_size);
  const auto mac = aws::hmac_sha256(master_key_, "token:" + body);
  if (!aws::equal_in_constant_time(aws::bytes_of(mac),
                                   std::string_view{*bytes}.substr(0, mac_size)))
    return std::nullopt;
  const auto v = aws::from_json(body);
  if (!v) return std::nullopt;
  Session s;
  s.kind = static_cast<Caller::Kind>((*v)["k"].integer());
  s.access_key_id = (*v)["a"].string();
  s.entity = (*v)["e"].string_or("");
  s.entity_id = (*v)["i"].string_or("");
  s.name = (*v)["n"].string_or("");
  s.policy = (*v)["p"].string_or("");
  s.policy_arns = (*v)["r"].strings();
  for (const auto& tag : (*v)["t"].items())
    s.tags.push_back({tag.items()[0].string(), tag.items()[1].string()});
  s.source_identity = (*v)["s"].string_or("");
  s.mfa_at_s = (*v)["m"].integer_or(0);
  s.federated = (*v)["f"].boolean_or(false);
  s.expires = WallInstant{std::chrono::milliseconds{(*v)["x"].integer()}};
  opened_.add(std::string{token}, s);
  return s;
}

ports::Credentials Identities::mint(Session session, Duration lifetime) const {
  session.access_key_id = "ASIA" + ports::random_text(entropy_, 16, id_alphabet);
  // Whole seconds: what the client is told and what the token says are the same instant.
  session.expires = std::chrono::floor<std::chrono::seconds>(wall_.now() + lifetime);
  ports::Credentials out;
  out.access_key_id = session.access_key_id;
  out.secret_access_key = secret_of(session.access_key_id);
  out.session_token = seal(session);
  seen_.add(session.access_key_id, {});
  out.expiration = session.expires;
  return out;
}

const Entity* Identities::role_by_arn(std::string_view role_arn) const {
  const auto arn = aws::parse_arn(role_arn);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/")) return nullptr;
  const auto* role =
      directory_.find(Kind::role, arn->resource.substr(arn->resource.rfind('/') + 1));
  // Found by its name alone: account and path must be right, too.
  return role && directory_.arn(*role) == role_arn ? role : nullptr;
}

bool Identities::trusts_service(std::string_view role_arn,
                                std::string_view service_principal) const {
  const auto* role = role_by_arn(role_arn);
  if (!role) return false;
  const auto trust = parsed_.get(role->trust, aws::PolicyUse::trust);
  return trust &&
         aws::resource_policy_allows(*trust, service_principal, "sts:AssumeRole", role_arn, {});
}

aws::Outcome<ports::Credentials> Identities::assume_role_for_service(
    std::string_view role_arn, std::string_view session_name, std::string_view service_principal,
    Duration lifetime) const {
  const auto* role = role_by_arn(role_arn);
  if (!role)
    return aws::refuse("NoSuchEntity", fmt::format("The role with name {} cannot be found.",
                                                   role_arn.substr(role_arn.rfind('/') + 1)));
  if (!trusts_service(role_arn, service_principal))
    return aws::refuse(
        "AccessDenied",
        fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
                    service_principal, role_arn),
        403);
  Session session;
  session.entity = role->name;
  session.entity_id = role->id;
  session.name = session_name;
  return mint(std::move(session), lifetime);
}

}  // namespace sitelatch::iam
