// SPDX-License-Identifier: Apache-2.0
#include "base/regex.h"

#include <doctest/doctest.h>

using sitelatch::Regex;

namespace {

// The groups of the first match, joined by `|` ("-": took no part); "no"; or "refused".
std::string judge(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::compile(pattern);
  if (!regex) return "refused";
  Regex::Work work;
  const auto groups = regex->match(text, work);
  CHECK_MESSAGE(regex->found_in(text, work) == groups.has_value(), pattern << " in " << text);
  if (!groups) return "no";
  std::string out;
  for (const auto& group : *groups) {
    if (!out.empty()) out += '|';
    out += group ? std::string{*group} : "-";
  }
  return out;
}

}  // namespace

TEST_CASE("what a pattern finds is what Perl finds") {
  struct Row {
    const char *pattern, *text, *expected;
  };
  for (const auto& row : std::initializer_list<Row>{
           {"b+", "aabbbc", "bbb"},
           {"b+?", "aabbbc", "b"},
           {"a|ab", "ab", "a"},
           {"(a|ab)(c|bcd)(d*)", "abcd", "abcd|a|bcd|"},
           {"^b", "ab", "no"},
           {"b$", "ab", "b"},
           {"^$", "", ""},
           {"colou?r", "a color", "color"},
           {"[a-c]{2,3}", "xabcd", "abc"},
           {"[a-c]{2}", "xabcd", "ab"},
           {"x{,2}", "x{,2}", "x{,2}"},
           {"a{2,}", "aaaa", "aaaa"},
           {"[^a-y]", "abz", "z"},
           {"[]a]+", "x]a", "]a"},
           {"[a-]+", "x-a", "-a"},
           {"\\d+\\.\\d", "v 12.5", "12.5"},
           {"\\D\\W\\S", "1a-b", "a-b"},
           {"[\\d\\s]+", "a1 2b", "1 2"},
           {"[^\\d]+", "12ab3", "ab"},
           {"\\x41\\t", "A\t", "A\t"},
           {"(\\w+)@(\\w+)", "to me@here!", "me@here|me|here"},
           {"(a)|(b)", "b", "b|-|b"},
           {"(?:a(b)?)+", "aab", "aab|b"},
           {"(?i)error", "an ERROR", "ERROR"},
           {"(?i:e)r", "ER", "no"},
           {"(?i:e)r", "Er", "Er"},
           {"a.b", "a\nb", "no"},
           {"(?s)a.b", "a\nb", "a\nb"},
           {"(?m)^b$", "a\nb\nc", "b"},
           {"\\bcat\\b", "a cat.", "cat"},
           {"\\bcat\\b", "concat", "no"},
           {"\\Bcat", "concat", "cat"},
           {"(a*)*", "b", "-"},
           {"(a*)+$", "baa", "aa|aa"},
           {"[[:digit:]]+", "a42", "42"},
           {"\xc3\xa4.", "x\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac"},
           {"[\xc3\xa0-\xc3\xbf]", "a\xc3\xa4", "\xc3\xa4"},
           {"^.$", "\xe2\x82\xac", "\xe2\x82\xac"},
           {"\\[(?<level>[A-Z]+)\\] (?<rest>.*)", "x [WARN] it is", "[WARN] it is|WARN|it is"},
           {"$a", "a", "no"},
           {"", "x", ""},
       })
    CHECK_MESSAGE(judge(row.pattern, row.text) == row.expected, row.pattern);
  for (const auto* wrong :
       {"(",      ")",       "(a",    "a)",    "[",      "[a",         "*",  "a**",   "?a",
        "a{2,1}", "a{1001}", "(?=a)", "(?!a)", "(?<=a)", "(a)\\1",     "\\", "\\xg1", "[b-a]",
        "\\p{L}", "(?<>a)",  "(?<a",  "(?z)",  "a++",    "[[:none:]]", "\\c"})
    CHECK_MESSAGE(judge(wrong, "a") == "refused", wrong);
  const auto named = Regex::compile("(?<first>a)(b)(?P<third>c)");
  REQUIRE(named);
  CHECK(named->names() == std::vector<std::string>{"first", "", "third"});
}

TEST_CASE("patterns that make others backtrack cost what their size and the text's allow") {
  const std::string text(20'000, 'a');
  for (const auto* pattern : {"(a+)+$b", "(a|a)*b", "(a|aa)+$x", "(.*)(.*)(.*)(.*)(.*)x",
                              "(a?){50}a{50}b", "^(([a-z])+.)+[A-Z]([a-z])+$", "\\b(a*)*\\bx"}) {
    const auto regex = Regex::compile(pattern);
    REQUIRE_MESSAGE(regex, pattern);
    Regex::Work work;
    CHECK_FALSE(regex->found_in(text, work));
    CHECK_FALSE(work.exhausted());
    Regex::Work little{0, 10'000};
    CHECK_FALSE(regex->match(text + "b", little, 1));
    CHECK(little.exhausted());
    CHECK(little.spent < 200'000);
  }
}

TEST_CASE("states are forgotten when they are many, and nothing is found or missed for it") {
  const auto regex = Regex::compile("[ab]*a[ab]{12}c");
  REQUIRE(regex);
  std::string text;
  for (std::uint32_t i = 0, random = 1; i < 20'000; ++i) {
    random = random * 1664525 + 1013904223;
    text += random >> 31 ? 'a' : 'b';
  }
  Regex::Work work{0, 1'000'000'000};
  CHECK_FALSE(regex->found_in(text, work));
  CHECK(regex->found_in(text + "abbbbbbbbbbbbc", work));
  CHECK_FALSE(work.exhausted());
}

TEST_CASE("what is too large is refused before it costs") {
  for (const auto* pattern :
       {"(a{1000}){1000}", "((((){1000}){1000}){1000}){1000}", "(((((a?){99}){99}){99}){99}){99}"})
    CHECK_FALSE(Regex::compile(pattern));
  CHECK_FALSE(Regex::compile(std::string(5000, '(') + std::string(5000, ')')));
  std::string groups;
  for (int i = 0; i < 51; ++i) groups += "(a)";
  CHECK_FALSE(Regex::compile(groups));
}
