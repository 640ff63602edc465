// SPDX-License-Identifier: Apache-2.0
#include "services/route53/traffic_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/type.h"
#include "services/route53/geo_locations.h"

namespace sitelatch::route53 {
namespace {

constexpr std::string_view value_type = "value";
// Endpoints that are resources of AWS: an alias leads to each.
constexpr std::array<std::string_view, 6> resource_types = {"cloudfront",
                                                            "elastic-load-balancer",
                                                            "application-load-balancer",
                                                            "network-load-balancer",
                                                            "elastic-beanstalk",
                                                            "s3-website"};
constexpr std::size_t most_rules_in_a_row = 30;  // aliases answer through 32 (fact route53-35)
constexpr std::string_view plain_region_prefix = "aws:route53:";

// What is wrong with a document: where, and what.
struct Fault {
  std::string text;
};

Failure<aws::Error> invalid_document(const std::string& text) {
  return aws::refuse("InvalidTrafficPolicyDocument", "Invalid traffic policy document: " + text);
}

std::string scalar_text(const aws::Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_integer()) return std::to_string(value.integer());
  if (value.is_double()) return fmt::format("{}", value.number());
  return {};
}

// A number, as one or as text.
std::optional<std::int64_t> number_of(const aws::Value& value) {
  return parse_int(scalar_text(value));
}

std::optional<bool> truth_of(const aws::Value& value) {
  if (value.is_null()) return false;
  if (value.is_bool()) return value.boolean();
  if (value.is_string() && value.string() == "true") return true;
  if (value.is_string() && value.string() == "false") return false;
  return std::nullopt;
}

bool is_region(std::string_view text) {
  const auto parts = split(text, '-');
  return parts.size() >= 3 && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
           });
         });
}

bool is_degrees(const std::string& text, double most) {
  const auto number = parse_double(text);
  return number && *number >= -most && *number <= most;
}

class Reader {
 public:
  explicit Reader(const aws::Value& root) : root_(root) {}
  // Throws Fault.
  TrafficDocument read();

 private:
  [[noreturn]] static void refuse(std::string text) { throw Fault{std::move(text)}; }
  void read_type();
  void read_endpoints();
  void read_rules();
  void read_rule(const std::string& id, const aws::Value& value);
  TrafficBranch branch(const std::string& where, const aws::Value& value) const;
  void refer(const std::string& where, TrafficBranch& out, const aws::Value& value,
             const std::string& endpoint_member, const std::string& rule_member) const;
  static void place(const std::string& where, TrafficBranch& out, const aws::Value& value);
  static void proximity(const std::string& where, TrafficBranch& out, const aws::Value& value);
  void check_twins(const std::string& id, const TrafficRule& rule) const;
  void check_circles(const std::string& rule, std::set<std::string>& above);

  const aws::Value& root_;
  TrafficDocument out_;
  std::set<std::string> without_circle_;
};

TrafficDocument Reader::read() {
  if (!root_.is_struct()) refuse("it is not a JSON object.");
  const auto version = scalar_text(root_["AWSPolicyFormatVersion"]);
  if (version != "2015-10-01" && version != "2023-05-09")
    refuse(fmt::format("AWSPolicyFormatVersion is '{}': 2015-10-01 and 2023-05-09 are supported.",
                       version));
  read_type();
  read_endpoints();
  read_rules();
  refer("the document", out_.start, root_, "StartEndpoint", "StartRule");
  out_.start.evaluate_target_health = true;
  std::set<std::string> above;
  for (const auto& [id, rule] : out_.rules) check_circles(id, above);
  return std::move(out_);
}

void Reader::read_type() {
  const auto text = scalar_text(root_["RecordType"]);
  const auto type = dns::type_from_text(text);
  if (!type || *type == dns::type::soa || *type == dns::type::ns)
    refuse(
        fmt::format("RecordType is '{}', which is no type of record that a traffic policy may "
                    "have.",
                    text));
  out_.type = *type;
}

void Reader::read_endpoints() {
  const auto& endpoints = root_["Endpoints"];
  if (!endpoints.is_null() && !endpoints.is_struct()) refuse("Endpoints is not an object.");
  for (const auto& [id, value] : endpoints.members()) {
    if (!value.is_struct()) refuse(fmt::format("the endpoint {} is not an object.", id));
    TrafficEndpoint endpoint{scalar_text(value["Type"]), scalar_text(value["Value"])};
    if (endpoint.type == value_type) {
      if (const auto rdata = dns::rdata_from_text(out_.type, endpoint.value); !rdata)
        refuse(fmt::format("the value of the endpoint {} is no {} record: {}.", id,
                           dns::type_to_text(out_.type), rdata.error().text));
    } else if (std::find(resource_types.begin(), resource_types.end(), endpoint.type) ==
               resource_types.end()) {
      refuse(fmt::format("the endpoint {} has the type '{}', which is none of value, {}.", id,
                         endpoint.type, fmt::join(resource_types, ", ")));
    } else {
      if (out_.type != dns::type::a && out_.type != dns::type::aaaa)
        refuse(
            fmt::format("the endpoint {} is a resource of AWS, which has A and AAAA records.", id));
      if (endpoint.type == "s3-website") {
        const auto region = scalar_text(value["Region"]);
        if (!is_region(region))
          refuse(fmt::format("the endpoint {} is an s3-website, which has a Region.", id));
        if (!endpoint.value.starts_with("s3-website"))
          endpoint.value = "s3-website-" + region + ".amazonaws.com";
      }
      if (const auto name = dns::name_from_text(endpoint.value); !name || name->size() == 1)
        refuse(fmt::format("the value of the endpoint {} is no name.", id));
    }
    out_.endpoints.emplace(id, std::move(endpoint));
  }
}

void Reader::read_rules() {
  const auto& rules = root_["Rules"];
  if (!rules.is_null() && !rules.is_struct()) refuse("Rules is not an object.");
  for (const auto& [id, value] : rules.members()) out_.rules[id];  // they refer to one another
  for (const auto& [id, value] : rules.members()) read_rule(id, value);
}

void Reader::read_rule(const std::string& id, const aws::Value& value) {
  struct Kind {
    std::string_view name, list;
    Policy policy;
  };
  static constexpr Kind kinds[] = {{"failover", "", Policy::failover},
                                   {"geo", "Locations", Policy::geolocation},
                                   {"geoproximity", "GeoproximityLocations", Policy::geoproximity},
                                   {"latency", "Regions", Policy::latency},
                                   {"multivalue", "Items", Policy::multivalue},
                                   {"weighted", "Items", Policy::weighted}};
  if (!value.is_struct()) refuse(fmt::format("the rule {} is not an object.", id));
  const auto type = scalar_text(value["RuleType"]);
  const auto* kind = std::find_if(std::begin(kinds), std::end(kinds),
                                  [&](const Kind& each) { return each.name == type; });
  if (kind == std::end(kinds))
    refuse(
        fmt::format("the rule {} has the RuleType '{}', which is none of failover, geo, "
                    "geoproximity, latency, multivalue, weighted.",
                    id, type));
  auto& rule = out_.rules.at(id);
  rule.policy = kind->policy;
  if (rule.policy == Policy::failover) {
    for (const std::string role : {"Primary", "Secondary"})
      rule.branches.push_back(branch(fmt::format("{} of the rule {}", role, id), value[role]));
    return;
  }
  const auto& list = value[kind->list];
  if (!list.is_list() || list.items().empty())
    refuse(fmt::format("the rule {} has no {}.", id, kind->list));
  for (const auto& item : list.items()) {
    const auto where = fmt::format("one of the {} of the rule {}", kind->list, id);
    auto next = branch(where, item);
    if (rule.policy == Policy::weighted) {
      const auto weight = number_of(item["Weight"]);
      if (!weight || *weight < 0 || *weight > 255)
        refuse(fmt::format("{} has no Weight from 0 to 255.", where));
      next.weight = static_cast<int>(*weight);
    } else if (rule.policy == Policy::latency) {
      next.region = scalar_text(item["Region"]);
      if (!is_region(next.region)) refuse(fmt::format("{} has no Region.", where));
    } else if (rule.policy == Policy::geolocation) {
      place(where, next, item);
    } else if (rule.policy == Policy::geoproximity) {
      proximity(where, next, item);
    } else if (next.endpoint.empty() || out_.endpoints.at(next.endpoint).type != value_type) {
      refuse(fmt::format("{} has no endpoint of the type value.", where));
    }
    rule.branches.push_back(std::move(next));
  }
  check_twins(id, rule);
}

void Reader::refer(const std::string& where, TrafficBranch& out, const aws::Value& value,
                   const std::string& endpoint_member, const std::string& rule_member) const {
  out.endpoint = scalar_text(value[endpoint_member]);
  out.rule = scalar_text(value[rule_member]);
  if (out.endpoint.empty() == out.rule.empty())
    refuse(
        fmt::format("{} has not exactly one of {} and {}.", where, endpoint_member, rule_member));
  if (!out.endpoint.empty() && !out_.endpoints.contains(out.endpoint))
    refuse(fmt::format("{} names the endpoint {}, which is not defined.", where, out.endpoint));
  if (!out.rule.empty() && !out_.rules.contains(out.rule))
    refuse(fmt::format("{} names the rule {}, which is not defined.", where, out.rule));
}

TrafficBranch Reader::branch(const std::string& where, const aws::Value& value) const {
  if (!value.is_struct()) refuse(fmt::format("{} is not there.", where));
  TrafficBranch out;
  refer(where, out, value, "EndpointReference", "RuleReference");
  const auto evaluates = truth_of(value["EvaluateTargetHealth"]);
  if (!evaluates)
    refuse(fmt::format("EvaluateTargetHealth of {} is neither true nor false.", where));
  out.evaluate_target_health = *evaluates;
  out.health_check_id = scalar_text(value["HealthCheck"]);
  return out;
}

void Reader::place(const std::string& where, TrafficBranch& out, const aws::Value& value) {
  const auto is_default = truth_of(value["IsDefault"]);
  if (!is_default) refuse(fmt::format("IsDefault of {} is neither true nor false.", where));
  out.geo = {scalar_text(value["Continent"]), scalar_text(value["Country"]),
             scalar_text(value["Subdivision"])};
  const bool named = !(out.geo == GeoLocation{});
  if (*is_default && named && out.geo != GeoLocation{"", "*", ""})
    refuse(fmt::format("{} is the default and names a place.", where));
  if (*is_default) out.geo = {"", "*", ""};
  // A country within its continent is that country.
  if (!out.geo.country.empty()) out.geo.continent.clear();
  if (!find_geo_place(out.geo.continent, out.geo.country, out.geo.subdivision))
    refuse(fmt::format("{} names no place that there is.", where));
}

void Reader::proximity(const std::string& where, TrafficBranch& out, const aws::Value& value) {
  auto& to = out.proximity;
  to.region = scalar_text(value["Region"]);
  if (to.region.starts_with(plain_region_prefix)) to.region.erase(0, plain_region_prefix.size());
  to.local_zone_group = scalar_text(value["LocalZoneGroup"]);
  to.latitude = scalar_text(value["Latitude"]);
  to.longitude = scalar_text(value["Longitude"]);
  const bool coordinates = !to.latitude.empty() || !to.longitude.empty();
  if (int{!to.region.empty()} + int{!to.local_zone_group.empty()} + int{coordinates} != 1)
    refuse(
        fmt::format("{} has not exactly one of Region, LocalZoneGroup, and Latitude with "
                    "Longitude.",
                    where));
  if (!to.region.empty() && !is_region(to.region))
    refuse(fmt::format("{} has a Region that is none.", where));
  if (coordinates && !(is_degrees(to.latitude, 90) && is_degrees(to.longitude, 180)))
    refuse(
        fmt::format("{} has no Latitude from -90 to 90 with a Longitude from -180 to 180.", where));
  if (!value.has("Bias")) return;
  const auto bias = number_of(value["Bias"]);
  if (!bias || *bias < -99 || *bias > 99)
    refuse(fmt::format("{} has a Bias that is not from -99 to 99.", where));
  to.bias = static_cast<int>(*bias);
}

void Reader::check_twins(const std::string& id, const TrafficRule& rule) const {
  for (auto one = rule.branches.begin(); one != rule.branches.end(); ++one)
    for (auto other = one + 1; other != rule.branches.end(); ++other)
      if ((rule.policy == Policy::geolocation && one->geo == other->geo) ||
          (rule.policy == Policy::latency && one->region == other->region))
        refuse(fmt::format("the rule {} has a place twice.", id));
}

void Reader::check_circles(const std::string& rule, std::set<std::string>& above) {
  if (without_circle_.contains(rule)) return;
  if (!above.insert(rule).second) refuse(fmt::format("the rule {} leads back to itself.", rule));
  if (above.size() > most_rules_in_a_row)
    refuse(fmt::format("more than {} rules lead to one another in a row.", most_rules_in_a_row));
  for (const auto& branch : out_.rules.at(rule).branches)
    if (!branch.rule.empty()) check_circles(branch.rule, above);
  above.erase(rule);
  without_circle_.insert(rule);
}

// --- the records

std::string one_label(std::string_view label) {
  ENSURE(!label.empty() && label.size() <= dns::max_label_size);
  std::string out(1, static_cast<char>(label.size()));
  out += label;
  out += '\0';
  return out;
}

class Planter {
 public:
  Planter(const TrafficDocument& document, const std::string& zone_id, std::uint32_t ttl)
      : document_(document), ttl_(ttl) {
    zone_.id = zone_id;
    zone_.name = std::string(1, '\0');
    std::size_t number = 0;
    for (const auto& [id, rule] : document_.rules)
      names_[id] = one_label(fmt::format("r{}", ++number));
  }
  HostedZone plant() {
    add(record(traffic_start_name, document_.start));
    for (const auto& [id, rule] : document_.rules) {
      std::size_t place = 0;
      for (const auto& branch : rule.branches) {
        auto out = record(names_.at(id), branch);
        out.policy = rule.policy;
        out.set_identifier = fmt::format("{:04}", ++place);
        out.failover = place == 1 ? Failover::primary : Failover::secondary;
        out.weight = branch.weight;
        out.region = branch.region;
        out.geo = branch.geo;
        out.proximity = branch.proximity;
        add(std::move(out));
      }
    }
    return std::move(zone_);
  }

 private:
  RecordSet record(const std::string& name, const TrafficBranch& branch) const {
    RecordSet out;
    out.name = name;
    out.type = document_.type;
    out.health_check_id = branch.health_check_id;
    if (!branch.rule.empty()) {
      out.alias = AliasTarget{zone_.id, names_.at(branch.rule), branch.evaluate_target_health};
      return out;
    }
    const auto& endpoint = document_.endpoints.at(branch.endpoint);
    if (endpoint.type != value_type) {
      // In a zone of AWS's: which one, the name says.
      out.alias = AliasTarget{"", dns::name_from_text(endpoint.value).value(),
                              branch.evaluate_target_health};
      return out;
    }
    out.ttl = ttl_;
    out.values = {endpoint.value};
    out.rdata = {dns::rdata_from_text(document_.type, endpoint.value).value()};
    return out;
  }
  void add(RecordSet record) {
    zone_.groups[listing_key(record.name, record.type)].push_back(std::move(record));
    ++zone_.record_set_count;
  }

  const TrafficDocument& document_;
  const std::uint32_t ttl_;
  std::map<std::string, std::string> names_;
  HostedZone zone_;
};

}  // namespace

const std::string traffic_start_name = one_label("start");

aws::Outcome<TrafficDocument> parse_traffic_document(const std::string& text) {
  const auto root = aws::from_json(text);
  if (!root) return invalid_document("it is not JSON.");
  try {
    return Reader{*root}.read();
  } catch (const Fault& fault) {
    return invalid_document(fault.text);
  }
}

HostedZone traffic_zone(const TrafficDocument& document, const std::string& instance_id,
                        std::uint32_t ttl) {
  return Planter{document, instance_id, ttl}.plant();
}

}  // namespace sitelatch::route53
