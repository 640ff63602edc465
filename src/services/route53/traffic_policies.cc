// SPDX-License-Identifier: Apache-2.0
#include "services/route53/traffic_policies.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "base/check.h"
#include "base/text.h"
#include "dns/name.h"
#include "dns/type.h"
#include "ports/rows.h"
#include "services/route53/hosted_zone.h"
#include "services/route53/traffic_document.h"

namespace sitelatch::route53 {
namespace {

constexpr std::string_view policies_table = "route53.traffic_policies";
constexpr std::string_view instances_table = "route53.traffic_instances";

std::string policy_key(const TrafficPolicyVersion& version) {
  return fmt::format("{}/{:04}", version.id, version.version);
}

std::uint16_t stored_type(const aws::Value& value) {
  const auto type = dns::type_from_text(value.string());
  ports::expect_of_row(type.has_value(), "its type is none");
  return *type;
}

TrafficPolicyVersion policy_from_row(std::string_view key, std::string_view row) {
  const auto value = aws::stored_value(row);
  TrafficPolicyVersion out;
  const auto text = ports::text_of_key(key);
  const auto slash = text.find('/');
  const auto version = parse_int(std::string_view{text}.substr(slash + 1));
  ports::expect_of_row(slash != std::string::npos && version, "its key is no version");
  out.id = text.substr(0, slash);
  out.version = *version;
  out.name = value["name"].string();
  out.type = stored_type(value["type"]);
  out.document = value["document"].string();
  out.comment = value["comment"].string_or("");
  out.number = static_cast<std::uint64_t>(value["number"].integer());
  out.deleted = value["deleted"].boolean_or(false);
  ports::expect_of_row(parse_traffic_document(out.document).has_value(), "its document is none");
  return out;
}

TrafficInstance instance_from_row(std::string_view key, std::string_view row) {
  const auto value = aws::stored_value(row);
  TrafficInstance out;
  out.id = ports::text_of_key(key);
  out.zone_id = value["zone"].string();
  const auto name = dns::name_from_text(value["name"].string());
  ports::expect_of_row(name.has_value(), "its name is none");
  out.name = *name;
  out.type = stored_type(value["type"]);
  out.ttl = static_cast<std::uint32_t>(value["ttl"].integer());
  out.policy_id = value["policy"].string();
  out.policy_version = value["version"].integer();
  out.failed = value["failed"].string_or("");
  return out;
}

std::string to_row(const TrafficInstance& instance) {
  auto out = aws::Value::structure({{"zone", instance.zone_id},
                                    {"name", dns::name_to_text(instance.name)},
                                    {"type", dns::type_to_text(instance.type)},
                                    {"ttl", instance.ttl},
                                    {"policy", instance.policy_id},
                                    {"version", instance.policy_version}});
  if (!instance.failed.empty()) out.set("failed", instance.failed);
  return aws::to_json(out);
}

bool is_live(const std::map<std::int64_t, TrafficPolicyVersion>& versions) {
  return std::any_of(versions.begin(), versions.end(),
                     [](const auto& entry) { return !entry.second.deleted; });
}

}  // namespace

TrafficPolicies::TrafficPolicies(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, policies_table, [&](std::string_view key, std::string_view row) {
    auto version = policy_from_row(key, row);
    last_number_ = std::max(last_number_, version.number);
    const auto id = version.id;
    const auto number = version.version;
    policies_[id].emplace(number, std::move(version));
  });
  for (const auto& [id, versions] : policies_)
    if (is_live(versions)) ++live_;
  ports::take_rows(journal_, instances_table, [&](std::string_view key, std::string_view row) {
    auto instance = instance_from_row(key, row);
    ports::expect_of_row(find(instance.policy_id, instance.policy_version) != nullptr,
                         "its policy is not there");
    by_place_.emplace(place_of(instance), instance.id);
    instances_.emplace(instance.id, instance);
  });
}

const TrafficPolicyVersion* TrafficPolicies::find(const std::string& id,
                                                  std::int64_t version) const {
  const auto policy = policies_.find(id);
  if (policy == policies_.end()) return nullptr;
  const auto found = policy->second.find(version);
  return found == policy->second.end() ? nullptr : &found->second;
}

bool TrafficPolicies::name_used(const std::string& name) const {
  return std::any_of(policies_.begin(), policies_.end(), [&](const auto& entry) {
    return entry.second.begin()->second.name == name && is_live(entry.second);
  });
}

std::vector<const TrafficPolicyVersion*> TrafficPolicies::versions(const std::string& id) const {
  std::vector<const TrafficPolicyVersion*> out;
  const auto policy = policies_.find(id);
  if (policy == policies_.end()) return out;
  for (const auto& [number, version] : policy->second)
    if (!version.deleted) out.push_back(&version);
  return out;
}

std::int64_t TrafficPolicies::next_version(const std::string& id) const {
  const auto policy = policies_.find(id);
  return policy == policies_.end() ? 1 : policy->second.rbegin()->first + 1;
}

std::vector<std::string> TrafficPolicies::ids() const {
  std::map<std::uint64_t, std::string> out;
  for (const auto& [id, versions] : policies_)
    if (is_live(versions)) out.emplace(versions.begin()->second.number, id);
  std::vector<std::string> list;
  for (auto& [number, id] : out) list.push_back(std::move(id));
  return list;
}

void TrafficPolicies::write(const TrafficPolicyVersion& version) {
  auto row = aws::Value::structure({{"name", version.name},
                                    {"type", dns::type_to_text(version.type)},
                                    {"document", version.document},
                                    {"comment", version.comment},
                                    {"number", static_cast<std::int64_t>(version.number)}});
  if (version.deleted) row.set("deleted", true);
  journal_.put(policies_table, policy_key(version), aws::to_json(row));
}

const TrafficPolicyVersion& TrafficPolicies::add(TrafficPolicyVersion version) {
  auto& versions = policies_[version.id];
  version.number = versions.empty() ? ++last_number_ : versions.begin()->second.number;
  if (!is_live(versions)) ++live_;
  const auto number = version.version;
  const auto [at, is_new] = versions.emplace(number, std::move(version));
  ENSURE(is_new, "a version of a traffic policy given twice");
  write(at->second);
  return at->second;
}

void TrafficPolicies::set_comment(const std::string& id, std::int64_t version,
                                  std::string comment) {
  auto& found = policies_.at(id).at(version);
  found.comment = std::move(comment);
  write(found);
}

void TrafficPolicies::remove(const std::string& id, std::int64_t version) {
  auto& versions = policies_.at(id);
  auto& found = versions.at(version);
  if (found.deleted) return;
  found.deleted = true;
  write(found);
  if (!is_live(versions)) --live_;
}

TrafficPolicies::Place TrafficPolicies::place_of(const TrafficInstance& instance) {
  return {instance.zone_id, listing_key(instance.name, instance.type)};
}

const TrafficInstance* TrafficPolicies::instance(const std::string& id) const {
  const auto found = instances_.find(id);
  return found == instances_.end() ? nullptr : &found->second;
}

const TrafficInstance* TrafficPolicies::instance_at(const std::string& zone_id,
                                                    const std::string& wire_name,
                                                    std::uint16_t type) const {
  const auto found = by_place_.find({zone_id, listing_key(wire_name, type)});
  return found == by_place_.end() ? nullptr : instance(found->second);
}

bool TrafficPolicies::in_use(const std::string& id, std::int64_t version) const {
  return std::any_of(instances_.begin(), instances_.end(), [&](const auto& entry) {
    return entry.second.policy_id == id && entry.second.policy_version == version;
  });
}

std::vector<const TrafficInstance*> TrafficPolicies::listed() const {
  std::vector<const TrafficInstance*> out;
  for (const auto& [place, id] : by_place_) out.push_back(&instances_.at(id));
  return out;
}

void TrafficPolicies::put(TrafficInstance instance) {
  journal_.put(instances_table, instance.id, to_row(instance));
  by_place_[place_of(instance)] = instance.id;
  const auto id = instance.id;
  instances_.insert_or_assign(id, std::move(instance));
}

void TrafficPolicies::set_applied(const std::string& id) {
  if (const auto found = instances_.find(id); found != instances_.end())
    found->second.applied = true;
}

void TrafficPolicies::remove_instance(const std::string& id) {
  const auto found = instances_.find(id);
  ENSURE(found != instances_.end());
  journal_.erase(instances_table, id);
  by_place_.erase(place_of(found->second));
  instances_.erase(found);
}

}  // namespace sitelatch::route53
