// SPDX-License-Identifier: Apache-2.0
// Chance that repeats: the same seed and the same questions in the same order give the same
// answers, on every machine and with every standard library (splitmix64).
#pragma once

#include <cstdint>

#include "base/time.h"

namespace sitelatch::realism {

// One step of splitmix64: any number to one that looks like chance.
inline std::uint64_t scramble(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// [0, 1)
inline double fraction_of(std::uint64_t x) { return static_cast<double>(x >> 11) * 0x1.0p-53; }

struct Range {
  Duration least{}, most{};
  Duration at(double fraction) const {
    return least + Duration{static_cast<std::int64_t>(static_cast<double>((most - least).count()) *
                                                      fraction)};
  }
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  Duration within(const Range& range) { return range.at(fraction_of(next())); }
  bool happens(double probability) { return fraction_of(next()) < probability; }

 private:
  std::uint64_t next() { return scramble(state_++); }
  std::uint64_t state_;
};

}  // namespace sitelatch::realism
