// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/evaluation.h"

#include <doctest/doctest.h>

using namespace sitelatch;
using namespace sitelatch::cloudwatch;

namespace {

// Slots as the CloudWatch guide writes them: oldest first, X breaching, 0 not, - missing.
// Threshold: below 1 breaches.
std::vector<Datapoint> slots(std::string_view text) {
  std::vector<Datapoint> out;
  for (auto c = text.rbegin(); c != text.rend(); ++c) {
    Datapoint point;
    point.start = from_unix_seconds(60.0 * static_cast<double>(text.rend() - c));
    if (*c != '-') point.value = *c == 'X' ? 0.0 : 1.0;
    out.push_back(point);
  }
  return out;
}

Rule rule(std::size_t n, std::size_t m, MissingData missing) {
  return {n, m, missing, Comparison::less, 1.0};
}

char letter(std::optional<State> state) {
  if (!state) return 'k';
  return *state == State::alarm ? 'A' : *state == State::ok ? 'O' : 'I';
}
std::string across_treatments(std::string_view points, std::size_t n, std::size_t m) {
  std::string out;
  for (const auto missing : {MissingData::missing, MissingData::ignore, MissingData::breaching,
                             MissingData::not_breaching})
    out += letter(evaluate(rule(n, m, missing), slots(points)).state);
  return out;
}

// The rules again, written for the eye and not for speed, on strings: newest last.
char naive(const std::string& text, int n, int m, MissingData missing) {
  std::string real;  // newest first
  int oldest = 0;
  for (int back = 1; back <= static_cast<int>(text.size()); ++back) {
    const char c = text[text.size() - static_cast<std::size_t>(back)];
    if (c == '-' || static_cast<int>(real.size()) == n) continue;
    real += c;
    oldest = back;
  }
  int bad = 0;
  for (const char c : real) bad += c == 'X';
  const int have = static_cast<int>(real.size());
  if (have == n) return bad >= m ? 'A' : 'O';
  if (missing == MissingData::breaching) return have == 0 || bad + (n - have) >= m ? 'A' : 'O';
  if (missing == MissingData::not_breaching) return bad >= m ? 'A' : 'O';
  if (have == 0) return missing == MissingData::missing ? 'I' : 'k';
  if (bad != have) return bad >= m ? 'A' : 'O';
  if (oldest < m) return 'k';
  return missing == MissingData::missing ? 'A' : 'k';
}

}  // namespace

// Columns: missing, ignore, breaching, notBreaching. A alarm, O ok, I insufficient data, k stays
// (facts cloudwatch-10, -11).
TEST_CASE("the guide's table for 3 of 3") {
  CHECK(across_treatments("0-X-X", 3, 3) == "OOOO");
  CHECK(across_treatments("0----", 3, 3) == "OOOO");
  CHECK(across_treatments("-----", 3, 3) == "IkAO");
  CHECK(across_treatments("0XX-X", 3, 3) == "AAAA");
  CHECK(across_treatments("--X--", 3, 3) == "AkAO");
}

TEST_CASE("the guide's table for 2 of 3") {
  CHECK(across_treatments("0-X-X", 3, 2) == "AAAA");
  CHECK(across_treatments("00X0X", 3, 2) == "AAAA");
  CHECK(across_treatments("0-X--", 3, 2) == "OOAO");
  CHECK(across_treatments("----0", 3, 2) == "OOAO");
  CHECK(across_treatments("---X-", 3, 2) == "AkAO");
  CHECK(across_treatments("----X", 3, 2) == "kkAO");  // premature
}

TEST_CASE("the guide's failover alarm: one datapoint, notBreaching") {
  CHECK(across_treatments("--X", 1, 1) == "AAAA");
  CHECK(across_treatments("X--", 1, 1) == "AAAA");  // the newest real point in the range decides
  CHECK(across_treatments("X0-", 1, 1) == "OOOO");
  CHECK(across_treatments("---", 1, 1) == "IkAO");
  CHECK(evaluation_range(1) == 3);
  CHECK(evaluation_range(3) == 5);
}

TEST_CASE("every sequence of up to six slots agrees with the naive reading of the rules") {
  constexpr std::string_view letters = "X0-";
  int compared = 0;
  for (int length = 1; length <= 6; ++length) {
    int combinations = 1;
    for (int i = 0; i < length; ++i) combinations *= 3;
    for (int code = 0; code < combinations; ++code) {
      std::string text;
      for (int rest = code, i = 0; i < length; ++i, rest /= 3)
        text += letters[static_cast<std::size_t>(rest % 3)];
      const auto points = slots(text);
      for (int n = 1; n <= 5; ++n)
        for (int m = 1; m <= n; ++m)
          for (const auto missing : {MissingData::missing, MissingData::ignore,
                                     MissingData::breaching, MissingData::not_breaching}) {
            const auto got = letter(
                evaluate(rule(static_cast<std::size_t>(n), static_cast<std::size_t>(m), missing),
                         points)
                    .state);
            if (got != naive(text, n, m, missing)) FAIL("at " << text << " " << m << " of " << n);
            ++compared;
          }
    }
  }
  CHECK(compared == 1092 * 15 * 4);
}

TEST_CASE("what was evaluated is told newest first, with how much was missing") {
  const auto verdict = evaluate(rule(3, 3, MissingData::breaching), slots("X-0--"));
  REQUIRE(verdict.evaluated.size() == 2);
  CHECK(*verdict.evaluated[0].value == 1.0);
  CHECK(*verdict.evaluated[1].value == 0.0);
  CHECK(verdict.missing == 1);
}

TEST_CASE("percentiles of few samples mean little") {
  CHECK(low_sample_count(99, 999));
  CHECK_FALSE(low_sample_count(99, 1001));
  CHECK(low_sample_count(10, 99));
  CHECK_FALSE(low_sample_count(50, 20));
}
