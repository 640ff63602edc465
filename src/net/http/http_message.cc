// SPDX-License-Identifier: Apache-2.0
#include "net/http/http_message.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

namespace sitelatch::net {
namespace {

std::string_view reason_phrase(int status) {
  static constexpr std::array<std::pair<int, std::string_view>, 26> phrases{
      {{200, "OK"},
       {201, "Created"},
       {202, "Accepted"},
       {204, "No Content"},
       {301, "Moved Permanently"},
       {302, "Found"},
       {303, "See Other"},
       {304, "Not Modified"},
       {400, "Bad Request"},
       {401, "Unauthorized"},
       {403, "Forbidden"},
       {404, "Not Found"},
       {405, "Method Not Allowed"},
       {408, "Request Timeout"},
       {409, "Conflict"},
       {410, "Gone"},
       {412, "Precondition Failed"},
       {413, "Payload Too Large"},
       {414, "URI Too Long"},
       {417, "Expectation Failed"},
       {429, "Too Many Requests"},
       {431, "Request Header Fields Too Large"},
       {500, "Internal Server Error"},
       {502, "Bad Gateway"},
       {503, "Service Unavailable"},
       {504, "Gateway Timeout"}}};
  for (const auto& [code, phrase] : phrases)
    if (code == status) return phrase;
  return "Answer";
}

// Nothing that a client said can begin a header of its own.
void append_line(std::string& out, std::string_view text) {
  for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

}  // namespace

std::string serialize_head(const aws::HttpResponse& response, AfterAnswer after) {
  std::string out;
  out.reserve(320);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 reason_phrase(response.status));
  for (const auto& [name, value] : response.headers) {
    append_line(out, name);
    out += ": ";
    append_line(out, value);
    out += "\r\n";
  }
  // RFC 9110 §8.6: no Content-Length with 1xx and 204.
  if (response.status != 204 && response.status >= 200 && !response.headers.find("Content-Length"))
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n",
                   response.file ? response.file->size() : response.body.size());
  if (after == AfterAnswer::close) out += "Connection: close\r\n";
  out += "\r\n";
  return out;
}

aws::HttpResponse plain_answer(int status, std::string_view text) {
  aws::HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body = fmt::format("{}\n", text);
  return response;
}

}  // namespace sitelatch::net
