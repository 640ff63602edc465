// SPDX-License-Identifier: Apache-2.0
// Key: a name made ready for lookups: lower case, with the hash of each of its suffixes, computed
// in one pass from the root leftwards. So the zones above a name, its ancestors and itself are each
// one table probe away. No allocation.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dns/name.h"

namespace sitelatch::dns {

inline constexpr std::uint64_t root_hash = 0x9e3779b97f4a7c15U;

// The hash of label.parent, from the parent's hash and the label with its length byte, lower case.
inline std::uint64_t hash_label(std::uint64_t parent, const char* label, std::size_t size) {
  std::uint64_t h = parent;
  const auto mix = [&h](std::uint64_t word) {
    h = (h ^ word) * 0xff51afd7ed558ccdU;
    h ^= h >> 32;
  };
  for (; size >= 8; size -= 8, label += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, label, 8);
    mix(word);
  }
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < size; ++i) {
    last = last << 8 | static_cast<unsigned char>(label[i]);
  }
  mix(last + 1);
  return h;
}

class Key {
 public:
  // The root. Nothing is read beyond the labels there are, and a query should not pay for clearing
  // a kilobyte.
  Key() {
    name_[0] = 0;
    starts_[0] = 0;
    hashes_[0] = root_hash;
  }
  // Reads the uncompressed wire name at the start of bytes. Answers its size, or 0 if it is not a
  // valid name.
  std::size_t assign(const std::uint8_t* bytes, std::size_t available) {
    std::size_t at = 0;
    labels_ = 0;
    for (;;) {
      if (at >= available || at >= max_name_size) return 0;
      const std::size_t size = bytes[at];
      if (size == 0) break;
      if (size > max_label_size || at + size + 1 > available || at + size + 1 >= max_name_size)
        return 0;
      starts_[labels_++] = static_cast<std::uint8_t>(at);
      name_[at] = static_cast<char>(size);
      for (std::size_t i = at + 1; i <= at + size; ++i)
        name_[i] = static_cast<char>(lower_byte(bytes[i]));
      at += size + 1;
    }
    name_[at] = 0;
    starts_[labels_] = static_cast<std::uint8_t>(at);
    size_ = at + 1;
    hashes_[labels_] = root_hash;
    for (std::size_t i = labels_; i-- > 0;) {
      hashes_[i] =
          hash_label(hashes_[i + 1], &name_[starts_[i]], std::size_t{starts_[i + 1]} - starts_[i]);
    }
    return size_;
  }
  std::size_t assign(std::string_view wire) {
    return assign(reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size());
  }

  // Suffix 0 is the whole name, suffix labels() the root.
  std::size_t labels() const { return labels_; }
  std::size_t start(std::size_t suffix) const { return starts_[suffix]; }
  std::string_view name(std::size_t suffix = 0) const {
    return {&name_[starts_[suffix]], size_ - starts_[suffix]};
  }
  std::uint64_t hash(std::size_t suffix = 0) const { return hashes_[suffix]; }

 private:
  std::size_t size_ = 1, labels_ = 0;
  std::array<char, 256> name_;
  std::array<std::uint8_t, max_labels + 1> starts_;
  std::array<std::uint64_t, max_labels + 1> hashes_;
};

}  // namespace sitelatch::dns
