// SPDX-License-Identifier: Apache-2.0
#include "net/http/chunked_body.h"

#include <doctest/doctest.h>

#include <string>

using namespace sitelatch::net;
using State = ChunkedBody::State;

namespace {

struct Outcome {
  State state = State::more;
  std::string body, rest;
};
// Fed in pieces of `piece` bytes.
Outcome read(std::string_view bytes, std::size_t piece = 1 << 20, ChunkLimits limits = {}) {
  ChunkedBody chunks(limits);
  Outcome out;
  for (std::size_t at = 0; at < bytes.size() && out.state == State::more; at += piece) {
    auto part = bytes.substr(at, piece);
    out.state = chunks.read(part, out.body, 1 << 20);
    out.rest = part;
  }
  return out;
}

}  // namespace

TEST_CASE("chunks: extensions and trailers are read over, wherever the bytes are cut") {
  const std::string text =
      "3\r\nabc\r\n00a;x=\"y\";z\r\n0123456789\r\n0\r\nAuthorization: no\r\nB: c\r\n\r\nGET";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    const auto got = read(text, piece);
    CHECK(got.state == State::whole);
    CHECK(got.body == "abc0123456789");
  }
  CHECK(read(text).rest == "GET");
}

TEST_CASE("chunks: what is not exactly so is malformed") {
  for (const auto* text : {"zz\r\n",
                           "\r\n",
                           " 1\r\na\r\n",
                           "1 \r\na\r\n",
                           "-1\r\n",
                           "+1\r\n",
                           "0x1\r\n",
                           "1\na\r\n",
                           "1\r\nab\r\n",
                           "1\r\na\n",
                           "1\r\na\r1",
                           "1\r\ra",
                           "1;\na\r\n",
                           "0\r\n\n",
                           "0\r\nA: b\n\r\n",
                           "0\r\n A: b\r\n\r\n",
                           "0\r\n\rx",
                           "1;a\rb\r\n",
                           "1;\x01\r\n",
                           "FFFFFFFFFFFFFFFFFF\r\n",
                           "0000000000000000001\r\na\r\n"}) {
    CAPTURE(text);
    CHECK(read(text).state == State::malformed);
    CHECK(read(text, 1).state == State::malformed);
  }
}

TEST_CASE("chunks: framing without end is cut off") {
  CHECK(read("1;" + std::string(300, 'a')).state == State::too_much_framing);
  CHECK(read("0\r\nA: " + std::string(9000, 'a')).state == State::too_much_framing);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "A: bcdefgh\r\n";
  CHECK(read(trailers).state == State::too_much_framing);
  std::string one_byte_each, extended;
  for (int i = 0; i < 100'000; ++i) one_byte_each += "1\r\na\r\n";
  for (int i = 0; i < 2'000; ++i) extended += "1;" + std::string(200, 'x') + "\r\na\r\n";
  CHECK(read(one_byte_each + "0\r\n\r\n").state == State::whole);  // slow, and legal
  CHECK(read(extended).state == State::too_much_framing);
}

TEST_CASE("chunks: no more is taken than there is room for") {
  ChunkedBody chunks;
  std::string body;
  std::string_view in = "5\r\nabcde\r\n0\r\n\r\n";
  CHECK(chunks.read(in, body, 3) == State::more);
  CHECK(body == "abc");
  CHECK(in == "de\r\n0\r\n\r\n");
  CHECK(chunks.read(in, body, 0) == State::more);
  CHECK(body == "abc");
  CHECK(chunks.read(in, body, 2) == State::whole);
  CHECK(body == "abcde");
}
