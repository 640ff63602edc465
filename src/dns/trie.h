// SPDX-License-Identifier: Apache-2.0
// Trie: a persistent hash table from name to Leaf. Copying it is one count; put and erase copy only
// the path from the root to the leaf, and not even that where this trie alone holds it, so that
// loading a million names is in place. Shape: branches of up to 32 slots chosen by five bits of the
// hash a level; a bit map says which slots are leaves and which are branches, both packed. Past the
// 60 bits of the hash, further bits come from rehashing the name, so that any two different names
// part sooner or later. Leaf offers refs, destroy (ref.h), hash() and name(). Not thread-safe to
// change; readers of a finished trie need nothing.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "dns/ref.h"

namespace sitelatch::dns {

template <class Leaf>
class Trie {
 public:
  Trie() = default;
  Trie(const Trie& other) : root_(other.root_), size_(other.size_) {
    if (root_) retain(root_);
  }
  Trie& operator=(const Trie&) = delete;
  ~Trie() {
    if (root_) release(root_);
  }

  std::size_t size() const { return size_; }

  const Leaf* find(std::uint64_t hash, std::string_view name) const {
    const Branch* branch = root_;
    for (unsigned level = 0; branch; ++level) {
      const std::uint32_t bit = bit_of(hash, name, level);
      if (branch->leaves & bit) {
        const auto* leaf = static_cast<const Leaf*>(branch->slots()[branch->leaf_index(bit)]);
        return leaf->hash() == hash && leaf->name() == name ? leaf : nullptr;
      }
      if (!(branch->branches & bit)) return nullptr;
      branch = static_cast<const Branch*>(branch->slots()[branch->branch_index(bit)]);
    }
    return nullptr;
  }

  void put(Ref<const Leaf> leaf) {
    if (!root_) root_ = Branch::make(0, 0);
    root_ = put(root_, leaf.give_up(), 0);
  }

  void erase(std::uint64_t hash, std::string_view name) {
    if (!find(hash, name)) return;
    root_ = erase(root_, hash, name, 0);
    --size_;
  }

  template <class Visit>
  void each(Visit&& visit) const {
    if (root_) each(root_, visit);
  }

 private:
  struct Branch {
    mutable std::atomic<std::uint32_t> refs{1};
    std::uint32_t leaves, branches;

    Branch(std::uint32_t leaf_bits, std::uint32_t branch_bits)
        : leaves(leaf_bits), branches(branch_bits) {}
    static Branch* make(std::uint32_t leaf_bits, std::uint32_t branch_bits) {
      const auto count = static_cast<std::size_t>(std::popcount(leaf_bits)) +
                         static_cast<std::size_t>(std::popcount(branch_bits));
      void* memory = ::operator new(slots_at + count * sizeof(const void*));
      return new (memory) Branch(leaf_bits, branch_bits);
    }
    const void** slots() {
      return reinterpret_cast<const void**>(reinterpret_cast<char*>(this) + slots_at);
    }
    const void* const* slots() const {
      return reinterpret_cast<const void* const*>(reinterpret_cast<const char*>(this) + slots_at);
    }
    std::size_t leaf_count() const { return static_cast<std::size_t>(std::popcount(leaves)); }
    std::size_t count() const {
      return leaf_count() + static_cast<std::size_t>(std::popcount(branches));
    }
    std::size_t leaf_index(std::uint32_t bit) const {
      return static_cast<std::size_t>(std::popcount(leaves & (bit - 1)));
    }
    std::size_t branch_index(std::uint32_t bit) const {
      return leaf_count() + static_cast<std::size_t>(std::popcount(branches & (bit - 1)));
    }
    void retain_slots() const {
      for (std::size_t i = 0; i < count(); ++i) {
        i < leaf_count() ? retain(static_cast<const Leaf*>(slots()[i]))
                         : retain(static_cast<const Branch*>(slots()[i]));
      }
    }
    static void destroy(const Branch* branch) {
      for (std::size_t i = 0; i < branch->count(); ++i) {
        i < branch->leaf_count() ? release(static_cast<const Leaf*>(branch->slots()[i]))
                                 : release(static_cast<const Branch*>(branch->slots()[i]));
      }
      discard(branch);
    }
    // Frees the branch but not what its slots count.
    static void discard(const Branch* branch) {
      branch->~Branch();
      ::operator delete(const_cast<Branch*>(branch));
    }
  };
  static constexpr std::size_t slots_at =
      (sizeof(Branch) + sizeof(const void*) - 1) / sizeof(const void*) * sizeof(const void*);

  static std::uint32_t bit_of(std::uint64_t hash, std::string_view name, unsigned level) {
    if (level < 12) [[likely]]
      return std::uint32_t{1} << (hash >> (5 * level) & 31);
    std::uint64_t other = std::uint64_t{level} * 0x9e3779b97f4a7c15U;
    for (const char c : name) {
      other = (other ^ static_cast<unsigned char>(c)) * (0x100000001b3U + std::uint64_t{2} * level);
      other ^= other >> 29;
    }
    return std::uint32_t{1} << (other >> 40 & 31);
  }

  // Each of these takes over the caller's count of `branch` and gives one of the result.
  static Branch* own(Branch* branch) {
    if (is_sole(branch)) return branch;
    Branch* copy = Branch::make(branch->leaves, branch->branches);
    std::memcpy(copy->slots(), branch->slots(), branch->count() * sizeof(const void*));
    copy->retain_slots();
    release(branch);
    return copy;
  }
  static Branch* insert_slot(Branch* branch, std::uint32_t bit, bool is_leaf, const void* slot) {
    branch = own(branch);
    Branch* wider =
        Branch::make(branch->leaves | (is_leaf ? bit : 0), branch->branches | (is_leaf ? 0 : bit));
    const std::size_t at = is_leaf ? wider->leaf_index(bit) : wider->branch_index(bit);
    std::memcpy(wider->slots(), branch->slots(), at * sizeof(const void*));
    wider->slots()[at] = slot;
    std::memcpy(wider->slots() + at + 1, branch->slots() + at,
                (branch->count() - at) * sizeof(const void*));
    Branch::discard(branch);
    return wider;
  }
  // The slot's count passes to the caller.
  static Branch* remove_slot(Branch* branch, std::uint32_t bit, bool is_leaf) {
    branch = own(branch);
    const std::size_t at = is_leaf ? branch->leaf_index(bit) : branch->branch_index(bit);
    Branch* narrower = Branch::make(branch->leaves & ~(is_leaf ? bit : 0),
                                    branch->branches & ~(is_leaf ? 0 : bit));
    std::memcpy(narrower->slots(), branch->slots(), at * sizeof(const void*));
    std::memcpy(narrower->slots() + at, branch->slots() + at + 1,
                (branch->count() - at - 1) * sizeof(const void*));
    Branch::discard(branch);
    return narrower;
  }

  Branch* put(Branch* branch, const Leaf* leaf, unsigned level) {
    const std::uint32_t bit = bit_of(leaf->hash(), leaf->name(), level);
    if (branch->branches & bit) {
      branch = own(branch);
      const void*& slot = branch->slots()[branch->branch_index(bit)];
      slot = put(const_cast<Branch*>(static_cast<const Branch*>(slot)), leaf, level + 1);
      return branch;
    }
    if (!(branch->leaves & bit)) {
      ++size_;
      return insert_slot(branch, bit, true, leaf);
    }
    branch = own(branch);
    const void*& slot = branch->slots()[branch->leaf_index(bit)];
    const auto* there = static_cast<const Leaf*>(slot);
    if (there->hash() == leaf->hash() && there->name() == leaf->name()) {
      slot = leaf;
      release(there);
      return branch;
    }
    Branch* below = Branch::make(bit_of(there->hash(), there->name(), level + 1), 0);
    below->slots()[0] = there;
    below = put(below, leaf, level + 1);
    return insert_slot(remove_slot(branch, bit, true), bit, false, below);
  }

  // The leaf is there. A branch left with one leaf only is replaced by that leaf.
  static Branch* erase(Branch* branch, std::uint64_t hash, std::string_view name, unsigned level) {
    const std::uint32_t bit = bit_of(hash, name, level);
    branch = own(branch);
    if (branch->leaves & bit) {
      const auto* leaf = static_cast<const Leaf*>(branch->slots()[branch->leaf_index(bit)]);
      branch = remove_slot(branch, bit, true);
      release(leaf);
      return branch;
    }
    const void*& slot = branch->slots()[branch->branch_index(bit)];
    Branch* below =
        erase(const_cast<Branch*>(static_cast<const Branch*>(slot)), hash, name, level + 1);
    slot = below;
    if (below->branches != 0 || below->leaf_count() > 1) return branch;
    branch = remove_slot(branch, bit, false);
    if (below->leaf_count() == 1) branch = insert_slot(branch, bit, true, below->slots()[0]);
    Branch::discard(below);
    return branch;
  }

  template <class Visit>
  static void each(const Branch* branch, Visit& visit) {
    for (std::size_t i = 0; i < branch->count(); ++i) {
      if (i < branch->leaf_count()) {
        visit(*static_cast<const Leaf*>(branch->slots()[i]));
      } else {
        each(static_cast<const Branch*>(branch->slots()[i]), visit);
      }
    }
  }

  Branch* root_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sitelatch::dns
