// SPDX-License-Identifier: Apache-2.0
#include "net/dns/precautions.h"

#include <sys/random.h>

#include <ctime>

#include "base/check.h"

namespace sitelatch::net {
namespace {

dns::SipKey random_key() {
  dns::SipKey key;
  ENSURE(getrandom(key.data(), key.size(), 0) == static_cast<ssize_t>(key.size()));
  return key;
}

template <class Bytes>
std::span<const std::uint8_t> bytes_of(const Bytes& address) {
  return {reinterpret_cast<const std::uint8_t*>(&address), sizeof address};
}

bool is_this_machine(std::span<const std::uint8_t> address) {
  if (address.size() == 4) return address[0] == 127;
  return IN6_IS_ADDR_LOOPBACK(reinterpret_cast<const in6_addr*>(address.data()));
}

}  // namespace

DnsPrecautions::DnsPrecautions(std::optional<unsigned> rate_limit, bool reachable_from_beyond)
    : cookies_(random_key()), spares_loopback_(!rate_limit) {
  const unsigned limit = rate_limit.value_or(reachable_from_beyond ? dns::default_rate_limit : 0U);
  if (limit > 0) limiter_ = std::make_unique<dns::RateLimiter>(limit, random_key());
}

DnsPrecautions::Turn DnsPrecautions::turn(std::chrono::steady_clock::time_point now) {
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  return {static_cast<std::uint32_t>(std::time(nullptr)),
          static_cast<std::uint64_t>(since.count())};
}

dns::Asker DnsPrecautions::asker(const sockaddr_storage& peer, const Turn& turn) {
  dns::Asker asker;
  asker.address = peer.ss_family == AF_INET
                      ? bytes_of(reinterpret_cast<const sockaddr_in&>(peer).sin_addr)
                      : bytes_of(reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr);
  asker.cookies = &cookies_;
  asker.seconds = turn.seconds;
  if (limiter_ && !(spares_loopback_ && is_this_machine(asker.address))) {
    asker.limiter = limiter_.get();
    asker.microseconds = turn.microseconds;
  }
  return asker;
}

}  // namespace sitelatch::net
