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
                            "{ ($.a = 1 }", "{ $.a = 1 && }", "{ $.a > %x% }", "{ $.\"a b\" = 1 }",
                            "{ $[ = 1 }", "{ $.a[x] = 1 }", "{ $.a = \"x }", "{ $.a = 1 } x"})
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

TEST_CASE("regular expressions of AWS's small language") {
  CHECK(judge("%colou?r%", "the color red") == "yes");
  CHECK(judge("%^ERR|FATAL$%", "it is FATAL") == "yes");
  CHECK(judge("%10\\.10\\.0\\.[1-9]{1,2}%", "from 10.10.0.42") == "yes");
  CHECK(judge("%\\d\\s\\w%", "x5 y") == "yes");
  CHECK(judge("%[0-9]{3}ms%", "12ms") == "no");
  CHECK(judge("ERROR -%time[d]?out%", "ERROR timeout") == "no");
  CHECK(judge("{ $.path = %^/api/v[12]% }", R"({"path":"/api/v2/x"})") == "yes");
  CHECK(judge("{ $.path != %^/api% }", R"({"path":"/api/v2/x"})") == "no");
  CHECK(judge("{ $.code = %5[0-9]{2}% }", R"({"code":503})") == "yes");
  CHECK(judge("[ip=%^10\\.[0-9]{1,3}%, status=%4|5%, ...]", "10.1 404 x y") == "yes");
  CHECK(judge("[ip=%^10\\.[0-9]{1,3}%, status=%4|5%, ...]", "11.1 404 x y") == "no");
  CHECK(judge("[cpu=50%, x]", "50% x") == "yes");
  for (const auto* wrong : {"%something!%", "%(a)%", "%a b%", "%open", "%%", "%[%", "%a\\b%",
                            "%\xc3\xa4%", "%a% %b% %c%", "%[a-z]{1000}%", "{ $.a[*].b[*] = 1 }",
                            "{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }"})
    CHECK_MESSAGE(judge(wrong, "x") == "refused", wrong);
}

TEST_CASE("refusals in AWS's words (fact logs-22)") {
  const auto words = [](const char* pattern) {
    const auto parsed = FilterPattern::parse(pattern);
    return parsed ? std::string{"none"} : parsed.error().text;
  };
  CHECK(words("?Status: timeout") == "Invalid character(s) in term ':'");
  CHECK(words("a [b") == "Invalid character(s) in term '['");
  CHECK(words("%a!%") == "Invalid character(s) in term '%a!%'");
  CHECK(words("{ $.a >= \"abc\" }") == "Invalid character(s) in term '\"abc\"'");
  CHECK(words("{ $.a >= abc }") == "Invalid character(s) in term '\"abc\"'");
  CHECK(words("{ $.a = 1") == "If a filter pattern starts with '{' it must end with '}'");
}

TEST_CASE("what stands for a part of a message") {
  const auto json = FilterPattern::parse("{ $.a = 1 }");
  CHECK(json->can_select("$.deep.b"));
  CHECK_FALSE(json->can_select("deep"));
  CHECK(json->select(R"({"a":1,"deep":{"b":2.5}})", "$.deep.b") == "2.5");
  CHECK_FALSE(json->select(R"({"a":1})", "$.deep.b"));
  const auto words = FilterPattern::parse("[ip, ..., bytes]");
  CHECK(words->can_select("$bytes"));
  CHECK_FALSE(words->can_select("$size"));
  CHECK(words->select("a b c 17", "$bytes") == "17");
  CHECK_FALSE(FilterPattern::parse("ERROR")->can_select("$.a"));
}
