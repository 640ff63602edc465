// SPDX-License-Identifier: Apache-2.0
// The operations, and what each asks of IAM (fact route53-76).
#include <algorithm>

#include "base/text.h"
#include "dns/name.h"
#include "services/route53/ids.h"
#include "services/route53/resume_tags.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

constexpr std::string_view vpcs_key = "route53:vpcs";

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

}  // namespace

const aws::OperationTable<Route53>& Route53::operation_table() {
  static const aws::OperationTable<Route53> table{
      "route53",
      {
          {"CreateHealthCheck", &Route53::create_health_check, &Route53::ask_of_everything},
          {"GetHealthCheck", &Route53::get_health_check, &Route53::ask_of_health_check},
          {"UpdateHealthCheck", &Route53::update_health_check, &Route53::ask_of_health_check},
          {"DeleteHealthCheck", &Route53::delete_health_check, &Route53::ask_of_health_check},
          {"ListHealthChecks", &Route53::list_health_checks, &Route53::ask_of_everything},
          {"GetHealthCheckCount", &Route53::get_health_check_count, &Route53::ask_of_everything},
          {"GetHealthCheckStatus", &Route53::get_health_check_status,
           &Route53::ask_of_health_check},
          {"GetHealthCheckLastFailureReason", &Route53::get_health_check_last_failure_reason,
           &Route53::ask_of_health_check},
          {"GetCheckerIpRanges", &Route53::get_checker_ip_ranges,
           &Route53::ask_nothing},  // as documented
          {"CreateHostedZone", &Route53::create_hosted_zone, &Route53::ask_to_create_zone},
          {"GetHostedZone", &Route53::get_hosted_zone, &Route53::ask_of_zone},
          {"DeleteHostedZone", &Route53::delete_hosted_zone, &Route53::ask_of_zone},
          {"ListHostedZones", &Route53::list_hosted_zones, &Route53::ask_of_everything},
          {"ListHostedZonesByName", &Route53::list_hosted_zones_by_name,
           &Route53::ask_of_everything},
          {"GetHostedZoneCount", &Route53::get_hosted_zone_count, &Route53::ask_of_everything},
          {"UpdateHostedZoneComment", &Route53::update_hosted_zone_comment, &Route53::ask_of_zone},
          {"GetAccountLimit", &Route53::get_account_limit, &Route53::ask_of_everything},
          {"GetHostedZoneLimit", &Route53::get_hosted_zone_limit, &Route53::ask_of_zone_of_records},
          {"UpdateHostedZoneFeatures", &Route53::update_hosted_zone_features,
           &Route53::ask_of_zone_of_records},
          {"AssociateVPCWithHostedZone", &Route53::associate_vpc, &Route53::ask_of_zone_and_vpc},
          {"DisassociateVPCFromHostedZone", &Route53::disassociate_vpc,
           &Route53::ask_of_zone_and_vpc},
          {"CreateVPCAssociationAuthorization", &Route53::create_vpc_authorization,
           &Route53::ask_of_zone_and_vpc},
          {"DeleteVPCAssociationAuthorization", &Route53::delete_vpc_authorization,
           &Route53::ask_of_zone_and_vpc},
          {"ListVPCAssociationAuthorizations", &Route53::list_vpc_authorizations,
           &Route53::ask_of_zone_of_records},
          {"ListHostedZonesByVPC", &Route53::list_hosted_zones_by_vpc, &Route53::ask_of_vpc},
          {"CreateReusableDelegationSet", &Route53::create_reusable_delegation_set,
           &Route53::ask_of_everything},
          {"GetReusableDelegationSet", &Route53::get_reusable_delegation_set,
           &Route53::ask_of_delegation_set},
          {"DeleteReusableDelegationSet", &Route53::delete_reusable_delegation_set,
           &Route53::ask_of_delegation_set},
          {"ListReusableDelegationSets", &Route53::list_reusable_delegation_sets,
           &Route53::ask_of_everything},
          {"GetReusableDelegationSetLimit", &Route53::get_reusable_delegation_set_limit,
           &Route53::ask_of_delegation_set},
          {"CreateCidrCollection", &Route53::create_cidr_collection, &Route53::ask_of_everything},
          {"ChangeCidrCollection", &Route53::change_cidr_collection,
           &Route53::ask_of_cidr_collection},
          {"DeleteCidrCollection", &Route53::delete_cidr_collection,
           &Route53::ask_of_cidr_collection},
          {"ListCidrCollections", &Route53::list_cidr_collections, &Route53::ask_of_everything},
          {"ListCidrLocations", &Route53::list_cidr_locations, &Route53::ask_of_cidr_collection},
          {"ListCidrBlocks", &Route53::list_cidr_blocks, &Route53::ask_of_cidr_collection},
          {"CreateQueryLoggingConfig", &Route53::create_query_logging_config,
           &Route53::ask_of_zone_of_records},
          {"GetQueryLoggingConfig", &Route53::get_query_logging_config,
           &Route53::ask_of_query_logging},
          {"DeleteQueryLoggingConfig", &Route53::delete_query_logging_config,
           &Route53::ask_of_query_logging},
          {"ListQueryLoggingConfigs", &Route53::list_query_logging_configs,
           &Route53::ask_to_list_query_logging},
          {"CreateTrafficPolicy", &Route53::create_traffic_policy, &Route53::ask_of_everything},
          {"CreateTrafficPolicyVersion", &Route53::create_traffic_policy_version,
           &Route53::ask_of_traffic_policy},
          {"GetTrafficPolicy", &Route53::get_traffic_policy, &Route53::ask_of_traffic_policy},
          {"UpdateTrafficPolicyComment", &Route53::update_traffic_policy_comment,
           &Route53::ask_of_traffic_policy},
          {"DeleteTrafficPolicy", &Route53::delete_traffic_policy, &Route53::ask_of_traffic_policy},
          {"ListTrafficPolicies", &Route53::list_traffic_policies, &Route53::ask_of_everything},
          {"ListTrafficPolicyVersions", &Route53::list_traffic_policy_versions,
           &Route53::ask_of_traffic_policy},
          {"CreateTrafficPolicyInstance", &Route53::create_traffic_policy_instance,
           &Route53::ask_to_create_traffic_instance},
          {"UpdateTrafficPolicyInstance", &Route53::update_traffic_policy_instance,
           &Route53::ask_to_update_traffic_instance},
          {"DeleteTrafficPolicyInstance", &Route53::delete_traffic_policy_instance,
           &Route53::ask_of_traffic_instance},
          {"GetTrafficPolicyInstance", &Route53::get_traffic_policy_instance,
           &Route53::ask_of_traffic_instance},
          {"GetTrafficPolicyInstanceCount", &Route53::get_traffic_policy_instance_count,
           &Route53::ask_of_everything},
          {"ListTrafficPolicyInstances", &Route53::list_traffic_policy_instances,
           &Route53::ask_of_everything},
          {"ListTrafficPolicyInstancesByHostedZone",
           &Route53::list_traffic_policy_instances_by_hosted_zone,
           &Route53::ask_of_zone_of_records},
          {"ListTrafficPolicyInstancesByPolicy", &Route53::list_traffic_policy_instances_by_policy,
           &Route53::ask_of_traffic_policy},
          {"GetGeoLocation", &Route53::get_geo_location, &Route53::ask_nothing},  // as documented
          {"ListGeoLocations", &Route53::list_geo_locations, &Route53::ask_nothing},
          {"GetDNSSEC", &Route53::get_dnssec, &Route53::ask_of_zone_of_records},
          {"CreateKeySigningKey", &Route53::create_key_signing_key,
           &Route53::ask_of_zone_of_records},
          {"ActivateKeySigningKey", &Route53::no_key_signing_key, &Route53::ask_of_zone_of_records},
          {"DeactivateKeySigningKey", &Route53::no_key_signing_key,
           &Route53::ask_of_zone_of_records},
          {"DeleteKeySigningKey", &Route53::no_key_signing_key, &Route53::ask_of_zone_of_records},
          {"EnableHostedZoneDNSSEC", &Route53::enable_hosted_zone_dnssec,
           &Route53::ask_of_zone_of_records},
          {"DisableHostedZoneDNSSEC", &Route53::disable_hosted_zone_dnssec,
           &Route53::ask_of_zone_of_records},
          {"ChangeResourceRecordSets", &Route53::change_resource_record_sets,
           &Route53::ask_to_change_records},
          {"ListResourceRecordSets", &Route53::list_resource_record_sets,
           &Route53::ask_of_zone_of_records},
          {"GetChange", &Route53::get_change, &Route53::ask_of_change},
          {"TestDNSAnswer", &Route53::test_dns_answer, &Route53::ask_of_everything},
          {"ChangeTagsForResource", &Route53::change_tags_for_resource, &Route53::ask_of_tagged},
          {"ListTagsForResource", &Route53::list_tags_for_resource, &Route53::ask_of_tagged},
          {"ListTagsForResources", &Route53::list_tags_for_resources, &Route53::ask_of_all_tagged},
      }};
  return table;
}

Route53::Question Route53::ask_of_health_check(const Call& call) const {
  return {{action(call),
           {arn("healthcheck", bare_id(call.input["HealthCheckId"].string_or("")))},
           {},
           ""}};
}

// Operations on a zone call it Id, those on what is in it HostedZoneId.
Route53::Question Route53::ask_of_zone(const Call& call) const {
  return {{action(call), {arn("hostedzone", bare_id(call.input["Id"].string_or("")))}, {}, ""}};
}

Route53::Question Route53::ask_of_zone_of_records(const Call& call) const {
  return {{action(call),
           {arn("hostedzone", bare_id(call.input["HostedZoneId"].string_or("")))},
           {},
           ""}};
}

// The key names the VPC that the request names (SAR amazonroute53).
Route53::Question Route53::ask_to_create_zone(const Call& call) const {
  auto out = ask_of_everything(call);
  if (call.input.has("VPC")) out.front().keys.set(vpcs_key, vpc_key(call.input["VPC"]));
  return out;
}

Route53::Question Route53::ask_of_zone_and_vpc(const Call& call) const {
  auto out = ask_of_zone_of_records(call);
  out.front().keys.set(vpcs_key, vpc_key(call.input["VPC"]));
  return out;
}

Route53::Question Route53::ask_of_vpc(const Call& call) const {
  auto out = ask_of_everything(call);
  out.front().keys.set(vpcs_key, vpc_key(call.input));
  return out;
}

Route53::Question Route53::ask_of_delegation_set(const Call& call) const {
  const auto& id = call.input[call.input.has("Id") ? "Id" : "DelegationSetId"];
  return {{action(call), {arn("delegationset", bare_id(id.string_or("")))}, {}, ""}};
}

Route53::Question Route53::ask_of_cidr_collection(const Call& call) const {
  const auto& id = call.input[call.input.has("Id") ? "Id" : "CollectionId"];
  return {{action(call), {arn("cidrcollection", id.string_or(""))}, {}, ""}};
}

Route53::Question Route53::ask_of_query_logging(const Call& call) const {
  return {{action(call), {arn("queryloggingconfig", call.input["Id"].string_or(""))}, {}, ""}};
}

Route53::Question Route53::ask_to_list_query_logging(const Call& call) const {
  return call.input.has("HostedZoneId") ? ask_of_zone_of_records(call) : ask_of_everything(call);
}

Route53::Question Route53::ask_of_traffic_policy(const Call& call) const {
  const auto& id = call.input[call.input.has("TrafficPolicyId") ? "TrafficPolicyId" : "Id"];
  return {{action(call), {arn("trafficpolicy", id.string_or(""))}, {}, ""}};
}

Route53::Question Route53::ask_of_traffic_instance(const Call& call) const {
  return {{action(call), {arn("trafficpolicyinstance", call.input["Id"].string_or(""))}, {}, ""}};
}

// Two questions each: of where it is made, or what it is, and of the policy.
Route53::Question Route53::ask_to_create_traffic_instance(const Call& call) const {
  auto out = ask_of_zone_of_records(call);
  out.push_back(ask_of_traffic_policy(call).front());
  return out;
}

Route53::Question Route53::ask_to_update_traffic_instance(const Call& call) const {
  auto out = ask_of_traffic_instance(call);
  out.push_back(ask_of_traffic_policy(call).front());
  return out;
}

Route53::Question Route53::ask_to_change_records(const Call& call) const {
  auto out = ask_of_zone_of_records(call);
  out.front().keys = batch_keys(call.input["ChangeBatch"]);
  return out;
}

Route53::Question Route53::ask_of_change(const Call& call) const {
  return {{action(call), {arn("change", bare_id(call.input["Id"].string_or("")))}, {}, ""}};
}

// AWS has no keys for the tags of Route 53 (fact route53-76); where manual resume is meant there
// are the usual ones, so that a policy can say who may arm, trip and release (fact route53-86).
Route53::Question Route53::ask_of_tagged(const Call& call) const {
  aws::Permission asked{action(call),
                        {arn(call.input["ResourceType"].string_or(""),
                             bare_id(call.input["ResourceId"].string_or("")))},
                        {},
                        ""};
  if (call.operation == "ChangeTagsForResource") {
    const TagChange change{aws::read_tags(call.input["AddTags"]),
                           call.input["RemoveTagKeys"].strings()};
    if (names_manual_resume(change)) aws::add_request_tags(change.add, change.remove, asked.keys);
  }
  return {asked};
}

Route53::Question Route53::ask_of_all_tagged(const Call& call) const {
  Question out;
  for (const auto& id : call.input["ResourceIds"].items())
    out.push_back({action(call),
                   {arn(call.input["ResourceType"].string_or(""), bare_id(id.string()))},
                   {},
                   ""});
  return out;
}

}  // namespace sitelatch::route53
