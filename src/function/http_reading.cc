// SPDX-License-Identifier: Apache-2.0
// RFC 9112: a response by Content-Length, in chunks, or until the end of the connection.
#include "base/text.h"
#include "function/aws_client.h"

namespace sitelatch::function {
namespace {
constexpr std::size_t most_head_bytes = 65'536;

class ResponseReader {
 public:
  ResponseReader(const MoreBytes& more, std::size_t most) : more_(more), most_(most) {}

  bool read(HttpReading& out) {
    do {
      if (!read_head(out)) return false;
    } while (out.response.status >= 100 && out.response.status < 200);
    const auto& headers = out.response.headers;
    out.keep = keep_alive_ && !equal_ignoring_case(headers.get("Connection"), "close");
    if (out.response.status == 204 || out.response.status == 304) return true;
    if (lower(headers.get("Transfer-Encoding")).find("chunked") != std::string::npos)
      return read_chunks(out.response.body);
    if (const auto* length = headers.find("Content-Length")) {
      const auto bytes = parse_int(*length);
      return bytes && *bytes >= 0 && static_cast<std::uint64_t>(*bytes) <= most_ &&
             take(static_cast<std::size_t>(*bytes), out.response.body);
    }
    out.keep = false;
    while (!ended_)
      if (!more()) return false;
    out.response.body = std::move(buffer_);
    return true;
  }
  bool nothing_came() const { return !anything_; }

 private:
  // False: a fault, or too much.
  bool more() {
    const auto before = buffer_.size();
    if (!more_(buffer_)) return false;
    ended_ = buffer_.size() == before;
    anything_ = anything_ || !ended_;
    return buffer_.size() <= most_ + most_head_bytes;
  }
  bool take_line(std::string& line) {
    std::size_t end = 0;
    while ((end = buffer_.find('\n')) == buffer_.npos) {
      if (ended_ || buffer_.size() > most_head_bytes || !more()) return false;
    }
    line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    return true;
  }
  bool take(std::size_t bytes, std::string& into) {
    while (buffer_.size() < bytes)
      if (ended_ || !more()) return false;
    into.append(buffer_, 0, bytes);
    buffer_.erase(0, bytes);
    return into.size() <= most_;
  }

  bool read_head(HttpReading& out) {
    std::string line;
    out.response = {};
    if (!take_line(line) || !line.starts_with("HTTP/1.") || line.size() < 12) return false;
    keep_alive_ = line[7] == '1';
    const auto status = parse_int(line.substr(9, 3));
    if (!status || *status < 100 || *status > 999) return false;
    out.response.status = static_cast<int>(*status);
    for (std::size_t total = 0; take_line(line);) {
      if (line.empty()) return true;
      total += line.size();
      const auto colon = line.find(':');
      if (total > most_head_bytes || colon == line.npos) return false;
      out.response.headers.add(line.substr(0, colon),
                               std::string{trim(std::string_view{line}.substr(colon + 1))});
    }
    return false;
  }

  bool read_chunks(std::string& body) {
    for (std::string line; take_line(line);) {
      std::size_t size = 0, digits = 0;
      for (; digits < line.size() && digits < 8; ++digits) {
        const char small = static_cast<char>(line[digits] | 0x20);
        if (line[digits] >= '0' && line[digits] <= '9')
          size = size * 16 + static_cast<std::size_t>(line[digits] - '0');
        else if (small >= 'a' && small <= 'f')
          size = size * 16 + static_cast<std::size_t>(small - 'a' + 10);
        else
          break;
      }
      if (digits == 0 || size > most_) return false;
      if (size == 0) {
        while (take_line(line))
          if (line.empty()) return true;
        return false;
      }
      if (!take(size, body) || !take_line(line) || !line.empty()) return false;
    }
    return false;
  }

  const MoreBytes& more_;
  const std::size_t most_;
  std::string buffer_;
  bool ended_ = false, anything_ = false, keep_alive_ = true;
};
}  // namespace

Result<HttpReading, HttpReading> read_response(Connection& connection, std::size_t most_bytes,
                                               Deadline deadline) {
  return read_response([&](std::string& buffer) { return connection.read(buffer, deadline); },
                       most_bytes);
}

Result<HttpReading, HttpReading> read_response(const MoreBytes& more, std::size_t most_bytes) {
  ResponseReader reader{more, most_bytes};
  HttpReading reading;
  if (reader.read(reading)) return reading;
  reading.nothing_came = reader.nothing_came();
  return failure(std::move(reading));
}

}  // namespace sitelatch::function
