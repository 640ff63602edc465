// SPDX-License-Identifier: Apache-2.0
// The API server's reading of requests, as a connection does it: heads and bodies that come in
// pieces of any size, one after the other. The same requests however the bytes were cut; nothing
// beyond the limits is kept; what was read can be said again in one way only. Input: size of
// pieces, bytes.
#include <algorithm>

#include "base/text.h"
#include "net/http/chunked_body.h"
#include "net/http/request_head.h"
#include "target.h"

using namespace sitelatch;

namespace {

constexpr std::size_t body_room = 10'000;

class Reader {
 public:
  // False: refused, and nothing more is read.
  bool take(std::string_view bytes) {
    // A head that is whole is followed by its body at once, which may be empty.
    while (in_head_ ? head(bytes) : body(bytes)) {
    }
    return refused_.empty();
  }
  const std::string& seen() const { return seen_; }
  const std::string& refused() const { return refused_; }

 private:
  // False: needs more, or refused.
  bool head(std::string_view& bytes) {
    buffer_.append(bytes);
    bytes = {};
    const auto found = end_.look(buffer_);
    if (found == net::HeadEnd::Found::never) return refuse("a line without CR LF");
    const auto size = found == net::HeadEnd::Found::yes ? end_.size() : buffer_.size();
    fuzz::require(size <= buffer_.size(), "a head's end lies within what came");
    if (size > limits_.bytes) return refuse("too long");
    if (found == net::HeadEnd::Found::not_yet) return false;
    auto parsed = net::parse_head(std::string_view{buffer_}.substr(0, size), limits_);
    if (!parsed) {
      fuzz::require(parsed.error().status >= 400 && !parsed.error().text.empty(), "why not");
      return refuse(parsed.error().text);
    }
    check(*parsed);
    seen_ += parsed->request.method + ' ' + parsed->request.target + '\n';
    rest_ = buffer_.substr(size);
    buffer_.clear();
    end_ = {};
    body_.clear();
    chunks_ = net::ChunkedBody{};
    left_ = parsed->body == net::RequestHead::Body::by_length ? parsed->content_length : 0;
    if (left_ > body_room) return refuse("a body that is too long");
    chunked_ = parsed->body == net::RequestHead::Body::chunked;
    in_head_ = false;
    return true;
  }
  bool body(std::string_view& bytes) {
    rest_.append(bytes);
    bytes = {};
    std::string_view in{rest_};
    bool whole = false;
    if (chunked_) {
      const auto state = chunks_.read(in, body_, body_room - body_.size());
      fuzz::require(body_.size() <= body_room, "a body has room and no more");
      if (state == net::ChunkedBody::State::malformed ||
          state == net::ChunkedBody::State::too_much_framing)
        return refuse("malformed chunks");
      whole = state == net::ChunkedBody::State::whole;
      if (!whole && body_.size() == body_room) return refuse("a body that is too long");
    } else {
      const auto taken = std::min<std::size_t>(in.size(), left_);
      body_.append(in.substr(0, taken));
      in.remove_prefix(taken);
      left_ -= taken;
      whole = left_ == 0;
    }
    rest_ = std::string{in};
    if (!whole) return false;
    seen_ += body_ + '\n';
    buffer_ = std::exchange(rest_, {});
    in_head_ = true;
    return !buffer_.empty();
  }
  // RFC 9112 §3, §6.3: what two readers could understand differently was refused.
  static void check(const net::RequestHead& head) {
    const auto count = [&](std::string_view name) {
      return std::count_if(
          head.request.headers.begin(), head.request.headers.end(),
          [&](const auto& field) { return equal_ignoring_case(field.first, name); });
    };
    fuzz::require(head.request.target.starts_with('/'), "targets are in origin form");
    fuzz::require(count("Host") <= 1 && count("Content-Length") <= 1,
                  "fields that count come once");
    fuzz::require(count("Content-Length") + count("Transfer-Encoding") <= 1, "one kind of framing");
    for (const auto& [name, value] : head.request.headers)
      fuzz::require(!name.empty() && (name + value).find_first_of(std::string_view{"\r\n\0", 3}) ==
                                         std::string::npos,
                    "a field is one line");
  }
  bool refuse(std::string why) {
    refused_ = std::move(why);
    return false;
  }

  net::HeadLimits limits_{4096, 1024, 20};
  net::HeadEnd end_;
  net::ChunkedBody chunks_;
  bool in_head_ = true, chunked_ = false;
  std::uint64_t left_ = 0;
  std::string buffer_, rest_, body_, seen_, refused_;
};

std::string read(std::string_view bytes, std::size_t piece) {
  Reader reader;
  while (!bytes.empty() && reader.take(bytes.substr(0, piece)))
    bytes.remove_prefix(std::min(piece, bytes.size()));
  return reader.seen() + reader.refused();
}

}  // namespace

FUZZ_TARGET(http_requests) {
  const auto piece = std::max<std::size_t>(1, input.byte());
  const auto bytes = input.rest();
  require(read(bytes, piece) == read(bytes, bytes.size() + 1),
          "requests do not depend on the pieces");
  if (const auto host = net::parse_host(bytes)) require(!host->host.empty(), "a host has a name");
}
