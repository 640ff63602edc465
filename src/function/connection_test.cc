// SPDX-License-Identifier: Apache-2.0
#include "function/connection.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <vector>

using namespace sitelatch;
using namespace sitelatch::function;

TEST_CASE("guard-on-aws 9: the wait for the next event has no end, and no timer of its own") {
  std::vector<int> asked;
  int calls = 0;
  const auto waited = wait_by(
      [&](int milliseconds) {
        asked.push_back(milliseconds);
        if (++calls == 2) errno = EINTR;
        return calls == 1 ? 0 : calls == 2 ? -1 : 1;  // ended early, a signal, ready
      },
      no_deadline);
  CHECK(waited);
  CHECK(asked == std::vector<int>{-1, -1, -1});
}

TEST_CASE("a far deadline is waited for in parts, a near one ends the wait") {
  int calls = 0;
  const auto far = std::chrono::steady_clock::now() + std::chrono::hours{24};
  CHECK(wait_by([&](int milliseconds) { return milliseconds == 600'000 && ++calls == 3 ? 1 : 0; },
                far));
  CHECK(calls == 3);
  const auto past = std::chrono::steady_clock::now() - std::chrono::seconds{1};
  const auto timed_out = wait_by([](int) { return 0; }, past);
  REQUIRE_FALSE(timed_out);
  CHECK(timed_out.error().text == "timed out");
}
