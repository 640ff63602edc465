// SPDX-License-Identifier: Apache-2.0
// The resolver against a server that we play, on the loopback.
#include "net/dns/resolver.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <optional>

using namespace sitelatch;
using namespace sitelatch::net;
using namespace std::chrono_literals;

namespace {

class Server {
 public:
  Server() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(socket_.get(), generic, size) == 0);
    REQUIRE(getsockname(socket_.get(), generic, &size) == 0);
    where_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  const std::string& where() const { return where_; }
  bool hear() {
    char buffer[512];
    socklen_t size = sizeof asker_;
    const ssize_t got = recvfrom(socket_.get(), buffer, sizeof buffer, 0,
                                 reinterpret_cast<sockaddr*>(&asker_), &size);
    if (got > 0) query_.assign(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }
  void say(const std::string& packet) const {
    sendto(socket_.get(), packet.data(), packet.size(), 0,
           reinterpret_cast<const sockaddr*>(&asker_), sizeof asker_);
  }
  // One A record for the question: the question alone is copied, not what follows it.
  std::string answer(const std::string& address) const {
    const std::size_t end = query_.find('\0', 12) + 5;
    std::string out = query_.substr(0, end);
    out[2] = static_cast<char>(0x81);
    out[3] = static_cast<char>(0x80);
    out.replace(4, 8, std::string("\0\1\0\1\0\0\0\0", 8));
    return out + std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4", 12) + address;
  }

 private:
  Fd socket_;
  std::string where_, query_;
  sockaddr_in asker_{};
};

struct World {
  explicit World(std::chrono::milliseconds limit = 300ms) : try_limit(limit) {}

  std::chrono::milliseconds try_limit;
  Epoll epoll;
  Server server;
  Resolver resolver{epoll, {try_limit, server.where()}};
  std::optional<Resolver::Resolved> seen;

  void ask(const char* name) {
    resolver.resolve(name, [this](const Resolver::Resolved& resolved) { seen = resolved; });
  }
  void round() {
    epoll.wait(resolver.wait_ms(50));
    epoll.dispatch();
    resolver.run_timeouts();
  }
  bool until(const std::function<bool()>& condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      round();
    }
    return false;
  }
};

}  // namespace

TEST_CASE("a name is asked of the resolver, and again after it failed") {
  World world;
  for (int i = 0; i < 3; ++i) {
    world.seen.reset();
    world.ask("www.example.test");
    REQUIRE(world.until([&] { return world.server.hear(); }));
    world.server.say(world.server.answer(std::string("\x7f\0\0\x09", 4)));
    REQUIRE(world.until([&] { return world.seen.has_value(); }));
    REQUIRE(world.seen->addresses.size() == 1);
    CHECK(world.seen->addresses[0].s_addr == htonl(0x7f000009));
  }
}

TEST_CASE("a resolver that floods with garbage has its turn and no more") {
  World world;
  world.ask("www.example.test");
  REQUIRE(world.until([&] { return world.server.hear(); }));
  for (int i = 0; i < 150; ++i) world.server.say("garbage" + std::to_string(i));
  world.server.say(world.server.answer(std::string("\x7f\0\0\x09", 4)));
  world.round();
  CHECK_FALSE(world.seen);  // 64 packets later, others had theirs
  REQUIRE(world.until([&] { return world.seen.has_value(); }));
  CHECK(world.seen->addresses.size() == 1);
}

TEST_CASE("a resolver that was quick is given its time when it is slow once") {
  World world(1s);
  for (int i = 0; i < 5; ++i) {
    world.seen.reset();
    world.ask("www.example.test");
    REQUIRE(world.until([&] { return world.server.hear(); }));
    world.server.say(world.server.answer(std::string("\x7f\0\0\x09", 4)));
    REQUIRE(world.until([&] { return world.seen.has_value(); }));
  }
  world.seen.reset();
  const auto asked = std::chrono::steady_clock::now();
  world.ask("www.example.test");
  REQUIRE(world.until([&] { return world.seen.has_value(); }));
  CHECK(world.seen->addresses.empty());
  CHECK(std::chrono::steady_clock::now() - asked >= 1s);
}

TEST_CASE("localhost and what is below it is this machine, and nobody is asked") {
  World world;
  for (const auto* name : {"localhost", "LOCALHOST.", "x.lambda-url.eu-west-1.localhost"}) {
    world.seen.reset();
    world.ask(name);
    REQUIRE(world.seen);
    REQUIRE(world.seen->addresses.size() == 1);
    CHECK(world.seen->addresses[0].s_addr == htonl(INADDR_LOOPBACK));
  }
  CHECK_FALSE(world.server.hear());
  world.seen.reset();
  world.ask("notlocalhost.example.test");
  CHECK_FALSE(world.seen);
  world.ask("xlocalhost");
  CHECK(world.until([&] { return world.server.hear(); }));
}

TEST_CASE("a resolver that says nothing") {
  World world;
  world.ask("www.example.test");
  REQUIRE(world.until([&] { return world.seen.has_value(); }));
  CHECK(world.seen->addresses.empty());
  CHECK(world.seen->our_trouble == 0);
}
