// SPDX-License-Identifier: Apache-2.0
// So many at once, and so many for ever: a bucket that holds `capacity` tokens and is filled by
// `a_second`, in the time that the caller lives in (Instant or WallInstant). A clock that is set
// back fills nothing and takes nothing.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/time.h"

namespace sitelatch {

template <class Time>
class TokenBucket {
 public:
  TokenBucket(double capacity, double a_second)
      : capacity_(capacity), a_second_(a_second), left_(capacity) {}

  // Until there is a token, in whole milliseconds upwards; 0: there is one.
  Duration wait(Time now) const {
    const double missing = 1 - left_at(now);
    if (missing <= 0) return Duration{0};
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::duration<double>(missing / a_second_));
  }

  // Whether or not there is one.
  void take(Time now) {
    left_ = std::max(0.0, left_at(now) - 1);
    taken_ = taken_ ? std::max(*taken_, now) : now;
  }

 private:
  double left_at(Time now) const {
    if (!taken_ || now <= *taken_) return left_;
    return std::min(capacity_,
                    left_ + a_second_ * std::chrono::duration<double>(now - *taken_).count());
  }

  double capacity_, a_second_, left_;
  std::optional<Time> taken_;
};

}  // namespace sitelatch
