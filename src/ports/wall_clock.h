// SPDX-License-Identifier: Apache-2.0
// The world's time, for what the outside imposes: signature skew, credential expiry. See
// base/time.h.
#pragma once

#include "base/time.h"

namespace sitelatch::ports {

class WallClock {
 public:
  virtual WallInstant now() const = 0;

 protected:
  ~WallClock() = default;
};

}  // namespace sitelatch::ports
