// SPDX-License-Identifier: Apache-2.0
// Traffic policies and their versions (fact route53-118).
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "dns/type.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"
#include "services/route53/traffic_document.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_policies_a_page = 100;
constexpr std::int64_t most_versions = 1000;

aws::Value to_value(const TrafficPolicyVersion& version) {
  return aws::Value::structure(
      {{"Id", version.id},
       {"Version", version.version},
       {"Name", version.name},
       {"Type", dns::type_to_text(version.type)},
       {"Document", version.document},
       {"Comment", version.comment.empty() ? aws::Value{} : aws::Value{version.comment}}});
}

aws::Value made(const TrafficPolicyVersion& version) {
  return aws::Value::structure(
      {{"TrafficPolicy", to_value(version)},
       {"Location", fmt::format("https://route53.amazonaws.com/2013-04-01/trafficpolicy/{}/{}",
                                version.id, version.version)}});
}

auto no_such_policy(const std::string& id) {
  return aws::refuse("NoSuchTrafficPolicy",
                     fmt::format("No traffic policy exists with the specified ID: {}.", id));
}

}  // namespace

// Deleted versions too: who has kept the id may see them.
aws::Outcome<const TrafficPolicyVersion*> Route53::traffic_policy(const aws::Value& id,
                                                                  const aws::Value& version) const {
  if (const auto* found = traffic_.find(id.string(), version.integer())) return found;
  return no_such_policy(id.string());
}

Route53::Out Route53::create_traffic_policy(const Call& call) {
  const auto& in = call.input;
  const auto document = parse_traffic_document(in["Document"].string());
  if (!document) return failure(document.error());
  if (trim(in["Name"].string()).empty())
    return aws::refuse("InvalidInput", "Invalid parameter : Name must not be empty.");
  if (traffic_.name_used(in["Name"].string()))
    return aws::refuse("TrafficPolicyAlreadyExists",
                       "A traffic policy that has the same value for Name already exists.");
  if (traffic_.size() >= most_traffic_policies)
    return aws::refuse("TooManyTrafficPolicies",
                       fmt::format("This traffic policy can't be created because the current "
                                   "account has reached the limit of {} traffic policies.",
                                   most_traffic_policies));
  return made(traffic_.add({ports::uuid(entropy_), 1, in["Name"].string(), document->type,
                            in["Document"].string(), in["Comment"].string_or(""), 0, false}));
}

Route53::Out Route53::create_traffic_policy_version(const Call& call) {
  const auto& in = call.input;
  const auto versions = traffic_.versions(in["Id"].string());
  if (versions.empty()) return no_such_policy(in["Id"].string());
  const auto document = parse_traffic_document(in["Document"].string());
  if (!document) return failure(document.error());
  const auto next = traffic_.next_version(versions.front()->id);
  if (next > most_versions)
    return aws::refuse("TooManyTrafficPolicyVersionsForCurrentPolicy",
                       fmt::format("This traffic policy version can't be created because you've "
                                   "reached the limit of {} on the number of versions that you can "
                                   "create for the current traffic policy.",
                                   most_versions));
  return made(traffic_.add({versions.front()->id, next, versions.front()->name, document->type,
                            in["Document"].string(), in["Comment"].string_or(""), 0, false}));
}

Route53::Out Route53::get_traffic_policy(const Call& call) {
  const auto version = traffic_policy(call.input["Id"], call.input["Version"]);
  if (!version) return failure(version.error());
  return aws::Value::structure({{"TrafficPolicy", to_value(**version)}});
}

Route53::Out Route53::update_traffic_policy_comment(const Call& call) {
  const auto version = traffic_policy(call.input["Id"], call.input["Version"]);
  if (!version) return failure(version.error());
  if ((*version)->deleted) return no_such_policy((*version)->id);
  traffic_.set_comment((*version)->id, (*version)->version, call.input["Comment"].string());
  return aws::Value::structure({{"TrafficPolicy", to_value(**version)}});
}

Route53::Out Route53::delete_traffic_policy(const Call& call) {
  const auto version = traffic_policy(call.input["Id"], call.input["Version"]);
  if (!version) return failure(version.error());
  if ((*version)->deleted) return no_such_policy((*version)->id);
  if (traffic_.in_use((*version)->id, (*version)->version))
    return aws::refuse("TrafficPolicyInUse", "Policy is in use for at least one instance");
  traffic_.remove((*version)->id, (*version)->version);
  return aws::Value::structure();
}

Route53::Out Route53::list_traffic_policies(const Call& call) {
  const auto& in = call.input;
  const auto most = max_items(in["MaxItems"], most_policies_a_page);
  if (!most) return failure(most.error());
  const auto ids = traffic_.ids();
  auto at = ids.begin();
  if (in.has("TrafficPolicyIdMarker")) {
    at = std::find(ids.begin(), ids.end(), in["TrafficPolicyIdMarker"].string());
    if (at == ids.end())
      return aws::refuse("InvalidInput",
                         "Invalid parameter : TrafficPolicyIdMarker is the ID of no traffic "
                         "policy.");
  }
  auto list = aws::Value::list();
  for (; at != ids.end() && list.items().size() < *most; ++at) {
    const auto versions = traffic_.versions(*at);
    const auto& latest = *versions.back();
    list.push(aws::Value::structure(
        {{"Id", latest.id},
         {"Name", latest.name},
         {"Type", dns::type_to_text(latest.type)},
         {"LatestVersion", latest.version},
         {"TrafficPolicyCount", static_cast<std::int64_t>(versions.size())}}));
  }
  return aws::Value::structure({{"TrafficPolicySummaries", list},
                                {"IsTruncated", at != ids.end()},
                                {"TrafficPolicyIdMarker", at == ids.end() ? "" : *at},
                                {"MaxItems", std::to_string(*most)}});
}

Route53::Out Route53::list_traffic_policy_versions(const Call& call) {
  const auto& in = call.input;
  const auto versions = traffic_.versions(in["Id"].string());
  if (versions.empty()) return no_such_policy(in["Id"].string());
  const auto most = max_items(in["MaxItems"], most_policies_a_page);
  if (!most) return failure(most.error());
  auto at = versions.begin();
  if (in.has("TrafficPolicyVersionMarker")) {
    const auto marker = parse_int(in["TrafficPolicyVersionMarker"].string());
    if (!marker)
      return aws::refuse("InvalidInput",
                         "Invalid parameter : TrafficPolicyVersionMarker must be a number.");
    at = std::find_if(versions.begin(), versions.end(),
                      [&](const auto* each) { return each->version >= *marker; });
  }
  auto list = aws::Value::list();
  for (; at != versions.end() && list.items().size() < *most; ++at) list.push(to_value(**at));
  return aws::Value::structure(
      {{"TrafficPolicies", list},
       {"IsTruncated", at != versions.end()},
       {"TrafficPolicyVersionMarker",
        at == versions.end() ? std::string{} : std::to_string((*at)->version)},
       {"MaxItems", std::to_string(*most)}});
}

}  // namespace sitelatch::route53
