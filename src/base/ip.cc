// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace sitelatch {
namespace {

using Bytes = std::span<const std::uint8_t>;

bool restricted_v4(std::uint8_t a, std::uint8_t b) { return a == 0 || (a == 169 && b == 254); }

bool begins(Bytes address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

bool zeros(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// Where an IPv6 address carries an IPv4 one, its first two bytes are restricted ones.
bool carries_restricted_v4(Bytes a) {
  const auto at = [&](std::size_t first, std::size_t second) {
    return restricted_v4(a[first], a[second]);
  };
  // ::/96 compatible, ::ffff:0:0/96 mapped, ::ffff:0:0:0/96 translated (RFC 4291, RFC 2765).
  const bool mapped = zeros(a.first(10)) && a[10] == 0xff && a[11] == 0xff;
  const bool translated =
      zeros(a.first(8)) && a[8] == 0xff && a[9] == 0xff && zeros(a.subspan(10, 2));
  if (zeros(a.first(12)) || mapped || translated) return at(12, 13);
  // NAT64, the well-known prefix and the local-use one with each length that fits (RFC 6052 §2.2).
  if (begins(a, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return at(12, 13);
  if (begins(a, {0, 0x64, 0xff, 0x9b, 0, 1}))
    return at(6, 7) || at(7, 9) || at(9, 10) || at(12, 13);
  if (begins(a, {0x20, 0x02})) return at(2, 3);  // 6to4
  if (begins(a, {0x20, 0x01, 0, 0}))             // Teredo: a server, and a client inverted
    return at(4, 5) || restricted_v4(a[12] ^ 0xff, a[13] ^ 0xff);
  // ISATAP, under any prefix (RFC 5214 §6.1).
  return (a[8] & 0xfd) == 0 && a[9] == 0 && a[10] == 0x5e && a[11] == 0xfe && at(12, 13);
}

}  // namespace

bool is_restricted_address(Bytes a) {
  if (a.size() == 4) return restricted_v4(a[0], a[1]);
  if (a.size() != 16) return false;
  if (zeros(a.first(15)) && a[15] == 1) return false;  // loopback, not ::0.0.0.1
  const bool link_local = a[0] == 0xfe && (a[1] & 0xc0) == 0x80;
  const bool metadata = begins(a, {0xfd, 0x00, 0x0e, 0xc2});
  return link_local || metadata || carries_restricted_v4(a);
}

bool is_restricted_address(const std::string& text) {
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1)
    return is_restricted_address(Bytes(bytes).first(4));
  return inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1 &&
         is_restricted_address(Bytes(bytes));
}

}  // namespace sitelatch
