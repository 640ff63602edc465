// SPDX-License-Identifier: Apache-2.0
// What one thread of the DNS server has answered, and how long that took. The thread alone writes
// them, anybody may read them: loads and stores without order or lock, which cost it what plain
// numbers would. A reading while it counts may lack its last queries.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dns/answer.h"

namespace sitelatch::net {

// As numbers, of all threads together.
struct DnsFigures {
  static constexpr std::size_t rcodes = 16, transports = 2;
  // Seconds.
  static constexpr std::array<double, 10> turn_bounds = {
      0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.1};
  using Transport = dns::Limits::Transport;

  // By transport (Transport's number) and by the answer's RCODE (its low four bits).
  std::array<std::array<std::uint64_t, rcodes>, transports> answers{};
  std::array<std::uint64_t, transports> unanswered{};  // malformed, or over the rate limit
  // Of a turn: from when a thread is woken by queries to when what it has taken is answered; how
  // many queries had one of up to that length, and the seconds of all.
  std::array<std::uint64_t, turn_bounds.size() + 1> by_turn{};
  double turn_seconds = 0;
};

class DnsCounts {
 public:
  using Transport = DnsFigures::Transport;

  // `reply`: empty where nothing is answered.
  void count(Transport transport, std::span<const std::uint8_t> reply) {
    const auto index = static_cast<std::size_t>(transport);
    if (reply.size() < 4)
      add(unanswered_[index], 1);
    else
      add(answers_[index][reply[3] & 0x0F], 1);
  }
  void count_turn(std::chrono::nanoseconds took, std::uint64_t queries) {
    if (queries == 0) return;
    std::size_t place = 0;
    while (place < bounds_ns.size() && took.count() > bounds_ns[place]) ++place;
    add(by_turn_[place], queries);
    add(turn_ns_, static_cast<std::uint64_t>(took.count()) * queries);
  }

  std::uint64_t queries() const;
  void add_to(DnsFigures& figures) const;

 private:
  using Number = std::atomic<std::uint64_t>;
  static constexpr auto bounds_ns = [] {
    std::array<std::int64_t, DnsFigures::turn_bounds.size()> out{};
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::int64_t>(DnsFigures::turn_bounds[i] * 1e9 + 0.5);
    return out;
  }();
  static void add(Number& number, std::uint64_t more) {
    number.store(number.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
  }

  std::array<std::array<Number, DnsFigures::rcodes>, DnsFigures::transports> answers_{};
  std::array<Number, DnsFigures::transports> unanswered_{};
  std::array<Number, DnsFigures::turn_bounds.size() + 1> by_turn_{};
  Number turn_ns_{};
};

}  // namespace sitelatch::net
