// SPDX-License-Identifier: Apache-2.0
#include "net/http/request_head.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/text.h"

namespace sitelatch::net {
namespace {

Failure<HeadProblem> bad(std::string text, int status = 400) {
  return {HeadProblem{status, std::move(text)}};
}

// RFC 9110 §5.6.2
bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_field_char(char c) { return c == '\t' || !is_control(c); }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The line up to CR LF, which is taken too.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find("\r\n"), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

// "http://host:port/path" as proxies are asked (RFC 9112 §3.2.2): gives the host, keeps the path.
std::optional<std::string> take_authority(std::string& target) {
  constexpr std::string_view scheme = "http://";
  if (target.size() < scheme.size() ||
      !equal_ignoring_case(target.substr(0, scheme.size()), scheme))
    return std::nullopt;
  const auto slash = std::min(target.find_first_of("/?", scheme.size()), target.size());
  auto authority = target.substr(scheme.size(), slash - scheme.size());
  target.erase(0, slash);
  if (!target.starts_with('/')) target.insert(0, "/");
  return authority;
}

struct RequestLine {
  std::string method, target;
  std::optional<std::string> authority;  // of a target in absolute form
  bool minor_one = true;                 // HTTP/1.1
};

Result<RequestLine, HeadProblem> parse_request_line(std::string_view line,
                                                    const HeadLimits& limits) {
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == line.npos || first == last) return bad("malformed request line");
  RequestLine out;
  const auto version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return bad("only HTTP/1.1 and HTTP/1.0 are spoken here");
  out.minor_one = version == "HTTP/1.1";
  out.method = line.substr(0, first);
  if (!is_token(out.method) || out.method.size() > 32) return bad("malformed method");
  out.target = line.substr(first + 1, last - first - 1);
  if (out.target.size() > limits.target_bytes) return bad("the request's target is too long", 414);
  if (std::any_of(out.target.begin(), out.target.end(),
                  [](char c) { return c == ' ' || is_control(c) || c == '#'; }))
    return bad("malformed request target");
  out.authority = take_authority(out.target);
  if (!out.target.starts_with('/')) return bad("malformed request target");
  return out;
}

Result<Done, HeadProblem> parse_fields(std::string_view text, const HeadLimits& limits,
                                       aws::Headers& headers) {
  while (true) {
    const auto line = take_line(text);
    if (line.empty()) return Done{};
    if (line.front() == ' ' || line.front() == '\t') return bad("folded header lines are refused");
    if (headers.size() >= limits.fields) return bad("too many header fields", 431);
    const auto colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon)))
      return bad("malformed header field");
    const auto value = without_blanks(line.substr(colon + 1));
    if (!std::all_of(value.begin(), value.end(), is_field_char))
      return bad("control characters in a header field");
    headers.emplace_back(std::string{line.substr(0, colon)}, std::string{value});
  }
}

// What the fields say of the message itself.
class Framing {
 public:
  Framing(RequestHead& head, bool minor_one) : head_(head), minor_one_(minor_one) {
    head_.keep_alive = minor_one;
  }
  Result<Done, HeadProblem> read(const std::optional<std::string>& authority) {
    for (const auto& [name, value] : head_.request.headers) {
      auto taken = take(name, value);
      if (!taken) return taken;
    }
    if (chunked_ && length_) return bad("both Transfer-Encoding and Content-Length");
    if (chunked_ && !minor_one_) return bad("Transfer-Encoding is not part of HTTP/1.0");
    if (!host_ && minor_one_) return bad("the Host header is missing");
    if (host_ && !parse_host(*host_)) return bad("malformed Host header");
    if (authority && !(host_ && equal_ignoring_case(*authority, *host_)))
      return bad("the target's host is not the Host header's");
    if (chunked_) head_.body = RequestHead::Body::chunked;
    if (length_ && *length_ > 0) {
      head_.body = RequestHead::Body::by_length;
      head_.content_length = *length_;
    }
    if (close_) head_.keep_alive = false;
    return Done{};
  }

 private:
  Result<Done, HeadProblem> take(std::string_view name, std::string_view value) {
    if (equal_ignoring_case(name, "Host")) {
      if (host_) return bad("more than one Host header");
      host_ = std::string{value};
    } else if (equal_ignoring_case(name, "Content-Length")) {
      return take_length(value);
    } else if (equal_ignoring_case(name, "Transfer-Encoding")) {
      // The one coding of RFC 9112 §7 that everybody reads alike.
      if (chunked_ || !equal_ignoring_case(value, "chunked"))
        return bad("the only Transfer-Encoding here is chunked, once");
      chunked_ = true;
    } else if (equal_ignoring_case(name, "Connection")) {
      for (const auto word : split(value, ',')) {
        if (equal_ignoring_case(trim(word), "close")) close_ = true;
        if (equal_ignoring_case(trim(word), "keep-alive")) head_.keep_alive = true;
      }
    } else if (equal_ignoring_case(name, "Expect")) {
      if (!equal_ignoring_case(value, "100-continue")) return bad("unknown expectation", 417);
      head_.expects_continue = minor_one_;  // RFC 9110 §10.1.1: of HTTP/1.0 it is ignored
    }
    return Done{};
  }
  // Once, digits alone: a list of equal numbers is legal and nobody's need.
  Result<Done, HeadProblem> take_length(std::string_view value) {
    if (length_) return bad("more than one Content-Length");
    if (value.empty() || value.size() > 18 ||
        !std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }))
      return bad("malformed Content-Length");
    std::uint64_t length = 0;
    for (const char c : value) length = length * 10 + static_cast<std::uint64_t>(c - '0');
    length_ = length;
    return Done{};
  }

  RequestHead& head_;
  const bool minor_one_;
  std::optional<std::string> host_;
  std::optional<std::uint64_t> length_;
  bool chunked_ = false, close_ = false;
};

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool may_begin_head(char first) { return is_token_char(first); }

HeadEnd::Found HeadEnd::look(std::string_view received) {
  while (looked_ < received.size()) {
    const void* found = std::memchr(received.data() + looked_, '\n', received.size() - looked_);
    if (!found) {
      looked_ = received.size();
      return Found::not_yet;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - received.data());
    if (at == 0 || received[at - 1] != '\r') return Found::never;
    looked_ = at + 1;
    if (at == line_ + 1) {  // nothing but CR LF
      size_ = looked_;
      return Found::yes;
    }
    line_ = looked_;
  }
  return Found::not_yet;
}

Result<RequestHead, HeadProblem> parse_head(std::string_view text, const HeadLimits& limits) {
  if (text.size() > limits.bytes) return bad("the request's header is too large", 431);
  auto line = parse_request_line(take_line(text), limits);
  if (!line) return failure(line.error());
  RequestHead head;
  head.request.method = std::move(line->method);
  head.request.target = std::move(line->target);
  head.request.headers.reserve(16);
  auto fields = parse_fields(text, limits, head.request.headers);
  if (!fields) return failure(fields.error());
  auto framed = Framing(head, line->minor_one).read(line->authority);
  if (!framed) return failure(framed.error());
  return head;
}

Result<HostAndPort> parse_host(std::string_view value) {
  HostAndPort out;
  const auto wrong = [] { return failure(Problem{"not a host name or address"}); };
  std::string_view host = value, port;
  if (value.starts_with('[')) {
    const auto close = value.find(']');
    if (close == value.npos) return wrong();
    host = value.substr(1, close - 1);
    const auto rest = value.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return wrong();
    if (!rest.empty()) port = rest.substr(1);
    in6_addr v6{};
    if (::inet_pton(AF_INET6, std::string{host}.c_str(), &v6) != 1) return wrong();
    out.ip_literal = true;
  } else {
    const auto colon = value.find(':');
    host = value.substr(0, colon);
    if (colon != value.npos) port = value.substr(colon + 1);
    if (host.empty() || host.size() > 255) return wrong();
    for (const char c : host)
      if (!(is_token_char(c) && c != '%' && c != '|' && c != '^' && c != '`' && c != '#'))
        return wrong();
    in_addr v4{};
    out.ip_literal = ::inet_pton(AF_INET, std::string{host}.c_str(), &v4) == 1;
  }
  if (port.size() > 5 || !all_digits(port)) return wrong();
  out.host = lower(host);
  if (out.host.ends_with('.')) out.host.pop_back();
  if (out.host.empty()) return wrong();
  out.port = port;
  return out;
}

}  // namespace sitelatch::net
