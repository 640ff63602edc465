// SPDX-License-Identifier: Apache-2.0
// Chance that is the same on every machine and compiler: xoshiro256** (Blackman and Vigna, public
// domain), seeded by SplitMix64, and integers only. The standard's distributions are left to each
// library, so none is used.
#pragma once

#include <array>
#include <cstdint>

namespace sitelatch::simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15u;
      auto mixed = seed;
      mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
      word = mixed ^ (mixed >> 31);
    }
  }

  std::uint64_t next() {
    const auto out = rotated(state_[1] * 5, 7) * 9;
    const auto shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotated(state_[3], 45);
    return out;
  }

  // Evenly from low (inclusive) to high (exclusive; high where they are equal). The span stays
  // below 2^31.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    if (high <= low) return low;
    const auto span = static_cast<std::uint64_t>(high - low);
    return low + static_cast<std::int64_t>(((next() >> 33) * span) >> 31);
  }

  // True in so many of a million cases.
  bool chance(std::int64_t of_a_million) {
    return of_a_million > 0 && between(0, 1'000'000) < of_a_million;
  }

 private:
  static std::uint64_t rotated(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

  std::array<std::uint64_t, 4> state_{};
};

}  // namespace sitelatch::simulation
