// SPDX-License-Identifier: Apache-2.0
#include "console/gate.h"

#include <fmt/format.h>

#include "aws/auth/sigv4_digest.h"
#include "base/text.h"
#include "net/http/request_head.h"
#include "net/io/endpoint.h"

namespace sitelatch::console {
namespace {

// In a time that does not tell how much was right.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

std::string session_of(const std::string& token) {
  const auto digest = aws::hmac_sha256(token, "console session");
  return hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool is_own_name(std::string_view host_header) {
  const auto at = net::parse_host(host_header);
  if (!at) return false;
  return at->ip_literal ? net::is_loopback(at->host) : at->host == "localhost";
}

bool is_own_origin(const aws::HttpRequest& request, std::string_view origin) {
  const auto* host = request.headers.find("Host");
  return host && equal_ignoring_case(origin, "http://" + *host);
}

}  // namespace

Gate::Gate(std::string token, std::uint16_t port)
    : token_(std::move(token)),
      cookie_name_(fmt::format("sitelatch-{}", port)),
      session_(session_of(token_)) {}

std::optional<aws::HttpResponse> Gate::refusal(const aws::HttpRequest& head) const {
  const auto* host = head.headers.find("Host");
  if (!host || !is_own_name(*host))
    return plain(403,
                 "The console answers to 127.0.0.1 and localhost alone. From another machine: "
                 "ssh -L PORT:127.0.0.1:PORT, and open http://127.0.0.1:PORT/ there.");
  if (const auto* origin = head.headers.find("Origin"); origin && !is_own_origin(head, *origin))
    return plain(403, "Requests of other web pages are refused.");
  const auto* site = head.headers.find("Sec-Fetch-Site");
  const bool page = head.method == "GET" && head.path() == "/";  // a link may lead to it
  if (site && *site != "same-origin" && *site != "none" && !page)
    return plain(403, "Requests of other web pages are refused.");
  if (head.method != "GET" && head.method != "HEAD" && head.method != "POST")
    return plain(405, "This is not understood here.");
  return std::nullopt;
}

std::optional<aws::HttpResponse> Gate::entrance(const aws::HttpRequest& request) const {
  const auto given = parameter(request, "token");
  if (given.empty() || request.path() != "/") return std::nullopt;
  if (!same(given, token_)) return no_entry();
  auto response = plain(303, "");
  response.headers.set("Location", "/");
  response.headers.set("Set-Cookie", fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict",
                                                 cookie_name_, session_));
  return response;
}

bool Gate::knows(const aws::HttpRequest& request) const {
  for (const auto& [name, value] : request.headers) {
    if (!equal_ignoring_case(name, "Cookie")) continue;
    for (const auto part : split(value, ';')) {
      const auto pair = trim(part);
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == cookie_name_ &&
          same(pair.substr(equals + 1), session_))
        return true;
    }
  }
  return false;
}

aws::HttpResponse Gate::no_entry() {
  return plain(401,
               "This is a Sitelatch console. Open it by the whole URL, token and all, that was "
               "printed when it was started.");
}

std::optional<aws::HttpResponse> Gate::refusal_of_act(const aws::HttpRequest& request) {
  const auto* origin = request.headers.find("Origin");
  if (!origin || !is_own_origin(request, *origin))
    return plain(403, "An act must come from the console's own page (its Origin is asked).");
  const auto type = request.headers.get("Content-Type");
  if (!equal_ignoring_case(trim(split(type, ';').front()), "application/json"))
    return plain(403, "An act is sent as application/json.");
  return std::nullopt;
}

aws::HttpResponse with_policies(aws::HttpResponse response) {
  auto& headers = response.headers;
  headers.set("Content-Security-Policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
              "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  headers.set("Cache-Control", "no-store");
  return response;
}

aws::HttpResponse plain(int status, std::string_view text) {
  aws::HttpResponse response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.body = std::string{text};
  if (!text.empty()) response.body += '\n';
  return with_policies(std::move(response));
}

std::string parameter(const aws::HttpRequest& request, std::string_view name) {
  for (const auto part : split(request.query(), '&')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || part.substr(0, equals) != name) continue;
    return percent_decode(part.substr(equals + 1)).value_or("");
  }
  return {};
}

}  // namespace sitelatch::console
