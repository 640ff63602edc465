// SPDX-License-Identifier: Apache-2.0
#include "services/route53/change_batch.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "dns/name.h"
#include "dns/type.h"
#include "services/route53/aws_zones.h"
#include "services/route53/geo_locations.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_elements = 1000, most_characters = 32'000, most_in_group = 100;

// "[name='www.example.com.', type='A', set-identifier='x']"
std::string named(const RecordSet& r) {
  const auto set =
      r.set_identifier.empty() ? "" : fmt::format(", set-identifier='{}'", r.set_identifier);
  return fmt::format("[name='{}', type='{}'{}]", shown(r.name), dns::type_to_text(r.type), set);
}
// "RRSet with DNS name www.example.com., type A, SetIdentifier x"
std::string described(const RecordSet& r) {
  const auto set =
      r.set_identifier.empty() ? "" : fmt::format(", SetIdentifier {}", r.set_identifier);
  return fmt::format("RRSet with DNS name {}, type {}{}", shown(r.name), dns::type_to_text(r.type),
                     set);
}

std::string_view word_for(Policy policy) {
  switch (policy) {
    case Policy::weighted:
      return "weighted";
    case Policy::failover:
      return "failover";
    case Policy::latency:
      return "latency";
    case Policy::geolocation:
      return "geolocation";
    case Policy::geoproximity:
      return "geoproximity";
    case Policy::cidr:
      return "CIDR";
    default:
      return "simple";
  }
}

// One batch at work: the zone beneath, the touched groups above.
class Batch {
 public:
  Batch(const HostedZone& zone, const BatchWorld& world) : zone_(zone), world_(world) {}

  void apply(const Change& change);
  void check_together(const std::vector<Change>& changes);

  std::vector<std::string> errors;
  std::optional<aws::Error> fatal;  // not a matter of the batch: an unknown health check
  TouchedGroups touched;

 private:
  bool within_zone(const RecordSet& record);
  void create(const RecordSet& record, Group& group);
  void remove(const RecordSet& record, Group& group);
  void upsert(const RecordSet& record, Group& group);
  void check_alone(const RecordSet& record);
  void check_place(const RecordSet& record);
  void check_privacy(const RecordSet& record);
  void check_alias(const RecordSet& record);
  void check_outside_alias(const RecordSet& record, const std::string& tried);
  void check_policy(const RecordSet& record, const Group& group);
  void check_twins(const RecordSet& record, const Group& group);
  void check_cname(const RecordSet& record);
  void check_apex();

  Group& group_of(const RecordSet& record);
  const Group* current(const HostedZone& zone, const std::string& name, std::uint16_t type) const;
  bool other_types_at(const RecordSet& record) const;
  void refuse(std::string text) { errors.push_back(std::move(text)); }

  const HostedZone& zone_;
  const BatchWorld& world_;
};

Group::iterator position(Group& group, const RecordSet& record) {
  return std::lower_bound(
      group.begin(), group.end(), record,
      [](const RecordSet& a, const RecordSet& b) { return a.set_identifier < b.set_identifier; });
}
bool found_at(const Group& group, Group::iterator at, const RecordSet& record) {
  return at != group.end() && at->set_identifier == record.set_identifier;
}

Group& Batch::group_of(const RecordSet& record) {
  auto key = listing_key(record.name, record.type);
  if (const auto there = touched.find(key); there != touched.end()) return there->second;
  const auto base = zone_.groups.find(key);
  return touched.emplace(std::move(key), base == zone_.groups.end() ? Group{} : base->second)
      .first->second;
}

const Group* Batch::current(const HostedZone& zone, const std::string& name,
                            std::uint16_t type) const {
  if (&zone != &zone_) return zone.group(name, type);
  const auto there = touched.find(listing_key(name, type));
  if (there != touched.end()) return there->second.empty() ? nullptr : &there->second;
  return zone_.group(name, type);
}

bool Batch::within_zone(const RecordSet& record) {
  if (dns::is_within(record.name, zone_.name)) return true;
  refuse(fmt::format("RRSet with DNS name {} is not permitted in zone {}", shown(record.name),
                     shown(zone_.name)));
  return false;
}

void Batch::apply(const Change& change) {
  const auto& record = change.record;
  if (record.alias && change.action != Change::Action::remove) check_alias(record);
  if (!within_zone(record)) return;
  if (change.action != Change::Action::remove) check_alone(record);
  auto& group = group_of(record);
  switch (change.action) {
    case Change::Action::create:
      return create(record, group);
    case Change::Action::remove:
      return remove(record, group);
    case Change::Action::upsert:
      return upsert(record, group);
  }
}

void Batch::create(const RecordSet& record, Group& group) {
  const auto at = position(group, record);
  if (found_at(group, at, record))
    return refuse(
        fmt::format("Tried to create resource record set {} but it already exists", named(record)));
  group.insert(at, record);
}

void Batch::remove(const RecordSet& record, Group& group) {
  const auto at = position(group, record);
  if (!found_at(group, at, record))
    return refuse(
        fmt::format("Tried to delete resource record set {} but it was not found", named(record)));
  if (!at->same_as(record))
    return refuse(
        fmt::format("Tried to delete resource record set {} but the values provided do not match "
                    "the current values",
                    named(record)));
  group.erase(at);
}

void Batch::upsert(const RecordSet& record, Group& group) {
  const auto at = position(group, record);
  if (!found_at(group, at, record)) {
    group.insert(at, record);
    return;
  }
  *at = record;
}

void Batch::check_alone(const RecordSet& r) {
  const bool apex = r.name == zone_.name;
  if (!r.health_check_id.empty() && !world_.health_check_exists(r.health_check_id) && !fatal)
    fatal = aws::Error{"NoSuchHealthCheck",
                       fmt::format("A health check with id {} does not exist.", r.health_check_id),
                       0,
                       {}};
  if (r.policy == Policy::failover && r.failover == Failover::primary && !r.alias &&
      r.health_check_id.empty())
    refuse(
        "A non-alias primary ResourceRecordSet must have an associated health check. No changes "
        "made.");
  if (r.policy == Policy::geolocation) check_place(r);
  if (apex && r.type == dns::type::cname)
    refuse(fmt::format("RRSet of type CNAME with DNS name {} is not permitted at apex in zone {}",
                       shown(r.name), shown(zone_.name)));
  if (r.type == dns::type::soa && !apex)
    refuse(fmt::format("RRSet of type SOA with DNS name {} is only permitted at apex in zone {}",
                       shown(r.name), shown(zone_.name)));
  if (r.type == dns::type::ds && apex)
    refuse(fmt::format("RRSet of type DS with DNS name {} is not permitted at apex in zone {}",
                       shown(r.name), shown(zone_.name)));
  check_privacy(r);
  if (r.policy == Policy::cidr && world_.missing_cidr)
    if (auto missing = world_.missing_cidr(r.cidr); !missing.empty()) refuse(std::move(missing));
}

// A continent, or a country and perhaps a part of it, that Route 53 knows.
void Batch::check_place(const RecordSet& r) {
  const auto& [continent, country, subdivision] = r.geo;
  const bool of_country = continent.empty() && !country.empty();
  const bool of_continent = !continent.empty() && country.empty() && subdivision.empty();
  if ((of_country || of_continent) && find_geo_place(continent, country, subdivision)) return;
  std::string named;
  for (const auto& [key, code] : {std::pair{"ContinentCode", continent},
                                  {"CountryCode", country},
                                  {"SubdivisionCode", subdivision}})
    if (!code.empty()) named += fmt::format("{}{}={}", named.empty() ? "" : ", ", key, code);
  refuse(fmt::format("{} cannot be created as there is no geolocation [{}].", described(r), named));
}

// What is private is answered to nobody outside, by no alias either.
void Batch::check_privacy(const RecordSet& r) {
  if (!r.alias || !r.traffic_policy_instance_id.empty()) return;
  const auto* target = world_.zone(r.alias->zone_id);
  if (!target || target->is_private() == zone_.is_private()) return;
  refuse(fmt::format(
      "Tried to create an alias that targets {}, type {} in zone {}, but a public and a "
      "private hosted zone cannot have aliases to one another",
      shown(r.alias->name), dns::type_to_text(r.type), target->id));
}

void Batch::check_alias(const RecordSet& r) {
  if (r.type == dns::type::soa || r.type == dns::type::ns)
    return refuse(fmt::format("RRSet of type {} with DNS name {} cannot be an alias",
                              dns::type_to_text(r.type), shown(r.name)));
  const auto* zone = world_.zone(r.alias->zone_id);
  const auto tried = fmt::format("Tried to create an alias that targets {}, type {} in zone {},",
                                 shown(r.alias->name), dns::type_to_text(r.type), r.alias->zone_id);
  if (!zone) return check_outside_alias(r, tried);
  if (!dns::is_within(r.alias->name, zone->name))
    refuse(tried + " but the alias target name does not lie within the target zone");
  const bool itself = r.alias->name == r.name && zone == &zone_;
  if (itself || !current(*zone, r.alias->name, r.type))
    refuse(tried + " but that target was not found");
}

// A target in one of AWS's own zones. An id that is nobody's is told as a zone in which the name
// does not lie (fact route53-132).
void Batch::check_outside_alias(const RecordSet& r, const std::string& tried) {
  const auto* zone = aws_zone(r.alias->zone_id);
  if (!zone && world_.target_declared && world_.target_declared(r.alias->zone_id, r.alias->name))
    return;
  if (!zone || !dns::is_within(r.alias->name, zone->origin))
    refuse(tried + " but the alias target name does not lie within the target zone");
  if (!zone || !may_be_target(*zone, r.alias->name, r.type))
    return refuse(tried + " but that target was not found");
  if (zone->kind == AwsZone::Kind::distribution && r.alias->evaluate_target_health)
    refuse(
        fmt::format("EvaluateTargetHealth cannot be true for {}: its alias target {} is a "
                    "CloudFront distribution",
                    described(r), shown(r.alias->name)));
}

// --- what the batch leaves

void Batch::check_together(const std::vector<Change>& changes) {
  for (const auto& change : changes) {
    if (change.action == Change::Action::remove) continue;
    const auto& group = touched.at(listing_key(change.record.name, change.record.type));
    const auto& record = change.record;
    const bool stays = std::any_of(group.begin(), group.end(), [&](const RecordSet& r) {
      return r.set_identifier == record.set_identifier;
    });
    if (!stays) continue;
    if (group.size() > most_in_group)
      refuse(
          fmt::format("{} cannot be created as there are already {} with the same name and type.",
                      described(record), most_in_group));
    else
      check_policy(record, group);
    check_cname(record);
  }
  check_apex();
}

void Batch::check_policy(const RecordSet& record, const Group& group) {
  const bool alone = std::all_of(group.begin(), group.end(),
                                 [&](const RecordSet& r) { return r.policy == record.policy; });
  if (alone) return record.policy == Policy::simple ? void() : check_twins(record, group);
  if (record.policy == Policy::simple)
    refuse(described(record) +
           " cannot be created as other RRSets exist with the same name and type.");
  else if (record.policy == Policy::multivalue)
    refuse(described(record) +
           " cannot be created because a non multivalue answer rrset exists with the same name and "
           "type.");
  else
    refuse(fmt::format("{} cannot be created as a non-{} set exists with the same name and type.",
                       described(record), word_for(record.policy)));
}

// Two records of one group that say the same about whom they are for.
void Batch::check_twins(const RecordSet& record, const Group& group) {
  for (const auto& other : group) {
    if (other.set_identifier == record.set_identifier) continue;
    if (record.policy == Policy::weighted && !record.alias && !other.alias &&
        record.ttl != other.ttl)
      return refuse(
          fmt::format("RRSet with DNS name {} and type {}, SetIdentifier {} cannot be created as "
                      "weighted sets must contain the same TTL.",
                      shown(record.name), dns::type_to_text(record.type), record.set_identifier));
    if (record.policy == Policy::latency && record.region == other.region)
      return refuse(
          fmt::format("{}, and Region Name={} cannot be created because a latency RRSet with the "
                      "same name, type and region already exists.",
                      described(record), record.region));
    if (record.policy == Policy::failover && record.failover == other.failover)
      return refuse(fmt::format(
          "{}, and Failover={} cannot be created because a failover RRSet with the same name, type "
          "and failover already exists.",
          described(record), record.failover == Failover::primary ? "PRIMARY" : "SECONDARY"));
    const bool same_place = (record.policy == Policy::geolocation && record.geo == other.geo) ||
                            (record.policy == Policy::cidr && record.cidr == other.cidr);
    if (same_place)
      return refuse(
          fmt::format("{} cannot be created because a {} RRSet with the same name, type and "
                      "location already exists.",
                      described(record), word_for(record.policy)));
  }
}

bool Batch::other_types_at(const RecordSet& record) const {
  const auto own = listing_key(record.name, record.type);
  const auto prefix = listing_key(record.name) + '\0';
  const auto at_this_name = [&](const std::string& key) {
    return key.compare(0, prefix.size(), prefix) == 0;
  };
  for (auto at = touched.lower_bound(prefix); at != touched.end() && at_this_name(at->first); ++at)
    if (at->first != own && !at->second.empty()) return true;
  for (auto at = zone_.groups.lower_bound(prefix);
       at != zone_.groups.end() && at_this_name(at->first); ++at)
    if (at->first != own && !touched.contains(at->first)) return true;
  return false;
}

void Batch::check_cname(const RecordSet& r) {
  if (r.type == dns::type::cname) {
    if (other_types_at(r))
      refuse(
          fmt::format("RRSet of type CNAME with DNS name {} is not permitted as it conflicts with "
                      "other records with the same DNS name in zone {}",
                      shown(r.name), shown(zone_.name)));
  } else if (current(zone_, r.name, dns::type::cname)) {
    refuse(
        fmt::format("RRSet of type {} with DNS name {} is not permitted because a conflicting "
                    "RRSet of type CNAME with the same DNS name already exists in zone {}",
                    dns::type_to_text(r.type), shown(r.name), shown(zone_.name)));
  }
}

void Batch::check_apex() {
  if (!current(zone_, zone_.name, dns::type::soa))
    refuse("A HostedZone must contain exactly one SOA record.");
  if (!current(zone_, zone_.name, dns::type::ns))
    refuse("A HostedZone must contain at least one NS record for the zone itself.");
}

// What a batch may hold at most; an UPSERT counts double.
std::vector<std::string> beyond_limits(const std::vector<Change>& changes) {
  std::size_t elements = 0, characters = 0;
  for (const auto& change : changes) {
    const std::size_t times = change.action == Change::Action::upsert ? 2 : 1;
    elements += times * std::max<std::size_t>(1, change.record.values.size());
    for (const auto& value : change.record.values) characters += times * value.size();
  }
  std::vector<std::string> out;
  if (elements > most_elements)
    out.push_back(fmt::format("Number of records limit of {} exceeded.", most_elements));
  if (characters > most_characters)
    out.push_back(fmt::format("Number of characters limit of {} exceeded.", most_characters));
  return out;
}

// Record sets that a batch changes more than once. A DELETE before a CREATE is one change of two
// halves (fact route53-99).
std::vector<std::string> changed_twice(const std::vector<Change>& changes) {
  using Action = Change::Action;
  std::map<std::pair<std::string, std::string>, std::vector<const Change*>> by_set;
  for (const auto& change : changes)
    by_set[{listing_key(change.record.name, change.record.type), change.record.set_identifier}]
        .push_back(&change);
  std::vector<std::string> out;
  for (const auto& [key, of_one] : by_set) {
    const bool replaced = of_one.size() == 2 && of_one[0]->action == Action::remove &&
                          of_one[1]->action == Action::create;
    const auto& record = of_one[0]->record;
    if (of_one.size() > 1 && !replaced)
      out.push_back(
          fmt::format("The request contains an invalid set of changes for a resource record set "
                      "'{} {}'",
                      dns::type_to_text(record.type), shown(record.name)));
  }
  return out;
}

}  // namespace

aws::Error invalid_batch(const std::vector<std::string>& faults) {
  return {"InvalidChangeBatch", fmt::format("[{}]", join(faults, ", ")), 0, {}};
}

aws::Outcome<TouchedGroups> apply(const HostedZone& zone, const std::vector<Change>& changes,
                                  const BatchWorld& world) {
  if (const auto beyond = beyond_limits(changes); !beyond.empty())
    return failure(invalid_batch(beyond));
  if (const auto twice = changed_twice(changes); !twice.empty())
    return failure(invalid_batch(twice));
  Batch batch{zone, world};
  for (const auto& change : changes) batch.apply(change);
  if (batch.fatal) return failure(*batch.fatal);
  if (batch.errors.empty()) batch.check_together(changes);
  if (!batch.errors.empty()) return failure(invalid_batch(batch.errors));
  return std::move(batch.touched);
}

}  // namespace sitelatch::route53
