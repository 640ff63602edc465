// SPDX-License-Identifier: Apache-2.0
#include "services/route53/hosted_zones.h"

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "base/check.h"
#include "base/text.h"
#include "dns/name.h"
#include "ports/rows.h"

namespace sitelatch::route53 {
namespace {

constexpr std::string_view zone_table = "route53.zones";
constexpr std::string_view record_table = "route53.records";

// A record's row is found again by zone, place in the listing and set identifier; zero bytes
// divide.
std::string record_key(std::string_view zone_id, std::string_view listed,
                       std::string_view set_identifier) {
  std::string out{zone_id};
  out += '\0';
  out += listed;
  out += '\0';
  out += set_identifier;
  return out;
}

aws::Value vpc_list(const std::vector<Vpc>& vpcs) {
  auto out = aws::Value::list();
  for (const auto& vpc : vpcs) out.push(to_value(vpc));
  return out;
}

std::vector<Vpc> stored_vpcs(const aws::Value& list) {
  std::vector<Vpc> out;
  for (const auto& item : list.items()) {
    auto vpc = parse_vpc(item);
    ports::expect_of_row(vpc.has_value(), "a VPC of it is none");
    out.push_back(std::move(*vpc));
  }
  return out;
}

std::string to_row(const HostedZone& zone) {
  auto servers = aws::Value::list();
  for (const auto& server : zone.name_servers) servers.push(server);
  auto out = aws::Value::structure({{"name", dns::name_to_text(zone.name)},
                                    {"ref", zone.caller_reference},
                                    {"comment", zone.comment},
                                    {"servers", servers},
                                    {"number", static_cast<std::int64_t>(zone.number)}});
  if (!zone.vpcs.empty()) out.set("vpcs", vpc_list(zone.vpcs));
  if (!zone.authorized.empty()) out.set("authorized", vpc_list(zone.authorized));
  if (!zone.delegation_set_id.empty()) out.set("set", zone.delegation_set_id);
  if (zone.accelerated_recovery) out.set("recovery", true);
  return aws::to_json(out);
}

HostedZone zone_from_row(std::string_view id, std::string_view row) {
  const auto value = aws::stored_value(row);
  auto name = dns::name_from_text(value["name"].string());
  ports::expect_of_row(name.has_value(), "its name is none");
  HostedZone out;
  out.id = std::string{id};
  out.name = std::move(*name);
  out.caller_reference = value["ref"].string();
  out.comment = value["comment"].string_or("");
  out.name_servers = value["servers"].strings();
  out.number = static_cast<std::uint64_t>(value["number"].integer());
  out.vpcs = stored_vpcs(value["vpcs"]);
  out.authorized = stored_vpcs(value["authorized"]);
  out.delegation_set_id = value["set"].string_or("");
  out.accelerated_recovery = value["recovery"].boolean_or(false);
  return out;
}

}  // namespace

HostedZones::HostedZones(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, zone_table, [&](std::string_view id, std::string_view row) {
    const auto [at, is_new] = zones_.emplace(ports::text_of_key(id),
                                             std::make_unique<HostedZone>(zone_from_row(id, row)));
    ENSURE(is_new);
    index(*at->second);
  });
  ports::take_rows(journal_, record_table, [&](std::string_view key, std::string_view row) {
    const auto zone = zones_.find(key.substr(0, key.find('\0')));
    ports::expect_of_row(zone != zones_.end(), "its zone is not there");
    auto record = record_set_from_row(row);
    auto listed = listing_key(record.name, record.type);
    ports::expect_of_row(key == record_key(zone->first, listed, record.set_identifier),
                         "another record's");
    ports::expect_of_row(dns::is_within(record.name, zone->second->name), "outside of its zone");
    auto& group = zone->second->groups[std::move(listed)];
    group.push_back(std::move(record));  // rows come in the order of set identifiers
    ++zone->second->record_set_count;
  });
}

void HostedZones::index(const HostedZone& zone) {
  by_name_.emplace(NameKey{listing_key(zone.name), zone.id}, &zone);
  if (!zone.is_private()) by_origin_[zone.name].emplace(zone.number, zone.id);
  references_.insert(zone.caller_reference);
  last_number_ = std::max(last_number_, zone.number);
}

void HostedZones::write(const HostedZone& zone) { journal_.put(zone_table, zone.id, to_row(zone)); }

const HostedZone* HostedZones::find(const std::string& id) const {
  const auto found = zones_.find(id);
  return found == zones_.end() ? nullptr : found->second.get();
}

void HostedZones::visit(const std::string& from,
                        const std::function<bool(const HostedZone&)>& visitor) const {
  for (auto at = zones_.lower_bound(from); at != zones_.end(); ++at)
    if (!visitor(*at->second)) return;
}

void HostedZones::visit_by_name(const std::string& wire_name, const std::string& id,
                                const std::function<bool(const HostedZone&)>& visitor) const {
  for (auto at = by_name_.lower_bound({listing_key(wire_name), id}); at != by_name_.end(); ++at)
    if (!visitor(*at->second)) return;
}

const HostedZone* HostedZones::served(const std::string& origin) const {
  const auto found = by_origin_.find(origin);
  return found == by_origin_.end() ? nullptr : find(found->second.begin()->second);
}

const HostedZone& HostedZones::add(HostedZone zone) {
  zone.number = ++last_number_;
  const auto id = zone.id;
  const auto [at, is_new] = zones_.emplace(id, std::make_unique<HostedZone>(std::move(zone)));
  ENSURE(is_new, "a zone id given twice");
  index(*at->second);
  write(*at->second);
  TouchedGroups touched;
  for (const auto& record : apex_records(*at->second))
    touched.emplace(listing_key(record.name, record.type), Group{record});
  commit(id, touched);
  return *at->second;
}

void HostedZones::remove(const std::string& id) {
  const auto found = zones_.find(id);
  ENSURE(found != zones_.end());
  const auto& zone = *found->second;
  journal_.erase(zone_table, id);
  journal_.erase_range(record_table, id + '\0', id + '\1');
  by_name_.erase({listing_key(zone.name), id});
  if (!zone.is_private()) {
    auto& namesakes = by_origin_.at(zone.name);
    namesakes.erase({zone.number, id});
    if (namesakes.empty()) by_origin_.erase(zone.name);
  }
  references_.erase(zone.caller_reference);
  zones_.erase(found);
}

void HostedZones::set_comment(const std::string& id, std::string comment) {
  auto& zone = *zones_.at(id);
  zone.comment = std::move(comment);
  write(zone);
}

void HostedZones::set_vpcs(const std::string& id, std::vector<Vpc> vpcs) {
  auto& zone = *zones_.at(id);
  ENSURE(zone.is_private() && !vpcs.empty(), "public and private zones stay what they are");
  zone.vpcs = std::move(vpcs);
  write(zone);
}

void HostedZones::set_authorized(const std::string& id, std::vector<Vpc> vpcs) {
  auto& zone = *zones_.at(id);
  zone.authorized = std::move(vpcs);
  write(zone);
}

void HostedZones::set_delegation_set(const std::string& id, std::string delegation_set_id) {
  auto& zone = *zones_.at(id);
  zone.delegation_set_id = std::move(delegation_set_id);
  write(zone);
}

void HostedZones::set_accelerated_recovery(const std::string& id, bool on) {
  auto& zone = *zones_.at(id);
  zone.accelerated_recovery = on;
  write(zone);
}

void HostedZones::commit(const std::string& id, const TouchedGroups& touched) {
  auto& zone = *zones_.at(id);
  for (const auto& [listed, group] : touched) {
    const auto before = zone.groups.find(listed);
    if (before != zone.groups.end()) {
      for (const auto& record : before->second)
        journal_.erase(record_table, record_key(id, listed, record.set_identifier));
      zone.record_set_count -= before->second.size();
      zone.groups.erase(before);
    }
    if (group.empty()) continue;
    for (const auto& record : group)
      journal_.put(record_table, record_key(id, listed, record.set_identifier), to_row(record));
    zone.record_set_count += group.size();
    zone.groups.emplace(listed, group);
  }
}

}  // namespace sitelatch::route53
