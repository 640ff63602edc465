// SPDX-License-Identifier: Apache-2.0
#include "engine/service_pages.h"

#include <doctest/doctest.h>

namespace sitelatch::engine {
namespace {

aws::HttpRequest request_for(const std::string& method, aws::Headers headers = {},
                             const std::string& peer = "127.0.0.1") {
  aws::HttpRequest out;
  out.method = method;
  out.headers = std::move(headers);
  out.headers.add("Host", "127.0.0.1:4566");
  out.peer = peer;
  return out;
}

int status_of(Page page, const aws::HttpRequest& request) {
  const auto refused = page_refusal(page, request);
  return refused ? refused->status : 200;
}

TEST_CASE("pages have their paths, and nothing else is one") {
  CHECK(page_at("/_sitelatch/health") == Page::health);
  CHECK(page_at("/_localstack/health") == Page::localstack_health);
  CHECK(page_at("/_sitelatch/metrics") == Page::metrics);
  CHECK(page_at("/_sitelatch/reset") == Page::reset);
  for (const auto* path : {"/", "/_sitelatch", "/_sitelatch/", "/_sitelatch/reset/", "/health",
                           "/_sitelatch/url/x/_sitelatch/reset", "/_sitelatch/Reset"})
    CHECK_MESSAGE(!page_at(path), std::string{path});
}

TEST_CASE("a reset is a POST of this machine's, and of no browser's or proxy's") {
  CHECK(status_of(Page::reset, request_for("POST")) == 200);
  CHECK(status_of(Page::reset, request_for("POST", {}, "::1")) == 200);
  CHECK(status_of(Page::reset, request_for("POST", {}, "::ffff:127.0.0.1")) == 200);
  for (const auto* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
    CHECK_MESSAGE(status_of(Page::reset, request_for(method)) == 405, std::string{method});
  for (const auto* peer : {"10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", ""})
    CHECK_MESSAGE(status_of(Page::reset, request_for("POST", {}, peer)) == 403, std::string{peer});
  for (const auto& header : aws::Headers{{"Origin", "http://127.0.0.1:4566"},
                                         {"Origin", "null"},
                                         {"Sec-Fetch-Site", "same-origin"},
                                         {"Sec-Fetch-Mode", "navigate"},
                                         {"User-Agent", "Mozilla/5.0"},
                                         {"X-Forwarded-For", "127.0.0.1"},
                                         {"Forwarded", "for=10.1.2.3"},
                                         {"Via", "1.1 proxy"}})
    CHECK_MESSAGE(status_of(Page::reset, request_for("POST", {header})) == 403, header.first);
}

TEST_CASE("metrics are this machine's; health is everybody's who reaches the API") {
  CHECK(status_of(Page::metrics, request_for("GET")) == 200);
  CHECK(status_of(Page::metrics, request_for("HEAD")) == 200);
  CHECK(status_of(Page::metrics, request_for("POST")) == 405);
  CHECK(status_of(Page::metrics, request_for("GET", {}, "10.1.2.3")) == 403);
  CHECK(status_of(Page::metrics, request_for("GET", {{"X-Forwarded-For", "10.1.2.3"}})) == 403);
  CHECK(status_of(Page::metrics, request_for("GET", {{"User-Agent", "Mozilla/5.0"}})) == 200);
  for (const auto page : {Page::health, Page::localstack_health}) {
    CHECK(status_of(page, request_for("GET", {}, "10.1.2.3")) == 200);
    CHECK(status_of(page, request_for("POST")) == 405);
  }
  CHECK(page_refusal(Page::health, request_for("POST"))->headers.get("Allow") == "GET, HEAD");
}

TEST_CASE("health, in our shape and in LocalStack's") {
  Health health;
  health.version = "1.2.3";
  health.manual_clock = true;
  health.services = {"iam", "route53"};
  const auto ours = aws::from_json(health_page(health).body);
  REQUIRE(ours);
  CHECK((*ours)["state"].string_or("") == "running");
  CHECK((*ours)["clock"].string_or("") == "manual");
  CHECK((*ours)["reset"].string_or("") == "refused");
  CHECK((*ours)["services"]["route53"].string_or("") == "running");
  CHECK(health_page(health).headers.get("Content-Type") == "application/json");
  const auto theirs = aws::from_json(localstack_health_page(health).body);
  REQUIRE(theirs);
  CHECK((*theirs)["services"]["iam"].string_or("") == "running");
  CHECK((*theirs)["edition"].string_or("") == "sitelatch");
  CHECK((*theirs)["version"].string_or("") == "1.2.3");
}

}  // namespace
}  // namespace sitelatch::engine
