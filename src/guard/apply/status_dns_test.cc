// SPDX-License-Identifier: Apache-2.0
// A name server of our own making, which may be hostile.
#include "guard/apply/status_dns.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <thread>

using namespace sitelatch::guard;

namespace {

// Answers every question with what `answer` makes of it: the datagrams to send.
class Server {
 public:
  explicit Server(std::function<std::vector<std::string>(const std::string&)> answer,
                  std::uint16_t port = 0)
      : fd_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    socklen_t size = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    where_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
  }
  ~Server() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  const std::string& where() const { return where_; }

 private:
  void serve(const std::function<std::vector<std::string>(const std::string&)>& answer) {
    std::string question(512, '\0');
    while (true) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const auto got = ::recvfrom(fd_, question.data(), question.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &size);
      if (got <= 0) return;
      for (const auto& reply : answer(question.substr(0, static_cast<std::size_t>(got))))
        ::sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  int fd_;
  std::string where_;
  std::thread thread_;
};

// Answers one question by TCP.
class TcpServer {
 public:
  explicit TcpServer(std::function<std::string(const std::string&)> answer)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(::listen(fd_, 1) == 0);
    socklen_t size = sizeof at;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this, answer = std::move(answer)] { serve(answer); });
  }
  ~TcpServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::uint16_t port() const { return port_; }

 private:
  void serve(const std::function<std::string(const std::string&)>& answer) const {
    const int client = ::accept(fd_, nullptr, nullptr);
    if (client < 0) return;
    std::string question(512, '\0');
    std::size_t got = 0;
    while (got < 2 || got < 2 + length_of(question)) {
      const auto more = ::recv(client, question.data() + got, question.size() - got, 0);
      if (more <= 0) break;
      got += static_cast<std::size_t>(more);
    }
    const auto said = got > 2 ? answer(question.substr(2, got - 2)) : std::string{};
    const std::string framed =
        std::string{static_cast<char>(said.size() >> 8), static_cast<char>(said.size() & 255)} +
        said;
    if (!said.empty()) ::send(client, framed.data(), framed.size(), MSG_NOSIGNAL);
    ::close(client);
  }
  static std::size_t length_of(const std::string& framed) {
    return static_cast<std::size_t>(static_cast<unsigned char>(framed[0])) << 8 |
           static_cast<unsigned char>(framed[1]);
  }

  int fd_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// The question as an answer, with `records` behind it.
std::string reply(std::string question, char rcode, char count, const std::string& records) {
  question[2] = '\x84';
  question[3] = rcode;
  question[7] = count;
  return question + records;
}
const std::string address{"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1", 16};

}  // namespace

TEST_CASE("addresses come sorted; datagrams that answer another question are passed over") {
  Server server([](const std::string& question) {
    auto other = reply(question, 0, 1, address);
    other[0] = static_cast<char>(~other[0]);
    const std::string second{"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\0\1", 16};
    return std::vector{other, std::string{"junk"}, reply(question, 0, 2, address + second)};
  });
  const auto answer = ask_dns(server.where(), "client.example.test.", "A");
  REQUIRE(answer);
  CHECK(answer->values == std::vector<std::string>{"10.0.0.1", "192.0.2.1"});
}

TEST_CASE("no such name is an answer; nothing is one too, and neither is agreement") {
  Server server([](const std::string& question) { return std::vector{reply(question, 3, 0, "")}; });
  const auto answer = ask_dns(server.where(), "client.example.test", "A");
  REQUIRE(answer);
  CHECK(answer->rcode == 3);
  CHECK(answer->values.empty());
}

TEST_CASE("records that lie about their length, and names in circles, are no answer") {
  for (const auto& records :
       {address.substr(0, 12), std::string{"\xc0\x0c\0\1\0\1\0\0\0\x3c\xff\xff\xc0\0\2\1", 16},
        std::string{"\xc0\xff\0\1", 4}, std::string{"\xc0\x29\0\5\0\1\0\0\0\x3c\0\2\xc0\x29", 14},
        std::string{"\x3f"
                    "abc",
                    4}}) {
    Server server(
        [&](const std::string& question) { return std::vector{reply(question, 0, 1, records)}; });
    CHECK(!ask_dns(server.where(), "client.example.test", "A"));
  }
}

TEST_CASE("guard-on-aws 19: an answer cut short is asked for again by TCP, a silent port too") {
  for (const bool cut_short : {true, false}) {
    CAPTURE(cut_short);
    TcpServer server([](const std::string& question) { return reply(question, 0, 1, address); });
    std::optional<Server> datagrams;
    if (cut_short)
      datagrams.emplace(
          [](const std::string& question) {
            auto truncated = reply(question, 0, 1, "");
            truncated[2] = '\x86';
            return std::vector{truncated};
          },
          server.port());
    const auto answer = ask_dns_within(
        {std::chrono::milliseconds{cut_short ? 5000 : 10}, std::chrono::milliseconds{5000}},
        "127.0.0.1:" + std::to_string(server.port()), "client.example.test", "A");
    REQUIRE(answer);
    CHECK(answer->values == std::vector<std::string>{"192.0.2.1"});
    CHECK(answer->authoritative);
  }
}

TEST_CASE("guard-on-aws 19: who answers without AA is told apart") {
  Server server([](const std::string& question) {
    auto cached = reply(question, 0, 1, address);
    cached[2] = '\x80';
    return std::vector{cached};
  });
  const auto answer = ask_dns(server.where(), "client.example.test", "A");
  REQUIRE(answer);
  CHECK_FALSE(answer->authoritative);
}

TEST_CASE("names that DNS cannot be asked for are said") {
  CHECK(!ask_dns("127.0.0.1:1", "a..b", "A"));
  CHECK(!ask_dns("127.0.0.1:1", std::string(64, 'a') + ".test", "A"));
  CHECK(!ask_dns("127.0.0.1:1", "\\999.test", "A"));
}
