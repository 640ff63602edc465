// SPDX-License-Identifier: Apache-2.0
#include "dns/answer.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "dns/lookup.h"
#include "dns/name.h"
#include "dns/places.h"
#include "dns/rdata.h"
#include "dns/testing.h"
#include "dns/type.h"

using namespace sitelatch;
using namespace sitelatch::dns;
using namespace sitelatch::dns::testing;

namespace {

const char* const example =
    "example.com 900 SOA ns.example.com hostmaster.example.com 1 7200 900 1209600 300\n"
    "example.com 172800 NS ns.example.net\n"
    "example.com 172800 NS ns.example.com\n"
    "ns.example.com 60 A 192.0.2.53\n"
    "www.example.com 60 A 192.0.2.1\n"
    "alias.example.com 60 CNAME www.example.com\n"
    "out.example.com 60 CNAME www.example.org\n"
    "loop.example.com 60 CNAME loop.example.com\n"
    "ping.example.com 60 CNAME pong.example.com\n"
    "pong.example.com 60 CNAME ping.example.com\n"
    "*.round.example.com 60 CNAME b.round.example.com\n"
    "gone.example.com 60 CNAME none.example.com\n"
    "deep.empty.example.com 60 TXT \"x\"\n"
    "*.wild.example.com 60 A 192.0.2.7\n"
    "sub.example.com 60 NS ns.sub.example.com\n"
    "sub.example.com 60 DS 1 2 3 AB\n"
    "ns.sub.example.com 60 A 192.0.2.54\n"
    "two.example.com 60 A 192.0.2.8\n"
    "two.example.com 60 AAAA ::8\n";

const std::string zone_ns =
    "authority example.com. 172800 NS ns.example.com.\nauthority example.com. 172800 NS "
    "ns.example.net.\n";
const std::string zone_soa =
    "authority example.com. 300 SOA ns.example.com. hostmaster.example.com. 1 7200 900 1209600 "
    "300\n";

std::string text_of(const std::string& query, Limits limits = {}) {
  return reply_text(ask(*view_of(example), query, limits));
}
std::string text_of(const char* name, const char* type) {
  return ask_text(*view_of(example), name, type);
}

constexpr Limits tcp{Limits::Transport::tcp};

}  // namespace

TEST_CASE("answers, aliases and denials of one zone") {
  CHECK(text_of("www.example.com", "A") ==
        "NOERROR aa\nanswer www.example.com. 60 A 192.0.2.1\n" + zone_ns);
  CHECK(text_of("alias.example.com", "A") ==
        "NOERROR aa\nanswer alias.example.com. 60 CNAME www.example.com.\nanswer www.example.com. "
        "60 A 192.0.2.1\n" +
            zone_ns);
  CHECK(text_of("alias.example.com", "CNAME") ==
        "NOERROR aa\nanswer alias.example.com. 60 CNAME www.example.com.\n" + zone_ns);
  CHECK(text_of("alias.example.com", "MX") ==
        "NOERROR aa\nanswer alias.example.com. 60 CNAME www.example.com.\n" + zone_soa);
  CHECK(text_of("out.example.com", "A") ==
        "NOERROR aa\nanswer out.example.com. 60 CNAME www.example.org.\n");
  CHECK(text_of("gone.example.com", "A") ==
        "NXDOMAIN aa\nanswer gone.example.com. 60 CNAME none.example.com.\n" + zone_soa);
  CHECK(text_of("none.example.com", "A") == "NXDOMAIN aa\n" + zone_soa);
  CHECK(text_of("www.example.com", "AAAA") == "NOERROR aa\n" + zone_soa);
  CHECK(text_of("www.example.com", "65280") == "NOERROR aa\n" + zone_soa);
  CHECK(text_of("empty.example.com", "A") == "NOERROR aa\n" + zone_soa);  // an empty non-terminal
  CHECK(text_of("a.wild.example.com", "A") ==
        "NOERROR aa\nanswer a.wild.example.com. 60 A 192.0.2.7\n" + zone_ns);
  CHECK(text_of("a.b.wild.example.com", "MX") == "NOERROR aa\n" + zone_soa);
  CHECK(text_of("wild.example.com", "A") == "NOERROR aa\n" + zone_soa);
  CHECK(text_of("other.example.org", "A") == "REFUSED\n");
  CHECK(text_of("com", "A") == "REFUSED\n");
  CHECK(text_of("www.example.com", "252") == "REFUSED\n");
  CHECK(text_of("www.example.com", "251") == "REFUSED\n");
  CHECK(text_of("loop.example.com", "A") ==
        "NOERROR aa\nanswer loop.example.com. 60 CNAME loop.example.com.\n");
  CHECK(text_of("ping.example.com", "A") ==
        "NOERROR aa\nanswer ping.example.com. 60 CNAME pong.example.com.\nanswer pong.example.com. "
        "60 CNAME ping.example.com.\n");
  CHECK(text_of("a.round.example.com", "A") ==
        "NOERROR aa\nanswer a.round.example.com. 60 CNAME b.round.example.com.\n"
        "answer b.round.example.com. 60 CNAME b.round.example.com.\n");
}

TEST_CASE("delegations: referral with glue, DS on our side") {
  const std::string referral =
      "NOERROR\nauthority sub.example.com. 60 NS ns.sub.example.com.\nadditional "
      "ns.sub.example.com. 60 A 192.0.2.54\n";
  CHECK(text_of("sub.example.com", "A") == referral);
  CHECK(text_of("x.sub.example.com", "NS") == referral);
  CHECK(text_of("ns.sub.example.com", "A") == referral);
  CHECK(text_of("sub.example.com", "DS") ==
        "NOERROR aa\nanswer sub.example.com. 60 DS 1 2 3 AB\n" + zone_ns);
}

TEST_CASE("a zone below another in the same view answers for itself, DS stays above") {
  const auto both = view_of(example)->with(
      zone_changes("sub.example.com 900 SOA a.b h.b 1 2 3 4 5\nsub.example.com 60 NS "
                   "ns.sub.example.com\nx.sub.example.com 60 A 192.0.2.9\n"));
  CHECK(ask_text(*both, "x.sub.example.com", "A")
            .find("NOERROR aa\nanswer x.sub.example.com. 60 A 192.0.2.9\n") == 0);
  CHECK(ask_text(*both, "sub.example.com", "DS") ==
        "NOERROR aa\nanswer sub.example.com. 60 DS 1 2 3 AB\n" + zone_ns);
  CHECK(ask_text(*both, "y.sub.example.com", "A") ==
        "NXDOMAIN aa\nauthority sub.example.com. 5 SOA a.b. h.b. 1 2 3 4 5\n");
  const auto without = both->without_zone(name_from_text("sub.example.com").value());
  CHECK(ask_text(*without, "x.sub.example.com", "A").find("NOERROR\nauthority sub") == 0);
  CHECK(ask_text(*both->without_zone(name_from_text("nowhere").value()), "sub.example.com", "DS")
            .find("NOERROR aa") == 0);
}

TEST_CASE("the question comes back as it was asked, and matching ignores case") {
  const std::string reply = ask(*view_of(example), query_bytes("wWw.ExAmPlE.cOm", "A"));
  CHECK(reply.substr(12, 21) == query_bytes("wWw.ExAmPlE.cOm", "A").substr(12));
  CHECK(reply_text(reply).find("answer wWw.ExAmPlE.cOm. 60 A 192.0.2.1") != std::string::npos);
  CHECK(reply.substr(0, 2) == "\x12\x34");
}

TEST_CASE("ANY: one set over UDP, all over TCP (fact dns-9)") {
  CHECK(text_of("two.example.com", "255").find("AAAA") == std::string::npos);
  CHECK(
      text_of(query_bytes("two.example.com", "255"), tcp) ==
      "NOERROR aa\nanswer two.example.com. 60 A 192.0.2.8\nanswer two.example.com. 60 AAAA ::8\n");
  CHECK(text_of("alias.example.com", "255") ==
        "NOERROR aa\nanswer alias.example.com. 60 CNAME www.example.com.\n");
  CHECK(text_of("empty.example.com", "255") == "NOERROR aa\n" + zone_soa);
}

TEST_CASE("headers: what is dropped, refused, copied") {
  std::string query = query_bytes("www.example.com", "A");
  CHECK(text_of(query.substr(0, 11)) == "none\n");
  CHECK(text_of(query.substr(0, 12)) == "FORMERR\n");
  std::string response = query;
  response[2] = static_cast<char>(0x80);
  CHECK(text_of(response) == "none\n");
  std::string update = query;
  update[2] = 0x28;
  CHECK(text_of(update) == "NOTIMP opcode=5\n");
  std::string flags = query;
  flags[2] = 0x07;  // AA, TC, RD
  flags[3] = static_cast<char>(0xff);
  CHECK(text_of(flags).find("NOERROR aa rd cd\n") == 0);
  std::string no_question = query.substr(0, 12);
  no_question[5] = 0;
  CHECK(text_of(no_question) == "FORMERR\n");
  std::string two = query + query.substr(12);
  two[5] = 2;
  CHECK(text_of(two) == "FORMERR\n");
  std::string chaos = query;
  chaos.back() = 3;
  CHECK(text_of(chaos) == "REFUSED\n");
  CHECK(text_of(query + "x") == "FORMERR\n");
  std::string pointer = query.substr(0, 12) + std::string("\300\14\0\1\0\1", 6);
  CHECK(text_of(pointer) == "FORMERR\n");
  for (std::size_t size = 12; size < query.size(); ++size)
    CHECK(text_of(query.substr(0, size)) == "FORMERR\n");
}

TEST_CASE("EDNS (RFC 6891)") {
  const std::string query = query_bytes("www.example.com", "A");
  const std::string opt = "opt size=4096 ext=0 version=0 flags=0 \n";
  const std::string found = "NOERROR aa\nanswer www.example.com. 60 A 192.0.2.1\n" + zone_ns;
  CHECK(text_of(with_edns(query)) == found + opt);
  CHECK(text_of(with_edns(query, 1232, 0, true)) ==
        found + "opt size=4096 ext=0 version=0 flags=8000 \n");
  CHECK(text_of(with_edns(query, 1232, 0, false, std::string("\0\11\0\2ab", 6))) ==
        found + opt);  // unknown option
  CHECK(text_of(with_edns(query, 1232, 1)) ==
        "NOERROR\nopt size=4096 ext=1 version=0 flags=0 \n");  // BADVERS = 16
  CHECK(text_of(with_edns(query, 1232, 0, false, std::string("\0\12\0\3ab", 6))) == "FORMERR\n");
  CHECK(text_of(with_edns(with_edns(query))).find("FORMERR\n") == 0);
  std::string owned = with_edns(query);
  owned.insert(query.size(), "\1a");
  CHECK(text_of(owned) == "FORMERR\n");
}

TEST_CASE("replies fit the asker or say TC") {
  std::string zone = example;
  for (int i = 0; i < 60; ++i) zone += "big.example.com 60 A 10.0.0." + std::to_string(i) + "\n";
  const auto view = view_of(zone);
  const std::string query = query_bytes("big.example.com", "A");
  CHECK(reply_text(ask(*view, query)) == "NOERROR aa tc\n");
  CHECK(ask(*view, query).size() == query.size());
  CHECK(ask(*view, with_edns(query, 100)).size() == query.size() + 11);  // below 512 counts as 512
  CHECK(reply_text(ask(*view, with_edns(query, 1232))).find("NOERROR aa\nanswer") == 0);
  CHECK(reply_text(ask(*view, with_edns(query, 4096), {Limits::Transport::udp, 700}))
            .find("NOERROR aa tc\n") == 0);
  CHECK(reply_text(ask(*view, query, tcp)).find("NOERROR aa\nanswer") == 0);
  // As much as both take, up to Route 53's 4,096.
  std::string wide = example;
  for (int i = 0; i < 250; ++i) wide += "wide.example.com 60 A 10.0.0." + std::to_string(i) + "\n";
  const auto wide_view = view_of(wide);
  const std::string wide_query = query_bytes("wide.example.com", "A");
  const auto size_for = [&](std::uint16_t payload) {
    return ask(*wide_view, with_edns(wide_query, payload)).size();
  };
  CHECK(size_for(4096) > 4000);
  CHECK(size_for(4096) <= 4096);
  CHECK(size_for(65535) == size_for(4096));
  CHECK(size_for(1232) < 100);  // TC
  // Exactly full still goes, with the optional authority left out.
  std::string full = example;
  const std::string name = "full.example.com";
  const std::size_t room = 512 - query_bytes(name, "A").size();
  for (std::size_t i = 0; i < room / 16; ++i)
    full += name + " 60 A 10.0.0." + std::to_string(i) + "\n";
  const std::string reply = ask(*view_of(full), query_bytes(name, "A"));
  CHECK(reply.size() == query_bytes(name, "A").size() + room / 16 * 16);
  CHECK(reply_text(reply).find("authority") == std::string::npos);
}

TEST_CASE("a set beyond 65,535 bytes cannot be said: SERVFAIL over TCP, TC over UDP") {
  std::string zone = example;
  const std::string value = " \"" + std::string(250, 'x') + "\"";
  for (int i = 0; i < 300; ++i) zone += "huge.example.com 60 TXT" + value + "\n";
  CHECK(reply_text(ask(*view_of(zone), query_bytes("huge.example.com", "TXT"), tcp)) ==
        "SERVFAIL\n");
  CHECK(ask_text(*view_of(zone), "huge.example.com", "TXT") == "NOERROR aa tc\n");
}

TEST_CASE("weighted choices are drawn by weight; none is NODATA") {
  const std::string origin = name_from_text("example.com").value(),
                    name = name_from_text("w.example.com").value();
  const auto with = [&](Choices choices) {
    return view_of(example)->with({{origin, name, type::a, choices}});
  };
  const auto choice = [](std::uint32_t weight, const char* address) {
    return Choice{weight, {60, {rdata_from_text(type::a, address).value()}}};
  };
  const auto share = [&](const View& view, const char* address) {
    std::mt19937_64 random(1);
    int hits = 0;
    for (int i = 0; i < 4000; ++i) {
      hits += ask_text(view, "w.example.com", "A", {}, random()).find(address) != std::string::npos
                  ? 1
                  : 0;
    }
    return hits / 4000.0;
  };
  CHECK(share(*with({choice(3, "10.0.0.1"), choice(1, "10.0.0.2")}), "10.0.0.1") ==
        doctest::Approx(0.75).epsilon(0.05));
  CHECK(share(*with({choice(0, "10.0.0.1"), choice(1, "10.0.0.2")}), "10.0.0.1") == 0);
  CHECK(share(*with({choice(0, "10.0.0.1"), choice(0, "10.0.0.2")}), "10.0.0.1") ==
        doctest::Approx(0.5).epsilon(0.05));
  CHECK(ask_text(*with({}), "w.example.com", "A") == "NOERROR aa\n" + zone_soa);
}

namespace {
// A view whose w.example.com is 10.0.0.1 for everybody, 10.0.0.2 for 192.0.2.0/24 and nothing for
// 2001:db8::/32.
std::shared_ptr<const View> placed_view() {
  const std::string origin = name_from_text("example.com").value(),
                    name = name_from_text("w.example.com").value();
  const auto address = [](const char* text) {
    return Choices{{1, {60, {rdata_from_text(type::a, text).value()}}}};
  };
  auto places = std::make_shared<Places>();
  places->put(network_from_text("192.0.2.0/24").value(), 1);
  places->put(network_from_text("2001:db8::/32").value(), 2);
  return view_of(example)->with_places(places)->with(
      {{origin, name, type::a, address("10.0.0.1"), {{1, address("10.0.0.2")}, {2, {}}}},
       {origin, name, type::txt, Choices{{1, {60, {"\1x"}}}}}});
}
std::string subnet_option(const std::string& content) {
  return std::string("\0\10\0", 3) + static_cast<char>(content.size()) + content;
}
}  // namespace

TEST_CASE(
    "answers by place: by the client's network where it is told, else by the asker's address") {
  const auto view = placed_view();
  const std::string query = query_bytes("w.example.com", "A");
  const auto told = [&](const std::string& bytes, const std::vector<std::uint8_t>& asker = {}) {
    return reply_text(ask(*view, bytes, {}, 0, {asker}));
  };
  const auto is = [](const std::string& text, const char* address) {
    return text.find(std::string("answer w.example.com. 60 A ") + address + "\n") !=
           std::string::npos;
  };
  CHECK(is(told(query), "10.0.0.1"));
  CHECK(is(told(query, {192, 0, 2, 7}), "10.0.0.2"));
  CHECK(is(told(query, {192, 0, 3, 7}), "10.0.0.1"));
  CHECK(is(told(query, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7}), "10.0.0.2"));
  std::vector<std::uint8_t> v6(16);
  v6[0] = 0x20, v6[1] = 1, v6[2] = 0xd, v6[3] = 0xb8;
  CHECK(told(query, v6) == "NOERROR aa\n" + zone_soa);
  // The option is echoed, with the scope in which the answer is good.
  const auto ecs = [&](const std::string& content) {
    return told(with_edns(query, 1232, 0, false, subnet_option(content)), {198, 51, 100, 1});
  };
  const auto v4 = ecs(std::string("\0\1\30\0\xc0\0\2", 7));
  CHECK(is(v4, "10.0.0.2"));
  CHECK(v4.find("0008000700011818c00002\n") != std::string::npos);
  const auto other = ecs(std::string("\0\1\30\0\xc0\0\3", 7));
  CHECK(is(other, "10.0.0.1"));
  CHECK(other.find("0008000700011818c00003\n") != std::string::npos);
  CHECK(ecs(std::string("\0\1\20\0\xc0\0", 6)).find("10.0.0.1") != std::string::npos);
  const auto far = ecs(std::string("\0\1\10\0\1", 5));
  CHECK(far.find("00080005000108") != std::string::npos);
  // A length of 0 tells nothing: the asker's own address counts, for nobody else (RFC 7871 §7.1.2).
  const auto none = told(
      with_edns(query, 1232, 0, false, subnet_option(std::string("\0\1\0\0", 4))), {192, 0, 2, 7});
  CHECK(is(none, "10.0.0.2"));
  CHECK(none.find("0008000400010000\n") != std::string::npos);
  // Where nothing depends on it, the answer is good for everybody.
  const auto plain =
      reply_text(ask(*view, with_edns(query_bytes("w.example.com", "TXT"), 1232, 0, false,
                                      subnet_option(std::string("\0\1\30\0\xc0\0\2", 7)))));
  CHECK(plain.find("0008000700011800c00002\n") != std::string::npos);
  // Beside a cookie, and over TCP.
  CHECK(reply_text(ask(*view,
                       with_edns(query, 1232, 0, false,
                                 subnet_option(std::string("\0\1\30\0\xc0\0\2", 7))),
                       tcp))
            .find("10.0.0.2") != std::string::npos);
}

TEST_CASE("a client's network that is none is FORMERR (RFC 7871 §7.1.2)") {
  const auto view = placed_view();
  const std::string query = query_bytes("w.example.com", "A");
  const auto told = [&](const std::string& content) {
    return reply_text(ask(*view, with_edns(query, 1232, 0, false, subnet_option(content))));
  };
  for (const std::string& bad :
       {std::string(""), std::string("\0\1\30", 3), std::string("\0\1\30\0", 4),
        std::string("\0\1\30\0\xc0\0", 6), std::string("\0\1\30\0\xc0\0\2\0", 8),
        std::string("\0\1\30\1\xc0\0\2", 7), std::string("\0\1\27\0\xc0\0\3", 7),
        std::string("\0\1\41\0\xc0\0\2\0\0", 9), std::string("\0\3\0\0", 4),
        std::string("\0\0\10\0\1", 5)})
    CHECK(told(bad) == "FORMERR\n");
  CHECK(told(std::string("\0\0\0\0", 4)).find("10.0.0.1") != std::string::npos);
}

TEST_CASE("what is placed goes with its type, and no answer to ANY has it twice") {
  const std::string origin = name_from_text("example.com").value(),
                    name = name_from_text("w.example.com").value();
  const auto view = placed_view();
  const auto any = query_bytes("w.example.com", "255");
  const auto all = reply_text(ask(*view, any, tcp, 0, {}));
  CHECK(all.find("10.0.0.1") != std::string::npos);
  CHECK(all.find("10.0.0.2") == std::string::npos);
  const std::vector<std::uint8_t> there = {192, 0, 2, 7};
  const auto plain =
      view->with({{origin, name, type::a,
                   Choices{{1, {60, {rdata_from_text(type::a, "10.0.0.9").value()}}}}}});
  CHECK(
      reply_text(ask(*plain, query_bytes("w.example.com", "A"), {}, 0, {there})).find("10.0.0.9") !=
      std::string::npos);
  const auto less = view->with({{origin, name, type::a, std::nullopt}});
  CHECK(reply_text(ask(*less, query_bytes("w.example.com", "A"), {}, 0, {there})) ==
        "NOERROR aa\n" + zone_soa);
  CHECK(reply_text(ask(*less, query_bytes("w.example.com", "TXT"))).find("NOERROR") == 0);
  // The places stay when a zone goes.
  const auto gone = view->without_zone(name_from_text("other.test").value());
  CHECK(
      reply_text(ask(*gone, query_bytes("w.example.com", "A"), {}, 0, {there})).find("10.0.0.2") !=
      std::string::npos);
}

TEST_CASE("MX and SRV bring the addresses of targets in the zone (fact dns-10)") {
  const auto view = view_of(std::string(example) +
                            "mail.example.com 60 MX 10 m1.example.com\n"
                            "mail.example.com 60 MX 20 m2.example.com\n"
                            "mail.example.com 60 MX 30 mx.example.org\n"
                            "none.example.com 60 MX 0 .\n"
                            "m1.example.com 60 A 192.0.2.11\n"
                            "m1.example.com 60 AAAA 2001:db8::11\n"
                            "m2.example.com 60 A 192.0.2.12\n"
                            "_sip._tcp.example.com 60 SRV 1 2 5060 m1.example.com\n");
  const auto text = ask_text(*view, "mail.example.com", "MX");
  CHECK(text.find("additional m1.example.com. 60 A 192.0.2.11\n") != std::string::npos);
  CHECK(text.find("additional m1.example.com. 60 AAAA 2001:db8::11\n") != std::string::npos);
  CHECK(text.find("additional m2.example.com. 60 A 192.0.2.12\n") != std::string::npos);
  CHECK(text.find("additional mx.example.org") == std::string::npos);
  CHECK(text.find("authority ") != std::string::npos);
  CHECK(ask_text(*view, "_sip._tcp.example.com", "SRV").find("additional m1.example.com. 60 A ") !=
        std::string::npos);
  CHECK(ask_text(*view, "none.example.com", "MX").find("additional") == std::string::npos);
  // A courtesy: what does not fit is left out, and nothing is truncated for it.
  std::string much = example;
  for (int i = 0; i < 25; ++i) {
    much += "many.example.com 60 MX 1 t" + std::to_string(i) + ".example.com\n";
    much += "t" + std::to_string(i) + ".example.com 60 A 192.0.2.1\n";
  }
  const auto small =
      reply_text(ask(*view_of(much), with_edns(query_bytes("many.example.com", "MX"), 1000)));
  CHECK(small.find("NOERROR aa\nanswer") == 0);
  CHECK(small.find("additional") != std::string::npos);
  CHECK(small.find("additional t24") == std::string::npos);
}

TEST_CASE("a choice that fails is SERVFAIL, by its weight, and never a part of an answer") {
  const std::string origin = name_from_text("example.com").value(),
                    name = name_from_text("w.example.com").value();
  const Choice fails{1, {}, true};
  const Choice address{1, {60, {rdata_from_text(type::a, "10.0.0.1").value()}}};
  const auto with = [&](const Choices& choices) {
    return view_of(example)->with({{origin, name, type::a, choices}});
  };
  const auto alone = with({fails});
  CHECK(ask_text(*alone, "w.example.com", "A") == "SERVFAIL\n");
  CHECK(reply_text(ask(*alone, query_bytes("w.example.com", "A"), tcp)) == "SERVFAIL\n");
  CHECK(ask_text(*alone, "w.example.com", "AAAA") == "NOERROR aa\n" + zone_soa);
  CHECK(ask_text(*alone, "w.example.com", "255") == "NOERROR aa\n" + zone_soa);
  CHECK(lookup_a(*alone, name, 0).addresses.empty());
  int failures = 0, answers = 0;
  for (std::uint64_t random = 0; random < 100; ++random) {
    const auto text = ask_text(*with({fails, address}), "w.example.com", "A", {}, random);
    failures += text == "SERVFAIL\n" ? 1 : 0;
    answers += text.find("10.0.0.1") != std::string::npos ? 1 : 0;
  }
  CHECK(failures == 50);
  CHECK(answers == 50);
  // Other types of the name are kept when it changes, and it can change back.
  const auto mixed = alone->with({{origin, name, type::txt, Choices{{1, {60, {"\1x"}}}}}});
  CHECK(ask_text(*mixed, "w.example.com", "A") == "SERVFAIL\n");
  CHECK(ask_text(*mixed, "w.example.com", "TXT").find("NOERROR") == 0);
  CHECK(ask_text(*mixed->with({{origin, name, type::a, Choices{address}}}), "w.example.com", "A")
            .find("10.0.0.1") != std::string::npos);
}

TEST_CASE("lookup_a: for probes of our own names") {
  const auto view = view_of(example);
  const auto look = [&](const char* name) {
    return lookup_a(*view, name_from_text(name).value(), 0);
  };
  CHECK(look("alias.example.com").addresses.size() == 1);
  CHECK(look("alias.example.com").addresses[0][3] == 1);
  CHECK(look("none.example.com").ours);
  CHECK(look("none.example.com").addresses.empty());
  CHECK_FALSE(look("www.example.org").ours);
  CHECK(name_to_text(look("out.example.com").alias) == "www.example.org.");
  CHECK(name_to_text(look("x.sub.example.com").alias) == "x.sub.example.com.");
  CHECK(look("loop.example.com").addresses.empty());
}

TEST_CASE("hostile bytes: mutations of good queries never read or write out of bounds") {
  std::mt19937 random(7);
  const auto view = view_of(example);
  const std::string seed = with_edns(query_bytes("a.wild.example.com", "A"), 1232, 0, true,
                                     std::string("\0\12\0\1a", 5));
  for (int round = 0; round < 20000; ++round) {
    std::string query = seed;
    for (unsigned i = 0; i < 1 + random() % 4; ++i)
      query[random() % query.size()] = static_cast<char>(random());
    if (random() % 4 == 0) query.resize(random() % (query.size() + 1));
    const std::string text = reply_text(ask(*view, query));
    CHECK_MESSAGE(text.find("broken") == std::string::npos, text);
  }
}
