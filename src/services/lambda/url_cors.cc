// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/url_cors.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::lambda {
namespace {

bool lists(const aws::Value& list, std::string_view wanted) {
  const auto& items = list.items();
  return std::any_of(items.begin(), items.end(), [&](const aws::Value& item) {
    return equal_ignoring_case(item.string(), wanted);
  });
}

bool allows_origin(const aws::Value& cors, std::string_view origin) {
  return lists(cors["AllowOrigins"], "*") || lists(cors["AllowOrigins"], origin);
}

void set_list(aws::Headers& headers, std::string_view name, const aws::Value& list) {
  if (!list.items().empty()) headers.set(name, join(list.strings(), ","));
}

}  // namespace

bool is_preflight(const aws::HttpRequest& request) {
  return request.method == "OPTIONS" && request.headers.find("Origin") &&
         request.headers.find("Access-Control-Request-Method");
}

void add_cors(const aws::Value& cors, const aws::HttpRequest& request, aws::Headers& headers) {
  const auto* origin = request.headers.find("Origin");
  if (!cors || !origin || !allows_origin(cors, *origin)) return;
  const bool credentials = cors["AllowCredentials"].boolean_or(false);
  // Browsers take no "*" for an answer to a request with credentials.
  const bool anybody = lists(cors["AllowOrigins"], "*") && !credentials;
  headers.set("Access-Control-Allow-Origin", anybody ? "*" : *origin);
  if (!anybody) {
    const auto said = headers.get("Vary");
    headers.set("Vary", said.empty() ? "Origin" : said + ", Origin");
  }
  if (credentials) headers.set("Access-Control-Allow-Credentials", "true");
  set_list(headers, "Access-Control-Expose-Headers", cors["ExposeHeaders"]);
}

aws::HttpResponse preflight_answer(const aws::Value& cors, const aws::HttpRequest& request) {
  aws::HttpResponse out;
  out.headers.add("Content-Type", "application/json");
  const auto& method = request.headers.get("Access-Control-Request-Method");
  if (!allows_origin(cors, request.headers.get("Origin")) ||
      !(lists(cors["AllowMethods"], "*") || lists(cors["AllowMethods"], method)))
    return out;
  add_cors(cors, request, out.headers);
  set_list(out.headers, "Access-Control-Allow-Methods", cors["AllowMethods"]);
  set_list(out.headers, "Access-Control-Allow-Headers", cors["AllowHeaders"]);
  if (cors.has("MaxAge"))
    out.headers.set("Access-Control-Max-Age", std::to_string(cors["MaxAge"].integer()));
  return out;
}

}  // namespace sitelatch::lambda
