// SPDX-License-Identifier: Apache-2.0
// DNS cookies (RFC 7873), the server's half in the interoperable form (RFC 9018 §4): version 1,
// three zero bytes, a timestamp, and SipHash-2-4 of all that with the client's cookie and address.
// Who returns one has received it: his address is not forged. Nothing is stored. The secret of a
// day is derived from the server's, so that none is in use for longer (RFC 7873 §7.1).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dns/siphash.h"

namespace sitelatch::dns {

inline constexpr std::size_t client_cookie_size = 8, server_cookie_size = 16;
inline constexpr std::size_t cookie_option_size = 4 + client_cookie_size + server_cookie_size;
inline constexpr std::uint16_t cookie_option_code = 10;

// What a COOKIE option may hold: the client's 8 bytes, or those and a server's 8 to 32
// (RFC 7873 §4).
constexpr bool is_cookie_size(std::size_t size) {
  return size == client_cookie_size || (size >= 16 && size <= 40);
}

using ServerCookie = std::array<std::uint8_t, server_cookie_size>;
using ClientCookie = std::span<const std::uint8_t, client_cookie_size>;

// RFC 9018 §4 with this secret. `address`: 4 or 16 bytes. `now`: seconds since 1970, as everywhere
// here; they wrap in 2106 (RFC 1982).
ServerCookie make_server_cookie(const SipKey& secret, ClientCookie client,
                                std::span<const std::uint8_t> address, std::uint32_t now);

class CookieSecret {
 public:
  using Address = std::span<const std::uint8_t>;

  explicit CookieSecret(const SipKey& secret) : secret_(secret) {}

  ServerCookie make(ClientCookie client, Address address, std::uint32_t now) const;

  enum class Verdict { fresh, valid, invalid };  // valid: good, but due for a new one
  // Good for an hour, and five minutes ahead; half an hour old it is renewed (RFC 9018 §4.3).
  Verdict check(ClientCookie client, std::span<const std::uint8_t> server, Address address,
                std::uint32_t now) const;

 private:
  SipKey secret_of_day(std::uint32_t day) const;
  SipKey secret_;
};

}  // namespace sitelatch::dns
