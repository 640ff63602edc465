// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;
using CallerKind = aws::Caller::Kind;

Value Iam::user_value(const Entity& user) const {
  return Value::structure({{"Path", user.path},
                           {"UserName", user.name},
                           {"UserId", user.id},
                           {"Arn", directory_.arn(user)},
                           {"CreateDate", user.created},
                           {"PermissionsBoundary", boundary_value(user)}});
}

aws::Outcome<> Iam::create_user(const Call& call) {
  const auto& in = call.input;
  Entity user;
  user.kind = Kind::user;
  user.name = in["UserName"].string();
  user.path = in["Path"].string_or("/");
  user.boundary = in["PermissionsBoundary"].string_or("");
  if (!user.boundary.empty())
    if (const auto boundary = check_boundary(user.boundary); !boundary)
      return failure(boundary.error());
  if (const auto tags = add_tags(user.tags, in["Tags"], aws::TagKeys::any_case); !tags)
    return failure(tags.error());
  if (directory_.find(Kind::user, user.name))
    return aws::refuse("EntityAlreadyExists",
                       fmt::format("User with name {} already exists.", user.name));
  const auto& kept = directory_.add(std::move(user));
  auto value = user_value(kept);
  if (!kept.tags.empty()) value.set("Tags", aws::tag_list(kept.tags));
  return Value::structure({{"User", value}});
}

aws::Outcome<> Iam::get_user(const Call& call) {
  // Root is no user of the directory: without a name, and with the account for an id.
  if (!call.input.has("UserName") && call.caller.kind == CallerKind::root)
    return Value::structure(
        {{"User", Value::structure({{"Path", "/"},
                                    {"UserId", call.account},
                                    {"Arn", call.caller.arn},
                                    {"CreateDate", identities_.root_key().created}})}});
  if (!call.input.has("UserName") && call.caller.kind != CallerKind::user)
    return validation_error("Must specify userName when calling with non-User credentials");
  const auto name = call.input["UserName"].string_or(call.caller.name);
  const auto* user = directory_.find(Kind::user, name);
  if (!user) return no_such_entity(fmt::format("The user with name {} cannot be found.", name));
  auto value = user_value(*user);
  if (!user->tags.empty()) value.set("Tags", aws::tag_list(user->tags));
  return Value::structure({{"User", value}});
}

aws::Outcome<> Iam::update_user(const Call& call) {
  const auto found = require(Kind::user, call);
  if (!found) return failure(found.error());
  auto user = **found;
  const auto old_name = user.name;
  user.name = call.input["NewUserName"].string_or(user.name);
  user.path = call.input["NewPath"].string_or(user.path);
  const auto* taken = directory_.find(Kind::user, user.name);
  if (taken && taken->id != user.id)
    return aws::refuse("EntityAlreadyExists",
                       fmt::format("User with name {} already exists.", user.name));
  directory_.move(std::move(user), old_name);
  return Value{};
}

aws::Outcome<> Iam::delete_user(const Call& call) {
  const auto user = require(Kind::user, call);
  if (!user) return failure(user.error());
  if (const auto free = delete_conflict(**user); !free) return failure(free.error());
  directory_.usage().forget_entity((*user)->id);
  directory_.remove(Kind::user, std::string{(*user)->name});  // a copy: it goes with the user
  return Value{};
}

aws::Outcome<> Iam::list_users(const Call& call) {
  const auto prefix = call.input["PathPrefix"].string_or("/");
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& [key, user] : directory_.all(Kind::user))
    if (user.path.starts_with(prefix)) rows.emplace_back(key, user_value(user));
  return page(call.input, "Users", std::move(rows));
}

// --- Access keys: of the named user, or of the user who calls ---

aws::Outcome<Entity*> Iam::user_meant(const Call& call) {
  if (!call.input.has("UserName") && call.caller.kind != CallerKind::user)
    return validation_error("Must specify userName when calling with non-User credentials");
  const auto name = call.input["UserName"].string_or(call.caller.name);
  auto* user = directory_.find(Kind::user, name);
  if (!user) return no_such_entity(fmt::format("The user with name {} cannot be found.", name));
  return user;
}

namespace {
aws::Outcome<AccessKey*> key_meant(Entity& user, const aws::Call& call) {
  const auto id = call.input["AccessKeyId"].string_or("");
  const auto key = std::find_if(user.keys.begin(), user.keys.end(),
                                [&](const AccessKey& k) { return k.id == id; });
  if (key == user.keys.end())
    return no_such_entity(fmt::format("The Access Key with id {} cannot be found.", id));
  return &*key;
}

Value key_value(const Entity& user, const AccessKey& key) {
  return Value::structure({{"UserName", user.name},
                           {"AccessKeyId", key.id},
                           {"Status", key.active ? "Active" : "Inactive"},
                           {"CreateDate", key.created}});
}
}  // namespace

aws::Outcome<> Iam::create_access_key(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  if ((*user)->keys.size() >= 2)
    return limit_exceeded("Cannot exceed quota for AccessKeysPerUser: 2");
  const auto key = directory_.new_access_key();
  (*user)->keys.push_back(key);
  directory_.save(**user);
  auto value = key_value(**user, key);
  value.set("SecretAccessKey", key.secret);
  return Value::structure({{"AccessKey", value}});
}

aws::Outcome<> Iam::update_access_key(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto key = key_meant(**user, call);
  if (!key) return failure(key.error());
  (*key)->active = call.input["Status"].string() == "Active";
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::delete_access_key(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto key = key_meant(**user, call);
  if (!key) return failure(key.error());
  // A copy: while keys are erased, others move to where it stood.
  const auto id = (*key)->id;
  std::erase_if((*user)->keys, [&](const AccessKey& k) { return k.id == id; });
  directory_.save(**user);
  directory_.usage().forget_key(id);
  return Value{};
}

aws::Outcome<> Iam::get_access_key_last_used(const Call& call) {
  const auto id = call.input["AccessKeyId"].string();
  const auto* owner = directory_.owner_of_key(id);
  const bool of_root = id == identities_.root_key().access_key_id;
  if (!owner && !of_root)
    return aws::refuse("AccessDenied",
                       fmt::format("User: {} is not authorized to perform: "
                                   "iam:GetAccessKeyLastUsed on resource: access key {}",
                                   call.caller.arn, id),
                       403);
  const auto* use = std::as_const(directory_).usage().of_key(id);
  return Value::structure(
      {{"UserName", owner ? Value{owner->name} : Value{}},
       {"AccessKeyLastUsed", use ? Value::structure({{"LastUsedDate", use->at},
                                                     {"ServiceName", use->service},
                                                     {"Region", use->region}})
                                 : Value::structure({{"ServiceName", "N/A"}, {"Region", "N/A"}})}});
}

aws::Outcome<> Iam::list_access_keys(const Call& call) {
  if (!call.input.has("UserName") && call.caller.kind == CallerKind::root)
    return page(call.input, "AccessKeyMetadata",
                {{"root", Value::structure({{"AccessKeyId", identities_.root_key().access_key_id},
                                            {"Status", "Active"},
                                            {"CreateDate", identities_.root_key().created}})}});
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& key : (*user)->keys) rows.emplace_back(key.id, key_value(**user, key));
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return page(call.input, "AccessKeyMetadata", std::move(rows));
}

// --- Groups ---

Value Iam::group_value(const Entity& group) const {
  return Value::structure({{"Path", group.path},
                           {"GroupName", group.name},
                           {"GroupId", group.id},
                           {"Arn", directory_.arn(group)},
                           {"CreateDate", group.created}});
}

aws::Outcome<> Iam::create_group(const Call& call) {
  Entity group;
  group.kind = Kind::group;
  group.name = call.input["GroupName"].string();
  group.path = call.input["Path"].string_or("/");
  if (directory_.find(Kind::group, group.name))
    return aws::refuse("EntityAlreadyExists",
                       fmt::format("Group with name {} already exists.", group.name));
  return Value::structure({{"Group", group_value(directory_.add(std::move(group)))}});
}

aws::Outcome<> Iam::get_group(const Call& call) {
  const auto group = require(Kind::group, call);
  if (!group) return failure(group.error());
  // Who is in a group stands with the user.
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& [key, user] : directory_.all(Kind::user))
    if (user.groups.contains(lower((*group)->name))) rows.emplace_back(key, user_value(user));
  return page(call.input, "Users", std::move(rows),
              Value::structure({{"Group", group_value(**group)}}));
}

aws::Outcome<> Iam::update_group(const Call& call) {
  const auto found = require(Kind::group, call);
  if (!found) return failure(found.error());
  auto group = **found;
  const auto old_key = lower(group.name);
  group.name = call.input["NewGroupName"].string_or(group.name);
  group.path = call.input["NewPath"].string_or(group.path);
  const auto* taken = directory_.find(Kind::group, group.name);
  if (taken && taken->id != group.id)
    return aws::refuse("EntityAlreadyExists",
                       fmt::format("Group with name {} already exists.", group.name));
  const auto key = lower(group.name);
  directory_.move(std::move(group), old_key);
  if (key == old_key) return Value{};
  // Who is in a group stands with the user, by the group's name.
  std::vector<std::string> members;
  for (const auto& [name, user] : directory_.all(Kind::user))
    if (user.groups.contains(old_key)) members.push_back(name);
  for (const auto& name : members) {
    auto& user = *directory_.find(Kind::user, name);
    user.groups.erase(old_key);
    user.groups.insert(key);
    directory_.save(user);
  }
  return Value{};
}

aws::Outcome<> Iam::delete_group(const Call& call) {
  const auto group = require(Kind::group, call);
  if (!group) return failure(group.error());
  const auto key = lower((*group)->name);
  for (const auto& [name, user] : directory_.all(Kind::user))
    if (user.groups.contains(key))
      return delete_conflict_error("Cannot delete entity, must remove users from group first.");
  if (const auto free = delete_conflict(**group); !free) return failure(free.error());
  directory_.remove(Kind::group, key);
  return Value{};
}

aws::Outcome<> Iam::list_groups(const Call& call) {
  const auto prefix = call.input["PathPrefix"].string_or("/");
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& [key, group] : directory_.all(Kind::group))
    if (group.path.starts_with(prefix)) rows.emplace_back(key, group_value(group));
  return page(call.input, "Groups", std::move(rows));
}

aws::Outcome<> Iam::add_user_to_group(const Call& call) {
  const auto group = require(Kind::group, call);
  if (!group) return failure(group.error());
  const auto user = require(Kind::user, call);
  if (!user) return failure(user.error());
  const auto key = lower((*group)->name);
  if (!(*user)->groups.contains(key) && (*user)->groups.size() >= 10)
    return limit_exceeded("Cannot exceed quota for GroupsPerUser: 10");
  (*user)->groups.insert(key);
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::remove_user_from_group(const Call& call) {
  const auto group = require(Kind::group, call);
  if (!group) return failure(group.error());
  const auto user = require(Kind::user, call);
  if (!user) return failure(user.error());
  (*user)->groups.erase(lower((*group)->name));
  directory_.save(**user);
  return Value{};
}

aws::Outcome<> Iam::list_groups_for_user(const Call& call) {
  const auto user = require(Kind::user, call);
  if (!user) return failure(user.error());
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& name : (*user)->groups)
    if (const auto* group = directory_.find(Kind::group, name))
      rows.emplace_back(name, group_value(*group));
  return page(call.input, "Groups", std::move(rows));
}

}  // namespace sitelatch::iam
