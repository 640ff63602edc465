// SPDX-License-Identifier: Apache-2.0
#include "cli/typed_lines.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>

#include "base/fd.h"

using namespace sitelatch;
using cli::TypedLines;

namespace {
struct Pipe {
  Fd reads, writes;
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    reads = Fd{ends[0]};
    writes = Fd{ends[1]};
  }
  void type(const std::string& text) {
    REQUIRE(::write(writes.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
};
}  // namespace

TEST_CASE("lines come whole, one at a time, and are never waited for") {
  Pipe pipe;
  TypedLines lines{pipe.reads.get()};
  CHECK_FALSE(lines.next());
  pipe.type("K7Q4");
  CHECK_FALSE(lines.next());
  pipe.type("-2MXD\nsecond\nthi");
  CHECK(lines.next() == "K7Q4-2MXD");
  CHECK(lines.next() == "second");
  CHECK_FALSE(lines.next());
  pipe.writes.reset();
  CHECK(lines.next() == "thi");
  CHECK_FALSE(lines.next());
  CHECK_FALSE(lines.next());
}

TEST_CASE("a flood without a line's end is thrown away") {
  Pipe pipe;
  TypedLines lines{pipe.reads.get()};
  for (int i = 0; i < 6; ++i) {
    pipe.type(std::string(1000, 'x'));
    CHECK_FALSE(lines.next());
  }
  pipe.type("\nK7Q4-2MXD\n");
  while (const auto line = lines.next())
    if (*line == "K7Q4-2MXD") return;
  FAIL("the line after it is lost");
}
