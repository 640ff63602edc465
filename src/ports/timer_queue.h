// SPDX-License-Identifier: Apache-2.0
// The one implementation of Timers: pending callbacks by (due time, order of making) and a time
// that its owner moves. The engine's loop moves it along the wall clock or on `advance`; tests move
// it by hand. Single-threaded.
#pragma once

#include <map>
#include <unordered_map>

#include "ports/timers.h"

namespace sitelatch::ports {

class TimerQueue final : public Timers {
 public:
  explicit TimerQueue(Instant start) : now_(start) {}

  Instant now() const override { return now_; }
  Id at(Instant due, std::function<void()> callback) override;
  void cancel(Id id) override;

  // The earliest due time, if anything is pending.
  std::optional<Instant> next_due() const;
  // Moves the time forward (never back) without running anything.
  void move_to(Instant now);
  // Runs the earliest callback if it is due by now(). Answers whether one ran.
  bool run_one_due();
  bool empty() const { return pending_.empty(); }

 private:
  using Key = std::pair<Instant, Id>;
  Instant now_;
  Id last_id_ = 0;
  std::map<Key, std::function<void()>> pending_;
  std::unordered_map<Id, Instant> due_of_;
};

}  // namespace sitelatch::ports
