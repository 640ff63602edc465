// SPDX-License-Identifier: Apache-2.0
// What each operation asks of IAM: aws-semantics.md §13.2.
#include <algorithm>

#include "base/text.h"
#include "dns/name.h"
#include "services/route53/ids.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

std::string arn(std::string_view kind, std::string_view id) {
  return "arn:aws:route53:::" + std::string{kind} + "/" + std::string{id};
}

// As AWS documents the key: lower case, without the final dot, and with \ooo for whatever is no
// letter, digit, '-', '_' or '.', however the caller spelled it (fact route53-70). What is no name
// is refused by the handler.
std::string normalised(const std::string& name) {
  const auto wire = dns::name_from_text(name);
  auto out = wire ? dns::name_to_text(*wire) : lower(name);
  if (out.size() > 1 && out.back() == '.') out.pop_back();
  return out;
}

void add_once(std::vector<std::string>& list, std::string value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

aws::ConditionKeys batch_keys(const aws::Value& batch) {
  std::vector<std::string> names, types, actions;
  for (const auto& change : batch["Changes"].items()) {
    add_once(names, normalised(change["ResourceRecordSet"]["Name"].string_or("")));
    add_once(types, change["ResourceRecordSet"]["Type"].string_or(""));
    add_once(actions, change["Action"].string_or(""));
  }
  return {{"route53:changeresourcerecordsetsnormalizedrecordnames", names},
          {"route53:changeresourcerecordsetsrecordtypes", types},
          {"route53:changeresourcerecordsetsactions", actions}};
}

// The member of the input that names the resource, and the resource's kind in its ARN.
struct Named {
  std::string_view operation, member, kind;
};
constexpr Named named[] = {
    {"GetHealthCheck", "HealthCheckId", "healthcheck"},
    {"UpdateHealthCheck", "HealthCheckId", "healthcheck"},
    {"DeleteHealthCheck", "HealthCheckId", "healthcheck"},
    {"GetHealthCheckStatus", "HealthCheckId", "healthcheck"},
    {"GetHealthCheckLastFailureReason", "HealthCheckId", "healthcheck"},
    {"GetHostedZone", "Id", "hostedzone"},
    {"DeleteHostedZone", "Id", "hostedzone"},
    {"UpdateHostedZoneComment", "Id", "hostedzone"},
    {"GetHostedZoneLimit", "HostedZoneId", "hostedzone"},
    {"GetDNSSEC", "HostedZoneId", "hostedzone"},
    {"ChangeResourceRecordSets", "HostedZoneId", "hostedzone"},
    {"ListResourceRecordSets", "HostedZoneId", "hostedzone"},
    {"GetChange", "Id", "change"},
};

}  // namespace

std::vector<aws::Permission> Route53::authorisation(const aws::Call& call) const {
  const auto& in = call.input;
  const auto action = "route53:" + std::string{call.operation};
  if (call.operation == "GetCheckerIpRanges") return {};  // documented as not authorised at all
  if (call.operation == "ChangeTagsForResource" || call.operation == "ListTagsForResource")
    return {{action,
             {arn(in["ResourceType"].string_or(""), bare_id(in["ResourceId"].string_or("")))},
             {},
             {}}};
  if (call.operation == "ListTagsForResources") {
    std::vector<aws::Permission> out;
    for (const auto& id : in["ResourceIds"].items())
      out.push_back(
          {action, {arn(in["ResourceType"].string_or(""), bare_id(id.string()))}, {}, {}});
    return out;
  }
  for (const auto& entry : named) {
    if (entry.operation != call.operation) continue;
    auto keys = call.operation == "ChangeResourceRecordSets" ? batch_keys(in["ChangeBatch"])
                                                             : aws::ConditionKeys{};
    return {
        {action, {arn(entry.kind, bare_id(in[entry.member].string_or("")))}, std::move(keys), {}}};
  }
  return {{action, {"*"}, {}, {}}};
}

}  // namespace sitelatch::route53
