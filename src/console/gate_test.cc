// SPDX-License-Identifier: Apache-2.0
#include "console/gate.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace sitelatch::console {
namespace {

const std::string token = "00112233445566778899aabbccddeeff";

aws::HttpRequest request(const char* target, aws::Headers headers = {}) {
  aws::HttpRequest out;
  out.target = target;
  if (!headers.find("Host")) headers.set("Host", "127.0.0.1:4567");
  out.headers = std::move(headers);
  return out;
}

int refused(const Gate& gate, const aws::HttpRequest& head) {
  const auto answer = gate.refusal(head);
  return answer ? answer->status : 0;
}

TEST_CASE("gate: this machine's own names, whatever the port (ssh -L)") {
  const Gate gate(token, 4567);
  for (const auto* host : {"127.0.0.1:4567", "localhost:9999", "[::1]:4567", "127.9.9.9"})
    CHECK_MESSAGE(refused(gate, request("/", {{"Host", host}})) == 0, host);
  for (const auto* host : {"evil.example", "127.0.0.1.evil.example", "192.0.2.1:4567", "10.0.0.1",
                           "localhost.evil.example:4567", "sitelatch.localhost", ""})
    CHECK_MESSAGE(refused(gate, request("/", {{"Host", host}})) == 403, host);
}

TEST_CASE("gate: pages of others") {
  const Gate gate(token, 4567);
  CHECK(refused(gate, request("/api/act", {{"Origin", "https://evil.example"}})) == 403);
  CHECK(refused(gate, request("/api/act", {{"Origin", "http://127.0.0.1:9999"}})) == 403);
  CHECK(refused(gate, request("/api/act", {{"Origin", "null"}})) == 403);
  CHECK(refused(gate, request("/api/act", {{"Origin", "http://127.0.0.1:4567"}})) == 0);
  CHECK(refused(gate, request("/api/events", {{"Sec-Fetch-Site", "cross-site"}})) == 403);
  CHECK(refused(gate, request("/api/events", {{"Sec-Fetch-Site", "same-site"}})) == 403);
  CHECK(refused(gate, request("/api/events", {{"Sec-Fetch-Site", "same-origin"}})) == 0);
  CHECK(refused(gate, request("/", {{"Sec-Fetch-Site", "cross-site"}})) == 0);  // a link
  auto put = request("/");
  put.method = "PUT";
  CHECK(refused(gate, put) == 405);
}

// The cookie as a browser sends it back.
std::string cookie_of(const Gate& gate) {
  const auto let_in = gate.entrance(request(("/?token=" + token).c_str()));
  REQUIRE(let_in);
  const auto set = let_in->headers.get("Set-Cookie");
  return set.substr(0, set.find(';'));
}

TEST_CASE("gate: the token gives the cookie, and leaves the address bar") {
  const Gate gate(token, 4567);
  const auto let_in = gate.entrance(request(("/?token=" + token).c_str()));
  REQUIRE(let_in);
  CHECK(let_in->status == 303);
  CHECK(let_in->headers.get("Location") == "/");
  const auto cookie = let_in->headers.get("Set-Cookie");
  CHECK(cookie.starts_with("sitelatch-4567="));
  CHECK(cookie.find("HttpOnly") != std::string::npos);
  CHECK(cookie.find("SameSite=Strict") != std::string::npos);
  CHECK(cookie.find(token) == std::string::npos);
  CHECK(gate.entrance(request("/?token=wrong"))->status == 401);
  CHECK(!gate.entrance(request("/")));
  CHECK(!gate.entrance(request(("/app.js?token=" + token).c_str())));
}

TEST_CASE("gate: only the session's cookie is known") {
  const Gate gate(token, 4567);
  const auto cookie = cookie_of(gate);
  CHECK(gate.knows(request("/", {{"Cookie", cookie}})));
  CHECK(gate.knows(request("/", {{"Cookie", "a=b; " + cookie + "; c=d"}})));
  CHECK(!gate.knows(request("/")));
  CHECK(!gate.knows(request("/", {{"Cookie", cookie + "0"}})));
  CHECK(!gate.knows(request("/", {{"Cookie", "sitelatch-4567="}})));
  CHECK(!gate.knows(request("/", {{"Cookie", "sitelatch-4567=" + token}})));
  CHECK(!Gate(token, 4568).knows(request("/", {{"Cookie", cookie}})));
  CHECK(!Gate("another", 4567).knows(request("/", {{"Cookie", cookie}})));
}

TEST_CASE("gate: an act comes from our page, as JSON") {
  const auto act = [](aws::Headers headers) {
    auto out = request("/api/act", std::move(headers));
    out.method = "POST";
    const auto refusal = Gate::refusal_of_act(out);
    return refusal ? refusal->status : 0;
  };
  const std::string ours = "http://127.0.0.1:4567", json = "application/json";
  CHECK(act({{"Origin", ours}, {"Content-Type", json}}) == 0);
  CHECK(act({{"Origin", ours}, {"Content-Type", "application/json; charset=utf-8"}}) == 0);
  CHECK(act({{"Content-Type", json}}) == 403);  // a form's or a program's: no Origin
  CHECK(act({{"Origin", "http://localhost:4567"}, {"Content-Type", json}}) == 403);
  CHECK(act({{"Origin", ours}, {"Content-Type", "text/plain"}}) == 403);
  CHECK(act({{"Origin", ours}}) == 403);
}

TEST_CASE("gate: every answer carries the policies") {
  for (const auto& response : {plain(200, "x"), Gate::no_entry()}) {
    const auto policy = response.headers.get("Content-Security-Policy");
    CHECK(policy.starts_with("default-src 'none'"));
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(policy.find("frame-ancestors 'none'") != std::string::npos);
    CHECK(response.headers.get("X-Content-Type-Options") == "nosniff");
    CHECK(response.headers.get("Cache-Control") == "no-store");
  }
}

}  // namespace
}  // namespace sitelatch::console
