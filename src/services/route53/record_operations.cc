// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "dns/name.h"
#include "dns/places.h"
#include "dns/rdata.h"
#include "dns/type.h"
#include "services/route53/ids.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_records_a_page = 300;

// Where a page starts.
struct Start {
  std::string key;         // listing key of name and type
  std::string identifier;  // of the first record, if the group of exactly this key is there
};

aws::Outcome<Start> page_start(const aws::Value& in) {
  const bool name = in.has("StartRecordName"), type = in.has("StartRecordType"),
             id = in.has("StartRecordIdentifier");
  if (type && !name)
    return aws::refuse("InvalidInput",
                       "The value of StartRecordType requires StartRecordName to be specified.");
  if (id && !(name && type))
    return aws::refuse("InvalidInput",
                       "The value of StartRecordIdentifier requires StartRecordName and "
                       "StartRecordType to be specified.");
  if (!name) return Start{};
  const auto wire = dns::name_from_text(in["StartRecordName"].string());
  if (!wire) return aws::refuse("InvalidInput", "FATAL problem: " + wire.error().text);
  if (!type) return Start{listing_key(*wire), ""};
  return Start{listing_key(*wire, dns::type_from_text(in["StartRecordType"].string()).value()),
               in["StartRecordIdentifier"].string_or("")};
}

// Is there anything at this name or below it?
bool exists(const HostedZone& zone, std::string_view wire_name) {
  const auto key = listing_key(wire_name);
  const auto at = zone.groups.lower_bound(key);
  return at != zone.groups.end() && at->first.compare(0, key.size(), key) == 0;
}

// The name whose records answer for `name`: itself, or the wildcard below its closest encloser (RFC
// 4592); nothing: NXDOMAIN.
std::optional<std::string> answering_name(const HostedZone& zone, const std::string& name) {
  if (exists(zone, name)) return name;
  std::string_view encloser = name;
  while (encloser != zone.name && !exists(zone, encloser)) encloser = dns::parent_name(encloser);
  std::string wildcard{"\1*"};
  wildcard += encloser;
  if (exists(zone, wildcard)) return wildcard;
  return std::nullopt;
}

const dns::Choice* draw(const dns::Choices& choices, ports::Entropy& entropy) {
  std::uint64_t whole = 0;
  for (const auto& choice : choices) whole += choice.weight;
  if (whole == 0) return nullptr;
  std::array<unsigned char, 8> bytes{};
  entropy.fill(bytes);
  std::uint64_t at = 0;
  for (const auto byte : bytes) at = at << 8 | byte;
  at %= whole;
  for (const auto& choice : choices) {
    if (at < choice.weight) return &choice;
    at -= choice.weight;
  }
  return nullptr;
}

}  // namespace

std::string Route53::missing(const CidrLocation& location) const {
  const auto* collection = cidr_collections_.find(location.collection_id);
  if (!collection)
    return fmt::format("The CIDR collection with ID {} doesn't exist.", location.collection_id);
  if (location.location_name == "*" || collection->has_location(location.location_name)) return {};
  return fmt::format("The CIDR collection with ID {} has no location {}.", location.collection_id,
                     location.location_name);
}

BatchWorld Route53::batch_world() const {
  return {[this](const std::string& id) { return checks_.find(id) != nullptr; },
          [this](const std::string& id) { return answers_.zone(id); },
          [this](const std::string& id, const std::string& target) {
            return targets_.declared(id, target);
          },
          [this](const CidrLocation& location) { return missing(location); }};
}

void Route53::forget_departed_checks() {
  checks_.forget_departed([this](const std::string& id) { return answers_.uses(id); });
}

Route53::Out Route53::change_resource_record_sets(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  const auto& batch = call.input["ChangeBatch"];
  std::vector<Change> changes;
  std::vector<std::string> faults;
  for (const auto& item : batch["Changes"].items()) {
    auto change = parse_change(item, faults);
    if (!change) return failure(change.error());
    changes.push_back(std::move(*change));
  }
  if (!faults.empty()) return failure(invalid_batch(faults));
  const auto touched = apply(**zone, changes, batch_world());
  if (!touched) return failure(touched.error());
  const auto info = changes_.add(batch["Comment"].string_or(""), timers_.now());
  answers_.commit((*zone)->id, *touched, when_published(info.id));
  forget_departed_checks();
  return aws::Value::structure({{"ChangeInfo", to_value(info)}});
}

Route53::Out Route53::list_resource_record_sets(const Call& call) {
  const auto zone = hosted_zone(call.input["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  const auto most = max_items(call.input["MaxItems"], most_records_a_page);
  if (!most) return failure(most.error());
  const auto start = page_start(call.input);
  if (!start) return failure(start.error());
  auto list = aws::Value::list();
  const RecordSet* next = nullptr;
  const auto& groups = (*zone)->groups;
  for (auto at = groups.lower_bound(start->key); at != groups.end() && !next; ++at) {
    for (const auto& record : at->second) {
      if (at->first == start->key && record.set_identifier < start->identifier) continue;
      if (list.items().size() == *most) {
        next = &record;
        break;
      }
      list.push(to_value(record));
    }
  }
  auto out = aws::Value::structure({{"ResourceRecordSets", list},
                                    {"IsTruncated", next != nullptr},
                                    {"MaxItems", std::to_string(*most)}});
  if (!next) return out;
  out.set("NextRecordName", shown(next->name));
  out.set("NextRecordType", dns::type_to_text(next->type));
  if (!next->set_identifier.empty()) out.set("NextRecordIdentifier", next->set_identifier);
  return out;
}

Route53::Out Route53::get_change(const Call& call) {
  const auto id = bare_id(call.input["Id"].string());
  const auto* change = changes_.find(id);
  if (!change)
    return aws::refuse("NoSuchChange", fmt::format("Could not find resource with ID: {}", id));
  return aws::Value::structure({{"ChangeInfo", to_value(*change)}});
}

namespace {
// Whom TestDNSAnswer asks for: the client's network, else the resolver's address, else nobody in
// particular.
aws::Outcome<dns::Network> asker_of(const aws::Value& in) {
  const auto refused = [](std::string_view which, const std::string& value) {
    return aws::refuse("InvalidInput",
                       fmt::format("Invalid parameter : {} is not valid: {}", which, value));
  };
  dns::Network out;
  if (const auto& resolver = in["ResolverIP"]) {
    const auto network = dns::network_from_text(resolver.string());
    if (!network || resolver.string().find('/') != std::string::npos)
      return refused("ResolverIP", resolver.string());
    out = *network;
  }
  const auto& mask = in["EDNS0ClientSubnetMask"];
  const auto& subnet = in["EDNS0ClientSubnetIP"];
  if (!subnet) {
    if (mask)
      return aws::refuse("InvalidInput",
                         "Invalid parameter : EDNS0ClientSubnetMask requires EDNS0ClientSubnetIP.");
    return out;
  }
  auto network = dns::network_from_text(subnet.string());
  if (!network || subnet.string().find('/') != std::string::npos)
    return refused("EDNS0ClientSubnetIP", subnet.string());
  const bool is_v4 = network->bytes.size() == 4;
  const auto length =
      mask ? parse_int(mask.string()) : std::optional<std::int64_t>{is_v4 ? 24 : 64};
  if (!length || *length < 0 || *length > (is_v4 ? 32 : 128))
    return refused("EDNS0ClientSubnetMask", mask.string_or(""));
  return dns::cut(*network, static_cast<unsigned>(*length));
}
}  // namespace

Route53::Out Route53::test_dns_answer(const Call& call) {
  const auto& in = call.input;
  const auto zone = hosted_zone(in["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  if ((*zone)->is_private())
    return aws::refuse("InvalidInput",
                       "Invalid parameter : TestDNSAnswer supports public hosted zones only.");
  const auto name = dns::name_from_text(in["RecordName"].string());
  if (!name) return aws::refuse("InvalidInput", "FATAL problem: " + name.error().text);
  if (!dns::is_within(*name, (*zone)->name))
    return aws::refuse("InvalidInput",
                       fmt::format("Invalid parameter : {} is not in hosted zone {}", shown(*name),
                                   shown((*zone)->name)));
  const auto asker = asker_of(in);
  if (!asker) return failure(asker.error());
  auto type = dns::type_from_text(in["RecordType"].string()).value();
  const auto owner = answering_name(**zone, *name);
  auto data = aws::Value::list();
  std::string_view code = owner ? "NOERROR" : "NXDOMAIN";
  if (owner) {
    if (!(*zone)->group(*owner, type) && (*zone)->group(*owner, dns::type::cname))
      type = dns::type::cname;
    const auto resolution = answers_.resolve({(*zone)->id, *owner, type}, *asker);
    if (const auto* drawn = draw(resolution.choices, entropy_)) {
      if (drawn->fails) code = "SERVFAIL";
      for (const auto& rdata : drawn->rrset.rdata) data.push(dns::rdata_to_text(type, rdata));
    }
  }
  return aws::Value::structure({{"Nameserver", (*zone)->name_servers.front()},
                                {"RecordName", shown(*name)},
                                {"RecordType", in["RecordType"]},
                                {"RecordData", data},
                                {"ResponseCode", code},
                                {"Protocol", "UDP"}});
}

}  // namespace sitelatch::route53
