// SPDX-License-Identifier: Apache-2.0
// A chunked body (RFC 9112 §7.1), decoded piece by piece, strictly. Extensions and trailers are
// read over and dropped: a trailer never becomes a header. Keeps nothing of what it reads but
// counters, so no sender makes it grow. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sitelatch::net {

struct ChunkLimits {
  std::size_t extension_bytes = 256;  // of one chunk
  std::size_t trailer_bytes = 8u << 10;
  // Framing beyond this and ten times the body is an attack: chunks of one byte need five.
  std::size_t framing_bytes = 64u << 10;
};

class ChunkedBody {
 public:
  enum class State { more, whole, malformed, too_much_framing };

  explicit ChunkedBody(ChunkLimits limits = {}) : limits_(limits) {}

  // Takes bytes off `in` until the body is whole, `in` is empty, or `room` bytes were appended to
  // `body`.
  State read(std::string_view& in, std::string& body, std::size_t room);

 private:
  enum class At {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_line,
    trailer,
    trailer_lf,
    last_lf
  };
  State step(char c);  // of framing

  ChunkLimits limits_;
  At at_ = At::size;
  std::uint64_t left_ = 0;  // of the chunk
  int digits_ = 0;
  std::size_t extension_ = 0, trailers_ = 0;
  std::uint64_t framing_ = 0, body_ = 0;
};

}  // namespace sitelatch::net
