// SPDX-License-Identifier: Apache-2.0
#include "dns/siphash.h"

#include <bit>
#include <cstddef>

namespace sitelatch::dns {
namespace {

std::uint64_t little_endian(const std::uint8_t* at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | at[i];
  return value;
}

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t siphash_2_4(const SipKey& key, std::span<const std::uint8_t> message) {
  const std::uint64_t k0 = little_endian(key.data(), 8), k1 = little_endian(key.data() + 8, 8);
  // The constants are "somepseudorandomlygeneratedbytes" in ASCII.
  State state{k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
              k1 ^ 0x7465646279746573U};
  const std::uint64_t size = message.size();
  while (message.size() >= 8) {
    state.take(little_endian(message.data(), 8));
    message = message.subspan(8);
  }
  state.take(size << 56 | little_endian(message.data(), message.size()));
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace sitelatch::dns
