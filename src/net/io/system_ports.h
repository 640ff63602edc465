// SPDX-License-Identifier: Apache-2.0
// The ports that need nothing but the operating system.
#pragma once

#include "ports/entropy.h"
#include "ports/wall_clock.h"

namespace sitelatch::net {

class SystemEntropy final : public ports::Entropy {
 public:
  void fill(std::span<unsigned char> bytes) override;
};

class SystemWallClock final : public ports::WallClock {
 public:
  WallInstant now() const override;
};

}  // namespace sitelatch::net
