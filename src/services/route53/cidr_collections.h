// SPDX-License-Identifier: Apache-2.0
// CidrCollections: blocks of addresses under names ("locations") that records of the routing policy
// CIDR choose by (fact route53-116). Table route53.cidr_collections, a row each.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "ports/journal.h"
#include "services/route53/cidr_blocks.h"

namespace sitelatch::route53 {

// An address with its prefix, the bits behind it zero. Sorts IPv4 before IPv6, then by address.
struct CidrBlock {
  std::string address;  // 4 or 16 bytes
  unsigned prefix = 0;

  bool covers(std::string_view other_address) const;
  friend bool operator==(const CidrBlock&, const CidrBlock&) = default;
  friend bool operator<(const CidrBlock& a, const CidrBlock& b) {
    return std::tuple(a.address.size(), std::string_view{a.address}, a.prefix) <
           std::tuple(b.address.size(), std::string_view{b.address}, b.prefix);
  }
};
// InvalidInput: no block, one of a length that Route 53 does not take, or bits behind the prefix.
aws::Outcome<CidrBlock> parse_cidr_block(const std::string& text);
std::string shown(const CidrBlock& block);  // "192.0.2.0/24"

struct CidrCollection {
  std::string id, name, caller_reference;
  std::int64_t version = 1;
  std::map<CidrBlock, std::string> blocks;  // each in one location

  bool has_location(std::string_view name) const;
  // In the order of their names.
  std::map<std::string, std::vector<CidrBlock>> locations() const;
  // Where the longest block that covers this address (4 or 16 bytes) lies; nothing: nowhere.
  std::optional<std::string> location_of(std::string_view address) const;
};

class CidrCollections final : public CidrBlocks {
 public:
  explicit CidrCollections(ports::Journal& journal);

  std::size_t size() const { return collections_.size(); }
  const CidrCollection* find(const std::string& id) const;
  const CidrCollection* by_name(const std::string& name) const;
  const CidrCollection* by_reference(const std::string& caller_reference) const;
  // In the order of ids, until the visitor answers false.
  void visit(const std::function<bool(const CidrCollection&)>& visitor) const;

  const CidrCollection& add(CidrCollection collection);
  // The version counts up.
  void change(const std::string& id, std::map<CidrBlock, std::string> blocks);
  void remove(const std::string& id);

  // CidrBlocks
  std::vector<dns::Network> networks() const override;
  std::string location(const std::string& collection_id,
                       const dns::Network& network) const override;
  std::string locations(const dns::Network& network) const override;

 private:
  void write(const CidrCollection& collection);

  ports::Journal& journal_;
  std::map<std::string, CidrCollection> collections_;
};

}  // namespace sitelatch::route53
