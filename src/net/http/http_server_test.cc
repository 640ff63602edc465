// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_server.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "memory_ends.h"

using namespace sitelatch;
using namespace sitelatch::net;

namespace {

// A client that sends bytes as they are and reads until the server closes or `until` has come.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const std::string& address = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    REQUIRE(::inet_pton(AF_INET, address.c_str(), &to.sin_addr) == 1);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  }
  ~RawClient() { ::close(socket_); }
  void send(std::string_view bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  std::string read_until(std::string_view until) {
    std::string out;
    char buffer[65536];
    for (std::size_t looked = 0; out.find(until, looked) == std::string::npos;) {
      looked = out.size() - std::min(out.size(), until.size());
      const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }
  // One more byte; false: the server has closed.
  bool drip() {
    char byte = 0;
    pollfd closed{socket_, POLLIN, 0};
    ::poll(&closed, 1, 2);  // two milliseconds at most between the bytes of a slow client
    const auto got = ::recv(socket_, &byte, 1, MSG_DONTWAIT);
    return got < 0 && errno == EAGAIN && ::send(socket_, "a", 1, MSG_NOSIGNAL) == 1;
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

TEST_CASE("an answer that is lost is a closed connection; others go on") {
  auto server = serve([](const aws::HttpRequest& request, const HttpServer::Reply& reply) {
    aws::HttpResponse response;
    response.body = "answered";
    response.lost = request.path() == "/lost";
    reply(std::move(response));
  });
  RawClient unheard(server->endpoint().port);
  unheard.send("GET /lost HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(unheard.read_all().empty());
  RawClient client(server->endpoint().port);
  client.send("GET /kept HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(client.read_until("answered").ends_with("answered"));
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
    RawClient client(server->endpoint().port);  // nor is one waited for that does not end
    client.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(4096, 'x'));
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

namespace {

// What the server says to these bytes until it closes.
std::string answer_to(const std::string& bytes, HttpServer::Options options = {}) {
  auto server = serve(echo, options);
  RawClient client(server->endpoint().port);
  client.send(bytes);
  return client.read_all();
}
std::string post(const std::string& fields, const std::string& body = "") {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}
using namespace std::chrono_literals;

// Refuses the path /no, and takes large bodies up to 100'000 bytes of who has a Ticket.
class FakeDoor final : public HttpServer::Door {
 public:
  std::optional<aws::HttpResponse> refusal(const aws::HttpRequest& head) const override {
    if (head.path() != "/no") return std::nullopt;
    return aws::HttpResponse{403, {}, "not you"};
  }
  void consider(const aws::HttpRequest& head, std::optional<std::uint64_t> length,
                std::function<void(Decision)> decide) override {
    ++considered;
    announced = length;
    if (!head.headers.find("Ticket")) return decide({aws::HttpResponse{401, {}, "no ticket"}, 0});
    decide({std::nullopt, 100'000});
  }
  std::atomic<int> considered = 0;
  std::optional<std::uint64_t> announced;
};

}  // namespace

TEST_CASE(
    "what two readers could read differently is refused on the wire, and the connection ends") {
  for (const auto& text :
       {post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
        post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), post("Host: other\r\n"),
        post("A: b\r\n c\r\n"), post("A: b\rc\r\n"), post(std::string{"A: \0\r\n", 6}),
        std::string{"GET / HTTP/1.1\r\n\r\n"}, std::string{"GET / HTTP/1.1\nHost: h\n\n"},
        std::string{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        std::string{"GET / HTTP/1.1\r\nHost: user@h\r\n\r\n"},
        post("Transfer-Encoding: chunked\r\n", "x\r\n"),
        post("Transfer-Encoding: chunked\r\n", "1;" + std::string(300, 'a'))}) {
    CAPTURE(text);
    CHECK(
        answer_to(text + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 400"));
  }
  CHECK(answer_to(post("Expect: nothing\r\n")).starts_with("HTTP/1.1 417"));
  std::string many;
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  CHECK(answer_to(post(many)).starts_with("HTTP/1.1 431"));
}

TEST_CASE("trailers never become headers") {
  aws::HttpRequest seen;
  auto server = serve([&](aws::HttpRequest request, const HttpServer::Reply& reply) {
    seen = request;
    reply({200, {}, "done"});
  });
  RawClient client(server->endpoint().port);
  client.send(post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\nAuthorization: me\r\n\r\n"));
  CHECK(client.read_until("done").ends_with("done"));
  CHECK_FALSE(seen.headers.find("Authorization"));
  CHECK(seen.body == "a");
}

TEST_CASE("the door: refuses by the head, and large bodies before they are taken") {
  FakeDoor door;
  HttpServer::Options options;
  options.small_body_bytes = 1000;
  auto server = std::move(*HttpServer::listen({"127.0.0.1", 0}, options, echo, &door));
  const auto say = [&](const std::string& bytes) {
    RawClient client(server->endpoint().port);
    client.send(bytes);
    return client.read_all();
  };
  CHECK(say("GET /no HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("not you"));
  // No body has been sent: the answer comes from the head, and no 100 Continue.
  CHECK(say(post("Expect: 100-continue\r\nContent-Length: 5000\r\n")).starts_with("HTTP/1.1 401"));
  CHECK(door.announced == 5000u);
  CHECK(say(post("Ticket: x\r\nContent-Length: 200000\r\n")).starts_with("HTTP/1.1 413"));
  CHECK(door.considered == 2);
  const std::string large(5000, 'x');
  CHECK(say(post("Ticket: x\r\nConnection: close\r\nContent-Length: 5000\r\n", large))
            .ends_with("[" + large + "]"));
  CHECK(say(post("Connection: close\r\nContent-Length: 1000\r\n", std::string(1000, 'y')))
            .ends_with("y]"));
  CHECK(door.considered == 3);
  // Chunked: asked when it has grown.
  CHECK(say(post("Transfer-Encoding: chunked\r\n", "1388\r\n" + large + "\r\n0\r\n\r\n"))
            .starts_with("HTTP/1.1 401"));
  CHECK(say(post("Ticket: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n",
                 "1388\r\n" + large + "\r\n0\r\n\r\n"))
            .ends_with("[" + large + "]"));
  const std::string huge(200'000, 'z');
  CHECK(say(post("Ticket: x\r\nTransfer-Encoding: chunked\r\n", "30d40\r\n" + huge + "\r\n"))
            .starts_with("HTTP/1.1 413"));
}

TEST_CASE("heads and bodies have deadlines, however they drip") {
  HttpServer::Options options;
  options.head_limit = 100ms;
  options.body_grace = 100ms;
  CHECK(answer_to("", options).empty());
  CHECK(answer_to("GET / HTTP/1.1\r\n", options).starts_with("HTTP/1.1 408"));
  CHECK(answer_to(post("Content-Length: 10\r\n", "abc"), options).starts_with("HTTP/1.1 408"));
  auto server = serve(echo, options);
  RawClient dripping(server->endpoint().port);
  dripping.send(post("Content-Length: 1000000\r\n"));
  bool ended = false;
  for (int i = 0; i < 10'000 && !ended; ++i) ended = !dripping.drip();
  CHECK(ended);
}

TEST_CASE("answers that are not read have a deadline") {
  const auto long_answer = [](const aws::HttpRequest&, const HttpServer::Reply& reply) {
    reply({200, {}, std::string(32 << 20, 'a')});
  };
  HttpServer::Options options;
  options.answer_grace = 100ms;
  auto hasty = serve(long_answer, options), usual = serve(long_answer, {});
  RawClient deaf(hasty->endpoint().port), reading(usual->endpoint().port);
  deaf.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  reading.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  CHECK(reading.read_all().size() > 32u << 20);
  hasty->drain(10s);  // returns early: the deaf one was given up
  CHECK(deaf.read_all().size() < 32u << 20);
}

TEST_CASE("when slots run out, who has proved nothing and came first goes") {
  HttpServer::Options options;
  options.max_connections = 10;
  auto server = serve(
      [](const aws::HttpRequest& request, const HttpServer::Reply& reply) {
        if (request.headers.find("Proof")) reply.vouch();
        reply({200, {}, "done"});
      },
      options);
  const auto port = server->endpoint().port;
  RawClient honest(port);
  honest.send("GET / HTTP/1.1\r\nHost: h\r\nProof: x\r\n\r\n");
  CHECK(honest.read_until("done").ends_with("done"));
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 100; ++i) {
    crowd.push_back(std::make_unique<RawClient>(port));
    crowd.back()->send("GET / HT");
  }
  RawClient late(port);
  late.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(late.read_until("done").ends_with("done"));
  honest.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(honest.read_until("done").ends_with("done"));
  CHECK(crowd.front()->read_all().empty());
}

namespace {

// An IPv4 address of this machine that is not loopback; "" where there is none.
std::string address_beyond_loopback() {
  std::string found;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return found;
  for (const auto* at = first; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET) continue;
    char text[INET_ADDRSTRLEN] = "";
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(at->ifa_addr)->sin_addr, text,
                sizeof text);
    if (!is_loopback(text)) found = text;
  }
  ::freeifaddrs(first);
  return found;
}

}  // namespace

TEST_CASE("no address beyond loopback has more than its part of the slots") {
  const auto address = address_beyond_loopback();
  if (address.empty()) {
    MESSAGE("SKIPPED: this machine has loopback alone");
    return;
  }
  HttpServer::Options options;
  options.max_connections_a_peer = 3;
  auto server = std::move(*HttpServer::listen({"0.0.0.0", 0}, options, echo));
  const auto served = [&](RawClient& client) {
    client.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    return client.read_until("[]").ends_with("[]");
  };
  const auto port = server->endpoint().port;
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 3; ++i) {
    crowd.push_back(std::make_unique<RawClient>(port, address));
    CHECK(served(*crowd.back()));
  }
  RawClient one_more(port, address), local(port);
  CHECK_FALSE(served(one_more));
  CHECK(served(local));
  CHECK(served(*crowd[0]));
  // Who goes leaves room: once the server has seen it go.
  crowd.pop_back();
  bool room = false;
  for (int i = 0; i < 1000 && !room; ++i) {
    RawClient next(port, address);
    room = served(next);
  }
  CHECK(room);
}

TEST_CASE("one budget of bytes: the slowest go, a small request is served") {
  HttpServer::Options options;
  options.max_bytes_in_flight = 1 << 20;
  options.head_limit = options.body_grace = 100s;
  auto server = serve(echo, options);
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 64; ++i) {
    crowd.push_back(std::make_unique<RawClient>(server->endpoint().port));
    crowd.back()->send(post("Content-Length: 1000000\r\n", std::string(60'000, 'x')));
  }
  for (int i = 0; i < 20; ++i) {
    RawClient client(server->endpoint().port);
    client.send(post("Connection: close\r\nContent-Length: 2\r\n", "ok"));
    CHECK(client.read_all().ends_with("[ok]"));
  }
  int gone = 0;
  for (const auto& client : crowd) gone += client->drip() ? 0 : 1;
  CHECK(gone >= 64 - 18);  // 17 of them fill a megabyte
}

TEST_CASE("requests of the unproven wait for each other, not the proven for them") {
  std::mutex mutex;
  std::vector<HttpServer::Reply> kept;
  HttpServer::Options options;
  options.max_unproven_in_hand = 4;
  auto server = serve(
      [&](const aws::HttpRequest& request, HttpServer::Reply reply) {
        if (request.headers.find("Proof")) {
          reply.vouch();
          return reply({200, {}, "done"});
        }
        const std::lock_guard lock(mutex);
        kept.push_back(std::move(reply));
      },
      options);
  const auto port = server->endpoint().port;
  RawClient honest(port);
  const std::string proof = "GET / HTTP/1.1\r\nHost: h\r\nProof: x\r\n\r\n";
  honest.send(proof);
  CHECK(honest.read_until("done").ends_with("done"));
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 8; ++i) {
    crowd.push_back(std::make_unique<RawClient>(port));
    crowd.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  honest.send(proof);
  CHECK(honest.read_until("done").ends_with("done"));
  std::size_t answered = 0;
  while (answered < 8) {  // each answer lets the next one in
    const std::lock_guard lock(mutex);
    CHECK(kept.size() - answered <= 4);
    for (; answered < kept.size(); ++answered) kept[answered]({200, {}, "done"});
  }
  for (auto& client : crowd) CHECK(client->read_until("done").ends_with("done"));
}

TEST_CASE(
    "a request that is admitted makes room for others, and its connection is kept no better") {
  std::mutex mutex;
  std::vector<HttpServer::Reply> kept;
  HttpServer::Options options;
  options.max_unproven_in_hand = 2;
  options.max_connections = 10;
  auto server = serve(
      [&](const aws::HttpRequest& request, HttpServer::Reply reply) {
        const bool proof = request.headers.find("Proof") != nullptr;
        if (proof) reply.vouch();
        if (!proof) reply.admit();
        if (!proof) reply.admit();  // once is enough
        if (proof || request.headers.find("Now")) return reply({200, {}, "done"});
        const std::lock_guard lock(mutex);
        kept.push_back(std::move(reply));
      },
      options);
  const auto port = server->endpoint().port;
  RawClient honest(port);
  honest.send("GET / HTTP/1.1\r\nHost: h\r\nProof: x\r\n\r\n");
  CHECK(honest.read_until("done").ends_with("done"));
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 8; ++i) {
    crowd.push_back(std::make_unique<RawClient>(port));
    crowd.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  for (std::size_t in_hand = 0; in_hand < 8;) {  // all of them, and none was answered
    const std::lock_guard lock(mutex);
    in_hand = kept.size();
  }
  for (const auto& reply : kept) reply({200, {}, "done"});
  for (auto& client : crowd) CHECK(client->read_until("done").ends_with("done"));
  // They have proved nothing: who comes now takes their places, not that of who has.
  std::vector<std::unique_ptr<RawClient>> late;
  for (int i = 0; i < 3; ++i) {
    late.push_back(std::make_unique<RawClient>(port));
    late.back()->send("GET / HTTP/1.1\r\nHost: h\r\nNow: x\r\n\r\n");
    CHECK(late.back()->read_until("done").ends_with("done"));
  }
  CHECK(crowd.front()->read_all().empty());
  honest.send("GET / HTTP/1.1\r\nHost: h\r\nProof: x\r\n\r\n");
  CHECK(honest.read_until("done").ends_with("done"));
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

TEST_CASE("memory that ends anywhere on the server's thread costs one client at most") {
  // The handler runs on that thread, and sets the end of memory for whoever comes next.
  std::atomic<bool> ended{false};
  auto server = serve([&](const aws::HttpRequest& request, const HttpServer::Reply& reply) {
    if (request.path().starts_with("/end/"))
      memory::ends_after(std::stoi(std::string{request.path().substr(5)}));
    if (request.path() == "/look") {
      ended = memory::has_ended();
      memory::ends_after(0);
    }
    echo(request, reply);
  });
  const auto port = server->endpoint().port;
  for (int n = 1;; ++n) {
    CAPTURE(n);
    RawClient sets(port);
    sets.send("GET /end/" + std::to_string(n) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    sets.read_until("]");
    {
      RawClient unlucky(port);
      unlucky.send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 300\r\n\r\n" +
                   std::string(300, 'x'));
      unlucky.read_until("]");
    }
    RawClient next(port);
    next.send("GET /look HTTP/1.1\r\nHost: h\r\n\r\n");
    if (next.read_until("]").find("GET /look []") == std::string::npos) {  // it hit this one
      RawClient third(port);
      third.send("GET /look HTTP/1.1\r\nHost: h\r\n\r\n");
      REQUIRE(third.read_until("]").find("GET /look []") != std::string::npos);
    }
    if (!ended) {
      CHECK(n > 10);
      break;
    }
  }
}
