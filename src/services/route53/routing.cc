// SPDX-License-Identifier: Apache-2.0
#include "services/route53/routing.h"

#include <algorithm>
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

// Who comes first where AWS would look at who asks: nobody's place is known here (fact route53-36).
auto preference(const RecordSet& r, const std::string& home_region) {
  const bool catches_all = r.policy == Policy::latency       ? r.region == home_region
                           : r.policy == Policy::geolocation ? r.geo.country == "*"
                           : r.policy == Policy::cidr        ? r.cidr.location_name == "*"
                                                             : false;
  return std::tuple(!catches_all, std::string_view{r.region}, std::string_view{r.set_identifier});
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
dns::Choices Router::weighted_choices(const Members& candidates) {
  const bool any_weight = std::any_of(candidates.begin(), candidates.end(),
                                      [](const RecordSet* r) { return r->weight > 0; });
  std::vector<std::pair<std::uint64_t, dns::Choices>> parts;
  for (const auto* record : candidates) {
    if (any_weight && record->weight == 0) continue;
    parts.emplace_back(any_weight ? static_cast<std::uint64_t>(record->weight) : 1,
                       resolve_record(*record).choices);
  }
  const bool nested =
      std::any_of(parts.begin(), parts.end(), [](const auto& p) { return p.second.size() > 1; });
  dns::Choices out;
  for (const auto& [weight, inner] : parts) add_weighted(out, weight, inner, nested);
  return out;
}

Resolution Router::decide(const Group& group) {
  Members all, well;
  for (const auto& record : group) {
    all.push_back(&record);
    if (healthy(record)) well.push_back(&record);
  }
  const bool healthy_group = !well.empty();
  const Members& candidates =
      healthy_group ? well : all;  // nothing healthy: everything counts as healthy
  Resolution out{{}, healthy_group};
  switch (group.front().policy) {
    case Policy::simple:
      out.choices = resolve_record(group.front()).choices;
      break;
    case Policy::multivalue:
      out.choices = multivalue_choices(candidates);
      break;
    case Policy::failover: {
      const auto primary =
          std::find_if(candidates.begin(), candidates.end(),
                       [](const RecordSet* r) { return r->failover == Failover::primary; });
      out.choices =
          resolve_record(primary == candidates.end() ? *candidates.front() : **primary).choices;
      break;
    }
    case Policy::weighted:
      out.choices = weighted_choices(candidates);
      break;
    default: {
      const auto first = std::min_element(
          candidates.begin(), candidates.end(), [&](const RecordSet* a, const RecordSet* b) {
            return preference(*a, home_region_) < preference(*b, home_region_);
          });
      out.choices = resolve_record(**first).choices;
    }
  }
  return out;
}

}  // namespace sitelatch::route53
