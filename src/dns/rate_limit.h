// SPDX-License-Identifier: Apache-2.0
// RateLimiter: how many answers a network gets (response rate limiting as other servers know it;
// facts dns-20 to dns-24). A pure function of what it has seen and the time. Counted are, for each
// client network (/24, /56): answers about one name and type, denials by zone, referrals by cut,
// errors; and everything together. A flood goes on being counted while it is dropped, up to a
// window: so it is answered again only some seconds after it has ended. Of what is dropped, every
// second one is sent truncated, so that an honest client of the same network comes back over TCP.
//
// One table of fixed size for all threads, no lock: an entry is one atomic word.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dns/siphash.h"

namespace sitelatch::dns {

inline constexpr unsigned default_rate_limit = 50;
inline constexpr unsigned highest_rate_limit = 100'000;

// What an answer is about. `subject`: a hash of the name or zone, from the view.
struct Response {
  enum class Kind : std::uint8_t { answer, no_data, no_name, referral, error };
  Kind kind = Kind::error;
  std::uint16_t type = 0;
  std::uint64_t subject = 0;
};

class RateLimiter {
 public:
  // `per_second`: 1 to highest_rate_limit, of one kind; ten times that of all kinds together.
  RateLimiter(unsigned per_second, const SipKey& key, std::size_t entries = std::size_t{1} << 16);

  enum class Verdict { send, truncate, drop };
  // `address`: 4 or 16 bytes. `now`: microseconds of a clock that never goes back; threads may
  // differ by seconds.
  Verdict judge(std::span<const std::uint8_t> address, const Response& response, std::uint64_t now);

 private:
  Verdict spend(std::uint64_t hash, std::uint64_t interval, std::uint64_t now);

  const SipKey key_;
  const std::uint64_t interval_, interval_of_all_;  // microseconds
  std::vector<std::atomic<std::uint64_t>> entries_;
};

}  // namespace sitelatch::dns
