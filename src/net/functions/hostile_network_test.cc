// SPDX-License-Identifier: Apache-2.0
// Functions that try to reach what is not theirs over the network, or to stand in for the engine.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <thread>

#include "net/functions/test_world.h"

namespace {

using namespace sitelatch;
using namespace sitelatch::test;
using net::FunctionNetwork;

// Something of this machine that listens: TCP and UDP of one port, which answer "machine".
class Service {
 public:
  explicit Service(const char* address = "127.0.0.1")
      : stream_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at = address_of(address, 0);
    socklen_t size = sizeof at;
    REQUIRE(::bind(stream_, reinterpret_cast<sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(stream_, 64) == 0);
    REQUIRE(::getsockname(stream_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port = ntohs(at.sin_port);
    datagram_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(datagram_, reinterpret_cast<sockaddr*>(&at), size) == 0);
    threads_[0] = std::thread([this] { serve_streams(); });
    threads_[1] = std::thread([this] { serve_datagrams(); });
  }
  ~Service() {
    ::shutdown(stream_, SHUT_RDWR);
    const auto at = address_of("127.0.0.1", port);
    const int waker = ::socket(AF_INET, SOCK_DGRAM, 0);
    ::shutdown(datagram_, SHUT_RDWR);
    ::sendto(waker, "", 0, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at);
    ::close(waker);
    for (auto& thread : threads_) thread.join();
    ::close(stream_);
    ::close(datagram_);
  }
  static sockaddr_in address_of(const char* address, std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &at.sin_addr);
    return at;
  }
  std::uint16_t port = 0;

 private:
  // Echoes until the client has said all, so that both directions and their ends are seen.
  void serve_streams() {
    for (;;) {
      const int socket = ::accept(stream_, nullptr, nullptr);
      if (socket < 0) return;
      ::send(socket, "machine ", 8, MSG_NOSIGNAL);
      std::array<char, 65536> buffer;
      for (ssize_t size = 0; (size = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0;)
        ::send(socket, buffer.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
      ::close(socket);
    }
  }
  void serve_datagrams() {
    for (;;) {
      std::array<char, 512> buffer;
      sockaddr_in from{};
      socklen_t length = sizeof from;
      const auto size = ::recvfrom(datagram_, buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &length);
      if (size <= 0) return;
      ::sendto(datagram_, buffer.data(), static_cast<std::size_t>(size), 0,
               reinterpret_cast<sockaddr*>(&from), length);
    }
  }
  int stream_, datagram_;
  std::array<std::thread, 2> threads_;
};

// `talk` sends and reads to the end; `ask` sends one datagram; errors are named by their errno.
ports::FunctionSpec socket_evaluator() {
  return World::raw(
      "import sys, socket, errno, struct, ctypes\n"
      "def talk(host, port, text=b''):\n"
      "    s = socket.create_connection((host, port), 2); s.settimeout(5)\n"
      "    s.sendall(text); s.shutdown(socket.SHUT_WR); got = b''\n"
      "    while True:\n        part = s.recv(65536)\n        if not part: return got\n        got "
      "+= "
      "part\n"
      "def ask(host, port, text):\n"
      "    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)\n"
      "    s.connect((host, port)); s.send(text); return s.recv(4096)\n"
      "def option(level, name, value=1):\n"
      "    s = socket.socket(); s.setsockopt(level, name, value); return 'set'\n"
      "def answer(e):\n    try: return str(eval(e))\n"
      "    except OSError as x: return errno.errorcode.get(x.errno, type(x).__name__)\n"
      "    except BaseException as x: return type(x).__name__");
}

bool has(FunctionNetwork network) {
  try {
    World world([&](auto& options) { options.network = network; });
    return true;
  } catch (const std::runtime_error& error) {
    MESSAGE("SKIPPED: " << std::string{error.what()});
    return false;
  }
}

struct Networked {
  explicit Networked(FunctionNetwork network)
      : world([&](auto& options) {
          options.network = network;
          options.api = {"127.0.0.1", api.port};
          options.dns = {"127.0.0.1", dns.port};
        }) {}
  std::string eval(const std::string& text) { return world.run(spec, text).payload; }
  Service api, dns;
  World world;
  ports::FunctionSpec spec = socket_evaluator();
};

}  // namespace

TEST_CASE("an isolated function reaches the engine and nothing else of the machine") {
  for (const auto network : {FunctionNetwork::isolated, FunctionNetwork::outbound}) {
    if (!has(network)) continue;
    CAPTURE(net::name_of(network));
    Networked net(network);
    Service other, everywhere("0.0.0.0");
    const auto eval = [&](const std::string& text) { return net.eval(text); };
    // The engine: API, DNS by stream and by datagram, on its port and on the usual one.
    CHECK(eval("os.environ['AWS_ENDPOINT_URL']") ==
          fmt::format("http://127.0.0.1:{}", net.api.port));
    CHECK(eval("os.environ['AWS_LAMBDA_RUNTIME_API']") == "127.0.0.1:9001");
    CHECK(eval(fmt::format("talk('127.0.0.1', {}, b'x')", net.api.port)) == "b'machine x'");
    CHECK(eval(fmt::format("talk('127.0.0.1', {}, b'y')", net.dns.port)) == "b'machine y'");
    CHECK(eval("talk('127.0.0.1', 53, b'z')") == "b'machine z'");
    CHECK(eval(fmt::format("ask('127.0.0.1', {}, b'\\x12\\x34 a question')", net.dns.port)) ==
          "b'\\x124 a question'");
    CHECK(eval("ask('127.0.0.1', 53, b'\\x12\\x34 a question')") == "b'\\x124 a question'");
    // Large both ways: what does not fit at once waits, and nothing is lost.
    CHECK(eval(fmt::format("len(talk('127.0.0.1', {}, b'x' * 300_000))", net.api.port)) ==
          "300008");
    // Another service of the machine, on loopback or on all its addresses.
    CHECK(eval(fmt::format("talk('127.0.0.1', {})", other.port)) == "ECONNREFUSED");
    CHECK(eval(fmt::format("talk('127.0.0.1', {})", everywhere.port)) == "ECONNREFUSED");
    CHECK(eval(fmt::format("talk('::1', {})", other.port)) != "b'machine '");
    CHECK(eval(fmt::format("ask('127.0.0.1', {}, b'a long enough text')", other.port)) ==
          "ECONNREFUSED");
    for (const auto& prefix : net::unreachable_prefixes()) {
      if (!prefix.ends_with("/32")) continue;
      const auto address = prefix.substr(0, prefix.size() - 3);
      CAPTURE(address);
      const auto reached = eval(fmt::format("talk('{}', {})", address, everywhere.port));
      CHECK((reached == "ENETUNREACH" || reached == "EHOSTUNREACH"));
    }
    // What slirp4netns calls the machine.
    CHECK(eval(fmt::format("talk('198.18.0.2', {})", everywhere.port)) != "b'machine '");
    const auto metadata = eval("talk('169.254.169.254', 80)");
    CHECK((metadata == "ENETUNREACH" || metadata == "EHOSTUNREACH"));
  }
}

TEST_CASE("functions do not reach each other") {
  if (!has(FunctionNetwork::isolated)) return;
  Networked net(FunctionNetwork::isolated);
  auto listening = socket_evaluator();
  listening.environment_key = "listening";
  CHECK(net.world
            .run(listening,
                 "(globals().__setitem__('kept', socket.create_server(('', 7777))), 'up')[1]")
            .payload == "up");
  CHECK(net.world.run(listening, "talk('127.0.0.1', 7777)").payload != "ECONNREFUSED");
  CHECK(net.eval("talk('127.0.0.1', 7777)") == "ECONNREFUSED");
}

TEST_CASE("an abstract Unix socket of the machine is out of reach, on a shared network too") {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  const auto name = fmt::format("sitelatch-test-{}", ::getpid());
  std::memcpy(at.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  const auto reach = fmt::format(
      "(lambda s: (s.connect('\\0{}'), 'reached')[1])(socket.socket(socket.AF_UNIX))", name);
  for (const auto network : {FunctionNetwork::isolated, FunctionNetwork::host}) {
    if (!has(network)) continue;
    CAPTURE(net::name_of(network));
    Networked net(network);
    const auto answer = net.eval(reach);
    CHECK(answer == (network == FunctionNetwork::host ? "EAFNOSUPPORT" : "ECONNREFUSED"));
    CHECK(net.eval("[a.send(b'x') and b.recv(1) for a, b in [socket.socketpair()]]") == "[b'x']");
  }
  ::close(listener);
}

TEST_CASE("the families, protocols and options of sockets are few") {
  for (const auto network : {FunctionNetwork::isolated, FunctionNetwork::host}) {
    if (!has(network)) continue;
    CAPTURE(net::name_of(network));
    Networked net(network);
    const auto eval = [&](const std::string& text) { return net.eval(text); };
    // VSOCK, PACKET, ALG, BLUETOOTH, CAN, TIPC, XDP, KCM, and one that no kernel has.
    for (const int family : {40, 17, 38, 31, 29, 30, 44, 41, 99}) {
      CAPTURE(family);
      CHECK(eval(fmt::format("socket.socket({}, socket.SOCK_DGRAM)", family)) == "EAFNOSUPPORT");
      CHECK(eval(fmt::format("socket.socket({}, socket.SOCK_RAW)", family)) == "EAFNOSUPPORT");
    }
    // Netlink: sock_diag, netfilter, uevents, generic.
    for (const int protocol : {4, 12, 15, 16}) {
      CAPTURE(protocol);
      const auto refused = eval(fmt::format("socket.socket(16, socket.SOCK_RAW, {})", protocol));
      CHECK((refused == "EPROTONOSUPPORT" || refused == "EAFNOSUPPORT"));
    }
    CHECK(eval("socket.socket(2, socket.SOCK_RAW, 1)") == "EPERM");
    CHECK(eval("socket.socket(2, socket.SOCK_STREAM, 132)") == "EPROTONOSUPPORT");  // SCTP
    CHECK(eval("socket.socket(2, socket.SOCK_SEQPACKET, 132)") == "EPERM");
    CHECK(eval("socket.socket(10, socket.SOCK_DGRAM, 136)") == "EPROTONOSUPPORT");  // UDP-Lite
    CHECK(eval("len([socket.socket(f, t).close() for f in (2, 10) for t in (1, 2)])") == "4");
    CHECK(eval("option(1, 25, b'lo')") == "EPERM");  // SO_BINDTODEVICE
    CHECK(eval("option(1, 62)") == "EPERM");         // SO_BINDTOIFINDEX
    CHECK(eval("option(0, 4, b'')") == "EPERM");     // IP_OPTIONS
    CHECK(eval("option(0, 50, 0)") == "EPERM");      // IP_UNICAST_IF
    CHECK(eval("option(1, 2)") == "set");            // SO_REUSEADDR
    CHECK(eval("option(1, 15)") == (network == FunctionNetwork::host ? "EPERM" : "set"));
    CHECK(eval("socket.getaddrinfo('127.0.0.1', 80)[0][4]") == "('127.0.0.1', 80)");
  }
}

// The engine shares its DNS port among its own sockets. Row 1 of the hostile inputs.
TEST_CASE("a port of the engine cannot be shared by a function") {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
  auto at = Service::address_of("127.0.0.1", 0);
  socklen_t size = sizeof at;
  REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  World world([](auto& options) { options.network = FunctionNetwork::host; });
  const auto take = fmt::format(
      "(lambda s: (s.setsockopt(1, 15, 1), s.bind(('127.0.0.1', {0})), 'taken')[2])"
      "(socket.socket(2, socket.SOCK_DGRAM))",
      ntohs(at.sin_port));
  CHECK(world.run(socket_evaluator(), take).payload == "EPERM");
  const auto plain = fmt::format(
      "(lambda s: (s.setsockopt(1, 2, 1), s.bind(('127.0.0.1', {0})), 'taken')[2])"
      "(socket.socket(2, socket.SOCK_DGRAM))",
      ntohs(at.sin_port));
  CHECK(world.run(socket_evaluator(), plain).payload == "EADDRINUSE");
  ::close(socket);
}

TEST_CASE("a network that cannot be had is refused") {
  CHECK_THROWS_WITH_AS(
      World([](auto& options) {
        options.network = FunctionNetwork::isolated;
        options.sandboxing = ProcessFunctionHost::Options::Sandboxing::no_namespaces;
      }),
      "--function-network isolated: this machine refuses network namespaces", std::runtime_error);
}

TEST_CASE("connections that a function leaves behind are gone with it") {
  if (!has(FunctionNetwork::isolated)) return;
  Networked net(FunctionNetwork::isolated);
  const auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  CHECK(net.eval("1") == "1");
  net.world.host->retire(net.spec.function_arn);
  const auto before = open_descriptors();
  // More than one may have at once; dropped, half closed, held.
  CHECK(net.eval(fmt::format("(globals().__setitem__('kept', "
                             "[socket.create_connection(('127.0.0.1', {}), 5) for i in range(90)]),"
                             " [s.shutdown(1) for s in kept[:20]], 'open')[2]",
                             net.api.port)) == "open");
  net.world.host->retire(net.spec.function_arn);
  bool gone = false;
  for (int i = 0; i < 500 && !gone; ++i) {
    ::usleep(10000);  // polling another thread
    gone = open_descriptors() <= before;
  }
  CHECK(gone);
  CHECK(net.eval("6 * 7") == "42");
}
