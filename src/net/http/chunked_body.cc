// SPDX-License-Identifier: Apache-2.0
//   size -> [extension] -> size_lf -> data -> data_cr -> data_lf -> size ...
//   size 0 -> size_lf -> trailer_line -> [trailer -> trailer_lf -> trailer_line] -> last_lf ->
//   whole
#include "net/http/chunked_body.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::net {
namespace {

// What may stand in an extension or a trailer: no bare LF, no NUL.
bool is_text(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }
constexpr int most_digits = 12;  // 256 TB

}  // namespace

ChunkedBody::State ChunkedBody::read(std::string_view& in, std::string& body, std::size_t room) {
  while (!in.empty()) {
    if (at_ == At::data) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>({in.size(), left_, room}));
      if (n == 0) return State::more;  // no room
      body.append(in.data(), n);
      in.remove_prefix(n);
      room -= n;
      left_ -= n;
      body_ += n;
      if (left_ == 0) at_ = At::data_cr;
      continue;
    }
    const auto state = step(in.front());
    in.remove_prefix(1);
    if (state != State::more) return state;
    if (++framing_ > limits_.framing_bytes + 10 * body_) return State::too_much_framing;
  }
  return State::more;
}

ChunkedBody::State ChunkedBody::step(char c) {
  switch (at_) {
    case At::size:
      if (const int digit = hex_digit(c); digit >= 0) {
        if (++digits_ > most_digits) return State::malformed;
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return State::more;
      }
      if (digits_ == 0) return State::malformed;
      if (c != ';' && c != '\r') return State::malformed;
      at_ = c == ';' ? At::extension : At::size_lf;
      extension_ = 0;
      return State::more;
    case At::extension:
      if (c == '\r') {
        at_ = At::size_lf;
        return State::more;
      }
      if (++extension_ > limits_.extension_bytes) return State::too_much_framing;
      return is_text(c) ? State::more : State::malformed;
    case At::size_lf:
      if (c != '\n') return State::malformed;
      at_ = left_ > 0 ? At::data : At::trailer_line;
      digits_ = 0;
      return State::more;
    case At::data:
      return State::malformed;  // read() takes it
    case At::data_cr:
      at_ = At::data_lf;
      return c == '\r' ? State::more : State::malformed;
    case At::data_lf:
      at_ = At::size;
      return c == '\n' ? State::more : State::malformed;
    case At::trailer_line:
      if (c == '\r') {
        at_ = At::last_lf;
        return State::more;
      }
      if (c == ' ' || c == '\t') return State::malformed;  // folded
      at_ = At::trailer;
      [[fallthrough]];
    case At::trailer:
      if (++trailers_ > limits_.trailer_bytes) return State::too_much_framing;
      if (c == '\r') {
        at_ = At::trailer_lf;
        return State::more;
      }
      return is_text(c) ? State::more : State::malformed;
    case At::trailer_lf:
      at_ = At::trailer_line;
      return c == '\n' ? State::more : State::malformed;
    case At::last_lf:
      return c == '\n' ? State::whole : State::malformed;
  }
  return State::malformed;
}

}  // namespace sitelatch::net
