// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash that is cheap for short messages. Who
// does not know the key can neither make a cookie nor two inputs that meet in one bucket.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace sitelatch::dns {

using SipKey = std::array<std::uint8_t, 16>;

std::uint64_t siphash_2_4(const SipKey& key, std::span<const std::uint8_t> message);

}  // namespace sitelatch::dns
