// SPDX-License-Identifier: Apache-2.0
#include "base/log_line.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/log.h"
#include "base/text.h"

using namespace sitelatch;

TEST_CASE("text from outside stays on its line, and says what it was") {
  struct Row {
    std::string text, shown;
  };
  const Row rows[] = {
      {"PutRule", "PutRule"},
      {"a\nb\r\tc", R"(a\nb\r\tc)"},
      {"\x1b[31mred\x1b[0m", R"(\x1b[31mred\x1b[0m)"},
      {std::string("nul\0!", 5), R"(nul\x00!)"},
      {"C1 \xc2\x9b"
       "31m",
       R"(C1 \u{9b}31m)"},
      {"rtl \xe2\x80\xae"
       "gpj",
       R"(rtl \u{202e}gpj)"},
      {"line \xe2\x80\xa8 separator", R"(line \u{2028} separator)"},
      {"isolate \xe2\x81\xa6", R"(isolate \u{2066})"},
      {"not UTF-8: \xff\xc3(", R"(not UTF-8: \xff\xc3()"},
      {"surrogate \xed\xa0\x80", R"(surrogate \xed\xa0\x80)"},
      {"cut off \xe2\x80", R"(cut off \xe2\x80)"},
      {R"(spelled out \n)", R"(spelled out \\n)"},
      {"K\xc3\xb6ln \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x98\x80",
       "K\xc3\xb6ln \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x98\x80"},
  };
  for (const auto& row : rows) CHECK(log_line(row.text) == row.shown);
}

TEST_CASE("whatever the bytes, the line is valid UTF-8 without a control character, and bounded") {
  std::string all;
  for (int i = 0; i < 256; ++i)
    for (int j = 0; j < 256; ++j) all += {static_cast<char>(i), static_cast<char>(j)};
  const auto line = log_line(all, all.size() * 8);
  CHECK(valid_utf8(line));
  for (const char c : line) CHECK((c < 0 || (c >= 0x20 && c != 0x7f)));
  CHECK(log_line(std::string(1 << 20, '\n')).size() < log_bytes_max + 64);
  CHECK(log_line(std::string(5000, 'x')).ends_with("... (904 bytes more)"));
}

TEST_CASE("one call of log is one line, whoever chose its words") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  log(LogLevel::error, "gateway", "not handled: x\n2026-01-01T00:00:00.000Z error route53: forged");
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  ::close(ends[1]);
  std::string got(4096, '\0');
  const auto size = ::read(ends[0], got.data(), got.size());
  ::close(ends[0]);
  REQUIRE(size > 0);
  got.resize(static_cast<std::size_t>(size));
  CHECK(got.find('\n') == got.size() - 1);
  CHECK(got.find("x\\n2026") != std::string::npos);
}
