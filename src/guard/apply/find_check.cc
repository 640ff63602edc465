// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/find_check.h"

#include "base/text.h"
#include "guard/rules/site_names.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

std::string id_of_zone(const std::string& path) { return path.substr(path.rfind('/') + 1); }

NamedRecord named_record(const Value& wire) {
  NamedRecord record;
  record.name = canonical_name(wire["Name"].string_or("")).value_or("");
  record.type = wire["Type"].string_or("");
  record.set_identifier = wire["SetIdentifier"].string_or("");
  record.failover = wire["Failover"].string_or("");
  record.health_check_id = wire["HealthCheckId"].string_or("");
  if (const auto& alias = wire["AliasTarget"]; alias)
    record.alias = NamedRecord::Alias{id_of_zone(alias["HostedZoneId"].string_or("")),
                                      alias["DNSName"].string_or(""),
                                      alias["EvaluateTargetHealth"].boolean_or(false)};
  if (record.type == "CNAME" && !record.alias)
    for (const auto& value : wire["ResourceRecords"].items())
      record.target = value["Value"].string_or("");
  return record;
}

// The zones of the account, and of their records those that are asked for. The first error ends
// it.
class NamesReading {
 public:
  explicit NamesReading(client::Aws& aws) : aws_(aws) {}

  std::vector<NamedZone> zones() {
    std::vector<NamedZone> out;
    const auto reply = aws_.call_all("route53", "ListHostedZones");
    if (!reply) {
      stop(reply.error(), "list the hosted zones");
      return out;
    }
    for (const auto& wire : (*reply)["HostedZones"].items())
      out.push_back({id_of_zone(wire["Id"].string_or("")),
                     canonical_name(wire["Name"].string_or("")).value_or(""),
                     wire["Config"]["PrivateZone"].boolean_or(false)});
    return out;
  }

  // Route 53 lists from a name on, and what is below a name comes right after it
  // (ListResourceRecordSets).
  RecordsAt at(const NamedZone& zone, const std::string& name) {
    RecordsAt out;
    if (error_) return out;
    const auto visit = [&](const Value& page) {
      for (const auto& wire : page["ResourceRecordSets"].items()) {
        auto record = named_record(wire);
        out.exists = out.exists || record.name == name || record.name.ends_with("." + name);
        if (record.name != name) return client::Aws::Visit::stop;
        out.records.push_back(std::move(record));
      }
      return client::Aws::Visit::go_on;
    };
    const auto read = aws_.pages(
        "route53", "ListResourceRecordSets",
        Value::structure({{"HostedZoneId", zone.id}, {"StartRecordName", name}}), {}, visit);
    if (!read && !client::is_absent(read.error()))
      stop(read.error(), "read the records of zone " + zone.name + " (" + zone.id + ")");
    return out;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  void stop(const client::Error& error, const std::string& doing) {
    error_ = error_of(error, doing);
    if (client::is_denied(error))
      error_->text +=
          " A name is looked up in the hosted zones; the health check's id needs none "
          "of that.";
  }

  client::Aws& aws_;
  std::optional<Error> error_;
};

}  // namespace

Error not_an_id(const std::string& text) {
  return error_of(Error::Kind::usage,
                  "\"" + text +
                      "\" is neither the id of a health check (letters, digits and dashes, at most "
                      "48) nor a name of DNS.");
}

Result<FoundCheck, Error> find_check(client::Aws& aws, const std::string& id_or_name) {
  if (!looks_like_name(id_or_name)) return FoundCheck{id_or_name, ""};
  const auto name = canonical_name(id_or_name);
  if (!name)
    return failure(error_of(
        Error::Kind::usage,
        "\"" + id_or_name +
            "\" is neither the id of a health check nor a name of DNS (an internationalised name "
            "is written in its ASCII form, xn--...)."));
  NamesReading reading(aws);
  const auto zones = reading.zones();
  if (reading.error()) return failure(*reading.error());
  const auto found = checks_of_name(
      *name, zones,
      [&](const NamedZone& zone, const std::string& at) { return reading.at(zone, at); });
  if (reading.error()) return failure(*reading.error());
  if (found.checks.size() > 1)
    return failure(error_of(Error::Kind::usage, describe_ambiguity(id_or_name, found)));
  if (found.checks.empty())
    return failure(error_of(Error::Kind::failed, describe_absence(id_or_name, found, zones)));
  return FoundCheck{found.checks.front().health_check_id, join(found.checks.front().records, "; ")};
}

}  // namespace sitelatch::guard
