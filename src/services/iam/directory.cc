// SPDX-License-Identifier: Apache-2.0
#include "services/iam/directory.h"

#include <algorithm>
#include <array>

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "base/check.h"
#include "base/text.h"
#include "ports/rows.h"
#include "services/iam/aws_managed.h"

namespace sitelatch::iam {
namespace {
using aws::Value;

constexpr std::array<std::string_view, 3> tables = {"iam.users", "iam.roles", "iam.groups"};
constexpr std::string_view policy_table = "iam.policies";

Value strings_value(const auto& texts) {
  auto list = Value::list();
  for (const auto& text : texts) list.push(text);
  return list;
}
// to_json writes timestamps as milliseconds.
Instant instant(const Value& v) { return from_unix_ms(v.integer_or(0)); }

std::string write(const Entity& e) {
  auto inline_policies = Value::structure();
  for (const auto& [name, document] : e.inline_policies) inline_policies.set(name, document);
  auto keys = Value::list();
  for (const auto& key : e.keys)
    keys.push(Value::structure({{"id", key.id},
                                {"secret", key.secret},
                                {"active", key.active},
                                {"created", key.created}}));
  return aws::to_json(Value::structure({{"name", e.name},
                                        {"path", e.path},
                                        {"id", e.id},
                                        {"created", e.created},
                                        {"inline", inline_policies},
                                        {"attached", strings_value(e.attached)},
                                        {"boundary", e.boundary},
                                        {"tags", tag_rows(e.tags)},
                                        {"trust", e.trust},
                                        {"description", e.description},
                                        {"max_session_s", e.max_session_s},
                                        {"keys", keys},
                                        {"credentials", to_row(e.credentials)},
                                        {"groups", strings_value(e.groups)}}));
}

Entity read_entity(Kind kind, const Value& v) {
  Entity e;
  e.kind = kind;
  e.name = v["name"].string();
  e.path = v["path"].string();
  e.id = v["id"].string();
  e.created = instant(v["created"]);
  for (const auto& [name, document] : v["inline"].members())
    e.inline_policies[name] = document.string();
  e.attached = v["attached"].strings();
  e.boundary = v["boundary"].string_or("");
  e.tags = tags_from_rows(v["tags"]);
  e.trust = v["trust"].string_or("");
  e.description = v["description"].string_or("");
  e.max_session_s = v["max_session_s"].integer_or(3600);
  for (const auto& key : v["keys"].items())
    e.keys.push_back({key["id"].string(), key["secret"].string(), key["active"].boolean(),
                      instant(key["created"])});
  if (v.has("credentials")) from_row(v["credentials"], e.credentials);
  for (auto& group : v["groups"].strings()) e.groups.insert(std::move(group));
  return e;
}

std::string write(const ManagedPolicy& p) {
  auto versions = Value::list();
  for (const auto& version : p.versions)
    versions.push(Value::structure(
        {{"id", version.id}, {"document", version.document}, {"created", version.created}}));
  return aws::to_json(Value::structure({{"name", p.name},
                                        {"path", p.path},
                                        {"id", p.id},
                                        {"arn", p.arn},
                                        {"description", p.description},
                                        {"created", p.created},
                                        {"updated", p.updated},
                                        {"versions", versions},
                                        {"default", p.default_version},
                                        {"next", p.next_version},
                                        {"tags", tag_rows(p.tags)}}));
}

ManagedPolicy read_policy(const Value& v) {
  ManagedPolicy p;
  p.name = v["name"].string();
  p.path = v["path"].string();
  p.id = v["id"].string();
  p.arn = v["arn"].string();
  p.description = v["description"].string_or("");
  p.created = instant(v["created"]);
  p.updated = instant(v["updated"]);
  for (const auto& version : v["versions"].items())
    p.versions.push_back(
        {version["id"].string(), version["document"].string(), instant(version["created"])});
  p.default_version = v["default"].string();
  p.next_version = v["next"].integer();
  p.tags = tags_from_rows(v["tags"]);
  return p;
}

std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }
}  // namespace

const PolicyVersion* ManagedPolicy::version(std::string_view version_id) const {
  const auto found = std::find_if(versions.begin(), versions.end(),
                                  [&](const PolicyVersion& v) { return v.id == version_id; });
  return found == versions.end() ? nullptr : &*found;
}

const std::string& ManagedPolicy::document() const {
  const auto* current = version(default_version);
  ENSURE(current, "a managed policy without its default version");
  return current->document;
}

Directory::Directory(ports::Journal& journal, ports::Timers& timers, ports::Entropy& entropy,
                     std::string account)
    : journal_(journal),
      timers_(timers),
      entropy_(entropy),
      account_(std::move(account)),
      holdings_(journal),
      usage_(journal) {
  load();
}

void Directory::load() {
  for (const auto kind : {Kind::user, Kind::role, Kind::group})
    ports::take_rows(journal_, tables[index(kind)],
                     [&](std::string_view key, std::string_view text) {
                       auto& entity = entities_[index(kind)][std::string{key}] =
                           read_entity(kind, aws::stored_value(text));
                       ports::expect_of_row(key == lower(entity.name), "another's");
                       if (kind == Kind::user) index_keys(entity);
                     });
  ports::take_rows(journal_, policy_table, [&](std::string_view key, std::string_view text) {
    auto policy = read_policy(aws::stored_value(text));
    ports::expect_of_row(key == policy.arn, "another policy's");
    ports::expect_of_row(policy.version(policy.default_version), "without its default version");
    policies_.insert_or_assign(std::string{key}, std::move(policy));
  });
}

void Directory::index_keys(const Entity& user) {
  const auto owner = lower(user.name);
  for (const auto& key : user.keys) key_owners_[key.id] = owner;
}

Entity* Directory::find(Kind kind, std::string_view name) {
  auto& entities = entities_[index(kind)];
  const auto found = entities.find(lower(name));
  return found == entities.end() ? nullptr : &found->second;
}
const Entity* Directory::find(Kind kind, std::string_view name) const {
  return const_cast<Directory*>(this)->find(kind, name);
}

std::string Directory::arn(const Entity& entity) const {
  static constexpr std::array<std::string_view, 3> types = {"user", "role", "group"};
  return "arn:aws:iam::" + account_ + ":" + std::string{types[index(entity.kind)]} + entity.path +
         entity.name;
}

Entity& Directory::add(Entity entity) {
  static constexpr std::array<std::string_view, 3> prefixes = {"AIDA", "AROA", "AGPA"};
  entity.id = new_id(prefixes[index(entity.kind)]);
  entity.created = now();
  const auto key = lower(entity.name);
  auto& entities = entities_[index(entity.kind)];
  ENSURE(!entities.contains(key), "the name of a new entity is taken");
  auto& kept = entities[key] = std::move(entity);
  save(kept);
  return kept;
}

void Directory::save(const Entity& entity) {
  if (entity.kind == Kind::user) {
    const auto owner = lower(entity.name);
    // It may have lost some. All are looked through: users change rarely, every request asks.
    std::erase_if(key_owners_, [&](const auto& entry) { return entry.second == owner; });
    index_keys(entity);
  }
  journal_.put(tables[index(entity.kind)], lower(entity.name), write(entity));
}

void Directory::move(Entity entity, std::string_view old_name) {
  // Gone from the old name before it has the new one, which may be the same in another case. What
  // add() makes is put back.
  const auto id = entity.id;
  const auto created = entity.created;
  remove(entity.kind, old_name);
  auto& kept = add(std::move(entity));
  kept.id = id;
  kept.created = created;
  save(kept);
}

void Directory::remove(Kind kind, std::string_view name) {
  const auto key = lower(name);
  if (kind == Kind::user)
    std::erase_if(key_owners_, [&](const auto& entry) { return entry.second == key; });
  entities_[index(kind)].erase(key);
  journal_.erase(tables[index(kind)], key);
}

ManagedPolicy* Directory::own_policy(std::string_view arn) {
  const auto found = policies_.find(arn);
  return found == policies_.end() ? nullptr : &found->second;
}
// AWS's come with the engine and are in no row: a new engine has their new versions.
const ManagedPolicy* Directory::policy(std::string_view arn) const {
  if (const auto* own = const_cast<Directory*>(this)->own_policy(arn)) return own;
  const auto found = aws_managed_policies().find(arn);
  return found == aws_managed_policies().end() ? nullptr : &found->second;
}

ManagedPolicy& Directory::add(ManagedPolicy policy) {
  policy.id = new_id("ANPA");
  policy.created = policy.updated = now();
  auto& kept = policies_[policy.arn] = std::move(policy);
  save(kept);
  return kept;
}

void Directory::save(const ManagedPolicy& policy) {
  journal_.put(policy_table, policy.arn, write(policy));
}

void Directory::remove_policy(const std::string& arn) {
  journal_.erase(policy_table, arn);
  policies_.erase(arn);
}

std::map<std::string, PolicyUses, std::less<>> Directory::policy_uses() const {
  std::map<std::string, PolicyUses, std::less<>> uses;
  for (const auto& entities : entities_)
    for (const auto& [name, entity] : entities) {
      for (const auto& arn : entity.attached) ++uses[arn].attachments;
      if (!entity.boundary.empty()) ++uses[entity.boundary].boundaries;
    }
  return uses;
}

PolicyUses Directory::uses_of(std::string_view policy_arn) const {
  PolicyUses uses;
  for (const auto& entities : entities_)
    for (const auto& [name, entity] : entities) {
      uses.attachments += std::count(entity.attached.begin(), entity.attached.end(), policy_arn);
      if (entity.boundary == policy_arn) ++uses.boundaries;
    }
  return uses;
}

const Entity* Directory::owner_of_key(std::string_view access_key_id) const {
  const auto found = key_owners_.find(std::string{access_key_id});
  return found == key_owners_.end() ? nullptr : find(Kind::user, found->second);
}

std::string Directory::new_id(std::string_view prefix) {
  return std::string{prefix} + random(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}

std::string Directory::random(std::size_t length, std::string_view alphabet) {
  return ports::random_text(entropy_, length, alphabet);
}

Entity* Directory::by_id(Kind kind, std::string_view id) {
  for (auto& [name, entity] : entities_[index(kind)])
    if (entity.id == id) return &entity;
  return nullptr;
}
const Entity* Directory::by_id(Kind kind, std::string_view id) const {
  return const_cast<Directory*>(this)->by_id(kind, id);
}

AccessKey Directory::new_access_key() {
  AccessKey key;
  key.id = "AKIA" + ports::random_text(entropy_, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  key.secret = ports::random_text(
      entropy_, 40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  key.created = now();
  return key;
}

}  // namespace sitelatch::iam
