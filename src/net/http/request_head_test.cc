// SPDX-License-Identifier: Apache-2.0
#include "net/http/request_head.h"

#include <doctest/doctest.h>

#include <string>

using namespace sitelatch::net;

namespace {

// The status a head is refused with; 0: it is taken.
int status(const std::string& text, const HeadLimits& limits = {}) {
  const auto head = parse_head(text, limits);
  return head ? 0 : head.error().status;
}
std::string with(const std::string& fields) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("head: what it says of the message") {
  auto head = parse_head(with("Content-Length: 12\r\nExpect: 100-continue\r\n"), {});
  REQUIRE(head);
  CHECK(head->body == RequestHead::Body::by_length);
  CHECK(head->content_length == 12);
  CHECK(head->expects_continue);
  CHECK(head->keep_alive);
  CHECK(parse_head(with("Transfer-Encoding: Chunked\r\n"), {})->body == RequestHead::Body::chunked);
  CHECK_FALSE(parse_head(with("Connection: x, Close\r\n"), {})->keep_alive);
  CHECK_FALSE(parse_head("GET / HTTP/1.0\r\n\r\n", {})->keep_alive);
  CHECK(parse_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", {})->keep_alive);
  CHECK(parse_head(with("Content-Length: 0\r\n"), {})->body == RequestHead::Body::none);
  const auto spaced = parse_head(with("X:  \t a  b \t\r\n"), {});
  CHECK(spaced->request.headers.get("x") == "a  b");
}

TEST_CASE("head: the absolute form is read, when it names the same host") {
  const auto head = parse_head("GET HTTP://h:1/a?b HTTP/1.1\r\nHost: H:1\r\n\r\n", {});
  REQUIRE(head);
  CHECK(head->request.target == "/a?b");
  CHECK(parse_head("GET http://h?b HTTP/1.1\r\nHost: h\r\n\r\n", {})->request.target == "/?b");
  CHECK(status("GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
  CHECK(status("GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n") == 400);
}

TEST_CASE("head: request lines that are none") {
  for (const auto* line :
       {"GET", "GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET / HTTP/2.0",
        "GET / HTTP/1.2", "GET / http/1.1", "G(T / HTTP/1.1", "GET a HTTP/1.1", "GET * HTTP/1.1",
        "CONNECT h:1 HTTP/1.1", "GET /a b HTTP/1.1", "GET /\x01 HTTP/1.1", "GET /#a HTTP/1.1",
        "GET /\t HTTP/1.1", ""}) {
    CAPTURE(line);
    CHECK(status(std::string{line} + "\r\nHost: h\r\n\r\n") == 400);
  }
  CHECK(status("GET /" + std::string(17'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n") == 414);
}

TEST_CASE("head: fields that two readers could read differently") {
  for (const auto* fields : {"A : b\r\n",
                             " A: b\r\n",
                             "A: b\r\n c\r\n",
                             "A: b\r\n\tc\r\n",
                             ": b\r\n",
                             "A\r\n",
                             "A b: c\r\n",
                             "A: b\rc\r\n",
                             "A: \x01\r\n",
                             "A: \x7f\r\n",
                             "\x80: b\r\n",
                             "Content-Length: -1\r\n",
                             "Content-Length: +1\r\n",
                             "Content-Length: 1 1\r\n",
                             "Content-Length: 0x1\r\n",
                             "Content-Length:\r\n",
                             "Content-Length: 1, 1\r\n",
                             "Content-Length: 1\r\nContent-Length: 1\r\n",
                             "Content-Length: 1\r\nContent-Length: 2\r\n",
                             "Content-Length: 9999999999999999999\r\n",
                             "Transfer-Encoding: xchunked\r\n",
                             "Transfer-Encoding: chunked, chunked\r\n",
                             "Transfer-Encoding: gzip, chunked\r\n",
                             "Transfer-Encoding: identity\r\n",
                             "Transfer-Encoding:\r\n",
                             "Transfer-Encoding: \"chunked\"\r\n",
                             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
                             "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                             "Host: h\r\n",
                             "host: other\r\n"}) {
    CAPTURE(fields);
    CHECK(status(with(fields)) == 400);
  }
  CHECK(status(with(std::string{"A: \0\r\n", 6})) == 400);
  CHECK(status(with("Expect: 200-ok\r\n")) == 417);
  CHECK(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("head: exactly one Host, and it is one") {
  CHECK(status("GET / HTTP/1.1\r\n\r\n") == 400);
  for (const auto* host : {"", "a b", "u@h", "h/x", "h:x", "h:123456", "[::1", "[x]", "[::1]x",
                           "h,i", "h?x", ":80", "h%41", "<h>", ".", "h\"", "h\\"}) {
    CAPTURE(host);
    CHECK(status("GET / HTTP/1.1\r\nHost: " + std::string{host} + "\r\n\r\n") == 400);
  }
  CHECK(parse_host("LocalHost.:80")->host == "localhost");
  CHECK(parse_host("[::1]:80")->port == "80");
  CHECK(parse_host("[::1]")->ip_literal);
  CHECK(parse_host("127.0.0.1:4566")->ip_literal);
  CHECK_FALSE(parse_host("127.0.0.1.example")->ip_literal);
}

TEST_CASE("head: bounded") {
  HeadLimits limits;
  limits.bytes = 200;
  limits.fields = 3;
  CHECK(status(with("A: b\r\nC: d\r\n"), limits) == 0);
  CHECK(status(with("A: b\r\nC: d\r\nE: f\r\n"), limits) == 431);
  CHECK(status(with("A: " + std::string(200, 'b') + "\r\n"), limits) == 431);
}

TEST_CASE("the end of a head is found wherever it is cut; a bare LF ends nothing") {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  for (std::size_t cut = 0; cut < head.size(); ++cut) {
    HeadEnd end;
    CHECK(end.look(head.substr(0, cut)) == HeadEnd::Found::not_yet);
    CHECK(end.look(head + "body") == HeadEnd::Found::yes);
    CHECK(end.size() == head.size());
  }
  for (const auto* text : {"GET / HTTP/1.1\nHost: h\n\n", "GET / HTTP/1.1\r\nHost: h\n", "\n"})
    CHECK(HeadEnd{}.look(text) == HeadEnd::Found::never);
}
