// SPDX-License-Identifier: Apache-2.0
// Node: everything a zone says at one name, as one immutable block of memory: its name and, for
// each type, its choices with their records already written as they will stand in an answer (owner:
// a pointer to the question's name). A name with no types that has names below it (an empty
// non-terminal, RFC 4592 §2.2.2) is a node too: that is the difference between NODATA and NXDOMAIN.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "dns/ref.h"
#include "dns/view.h"

namespace sitelatch::dns {

// The records of one choice, ready to copy. Owners are the two bytes C0 0C, to be patched where the
// name is not the question's.
struct Answer {
  const std::uint8_t* wire = nullptr;
  std::uint32_t size = 0;
  std::uint16_t count = 0;
  bool fails = false;
};

// One type's choices as they lie in a node.
struct PreparedSet {
  std::uint16_t type = 0;
  std::uint16_t choices = 0;
  std::string bytes;
  std::uint16_t place = 0;  // 0: for everybody without one of his own
};
PreparedSet prepare(std::uint16_t type, const Choices& choices, std::uint16_t place = 0);
// One record as it stands in an answer.
void append_record(std::string& wire, std::uint16_t type, std::uint32_t ttl,
                   std::string_view rdata);

// In place of a choice's number of records: it fails.
inline constexpr std::uint16_t fails_count = 0xffff;

class Node {
 public:
  // Where a type's choices lie.
  struct Set {
    std::uint16_t type, choices;
    std::uint32_t offset;
    std::uint16_t place, variants;  // how many sets for places follow this one, of its type
  };

  // A type's sets stand together, the one for everybody first.
  static Ref<const Node> make(std::uint64_t hash, std::string_view name, std::uint32_t children,
                              const std::vector<PreparedSet>& sets);
  static void destroy(const Node* node);

  std::uint64_t hash() const { return hash_; }
  std::string_view name() const { return {bytes() + name_at(), name_size_}; }
  std::uint32_t children() const {
    return children_;
  }  // names directly below that exist (not counted at an origin)

  const Set* find(std::uint16_t wanted) const {
    const Set* set = sets();
    for (std::size_t i = 0; i < set_count_; ++i) {
      if (set[i].type == wanted) return &set[i];
    }
    return nullptr;
  }
  // What somebody at that place is told of the type of this set, which is for everybody.
  static const Set& at_place(const Set& set, std::uint16_t place) {
    for (const Set* variant = &set + 1; variant <= &set + set.variants; ++variant)
      if (variant->place == place) return *variant;
    return set;
  }
  const Set* begin() const { return sets(); }
  const Set* end() const { return sets() + set_count_; }

  // One of the choices, by weight; of none, an answer without records. Weights all zero are equal
  // weights.
  Answer draw(const Set& set, std::uint64_t random) const {
    if (set.choices == 1) [[likely]]
      return choice(set.offset).answer;
    return draw_by_weight(set, random);
  }
  std::vector<PreparedSet> unpack() const;

  mutable std::atomic<std::uint32_t> refs{1};

 private:
  struct Drawable {
    std::uint32_t weight = 0;
    Answer answer;
    std::uint32_t next = 0;  // offset of the next choice
  };
  Node(std::uint64_t hash, std::uint32_t children, std::size_t set_count, std::size_t name_size,
       std::size_t total)
      : children_(children),
        hash_(hash),
        total_(static_cast<std::uint32_t>(total)),
        set_count_(static_cast<std::uint16_t>(set_count)),
        name_size_(static_cast<std::uint8_t>(name_size)) {}

  const char* bytes() const { return reinterpret_cast<const char*>(this); }
  const Set* sets() const { return reinterpret_cast<const Set*>(bytes() + sizeof(Node)); }
  std::size_t name_at() const { return sizeof(Node) + set_count_ * sizeof(Set); }
  Drawable choice(std::uint32_t offset) const;
  Answer draw_by_weight(const Set& set, std::uint64_t random) const;

  std::uint32_t children_;
  std::uint64_t hash_;
  std::uint32_t total_;
  std::uint16_t set_count_;
  std::uint8_t name_size_;
};

inline Node::Drawable Node::choice(std::uint32_t offset) const {
  // weight, size, count (prepare() writes them)
  const char* at = bytes() + offset;
  Drawable drawable;
  std::memcpy(&drawable.weight, at, 4);
  std::memcpy(&drawable.answer.size, at + 4, 4);
  std::memcpy(&drawable.answer.count, at + 8, 2);
  if (drawable.answer.count == fails_count) [[unlikely]]
    drawable.answer = {nullptr, 0, 0, true};
  drawable.answer.wire = reinterpret_cast<const std::uint8_t*>(at + 10);
  drawable.next = offset + 10 + drawable.answer.size;
  return drawable;
}

}  // namespace sitelatch::dns
