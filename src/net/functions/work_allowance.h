// SPDX-License-Identifier: Apache-2.0
// How much of the function host's thread one environment may use: a burst, then a share of the
// time. Counted in time spent, so it holds against floods of every kind alike: requests, bytes,
// connections, output.
#pragma once

#include <algorithm>
#include <chrono>

namespace sitelatch::net {

class WorkAllowance {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr auto burst = std::chrono::milliseconds(30);
  static constexpr int part = 20;  // one twentieth of the time in the long run

  void spend(Clock::time_point begin, Clock::time_point end) {
    left_ = std::min<Clock::duration>(burst, left_ + (end - at_) / part);
    left_ -= end - begin;
    at_ = end;
  }
  bool exhausted() const { return left_ < Clock::duration::zero(); }
  // When a third of the burst is there again.
  Clock::time_point restored_at() const { return at_ + (burst / 3 - left_) * part; }

 private:
  Clock::duration left_ = burst;
  Clock::time_point at_{};
};

}  // namespace sitelatch::net
