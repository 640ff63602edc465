// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace sitelatch;
using namespace sitelatch::net;

namespace {

// A client that sends bytes as they are and reads until the server closes or `until` has come.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  }
  ~RawClient() { ::close(socket_); }
  void send(std::string_view bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  std::string read_until(std::string_view until) {
    std::string out;
    char buffer[65536];
    while (out.find(until) == std::string::npos) {
      const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }
  std::string read_all() { return read_until("\x01never\x01"); }

 private:
  int socket_;
};

std::unique_ptr<HttpServer> serve(HttpServer::Handler handler, HttpServer::Options options = {}) {
  auto server = HttpServer::listen({"127.0.0.1", 0}, options, std::move(handler));
  REQUIRE(server);
  return std::move(*server);
}
void echo(const aws::HttpRequest& request, const HttpServer::Reply& reply) {
  aws::HttpResponse response;
  response.body = request.method + " " + request.target + " [" + request.body + "]";
  reply(std::move(response));
}

}  // namespace

TEST_CASE("the target and the headers arrive exactly as sent") {
  aws::HttpRequest seen;
  auto server = serve([&](aws::HttpRequest request, const HttpServer::Reply& reply) {
    seen = request;
    reply({204, {}, ""});
  });
  RawClient client(server->endpoint().port);
  client.send(
      "PUT /a%2Fb//c?x=%20&y HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nx-two: 2\r\nConnection: "
      "close\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(client.read_all().starts_with("HTTP/1.1 204 No Content\r\n"));
  CHECK(seen.target == "/a%2Fb//c?x=%20&y");
  CHECK(seen.path() == "/a%2Fb//c");
  CHECK(seen.body == "abc");
  CHECK(seen.peer == "127.0.0.1");
  CHECK(std::count_if(seen.headers.begin(), seen.headers.end(),
                      [](const auto& h) { return h.first == "X-Two" || h.first == "x-two"; }) == 2);
}

TEST_CASE("keep-alive serves pipelined requests in order; chunked bodies and 100-continue work") {
  auto server = serve(echo);
  RawClient client(server->endpoint().port);
  client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto both = client.read_until("/2 []");
  CHECK(both.find("GET /1 []") < both.find("GET /2 []"));
  client.send(
      "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(client.read_until("]").find("POST /3 [abcde]") != std::string::npos);
  client.send("POST /4 HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 100 Continue"));
  client.send("ok");
  CHECK(client.read_until("]").find("POST /4 [ok]") != std::string::npos);
}

TEST_CASE("too large and malformed requests are refused; others go on") {
  HttpServer::Options options;
  options.max_body_bytes = 10;
  options.head.bytes = 1024;
  auto server = serve(echo, options);
  {
    RawClient client(server->endpoint().port);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");
    CHECK(client.read_all().starts_with("HTTP/1.1 413"));
  }
  {
    RawClient client(server->endpoint().port);
    client.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(4096, 'x') + "\r\n\r\n");
    CHECK(client.read_all().starts_with("HTTP/1.1 431"));
  }
  {
    RawClient client(server->endpoint().port);
    client.send("nonsense\r\n\r\n");
    CHECK(client.read_all().starts_with("HTTP/1.1 400"));
  }
  RawClient client(server->endpoint().port);
  client.send("GET /ok HTTP/1.0\r\n\r\n");
  CHECK(client.read_all().find("GET /ok []") != std::string::npos);
}

TEST_CASE("a reply may come later and from another thread; drain waits for it") {
  HttpServer::Reply kept;
  std::mutex mutex;
  std::condition_variable arrived;
  auto server = serve([&](aws::HttpRequest, HttpServer::Reply reply) {
    const std::lock_guard lock(mutex);
    kept = std::move(reply);
    arrived.notify_one();
  });
  RawClient client(server->endpoint().port);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return static_cast<bool>(kept); });
  }
  std::thread answer([&] { kept({200, {}, "late"}); });
  server->drain(std::chrono::seconds{10});
  answer.join();
  CHECK(client.read_all().ends_with("late"));
  kept({200, {}, "twice"});  // nothing happens
  server.reset();
  kept({200, {}, "after the end"});
}

TEST_CASE("a port in use is said in one sentence") {
  auto server = serve(echo);
  const auto again = HttpServer::listen(server->endpoint(), {}, echo);
  REQUIRE_FALSE(again);
  CHECK(again.error().text.find("is in use by another process") != std::string::npos);
  CHECK_FALSE(HttpServer::listen({"192.0.2.1", 0}, {}, echo));
}

TEST_CASE("endpoints as people type them") {
  CHECK(parse_endpoint("127.0.0.1:4566")->port == 4566);
  CHECK(parse_endpoint("localhost:0")->address == "127.0.0.1");
  CHECK(to_string(*parse_endpoint("[::1]:53")) == "[::1]:53");
  for (const auto* wrong :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:53", "a.example:80", ":80"})
    CHECK_FALSE(parse_endpoint(wrong));
  CHECK(is_loopback("127.9.9.9"));
  CHECK(is_loopback("::1"));
  CHECK_FALSE(is_loopback("0.0.0.0"));
}
