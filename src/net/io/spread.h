// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sitelatch::net {

// Fast and good enough to spread weighted answers; not for secrets (splitmix64).
class Spread {
 public:
  explicit Spread(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
  }

 private:
  std::uint64_t state_;
};

}  // namespace sitelatch::net
