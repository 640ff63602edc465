// SPDX-License-Identifier: Apache-2.0
#include "services/logs/filter_pattern.h"

#include <doctest/doctest.h>

using sitelatch::logs::FilterPattern;

namespace {
// "yes", "no", or "refused".
std::string judge(const char* pattern, const std::string& message) {
  const auto parsed = FilterPattern::parse(pattern);
  if (!parsed) return "refused";
  return parsed->matches(message) ? "yes" : "no";
}
}  // namespace

TEST_CASE("terms") {
  CHECK(judge("", "anything") == "yes");
  CHECK(judge("\"\"", "anything") == "yes");
  CHECK(judge("ERROR", "[ERROR] x") == "yes");
  CHECK(judge("error", "[ERROR] x") == "no");
  CHECK(judge("ERROR x", "x ERROR") == "yes");
  CHECK(judge("ERROR y", "x ERROR") == "no");
  CHECK(judge("\"INTERNAL SERVER\"", "an INTERNAL SERVER error") == "yes");
  CHECK(judge("\"a \\\"b\\\"\"", "a \"b\"") == "yes");
  CHECK(judge("ERROR -ARGUMENTS", "ERROR here") == "yes");
  CHECK(judge("ERROR -ARGUMENTS", "ERROR ARGUMENTS") == "no");
  CHECK(judge("-\"a b\"", "c") == "yes");
  CHECK(judge("?ERROR ?WARN", "a WARN") == "yes");
  CHECK(judge("?ERROR ?WARN", "an INFO") == "no");
  CHECK(judge("INFO ?WARN", "an INFO") == "yes");  // optional ones count for nothing beside others
  CHECK(judge("a.b", "a.b") == "refused");
  CHECK(judge("\"open", "x") == "refused");
  CHECK(judge("%re%", "x") == "refused");
  CHECK(judge("-", "x") == "refused");
}

TEST_CASE("JSON selectors") {
  const std::string message =
      R"({"level":"ERROR","code":503,"ok":true,"none":null,"tags":["x","y"],)"
      R"("deep":{"a":{"b":"v 1"}},"n":"12"})";
  const auto yes = [&](const char* pattern) { return judge(pattern, message) == "yes"; };
  const auto no = [&](const char* pattern) { return judge(pattern, message) == "no"; };
  CHECK(yes("{ $.level = \"ERROR\" }"));
  CHECK(yes("{$.level=ERROR}"));
  CHECK(yes("{ $.level = \"ERR*\" }"));
  CHECK(yes("{ $.level = \"*RO*\" }"));
  CHECK(no("{ $.level = \"ERR\" }"));
  CHECK(no("{ $.level != \"ERROR\" }"));
  CHECK(no("{ $.absent != \"ERROR\" }"));
  CHECK(yes("{ $.code = 503 }"));
  CHECK(yes("{ $.code >= 500 && $.code < 600 }"));
  CHECK(yes("{ $.code = 5* }"));
  CHECK(yes("{ $.n > 11.5 }"));
  CHECK(no("{ $.level > 1 }"));
  CHECK(yes("{ $.ok IS TRUE }"));
  CHECK(no("{ $.ok is false }"));
  CHECK(yes("{ $.none IS NULL }"));
  CHECK(no("{ $.absent IS NULL }"));
  CHECK(yes("{ $.absent NOT EXISTS }"));
  CHECK(no("{ $.none NOT EXISTS }"));
  CHECK(yes("{ $.tags[1] = \"y\" }"));
  CHECK(no("{ $.tags[2] = \"y\" }"));
  CHECK(yes("{ $.tags[*] = \"x\" }"));
  CHECK(yes("{ $.deep.a.b = \"v 1\" }"));
  CHECK(yes("{ $.['deep']['a'].b = \"v*\" }"));
  CHECK(yes("{ ($.level = INFO) || ($.code = 503 && ($.ok IS TRUE)) }"));
  CHECK(no("{ $.level = INFO || $.code = 1 && $.ok IS TRUE }"));
  CHECK(judge("{ $.a = 1 }", "not json") == "no");
  CHECK(judge("{ $.a = 1 }", "1") == "no");
  for (const auto* wrong : {"{", "{}", "{ $.a }", "{ a = 1 }", "{ $.a = }", "{ $.a > x }",
                            "{ ($.a = 1 }", "{ $.a = 1 && }", "{ $.a = %x% }", "{ $[ = 1 }",
                            "{ $.a[x] = 1 }", "{ $.a = \"x }", "{ $.a = 1 } x"})
    CHECK_MESSAGE(judge(wrong, message) == "refused", wrong);
  const std::string nested =
      "{" + std::string(5000, '(') + "$.a = 1" + std::string(5000, ')') + "}";
  CHECK(judge(nested.c_str(), message) == "refused");
}

TEST_CASE("words by their place") {
  const std::string message =
      R"(127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /a b" 404 1534)";
  CHECK(judge("[ip, user, name, time, request, code, bytes]", message) == "yes");
  CHECK(judge("[ip, user, name, time, request, code = 4*, bytes]", message) == "yes");
  CHECK(judge("[ip, user, name, time, request, code = 404, bytes > 1534]", message) == "no");
  CHECK(judge("[ip, ..., code = 404 || code = 410, bytes]", message) == "yes");
  CHECK(judge("[ip=127.*, ...]", message) == "yes");
  CHECK(judge("[..., request = \"*GET*\", code, bytes]", message) == "yes");
  CHECK(judge("[one, two]", message) == "no");
  CHECK(judge("[..., ...]", message) == "refused");
  CHECK(judge("[a", message) == "refused");
  CHECK(judge("[a = ]", message) == "refused");
}
