// SPDX-License-Identifier: Apache-2.0
#include "net/io/link_local.h"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace sitelatch::net {
namespace {

using V6 = std::array<std::uint8_t, 16>;

bool is_v4_link_local(const std::uint8_t* at) {
  return (at[0] == 169 && at[1] == 254) || at[0] == 0 || at[0] >= 224;
}

template <std::size_t size>
bool begins(const V6& address, const std::array<std::uint8_t, size>& with) {
  return std::equal(with.begin(), with.end(), address.begin());
}

bool is_v6_link_local(const V6& address) {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::array<std::uint8_t, 12> compatible{};
  constexpr std::array<std::uint8_t, 12> translated{0, 0x64, 0xff, 0x9b};  // NAT64, RFC 6052
  constexpr std::array<std::uint8_t, 6> translated_here{0, 0x64, 0xff, 0x9b, 0, 1};  // RFC 8215
  constexpr std::array<std::uint8_t, 2> six_to_four{0x20, 0x02};                     // RFC 3056
  constexpr std::array<std::uint8_t, 4> metadata_of_ec2{0xfd, 0, 0x0e, 0xc2};
  constexpr std::array<std::uint8_t, 4> metadata_of_gce{0xfd, 0x20, 0, 0xce};
  constexpr V6 loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (address == loopback) return false;
  if (address[0] == 0xff || (address[0] == 0xfe && (address[1] & 0xc0) == 0x80)) return true;
  if (begins(address, metadata_of_ec2) || begins(address, metadata_of_gce)) return true;
  if (begins(address, mapped) || begins(address, compatible) || begins(address, translated) ||
      begins(address, translated_here))
    return is_v4_link_local(&address[12]);
  return begins(address, six_to_four) && is_v4_link_local(&address[2]);
}

}  // namespace

bool is_link_local(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    std::uint8_t bytes[4];
    std::memcpy(bytes, &v4.sin_addr, sizeof bytes);
    return is_v4_link_local(bytes);
  }
  if (address.sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  V6 bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return is_v6_link_local(bytes);
}

}  // namespace sitelatch::net
