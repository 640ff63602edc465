// SPDX-License-Identifier: Apache-2.0
#include "dns/cookie.h"

#include <algorithm>
#include <cstring>

namespace sitelatch::dns {
namespace {

constexpr std::uint32_t seconds_a_day = 86400;
constexpr std::int32_t lifetime = 3600, renewed_after = 1800, clock_ahead = 300;

void write_big_endian(std::uint8_t* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}
std::uint32_t read_big_endian(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
         std::uint32_t{at[3]};
}
void write_little_endian(std::uint8_t* at, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

// Takes as long for a wrong guess as for a right one.
bool equal(const ServerCookie& a, std::span<const std::uint8_t> b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

// A day's two halves are the hashes of "day, half" under the server's secret.
SipKey CookieSecret::secret_of_day(std::uint32_t day) const {
  SipKey out;
  for (std::uint8_t half = 0; half < 2; ++half) {
    std::uint8_t label[5];
    write_big_endian(label, day);
    label[4] = half;
    write_little_endian(out.data() + 8 * half, siphash_2_4(secret_, label));
  }
  return out;
}

ServerCookie make_server_cookie(const SipKey& secret, ClientCookie client,
                                std::span<const std::uint8_t> address, std::uint32_t now) {
  // The order of RFC 9018 §4.4: client cookie, version, reserved, timestamp, client's address.
  std::array<std::uint8_t, 8 + 8 + 16> input{};
  std::copy(client.begin(), client.end(), input.begin());
  input[8] = 1;
  write_big_endian(&input[12], now);
  const std::size_t length = std::min<std::size_t>(address.size(), 16);
  std::copy_n(address.begin(), length, &input[16]);
  ServerCookie cookie;
  std::copy_n(&input[8], 8, cookie.begin());
  write_little_endian(&cookie[8], siphash_2_4(secret, std::span{input}.first(16 + length)));
  return cookie;
}

ServerCookie CookieSecret::make(ClientCookie client, Address address, std::uint32_t now) const {
  return make_server_cookie(secret_of_day(now / seconds_a_day), client, address, now);
}

CookieSecret::Verdict CookieSecret::check(ClientCookie client, std::span<const std::uint8_t> server,
                                          Address address, std::uint32_t now) const {
  if (server.size() != server_cookie_size || server[0] != 1) return Verdict::invalid;
  const std::uint32_t made = read_big_endian(&server[4]);
  const auto age = static_cast<std::int32_t>(now - made);
  if (age > lifetime || age < -clock_ahead) return Verdict::invalid;
  // The reserved bytes are zero in what we make, so any others do not compare equal.
  if (!equal(make(client, address, made), server)) return Verdict::invalid;
  return age > renewed_after ? Verdict::valid : Verdict::fresh;
}

}  // namespace sitelatch::dns
