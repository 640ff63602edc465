// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dns/name.h"
#include "services/route53/delegation_sets.h"
#include "services/route53/ids.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_zones_a_page = 100;
constexpr std::int64_t usual_records_a_zone = 10'000;

// All private zones have these (fact route53-111).
const std::vector<std::string> private_name_servers{"ns-1536.awsdns-00.co.uk", "ns-0.awsdns-00.com",
                                                    "ns-1024.awsdns-00.org",
                                                    "ns-512.awsdns-00.net"};

// Public zones alone have one.
aws::Value set_of(const HostedZone& zone, const DelegationSet* reusable) {
  if (zone.is_private()) return {};
  if (reusable) return to_value(*reusable);
  return aws::Value::structure({{"NameServers", server_list(zone.name_servers)}});
}

aws::Value features(const HostedZone& zone) {
  if (!zone.accelerated_recovery) return {};
  return aws::Value::structure({{"AcceleratedRecoveryStatus", "ENABLED"}});
}

// What a private zone is made in; nothing: it is a public one.
aws::Outcome<std::optional<Vpc>> first_vpc(const aws::Value& in) {
  if (in.has("VPC")) {
    auto vpc = parse_vpc(in["VPC"]);
    if (!vpc) return failure(vpc.error());
    return std::optional{std::move(*vpc)};
  }
  if (in["HostedZoneConfig"]["PrivateZone"].boolean_or(false))
    return aws::refuse("InvalidInput",
                       "When you're creating a private hosted zone (when you specify true for "
                       "PrivateZone), you must also specify values for VPCId and VPCRegion.");
  return std::optional<Vpc>{};
}

aws::Value to_value(const HostedZone& zone) {
  const auto config = aws::Value::structure(
      {{"Comment", zone.comment.empty() ? aws::Value{} : aws::Value{zone.comment}},
       {"PrivateZone", zone.is_private()}});
  return aws::Value::structure(
      {{"Id", "/hostedzone/" + zone.id},
       {"Name", shown(zone.name)},
       {"CallerReference", zone.caller_reference},
       {"Config", config},
       {"ResourceRecordSetCount", static_cast<std::int64_t>(zone.record_set_count)},
       {"Features", features(zone)}});
}

aws::Outcome<std::string> zone_name(const std::string& text) {
  const auto name = dns::name_from_text(text);
  if (!name) return aws::refuse("InvalidDomainName", "FATAL problem: " + name.error().text);
  if (name->size() == 1)
    return aws::refuse("InvalidDomainName", fmt::format("{} is not a valid domain name", text));
  if (name->find('*') != std::string::npos || name->find(' ') != std::string::npos)
    return aws::refuse("InvalidDomainName", fmt::format("{} is not a valid domain name", text));
  return *name;
}

// Top-level domains that are met; those of countries have two letters.
constexpr std::string_view top_level[] = {
    "academy",  "aero",    "agency",   "app",        "arpa",   "asia",   "biz",     "blog",
    "business", "cat",     "center",   "cloud",      "club",   "com",    "company", "coop",
    "design",   "dev",     "digital",  "edu",        "email",  "global", "gov",     "group",
    "health",   "host",    "info",     "int",        "jobs",   "life",   "link",    "live",
    "ltd",      "media",   "mil",      "mobi",       "museum", "name",   "net",     "network",
    "news",     "one",     "online",   "org",        "page",   "post",   "pro",     "services",
    "shop",     "site",    "software", "solutions",  "space",  "store",  "studio",  "support",
    "systems",  "team",    "tech",     "technology", "tel",    "today",  "top",     "travel",
    "vip",      "website", "wiki",     "work",       "world",  "xxx",    "xyz",     "zone"};

// Names that no public zone has: AWS's are all of one label, and those of examples. Here they are
// top-level domains; the others only where the engine is told to be strict (fact route53-136).
bool is_reserved(const std::string& wire_name, bool strict) {
  const auto text = shown(wire_name);
  if (dns::label_count(wire_name) > 1)
    return strict && (text == "example.com." || text == "example.net." || text == "example.org.");
  const auto label = std::string_view{text}.substr(0, text.size() - 1);
  const bool of_country = label.size() == 2 && std::all_of(label.begin(), label.end(), [](char c) {
                            return c >= 'a' && c <= 'z';
                          });
  return strict || of_country ||
         std::find(std::begin(top_level), std::end(top_level), label) != std::end(top_level);
}

}  // namespace

Route53::Out Route53::create_hosted_zone(const Call& call) {
  const auto& in = call.input;
  auto name = zone_name(in["Name"].string());
  if (!name) return failure(name.error());
  if (!in.has("VPC") && is_reserved(*name, options_.strict_names))
    return aws::refuse("InvalidDomainName",
                       fmt::format("{} is reserved by AWS!", in["Name"].string()));
  const auto vpc = first_vpc(in);
  if (!vpc) return failure(vpc.error());
  const DelegationSet* set = nullptr;
  if (in.has("DelegationSetId")) {
    const auto found = delegation_set(in["DelegationSetId"]);
    if (!found) return failure(found.error());
    set = *found;
  }
  if (set && *vpc)
    return aws::refuse("InvalidInput",
                       "Invalid parameter : A reusable delegation set cannot be specified for a "
                       "private hosted zone.");
  if (zones_.reference_used(in["CallerReference"].string()))
    return aws::refuse(
        "HostedZoneAlreadyExists",
        "A hosted zone has already been created with the specified caller reference.");
  if (zones_.size() >= options_.most_hosted_zones)
    return aws::refuse(
        "TooManyHostedZones",
        fmt::format(
            "Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER - Cannot create more than {} hosted zones",
            options_.most_hosted_zones));
  if (*vpc && namesake_in(**vpc, *name))
    return aws::refuse(
        "ConflictingDomainExists",
        "A conflicting domain is already associated with the given VPC or Delegation Set.");
  if (set)
    if (auto ok = may_share(*set, *name); !ok) return failure(ok.error());
  HostedZone zone;
  zone.id = new_id(entropy_, 'Z');
  zone.name = std::move(*name);
  zone.caller_reference = in["CallerReference"].string();
  zone.comment = in["HostedZoneConfig"]["Comment"].string_or("");
  if (*vpc) {
    zone.vpcs = {**vpc};
    zone.name_servers = private_name_servers;
  } else if (set) {
    zone.delegation_set_id = set->id;
    zone.name_servers = set->name_servers;
  } else {
    zone.name_servers = new_name_servers(entropy_);
  }
  const auto change = changes_.add("", timers_.now());
  const auto& added = answers_.add_zone(std::move(zone), when_published(change.id));
  return aws::Value::structure(
      {{"HostedZone", to_value(added)},
       {"ChangeInfo", to_value(change)},
       {"DelegationSet", set_of(added, set)},
       {"VPC", in["VPC"]},
       {"Location", "https://route53.amazonaws.com/2013-04-01/hostedzone/" + added.id}});
}

Route53::Out Route53::get_hosted_zone(const Call& call) {
  const auto zone = hosted_zone(call.input["Id"]);
  if (!zone) return failure(zone.error());
  aws::Value vpcs;
  for (const auto& vpc : (*zone)->vpcs) vpcs.items_mut().push_back(to_value(vpc));
  return aws::Value::structure(
      {{"HostedZone", to_value(**zone)},
       {"DelegationSet", set_of(**zone, delegation_sets_.find((*zone)->delegation_set_id))},
       {"VPCs", vpcs}});
}

Route53::Out Route53::delete_hosted_zone(const Call& call) {
  const auto zone = hosted_zone(call.input["Id"]);
  if (!zone) return failure(zone.error());
  if ((*zone)->record_set_count > 2)
    return aws::refuse(
        "HostedZoneNotEmpty",
        "The specified hosted zone contains non-required resource record sets and so "
        "cannot be deleted.");
  const std::string id = (*zone)->id;
  const auto change = changes_.add("", timers_.now());
  tags_.drop("hostedzone/" + id);
  query_logging_.forget_zone(id);
  want_queries();
  answers_.remove_zone(id, when_published(change.id));
  return aws::Value::structure({{"ChangeInfo", to_value(change)}});
}

Route53::Out Route53::list_hosted_zones(const Call& call) {
  const auto& in = call.input;
  const auto most = max_items(in["MaxItems"], most_zones_a_page);
  if (!most) return failure(most.error());
  std::optional<std::string> only_of;
  if (in.has("DelegationSetId")) {
    const auto set = delegation_set(in["DelegationSetId"]);
    if (!set) return failure(set.error());
    only_of = (*set)->id;
  }
  const auto marker = in["Marker"].string_or("");
  auto list = aws::Value::list();
  aws::Value next;
  const bool only_private = in.has("HostedZoneType");
  zones_.visit(bare_id(marker), [&](const HostedZone& zone) {
    if ((only_private && !zone.is_private()) || (only_of && zone.delegation_set_id != *only_of))
      return true;
    if (list.items().size() == *most) {
      next = zone.id;
      return false;
    }
    list.push(to_value(zone));
    return true;
  });
  return aws::Value::structure({{"HostedZones", list},
                                {"Marker", marker},
                                {"IsTruncated", !next.is_null()},
                                {"NextMarker", next},
                                {"MaxItems", std::to_string(*most)}});
}

Route53::Out Route53::list_hosted_zones_by_name(const Call& call) {
  const auto& in = call.input;
  const auto most = max_items(in["MaxItems"], most_zones_a_page);
  if (!most) return failure(most.error());
  if (in.has("HostedZoneId") && !in.has("DNSName"))
    return aws::refuse("InvalidInput",
                       "Invalid parameter : DNSName is required when HostedZoneId is specified.");
  auto start = dns::name_from_text(in["DNSName"].string_or("."));
  if (!start) return aws::refuse("InvalidDomainName", "FATAL problem: " + start.error().text);
  auto list = aws::Value::list();
  aws::Value next_name, next_id;
  zones_.visit_by_name(*start, bare_id(in["HostedZoneId"].string_or("")),
                       [&](const HostedZone& zone) {
                         if (list.items().size() == *most) {
                           next_name = shown(zone.name);
                           next_id = zone.id;
                           return false;
                         }
                         list.push(to_value(zone));
                         return true;
                       });
  return aws::Value::structure({{"HostedZones", list},
                                {"DNSName", in["DNSName"]},
                                {"HostedZoneId", in["HostedZoneId"]},
                                {"IsTruncated", !next_id.is_null()},
                                {"NextDNSName", next_name},
                                {"NextHostedZoneId", next_id},
                                {"MaxItems", std::to_string(*most)}});
}

Route53::Out Route53::get_hosted_zone_count(const Call&) {
  return aws::Value::structure({{"HostedZoneCount", static_cast<std::int64_t>(zones_.size())}});
}

Route53::Out Route53::update_hosted_zone_comment(const Call& call) {
  const auto zone = hosted_zone(call.input["Id"]);
  if (!zone) return failure(zone.error());
  zones_.set_comment((*zone)->id, call.input["Comment"].string_or(""));
  return aws::Value::structure({{"HostedZone", to_value(**zone)}});
}

Route53::Out Route53::get_account_limit(const Call& call) {
  const auto& type = call.input["Type"].string();
  std::size_t value = 0, count = 0;
  if (type == "MAX_HEALTH_CHECKS_BY_OWNER") {
    value = options_.most_health_checks;
    count = checks_.size();
  } else if (type == "MAX_HOSTED_ZONES_BY_OWNER") {
    value = options_.most_hosted_zones;
    count = zones_.size();
  } else if (type == "MAX_REUSABLE_DELEGATION_SETS_BY_OWNER") {
    value = most_delegation_sets;
    count = delegation_sets_.size();
  } else if (type == "MAX_TRAFFIC_POLICIES_BY_OWNER") {
    value = most_traffic_policies;
    count = traffic_.size();
  } else {
    value = most_traffic_instances;
    count = traffic_.instances();
  }
  const auto limit =
      aws::Value::structure({{"Type", type}, {"Value", static_cast<std::int64_t>(value)}});
  return aws::Value::structure({{"Limit", limit}, {"Count", static_cast<std::int64_t>(count)}});
}

Route53::Out Route53::get_hosted_zone_limit(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  const auto& type = call.input["Type"].string();
  const bool of_vpcs = type != "MAX_RRSETS_BY_ZONE";
  if (of_vpcs && !(*zone)->is_private())
    return aws::refuse(
        "HostedZoneNotPrivate",
        "The specified hosted zone is a public hosted zone, not a private hosted zone.");
  const auto most = of_vpcs ? static_cast<std::int64_t>(most_vpcs_a_zone) : usual_records_a_zone;
  const auto count = of_vpcs ? (*zone)->vpcs.size() : (*zone)->record_set_count;
  const auto limit = aws::Value::structure({{"Type", type}, {"Value", most}});
  return aws::Value::structure({{"Limit", limit}, {"Count", static_cast<std::int64_t>(count)}});
}

// Here a zone needs no second Region to be changed in, so the feature is a word (fact route53-112).
Route53::Out Route53::update_hosted_zone_features(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  if ((*zone)->is_private())
    return aws::refuse("InvalidInput",
                       "Invalid parameter : Accelerated recovery is not supported for private "
                       "hosted zones.");
  if (const auto& on = call.input["EnableAcceleratedRecovery"])
    zones_.set_accelerated_recovery((*zone)->id, on.boolean());
  return aws::Value::structure();
}

}  // namespace sitelatch::route53
