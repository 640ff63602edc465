// SPDX-License-Identifier: Apache-2.0
// The server on real sockets of this machine, port 0.
#include "net/dns/server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "base/fd.h"
#include "dns/name.h"
#include "dns/testing.h"

using namespace sitelatch;
using namespace sitelatch::net;
using namespace sitelatch::dns::testing;

namespace {

std::shared_ptr<const dns::View> zone(const std::string& address) {
  std::string text =
      "example.com 900 SOA a.b h.b 1 2 3 4 5\nexample.com 60 NS a.b\nwww.example.com 60 A " +
      address + "\n";
  for (int i = 0; i < 200; ++i) text += "big.example.com 60 A 10.0.1." + std::to_string(i) + "\n";
  return view_of(text);
}

std::unique_ptr<DnsServer> serve(const std::string& address, DnsServer::Options options = {}) {
  return std::move(DnsServer::listen({address, 0}, options, zone("192.0.2.1")).value());
}

Fd open_socket(int kind, const Endpoint& to) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, to.address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(to.port);
  } else {
    inet_pton(AF_INET6, to.address.c_str(), &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(to.port);
    size = sizeof *v6;
  }
  Fd fd(socket(storage.ss_family, kind | SOCK_CLOEXEC, 0));
  REQUIRE(connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) == 0);
  const timeval limit{5, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

void put(const Fd& fd, const std::string& bytes) {
  REQUIRE(send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

std::string get(const Fd& fd) {
  std::string bytes(65535, '\0');
  const ssize_t got = recv(fd.get(), bytes.data(), bytes.size(), 0);
  return bytes.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0);
}

std::string framed(const std::string& message) {
  return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())} +
         message;
}

std::string get_exactly(const Fd& fd, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t got = recv(fd.get(), bytes.data(), size, MSG_WAITALL);
  return bytes.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0);
}

std::string get_framed(const Fd& fd) {
  const std::string size = get_exactly(fd, 2);
  if (size.size() < 2) return "";
  return get_exactly(
      fd, static_cast<unsigned char>(size[0]) * 256U + static_cast<unsigned char>(size[1]));
}

bool is_closed(const Fd& fd) {
  char byte = 0;
  const ssize_t got = recv(fd.get(), &byte, 1, 0);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

const std::string www = query_bytes("www.example.com", "A");
std::string answer_with(const std::string& address) {
  return "NOERROR aa\nanswer www.example.com. 60 A " + address +
         "\nauthority example.com. 60 NS a.b.\n";
}

}  // namespace

TEST_CASE("UDP and TCP on one port, by IPv4, IPv6 and the wildcard addresses") {
  for (const auto& [bound, asked] : std::vector<std::pair<std::string, std::string>>{
           {"127.0.0.1", "127.0.0.1"}, {"0.0.0.0", "127.0.0.9"}, {"::1", "::1"}, {"::", "::1"}}) {
    const auto server = serve(bound);
    CHECK(server->endpoint().port != 0);
    const Endpoint to{asked, server->endpoint().port};
    const Fd udp =
        open_socket(SOCK_DGRAM, to);  // connected: only hears from the address that it asked
    put(udp, www);
    CHECK(reply_text(get(udp)) == answer_with("192.0.2.1"));
    const Fd tcp = open_socket(SOCK_STREAM, to);
    put(tcp, framed(www));
    CHECK(reply_text(get_framed(tcp)) == answer_with("192.0.2.1"));
  }
}

TEST_CASE("a published view answers from then on; nothing is lost meanwhile") {
  DnsServer::Options options;
  options.threads = 2;
  const auto server = serve("127.0.0.1", options);
  const Fd udp = open_socket(SOCK_DGRAM, server->endpoint());
  for (int i = 1; i < 200; ++i) {
    const std::string address = "10.0.0." + std::to_string(i);
    server->publish(zone(address));
    put(udp, www);
    CHECK(reply_text(get(udp)) == answer_with(address));
  }
  CHECK(server->queries() == 199);
}

TEST_CASE("what was answered is counted by transport and RCODE, all threads together") {
  DnsServer::Options options;
  options.threads = 2;
  const auto server = serve("127.0.0.1", options);
  const Fd udp = open_socket(SOCK_DGRAM, server->endpoint());
  const Fd tcp = open_socket(SOCK_STREAM, server->endpoint());
  for (int i = 0; i < 3; ++i) {
    put(udp, www);
    get(udp);
  }
  put(udp, "no query");
  put(udp, query_bytes("nobody.example.com", "A"));
  get(udp);
  put(tcp, framed(query_bytes("www.example.org", "A")));
  get_framed(tcp);
  // One thread may have answered before the other has counted.
  for (int i = 0; i < 5000 && server->queries() < 6; ++i) poll(nullptr, 0, 1);
  const auto figures = server->figures();
  constexpr std::size_t no_error = 0, no_such_name = 3, refused = 5;
  CHECK(figures.answers[0][no_error] == 3);
  CHECK(figures.answers[0][no_such_name] == 1);
  CHECK(figures.answers[0][refused] == 0);
  CHECK(figures.answers[1][refused] == 1);
  CHECK(figures.unanswered[0] == 1);
  CHECK(server->queries() == 6);
}

TEST_CASE("who is not to answer yet keeps what it is asked, and answers it by its first view") {
  DnsServer::Options options;
  options.answers_at_once = false;
  auto server = std::move(DnsServer::listen({"127.0.0.1", 0}, options, dns::View::empty()).value());
  const Fd udp = open_socket(SOCK_DGRAM, server->endpoint());
  const Fd tcp = open_socket(SOCK_STREAM, server->endpoint());
  put(udp, www);
  put(tcp, framed(www));
  server->publish(zone("192.0.2.7"));
  pollfd waits[] = {{udp.get(), POLLIN, 0}, {tcp.get(), POLLIN, 0}};
  CHECK(poll(waits, 2, 50) == 0);
  server->begin();
  CHECK(reply_text(get(udp)) == answer_with("192.0.2.7"));
  CHECK(reply_text(get_framed(tcp)) == answer_with("192.0.2.7"));
  // One that never begins ends all the same.
  server = std::move(DnsServer::listen({"127.0.0.1", 0}, options, dns::View::empty()).value());
}

TEST_CASE("many askers at once get their own answers") {
  const auto server = serve("127.0.0.1");
  std::vector<Fd> askers;
  for (int i = 0; i < 50; ++i) askers.push_back(open_socket(SOCK_DGRAM, server->endpoint()));
  for (int round = 0; round < 4; ++round) {
    for (std::size_t i = 0; i < askers.size(); ++i) {
      put(askers[i], query_bytes("www.example.com", "A",
                                 static_cast<std::uint16_t>(i * 4 + static_cast<unsigned>(round))));
      if (i % 10 == 0) put(askers[i], "garbage");  // too short to be answered
    }
  }
  for (std::size_t i = 0; i < askers.size(); ++i) {
    std::set<std::size_t> numbers;  // in whatever order: threads share the socket
    for (unsigned round = 0; round < 4; ++round) {
      const std::string reply = get(askers[i]);
      numbers.insert(static_cast<unsigned char>(reply.at(1)) +
                     256U * static_cast<unsigned char>(reply.at(0)));
    }
    CHECK(numbers == std::set<std::size_t>{i * 4, i * 4 + 1, i * 4 + 2, i * 4 + 3});
  }
}

TEST_CASE("what UDP cannot carry comes whole over TCP") {
  const auto server = serve("127.0.0.1");
  const std::string query = query_bytes("big.example.com", "A");
  const Fd udp = open_socket(SOCK_DGRAM, server->endpoint());
  put(udp, query);
  CHECK(reply_text(get(udp)) == "NOERROR aa tc\n");
  const Fd tcp = open_socket(SOCK_STREAM, server->endpoint());
  put(tcp, framed(query));
  CHECK(get_framed(tcp).size() > 3200);
}

TEST_CASE("TCP: queries in pieces, pipelined, and a half-closed connection") {
  const auto server = serve("127.0.0.1");
  const Fd tcp = open_socket(SOCK_STREAM, server->endpoint());
  for (const char c : framed(www)) put(tcp, std::string(1, c));
  CHECK(reply_text(get_framed(tcp)) == answer_with("192.0.2.1"));
  std::string many;
  for (unsigned i = 0; i < 300; ++i)
    many += framed(query_bytes(i % 3 ? "www.example.com" : "big.example.com", "A",
                               static_cast<std::uint16_t>(i)));
  put(tcp, many);
  shutdown(tcp.get(), SHUT_WR);
  for (unsigned i = 0; i < 300; ++i) {
    const std::string reply = get_framed(tcp);
    REQUIRE(reply.size() > 12);
    CHECK(static_cast<unsigned char>(reply[1]) + 256U * static_cast<unsigned char>(reply[0]) == i);
  }
  CHECK(is_closed(tcp));
}

TEST_CASE("TCP: a client that floods without reading is held back, then served to the end") {
  const auto server = serve("127.0.0.1");
  const Fd tcp = open_socket(SOCK_STREAM, server->endpoint());
  constexpr unsigned count = 20000;  // 64 MB of answers
  std::thread writer([&] {
    for (unsigned i = 0; i < count; ++i) {
      const std::string query = framed(query_bytes("big.example.com", "A"));
      if (send(tcp.get(), query.data(), query.size(), MSG_NOSIGNAL) < 0) return;
    }
  });
  unsigned got = 0;
  while (got < count && get_framed(tcp).size() > 3200) ++got;
  writer.join();
  CHECK(got == count);
}

TEST_CASE("TCP: silent and dripping clients go after the idle limit; others are served meanwhile") {
  DnsServer::Options options;
  options.threads = 1;
  options.tcp_idle_limit = std::chrono::milliseconds(50);
  const auto server = serve("127.0.0.1", options);
  const Fd silent = open_socket(SOCK_STREAM, server->endpoint());
  const Fd dripping = open_socket(SOCK_STREAM, server->endpoint());
  put(dripping, std::string("\0\50\1", 3));
  CHECK(is_closed(silent));
  CHECK(is_closed(dripping));
  const Fd good = open_socket(SOCK_STREAM, server->endpoint());
  put(good, framed(www));
  CHECK(reply_text(get_framed(good)) == answer_with("192.0.2.1"));
}

TEST_CASE("TCP: beyond the limit of connections the longest idle one makes room") {
  DnsServer::Options options;
  options.threads = 1;
  options.max_connections = 2;
  const auto server = serve("127.0.0.1", options);
  std::vector<Fd> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(open_socket(SOCK_STREAM, server->endpoint()));
    put(clients.back(), framed(www));
    CHECK(get_framed(clients.back()).size() > 12);
  }
  CHECK(is_closed(clients[0]));
  CHECK(is_closed(clients[2]));
  put(clients[4], framed(www));
  CHECK(get_framed(clients[4]).size() > 12);
}

TEST_CASE("localhost means both addresses: the other one answers too") {
  for (const auto& [bound, twin] : std::vector<std::pair<std::string, std::string>>{
           {"127.0.0.1", "::1"}, {"0.0.0.0", "::1"}, {"::1", "127.0.0.1"}, {"::", "127.0.0.1"}}) {
    const auto server = serve(bound);
    const Endpoint to{twin, server->endpoint().port};
    const Fd udp = open_socket(SOCK_DGRAM, to);
    put(udp, www);
    CHECK(reply_text(get(udp)) == answer_with("192.0.2.1"));
    const Fd tcp = open_socket(SOCK_STREAM, to);
    put(tcp, framed(www));
    CHECK(reply_text(get_framed(tcp)) == answer_with("192.0.2.1"));
  }
}

TEST_CASE("nobody shares the port, by whatever address and option") {
  const auto server = serve("127.0.0.1");
  for (const auto* address : {"127.0.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"}) {
    for (const int kind : {SOCK_DGRAM, SOCK_STREAM}) {
      sockaddr_storage storage{};
      const bool v6 = std::string_view{address}.find(':') != std::string_view::npos;
      socklen_t size = v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
      storage.ss_family = v6 ? AF_INET6 : AF_INET;
      reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(server->endpoint().port);
      void* const at = v6 ? static_cast<void*>(&reinterpret_cast<sockaddr_in6&>(storage).sin6_addr)
                          : &reinterpret_cast<sockaddr_in&>(storage).sin_addr;
      REQUIRE(inet_pton(storage.ss_family, address, at) == 1);
      const Fd thief(socket(storage.ss_family, kind | SOCK_CLOEXEC, 0));
      const int on = 1;
      setsockopt(thief.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
      setsockopt(thief.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
      const bool bound = bind(thief.get(), reinterpret_cast<sockaddr*>(&storage), size) == 0 &&
                         (kind == SOCK_DGRAM || listen(thief.get(), 1) == 0);
      CHECK_MESSAGE(!bound, address);
    }
  }
}

TEST_CASE("a twin that another holds is done without") {
  Fd other;
  std::unique_ptr<DnsServer> server;
  // The port that the other one got may be somebody's on 127.0.0.1.
  for (int attempt = 0; attempt < 20 && !server; ++attempt) {
    other = Fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_addr = in6addr_loopback;
    socklen_t size = sizeof at;
    REQUIRE(bind(other.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
    getsockname(other.get(), reinterpret_cast<sockaddr*>(&at), &size);
    auto listening = DnsServer::listen({"127.0.0.1", ntohs(at.sin6_port)}, {}, zone("192.0.2.1"));
    if (listening) server = std::move(*listening);
  }
  REQUIRE(server);
  const Fd udp = open_socket(SOCK_DGRAM, server->endpoint());
  put(udp, www);
  CHECK(reply_text(get(udp)) == answer_with("192.0.2.1"));
}

TEST_CASE("a rate limit that was asked for holds on loopback too; a cookie lifts it") {
  DnsServer::Options options;
  options.rate_limit = 5;
  const auto server = serve("127.0.0.1", options);
  const Fd udp = open_socket(SOCK_DGRAM, server->endpoint());
  const std::string half = std::string("\0\12\0\10", 4) + "thisisme";
  // A client cookie is answered with a whole one, as the option at the end.
  put(udp, with_edns(www, 1232, 0, false, half));
  const std::string first = get(udp);
  REQUIRE(first.size() > 28);
  const std::string whole = first.substr(first.size() - 28);
  CHECK(whole.substr(4, 8) == "thisisme");
  unsigned plain = 0, cut = 0;
  for (int i = 0; i < 200; ++i) put(udp, www);
  const timeval limit{0, 300'000};
  setsockopt(udp.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  for (std::string reply; !(reply = get(udp)).empty();)
    ++(reply_text(reply) == "NOERROR tc\n" ? cut : plain);
  CHECK(plain >= 1);
  CHECK(plain < 20);
  CHECK(cut >= 80);
  for (int i = 0; i < 50; ++i) {
    put(udp, with_edns(www, 1232, 0, false, whole));
    CHECK(reply_text(get(udp)).find("answer www.example.com.") != std::string::npos);
  }
  const Fd tcp = open_socket(SOCK_STREAM, server->endpoint());
  put(tcp, framed(www));
  CHECK(reply_text(get_framed(tcp)) == answer_with("192.0.2.1"));
}

TEST_CASE("what cannot be listened on is said in words") {
  const auto server = serve("127.0.0.1");
  const auto text = [](const Endpoint& endpoint) {
    const auto refused = DnsServer::listen(endpoint, {}, dns::View::empty());
    return refused ? std::string("listens") : refused.error().text;
  };
  CHECK(text(server->endpoint()).find("the port is in use by another program") !=
        std::string::npos);
  CHECK(text({"192.0.2.1", 0}) ==
        "cannot serve DNS on 192.0.2.1:0 (TCP): 192.0.2.1 is not an address of this machine");
  CHECK(text({"example.com", 0}).find("not an IP address") != std::string::npos);
}
