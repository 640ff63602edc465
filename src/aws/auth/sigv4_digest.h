// SPDX-License-Identifier: Apache-2.0
// SHA-256 and HMAC-SHA256 for SigV4 and for sealed tokens. The algorithm is fetched from OpenSSL
// once (a fetch a call costs more than hashing a small request).
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sitelatch::aws {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view bytes);

std::string_view bytes_of(const Digest& digest);
std::string hex_of(const Digest& digest);
// Takes the same time wherever the texts differ; different lengths are unequal at once.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace sitelatch::aws
