// SPDX-License-Identifier: Apache-2.0
#include "dns/node.h"

#include <new>

#include "base/check.h"

namespace sitelatch::dns {
namespace {

template <class T>
void append_native(std::string& bytes, T value) {
  char raw[sizeof value];
  std::memcpy(raw, &value, sizeof value);
  bytes.append(raw, sizeof value);
}

void append_16(std::string& wire, std::uint32_t value) {
  wire += static_cast<char>(value >> 8 & 0xff);
  wire += static_cast<char>(value & 0xff);
}

}  // namespace

void append_record(std::string& wire, std::uint16_t type, std::uint32_t ttl,
                   std::string_view rdata) {
  ENSURE(rdata.size() <= 0xffff, "rdata beyond 65535 bytes");
  append_16(wire, 0xc00c);
  append_16(wire, type);
  append_16(wire, 1);  // IN
  append_16(wire, ttl >> 16);
  append_16(wire, ttl & 0xffff);
  append_16(wire, static_cast<std::uint32_t>(rdata.size()));
  wire += rdata;
}

PreparedSet prepare(std::uint16_t type, const Choices& choices, std::uint16_t place) {
  PreparedSet set{type, static_cast<std::uint16_t>(choices.size()), {}, place};
  for (const Choice& choice : choices) {
    std::string wire;
    ENSURE(!choice.fails || choice.rrset.rdata.empty());
    for (const std::string& rdata : choice.rrset.rdata)
      append_record(wire, type, choice.rrset.ttl, rdata);
    append_native(set.bytes, choice.weight);
    append_native(set.bytes, static_cast<std::uint32_t>(wire.size()));
    ENSURE(choice.rrset.rdata.size() < fails_count, "beyond 65534 records");
    append_native(set.bytes, choice.fails ? fails_count
                                          : static_cast<std::uint16_t>(choice.rrset.rdata.size()));
    set.bytes += wire;
  }
  return set;
}

Ref<const Node> Node::make(std::uint64_t hash, std::string_view name, std::uint32_t children,
                           const std::vector<PreparedSet>& sets) {
  std::size_t total = sizeof(Node) + sets.size() * sizeof(Set) + name.size();
  for (const PreparedSet& set : sets) total += set.bytes.size();
  auto* memory = static_cast<char*>(::operator new(total));
  auto* node = new (memory) Node(hash, children, sets.size(), name.size(), total);
  char* table = memory + sizeof(Node);
  char* to = table + sets.size() * sizeof(Set);
  std::memcpy(to, name.data(), name.size());
  to += name.size();
  for (auto at = sets.begin(); at != sets.end(); ++at) {
    const PreparedSet& set = *at;
    std::uint16_t variants = 0;
    if (set.place == 0)
      for (auto next = at + 1; next != sets.end() && next->type == set.type; ++next) ++variants;
    new (table)
        Set{set.type, set.choices, static_cast<std::uint32_t>(to - memory), set.place, variants};
    table += sizeof(Set);
    std::memcpy(to, set.bytes.data(), set.bytes.size());
    to += set.bytes.size();
  }
  return Ref<const Node>(node);
}

void Node::destroy(const Node* node) {
  node->~Node();
  ::operator delete(const_cast<Node*>(node));
}

Answer Node::draw_by_weight(const Set& set, std::uint64_t random) const {
  if (set.choices == 0) return {};
  std::uint64_t total = 0;
  std::uint32_t offset = set.offset;
  for (std::size_t i = 0; i < set.choices; ++i) {
    const Drawable drawable = choice(offset);
    total += drawable.weight;
    offset = drawable.next;
  }
  const bool equal = total == 0;
  if (equal) total = set.choices;
  std::uint64_t ticket = random % total;
  offset = set.offset;
  for (;;) {
    const Drawable drawable = choice(offset);
    const std::uint64_t weight = equal ? 1 : drawable.weight;
    if (ticket < weight) return drawable.answer;
    ticket -= weight;
    offset = drawable.next;
  }
}

std::vector<PreparedSet> Node::unpack() const {
  std::vector<PreparedSet> unpacked;
  for (const Set* set = begin(); set != end(); ++set) {
    const std::uint32_t stop = set + 1 == end() ? total_ : (set + 1)->offset;
    unpacked.push_back({set->type, set->choices,
                        std::string(bytes() + set->offset, stop - set->offset), set->place});
  }
  return unpacked;
}

}  // namespace sitelatch::dns
