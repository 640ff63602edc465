// SPDX-License-Identifier: Apache-2.0
#include "dns/zone.h"

#include <algorithm>

#include "base/check.h"
#include "dns/type.h"

namespace sitelatch::dns {
namespace {

std::uint32_t read_32(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool holds(const std::vector<PreparedSet>& sets, std::uint16_t type) {
  return std::any_of(sets.begin(), sets.end(),
                     [type](const PreparedSet& set) { return set.type == type; });
}

}  // namespace

Zone::Zone(std::string origin) : origin_(std::move(origin)), origin_labels_(label_count(origin_)) {
  Key key;
  ENSURE(key.assign(origin_) == origin_.size() && key.name() == origin_,
         "an origin is a wire name in lower case");
  hash_ = key.hash();
}

Zone::Zone(const Zone& other)
    : origin_(other.origin_),
      origin_labels_(other.origin_labels_),
      hash_(other.hash_),
      nodes_(other.nodes_),
      cuts_(other.cuts_),
      negative_soa_(other.negative_soa_),
      name_servers_(other.name_servers_) {}

void Zone::set(const std::string& name, std::uint16_t type, const std::optional<Choices>& choices,
               const std::map<std::uint16_t, Choices>& placed) {
  Key key;
  ENSURE(key.assign(name) == name.size() && key.name() == name,
         "a node's name is a wire name in lower case");
  ENSURE(is_within(name, origin_), "a node's name lies in its zone");
  const Node* before = node(key);
  std::vector<PreparedSet> sets = before ? before->unpack() : std::vector<PreparedSet>{};
  const bool at_origin = name.size() == origin_.size();
  const bool was_cut = !at_origin && holds(sets, type::ns);
  sets.erase(std::remove_if(sets.begin(), sets.end(),
                            [type](const PreparedSet& set) { return set.type == type; }),
             sets.end());
  if (choices) {
    sets.push_back(prepare(type, *choices));
    for (const auto& [place, its] : placed) sets.push_back(prepare(type, its, place));
  }
  if (!at_origin) {
    cuts_ += holds(sets, type::ns) ? 1U : 0U;
    cuts_ -= was_cut ? 1U : 0U;
  }
  const std::uint32_t children = before ? before->children() : 0;
  const bool existed = before != nullptr;
  replace(key, children, sets);
  const bool exists = !sets.empty() || children > 0;
  if (existed != exists && !at_origin) count_child(key, 1, exists ? 1 : -1);
  if (at_origin) refresh_origin();
}

void Zone::replace(const Key& key, std::uint32_t children, const std::vector<PreparedSet>& sets) {
  if (sets.empty() && children == 0) {
    nodes_.erase(key.hash(), key.name());
  } else {
    nodes_.put(Node::make(key.hash(), key.name(), children, sets));
  }
}

// The name `suffix` labels up from the key's gains or loses a direct child; it comes into being or
// ends with it, and so on upwards. The origin needs no count: it holds the SOA.
void Zone::count_child(const Key& key, std::size_t suffix, int change) {
  for (; key.labels() - suffix > origin_labels_; ++suffix) {
    const Node* parent = node(key, suffix);
    const std::uint32_t children =
        (parent ? parent->children() : 0) + static_cast<std::uint32_t>(change);
    const bool existed = parent != nullptr;
    const std::vector<PreparedSet> sets = parent ? parent->unpack() : std::vector<PreparedSet>{};
    Key parent_key;
    parent_key.assign(key.name(suffix));
    replace(parent_key, children, sets);
    const bool exists = children > 0 || !sets.empty();
    if (existed == exists) return;
  }
}

void Zone::refresh_origin() {
  negative_soa_.clear();
  name_servers_ = {};
  const Node* origin = nodes_.find(hash_, origin_);
  if (!origin) return;
  if (const Node::Set* servers = origin->find(type::ns)) name_servers_ = origin->draw(*servers, 0);
  const Node::Set* set = origin->find(type::soa);
  if (!set || set->choices == 0) return;
  const Answer soa = origin->draw(*set, 0);
  const std::string wire(reinterpret_cast<const char*>(soa.wire), soa.size);
  if (soa.count == 0 || wire.size() < 12 + 22) return;  // not a SOA
  const std::uint32_t ttl = std::min(read_32(wire, 6), read_32(wire, wire.size() - 4));
  append_record(negative_soa_, type::soa, ttl, std::string_view(wire).substr(12));
}

Answer Zone::negative_soa() const {
  return {reinterpret_cast<const std::uint8_t*>(negative_soa_.data()),
          static_cast<std::uint32_t>(negative_soa_.size()),
          static_cast<std::uint16_t>(negative_soa_.empty() ? 0 : 1)};
}

Zone::Match Zone::find(const Key& key, std::size_t origin_suffix, std::uint16_t type) const {
  if (cuts_ == 0) {
    const Node* found = node(key);
    if (found) [[likely]]
      return {Match::exact, found, 0};
  }
  // Down from the origin, label by label, to the first delegation or the last name that exists.
  std::size_t encloser = origin_suffix;
  for (std::size_t suffix = origin_suffix; suffix-- > 0;) {
    const Node* next = node(key, suffix);
    if (!next) break;
    // DS belongs to the parent's side of the cut (RFC 4035 §3.1.4.1).
    if (cuts_ > 0 && next->find(type::ns) && !(suffix == 0 && type == type::ds)) {
      return {Match::delegation, next, suffix};
    }
    encloser = suffix;
  }
  if (encloser == 0) {
    const Node* found = node(key);
    if (found) return {Match::exact, found, 0};
    return {};
  }
  // The wildcard directly below the closest encloser, if any (RFC 4592 §3.3.1).
  char name[max_name_size + 3] = "\1*";
  const std::string_view parent = key.name(encloser);
  std::memcpy(name + 2, parent.data(), parent.size());
  const Node* wildcard =
      nodes_.find(hash_label(key.hash(encloser), name, 2), {name, parent.size() + 2});
  if (!wildcard) return {};
  return {Match::wildcard, wildcard, encloser};
}

}  // namespace sitelatch::dns
