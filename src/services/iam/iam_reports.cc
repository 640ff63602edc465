// SPDX-License-Identifier: Apache-2.0
// What is told of an account as a whole: the credential report, the details of services last
// accessed, which policies grant a service, and everything at once (facts iam-42 to iam-44).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "aws/auth/arn.h"
#include "base/text.h"
#include "services/iam/aws_managed.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"

namespace sitelatch::iam {
using aws::Value;

// --- The credential report ---

namespace {
constexpr std::string_view report_head =
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated";
constexpr Duration report_lasts = std::chrono::hours{4};

std::string report_time(Instant t) {
  const auto text = iso8601_seconds(t);  // "...Z"
  return text.substr(0, text.size() - 1) + "+00:00";
}
const char* truth(bool value) { return value ? "true" : "false"; }

// Three fields of a key's last use.
void add_use(std::vector<std::string>& fields, const Use* use) {
  fields.push_back(use ? report_time(use->at) : "N/A");
  fields.push_back(use ? use->region : "N/A");
  fields.push_back(use ? use->service : "N/A");
}
}  // namespace

std::string Iam::credential_report() const {
  const auto& directory = std::as_const(directory_);
  std::string report{report_head};
  const auto add = [&](const std::vector<std::string>& fields) {
    report += "\n" + join(fields, ",");
  };
  const auto& root = identities_.root_key();
  std::vector<std::string> fields{"<root_account>",
                                  fmt::format("arn:aws:iam::{}:root", directory.account()),
                                  report_time(root.created),
                                  "not_supported",
                                  "no_information",
                                  "not_supported",
                                  "not_supported",
                                  "false",
                                  "true",
                                  report_time(root.created)};
  add_use(fields, directory.usage().of_key(root.access_key_id));
  for (const auto* text : {"false", "N/A", "N/A", "N/A", "N/A", "false", "N/A", "false", "N/A"})
    fields.emplace_back(text);
  add(fields);

  const auto& policy = directory.holdings().settings().password_policy;
  for (const auto& [key, user] : directory.all(Kind::user)) {
    const auto& login = user.credentials.login;
    fields = {user.name,
              directory.arn(user),
              report_time(user.created),
              truth(login.has_value()),
              login ? "no_information" : "N/A",
              login ? report_time(login->changed) : "N/A",
              login && policy && policy->max_age_days
                  ? report_time(login->changed + std::chrono::hours{24 * policy->max_age_days})
                  : "N/A",
              truth(!devices_of(user).empty())};
    for (std::size_t i = 0; i < 2; ++i) {
      const bool there = i < user.keys.size();
      fields.emplace_back(truth(there && user.keys[i].active));
      fields.push_back(there ? report_time(user.keys[i].created) : "N/A");
      add_use(fields, there ? directory.usage().of_key(user.keys[i].id) : nullptr);
    }
    for (std::size_t i = 0; i < 2; ++i) {
      const auto& certificates = user.credentials.certificates;
      const bool there = i < certificates.size();
      fields.emplace_back(truth(there && certificates[i].active));
      fields.push_back(there ? report_time(certificates[i].uploaded) : "N/A");
    }
    add(fields);
  }
  return report;
}

// Made at once: who asks a second time finds it complete, as on AWS.
aws::Outcome<> Iam::generate_credential_report(const Call&) {
  auto settings = directory_.holdings().settings();
  const bool fresh =
      !settings.credential_report.empty() && directory_.now() - settings.report_made < report_lasts;
  if (fresh) return Value::structure({{"State", "COMPLETE"}});
  settings.credential_report = credential_report();
  settings.report_made = directory_.now();
  directory_.holdings().set(std::move(settings));
  return Value::structure(
      {{"State", "STARTED"},
       {"Description", "No report exists. Starting a new report generation task"}});
}

aws::Outcome<> Iam::get_credential_report(const Call&) {
  const auto& settings = directory_.holdings().settings();
  if (settings.credential_report.empty())
    return aws::refuse("CredentialReportNotPresentException", "No report present");
  if (directory_.now() - settings.report_made >= report_lasts)
    return aws::refuse("CredentialReportExpiredException",
                       "The most recent credential report has expired.");
  return Value::structure({{"Content", settings.credential_report},
                           {"ReportFormat", "text/csv"},
                           {"GeneratedTime", settings.report_made}});
}

// --- Services last accessed ---

namespace {
struct ServiceName {
  std::string_view prefix, name;
};
// Those that can be used here (fact iam-43).
constexpr std::array<ServiceName, 8> services = {{{"cloudwatch", "Amazon CloudWatch"},
                                                  {"events", "Amazon EventBridge"},
                                                  {"iam", "AWS Identity and Access Management"},
                                                  {"lambda", "AWS Lambda"},
                                                  {"logs", "Amazon CloudWatch Logs"},
                                                  {"route53", "Amazon Route 53"},
                                                  {"sns", "Amazon SNS"},
                                                  {"sts", "AWS Security Token Service"}}};

constexpr WildcardMarks policy_marks{'\x01', '\x02'};  // aws/auth/policy_pattern.h
std::string_view service_part(const aws::PolicyText& action) {
  const std::string_view text = action.marked();
  return text.substr(0, text.find(':'));
}

// Whether a statement speaks of some action of a service: by what stands before the colon.
bool names_service(const aws::PolicyStatement& statement, std::string_view service) {
  if (!statement.allow) return false;
  const bool listed =
      std::any_of(statement.actions.begin(), statement.actions.end(), [&](const auto& action) {
        return wildcard_match(service_part(action), service, policy_marks);
      });
  if (!statement.not_actions) return listed;
  // All but: nothing of the service is left where the whole of it is excepted.
  return std::none_of(statement.actions.begin(), statement.actions.end(), [&](const auto& action) {
    const std::string_view text = action.marked();
    return (text == "\x01" || text.ends_with(":\x01")) &&
           wildcard_match(service_part(action), service, policy_marks);
  });
}

bool grants(const std::string& document, std::string_view service) {
  const auto policy = aws::parse_policy(document, aws::PolicyUse::identity);
  return policy && std::any_of((*policy)->statements.begin(), (*policy)->statements.end(),
                               [&](const auto& s) { return names_service(s, service); });
}
}  // namespace

// The user, role or group of an ARN.
aws::Outcome<const Entity*> Iam::require_by_arn(const std::string& text) const {
  const auto arn = aws::parse_arn(text);
  if (!arn || arn->service != "iam")
    return aws::refuse("InvalidInput", fmt::format("Invalid Entity Arn: {}", text));
  const auto name = arn->resource.substr(arn->resource.rfind('/') + 1);
  for (const auto kind : {Kind::user, Kind::role, Kind::group}) {
    if (!arn->resource.starts_with(std::string{word(kind)} + "/")) continue;
    const auto* entity = std::as_const(directory_).find(kind, name);
    if (entity && directory_.arn(*entity) == text) return entity;
    return no_such_entity(fmt::format("The {} with name {} cannot be found.", word(kind), name));
  }
  return aws::refuse("InvalidInput", fmt::format("Invalid Entity Arn: {}", text));
}

std::vector<Iam::Granting> Iam::policies_granting(const Entity& entity) const {
  std::vector<Granting> out;
  const auto take = [&](const Entity& holder, bool through_group) {
    for (const auto& arn : holder.attached)
      if (const auto* policy = std::as_const(directory_).policy(arn))
        out.push_back({policy->name, arn, policy->document(), nullptr});
    for (const auto& [name, document] : holder.inline_policies)
      out.push_back({name, "", document, through_group ? &holder : &entity});
  };
  take(entity, false);
  for (const auto& name : entity.groups)
    if (const auto* group = std::as_const(directory_).find(Kind::group, name)) take(*group, true);
  return out;
}

aws::Outcome<> Iam::list_policies_granting_service_access(const Call& call) {
  const auto entity = require_by_arn(call.input["Arn"].string());
  if (!entity) return failure(entity.error());
  const auto granting = policies_granting(**entity);
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& service : call.input["ServiceNamespaces"].strings()) {
    auto list = Value::list();
    for (const auto& policy : granting) {
      if (!grants(policy.document, service)) continue;
      const auto* holder = policy.holder;
      list.push(
          Value::structure({{"PolicyName", policy.name},
                            {"PolicyType", holder ? "INLINE" : "MANAGED"},
                            {"PolicyArn", holder ? Value{} : Value{policy.arn}},
                            {"EntityType", holder ? Value{upper(word(holder->kind))} : Value{}},
                            {"EntityName", holder ? Value{holder->name} : Value{}}}));
    }
    // In the order of the question.
    rows.emplace_back(fmt::format("{:06}", rows.size()),
                      Value::structure({{"ServiceNamespace", service}, {"Policies", list}}));
  }
  return page(call.input, "PoliciesGrantingServiceAccess", std::move(rows));
}

aws::Outcome<> Iam::generate_service_last_accessed(const Call& call) {
  const auto arn = call.input["Arn"].string();
  if (arn.find(":policy/") != std::string::npos) {
    const auto policy = require_policy(call.input["Arn"]);
    if (!policy) return failure(policy.error());
  } else if (const auto entity = require_by_arn(arn); !entity) {
    return failure(entity.error());
  }
  const auto id = directory_.new_uuid();
  auto& jobs = directory_.holdings().access_jobs;
  constexpr std::size_t most_jobs = 200;  // the oldest are forgotten
  while (jobs.all().size() >= most_jobs) {
    const auto oldest = std::min_element(
        jobs.all().begin(), jobs.all().end(),
        [](const auto& a, const auto& b) { return a.second.made < b.second.made; });
    jobs.erase(std::string{oldest->first});
  }
  jobs.put(id, {arn, call.input["Granularity"].string_or("SERVICE_LEVEL"), directory_.now()});
  return Value::structure({{"JobId", id}});
}

aws::Outcome<const AccessJob*> Iam::require_job(const Call& call) const {
  const auto id = call.input["JobId"].string();
  const auto* job = std::as_const(directory_).holdings().access_jobs.find(id);
  if (!job) return no_such_entity(fmt::format("The Job with id {} cannot be found.", id));
  return job;
}

// Whom a job is about: the entity, all members of a group, everybody who has a policy.
std::vector<const Entity*> Iam::entities_of(const AccessJob& job) const {
  std::vector<const Entity*> out;
  const auto add_users_of = [&](const std::string& group) {
    for (const auto& [name, user] : directory_.all(Kind::user))
      if (user.groups.contains(group)) out.push_back(&user);
  };
  if (const auto entity = require_by_arn(job.arn)) {
    if ((*entity)->kind == Kind::group)
      add_users_of(lower((*entity)->name));
    else
      out.push_back(*entity);
    return out;
  }
  const auto has = [&](const Entity& e) {
    return std::find(e.attached.begin(), e.attached.end(), job.arn) != e.attached.end();
  };
  for (const auto kind : {Kind::user, Kind::role})
    for (const auto& [name, entity] : directory_.all(kind))
      if (has(entity)) out.push_back(&entity);
  for (const auto& [name, group] : directory_.all(Kind::group))
    if (has(group)) add_users_of(name);
  return out;
}

// Whether the job's entity, or the job's policy, lets anything of the service through.
bool Iam::job_grants(const AccessJob& job, std::string_view service) const {
  if (const auto* policy = std::as_const(directory_).policy(job.arn))
    return grants(policy->document(), service);
  const auto entity = require_by_arn(job.arn);
  if (!entity) return false;
  const auto granting = policies_granting(**entity);
  return std::any_of(granting.begin(), granting.end(),
                     [&](const auto& policy) { return grants(policy.document, service); });
}

namespace {
Value job_head(const AccessJob& job) {
  return Value::structure({{"JobStatus", "COMPLETED"},
                           {"JobType", job.granularity},
                           {"JobCreationDate", job.made},
                           {"JobCompletionDate", job.made}});
}
}  // namespace

aws::Outcome<> Iam::get_service_last_accessed(const Call& call) {
  const auto found = require_job(call);
  if (!found) return failure(found.error());
  const auto& job = **found;
  const auto entities = entities_of(job);
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& service : services) {
    if (!job_grants(job, service.prefix)) continue;
    const Entity* last_by = nullptr;
    const Use* last = nullptr;
    std::int64_t users = 0;
    for (const auto* entity : entities) {
      const auto& used = std::as_const(directory_).usage().services_of(entity->id);
      const auto use = used.find(service.prefix);
      if (use == used.end()) continue;
      ++users;
      if (last && last->at >= use->second.at) continue;
      last = &use->second;
      last_by = entity;
    }
    auto row = Value::structure({{"ServiceName", service.name},
                                 {"ServiceNamespace", service.prefix},
                                 {"TotalAuthenticatedEntities", users}});
    if (last) {
      row.set("LastAuthenticated", last->at);
      row.set("LastAuthenticatedEntity", directory_.arn(*last_by));
      row.set("LastAuthenticatedRegion", last->region);
      if (job.granularity == "ACTION_LEVEL") {
        auto actions = Value::list();
        for (const auto& [operation, use] :
             std::as_const(directory_).usage().operations_of(last_by->id, service.prefix))
          actions.push(Value::structure({{"ActionName", operation},
                                         {"LastAccessedEntity", directory_.arn(*last_by)},
                                         {"LastAccessedTime", use.at},
                                         {"LastAccessedRegion", use.region}}));
        row.set("TrackedActionsLastAccessed", actions);
      }
    }
    rows.emplace_back(service.prefix, std::move(row));
  }
  return page(call.input, "ServicesLastAccessed", std::move(rows), job_head(job));
}

aws::Outcome<> Iam::get_service_last_accessed_entities(const Call& call) {
  const auto found = require_job(call);
  if (!found) return failure(found.error());
  const auto service = call.input["ServiceNamespace"].string();
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto* entity : entities_of(**found)) {
    const auto& used = std::as_const(directory_).usage().services_of(entity->id);
    const auto use = used.find(service);
    const auto arn = directory_.arn(*entity);
    rows.emplace_back(
        arn, Value::structure(
                 {{"EntityInfo", Value::structure({{"Arn", arn},
                                                   {"Name", entity->name},
                                                   {"Type", upper(word(entity->kind))},
                                                   {"Id", entity->id},
                                                   {"Path", entity->path}})},
                  {"LastAuthenticated", use == used.end() ? Value{} : Value{use->second.at}}}));
  }
  auto head = job_head(**found);
  head.set("JobType", {});
  return sorted_page(call.input, "EntityDetailsList", std::move(rows), std::move(head));
}

// --- Everything ---

namespace {
Value inline_list(const Entity& entity) {
  auto list = Value::list();
  for (const auto& [name, document] : entity.inline_policies)
    list.push(
        Value::structure({{"PolicyName", name}, {"PolicyDocument", percent_encode(document)}}));
  return list;
}
}  // namespace

Value Iam::attached_list(const Entity& entity) const {
  auto list = Value::list();
  for (const auto& arn : entity.attached)
    if (const auto* policy = std::as_const(directory_).policy(arn))
      list.push(Value::structure({{"PolicyName", policy->name}, {"PolicyArn", arn}}));
  return list;
}

Value Iam::detail_value(const Entity& entity) const {
  Value out;
  if (entity.kind == Kind::group) {
    out = group_value(entity);
    out.set("GroupPolicyList", inline_list(entity));
  } else if (entity.kind == Kind::user) {
    out = user_value(entity);
    out.set("UserPolicyList", inline_list(entity));
    auto groups = Value::list();
    for (const auto& name : entity.groups)
      if (const auto* group = std::as_const(directory_).find(Kind::group, name))
        groups.push(group->name);
    out.set("GroupList", groups);
    out.set("Tags", aws::tag_list(entity.tags));
  } else {
    out = role_value(entity);
    out.set("Description", {});
    out.set("RolePolicyList", inline_list(entity));
    auto profiles = Value::list();
    for (const auto& [key, profile] : directory_.holdings().instance_profiles.all())
      if (profile.role_id == entity.id) profiles.push(profile_value(profile));
    out.set("InstanceProfileList", profiles);
    out.set("RoleLastUsed", last_used_value(entity));
    out.set("Tags", aws::tag_list(entity.tags));
  }
  out.set("AttachedManagedPolicies", attached_list(entity));
  return out;
}

aws::Outcome<> Iam::get_account_authorization_details(const Call& call) {
  const auto filters = call.input["Filter"].strings();
  const auto wanted = [&](const char* what) {
    return filters.empty() || std::find(filters.begin(), filters.end(), what) != filters.end();
  };
  // One list for the pages, which is taken apart again: a letter says of what kind a row is.
  std::vector<std::pair<std::string, Value>> rows;
  struct List {
    Kind kind;
    const char *filter, *mark, *member;
  };
  constexpr std::array<List, 3> lists = {{{Kind::group, "Group", "a", "GroupDetailList"},
                                          {Kind::user, "User", "b", "UserDetailList"},
                                          {Kind::role, "Role", "c", "RoleDetailList"}}};
  const auto mark = [](const char* of, Value value) {
    return Value::structure({{"Mark", of}, {"Detail", std::move(value)}});
  };
  for (const auto& list : lists)
    if (wanted(list.filter))
      for (const auto& [key, entity] : directory_.all(list.kind))
        rows.emplace_back(list.mark + key, mark(list.member, detail_value(entity)));
  const auto uses = directory_.policy_uses();
  const auto take = [&](const Directory::Policies& policies) {
    for (const auto& [arn, policy] : policies) {
      const auto found = uses.find(arn);
      // Of AWS's those that are in use (API GetAccountAuthorizationDetails says no more; LS).
      if (policy.of_aws && found == uses.end()) continue;
      auto value = policy_value(policy, found == uses.end() ? PolicyUses{} : found->second);
      auto versions = Value::list();
      for (const auto& version : policy.versions)
        versions.push(version_value(policy, version, true));
      value.set("PolicyVersionList", versions);
      rows.emplace_back("d" + arn, mark("Policies", std::move(value)));
    }
  };
  if (wanted("LocalManagedPolicy")) take(directory_.own_policies());
  if (wanted("AWSManagedPolicy")) take(aws_managed_policies());
  auto out = sorted_page(call.input, "Details", std::move(rows));
  if (!out) return out;
  const auto details = (*out)["Details"];
  out->set("Details", {});
  for (const auto* member : {"UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"}) {
    auto list = Value::list();
    for (const auto& detail : details.items())
      if (detail["Mark"].string() == member) list.push(detail["Detail"]);
    out->set(member, std::move(list));
  }
  return out;
}

}  // namespace sitelatch::iam
