// SPDX-License-Identifier: Apache-2.0
#include "dns/rate_limit.h"

#include <algorithm>
#include <array>
#include <bit>

namespace sitelatch::dns {
namespace {

// An entry is a word: whose it is (23 bits of the hash), whether the next dropped answer goes out
// truncated (1 bit), and the time until which its allowance is spent (40 bits of microseconds).
// Every answer moves that time on by an interval; it may be a second ahead of now (the burst), and
// with what is dropped a window more. The time wraps after twelve days; one that is farther ahead
// than can be is such an old one. But a thread that was held up has a `now` behind the others'.
constexpr std::uint64_t burst = 1'000'000, window = 5'000'000;
constexpr std::uint64_t threads_apart = 60'000'000;
constexpr std::uint64_t time_mask = (std::uint64_t{1} << 40) - 1;
constexpr std::uint64_t slip_bit = std::uint64_t{1} << 40;
constexpr int tag_shift = 41;
constexpr int most_attempts = 4;     // to change an entry that other threads change
constexpr std::size_t set_size = 8;  // entries looked at for one hash: a cache line

std::uint64_t ahead_of(std::uint64_t word, std::uint64_t now) {
  const std::uint64_t ahead = (word - now) & time_mask;
  return ahead > burst + window + threads_apart ? 0 : ahead;
}

// Of 8 neighbours the one with this tag, else the one that is the least loss.
std::atomic<std::uint64_t>& choose(std::atomic<std::uint64_t>* set, std::uint64_t tag,
                                   std::uint64_t now) {
  std::size_t best = 0;
  std::uint64_t least = ~std::uint64_t{0};
  for (std::size_t i = 0; i < set_size; ++i) {
    const std::uint64_t word = set[i].load(std::memory_order_relaxed);
    const std::uint64_t ahead = ahead_of(word, now);
    if (word >> tag_shift == tag && ahead > 0) return set[i];
    if (ahead < least) {
      least = ahead;
      best = i;
    }
  }
  return set[best];
}

}  // namespace

RateLimiter::RateLimiter(unsigned per_second, const SipKey& key, std::size_t entries)
    : key_(key),
      interval_(1'000'000 / std::clamp(per_second, 1U, highest_rate_limit)),
      interval_of_all_(std::max<std::uint64_t>(1, interval_ / 10)),
      entries_(std::bit_ceil(std::max(entries, set_size))) {}

RateLimiter::Verdict RateLimiter::judge(std::span<const std::uint8_t> address,
                                        const Response& response, std::uint64_t now) {
  // The network, then what it asked about; the network alone comes under a kind of its own.
  std::array<std::uint8_t, 20> input{};
  const bool v6 = address.size() == 16;
  std::copy_n(address.begin(), std::min<std::size_t>(address.size(), v6 ? 7 : 3), input.begin());
  input[7] = v6 ? 6 : 4;
  input[8] = 0xff;
  const std::uint64_t everything = siphash_2_4(key_, input);
  input[8] = static_cast<std::uint8_t>(response.kind);
  if (response.kind == Response::Kind::answer) {
    input[9] = static_cast<std::uint8_t>(response.type >> 8);
    input[10] = static_cast<std::uint8_t>(response.type);
  }
  for (std::size_t i = 0; i < 8; ++i)
    input[11 + i] = static_cast<std::uint8_t>(response.subject >> (8 * i));
  const Verdict of_all = spend(everything, interval_of_all_, now);
  const Verdict of_kind = spend(siphash_2_4(key_, input), interval_, now);
  return of_kind == Verdict::send ? of_all : of_kind;
}

RateLimiter::Verdict RateLimiter::spend(std::uint64_t hash, std::uint64_t interval,
                                        std::uint64_t now) {
  const std::uint64_t tag = hash >> tag_shift;
  const std::size_t first =
      static_cast<std::size_t>(hash) & (entries_.size() - 1) & ~(set_size - 1);
  std::atomic<std::uint64_t>& entry = choose(&entries_[first], tag, now);
  std::uint64_t word = entry.load(std::memory_order_relaxed);
  Verdict verdict = Verdict::send;
  for (int attempts_left = most_attempts; attempts_left > 0; --attempts_left) {
    const bool ours = word >> tag_shift == tag;
    const std::uint64_t spent = ours ? ahead_of(word, now) : 0;
    // Never back: more than the window is spent only where `now` is behind.
    const std::uint64_t ahead = std::max(spent, std::min(spent + interval, burst + window));
    std::uint64_t slip = ours ? word & slip_bit : 0;
    verdict = Verdict::send;
    if (ahead > burst) {
      verdict = slip ? Verdict::truncate : Verdict::drop;
      slip ^= slip_bit;
    }
    const std::uint64_t until = (now + ahead) & time_mask;
    if (entry.compare_exchange_weak(word, tag << tag_shift | slip | until,
                                    std::memory_order_relaxed))
      break;
  }
  return verdict;
}

}  // namespace sitelatch::dns
