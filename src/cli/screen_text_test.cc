// SPDX-License-Identifier: Apache-2.0
#include "cli/screen_text.h"

#include <doctest/doctest.h>

namespace sitelatch::cli {
namespace {

TEST_CASE("issue 10: what is cut is cut between characters, and says so") {
  CHECK(clipped("abcdef", 6) == "abcdef");
  CHECK(clipped("abcdefg", 6) == "abcd..");
  CHECK(clipped("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 3) == "\xc3\xa9..");
  CHECK(clipped("a\nb\x07\xff", 9) == "a b??");
  CHECK(fitting({"a", "b", "c"}, 3) == std::vector<std::string>{"a", "b", "c"});
  CHECK(fitting({"a", "b", "c"}, 2) == std::vector<std::string>{"a", "(2 more lines)"});
}

TEST_CASE("issue 10: about how long, in one unit") {
  using std::chrono::seconds;
  CHECK(about_so_long(seconds{-3}) == "0s");
  CHECK(about_so_long(seconds{119}) == "119s");
  CHECK(about_so_long(seconds{120}) == "2m");
  CHECK(about_so_long(seconds{7199}) == "119m");
  CHECK(about_so_long(seconds{7200}) == "2h");
  CHECK(about_so_long(std::chrono::hours{47}) == "47h");
  CHECK(about_so_long(std::chrono::hours{80}) == "3d");
}

TEST_CASE("issue 10: without a width nothing is wrapped") {
  std::vector<std::string> lines;
  add_labelled(lines, "  check    ", std::string(500, 'x') + " y", unbounded, 11);
  CHECK(lines == std::vector<std::string>{"  check    " + std::string(500, 'x') + " y"});
}

}  // namespace
}  // namespace sitelatch::cli
