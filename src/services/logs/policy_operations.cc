// SPDX-License-Identifier: Apache-2.0
// Policies of the account and of groups: resource, data protection, index and account policies.
// They are kept and shown; what they say of masking and indexes is not acted upon (fact logs-37).
#include <fmt/format.h>

#include <algorithm>

#include "aws/service/paging.h"
#include "base/log.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::size_t most_resource_policies = 10;
constexpr std::size_t most_indexed_fields = 20;
constexpr std::int64_t policies_page = 50;
constexpr std::string_view resource_policy = "resource-policy", resource_arn_policy = "arn-policy",
                           protection = "data-protection", index_policy = "index-policy",
                           account_policy = "account-policy";

auto limit_reached() { return aws::refuse("LimitExceededException", "Resource limit exceeded."); }

// Statements that say for whom and what. AWS does not look at resources here (LS: "log_arn").
bool is_resource_policy(const Value& policy) {
  if (!policy.is_struct()) return false;
  const auto is_statement = [](const Value& statement) {
    return statement.is_struct() && statement["Effect"].is_string() &&
           (statement.has("Principal") || statement.has("NotPrincipal")) &&
           (statement.has("Action") || statement.has("NotAction"));
  };
  const auto& statements = policy["Statement"];
  if (!statements.is_list()) return is_statement(statements);
  return !statements.items().empty() &&
         std::all_of(statements.items().begin(), statements.items().end(), is_statement);
}

// A statement for masking and one for auditing, in the language of 2021.
bool is_protection_policy(const Value& policy) {
  if (!policy.is_struct() || !policy["Name"].is_string() || !policy["Version"].is_string() ||
      !policy["Statement"].is_list() || policy["Statement"].items().size() != 2)
    return false;
  for (const auto& statement : policy["Statement"].items())
    if (!statement.is_struct() || !statement["DataIdentifier"].is_list() ||
        statement["DataIdentifier"].items().empty() || !statement["Operation"].is_struct())
      return false;
  return policy["Version"].string() == "2021-06-01";
}
bool is_index_policy(const Value& policy) {
  if (!policy.is_struct() || !policy["Fields"].is_list()) return false;
  const auto& fields = policy["Fields"].items();
  if (fields.empty() || fields.size() > most_indexed_fields) return false;
  for (const auto& field : fields)
    if (!field.is_string() || field.string().empty()) return false;
  return true;
}

aws::Outcome<Value> document_in(const std::string& text, bool (*is_one)(const Value&)) {
  auto document = aws::from_json(text);
  if (!document || !is_one(*document))
    return invalid_parameter("The specified policy document is not valid.");
  return std::move(*document);
}

}  // namespace

// --- resource policies: of the account by name, of a group by its ARN (with revisions)

aws::Outcome<> Logs::put_resource_policy(const aws::Call& call) {
  const auto& input = call.input;
  const bool of_resource = input.has("resourceArn");
  if (!input.has("policyDocument") || (!of_resource && !input.has("policyName")))
    return invalid_parameter("policyName and policyDocument are required.");
  const auto document = input["policyDocument"].string();
  if (const auto policy = aws::from_json(document); !policy || !is_resource_policy(*policy))
    return invalid_parameter("The policy document is not a valid policy.");
  const auto kind = of_resource ? resource_arn_policy : resource_policy;
  auto name = input["policyName"].string_or("");
  if (of_resource) {
    const auto group = existing_group(call, group_name_of(input["resourceArn"].string()));
    if (!group) return failure(group.error());
    name = (*group)->name;
  }
  const auto* present = documents_.find(kind, call.region, name);
  if (input.has("expectedRevisionId") &&
      (!present || (*present)["revisionId"].string_or("") != input["expectedRevisionId"].string()))
    return aws::refuse("OperationAbortedException",
                       "The specified expectedRevisionId is not the policy's latest revision.");
  if (!of_resource && !present &&
      documents_.count(resource_policy, call.region) >= most_resource_policies)
    return limit_reached();
  Value policy = Value::structure({{"policyDocument", document},
                                   {"lastUpdatedTime", unix_ms(call.now)},
                                   {"policyScope", of_resource ? "RESOURCE" : "ACCOUNT"}});
  if (of_resource) {
    policy.set("resourceArn", group_arn(call.region, call.account, name));
    policy.set("revisionId", ports::uuid(dependencies_.entropy));
  } else {
    policy.set("policyName", name);
  }
  documents_.put(kind, call.region, name, policy);
  return Value::structure({{"resourcePolicy", policy}, {"revisionId", policy["revisionId"]}});
}

aws::Outcome<> Logs::describe_resource_policies(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("resource policies", input["nextToken"],
                            input["limit"].integer_or(policies_page));
  if (!page) return invalid_token();
  const bool of_resource =
      input.has("resourceArn") || input["policyScope"].string_or("ACCOUNT") == "RESOURCE";
  const auto only = group_name_of(input["resourceArn"].string_or(""));
  documents_.visit(of_resource ? resource_arn_policy : resource_policy, call.region,
                   [&](const std::string& name, const Value& policy) {
                     if (!only.empty() && name != only) return true;
                     return page->offer(name, [&] { return policy; });
                   });
  return Value::structure({{"resourcePolicies", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::delete_resource_policy(const aws::Call& call) {
  const auto& input = call.input;
  const bool of_resource = input.has("resourceArn");
  if (!of_resource && !input.has("policyName")) return invalid_parameter("policyName is required.");
  const auto kind = of_resource ? resource_arn_policy : resource_policy;
  const auto name =
      of_resource ? group_name_of(input["resourceArn"].string()) : input["policyName"].string();
  const auto* present = documents_.find(kind, call.region, name);
  if (!present)
    return aws::refuse("ResourceNotFoundException",
                       fmt::format("Policy with name [{}] does not exist.", name));
  if (input.has("expectedRevisionId") &&
      (*present)["revisionId"].string_or("") != input["expectedRevisionId"].string())
    return aws::refuse("OperationAbortedException",
                       "The specified expectedRevisionId is not the policy's latest revision.");
  documents_.erase(kind, call.region, name);
  return Value::structure();
}

// --- of groups: data protection, indexes

aws::Outcome<> Logs::put_data_protection_policy(const aws::Call& call) {
  const auto group = asked_group(call);
  if (!group) return failure(group.error());
  const auto text = call.input["policyDocument"].string();
  const auto document = document_in(text, is_protection_policy);
  if (!document) return failure(document.error());
  log(LogLevel::warning, "logs",
      fmt::format("the data protection policy of {} is kept, but nothing is masked here",
                  (*group)->name));
  Value policy =
      Value::structure({{"policyDocument", text}, {"lastUpdatedTime", unix_ms(call.now)}});
  documents_.put(protection, call.region, (*group)->name, policy);
  policy.set("logGroupIdentifier", call.input["logGroupIdentifier"]);
  return policy;
}

aws::Outcome<> Logs::get_data_protection_policy(const aws::Call& call) {
  const auto group = asked_group(call);
  if (!group) return failure(group.error());
  // A group without one answers without one (Terraform reads it so).
  Value out = Value::structure({{"logGroupIdentifier", call.input["logGroupIdentifier"]}});
  if (const auto* policy = documents_.find(protection, call.region, (*group)->name))
    for (const auto& [name, value] : policy->members()) out.set(name, value);
  return out;
}

aws::Outcome<> Logs::delete_data_protection_policy(const aws::Call& call) {
  const auto group = asked_group(call);
  if (!group) return failure(group.error());
  if (!documents_.erase(protection, call.region, (*group)->name))
    return aws::refuse("ResourceNotFoundException",
                       "The specified data protection policy does not exist.");
  return Value::structure();
}

aws::Outcome<> Logs::put_index_policy(const aws::Call& call) {
  const auto group = asked_group(call);
  if (!group) return failure(group.error());
  const auto text = call.input["policyDocument"].string();
  const auto document = document_in(text, is_index_policy);
  if (!document) return failure(document.error());
  Value policy = Value::structure(
      {{"logGroupIdentifier", group_arn(call.region, call.account, (*group)->name)},
       {"lastUpdateTime", unix_ms(call.now)},
       {"policyDocument", text},
       {"source", "LOG_GROUP"}});
  documents_.put(index_policy, call.region, (*group)->name, policy);
  return Value::structure({{"indexPolicy", policy}});
}

aws::Outcome<> Logs::describe_index_policies(const aws::Call& call) {
  if (call.input.has("nextToken")) return invalid_token();  // one page is all there can be
  Value list = Value::list();
  for (const auto& identifier : call.input["logGroupIdentifiers"].strings()) {
    const auto group = existing_group(call, group_name_of(identifier));
    if (!group) return failure(group.error());
    if (const auto* policy = documents_.find(index_policy, call.region, (*group)->name))
      list.push(*policy);
  }
  return Value::structure({{"indexPolicies", std::move(list)}});
}

aws::Outcome<> Logs::describe_field_indexes(const aws::Call& call) {
  if (call.input.has("nextToken")) return invalid_token();
  Value list = Value::list();
  for (const auto& identifier : call.input["logGroupIdentifiers"].strings()) {
    const auto group = existing_group(call, group_name_of(identifier));
    if (!group) return failure(group.error());
    const auto* policy = documents_.find(index_policy, call.region, (*group)->name);
    if (!policy) continue;
    const auto document = aws::from_json((*policy)["policyDocument"].string());
    for (const auto& field : (*document)["Fields"].items())
      list.push(Value::structure({{"logGroupIdentifier", (*policy)["logGroupIdentifier"]},
                                  {"fieldIndexName", field},
                                  {"lastScanTime", (*policy)["lastUpdateTime"]},
                                  {"type", "FIELD_INDEX"}}));
  }
  return Value::structure({{"fieldIndexes", std::move(list)}});
}

aws::Outcome<> Logs::delete_index_policy(const aws::Call& call) {
  const auto group = asked_group(call);
  if (!group) return failure(group.error());
  if (!documents_.erase(index_policy, call.region, (*group)->name))
    return aws::refuse("ResourceNotFoundException", "The specified index policy does not exist.");
  return Value::structure();
}

// --- of the account

aws::Outcome<> Logs::put_account_policy(const aws::Call& call) {
  const auto& input = call.input;
  const auto type = input["policyType"].string(), name = input["policyName"].string();
  // What would change what comes in or goes out is refused rather than kept for show.
  if (type != "DATA_PROTECTION_POLICY" && type != "FIELD_INDEX_POLICY")
    return invalid_parameter(fmt::format("policyType {} is not supported here.", type));
  const auto text = input["policyDocument"].string();
  const auto document =
      document_in(text, type == "FIELD_INDEX_POLICY" ? is_index_policy : is_protection_policy);
  if (!document) return failure(document.error());
  const auto key = type + '/' + name;
  if (type == "DATA_PROTECTION_POLICY") {
    bool another = false;
    documents_.visit(account_policy, call.region, [&](const std::string& other, const Value&) {
      another = another || (other.starts_with(type + '/') && other != key);
      return true;
    });
    if (another) return limit_reached();
    log(LogLevel::warning, "logs",
        fmt::format("the data protection policy {} is kept, but nothing is masked here", name));
  }
  Value policy = Value::structure({{"policyName", name},
                                   {"policyDocument", text},
                                   {"lastUpdatedTime", unix_ms(call.now)},
                                   {"policyType", type},
                                   {"scope", input["scope"].string_or("ALL")},
                                   {"selectionCriteria", input["selectionCriteria"]},
                                   {"accountId", call.account}});
  documents_.put(account_policy, call.region, key, policy);
  return Value::structure({{"accountPolicy", policy}});
}

aws::Outcome<> Logs::describe_account_policies(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("account policies", input["nextToken"], policies_page);
  if (!page) return invalid_token();
  const auto type = input["policyType"].string();
  const auto accounts = input["accountIdentifiers"].strings();
  for (const auto& account : accounts)
    if (account != call.account)
      return invalid_parameter("accountIdentifiers may hold this account alone.");
  bool found = false;
  documents_.visit(account_policy, call.region, [&](const std::string& key, const Value& policy) {
    if (policy["policyType"].string() != type ||
        (input.has("policyName") && policy["policyName"] != input["policyName"]))
      return true;
    found = true;
    return page->offer(key, [&policy] { return policy; });
  });
  if (input.has("policyName") && !found)
    return aws::refuse("ResourceNotFoundException", "The specified account policy does not exist.");
  return Value::structure({{"accountPolicies", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::delete_account_policy(const aws::Call& call) {
  const auto key = call.input["policyType"].string() + '/' + call.input["policyName"].string();
  if (!documents_.erase(account_policy, call.region, key))
    return aws::refuse("ResourceNotFoundException", "The specified account policy does not exist.");
  return Value::structure();
}

// What is kept of a group goes with it.
void Logs::forget_policies(const Group& group) {
  for (const auto kind : {protection, index_policy, resource_arn_policy})
    documents_.erase(kind, group.region, group.name);
}

}  // namespace sitelatch::logs
