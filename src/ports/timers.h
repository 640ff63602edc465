// SPDX-License-Identifier: Apache-2.0
// Engine time (ARCHITECTURE.md, idea 5): what is the time, and wake me then. Everything is called
// on the control thread. Order: callbacks run by due time, and in the order of their making where
// due times are equal; never inside at(). A callback sees now() == its due time or later (later
// when the engine was busy, or was down).
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "base/time.h"

namespace sitelatch::ports {

class Timers {
 public:
  using Id = std::uint64_t;  // 0 is no timer

  virtual Instant now() const = 0;
  virtual Id at(Instant due, std::function<void()> callback) = 0;
  virtual void cancel(Id id) = 0;  // unknown or already run: nothing happens

 protected:
  ~Timers() = default;
};

// Owns one pending callback: dies or is set anew, and the old one never runs. Must not outlive its
// Timers.
class Timer {
 public:
  Timer() = default;
  ~Timer() { cancel(); }
  Timer(Timer&& other) noexcept
      : timers_(std::exchange(other.timers_, nullptr)), id_(std::exchange(other.id_, 0)) {}
  Timer& operator=(Timer&& other) noexcept {
    if (this != &other) {
      cancel();
      timers_ = std::exchange(other.timers_, nullptr);
      id_ = std::exchange(other.id_, 0);
    }
    return *this;
  }
  void set(Timers& timers, Instant due, std::function<void()> callback) {
    cancel();
    timers_ = &timers;
    id_ = timers.at(due, std::move(callback));
  }
  void cancel() {
    if (timers_ && id_) timers_->cancel(id_);
    timers_ = nullptr;
    id_ = 0;
  }

 private:
  Timers* timers_ = nullptr;
  Timers::Id id_ = 0;
};

}  // namespace sitelatch::ports
