// SPDX-License-Identifier: Apache-2.0
// Instances of traffic policies: a record that everybody sees, and behind it the tree that the
// document draws (fact route53-119).
#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "dns/name.h"
#include "dns/type.h"
#include "services/route53/ids.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"
#include "services/route53/traffic_document.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_instances_a_page = 100;

aws::Value to_value(const TrafficInstance& instance, std::string_view under_way = "Creating") {
  const auto state = !instance.failed.empty() ? "Failed" : instance.applied ? "Applied" : under_way;
  return aws::Value::structure({{"Id", instance.id},
                                {"HostedZoneId", instance.zone_id},
                                {"Name", shown(instance.name)},
                                {"TTL", instance.ttl},
                                {"State", state},
                                {"Message", instance.failed},
                                {"TrafficPolicyId", instance.policy_id},
                                {"TrafficPolicyVersion", instance.policy_version},
                                {"TrafficPolicyType", dns::type_to_text(instance.type)}});
}

auto no_such_instance(const std::string& id) {
  return aws::refuse(
      "NoSuchTrafficPolicyInstance",
      fmt::format("No traffic policy instance exists with the specified ID: {}.", id));
}

// Where a page starts: the instance that the markers name, all three or those that the list takes.
// One past the end: no markers and no instances.
aws::Outcome<std::size_t> instances_start(const std::vector<const TrafficInstance*>& list,
                                          const aws::Value& in, bool names_zone) {
  const bool zone = in.has("HostedZoneIdMarker"), name = in.has("TrafficPolicyInstanceNameMarker"),
             type = in.has("TrafficPolicyInstanceTypeMarker");
  if (!zone && !name && !type) return std::size_t{0};
  if (!name || !type || zone != names_zone)
    return aws::refuse("InvalidInput",
                       names_zone ? "Invalid parameter : HostedZoneIdMarker, "
                                    "TrafficPolicyInstanceNameMarker and "
                                    "TrafficPolicyInstanceTypeMarker are specified together."
                                  : "Invalid parameter : TrafficPolicyInstanceNameMarker and "
                                    "TrafficPolicyInstanceTypeMarker are specified together.");
  const auto wire = dns::name_from_text(in["TrafficPolicyInstanceNameMarker"].string());
  const auto number = dns::type_from_text(in["TrafficPolicyInstanceTypeMarker"].string());
  for (std::size_t i = 0; wire && i < list.size(); ++i)
    if (list[i]->name == *wire && list[i]->type == number &&
        (!zone || list[i]->zone_id == bare_id(in["HostedZoneIdMarker"].string())))
      return i;
  return aws::refuse("NoSuchTrafficPolicyInstance",
                     "The markers name no traffic policy instance of this list.");
}

aws::Outcome<> instances_page(const std::vector<const TrafficInstance*>& list, const aws::Value& in,
                              bool names_zone) {
  const auto most = max_items(in["MaxItems"], most_instances_a_page);
  if (!most) return failure(most.error());
  const auto start = instances_start(list, in, names_zone);
  if (!start) return failure(start.error());
  const auto end = std::min(list.size(), *start + *most);
  auto items = aws::Value::list();
  for (std::size_t i = *start; i < end; ++i) items.push(to_value(*list[i]));
  auto out = aws::Value::structure({{"TrafficPolicyInstances", items},
                                    {"IsTruncated", end < list.size()},
                                    {"MaxItems", std::to_string(*most)}});
  if (end == list.size()) return out;
  if (names_zone) out.set("HostedZoneIdMarker", list[end]->zone_id);
  out.set("TrafficPolicyInstanceNameMarker", shown(list[end]->name));
  out.set("TrafficPolicyInstanceTypeMarker", dns::type_to_text(list[end]->type));
  return out;
}

}  // namespace

aws::Outcome<const TrafficInstance*> Route53::traffic_instance(const aws::Value& id) const {
  if (const auto* found = traffic_.instance(id.string())) return found;
  return no_such_instance(id.string());
}

// One that is not deleted.
aws::Outcome<const TrafficPolicyVersion*> Route53::policy_to_apply(const aws::Value& in) const {
  const auto version = traffic_policy(in["TrafficPolicyId"], in["TrafficPolicyVersion"]);
  if (version && (*version)->deleted)
    return aws::refuse(
        "NoSuchTrafficPolicy",
        fmt::format("No traffic policy exists with the specified ID: {}.", (*version)->id));
  return version;
}

// The tree of an instance; its policy's document was parsed when it was made.
HostedZone Route53::tree_of(const TrafficInstance& instance) const {
  const auto* version = traffic_.find(instance.policy_id, instance.policy_version);
  ENSURE(version != nullptr, instance.id);
  const auto document = parse_traffic_document(version->document);
  ENSURE(document.has_value(), instance.id);
  return traffic_zone(*document, instance.id, instance.ttl);
}

// People may delete the record, and leave the instance.
bool Route53::has_record(const TrafficInstance& instance) const {
  const auto* zone = zones_.find(instance.zone_id);
  const auto* group = zone ? zone->group(instance.name, instance.type) : nullptr;
  return group && group->front().traffic_policy_instance_id == instance.id;
}

void Route53::plant_trees() {
  for (const auto* instance : traffic_.listed())
    if (has_record(*instance)) answers_.plant(tree_of(*instance));
}

// Makes the tree and, where it is not there yet, the record that leads to it. Fills in what it came
// to.
void Route53::apply_instance(TrafficInstance& instance) {
  auto tree = tree_of(instance);
  instance.failed.clear();
  for (const auto& [listed, group] : tree.groups)
    for (const auto& record : group)
      if (!record.health_check_id.empty() && !checks_.find(record.health_check_id))
        instance.failed =
            fmt::format("A health check with id {} does not exist.", record.health_check_id);
  const auto* zone = zones_.find(instance.zone_id);
  if (!zone && instance.failed.empty())
    instance.failed = fmt::format("No hosted zone found with ID: {}", instance.zone_id);
  if (!instance.failed.empty()) return;
  answers_.plant(std::move(tree));
  const auto applied = [this, id = instance.id] { traffic_.set_applied(id); };
  instance.applied = false;
  if (has_record(instance)) {
    publisher_.stage({}, applied);
    return;
  }
  Change change;
  change.record.name = instance.name;
  change.record.type = instance.type;
  change.record.traffic_policy_instance_id = instance.id;
  change.record.alias = AliasTarget{instance.id, traffic_start_name, true};
  auto touched = apply(*zone, {change}, batch_world());
  if (touched) {
    answers_.commit(zone->id, *touched, applied);
  } else {
    answers_.uproot(instance.id);
    instance.failed = touched.error().message;
  }
}

Route53::Out Route53::create_traffic_policy_instance(const Call& call) {
  const auto& in = call.input;
  const auto zone = hosted_zone(in["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  const auto version = policy_to_apply(in);
  if (!version) return failure(version.error());
  const auto name = dns::name_from_text(in["Name"].string());
  if (!name) return aws::refuse("InvalidInput", "Invalid parameter : Name: " + name.error().text);
  if (!dns::is_within(*name, (*zone)->name))
    return aws::refuse("InvalidInput",
                       fmt::format("Invalid parameter : {} is not in hosted zone {}", shown(*name),
                                   shown((*zone)->name)));
  if (const auto* there = traffic_.instance_at((*zone)->id, *name, (*version)->type))
    return aws::refuse("TrafficPolicyInstanceAlreadyExists",
                       fmt::format("There is already a traffic policy instance, {}, for {} of type "
                                   "{}.",
                                   there->id, shown(*name), dns::type_to_text(there->type)));
  if (traffic_.instances() >= most_traffic_instances)
    return aws::refuse("TooManyTrafficPolicyInstances",
                       fmt::format("This traffic policy instance can't be created because the "
                                   "current account has reached the limit of {} traffic policy "
                                   "instances.",
                                   most_traffic_instances));
  TrafficInstance instance{ports::uuid(entropy_),
                           (*zone)->id,
                           *name,
                           (*version)->type,
                           static_cast<std::uint32_t>(in["TTL"].integer()),
                           (*version)->id,
                           (*version)->version,
                           "",
                           false};
  apply_instance(instance);
  traffic_.put(instance);
  return aws::Value::structure(
      {{"TrafficPolicyInstance", to_value(instance)},
       {"Location",
        "https://route53.amazonaws.com/2013-04-01/trafficpolicyinstance/" + instance.id}});
}

Route53::Out Route53::update_traffic_policy_instance(const Call& call) {
  const auto& in = call.input;
  const auto found = traffic_instance(in["Id"]);
  if (!found) return failure(found.error());
  const auto version = policy_to_apply(in);
  if (!version) return failure(version.error());
  auto instance = **found;
  if ((*version)->type != instance.type)
    return aws::refuse("ConflictingTypes",
                       "You tried to update a traffic policy instance by using a traffic policy "
                       "version that has a different DNS type than the current type for the "
                       "instance.");
  instance.ttl = static_cast<std::uint32_t>(in["TTL"].integer());
  instance.policy_id = (*version)->id;
  instance.policy_version = (*version)->version;
  apply_instance(instance);
  if (instance.failed.empty()) {
    traffic_.put(instance);
  } else {  // it goes on as it was
    auto as_it_was = **found;
    as_it_was.failed = instance.failed;
    traffic_.put(std::move(as_it_was));
  }
  forget_departed_checks();
  return aws::Value::structure({{"TrafficPolicyInstance", to_value(instance, "Updating")}});
}

Route53::Out Route53::delete_traffic_policy_instance(const Call& call) {
  const auto found = traffic_instance(call.input["Id"]);
  if (!found) return failure(found.error());
  const auto instance = **found;
  if (has_record(instance)) {
    TouchedGroups touched;
    touched.emplace(listing_key(instance.name, instance.type), Group{});
    answers_.commit(instance.zone_id, touched, [] {});
  }
  answers_.uproot(instance.id);
  traffic_.remove_instance(instance.id);
  forget_departed_checks();
  return aws::Value::structure();
}

Route53::Out Route53::get_traffic_policy_instance(const Call& call) {
  const auto instance = traffic_instance(call.input["Id"]);
  if (!instance) return failure(instance.error());
  return aws::Value::structure({{"TrafficPolicyInstance", to_value(**instance)}});
}

Route53::Out Route53::get_traffic_policy_instance_count(const Call&) {
  return aws::Value::structure(
      {{"TrafficPolicyInstanceCount", static_cast<std::int64_t>(traffic_.instances())}});
}

Route53::Out Route53::list_traffic_policy_instances(const Call& call) {
  return instances_page(traffic_.listed(), call.input, true);
}

Route53::Out Route53::list_traffic_policy_instances_by_hosted_zone(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  auto list = traffic_.listed();
  std::erase_if(list, [&](const auto* each) { return each->zone_id != (*zone)->id; });
  return instances_page(list, call.input, false);
}

Route53::Out Route53::list_traffic_policy_instances_by_policy(const Call& call) {
  const auto version =
      traffic_policy(call.input["TrafficPolicyId"], call.input["TrafficPolicyVersion"]);
  if (!version) return failure(version.error());
  auto list = traffic_.listed();
  std::erase_if(list, [&](const auto* each) {
    return each->policy_id != (*version)->id || each->policy_version != (*version)->version;
  });
  return instances_page(list, call.input, true);
}

}  // namespace sitelatch::route53
