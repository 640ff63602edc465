// SPDX-License-Identifier: Apache-2.0
#include "net/probe/response.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <random>

using sitelatch::net::ProbeResponse;
using State = ProbeResponse::State;

namespace {

struct Parsed {
  State state;
  int code;
  bool found;
};

// Fed in pieces of `piece` bytes, then closed.
Parsed see(const std::string& bytes, const std::string* search, std::size_t piece) {
  ProbeResponse response(search);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    response.feed(std::string_view(bytes).substr(at, piece));
  response.end();
  return {response.state(), response.code(), response.found()};
}

State state_of(const std::string& bytes) {
  const State whole = see(bytes, nullptr, 1 << 20).state;
  CHECK(whole == see(bytes, nullptr, 1).state);
  return whole;
}

bool finds(const std::string& head, const std::string& body, const std::string& search = "needle") {
  const std::string bytes = "HTTP/1.1 200 OK\r\n" + head + "\r\n" + body;
  const bool whole = see(bytes, &search, 1 << 20).found;
  for (const std::size_t piece : {1U, 2U, 7U, 1000U})
    CHECK(see(bytes, &search, piece).found == whole);
  return whole;
}

std::string chunked(const std::string& body, std::size_t size) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += size) {
    const std::string part = body.substr(at, size);
    char line[32];
    snprintf(line, sizeof line, "%zx;x=y\r\n", part.size());
    out += line + part + "\r\n";
  }
  return out + "0\r\n\r\n";
}

std::string compressed(const std::string& body, int window) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, body.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

TEST_CASE("heads: well formed or not (RFC 7230 §3.1.2, §3.2)") {
  for (const char* good :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200\r\n\r\n", "HTTP/1.1 200 \r\nA:b\r\n\r\n",
        "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 200 OK\r\nA: b\r\n  folded\r\n\r\n",
        "HTTP/1.1 200 \xc3\xa4\r\nX-!#$%&'*+-.^_`|~9: \xff\t\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    CHECK_MESSAGE(state_of(good) == State::done, good);
    CHECK(see(good, nullptr, 3).code == 200);
  }
  for (const char* bad :
       {"SSH-2.0-OpenSSH\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: \1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA\xff: b\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "\r\n", "x"}) {
    CHECK_MESSAGE(state_of(bad) == State::malformed, bad);
  }
  for (const char* cut :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: b", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    CHECK_MESSAGE(state_of(cut) == State::closed, cut);
  }
}

TEST_CASE("a head has at most 16,384 bytes") {
  const std::string start = "HTTP/1.1 200 OK\r\nA: ";
  const std::string fits = start + std::string(16384 - start.size() - 4, 'a') + "\r\n\r\n";
  CHECK(state_of(fits) == State::done);
  CHECK(state_of(start + std::string(16384 - start.size() - 3, 'a') + "\r\n\r\n") ==
        State::too_long);
  CHECK(state_of(start + std::string(100000, 'a')) == State::too_long);
}

TEST_CASE(
    "the string must lie wholly in the first 5,120 bytes, whatever the framing and the pieces") {
  const std::string edge(5120 - 6, '.');
  CHECK(finds("", edge + "needle"));
  CHECK_FALSE(finds("", edge + ".needle"));
  CHECK(finds("Content-Length: 5120\r\n", edge + "needle"));
  CHECK_FALSE(finds("Content-Length: 5119\r\n", edge + "needle"));
  CHECK_FALSE(finds("Content-Length: 0\r\n", "needle"));
  for (const std::size_t size : {1U, 3U, 5000U}) {
    CHECK(finds("Transfer-Encoding: chunked\r\n", chunked(edge + "needle", size)));
    CHECK_FALSE(finds("Transfer-Encoding: chunked\r\n", chunked(edge + ".needle", size)));
  }
  CHECK_FALSE(finds("Transfer-Encoding: chunked\r\n", "zz\r\nneedle"));
  CHECK_FALSE(finds("Transfer-Encoding: chunked\r\n", "0\r\n\r\nneedle"));
  CHECK_FALSE(finds("", ""));
}

TEST_CASE("gzip and deflate are undone, other encodings searched as they are") {
  const std::string body = std::string(4000, 'x') + "needle" + std::string(100000, 'y');
  CHECK(finds("Content-Encoding: gzip\r\n", compressed(body, 15 + 16)));
  CHECK(finds("Content-Encoding: deflate\r\n", compressed(body, 15)));
  CHECK(finds("Content-Encoding: x-gzip\r\nTransfer-Encoding: chunked\r\n",
              chunked(compressed(body, 15 + 16), 5)));
  CHECK_FALSE(finds("Content-Encoding: br\r\n", compressed(body, 15)));
  CHECK_FALSE(
      finds("Content-Encoding: gzip\r\n", compressed(std::string(5120, 'x') + "needle", 15 + 16)));
  CHECK_FALSE(finds("Content-Encoding: gzip\r\n", "needle"));
  const std::string search = "needle";
  for (const std::size_t piece : {1U, 2U, 3U, 4096U})
    for (const int frame : {-15, 15}) {
      CAPTURE(piece);
      CAPTURE(frame);
      CHECK(see("HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n" + compressed(body, frame),
                &search, piece)
                .found);
    }
}

TEST_CASE("no string is looked for where the status already failed") {
  const std::string search = "needle";
  const Parsed seen = see("HTTP/1.1 503 Busy\r\n\r\nneedle", &search, 5);
  CHECK(seen.state == State::done);
  CHECK(seen.code == 503);
  CHECK_FALSE(seen.found);
}

TEST_CASE("hostile bytes end somewhere") {
  std::mt19937 random(11);
  const std::string search = "needle";
  const std::string seed =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" +
      chunked(compressed("hay needle", 15 + 16), 4);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = seed;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    const State state = see(bytes, &search, 1 + random() % 9).state;
    CHECK(state != State::head);
    CHECK(state != State::body);
  }
}

TEST_CASE("what an endpoint may send is bounded, raw, wherever it stuffs it") {
  const std::string search = "needle",
                    chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto bytes_taken = [&](const std::string& head, const std::string& more) {
    ProbeResponse response(&search);
    std::size_t taken = head.size();
    auto state = response.feed(head);
    while ((state == State::head || state == State::body) && taken < (8U << 20)) {
      state = response.feed(more);
      taken += more.size();
    }
    CHECK(state != State::head);
    CHECK(state != State::body);
    return taken;
  };
  const std::size_t most = ProbeResponse::max_head + ProbeResponse::max_body + 20'000;
  const std::string much(10'000, 'a');
  CHECK(bytes_taken(chunks + "1;", much) < 20'000);               // an extension
  CHECK(bytes_taken(chunks, std::string(10'000, '0')) < 20'000);  // a size
  CHECK(bytes_taken(chunks, "1;x=" + std::string(900, 'y') + "\r\na\r\n") < most);
  CHECK(bytes_taken(chunks + "5\r\naaaaa", std::string(10'000, '\r')) < most);
  CHECK(bytes_taken("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n") < most);
  CHECK(bytes_taken("", "\r\n") < most);
  CHECK(bytes_taken("HTTP/1.1 301 Moved\r\n", "Location: http://127.0.0.1/\r\n") < most);
  CHECK(bytes_taken("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", std::string(64, '\x1f')) <
        most);
  // Empty stored blocks of deflate: much in, nothing out.
  const std::string nothing("\x00\x00\x00\xff\xff", 5);
  CHECK(bytes_taken("HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n", nothing) < most);
  CHECK(bytes_taken("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", much) < most);
}

TEST_CASE("a body in the smallest chunks is still searched to its 5,120th byte") {
  CHECK(finds("Transfer-Encoding: chunked\r\n", chunked(std::string(5114, 'x') + "needle", 1)));
}
