// SPDX-License-Identifier: Apache-2.0
// Which VPCs a private zone answers in, and which others may be associated (fact route53-110).
#include <fmt/format.h>

#include <algorithm>

#include "aws/service/paging.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_authorized_a_zone = 1000;
constexpr std::size_t most_vpcs_a_page = 50, most_summaries_a_page = 100;

aws::Outcome<Done> only_private(const HostedZone& zone, std::string_view what) {
  if (zone.is_private()) return Done{};
  return aws::refuse("InvalidInput",
                     fmt::format("Invalid parameter : The hosted zone {} is public: {} is for "
                                 "private hosted zones.",
                                 zone.id, what));
}

// In the order of zones of one VPC's list.
std::string position_of(const Vpc& vpc) { return vpc.region + "/" + vpc.id; }

}  // namespace

const HostedZone* Route53::namesake_in(const Vpc& vpc, const std::string& wire_name) const {
  const HostedZone* out = nullptr;
  zones_.visit_by_name(wire_name, "", [&](const HostedZone& zone) {
    if (zone.name != wire_name) return false;
    if (std::find(zone.vpcs.begin(), zone.vpcs.end(), vpc) == zone.vpcs.end()) return true;
    out = &zone;
    return false;
  });
  return out;
}

Route53::Out Route53::associate_vpc(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  const auto vpc = parse_vpc(call.input["VPC"]);
  if (!vpc) return failure(vpc.error());
  if (!(*zone)->is_private())
    return aws::refuse(
        "PublicZoneVPCAssociation",
        fmt::format("Attempting to associate public zone: {} with vpc: {}", (*zone)->id, vpc->id));
  if (const auto* other = namesake_in(*vpc, (*zone)->name))
    return aws::refuse("ConflictingDomainExists",
                       fmt::format("The VPC {} in region {} has already been associated with the "
                                   "hosted zone {} with the same domain name.",
                                   vpc->id, vpc->region, other->id));
  auto vpcs = (*zone)->vpcs;
  if (vpcs.size() >= most_vpcs_a_zone)
    return aws::refuse("LimitsExceeded",
                       fmt::format("Limits Exceeded: MAX_VPCS_ASSOCIATED_BY_ZONE - Cannot "
                                   "associate more than {} VPCs with a hosted zone",
                                   most_vpcs_a_zone));
  vpcs.push_back(*vpc);
  return set_vpcs(**zone, std::move(vpcs), call);
}

Route53::Out Route53::disassociate_vpc(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  const auto vpc = parse_vpc(call.input["VPC"]);
  if (!vpc) return failure(vpc.error());
  auto vpcs = (*zone)->vpcs;
  const auto found = std::find(vpcs.begin(), vpcs.end(), *vpc);
  if (found == vpcs.end())
    return aws::refuse("VPCAssociationNotFound",
                       fmt::format("The VPC {} in region {} is not associated with the hosted "
                                   "zone {}.",
                                   vpc->id, vpc->region, (*zone)->id));
  if (vpcs.size() == 1)
    return aws::refuse("LastVPCAssociation",
                       "Cannot remove last VPC association for the private zone");
  vpcs.erase(found);
  return set_vpcs(**zone, std::move(vpcs), call);
}

// Private zones are in no view, so the change has arrived once it is durable.
Route53::Out Route53::set_vpcs(const HostedZone& zone, std::vector<Vpc> vpcs, const Call& call) {
  zones_.set_vpcs(zone.id, std::move(vpcs));
  const auto change = changes_.add(call.input["Comment"].string_or(""), timers_.now());
  publisher_.stage({}, when_published(change.id));
  return aws::Value::structure({{"ChangeInfo", to_value(change)}});
}

Route53::Out Route53::create_vpc_authorization(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  const auto vpc = parse_vpc(call.input["VPC"]);
  if (!vpc) return failure(vpc.error());
  if (auto ok = only_private(**zone, "an authorization"); !ok) return failure(ok.error());
  auto authorized = (*zone)->authorized;
  const auto place = std::lower_bound(authorized.begin(), authorized.end(), *vpc);
  if (place == authorized.end() || *place != *vpc) {
    if (authorized.size() >= most_authorized_a_zone)
      return aws::refuse("TooManyVPCAssociationAuthorizations",
                         fmt::format("The hosted zone {} has {} authorizations, which is the most "
                                     "that one may have. Delete those that are no longer needed.",
                                     (*zone)->id, most_authorized_a_zone));
    authorized.insert(place, *vpc);
    zones_.set_authorized((*zone)->id, std::move(authorized));
  }
  return aws::Value::structure({{"HostedZoneId", (*zone)->id}, {"VPC", to_value(*vpc)}});
}

Route53::Out Route53::delete_vpc_authorization(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  const auto vpc = parse_vpc(call.input["VPC"]);
  if (!vpc) return failure(vpc.error());
  auto authorized = (*zone)->authorized;
  const auto place = std::lower_bound(authorized.begin(), authorized.end(), *vpc);
  if (place == authorized.end() || *place != *vpc)
    return aws::refuse("VPCAssociationAuthorizationNotFound",
                       fmt::format("The VPC {} in region {} is not authorized to be associated "
                                   "with the hosted zone {}.",
                                   vpc->id, vpc->region, (*zone)->id));
  authorized.erase(place);
  zones_.set_authorized((*zone)->id, std::move(authorized));
  return aws::Value::structure();
}

Route53::Out Route53::list_vpc_authorizations(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  const auto most = max_items(call.input["MaxResults"], most_vpcs_a_page, "MaxResults");
  if (!most) return failure(most.error());
  auto page = aws::Page::at("vpcs " + (*zone)->id, call.input["NextToken"],
                            static_cast<std::int64_t>(*most));
  if (!page) return bad_token("VPC association authorizations");
  for (const auto& vpc : (*zone)->authorized)
    if (!page->offer(position_of(vpc), [&] { return to_value(vpc); })) break;
  return aws::Value::structure(
      {{"HostedZoneId", (*zone)->id}, {"NextToken", page->next_token()}, {"VPCs", page->items()}});
}

Route53::Out Route53::list_hosted_zones_by_vpc(const Call& call) {
  const auto& in = call.input;
  const Vpc vpc{in["VPCRegion"].string(), in["VPCId"].string()};
  const auto most = max_items(in["MaxItems"], most_summaries_a_page);
  if (!most) return failure(most.error());
  auto page = aws::Page::at("zones of " + position_of(vpc), in["NextToken"],
                            static_cast<std::int64_t>(*most));
  if (!page) return bad_token("hosted zones");
  const auto owner = aws::Value::structure({{"OwningAccount", call.account}});
  zones_.visit(page->after(), [&](const HostedZone& zone) {
    if (std::find(zone.vpcs.begin(), zone.vpcs.end(), vpc) == zone.vpcs.end()) return true;
    return page->offer(zone.id, [&] {
      return aws::Value::structure(
          {{"HostedZoneId", zone.id}, {"Name", shown(zone.name)}, {"Owner", owner}});
    });
  });
  return aws::Value::structure({{"HostedZoneSummaries", page->items()},
                                {"MaxItems", std::to_string(*most)},
                                {"NextToken", page->next_token()}});
}

}  // namespace sitelatch::route53
