// SPDX-License-Identifier: Apache-2.0
#include "services/route53/hosted_zone.h"

#include <fmt/format.h>

#include "base/check.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/type.h"

namespace sitelatch::route53 {
namespace {
constexpr std::uint32_t ns_ttl_s = 172800, soa_ttl_s = 900;

std::vector<std::string_view> labels(std::string_view wire) {
  std::vector<std::string_view> out;
  while (!wire.empty() && wire.front() != '\0') {
    const auto length = static_cast<unsigned char>(wire.front());
    out.push_back(wire.substr(1, length));
    wire.remove_prefix(1u + length);
  }
  return out;
}

RecordSet record(const HostedZone& zone, std::uint16_t type, std::uint32_t ttl,
                 std::vector<std::string> values) {
  RecordSet out;
  out.name = zone.name;
  out.type = type;
  out.ttl = ttl;
  out.values = std::move(values);
  for (const auto& value : out.values) {
    auto rdata = dns::rdata_from_text(type, value);
    ENSURE(rdata.has_value(), value);
    out.rdata.push_back(std::move(*rdata));
  }
  return out;
}
}  // namespace

std::string listing_key(std::string_view wire_name) {
  std::string out;
  out.reserve(wire_name.size() + 8);
  const auto list = labels(wire_name);
  for (auto label = list.rbegin(); label != list.rend(); ++label) {
    for (const char c : *label) {
      if (c == '.' || c == '\\' || c == '\0')
        out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
      else
        out += c;
    }
    out += '.';
  }
  return out;
}

std::string listing_key(std::string_view wire_name, std::uint16_t type) {
  auto out = listing_key(wire_name);
  out += '\0';
  out += dns::type_to_text(type);
  return out;
}

const Group* HostedZone::group(std::string_view wire_name, std::uint16_t type) const {
  const auto found = groups.find(listing_key(wire_name, type));
  return found == groups.end() ? nullptr : &found->second;
}

std::vector<RecordSet> apex_records(const HostedZone& zone) {
  std::vector<std::string> servers;
  for (const auto& server : zone.name_servers) servers.push_back(server + ".");
  const auto soa = fmt::format("{}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400",
                               zone.name_servers.front());
  return {record(zone, dns::type::ns, ns_ttl_s, servers),
          record(zone, dns::type::soa, soa_ttl_s, {soa})};
}

}  // namespace sitelatch::route53
