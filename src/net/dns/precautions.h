// SPDX-License-Identifier: Apache-2.0
// What the DNS server does against being used on others: its cookies' secret, made anew at each
// start, and the rate limiter where there is one. Shared by all threads; nothing in it is locked.
#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "dns/answer.h"

namespace sitelatch::net {

class DnsPrecautions {
 public:
  // `rate_limit`: answers a second to one network about one thing, 0 for no limit; nothing: the
  // usual one for askers beyond this machine, if `reachable_from_beyond`.
  DnsPrecautions(std::optional<unsigned> rate_limit, bool reachable_from_beyond);

  // Of one turn of a thread: what the clocks say now.
  struct Turn {
    std::uint32_t seconds;
    std::uint64_t microseconds;
  };
  static Turn turn(std::chrono::steady_clock::time_point now);

  // `peer` must live as long as the answer.
  dns::Asker asker(const sockaddr_storage& peer, const Turn& turn);

 private:
  dns::CookieSecret cookies_;
  std::unique_ptr<dns::RateLimiter> limiter_;
  bool spares_loopback_;
};

}  // namespace sitelatch::net
