// SPDX-License-Identifier: Apache-2.0
// The head of an HTTP/1.1 or 1.0 request, read strictly (RFC 9112): whatever two readers could
// understand differently is refused, and so is what no client of AWS sends. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/wire/http.h"
#include "base/result.h"

namespace sitelatch::net {

struct HeadLimits {
  std::size_t bytes = 32u << 10;  // request line and fields together
  std::size_t target_bytes = 16u << 10;
  std::size_t fields = 100;
};

struct RequestHead {
  aws::HttpRequest request;  // without body; the target in origin form
  enum class Body { none, by_length, chunked } body = Body::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expects_continue = false;
};

// Why a request is not read any further: a status, and a line for people.
struct HeadProblem {
  int status = 400;
  std::string text;
};

// Looks for the end of a head in bytes that come piece by piece; looks at none of them twice.
class HeadEnd {
 public:
  enum class Found { not_yet, yes, never };  // never: a line that does not end with CR LF
  // `received`: everything since the head's first byte.
  Found look(std::string_view received);
  std::size_t size() const { return size_; }  // of the head with its last CR LF, once it is found

 private:
  std::size_t looked_ = 0, line_ = 0, size_ = 0;
};

// `text` ends with the empty line. 400, 414, 417, 431: what the text says.
Result<RequestHead, HeadProblem> parse_head(std::string_view text, const HeadLimits& limits);

// Whether these bytes may still become a head: its first byte is a method's.
bool may_begin_head(char first);

// The parts of a Host field's value, or nothing when it is not one: "[::1]:80" -> {"::1", "80"}.
struct HostAndPort {
  std::string host;  // lower case, without brackets and a final dot
  std::string port;  // digits or empty
  bool ip_literal = false;
};
Result<HostAndPort> parse_host(std::string_view value);

}  // namespace sitelatch::net
