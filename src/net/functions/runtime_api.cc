// SPDX-License-Identifier: Apache-2.0
#include "net/functions/runtime_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"

namespace sitelatch::net {
namespace {

constexpr std::size_t max_head = 256 * 1024;  // a client context or an error cause may be long
constexpr std::size_t max_headers = 200;
// A body that is too large is read to its end, so that the client comes to hear of it; up to here.
constexpr std::uint64_t max_swallowed = 64 * 1024 * 1024;

const char* reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Request Entity Too Large";
    default:
      return "Internal Server Error";
  }
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text.empty() || text.size() > 15) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<std::uint64_t>(digit);
  }
  return value;
}

}  // namespace

std::optional<std::string> RuntimeRequestReader::line() {
  const auto end = buffer_.find('\n', std::max(position_, looked_));
  if (end == std::string::npos) {
    looked_ = buffer_.size();
    if (buffer_.size() - position_ > max_head) broken_ = true;
    return std::nullopt;
  }
  std::string text = buffer_.substr(position_, end - position_);
  if (!text.empty() && text.back() == '\r') text.pop_back();
  position_ = end + 1;
  looked_ = 0;
  return text;
}

bool RuntimeRequestReader::read_head() {
  while (position_ < buffer_.size() && (buffer_[position_] == '\r' || buffer_[position_] == '\n'))
    ++position_;
  const auto from = std::max(position_, looked_);
  auto end = buffer_.find("\r\n\r\n", from);
  const auto bare = std::string_view(buffer_).substr(0, end).find("\n\n", from);
  if (std::min(end, bare) == std::string::npos) {
    looked_ = buffer_.size() - std::min<std::size_t>(buffer_.size(), 3);
    if (buffer_.size() - position_ > max_head) broken_ = true;
    return false;
  }
  looked_ = 0;
  end = std::min(end == std::string::npos ? end : end + 4,
                 bare == std::string::npos ? bare : bare + 2);
  request_ = {};
  const auto first = line();
  const auto words = split(*first, ' ');
  if (words.size() != 3 || !words[2].starts_with("HTTP/1.") || words[0].empty() ||
      !words[1].starts_with('/')) {
    broken_ = true;
    return false;
  }
  request_.method = words[0];
  request_.path = words[1].substr(0, words[1].find('?'));
  request_.keep_alive = words[2] != "HTTP/1.0";
  while (position_ < end) {
    const auto text = line();
    if (!text || text->empty()) break;
    const auto colon = text->find(':');
    if (colon == std::string::npos || colon == 0 || request_.headers.size() >= max_headers) {
      broken_ = true;
      return false;
    }
    request_.headers[lower(std::string_view(*text).substr(0, colon))] =
        trim(std::string_view(*text).substr(colon + 1));
  }
  const auto connection = lower(request_.headers["connection"]);
  if (connection.find("close") != std::string::npos) request_.keep_alive = false;
  if (connection.find("keep-alive") != std::string::npos) request_.keep_alive = true;
  expectation_ = lower(request_.headers["expect"]) == "100-continue";
  swallowed_ = 0;
  remaining_ = 0;
  if (lower(request_.headers["transfer-encoding"]).find("chunked") != std::string::npos) {
    phase_ = Phase::chunk_size;
    return true;
  }
  if (const auto& length = request_.headers["content-length"]; !length.empty()) {
    const auto size = parse_int(length);
    if (!size || *size < 0) {
      broken_ = true;
      return false;
    }
    remaining_ = static_cast<std::uint64_t>(*size);
  }
  phase_ = Phase::body;
  return true;
}

void RuntimeRequestReader::keep(std::string_view bytes) {
  swallowed_ += bytes.size();
  if (swallowed_ > max_swallowed) broken_ = true;
  if (request_.too_large || request_.body.size() + bytes.size() > max_runtime_payload) {
    request_.too_large = true;
    request_.body = {};
    return;
  }
  request_.body.append(bytes);
}

bool RuntimeRequestReader::read_bytes(Phase next) {
  const auto size = std::min<std::uint64_t>(remaining_, buffer_.size() - position_);
  keep(std::string_view(buffer_).substr(position_, size));
  position_ += size;
  remaining_ -= size;
  if (remaining_ > 0) return false;
  phase_ = next;
  if (next == Phase::head) complete_ = true;
  return true;
}

bool RuntimeRequestReader::read_chunk_size() {
  const auto text = line();
  if (!text) return false;
  const auto size = parse_hex(trim(std::string_view(*text).substr(0, text->find(';'))));
  if (!size) {
    broken_ = true;
    return false;
  }
  remaining_ = *size;
  phase_ = *size == 0 ? Phase::trailer : Phase::chunk;
  return true;
}

bool RuntimeRequestReader::step() {
  switch (phase_) {
    case Phase::head:
      return read_head();
    case Phase::body:
      return read_bytes(Phase::head);
    case Phase::chunk_size:
      return read_chunk_size();
    case Phase::chunk:
      return read_bytes(Phase::chunk_end);
    case Phase::chunk_end: {
      const auto text = line();
      if (!text) return false;
      if (!text->empty()) broken_ = true;
      phase_ = Phase::chunk_size;
      return !broken_;
    }
    case Phase::trailer: {
      // Trailers of a streamed answer: an error after the fact. Kept as headers.
      const auto text = line();
      if (!text) return false;
      if (text->empty()) {
        phase_ = Phase::head;
        complete_ = true;
        return true;
      }
      if (const auto colon = text->find(':');
          colon != std::string::npos && request_.headers.size() < 200)
        request_.headers[lower(std::string_view(*text).substr(0, colon))] =
            trim(std::string_view(*text).substr(colon + 1));
      return true;
    }
  }
  return false;
}

std::optional<RuntimeRequest> RuntimeRequestReader::take() {
  while (!broken_ && !complete_ && step()) {
  }
  // Not for every small request of a pipeline: each erasure moves all the rest.
  if (position_ == buffer_.size() || position_ > 65536 || !complete_) {
    buffer_.erase(0, position_);
    looked_ -= std::min(looked_, position_);
    position_ = 0;
  }
  if (broken_ || !complete_) return std::nullopt;
  complete_ = false;
  expectation_ = false;
  return std::move(request_);
}

bool RuntimeRequestReader::take_expectation() {
  const bool waits = expectation_ && phase_ != Phase::head && swallowed_ == 0;
  expectation_ = false;
  return waits;
}

std::string to_bytes(const RuntimeAnswer& answer, bool keep_alive) {
  std::string bytes =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", answer.status,
                  reason(answer.status), answer.content_type, answer.body.size());
  for (const auto& [name, value] : answer.headers) bytes += fmt::format("{}: {}\r\n", name, value);
  if (!keep_alive) bytes += "Connection: close\r\n";
  bytes += "\r\n";
  return bytes + answer.body;
}

RuntimeAnswer runtime_error(int status, std::string_view type, std::string_view message) {
  boost::json::object body;
  body["errorMessage"] = boost::json::string_view(message.data(), message.size());
  body["errorType"] = boost::json::string_view(type.data(), type.size());
  return {status, "application/json", {}, boost::json::serialize(body)};
}

RuntimeAnswer runtime_accepted() { return {202, "application/json", {}, "{\"status\":\"OK\"}\n"}; }

RuntimeCall recognise_runtime_call(const RuntimeRequest& request) {
  using Kind = RuntimeCall::Kind;
  const auto parts = split(request.path, '/');  // "", version, "runtime", ...
  if (parts.size() < 5 || parts[1] != "2018-06-01" || parts[2] != "runtime") return {};
  const auto only = [&](const char* method, Kind kind, std::string_view id = {}) {
    return request.method == method ? RuntimeCall{kind, std::string(id)}
                                    : RuntimeCall{Kind::wrong_method, {}};
  };
  if (parts.size() == 5 && parts[3] == "invocation" && parts[4] == "next")
    return only("GET", Kind::next);
  if (parts.size() == 5 && parts[3] == "init" && parts[4] == "error")
    return only("POST", Kind::init_error);
  if (parts.size() != 6 || parts[3] != "invocation" || parts[4].empty()) return {};
  if (parts[5] == "response") return only("POST", Kind::response, parts[4]);
  if (parts[5] == "error") return only("POST", Kind::error, parts[4]);
  return {};
}

}  // namespace sitelatch::net
