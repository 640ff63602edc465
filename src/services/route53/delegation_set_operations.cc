// SPDX-License-Identifier: Apache-2.0
// Reusable delegation sets (fact route53-113).
#include <fmt/format.h>

#include "dns/name.h"
#include "services/route53/ids.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {
constexpr std::size_t most_sets_a_page = 100;
constexpr std::size_t most_zones_a_set = 100;
}  // namespace

aws::Outcome<const DelegationSet*> Route53::delegation_set(const aws::Value& id) const {
  const auto bare = bare_id(id.string_or(""));
  if (const auto* found = delegation_sets_.find(bare)) return found;
  return aws::refuse("NoSuchDelegationSet",
                     fmt::format("A reusable delegation set with ID {} does not exist.", bare));
}

std::size_t Route53::zones_of(const DelegationSet& set) const {
  std::size_t out = 0;
  zones_.visit("", [&](const HostedZone& zone) {
    if (zone.delegation_set_id == set.id) ++out;
    return true;
  });
  return out;
}

// Zones that contain one another have no server in common: it would answer for both.
aws::Outcome<Done> Route53::may_share(const DelegationSet& set,
                                      const std::string& wire_name) const {
  std::size_t sharing = 0;
  bool related = false;
  zones_.visit("", [&](const HostedZone& zone) {
    if (zone.delegation_set_id != set.id) return true;
    ++sharing;
    related = dns::is_within(zone.name, wire_name) || dns::is_within(wire_name, zone.name);
    return !related;
  });
  if (related)
    return aws::refuse(
        "ConflictingDomainExists",
        fmt::format("Cannot create hosted zone with DelegationSetId DelegationSetId:{} as the "
                    "DNSName {} conflicts with existing ones sharing the delegation set",
                    set.id, shown(wire_name)));
  if (sharing >= most_zones_a_set)
    return aws::refuse(
        "TooManyHostedZones",
        fmt::format("Limits Exceeded: MAX_ZONES_BY_REUSABLE_DELEGATION_SET - Cannot associate more "
                    "than {} hosted zones with a reusable delegation set",
                    most_zones_a_set));
  return Done{};
}

Route53::Out Route53::create_reusable_delegation_set(const Call& call) {
  const auto& in = call.input;
  const auto& reference = in["CallerReference"].string();
  if (delegation_sets_.reference_used(reference))
    return aws::refuse("DelegationSetAlreadyCreated",
                       "A delegation set with the same owner and caller reference combination has "
                       "already been created.");
  const HostedZone* zone = nullptr;
  if (in.has("HostedZoneId")) {
    zone = zones_.find(bare_id(in["HostedZoneId"].string()));
    if (!zone)
      return aws::refuse("HostedZoneNotFound", fmt::format("The specified hosted zone {} can't be "
                                                           "found.",
                                                           in["HostedZoneId"].string()));
    if (zone->is_private())
      return aws::refuse("InvalidArgument",
                         "A reusable delegation set cannot be made of a private hosted zone.");
    if (!zone->delegation_set_id.empty())
      return aws::refuse("DelegationSetAlreadyReusable",
                         "The specified delegation set has already been marked as reusable.");
  }
  if (delegation_sets_.size() >= most_delegation_sets)
    return aws::refuse(
        "LimitsExceeded",
        fmt::format("Limits Exceeded: MAX_REUSABLE_DELEGATION_SETS_BY_OWNER - Cannot create more "
                    "than {} reusable delegation sets",
                    most_delegation_sets));
  const auto& set = delegation_sets_.add(
      {new_id(entropy_, 'N'), reference, zone ? zone->name_servers : new_name_servers(entropy_)});
  if (zone) zones_.set_delegation_set(zone->id, set.id);
  return aws::Value::structure(
      {{"DelegationSet", to_value(set)},
       {"Location", "https://route53.amazonaws.com/2013-04-01/delegationset/" + set.id}});
}

Route53::Out Route53::get_reusable_delegation_set(const Call& call) {
  const auto set = delegation_set(call.input["Id"]);
  if (!set) return failure(set.error());
  return aws::Value::structure({{"DelegationSet", to_value(**set)}});
}

Route53::Out Route53::delete_reusable_delegation_set(const Call& call) {
  const auto set = delegation_set(call.input["Id"]);
  if (!set) return failure(set.error());
  if (zones_of(**set) > 0)
    return aws::refuse("DelegationSetInUse",
                       "The specified delegation contains associated hosted zones which must be "
                       "deleted before the reusable delegation set can be deleted.");
  delegation_sets_.remove((*set)->id);
  return aws::Value::structure();
}

Route53::Out Route53::list_reusable_delegation_sets(const Call& call) {
  const auto& in = call.input;
  const auto most = max_items(in["MaxItems"], most_sets_a_page);
  if (!most) return failure(most.error());
  const auto marker = in["Marker"].string_or("");
  auto list = aws::Value::list();
  aws::Value next;
  delegation_sets_.visit(bare_id(marker), [&](const DelegationSet& set) {
    if (list.items().size() == *most) {
      next = set.id;
      return false;
    }
    list.push(to_value(set));
    return true;
  });
  return aws::Value::structure({{"DelegationSets", list},
                                {"Marker", marker},
                                {"IsTruncated", !next.is_null()},
                                {"NextMarker", next},
                                {"MaxItems", std::to_string(*most)}});
}

Route53::Out Route53::get_reusable_delegation_set_limit(const Call& call) {
  const auto set = delegation_set(call.input["DelegationSetId"]);
  if (!set) return failure(set.error());
  const auto limit = aws::Value::structure(
      {{"Type", call.input["Type"]}, {"Value", static_cast<std::int64_t>(most_zones_a_set)}});
  return aws::Value::structure(
      {{"Limit", limit}, {"Count", static_cast<std::int64_t>(zones_of(**set))}});
}

}  // namespace sitelatch::route53
