// SPDX-License-Identifier: Apache-2.0
#include "cli/wait_line.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace sitelatch::cli {
namespace {

using namespace std::chrono_literals;

struct Shown {
  explicit Shown(WaitLine::Kind kind)
      : line(
            kind, [] { return std::size_t{80}; },
            [this](const std::string& written) { text += written; }) {}
  void pass(Duration d) {
    for (const auto end = now + d; now < end; now += 100ms) line.tick(now);
  }
  std::string taken() { return std::exchange(text, ""); }

  std::string text;
  WallInstant now{};
  WaitLine line;
};

TEST_CASE("issue 10: in a pipe a wait is a line at its beginning and one each half a minute") {
  Shown shown(WaitLine::Kind::plain);
  shown.pass(1h);
  CHECK(shown.taken().empty());  // nothing was said: who follows a log does not wait
  shown.line.awaits(guard::Wait{"the alarm is OK", "two to five minutes", 10min}, shown.now);
  CHECK(shown.taken().empty());
  shown.pass(29s);
  CHECK(shown.taken() ==
        "Waiting until the alarm is OK (usually two to five minutes; at most 10m) ...\n");
  shown.pass(32s);
  CHECK(
      shown.taken() ==
      "   30s: still waiting until the alarm is OK\n    1m: still waiting until the alarm is OK\n");
  shown.line.awaits(std::nullopt, shown.now);
  shown.line.said("Primary serves.", shown.now);
  shown.pass(29s);
  CHECK(shown.taken() == "Primary serves.\n");
  shown.pass(2s);
  CHECK(shown.taken() == "   30s: still at it: Primary serves.\n");
}

TEST_CASE("issue 10: at a terminal it is one line, drawn each second, gone when it is over") {
  Shown shown(WaitLine::Kind::drawn);
  shown.line.awaits(guard::Wait{"the alarm is OK", "two to five minutes", {}}, shown.now);
  shown.pass(1050ms);
  CHECK(shown.taken() ==
        "\r\x1b[K    0s  until the alarm is OK (usually two to five minutes)"
        "\r\x1b[K    1s  until the alarm is OK (usually two to five minutes)");
  shown.line.said("not armed yet", shown.now);
  CHECK(shown.taken() == "\r\x1b[Knot armed yet\n");
  shown.pass(1s);
  CHECK(shown.taken().find("    2s  until the alarm is OK") != std::string::npos);
  shown.line.woke();
  CHECK(shown.taken().empty());  // it looks, and waits on
  shown.line.awaits(std::nullopt, shown.now);
  CHECK(shown.taken() == "\r\x1b[K");
  shown.line.said("deploys", shown.now);
  shown.pass(1100ms);
  CHECK(shown.taken() == "deploys\n\r\x1b[K    1s  deploys");
  shown.line.woke();
  CHECK(shown.taken() == "\r\x1b[K");
  shown.line.awaits(guard::Wait{std::string(300, 'x'), "", {}}, shown.now);
  shown.pass(100ms);
  CHECK(shown.taken().size() == 3 + 1 + 79);  // erased, and never wider than the terminal
}

TEST_CASE("issue 10: what is over before anybody has waited is not shown") {
  for (const auto kind : {WaitLine::Kind::plain, WaitLine::Kind::drawn}) {
    Shown shown(kind);
    shown.line.awaits(guard::Wait{"the alarm is OK", "", {}}, shown.now);
    shown.line.awaits(std::nullopt, shown.now);
    CHECK(shown.taken().empty());
  }
}

}  // namespace
}  // namespace sitelatch::cli
