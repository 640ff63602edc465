// SPDX-License-Identifier: Apache-2.0
// The grammar of policy documents and the messages of MalformedPolicyDocument.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "aws/auth/arn.h"
#include "aws/auth/policy.h"
#include "aws/wire/value.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {
constexpr std::string_view syntax_errors = "Syntax errors in policy.";

Failure<Problem> malformed(std::string text) { return {Problem{std::move(text)}}; }
Failure<Problem> syntax() { return malformed(std::string{syntax_errors}); }

struct Reader {
  PolicyUse use = PolicyUse::identity;
  Variables variables = Variables::literal;

  Result<PolicyStatement> statement(const Value& json) const;
  Result<Done> actions(const Value& json, PolicyStatement& out) const;
  Result<Done> resources(const Value& json, PolicyStatement& out) const;
  Result<Done> principals(const Value& json, PolicyStatement& out) const;
  Result<Done> conditions(const Value& json, PolicyStatement& out) const;
};

// A text, or a list of texts that is not empty.
Result<std::vector<std::string>> texts(const Value& json) {
  std::vector<std::string> out;
  if (json.is_string()) {
    out.push_back(json.string());
    return out;
  }
  if (!json.is_list() || json.items().empty()) return syntax();
  for (const auto& item : json.items()) {
    if (!item.is_string()) return syntax();
    out.push_back(item.string());
  }
  return out;
}

bool known_members(const Value& json, std::initializer_list<std::string_view> allowed) {
  const auto& members = json.members();
  return std::all_of(members.begin(), members.end(), [&](const Value::Member& m) {
    return std::find(allowed.begin(), allowed.end(), m.name) != allowed.end();
  });
}

Result<Done> check_action(std::string_view action) {
  if (action == "*") return Done{};
  const auto parts = split(action, ':');
  if (parts.size() == 1)
    return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  if (parts.size() > 2) return malformed("Actions/Condition can contain only one colon.");
  const bool vendor = std::all_of(parts[0].begin(), parts[0].end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
  if (!vendor || parts[0].empty())
    return malformed(fmt::format("Vendor {} is not valid", parts[0]));
  if (parts[1].empty()) return syntax();
  return Done{};
}

Result<Done> Reader::actions(const Value& json, PolicyStatement& out) const {
  if (json.has("Action") == json.has("NotAction"))
    return json.has("Action") ? syntax() : malformed("Policy statement must contain actions.");
  out.not_actions = json.has("NotAction");
  const auto names = texts(json[out.not_actions ? "NotAction" : "Action"]);
  if (!names) {
    const auto& given = json[out.not_actions ? "NotAction" : "Action"];
    return given.is_list() && given.items().empty()
               ? malformed("Policy statement must contain actions.")
               : syntax();
  }
  for (const auto& name : *names) {
    const auto fine = check_action(name);
    if (!fine) return failure(fine.error());
    const auto small = lower(name);
    const bool of_trust = wildcard_match(small, "sts:assumerole") ||
                          small.starts_with("sts:assumerole") || small == "sts:tagsession" ||
                          small == "sts:setsourceidentity";
    if (use == PolicyUse::trust && !out.not_actions && (!of_trust || small == "*"))
      return malformed("AssumeRole policy may only specify STS AssumeRole actions.");
    out.actions.emplace_back(small, Wildcards::honoured, Variables::literal);
  }
  return Done{};
}

Result<Done> check_resource(const std::string& resource) {
  if (resource == "*") return Done{};
  if (!resource.starts_with("arn:"))
    return malformed(fmt::format("Resource {} must be in ARN format or \"*\".", resource));
  const auto parts = split(resource, ':');
  const bool partition =
      is_partition(parts[1]) || parts[1].find_first_of("*?") != std::string_view::npos;
  if (!partition)
    return malformed(
        fmt::format("Partition \"{}\" is not valid for resource \"{}\".", parts[1], resource));
  return Done{};
}

Result<Done> Reader::resources(const Value& json, PolicyStatement& out) const {
  const bool given = json.has("Resource") || json.has("NotResource");
  if (use == PolicyUse::trust) {
    if (given) return malformed("Has prohibited field Resource");
    return Done{};
  }
  if (json.has("Resource") && json.has("NotResource")) return syntax();
  const auto& member = json[json.has("NotResource") ? "NotResource" : "Resource"];
  if (!given || (member.is_list() && member.items().empty())) {
    if (use == PolicyUse::identity) return malformed("Policy statement must contain resources.");
    return Done{};
  }
  out.not_resources = json.has("NotResource");
  const auto names = texts(member);
  if (!names) return syntax();
  for (const auto& name : *names) {
    const auto fine = check_resource(name);
    if (!fine) return failure(fine.error());
    out.resources.emplace_back(name, variables);
  }
  return Done{};
}

bool valid_aws_principal(std::string_view text) {
  if (text == "*" || is_account_id(text)) return true;
  const auto arn = parse_arn(text);
  if (!arn || !is_account_id(arn->account)) return false;
  if (arn->service == "iam")
    return arn->resource == "root" || arn->resource.starts_with("user/") ||
           arn->resource.starts_with("role/");
  return arn->service == "sts" && (arn->resource.starts_with("assumed-role/") ||
                                   arn->resource.starts_with("federated-user/"));
}

Result<Done> Reader::principals(const Value& json, PolicyStatement& out) const {
  const bool given = json.has("Principal") || json.has("NotPrincipal");
  if (use == PolicyUse::identity) {
    if (given) return malformed("Policy document should not specify a principal.");
    return Done{};
  }
  if (!given) return malformed("Missing required field Principal");
  if (json.has("Principal") && json.has("NotPrincipal")) return syntax();
  out.has_principals = true;
  out.not_principals = json.has("NotPrincipal");
  const auto& member = json[out.not_principals ? "NotPrincipal" : "Principal"];
  if (member.is_string()) {
    if (member.string() != "*")
      return malformed(fmt::format("Invalid principal in policy: \"{}\"", member.string()));
    out.principals.everyone = true;
    return Done{};
  }
  if (!member.is_struct() || member.members().empty()) return syntax();
  for (const auto& [kind, value] : member.members()) {
    const auto names = texts(value);
    if (!names) return syntax();
    if (kind != "AWS" && kind != "Service" && kind != "Federated" && kind != "CanonicalUser")
      return syntax();
    for (const auto& name : *names) {
      const bool valid = kind == "AWS"       ? valid_aws_principal(name)
                         : kind == "Service" ? name.find('.') != std::string::npos
                                             : !name.empty();
      if (!valid)
        return malformed(
            fmt::format("Invalid principal in policy: \"{}\":\"{}\"", upper(kind), name));
      if (kind == "Service") out.principals.services.push_back(name);
      if (kind == "Federated") out.principals.federated.push_back(name);
      if (kind != "AWS") continue;
      if (name == "*") out.principals.everyone = true;
      out.principals.aws.push_back(name);
    }
  }
  return Done{};
}

// Values of conditions may be texts, numbers or booleans, one or several.
Result<std::vector<std::string>> condition_values(const Value& json) {
  std::vector<std::string> out;
  const auto add = [&out](const Value& v) {
    if (v.is_string())
      out.push_back(v.string());
    else if (v.is_bool())
      out.emplace_back(v.boolean() ? "true" : "false");
    else if (v.is_integer())
      out.push_back(std::to_string(v.integer()));
    else if (v.is_double())
      out.push_back(fmt::format("{}", v.number()));
    else
      return false;
    return true;
  };
  if (!json.is_list()) {
    if (!add(json)) return syntax();
    return out;
  }
  for (const auto& item : json.items())
    if (!add(item)) return syntax();
  return out;
}

Result<Done> Reader::conditions(const Value& json, PolicyStatement& out) const {
  const auto& all = json["Condition"];
  if (all.is_null()) return Done{};
  if (!all.is_struct()) return syntax();
  for (const auto& [operator_name, block] : all.members()) {
    PolicyCondition prototype;
    if (!read_operator(operator_name, prototype) || !block.is_struct()) return syntax();
    for (const auto& [key, value] : block.members()) {
      if (key.find(':') == std::string::npos)
        return malformed(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
      const auto values = condition_values(value);
      if (!values) return syntax();
      auto condition = prototype;
      condition.key = lower(key);
      const auto wildcards =
          condition.test == ConditionTest::string_like ? Wildcards::honoured : Wildcards::literal;
      for (const auto& text : *values) {
        condition.values.emplace_back(text, wildcards, variables);
        if (condition.test == ConditionTest::arn_like) condition.arns.emplace_back(text, variables);
      }
      out.conditions.push_back(std::move(condition));
    }
  }
  return Done{};
}

Result<PolicyStatement> Reader::statement(const Value& json) const {
  if (!json.is_struct()) return syntax();
  if (!known_members(json, {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource",
                            "Principal", "NotPrincipal", "Condition"}))
    return syntax();
  PolicyStatement out;
  const auto& effect = json["Effect"];
  if (!effect.is_string() || (effect.string() != "Allow" && effect.string() != "Deny"))
    return syntax();
  out.allow = effect.string() == "Allow";
  if (json.has("Sid") && !json["Sid"].is_string()) return syntax();
  out.sid = json["Sid"].string_or("");
  for (const auto step :
       {&Reader::principals, &Reader::actions, &Reader::resources, &Reader::conditions}) {
    const auto done = (this->*step)(json, out);
    if (!done) return failure(done.error());
  }
  return out;
}

Result<PolicyRef> read_document(const Value& json, PolicyUse use) {
  if (!json.is_struct() || !known_members(json, {"Version", "Id", "Statement"})) return syntax();
  const auto& version = json["Version"];
  if (version && (!version.is_string() ||
                  (version.string() != "2012-10-17" && version.string() != "2008-10-17")))
    return syntax();
  const bool current = version && version.string() == "2012-10-17";
  if (use == PolicyUse::identity && !current)
    return malformed("Policy document must be version 2012-10-17 or greater.");
  const Reader reader{use, current ? Variables::honoured : Variables::literal};

  auto policy = std::make_shared<Policy>();
  if (json.has("Id") && !json["Id"].is_string()) return syntax();
  policy->id = json["Id"].string_or("");
  const auto& statements = json["Statement"];
  if (!statements.is_list() && !statements.is_struct()) return syntax();
  if (statements.is_list() && statements.items().empty()) return syntax();
  const auto count = statements.is_list() ? statements.items().size() : 1;
  std::set<std::string> sids;
  for (std::size_t i = 0; i < count; ++i) {
    auto statement = reader.statement(statements.is_list() ? statements.items()[i] : statements);
    if (!statement) return failure(statement.error());
    if (!statement->sid.empty() && !sids.insert(statement->sid).second)
      return malformed("Statement IDs (SID) in a single policy must be unique.");
    policy->statements.push_back(std::move(*statement));
  }
  return PolicyRef{std::move(policy)};
}
}  // namespace

Result<PolicyRef> parse_policy(std::string_view document, PolicyUse use) {
  const auto json = from_json(document);
  if (!json) return malformed("This policy contains invalid Json");
  return read_document(*json, use);
}

PolicyRef PolicyCache::get(const std::string& document, PolicyUse use) {
  auto& cache = parsed_[static_cast<std::size_t>(use)];
  if (const auto* found = cache.find(document)) return *found;
  auto parsed = parse_policy(document, use);
  return cache.add(document, parsed ? *parsed : nullptr);
}

}  // namespace sitelatch::aws
