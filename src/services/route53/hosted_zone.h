// SPDX-License-Identifier: Apache-2.0
// HostedZone: one zone and its records, in the order in which Route 53 lists them. Plain data; who
// may change what is change_batch.h's, keeping it is hosted_zones.h's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "services/route53/record_set.h"
#include "services/route53/vpc.h"

namespace sitelatch::route53 {

// All record sets of one name and type, by set identifier. Never empty inside a zone.
using Group = std::vector<RecordSet>;

// Sorts names as listings do: labels reversed, each with a dot behind it, bytewise, then the type's
// name (fact route53-30). Inside labels, dots, backslashes and zero bytes are escaped.
std::string listing_key(std::string_view wire_name);
std::string listing_key(std::string_view wire_name, std::uint16_t type);

struct HostedZone {
  std::string id;
  std::string name;  // wire, lower case
  std::string caller_reference;
  std::string comment;
  std::vector<std::string> name_servers;             // four, without final dot
  std::uint64_t number = 0;                          // in the order of their making
  std::map<std::string, Group, std::less<>> groups;  // by listing_key
  std::size_t record_set_count = 0;
  std::vector<Vpc> vpcs;          // where a private zone answers, as they came; public ones: none
  std::vector<Vpc> authorized;    // sorted: what other accounts may associate
  std::string delegation_set_id;  // of a reusable set; empty: its servers are its own
  bool accelerated_recovery = false;

  bool is_private() const { return !vpcs.empty(); }
  const Group* group(std::string_view wire_name, std::uint16_t type) const;
};

// The NS and SOA that every zone starts with (fact route53-43).
std::vector<RecordSet> apex_records(const HostedZone& zone);

}  // namespace sitelatch::route53
