// SPDX-License-Identifier: Apache-2.0
// What operations ask of IAM (facts iam-19, iam-23).
#include <fmt/format.h>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
aws::Permission Iam::asked_by(const Call& call) {
  aws::Permission asked;
  asked.action = action(call);
  aws::add_request_tags(aws::read_tags(call.input["Tags"]), call.input["TagKeys"].strings(),
                        asked.keys);
  return asked;
}

Iam::Question Iam::ask_of_named(const Call& call) const {
  auto asked = asked_by(call);
  const auto& input = call.input;

  const auto about_entity = [&](Kind kind, const std::string& name) {
    Entity future;
    future.kind = kind;
    future.name = name;
    future.path = input["Path"].string_or("/");
    // What exists is asked about under its own path: a Path beside the name must not choose which
    // ARN the policies are held against.
    const auto* existing = directory_.find(kind, name);
    const auto& entity = existing ? *existing : future;
    asked.resources = {directory_.arn(entity)};
    aws::add_resource_tags(entity.tags, asked.keys);
    for (const auto& [key, value] : entity.tags) asked.keys.add_tag("iam:ResourceTag", key, value);
    // The boundary that is to be, else the one that is (SAR awsidentityandaccessmanagementiam).
    const auto boundary = input["PermissionsBoundary"].string_or(entity.boundary);
    if (!boundary.empty()) asked.keys.set("iam:PermissionsBoundary", boundary);
    if (input.has("PolicyArn")) asked.keys.set("iam:PolicyARN", input["PolicyArn"].string());
    if (input.has("ServiceName"))
      asked.keys.set("iam:ServiceSpecificCredentialServiceName", input["ServiceName"].string());
  };

  // AddUserToGroup and its reverse name a group and a user, and are asked of the group; a
  // PolicyName beside an entity is an inline policy's and has no ARN (SAR
  // awsidentityandaccessmanagementiam).
  if (input.has("RoleName")) {
    about_entity(Kind::role, input["RoleName"].string());
  } else if (input.has("GroupName")) {
    about_entity(Kind::group, input["GroupName"].string());
  } else if (input.has("UserName")) {
    about_entity(Kind::user, input["UserName"].string());
  } else if (input.has("PolicyArn")) {
    asked.resources = {input["PolicyArn"].string()};
    if (const auto* policy = directory_.policy(input["PolicyArn"].string()))
      aws::add_resource_tags(policy->tags, asked.keys);
  } else if (input.has("PolicyName")) {
    asked.resources = {fmt::format("arn:aws:iam::{}:policy{}{}", call.account,
                                   input["Path"].string_or("/"), input["PolicyName"].string())};
  } else if (input.has("PolicySourceArn")) {
    asked.resources = {input["PolicySourceArn"].string()};
  } else if (call.caller.kind == aws::Caller::Kind::user) {
    about_entity(Kind::user, call.caller.name);  // GetUser, CreateAccessKey, ... of the caller
  } else {
    asked.resources = {fmt::format("arn:aws:iam::{}:root", call.account)};
  }
  return {std::move(asked)};
}

// A new name or path takes the right on what the user becomes, too (fact iam-19).
Iam::Question Iam::ask_to_move_user(const Call& call) const {
  auto out = ask_of_named(call);
  const auto& input = call.input;
  const bool moves = input.has("NewUserName") || input.has("NewPath");
  const auto* user = moves ? directory_.find(Kind::user, input["UserName"].string_or("")) : nullptr;
  if (!user) return out;
  Entity moved;
  moved.kind = Kind::user;
  moved.name = input["NewUserName"].string_or(user->name);
  moved.path = input["NewPath"].string_or(user->path);
  out.push_back(out.front());
  out.back().resources = {directory_.arn(moved)};
  return out;
}

Iam::Question Iam::ask_to_move_group(const Call& call) const {
  auto out = ask_of_named(call);
  const auto& input = call.input;
  const bool moves = input.has("NewGroupName") || input.has("NewPath");
  const auto* group =
      moves ? directory_.find(Kind::group, input["GroupName"].string_or("")) : nullptr;
  if (!group) return out;
  Entity moved;
  moved.kind = Kind::group;
  moved.name = input["NewGroupName"].string_or(group->name);
  moved.path = input["NewPath"].string_or(group->path);
  out.push_back(out.front());
  out.back().resources = {directory_.arn(moved)};
  return out;
}

// Of instance profiles, providers, devices and certificates, by whatever names them.
Iam::Question Iam::ask_of_thing(const Call& call) const {
  auto asked = asked_by(call);
  const auto thing = thing_named(call.input);
  if (!thing) return ask_of_everything(call);
  asked.resources = {thing->arn};
  if (thing->tags) {
    aws::add_resource_tags(*thing->tags, asked.keys);
    for (const auto& [key, value] : *thing->tags) asked.keys.add_tag("iam:ResourceTag", key, value);
  }
  return {std::move(asked)};
}

// Who adds a role to a profile passes it to whatever runs with it (API AddRoleToInstanceProfile).
Iam::Question Iam::ask_to_add_role(const Call& call) const {
  auto out = ask_of_thing(call);
  const auto name = call.input["RoleName"].string_or("");
  const auto* role = directory_.find(Kind::role, name);
  Entity future;
  future.name = name;
  out.push_back({"iam:PassRole", {directory_.arn(role ? *role : future)}, {}, ""});
  out.back().keys.set("iam:PassedToService", "ec2.amazonaws.com");
  if (role) aws::add_resource_tags(role->tags, out.back().keys);
  return out;
}

Iam::Question Iam::ask_to_move_certificate(const Call& call) const {
  auto out = ask_of_thing(call);
  const auto& input = call.input;
  const auto* certificate =
      directory_.holdings().server_certificates.find(input["ServerCertificateName"].string_or(""));
  if (!certificate || (!input.has("NewPath") && !input.has("NewServerCertificateName"))) return out;
  auto moved = *certificate;
  moved.name = input["NewServerCertificateName"].string_or(moved.name);
  moved.path = input["NewPath"].string_or(moved.path);
  out.push_back(out.front());
  out.back().resources = {server_certificate_arn(moved)};
  return out;
}

Iam::Question Iam::ask_of_new_provider(const Call& call) const {
  auto asked = asked_by(call);
  const auto& input = call.input;
  auto url = input["Url"].string_or("");
  if (url.starts_with("https://")) url = url.substr(8);
  asked.resources = {input.has("Url") ? oidc_provider_arn(call.account, url)
                                      : fmt::format("arn:aws:iam::{}:saml-provider/{}",
                                                    call.account, input["Name"].string_or(""))};
  return {std::move(asked)};
}

// "task/aws-service-role/SERVICE/ROLE/UUID", or the service that gets a role.
Iam::Question Iam::ask_of_service_role(const Call& call) const {
  auto asked = asked_by(call);
  const auto& input = call.input;
  auto service = input["AWSServiceName"].string_or("");
  auto role = service_role_name(service, input["CustomSuffix"].string_or(""));
  if (input.has("DeletionTaskId")) {
    const auto task = input["DeletionTaskId"].string();
    const auto parts = split(task, '/');
    if (parts.size() != 5) return ask_of_everything(call);
    service = parts[2];
    role = parts[3];
  } else {
    asked.keys.set("iam:AWSServiceName", service);
  }
  asked.resources = {
      fmt::format("arn:aws:iam::{}:role/aws-service-role/{}/{}", call.account, service, role)};
  return {std::move(asked)};
}

Iam::Question Iam::ask_of_service_credentials(const Call& call) const {
  if (call.input["AllUsers"].boolean_or(false)) return ask_of_everything(call);
  return ask_of_named(call);
}

Iam::Question Iam::ask_of_key_owner(const Call& call) const {
  auto asked = asked_by(call);
  const auto* owner = directory_.owner_of_key(call.input["AccessKeyId"].string_or(""));
  asked.resources = {owner ? directory_.arn(*owner) : "*"};
  if (owner) aws::add_resource_tags(owner->tags, asked.keys);
  return {std::move(asked)};
}

Iam::Question Iam::ask_of_arn(const Call& call) const {
  auto asked = asked_by(call);
  asked.resources = {call.input["Arn"].string_or("*")};
  return {std::move(asked)};
}

}  // namespace sitelatch::iam
