// SPDX-License-Identifier: Apache-2.0
// answer() on hostile queries: no reply to a response, never more than the asker takes, always a
// well-formed message with the query's id, and truncated only where something is missing;
// cookies that hold, and no endless answers.
#include <algorithm>
#include <memory>

#include "dns/answer.h"
#include "dns/query.h"
#include "dns/testing.h"
#include "target.h"

using namespace sitelatch::dns;
using sitelatch::fuzz::require;

namespace {

const View& zones() {
  static const std::shared_ptr<const View> view = testing::view_of([] {
    std::string text =
        "example.com 900 SOA a.b h.b 1 2 3 4 5\nexample.com 60 NS ns.example.com\n"
        "ns.example.com 60 A 192.0.2.1\nexample.com 60 MX 10 mail.example.com\n"
        "*.w.example.com 60 CNAME c.example.com\nc.example.com 60 CNAME a.example.com\n"
        "a.example.com 60 A 192.0.2.2\na.example.com 60 AAAA ::1\n"
        "sub.example.com 60 NS ns.sub.example.com\nns.sub.example.com 60 AAAA ::1\n"
        "l.example.com 60 CNAME l.example.com\n_s._tcp.example.com 60 SRV 1 2 3 a.example.com\n";
    for (int i = 0; i < 40; ++i)
      text += "big.example.com 60 TXT \"" + std::string(60, static_cast<char>('a' + i % 26)) +
              std::to_string(i) + "\"\n";
    return text;
  }());
  return *view;
}

std::uint8_t at(const std::string& bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

void check(const std::string& query, const std::string& reply, const Limits& limits) {
  require(query.size() >= 12 && !(at(query, 2) & 0x80), "only queries are answered");
  require(reply.size() >= 12 && (at(reply, 2) & 0x80), "a reply is a response");
  require(reply[0] == query[0] && reply[1] == query[1], "a reply has its query's id");
  require((at(reply, 2) & 0x78) == (at(query, 2) & 0x78), "the opcode is the query's");
  const bool udp = limits.transport == Limits::Transport::udp;
  if (udp) require(reply.size() <= limits.udp_payload, "no more than we send over UDP");
  if (!udp) require(!(at(reply, 2) & 0x02), "nothing is truncated over TCP");
  require(testing::reply_text(reply).rfind("broken", 0) != 0, "a reply can be read");
  Query read;
  read.read({reinterpret_cast<const std::uint8_t*>(query.data()), query.size()});
  if (udp) require(reply.size() <= read.payload_size, "no more than the asker takes over UDP");
}

// The server's half of the cookie that a reply ends with is good for whom it was made, and the
// client's half is his own.
void check_cookie(const std::string& query, const std::string& reply, const Asker& asker) {
  Query read;
  read.read({reinterpret_cast<const std::uint8_t*>(query.data()), query.size()});
  if (read.cookie.empty() || reply.empty()) return;
  require(reply.size() > cookie_option_size, "a cookie is answered");
  const auto* option =
      reinterpret_cast<const std::uint8_t*>(reply.data()) + reply.size() - cookie_option_size;
  require(read_16(option) == cookie_option_code, "a cookie is answered at the end");
  const std::span<const std::uint8_t> client{option + 4, client_cookie_size};
  require(std::equal(client.begin(), client.end(), read.cookie.begin()), "his own half");
  require(asker.cookies->check(client.first<client_cookie_size>(),
                               {option + 4 + client_cookie_size, server_cookie_size}, asker.address,
                               asker.seconds) == CookieSecret::Verdict::fresh,
          "a new cookie is good");
}

void ask_often(const std::string& query, std::size_t unlimited) {
  static constexpr SipKey key{1, 2, 3};
  static constexpr std::uint8_t address[4] = {192, 0, 2, 1};
  const CookieSecret cookies{key};
  RateLimiter limiter{1, key, 64};
  Asker asker{address, &cookies, 1'800'000'000, &limiter, 1'000'000};
  std::size_t answered = 0;
  for (int i = 0; i < 40; ++i) {
    const auto reply = testing::ask(zones(), query, {}, 0, asker);
    if (reply.empty()) continue;
    ++answered;
    check(query, reply, {});
    check_cookie(query, reply, asker);
    require(unlimited > 0 && reply.size() <= unlimited + cookie_option_size, "never more");
  }
  Query read;
  read.read({reinterpret_cast<const std::uint8_t*>(query.data()), query.size()});
  if (read.cookie.size() <= client_cookie_size)
    require(answered < 40, "who asks without end is not answered without end");
}

}  // namespace

FUZZ_TARGET(dns) {
  const auto random = input.byte();
  const auto query = input.rest();
  ask_often(query, testing::ask(zones(), query).size());
  std::string whole;
  for (const auto transport : {Limits::Transport::tcp, Limits::Transport::udp}) {
    for (const std::size_t payload : {std::size_t{512}, default_udp_payload}) {
      const Limits limits{transport, payload};
      const auto reply = testing::ask(zones(), query, limits, random);
      require(testing::ask(zones(), query, limits, random) == reply, "one query, one answer");
      if (transport == Limits::Transport::tcp) whole = reply;
      require(reply.empty() == whole.empty(), "answered over both transports, or over none");
      if (reply.empty()) continue;
      check(query, reply, limits);
      if (!(at(reply, 2) & 0x02) && transport == Limits::Transport::udp)
        require(reply.size() >= 12 && reply[7] == whole[7], "what is not truncated is whole");
    }
  }
}
