// SPDX-License-Identifier: Apache-2.0
#include "services/route53/record_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/stored.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/type.h"
#include "ports/rows.h"
#include "services/route53/ids.h"
#include "services/route53/traffic_document.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_values = 400;

// How a refusal names the change: "Change with [Action=CREATE, Name=..., Type=A,
// SetIdentifier=null]".
std::string change_named(const aws::Value& change) {
  const auto& record = change["ResourceRecordSet"];
  return fmt::format("Change with [Action={}, Name={}, Type={}, SetIdentifier={}]",
                     change["Action"].string_or(""), record["Name"].string_or(""),
                     record["Type"].string_or(""), record["SetIdentifier"].string_or("null"));
}
Failure<aws::Error> invalid_request(std::string_view what, const aws::Value& change) {
  return aws::refuse("InvalidInput",
                     fmt::format("Invalid request: {} in {}", what, change_named(change)));
}
using Faults = std::vector<std::string>;

// An empty label ends the reading of the batch, and is told without brackets.
aws::Outcome<Done> take_name(RecordSet& out, const aws::Value& record, Faults& faults) {
  const auto name = dns::name_from_text(record["Name"].string());
  if (name) {
    out.name = *name;
  } else if (name.error().text.starts_with("DomainLabelEmpty")) {
    return aws::refuse("InvalidChangeBatch", "FATAL problem: " + name.error().text);
  } else {
    faults.push_back("FATAL problem: " + name.error().text);
  }
  out.type = dns::type_from_text(record["Type"].string()).value();
  return Done{};
}

// Exactly one of alias, TTL with records.
aws::Outcome<Done> take_content(RecordSet& out, const aws::Value& change, Faults& faults) {
  const auto& record = change["ResourceRecordSet"];
  const bool alias = record.has("AliasTarget");
  const bool plain = record.has("TTL") && record.has("ResourceRecords");
  const bool some_plain = record.has("TTL") || record.has("ResourceRecords");
  constexpr std::string_view expected =
      "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
      "TrafficPolicyInstanceId], but found {}";
  if (const auto& instance = record["TrafficPolicyInstanceId"];
      instance && !instance.string().empty()) {
    if (alias || some_plain)
      return invalid_request(fmt::format(fmt::runtime(expected), "more than one"), change);
    out.traffic_policy_instance_id = instance.string();
    out.alias = AliasTarget{out.traffic_policy_instance_id, traffic_start_name, true};
    return Done{};
  }
  if (alias && some_plain)
    return invalid_request(fmt::format(fmt::runtime(expected), "more than one"), change);
  if (!alias && !plain) return invalid_request(fmt::format(fmt::runtime(expected), "none"), change);
  if (alias) {
    const auto& target = record["AliasTarget"];
    const auto name = dns::name_from_text(target["DNSName"].string());
    if (!name) faults.push_back("FATAL problem: " + name.error().text);
    out.alias = AliasTarget{bare_id(target["HostedZoneId"].string()), name ? *name : std::string{},
                            target["EvaluateTargetHealth"].boolean_or(false)};
    return Done{};
  }
  out.ttl = static_cast<std::uint32_t>(record["TTL"].integer());
  for (const auto& item : record["ResourceRecords"].items())
    out.values.push_back(item["Value"].string());
  if (out.values.empty())
    return invalid_request(fmt::format(fmt::runtime(expected), "none"), change);
  return Done{};
}

void take_values(RecordSet& out, Faults& faults) {
  if (out.values.size() > most_values)
    return faults.push_back(fmt::format(
        "Number of values in resource record set [name='{}', type='{}'] exceeds the limit of {}",
        shown(out.name), dns::type_to_text(out.type), most_values));
  if (out.values.size() > 1 && (out.type == dns::type::cname || out.type == dns::type::soa))
    faults.push_back(fmt::format("RRSet of type {} with DNS name {} must have exactly one value",
                                 dns::type_to_text(out.type), shown(out.name)));
  for (const auto& text : out.values) {
    auto rdata = dns::rdata_from_text(out.type, text);
    if (!rdata) {
      faults.push_back(
          fmt::format("Invalid Resource Record: 'FATAL problem: {}'", rdata.error().text));
    } else if (std::find(out.rdata.begin(), out.rdata.end(), *rdata) != out.rdata.end()) {
      faults.push_back(fmt::format("Duplicate Resource Record: '{}'", text));
    } else {
      out.rdata.push_back(std::move(*rdata));
    }
  }
}

GeoLocation geo_location(const aws::Value& value) {
  return {value["ContinentCode"].string_or(""), value["CountryCode"].string_or(""),
          value["SubdivisionCode"].string_or("")};
}
GeoProximity geo_proximity(const aws::Value& value) {
  GeoProximity out{value["AWSRegion"].string_or(""), value["LocalZoneGroup"].string_or(""),
                   value["Coordinates"]["Latitude"].string_or(""),
                   value["Coordinates"]["Longitude"].string_or(""), std::nullopt};
  if (value.has("Bias")) out.bias = static_cast<int>(value["Bias"].integer());
  return out;
}
aws::Value text_or_null(const std::string& text) {
  return text.empty() ? aws::Value{} : aws::Value{text};
}

// Reads the members of every policy; answers how many there were.
int take_policy(RecordSet& out, const aws::Value& record) {
  int found = 0;
  const auto is = [&](Policy policy) {
    out.policy = policy;
    ++found;
  };
  if (record.has("Weight")) {
    out.weight = static_cast<int>(record["Weight"].integer());
    is(Policy::weighted);
  }
  if (record.has("Region")) {
    out.region = record["Region"].string();
    is(Policy::latency);
  }
  if (record.has("Failover")) {
    out.failover =
        record["Failover"].string() == "PRIMARY" ? Failover::primary : Failover::secondary;
    is(Policy::failover);
  }
  if (record.has("GeoLocation")) {
    out.geo = geo_location(record["GeoLocation"]);
    is(Policy::geolocation);
  }
  // Said to be false, it asks for a SetIdentifier all the same (fact route53-135).
  if (record["MultiValueAnswer"].boolean_or(false) ||
      (record.has("MultiValueAnswer") && !record.has("SetIdentifier")))
    is(Policy::multivalue);
  if (const auto& cidr = record["CidrRoutingConfig"]) {
    out.cidr = {cidr["CollectionId"].string_or(""), cidr["LocationName"].string_or("")};
    is(Policy::cidr);
  }
  if (record.has("GeoProximityLocation")) {
    out.proximity = geo_proximity(record["GeoProximityLocation"]);
    is(Policy::geoproximity);
  }
  return found;
}

aws::Outcome<Done> check_policy(int found, const RecordSet& record, const aws::Value& change,
                                Faults& faults) {
  constexpr std::string_view expected =
      "Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, "
      "GeoProximityLocation, or CidrRoutingConfig], but found {}";
  if (found > 1)
    return invalid_request(fmt::format(fmt::runtime(expected), "more than one"), change);
  if (found == 1 && record.set_identifier.empty())
    return invalid_request("Missing field 'SetIdentifier'", change);
  if (found == 0 && !record.set_identifier.empty())
    return invalid_request(fmt::format(fmt::runtime(expected), "none"), change);
  if (record.policy == Policy::multivalue && record.alias)
    faults.push_back(fmt::format(
        "RRSet with DNS name {}, type {} cannot be both a multivalue answer and an alias",
        shown(record.name), dns::type_to_text(record.type)));
  if (record.policy == Policy::multivalue && record.type == dns::type::cname)
    faults.push_back(fmt::format(
        "RRSet of type CNAME with DNS name {} cannot be a multivalue answer", shown(record.name)));
  if (found > 0 && (record.type == dns::type::soa || record.type == dns::type::ns))
    faults.push_back(fmt::format("RRSet of type {} with DNS name {} cannot have a routing policy",
                                 dns::type_to_text(record.type), shown(record.name)));
  return Done{};
}

aws::Outcome<RecordSet> parse_record(const aws::Value& change, Faults& faults) {
  const auto& record = change["ResourceRecordSet"];
  RecordSet out;
  if (auto ok = take_name(out, record, faults); !ok) return failure(ok.error());
  out.set_identifier = record["SetIdentifier"].string_or("");
  out.health_check_id = record["HealthCheckId"].string_or("");
  const int policies = take_policy(out, record);
  if (auto ok = take_content(out, change, faults); !ok) return failure(ok.error());
  if (auto ok = check_policy(policies, out, change, faults); !ok) return failure(ok.error());
  take_values(out, faults);
  return out;
}

}  // namespace

std::string shown(const std::string& wire_name) { return dns::name_to_text(wire_name); }

std::string_view name_of(Change::Action action) {
  return action == Change::Action::create   ? "CREATE"
         : action == Change::Action::remove ? "DELETE"
                                            : "UPSERT";
}

bool RecordSet::same_as(const RecordSet& other) const {
  auto mine = rdata, theirs = other.rdata;
  std::sort(mine.begin(), mine.end());
  std::sort(theirs.begin(), theirs.end());
  return name == other.name && type == other.type && set_identifier == other.set_identifier &&
         policy == other.policy && weight == other.weight && failover == other.failover &&
         region == other.region && geo == other.geo && cidr == other.cidr &&
         proximity == other.proximity && ttl == other.ttl && alias == other.alias &&
         health_check_id == other.health_check_id &&
         traffic_policy_instance_id == other.traffic_policy_instance_id && mine == theirs;
}

aws::Outcome<Change> parse_change(const aws::Value& value, std::vector<std::string>& faults) {
  auto record = parse_record(value, faults);
  if (!record) return failure(record.error());
  const auto& action = value["Action"].string();
  const auto what = action == "CREATE"   ? Change::Action::create
                    : action == "DELETE" ? Change::Action::remove
                                         : Change::Action::upsert;
  if (what != Change::Action::remove && !record->traffic_policy_instance_id.empty())
    return invalid_request("TrafficPolicyInstanceId is set by CreateTrafficPolicyInstance alone",
                           value);
  return Change{what, std::move(*record)};
}

aws::Value to_value(const RecordSet& record) {
  aws::Value out = aws::Value::structure({{"Name", shown(record.name)},
                                          {"Type", dns::type_to_text(record.type)},
                                          {"SetIdentifier", text_or_null(record.set_identifier)}});
  switch (record.policy) {
    case Policy::simple:
      break;
    case Policy::weighted:
      out.set("Weight", record.weight);
      break;
    case Policy::latency:
      out.set("Region", record.region);
      break;
    case Policy::failover:
      out.set("Failover", record.failover == Failover::primary ? "PRIMARY" : "SECONDARY");
      break;
    case Policy::multivalue:
      out.set("MultiValueAnswer", true);
      break;
    case Policy::geolocation:
      out.set("GeoLocation",
              aws::Value::structure({{"ContinentCode", text_or_null(record.geo.continent)},
                                     {"CountryCode", text_or_null(record.geo.country)},
                                     {"SubdivisionCode", text_or_null(record.geo.subdivision)}}));
      break;
    case Policy::cidr:
      out.set("CidrRoutingConfig",
              aws::Value::structure({{"CollectionId", record.cidr.collection_id},
                                     {"LocationName", record.cidr.location_name}}));
      break;
    case Policy::geoproximity: {
      aws::Value where;
      if (!record.proximity.latitude.empty())
        where = aws::Value::structure(
            {{"Latitude", record.proximity.latitude}, {"Longitude", record.proximity.longitude}});
      out.set("GeoProximityLocation",
              aws::Value::structure(
                  {{"AWSRegion", text_or_null(record.proximity.region)},
                   {"LocalZoneGroup", text_or_null(record.proximity.local_zone_group)},
                   {"Coordinates", where},
                   {"Bias", record.proximity.bias}}));
      break;
    }
  }
  if (!record.traffic_policy_instance_id.empty()) {
    out.set("TrafficPolicyInstanceId", record.traffic_policy_instance_id);
  } else if (record.alias) {
    out.set("AliasTarget", aws::Value::structure(
                               {{"HostedZoneId", record.alias->zone_id},
                                {"DNSName", shown(record.alias->name)},
                                {"EvaluateTargetHealth", record.alias->evaluate_target_health}}));
  } else {
    out.set("TTL", record.ttl);
    auto records = aws::Value::list();
    for (const auto& value : record.values) records.push(aws::Value::structure({{"Value", value}}));
    out.set("ResourceRecords", std::move(records));
  }
  out.set("HealthCheckId", text_or_null(record.health_check_id));
  return out;
}

std::string to_row(const RecordSet& record) { return aws::to_json(to_value(record)); }

RecordSet record_set_from_row(std::string_view row) {
  std::vector<std::string> faults;
  auto record = parse_record(
      aws::Value::structure({{"Action", "CREATE"}, {"ResourceRecordSet", aws::stored_value(row)}}),
      faults);
  ports::expect_of_row(record.has_value(), record ? "" : record.error().message.c_str());
  ports::expect_of_row(faults.empty(), faults.empty() ? "" : faults.front().c_str());
  return std::move(*record);
}

}  // namespace sitelatch::route53
