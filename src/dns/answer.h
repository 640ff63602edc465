// SPDX-License-Identifier: Apache-2.0
// answer: a DNS reply as a function of the query's bytes, a view, and what the asker may have
// (cookies and rate, where they are given). No allocation, no clock: lookups, and copies of records
// that were written when the view was made.
// Authoritative only: REFUSED outside the zones; CNAMEs are followed inside the view (fact dns-7);
// positive answers carry the zone's NS in the authority section as Route 53's do (fact dns-8), and
// those of MX and SRV the addresses of their targets (fact dns-10); no DNSSEC, no zone transfer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dns/cookie.h"
#include "dns/rate_limit.h"
#include "dns/view.h"

namespace sitelatch::dns {

inline constexpr std::size_t default_udp_payload = 4096;  // Route 53's (fact dns-11)
inline constexpr std::size_t max_message_size = 65535;

struct Limits {
  enum class Transport { udp, tcp };
  Transport transport = Transport::udp;
  std::size_t udp_payload =
      default_udp_payload;  // the most we send over UDP, whatever the asker takes
};

// Who asks, and what keeps others from being answered in his place.
struct Asker {
  std::span<const std::uint8_t> address;  // 4 or 16 bytes
  const CookieSecret* cookies = nullptr;  // none: cookies are not answered
  std::uint32_t seconds = 0;              // since 1970, for cookies
  RateLimiter* limiter = nullptr;         // none: everything is answered; UDP alone is limited,
  std::uint64_t microseconds = 0;         // by this clock, and only without a good cookie
};

// Writes the reply and answers its size; 0: no reply at all. `reply` should hold max_message_size
// for TCP, the UDP payload (at least 512) for UDP; a smaller one truncates earlier. `random` draws
// among weighted choices.
std::size_t answer(std::span<const std::uint8_t> query, const View& view,
                   std::span<std::uint8_t> reply, const Limits& limits, std::uint64_t random,
                   const Asker& asker = {});

}  // namespace sitelatch::dns
