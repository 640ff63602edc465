// SPDX-License-Identifier: Apache-2.0
#include "dns/cookie.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dns/testing.h"

using namespace sitelatch::dns;
using namespace sitelatch::dns::testing;

namespace {

std::vector<std::uint8_t> bytes(const std::string& hex) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}
template <std::size_t size>
std::array<std::uint8_t, size> array(const std::string& hex) {
  std::array<std::uint8_t, size> out{};
  const auto all = bytes(hex);
  std::copy_n(all.begin(), size, out.begin());
  return out;
}
std::vector<std::uint8_t> list(const ServerCookie& cookie) {
  return {cookie.begin(), cookie.end()};
}

const std::uint8_t home[] = {198, 51, 100, 100}, elsewhere[] = {198, 51, 100, 101};
const auto client = array<8>("2464c4abcf10c957");
constexpr std::uint32_t noon = 1'559'731'985;

const CookieSecret secret(array<16>("e5e973e5a6b2a43f48e7dc849e37bfcf"));

std::string option(const std::string& content) {
  return std::string{0, 10, 0, static_cast<char>(content.size())} + content;
}
std::string text(std::span<const std::uint8_t> all) { return {all.begin(), all.end()}; }

const auto view = view_of(
    "example.com 900 SOA a.b h.b 1 2 3 4 5\nexample.com 60 NS a.b\n"
    "www.example.com 60 A 192.0.2.1\n");
const std::string www = query_bytes("www.example.com", "A");

std::string answer_to(const std::string& query, std::uint32_t now, RateLimiter* limiter = nullptr,
                      Limits::Transport transport = Limits::Transport::udp) {
  Asker asker;
  asker.address = home;
  asker.cookies = &secret;
  asker.seconds = now;
  asker.limiter = limiter;
  asker.microseconds = std::uint64_t{now} * 1'000'000;
  return ask(*view, query, {transport, default_udp_payload}, 0, asker);
}
// The COOKIE option at the reply's end: the client's half, then ours.
std::string cookie_in(const std::string& reply) {
  REQUIRE(reply.size() > cookie_option_size);
  const std::string tail = reply.substr(reply.size() - cookie_option_size);
  CHECK(tail.substr(0, 4) == std::string("\0\12\0\30", 4));
  return tail.substr(4);
}

}  // namespace

TEST_CASE("SipHash-2-4: the authors' vector") {
  SipKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  std::vector<std::uint8_t> message(15);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i);
  CHECK(siphash_2_4(key, message) == 0xa129ca6149be45e5U);
  CHECK(siphash_2_4(key, {}) == 0x726fdb47dd0e0e31U);
}

TEST_CASE("server cookies are those of RFC 9018, appendix A") {
  const auto key = array<16>("e5e973e5a6b2a43f48e7dc849e37bfcf");
  CHECK(list(make_server_cookie(key, client, home, noon)) ==
        bytes("010000005cf79f111f8130c3eee29480"));
  CHECK(list(make_server_cookie(key, client, home, 1'559'734'385)) ==
        bytes("010000005cf7a871d4a564a1442aca77"));
  const auto old = array<16>("dd3bdf9344b678b185a6f5cb60fca715");
  CHECK(list(make_server_cookie(old, array<8>("22681ab97d52c298"),
                                bytes("20010db80220000159ded0f4876982b8"), 1'559'741'817)) ==
        bytes("010000005cf7c57926556bd0934c72f8"));
}

TEST_CASE("a cookie is good for its client and address, for an hour, across midnight") {
  using enum CookieSecret::Verdict;
  const auto cookie = secret.make(client, home, noon);
  CHECK(secret.check(client, cookie, home, noon) == fresh);
  CHECK(secret.check(client, cookie, home, noon + 1800) == fresh);
  CHECK(secret.check(client, cookie, home, noon + 1801) == valid);
  CHECK(secret.check(client, cookie, home, noon + 3600) == valid);
  CHECK(secret.check(client, cookie, home, noon + 3601) == invalid);
  CHECK(secret.check(client, cookie, home, noon - 300) == fresh);
  CHECK(secret.check(client, cookie, home, noon - 301) == invalid);
  CHECK(secret.check(client, cookie, elsewhere, noon) == invalid);
  CHECK(secret.check(array<8>("2464c4abcf10c958"), cookie, home, noon) == invalid);
  const std::uint32_t midnight = noon / 86400 * 86400 + 86400;
  CHECK(secret.check(client, secret.make(client, home, midnight - 1), home, midnight + 60) ==
        fresh);
  CHECK(secret.make(client, home, midnight - 1)[8] != secret.make(client, home, midnight)[8]);
}

TEST_CASE("no bit of a cookie can be changed, and none be left out") {
  const auto good = secret.make(client, home, noon);
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    auto changed = good;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    CHECK(secret.check(client, changed, home, noon) == CookieSecret::Verdict::invalid);
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(secret.check(client, std::span{good}.first(size), home, noon) ==
          CookieSecret::Verdict::invalid);
}

TEST_CASE("a client's network and a cookie are both answered, the cookie at the end") {
  const std::string subnet("\0\10\0\7\0\1\30\0\xc0\0\2", 11);
  for (const auto& options : {subnet + option(text(client)), option(text(client)) + subnet}) {
    const std::string reply = answer_to(with_edns(www, 1232, 0, false, options), noon);
    CHECK(cookie_in(reply).substr(0, 8) == text(client));
    CHECK(reply.substr(reply.size() - cookie_option_size - subnet.size(), subnet.size()) == subnet);
    CHECK(reply_text(reply).find("answer www.example.com. 60 A 192.0.2.1") != std::string::npos);
  }
}

TEST_CASE("answers carry a whole cookie to who sends his half, over UDP and TCP") {
  const std::string asked = with_edns(www, 1232, 0, false, option(text(client)));
  for (const auto transport : {Limits::Transport::udp, Limits::Transport::tcp}) {
    const std::string reply = answer_to(asked, noon, nullptr, transport);
    const std::string cookie = cookie_in(reply);
    CHECK(cookie.substr(0, 8) == text(client));
    CHECK(cookie.substr(8) == text(secret.make(client, home, noon)));
    CHECK(reply_text(reply).find("answer www.example.com. 60 A 192.0.2.1") != std::string::npos);
  }
  // Returned: the same while it is fresh, a new one afterwards; a bad one is no obstacle.
  const std::string whole =
      with_edns(www, 1232, 0, false, option(text(client) + text(secret.make(client, home, noon))));
  CHECK(cookie_in(answer_to(whole, noon + 60)).substr(8) == text(secret.make(client, home, noon)));
  CHECK(cookie_in(answer_to(whole, noon + 2000)).substr(8) ==
        text(secret.make(client, home, noon + 2000)));
  CHECK(cookie_in(answer_to(whole, noon + 4000)).substr(8) ==
        text(secret.make(client, home, noon + 4000)));
  // Who sends none gets none; two: the first counts.
  CHECK(answer_to(with_edns(www), noon).find(std::string("\0\12\0\30", 4)) == std::string::npos);
  const std::string two = with_edns(www, 1232, 0, false, option(text(client)) + option("12345678"));
  CHECK(cookie_in(answer_to(two, noon)).substr(0, 8) == text(client));
}

TEST_CASE("a cookie of an impossible size is FORMERR; of an odd but possible one, a new one") {
  for (std::size_t size = 0; size <= 50; ++size) {
    const std::string reply =
        answer_to(with_edns(www, 1232, 0, false, option(std::string(size, 'c'))), noon);
    const bool possible = size == 8 || (size >= 16 && size <= 40);
    CHECK_MESSAGE((reply_text(reply).find("FORMERR") == 0) == !possible, size);
    if (possible) CHECK(cookie_in(reply).substr(0, 8) == "cccccccc");
  }
}

TEST_CASE("a query without a question fetches a cookie") {
  std::string empty = www.substr(0, 12);
  empty[5] = 0;
  const std::string reply = answer_to(with_edns(empty, 1232, 0, false, option(text(client))), noon);
  CHECK(reply_text(reply).find("NOERROR\n") == 0);
  CHECK(cookie_in(reply).substr(8) == text(secret.make(client, home, noon)));
  CHECK(reply_text(answer_to(with_edns(empty), noon)).find("FORMERR") == 0);
}

TEST_CASE("a good cookie is not limited; a forged one learns that it is BADCOOKIE") {
  RateLimiter limiter(5, {});
  const auto cookie = secret.make(client, home, noon);
  const std::string good = with_edns(www, 1232, 0, false, option(text(client) + text(cookie)));
  for (int i = 0; i < 1000; ++i) CHECK(answer_to(good, noon, &limiter).size() > 60);
  auto forged = cookie;
  forged[15] ^= 1;
  const std::string bad = with_edns(www, 1232, 0, false, option(text(client) + text(forged)));
  int answered = 0, nothing = 0, told = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string reply = answer_to(bad, noon, &limiter);
    if (reply.empty()) {
      ++nothing;
    } else if (reply_text(reply).find("NOERROR") == 0) {
      ++answered;
    } else {
      // 23 = BADCOOKIE: seven below, one in the OPT record. Not longer than the query.
      CHECK(reply_text(reply).find("RCODE7\nopt size=4096 ext=1") == 0);
      CHECK(cookie_in(reply).substr(8) == text(cookie));
      CHECK(reply.size() <= bad.size());
      ++told;
    }
  }
  CHECK(answered == 5);
  CHECK(told > 490);
  CHECK(nothing > 490);
  // TCP is proof enough.
  CHECK(answer_to(bad, noon, &limiter, Limits::Transport::tcp).size() > 60);
}
