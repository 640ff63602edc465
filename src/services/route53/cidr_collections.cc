// SPDX-License-Identifier: Apache-2.0
#include "services/route53/cidr_collections.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/stored.h"
#include "base/check.h"
#include "base/text.h"
#include "dns/rdata.h"
#include "dns/type.h"
#include "ports/rows.h"

namespace sitelatch::route53 {
namespace {

constexpr std::string_view collections_table = "route53.cidr_collections";
// What AWS takes; nothing at all is the location "*".
constexpr unsigned longest_of_ipv4 = 24, longest_of_ipv6 = 48;

Failure<aws::Error> no_block(const std::string& text, std::string_view why) {
  return aws::refuse("InvalidInput",
                     fmt::format("Invalid parameter : The CIDR block {} {}.", text, why));
}

bool bit(std::string_view bytes, unsigned index) {
  return static_cast<unsigned char>(bytes[index / 8]) >> (7 - index % 8) & 1u;
}

bool is_clear_behind(std::string_view bytes, unsigned prefix) {
  for (unsigned i = prefix; i < bytes.size() * 8; ++i)
    if (bit(bytes, i)) return false;
  return true;
}

std::string to_row(const CidrCollection& collection) {
  auto out = aws::Value::structure({{"name", collection.name},
                                    {"ref", collection.caller_reference},
                                    {"version", collection.version}});
  auto locations = aws::Value::structure();
  for (const auto& [name, blocks] : collection.locations()) {
    auto list = aws::Value::list();
    for (const auto& block : blocks) list.push(shown(block));
    locations.set(name, std::move(list));
  }
  out.set("locations", std::move(locations));
  return aws::to_json(out);
}

}  // namespace

bool CidrBlock::covers(std::string_view other_address) const {
  if (other_address.size() != address.size()) return false;
  for (unsigned i = 0; i < prefix; ++i)
    if (bit(address, i) != bit(other_address, i)) return false;
  return true;
}

aws::Outcome<CidrBlock> parse_cidr_block(const std::string& text) {
  const auto slash = text.find('/');
  const bool ipv6 = text.find(':') != std::string::npos;
  const std::int64_t prefix = slash == std::string::npos
                                  ? 0
                                  : parse_int(std::string_view{text}.substr(slash + 1)).value_or(0);
  const auto address =
      dns::rdata_from_text(ipv6 ? dns::type::aaaa : dns::type::a, text.substr(0, slash));
  if (slash == std::string::npos || !address)
    return no_block(text, "is not valid: it is an address, a slash and a number of bits");
  const unsigned longest = ipv6 ? longest_of_ipv6 : longest_of_ipv4;
  if (prefix < 1 || prefix > longest)
    return no_block(text, fmt::format("is not valid: {} blocks have 1 to {} bits",
                                      ipv6 ? "IPv6" : "IPv4", longest));
  CidrBlock out{*address, static_cast<unsigned>(prefix)};
  if (!is_clear_behind(out.address, out.prefix))
    return no_block(text, "is not valid: it has bits set behind its prefix");
  return out;
}

std::string shown(const CidrBlock& block) {
  const auto type = block.address.size() == 4 ? dns::type::a : dns::type::aaaa;
  return fmt::format("{}/{}", dns::rdata_to_text(type, block.address), block.prefix);
}

bool CidrCollection::has_location(std::string_view location) const {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const auto& entry) { return entry.second == location; });
}

std::map<std::string, std::vector<CidrBlock>> CidrCollection::locations() const {
  std::map<std::string, std::vector<CidrBlock>> out;
  for (const auto& [block, location] : blocks) out[location].push_back(block);
  return out;
}

std::optional<std::string> CidrCollection::location_of(std::string_view address) const {
  const std::string* out = nullptr;
  unsigned longest = 0;
  for (const auto& [block, location] : blocks) {
    if (block.prefix <= longest || !block.covers(address)) continue;
    out = &location;
    longest = block.prefix;
  }
  return out ? std::optional{*out} : std::nullopt;
}

CidrCollections::CidrCollections(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, collections_table, [&](std::string_view key, std::string_view row) {
    const auto value = aws::stored_value(row);
    CidrCollection out{ports::text_of_key(key),
                       value["name"].string(),
                       value["ref"].string(),
                       value["version"].integer(),
                       {}};
    for (const auto& [location, list] : value["locations"].members())
      for (const auto& text : list.strings()) {
        const auto block = parse_cidr_block(text);
        ports::expect_of_row(block.has_value(), "a block of it is none");
        out.blocks.emplace(*block, location);
      }
    collections_.emplace(out.id, out);
  });
}

const CidrCollection* CidrCollections::find(const std::string& id) const {
  const auto found = collections_.find(id);
  return found == collections_.end() ? nullptr : &found->second;
}

const CidrCollection* CidrCollections::by_name(const std::string& name) const {
  for (const auto& [id, collection] : collections_)
    if (collection.name == name) return &collection;
  return nullptr;
}

const CidrCollection* CidrCollections::by_reference(const std::string& caller_reference) const {
  for (const auto& [id, collection] : collections_)
    if (collection.caller_reference == caller_reference) return &collection;
  return nullptr;
}

void CidrCollections::visit(const std::function<bool(const CidrCollection&)>& visitor) const {
  for (const auto& [id, collection] : collections_)
    if (!visitor(collection)) return;
}

void CidrCollections::write(const CidrCollection& collection) {
  journal_.put(collections_table, collection.id, to_row(collection));
}

const CidrCollection& CidrCollections::add(CidrCollection collection) {
  const auto id = collection.id;
  const auto [at, is_new] = collections_.emplace(id, std::move(collection));
  ENSURE(is_new, "a collection's id given twice");
  write(at->second);
  return at->second;
}

void CidrCollections::change(const std::string& id, std::map<CidrBlock, std::string> blocks) {
  auto& collection = collections_.at(id);
  collection.blocks = std::move(blocks);
  ++collection.version;
  write(collection);
}

void CidrCollections::remove(const std::string& id) {
  journal_.erase(collections_table, id);
  collections_.erase(id);
}

namespace {

dns::Network network_of(const CidrBlock& block) { return {block.address, block.prefix}; }

// The most specific block that has all of the network.
std::string location_in(const CidrCollection& collection, const dns::Network& network) {
  std::string out;
  std::optional<unsigned> longest;
  for (const auto& [block, location] : collection.blocks) {
    if (longest && *longest >= block.prefix) continue;
    if (!dns::contains(network_of(block), network)) continue;
    longest = block.prefix;
    out = location;
  }
  return out;
}

}  // namespace

std::vector<dns::Network> CidrCollections::networks() const {
  std::vector<dns::Network> out;
  for (const auto& [id, collection] : collections_)
    for (const auto& [block, location] : collection.blocks) out.push_back(network_of(block));
  return out;
}

std::string CidrCollections::location(const std::string& collection_id,
                                      const dns::Network& network) const {
  const auto* collection = find(collection_id);
  return collection ? location_in(*collection, network) : std::string{};
}

std::string CidrCollections::locations(const dns::Network& network) const {
  std::string out;
  for (const auto& [id, collection] : collections_)
    out += id + '=' + location_in(collection, network) + ' ';
  return out;
}

}  // namespace sitelatch::route53
