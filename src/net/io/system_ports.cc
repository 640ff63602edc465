// SPDX-License-Identifier: Apache-2.0
#include "net/io/system_ports.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace sitelatch::net {

void SystemEntropy::fill(std::span<unsigned char> bytes) {
  while (!bytes.empty()) {
    const auto got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    ENSURE(got > 0, "the system gives no random bytes");
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

WallInstant SystemWallClock::now() const { return std::chrono::system_clock::now(); }

}  // namespace sitelatch::net
