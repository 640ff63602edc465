// SPDX-License-Identifier: Apache-2.0
#include "engine/web_origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "net/http/request_head.h"
#include "services/lambda/function_url.h"

namespace sitelatch::engine {
namespace {

// Clients that are led here by a proxy or by DNS alone say AWS's own names.
constexpr std::array<std::string_view, 6> known_suffixes = {
    ".localhost", ".amazonaws.com",   ".amazonaws.com.cn",
    ".api.aws",   ".docker.internal", ".containers.internal"};
constexpr std::array<std::string_view, 2> private_suffixes = {".internal", ".local"};

template <class Suffixes>
bool ends_with_any(std::string_view host, const Suffixes& suffixes) {
  return std::any_of(suffixes.begin(), suffixes.end(),
                     [&](std::string_view suffix) { return host.ends_with(suffix); });
}

bool accepted(const net::HostAndPort& at, const AcceptedHosts& hosts) {
  if (at.ip_literal || at.host == "localhost" || ends_with_any(at.host, known_suffixes))
    return true;
  if (lambda::url_place(at.host, "/")) return true;  // on.aws: AWS's name, of URLs alone
  if (std::find(hosts.names.begin(), hosts.names.end(), at.host) != hosts.names.end()) return true;
  return hosts.private_names &&
         (at.host.find('.') == std::string::npos || ends_with_any(at.host, private_suffixes));
}

// A link that a person follows: it may confirm a subscription, which asks for no signature.
bool follows_unsigned_link(const aws::HttpRequest& head) {
  const auto* mode = head.headers.find("Sec-Fetch-Mode");
  const auto* to = head.headers.find("Sec-Fetch-Dest");
  return head.method == "GET" && mode && *mode == "navigate" && (!to || *to == "document") &&
         !head.headers.find("Authorization") && head.query().find("X-Amz-") == std::string::npos;
}

std::string shown(std::string_view text) { return std::string{text.substr(0, 128)}; }

}  // namespace

std::optional<std::string> cross_site_refusal(const aws::HttpRequest& head,
                                              const AcceptedHosts& hosts) {
  const auto* host = head.headers.find("Host");
  if (host) {
    const auto at = net::parse_host(*host);
    if (!at || !accepted(*at, hosts))
      return fmt::format(
          "This engine does not answer to the host name '{}'. If that is its name, start it with "
          "--allow-host {}.",
          shown(*host), at ? at->host : "NAME");
    // A function's URL is for pages too; what they may read there, its Cors settings say.
    if (lambda::url_place(at->host, head.target)) return std::nullopt;
  }
  if (const auto* origin = head.headers.find("Origin");
      origin && !(host && equal_ignoring_case(*origin, "http://" + *host)))
    return fmt::format("Requests of web pages are refused: this one's Origin is '{}'.",
                       shown(*origin));
  if (head.method == "OPTIONS" && head.headers.find("Access-Control-Request-Method"))
    return "Requests of web pages are refused: no other origin may call this API.";
  if (const auto* site = head.headers.find("Sec-Fetch-Site");
      site && *site != "same-origin" && !(*site == "none" && head.method == "GET") &&
      !follows_unsigned_link(head))
    return fmt::format("Requests of web pages are refused: this one's Sec-Fetch-Site is '{}'.",
                       shown(*site));
  return std::nullopt;
}

bool from_browser(const aws::HttpRequest& head) {
  const auto* agent = head.headers.find("User-Agent");
  return (agent && agent->starts_with("Mozilla/")) || head.headers.find("Sec-Fetch-Mode") ||
         head.headers.find("Sec-Fetch-Site") || head.headers.find("Origin");
}

}  // namespace sitelatch::engine
