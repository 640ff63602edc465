// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <doctest/doctest.h>

using namespace sitelatch;

TEST_CASE("a JSON string escapes what RFC 8259 asks for, and leaves UTF-8 alone") {
  std::string out = "[";
  append_json_string(out, "a\"b\\c/\n\r\t\b\f\x01\x1f\x7f\xc3\xa9");
  CHECK(out == "[\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u0001\\u001f\x7f\xc3\xa9\"");
  out.clear();
  append_json_string(out, std::string_view{"\0", 1});
  CHECK(out == "\"\\u0000\"");
}

TEST_CASE("wildcards are the marks that the caller says; then * and ? are literal") {
  CHECK(wildcard_match("a*c?", "abbcd"));
  CHECK_FALSE(wildcard_match("a*c?", "abbc"));
  constexpr WildcardMarks marks{.any_run = '\x01', .any_one = '\x02'};
  CHECK(wildcard_match("a*\x01z", "a*bz", marks));
  CHECK_FALSE(wildcard_match("a*\x01z", "abz", marks));
  CHECK(wildcard_match("\x02?", "x?", marks));
  CHECK_FALSE(wildcard_match("\x02?", "xy", marks));
}
