// SPDX-License-Identifier: Apache-2.0
#include "services/route53/routing.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>

#include "dns/name.h"

namespace sitelatch::route53 {
namespace {

constexpr int deepest_alias = 32;  // longer chains, and circles, answer nothing (fact route53-35)
constexpr std::size_t most_choices = 1024;  // of nested weighted groups (fact route53-38)
constexpr std::size_t most_multivalue = 8;
constexpr std::uint64_t weight_unit = 100'000;  // 255 x 100 records still fit 32 bits

const Resolution unresolved{{}, false};

// Weights of a record's inner choices so scaled that together they weigh what the record weighs.
void add_weighted(dns::Choices& out, std::uint64_t weight, const dns::Choices& inner, bool nested) {
  std::uint64_t whole = 0;
  for (const auto& choice : inner) whole += choice.weight;
  for (const auto& choice : inner) {
    const auto scaled =
        nested ? std::max<std::uint64_t>(1, weight * weight_unit * choice.weight / whole) : weight;
    const auto same = std::find_if(out.begin(), out.end(), [&](const dns::Choice& c) {
      return c.rrset == choice.rrset && c.fails == choice.fails;
    });
    if (same != out.end())
      same->weight += static_cast<std::uint32_t>(scaled);
    else if (out.size() < most_choices)
      out.push_back({static_cast<std::uint32_t>(scaled), choice.rrset, choice.fails});
  }
}

// Multivalue: up to eight records at a time; of more, every run of eight in a circle is as likely
// as another.
dns::Choices multivalue_choices(const std::vector<const RecordSet*>& members) {
  const auto answer_from = [&](std::size_t start) {
    dns::Rrset out;
    const auto count = std::min(members.size(), most_multivalue);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& record = *members[(start + i) % members.size()];
      out.ttl = i == 0 ? record.ttl : std::min(out.ttl, record.ttl);
      for (const auto& rdata : record.rdata)
        if (std::find(out.rdata.begin(), out.rdata.end(), rdata) == out.rdata.end())
          out.rdata.push_back(rdata);
    }
    return out;
  };
  dns::Choices out;
  const std::size_t starts = members.size() > most_multivalue ? members.size() : 1;
  for (std::size_t start = 0; start < starts; ++start) out.push_back({1, answer_from(start)});
  return out;
}

// "eu" of "eu-central-1": Regions of one area are nearer to one another than to others.
std::string_view area(std::string_view region) { return region.substr(0, region.find('-')); }

// How well a place fits a record that names one, 0 not at all (fact route53-137).
int fit(const GeoLocation& geo, const Asker& asker) {
  if (geo.country == "*") return 1;
  if (!geo.continent.empty()) return geo.continent == asker.continent ? 2 : 0;
  if (geo.country.empty() || geo.country != asker.country) return 0;
  if (geo.subdivision.empty()) return 3;
  return geo.subdivision == asker.subdivision ? 4 : 0;
}

}  // namespace

const Resolution& Router::resolve(const NodeKey& key) {
  if (depth_ >= deepest_alias) return unresolved;
  const auto [at, is_new] =
      known_.try_emplace(key, unresolved);  // who comes back here while it is open: a circle
  if (!is_new) return at->second;
  const auto* zone = world_.zone(key.zone_id);
  const auto* group = zone ? zone->group(key.name, key.type) : nullptr;
  if (!group)
    return at->second;  // nothing there: no data, and unhealthy for whoever relies on it (fact
                        // route53-34)
  ++depth_;
  auto decided = decide(*group);
  --depth_;
  at->second = std::move(decided);
  return at->second;
}

const Resolution& Router::target_of(const RecordSet& record) {
  const NodeKey key{record.alias->zone_id, record.alias->name, record.type};
  const auto* zone = world_.zone(key.zone_id);
  if (zone && dns::is_within(key.name, zone->name)) return resolve(key);
  const auto [at, is_new] = known_.try_emplace(key);
  if (is_new) at->second = world_.outside(*record.alias, record.type);
  return at->second;
}

bool Router::healthy(const RecordSet& record) {
  if (!record.health_check_id.empty() && world_.health(record.health_check_id) == Status::unhealthy)
    return false;
  return !record.alias || !record.alias->evaluate_target_health || target_of(record).healthy;
}

Resolution Router::resolve_record(const RecordSet& record) {
  if (record.alias) return target_of(record);
  return {{{1, {record.ttl, record.rdata}}}, true};
}

// Records of weight 0 count only when no other is left; then all of them alike.
Resolution Router::weighted(const Members& candidates) {
  const bool any_weight = std::any_of(candidates.begin(), candidates.end(),
                                      [](const RecordSet* r) { return r->weight > 0; });
  Resolution out;
  std::vector<std::pair<std::uint64_t, dns::Choices>> parts;
  for (const auto* record : candidates) {
    if (any_weight && record->weight == 0) continue;
    auto resolved = resolve_record(*record);
    out.by_asker |= resolved.by_asker;
    parts.emplace_back(any_weight ? static_cast<std::uint64_t>(record->weight) : 1,
                       std::move(resolved.choices));
  }
  const bool nested =
      std::any_of(parts.begin(), parts.end(), [](const auto& p) { return p.second.size() > 1; });
  for (const auto& [weight, inner] : parts) add_weighted(out.choices, weight, inner, nested);
  return out;
}

// The records that are for this asker, those first that are meant for him most of all.
Router::Members Router::for_asker(const Group& group) const {
  std::vector<std::pair<int, const RecordSet*>> fits;
  for (const auto& record : group) {
    int how = 0;
    if (record.policy == Policy::geolocation) {
      how = fit(record.geo, asker_);
    } else if (record.cidr.location_name == "*") {
      how = 1;
    } else if (!asker_.network.bytes.empty()) {
      const auto its = world_.cidr_location(record.cidr.collection_id, asker_.network);
      how = !its.empty() && its == record.cidr.location_name ? 2 : 0;
    }
    if (how > 0) fits.emplace_back(-how, &record);
  }
  std::stable_sort(fits.begin(), fits.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Members out;
  for (const auto& [how, record] : fits) out.push_back(record);
  return out;
}

// Between an asker and a record that names a Region: nobody has measured it.
int Router::distance(const RecordSet& record) const {
  const auto& its = record.policy == Policy::latency ? record.region : record.proximity.region;
  if (!asker_.region.empty()) {
    if (its == asker_.region) return 0;
    if (area(its) == area(asker_.region)) return 1;
  }
  return its == home_region_ ? 2 : 3;
}

Resolution Router::decide(const Group& group) {
  const auto policy = group.front().policy;
  const bool of_places = policy == Policy::geolocation || policy == Policy::cidr;
  Members all;
  if (of_places)
    all = for_asker(group);
  else
    for (const auto& record : group) all.push_back(&record);
  Members well;
  std::copy_if(all.begin(), all.end(), std::back_inserter(well),
               [this](const RecordSet* record) { return healthy(*record); });
  // Whose turn it is depends on who asks; whether the group is well does not.
  const bool healthy_group =
      of_places ? std::any_of(group.begin(), group.end(),
                              [this](const RecordSet& record) { return healthy(record); })
                : !well.empty();
  const Members& candidates =
      well.empty() ? all : well;  // nothing healthy: everything counts as healthy
  Resolution out{{}, healthy_group, of_places};
  const auto take = [&](Resolution from) {
    out.choices = std::move(from.choices);
    out.by_asker |= from.by_asker;
  };
  switch (policy) {
    case Policy::simple:
      take(resolve_record(group.front()));
      break;
    case Policy::multivalue:
      out.choices = multivalue_choices(candidates);
      break;
    case Policy::failover: {
      const auto primary =
          std::find_if(candidates.begin(), candidates.end(),
                       [](const RecordSet* r) { return r->failover == Failover::primary; });
      take(resolve_record(primary == candidates.end() ? *candidates.front() : **primary));
      break;
    }
    case Policy::weighted:
      take(weighted(candidates));
      break;
    case Policy::geolocation:
    case Policy::cidr:
      if (!candidates.empty()) take(resolve_record(*candidates.front()));
      break;
    case Policy::latency:
    case Policy::geoproximity: {
      const auto rank = [this](const RecordSet* r) {
        return std::tuple(distance(*r), std::string_view{r->region},
                          std::string_view{r->set_identifier});
      };
      const auto first = std::min_element(
          candidates.begin(), candidates.end(),
          [&](const RecordSet* a, const RecordSet* b) { return rank(a) < rank(b); });
      take(resolve_record(**first));
      out.by_asker = true;
    }
  }
  return out;
}

}  // namespace sitelatch::route53
