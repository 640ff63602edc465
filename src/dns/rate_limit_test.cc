// SPDX-License-Identifier: Apache-2.0
// On virtual time: the limiter has no clock.
#include "dns/rate_limit.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "dns/testing.h"

using namespace sitelatch::dns;
using namespace sitelatch::dns::testing;

namespace {

using Verdict = RateLimiter::Verdict;
constexpr std::uint64_t second = 1'000'000;
constexpr std::uint64_t start = 77 * second;

const std::uint8_t client_address[] = {192, 0, 2, 1};
const SipKey key{1, 2, 3};

struct Count {
  int sent = 0, truncated = 0, dropped = 0;
  void add(Verdict verdict) {
    ++(verdict == Verdict::send ? sent : verdict == Verdict::truncate ? truncated : dropped);
  }
};

Response about(std::uint64_t subject, Response::Kind kind = Response::Kind::answer,
               std::uint16_t type = 1) {
  return {kind, type, subject};
}

// `count` queries spread evenly over a time.
Count flood(RateLimiter& limiter, std::uint64_t from, std::uint64_t length, int count,
            const Response& response = about(7),
            std::span<const std::uint8_t> address = client_address) {
  Count out;
  for (int i = 0; i < count; ++i)
    out.add(limiter.judge(
        address, response,
        from + length * static_cast<std::uint64_t>(i) / static_cast<std::uint64_t>(count)));
  return out;
}

}  // namespace

TEST_CASE("a flood gets its allowance once; of the rest every second one is truncated") {
  RateLimiter limiter(50, key);
  const auto got = flood(limiter, start, second, 20'000);
  CHECK(got.sent >= 50);
  CHECK(got.sent <= 101);
  CHECK(std::abs(got.truncated - got.dropped) <= 1);
  // It goes on: nothing but truncations, because what is dropped counts too.
  const auto later = flood(limiter, start + second, 10 * second, 200'000);
  CHECK(later.sent == 0);
  CHECK(std::abs(later.truncated - later.dropped) <= 1);
}

TEST_CASE("who asks within the allowance is never limited, for hours") {
  RateLimiter limiter(50, key);
  CHECK(flood(limiter, start, 7200 * second, 50 * 7200 - 1).sent == 50 * 7200 - 1);
  // A burst of one second's worth out of the blue goes through too.
  CHECK(flood(limiter, start + 8000 * second, 0, 50).sent == 50);
}

TEST_CASE("some seconds after a flood everything is answered again") {
  RateLimiter limiter(50, key);
  flood(limiter, start, second, 20'000);
  CHECK(limiter.judge(client_address, about(7), start + 4 * second) != Verdict::send);
  CHECK(limiter.judge(client_address, about(7), start + 8 * second) == Verdict::send);
}

TEST_CASE("a thread that was held up, with a time behind the others', lets nothing through") {
  RateLimiter limiter(50, key);
  flood(limiter, start + 10 * second, second, 20'000);
  for (const std::uint64_t behind : {1U, 2U, 5U, 9U})
    CHECK(limiter.judge(client_address, about(7), start + (11 - behind) * second) != Verdict::send);
  CHECK(limiter.judge(client_address, about(7), start + 11 * second) != Verdict::send);
}

TEST_CASE("names, types, kinds and networks are counted apart; hosts of a network together") {
  RateLimiter limiter(50, key);
  flood(limiter, start, 0, 200);
  const auto judged = [&](const Response& response, std::span<const std::uint8_t> address) {
    return limiter.judge(address, response, start);
  };
  CHECK(judged(about(7), client_address) != Verdict::send);
  CHECK(judged(about(8), client_address) == Verdict::send);
  CHECK(judged(about(7, Response::Kind::answer, 28), client_address) == Verdict::send);
  CHECK(judged(about(7, Response::Kind::no_name), client_address) == Verdict::send);
  const std::uint8_t neighbour[] = {192, 0, 2, 200}, other[] = {192, 0, 3, 1};
  CHECK(judged(about(7), neighbour) != Verdict::send);
  CHECK(judged(about(7), other) == Verdict::send);
  std::array<std::uint8_t, 16> v6{0x20, 1, 0xd, 0xb8, 0, 0, 1, 0, 9};
  flood(limiter, start, 0, 200, about(7), v6);
  v6[7] = 0xff;  // the same /56
  v6[15] = 1;
  CHECK(judged(about(7), v6) != Verdict::send);
  v6[6] = 2;
  CHECK(judged(about(7), v6) == Verdict::send);
  // The type of a denial is the asker's invention.
  for (std::uint16_t type = 0; type < 200; ++type)
    judged(about(9, Response::Kind::no_data, type), client_address);
  CHECK(judged(about(9, Response::Kind::no_data, 4711), client_address) != Verdict::send);
}

TEST_CASE("many names do not add up to more than ten times the limit") {
  RateLimiter limiter(50, key);
  Count count;
  for (std::uint64_t i = 0; i < 20'000; ++i)
    count.add(limiter.judge(client_address, about(i), start + i * 50));  // in one second
  CHECK(count.sent >= 500);
  CHECK(count.sent <= 1001);
}

TEST_CASE("memory is fixed: a hundred thousand networks do not free the one that floods") {
  RateLimiter limiter(50, key, 4096);
  flood(limiter, start, second, 20'000);
  std::mt19937 random(4);
  Count count;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint8_t somebody[] = {static_cast<std::uint8_t>(random() % 128),
                                     static_cast<std::uint8_t>(random()),
                                     static_cast<std::uint8_t>(random()), 1};
    limiter.judge(somebody, about(random()), start + second);
    if (i % 10 == 0) count.add(limiter.judge(client_address, about(7), start + second));
  }
  CHECK(count.sent == 0);
}

TEST_CASE("twelve days later, when the entries' time has wrapped, nobody is limited by the past") {
  RateLimiter limiter(50, key);
  for (const std::uint64_t days : {1U, 6U, 7U, 12U, 13U, 26U, 400U}) {
    flood(limiter, start + days * 86400 * second, 0, 200);
    CHECK(limiter.judge(client_address, about(7), start + (days * 86400 + 600) * second) ==
          Verdict::send);
  }
}

TEST_CASE("answers over UDP are limited: TC for who is honest, nothing longer than the question") {
  std::string zone =
      "example.com 900 SOA a.b h.b 1 2 3 4 5\nexample.com 60 NS a.b\n"
      "*.wild.example.com 60 TXT \"" +
      std::string(200, 'w') +
      "\"\n"
      "sub.example.com 60 NS ns.sub.example.com\nns.sub.example.com 60 A 192.0.2.9\n";
  for (int i = 0; i < 5; ++i)
    zone += "big.example.com 60 TXT \"" + std::string(220, static_cast<char>('a' + i)) + "\"\n";
  const auto view = view_of(zone);
  RateLimiter limiter(20, key);
  Asker asker;
  asker.address = client_address;
  asker.limiter = &limiter;
  int whole = 0;  // of the last flood
  const auto bytes_for = [&](const auto& query_of, std::uint64_t at) {
    std::size_t asked = 0, answered = 0;
    whole = 0;
    asker.microseconds = at;
    for (int i = 0; i < 20'000; ++i) {
      const std::string query = with_edns(query_of(i));
      asked += query.size();
      const std::string reply = ask(*view, query, {}, 0, asker);
      answered += reply.size();
      const std::string text = reply_text(reply);
      CHECK(text.find("broken") == std::string::npos);
      if (!reply.empty() && text.find(" tc") == std::string::npos) ++whole;
    }
    return static_cast<double>(answered) / static_cast<double>(asked);
  };
  const auto made_up = [](const char* below) {
    return [below](int i) { return query_bytes("n" + std::to_string(i) + below, "TXT"); };
  };
  // Before: 33 times the bytes. Now less than half of what was asked, however it is asked.
  CHECK(bytes_for([](int) { return query_bytes("big.example.com", "TXT"); }, start) < 0.6);
  CHECK(bytes_for([](int) { return query_bytes("big.example.com", "255"); }, start + 20 * second) <
        0.6);
  CHECK(bytes_for(made_up(".wild.example.com"), start + 40 * second) < 0.6);
  CHECK(whole <= 21);
  CHECK(bytes_for(made_up(".example.com"), start + 60 * second) < 0.6);
  CHECK(whole <= 21);
  CHECK(bytes_for(made_up(".sub.example.com"), start + 80 * second) < 0.6);
  CHECK(whole <= 21);
  CHECK(bytes_for(made_up(".example.net"), start + 100 * second) < 0.6);
  CHECK(bytes_for([](int) { return query_bytes("big.example.com", "A"); }, start + 120 * second) <
        0.6);
  const std::string over_tcp = ask(*view, with_edns(query_bytes("big.example.com", "TXT")),
                                   {Limits::Transport::tcp, default_udp_payload}, 0, asker);
  CHECK(over_tcp.size() > 1000);
}
