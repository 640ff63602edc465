// SPDX-License-Identifier: Apache-2.0
// What the engine serves of its own beside AWS's APIs, on their port and unsigned:
//
//   GET  /_sitelatch/health    what runs here, as JSON
//   GET  /_localstack/health   the same where clients of LocalStack look, in its shape
//   GET  /_sitelatch/metrics   for Prometheus; to this machine alone
//   POST /_sitelatch/reset     the account begins anew; to this machine alone, where it is allowed
//
// Who may is decided by the request alone; that no page of others sent it, front_door.h has seen
// to. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/http.h"
#include "aws/wire/value.h"

namespace sitelatch::engine {

enum class Page { health, localstack_health, metrics, reset };
std::optional<Page> page_at(std::string_view path);

// What a request is refused with; nothing: it may have the page.
std::optional<aws::HttpResponse> page_refusal(Page page, const aws::HttpRequest& request);

struct Health {
  std::string version, now, account, dns;
  bool manual_clock = false, reset_allowed = false;
  std::vector<std::string> services;
};
aws::HttpResponse health_page(const Health& health);
aws::HttpResponse localstack_health_page(const Health& health);
aws::HttpResponse metrics_page(std::string text);

// A refusal in words, {"error": "..."}.
aws::HttpResponse refused_page(int status, std::string why);
// Why a reset is refused where it is not allowed.
inline constexpr const char* reset_not_allowed =
    "this engine keeps its data directory: it is reset only if it was started with --allow-reset "
    "(or --ephemeral)";

}  // namespace sitelatch::engine
