// SPDX-License-Identifier: Apache-2.0
// Event patterns by tables: what matches, and what is refused in which words. The cases that are
// marked are recorded on AWS (fact events-42).
#include "services/events/pattern.h"

#include <doctest/doctest.h>

using namespace sitelatch;
using namespace sitelatch::events;

namespace {

bool matches(const std::string& pattern, const std::string& event) {
  const auto parsed = EventPattern::parse(pattern);
  if (!parsed) FAIL(pattern << ": " << parsed.error());
  return parsed->matches(aws::from_json(event).value());
}
std::string pattern_refusal(const std::string& pattern) {
  const auto parsed = EventPattern::parse(pattern);
  return parsed ? "taken" : parsed.error();
}
// Without the place.
std::string refusal_reason(const std::string& pattern) {
  const auto text = pattern_refusal(pattern);
  return text.substr(0, text.find("\n at "));
}

struct MatchCase {
  const char *test, *value;
  bool expected;
};

}  // namespace

TEST_CASE("the operators, each on one value") {
  const MatchCase cases[] = {
      // plain
      {R"("a")", R"("a")", true},
      {R"("a")", R"("A")", false},
      {R"("")", R"("")", true},
      {R"("1")", "1", false},
      {"1", R"("1")", false},
      {"300", "300.0", true},
      {"300", "3.0e2", true},
      {"300.0", "300", true},
      {"300", "301", false},
      {"0.1234567", "0.1234568", true},  // millionths
      {"0.123456", "0.123457", false},
      {"123456789012", "123456789012", true},  // beyond what is compared: as written
      {"123456789012", "123456789013", false},
      {"true", "true", true},
      {"true", "false", false},
      {"true", R"("true")", false},
      {"null", "null", true},
      {"null", R"("null")", false},
      {"null", "0", false},
      {R"("")", "null", false},
      {R"("x", 7, null)", "7", true},
      {R"("x", 7, null)", "null", true},
      {R"({"exactly": "a"})", R"("a")", true},
      {R"("10.0.0.1")", R"("10.0.0.1")", true},
      {R"("2001:db8::1")", R"("2001:DB8:0:0:0:0:0:1")", true},
      // lists of the event: one element is enough
      {R"("b")", R"(["a","b"])", true},
      {R"("b")", "[]", false},
      {"null", "[]", false},
      {R"("b")", R"([["a"],["b"]])", true},
      // prefix, suffix, case
      {R"({"prefix": "ab"})", R"("abc")", true},
      {R"({"prefix": "ab"})", R"("aabc")", false},
      {R"({"prefix": ""})", R"("x")", true},
      {R"({"prefix": ""})", "1", false},
      {R"({"prefix": {"equals-ignore-case": "AB"}})", R"("abc")", true},
      {R"({"prefix": {"equals-ignore-case": "AB"}})", R"("bc")", false},
      {R"({"suffix": "bc"})", R"("abc")", true},
      {R"({"suffix": "bc"})", R"("abcd")", false},
      {R"({"suffix": {"equals-ignore-case": ".PNG"}})", R"("x.png")", true},
      {R"({"equals-ignore-case": "aBc"})", R"("AbC")", true},
      {R"({"equals-ignore-case": "aBc"})", R"("AbCd")", false},
      {R"({"equals-ignore-case": ""})", R"("")", true},
      {R"({"equals-ignore-case": ""})", R"("x")", false},
      // numeric
      {R"({"numeric": ["=", 5]})", "5", true},
      {R"({"numeric": ["=", 5]})", R"("5")", false},
      {R"({"numeric": [">", 5]})", "5", false},
      {R"({"numeric": [">=", 5]})", "5.0", true},
      {R"({"numeric": ["<", 5]})", "4.999999", true},
      {R"({"numeric": ["<=", -5]})", "-5", true},
      {R"({"numeric": [">", 0, "<=", 5]})", "5", true},
      {R"({"numeric": [">", 0, "<=", 5]})", "0", false},
      {R"({"numeric": [">", 0, "<", 5]})", "5", false},
      {R"({"numeric": [">", 0]})", "6000000000", false},  // beyond 5e9
      // exists
      {R"({"exists": true})", "null", true},
      {R"({"exists": true})", R"({"deeper": 1})", false},  // leaves only
      {R"({"exists": false})", R"({"deeper": 1})", true},
      {R"({"exists": false})", "1", false},
      {R"({"exists": true})", "[]", false},
      {R"({"exists": false}, "x")", R"("x")", true},
      {R"({"exists": false}, "x")", R"("y")", false},
      // cidr
      {R"({"cidr": "10.0.0.0/24"})", R"("10.0.0.255")", true},
      {R"({"cidr": "10.0.0.0/24"})", R"("10.0.1.0")", false},
      {R"({"cidr": "10.0.0.0/24"})", R"("x")", false},
      {R"({"cidr": "10.0.0.0/24"})", "10", false},
      {R"({"cidr": "10.0.0.0/0"})", R"("255.255.255.255")", true},
      {R"({"cidr": "2001:db8::/32"})", R"("2001:db8:ffff::1")", true},
      {R"({"cidr": "2001:db8::/32"})", R"("2001:db9::")", false},
      {R"({"cidr": "2001:db8::/32"})", R"("10.0.0.1")", false},
      // wildcard
      {R"({"wildcard": "*.png"})", R"("a/b.png")", true},
      {R"({"wildcard": "dir/*.png"})", R"("dir/.png")", true},
      {R"({"wildcard": "a*b*c"})", R"("a-b-b-c")", true},
      {R"({"wildcard": "a*b*c"})", R"("a-c")", false},
      {R"({"wildcard": "ab*ba"})", R"("aba")", false},
      {R"({"wildcard": "*"})", R"("")", true},
      {R"({"wildcard": "a"})", R"("a")", true},
      {R"({"wildcard": "a?"})", R"("ab")", false},
      {R"({"wildcard": "a\\*b"})", R"("a*b")", true},
      {R"({"wildcard": "a\\*b"})", R"("axb")", false},
      {R"({"wildcard": "a\\\\*"})", R"("a\\x")", true},
      {R"({"wildcard": "arn:*:*:*:*:event-bus/*"})", R"("arn:aws:events:r:1:event-bus/b")", true},
      // anything-but
      {R"({"anything-but": "a"})", R"("b")", true},
      {R"({"anything-but": "a"})", R"("a")", false},
      {R"({"anything-but": "a"})", "null", true},
      {R"({"anything-but": "a"})", "7", true},
      {R"({"anything-but": 7})", "7.0", false},
      {R"({"anything-but": 7})", R"("7")", true},
      {R"({"anything-but": 0})", "0", false},
      {R"({"anything-but": ["a", "b"]})", R"("b")", false},
      {R"({"anything-but": ["a", "b"]})", R"("c")", true},
      {R"({"anything-but": [1, 2]})", "2", false},
      {R"({"anything-but": [1, 2]})", "3", true},
      {R"({"anything-but": "a"})", R"(["a","b"])", true},
      {R"({"anything-but": "a"})", "[]", false},
      {R"({"anything-but": {"prefix": "a"}})", R"("ab")", false},
      {R"({"anything-but": {"prefix": "a"}})", R"("ba")", true},
      {R"({"anything-but": {"prefix": "a"}})", "1", true},
      {R"({"anything-but": {"prefix": ["a", "b"]}})", R"("bc")", false},
      {R"({"anything-but": {"suffix": ".png"}})", R"("x.png")", false},
      {R"({"anything-but": {"suffix": [".png", ".jpg"]}})", R"("x.gif")", true},
      {R"({"anything-but": {"equals-ignore-case": "abc"}})", R"("ABC")", false},
      {R"({"anything-but": {"equals-ignore-case": ["abc", "d"]}})", R"("D")", false},
      {R"({"anything-but": {"equals-ignore-case": "abc"}})", "null", true},
      {R"({"anything-but": {"wildcard": "*/x/*"}})", R"("a/x/b")", false},
      {R"({"anything-but": {"wildcard": ["*/x/*", "y*"]}})", R"("z")", true},
      {R"({"anything-but": {"wildcard": ""}})", R"("z")", true},
  };
  for (const auto& c : cases) {
    CAPTURE(c.test);
    CAPTURE(c.value);
    CHECK(matches(std::string{R"({"detail":{"k":[)"} + c.test + "]}}",
                  std::string{R"({"detail":{"other":1,"k":)"} + c.value + "}}") == c.expected);
  }
}

TEST_CASE("what is not there matches nothing but its absence") {
  const std::string event = R"({"detail":{"other":1}})";
  for (const char* test : {R"("a")", "null", R"({"anything-but": "a"})", R"({"exists": true})",
                           R"({"anything-but": {"prefix": ["a"]}})", R"({"wildcard": "*"})"}) {
    CAPTURE(test);
    CHECK_FALSE(matches(std::string{R"({"detail":{"k":[)"} + test + "]}}", event));
  }
  CHECK(matches(R"({"detail":{"k":[{"exists":false}]}})", event));
  CHECK(matches(R"({"detail":{"k":["a",{"exists":false}]}})", event));
  CHECK(matches(R"({"nothing":{"k":[{"exists":false}]}})", event));
  CHECK_FALSE(matches(R"({"detail":{"k":[{"exists":false}],"other":[2]}})", event));
}

TEST_CASE("keys: all of them, with their case, joined by dots, the last of two alike") {
  const std::string event = R"({"source":"s","detail":{"a":{"b":"x"},"c.d":"y","n":1}})";
  CHECK(matches(R"({"source":["s"],"detail":{"a":{"b":["x"]}}})", event));
  CHECK_FALSE(matches(R"({"source":["s"],"detail":{"a":{"b":["y"]}}})", event));
  CHECK_FALSE(matches(R"({"Source":["s"]})", event));
  CHECK(matches(R"({"detail":{"a.b":["x"]}})", event));
  CHECK(matches(R"({"detail.a.b":["x"]})", event));
  CHECK(matches(R"({"detail":{"c":{"d":["y"]}}})", event));
  CHECK(matches(R"({"detail":{"n":[2],"n":[1]}})", event));
  CHECK(matches(R"({"detail":{"n":[1]},"detail":{"a":{"b":["x"]}}})", event));
  CHECK_FALSE(matches(R"({"detail":["x"]})", event));
  CHECK_FALSE(matches(R"({"source":{"a":["x"]}})", event));
  CHECK(matches(R"({"x":{"a.b":["1"]}})", R"({"x":{"a":{"b":"2"},"a.b":"1"}})"));
}

TEST_CASE("within a list of objects, one and the same has to match it all") {
  const std::string event =
      R"({"d":{"people":[{"name":"A","age":1,"pets":[{"k":"cat","n":"x"}]},)"
      R"({"name":"B","age":2,"pets":[{"k":"dog","n":"y"},{"k":"cat","n":"z"}]}],)"
      R"("tags":["u","v"]}})";
  CHECK(matches(R"({"d":{"people":{"name":["B"],"age":[2]},"tags":["v"]}})", event));
  CHECK_FALSE(matches(R"({"d":{"people":{"name":["A"],"age":[2]}}})", event));
  CHECK(matches(R"({"d":{"people":{"name":["B"],"pets":{"k":["cat"],"n":["z"]}}}})", event));
  CHECK_FALSE(matches(R"({"d":{"people":{"name":["B"],"pets":{"k":["cat"],"n":["y"]}}}})", event));
  CHECK_FALSE(matches(R"({"d":{"people":{"name":["A"],"pets":{"n":["z"]}}}})", event));
  CHECK(matches(R"({"d":{"people":{"shoes":[{"exists":false}]}}})", event));
  CHECK_FALSE(matches(R"({"d":{"people":{"name":[{"exists":false}]}}})", event));
}

TEST_CASE("$or") {
  const auto event = [](const char* detail) {
    return std::string{R"({"source":"s","detail":)"} + detail + "}";
  };
  const std::string pattern =
      R"({"source":["s"],"detail":{"$or":[{"count":[{"numeric":[">",0,"<=",5]}]},)"
      R"({"limit":[{"numeric":["<",10]}],"kind":["k"]},{"x":[{"exists":false}]}],"y":[1]}})";
  CHECK(matches(pattern, event(R"({"count":3,"x":1,"y":1})")));
  CHECK_FALSE(matches(pattern, event(R"({"count":3,"x":1,"y":2})")));
  CHECK(matches(pattern, event(R"({"limit":3,"kind":"k","x":1,"y":1})")));
  CHECK_FALSE(matches(pattern, event(R"({"limit":3,"x":1,"y":1})")));
  CHECK(matches(pattern, event(R"({"y":1})")));
  const std::string two = R"({"$or":[{"a":[1]},{"b":[1]}],"d":{"$or":[{"c":[1]},{"d":[1]}]}})";
  CHECK(matches(two, R"({"b":1,"d":{"c":1}})"));
  CHECK_FALSE(matches(two, R"({"b":1,"d":{"c":2}})"));
  CHECK(matches(R"({"$or":[{"$or":[{"a":[1]},{"b":[1]}]},{"c":[1]}]})", R"({"b":1})"));
}

TEST_CASE("refused, with the place (recorded on AWS)") {
  CHECK(pattern_refusal(R"({"int": 42})") ==
        "\"int\" must be an object or an array\n at [Source: (String)\"{\"int\": 42}\"; line: 1, "
        "column: 11]");
  CHECK(pattern_refusal(R"({"string": "my-value"})") ==
        "\"string\" must be an object or an array\n at [Source: (String)\"{\"string\": "
        "\"my-value\"}\"; line: 1, column: 13]");
  CHECK(pattern_refusal(R"({"resources": []})") ==
        "Empty arrays are not allowed\n at [Source: (String)\"{\"resources\": []}\"; line: 1, "
        "column: 17]");
  CHECK(pattern_refusal(R"({"my_key": [{"EXISTS": true}]})") ==
        "Unrecognized match type EXISTS\n at [Source: (String)\"{\"my_key\": [{\"EXISTS\": "
        "true}]}\"; line: 1, column: 28]");
  CHECK(pattern_refusal(R"({"detail": {"equal": [{"NUMERIC": ["=", 5]}]}})") ==
        "Unrecognized match type NUMERIC\n at [Source: (String)\"{\"detail\": {\"equal\": "
        "[{\"NUMERIC\": [\"=\", 5]}]}}\"; line: 1, column: 36]");
  CHECK(pattern_refusal(R"({"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}})") ==
        "Bad numeric range operator: >\n at [Source: (String)\"{\"detail\": {\"c-count\": "
        "[{\"numeric\": [\">\", 0, \">\", 0]}]}}\"; line: 1, column: 49]");
  CHECK(pattern_refusal(R"({"detail": {"c-count": [{"numeric": [">", 0, "<"]}]}})") ==
        "Value of < must be numeric\n at [Source: (String)\"{\"detail\": {\"c-count\": "
        "[{\"numeric\": [\">\", 0, \"<\"]}]}}\"; line: 1, column: 50]");
  CHECK(pattern_refusal(R"({"EventBusArn": [ { "wildcard": "*:*:*:*:*:event-bus/*" } ]})") ==
        "Rule is too complex - try using fewer wildcard characters or fewer repeating character "
        "sequences after a wildcard character");
}

TEST_CASE("places count lines, and long patterns are cut short") {
  CHECK(pattern_refusal("{\n \"a\": 1\n}").ends_with("line: 2, column: 8]"));
  const std::string padding(600, ' ');
  CHECK(pattern_refusal("{" + padding + "}") ==
        "Empty objects are not allowed\n at [Source: (String)\"{" + std::string(499, ' ') +
            "\"[truncated 102 chars]; line: 1, column: 603]");
}

TEST_CASE("refused by the grammar") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "Filter is not an object"},
      {"[]", "Filter is not an object"},
      {R"("{\"source\":[\"x\"]}")", "Filter is not an object"},
      {"{}", "Empty objects are not allowed"},
      {R"({"a":{}})", "Empty objects are not allowed"},
      {R"({"a":null})", R"("a" must be an object or an array)"},
      {R"({"a":[[1]]})", "Match value must be String, number, true, false, or null"},
      {R"({"a":[{}]})", "Match expression name not found"},
      {R"({"a":[{"prefix":1}]})", "prefix match pattern must be a string"},
      {R"({"a":[{"prefix":"x","suffix":"y"}]})", "Only one key allowed in match expression"},
      {R"({"a":[{"prefix":{"x":"y"}}]})", "Unsupported prefix pattern: x"},
      {R"({"a":[{"suffix":{}}]})", "Suffix expression name not found"},
      {R"({"a":[{"suffix":null}]})", "suffix match pattern must be a string"},
      {R"({"a":[{"equals-ignore-case":["x"]}]})",
       "equals-ignore-case match pattern must be a string"},
      {R"({"a":[{"wildcard":1}]})", "wildcard match pattern must be a string"},
      {R"({"a":[{"wildcard":"a**b"}]})", "Consecutive wildcard characters at pos 2"},
      {R"({"a":[{"wildcard":"a\\x"}]})", "Invalid escape character at pos 2"},
      {R"({"a":[{"exists":"true"}]})", "exists match pattern must be either true or false."},
      {R"({"a":[{"numeric":5}]})", "Value of numeric must be an array."},
      {R"({"a":[{"numeric":[]}]})", "Invalid member in numeric match: ]"},
      {R"({"a":[{"numeric":[5]}]})", "Invalid member in numeric match: 5"},
      {R"({"a":[{"numeric":["!",5]}]})", "Unrecognized numeric range operator: !"},
      {R"({"a":[{"numeric":["=","5"]}]})", "Value of equals must be numeric"},
      {R"({"a":[{"numeric":["=",5,"<",6]}]})", "Too many elements in numeric expression"},
      {R"({"a":[{"numeric":["<",5,">",1]}]})", "Too many elements in numeric expression"},
      {R"({"a":[{"numeric":[">",5,"<",5]}]})", "Bottom must be less than top"},
      {R"({"a":[{"numeric":[">",5,6]}]})", "Bad value in numeric range: 6"},
      {R"({"a":[{"numeric":[">",5,"<",6,"<"]}]})", "Too many terms in numeric range expression"},
      {R"({"a":[{"numeric":[">",6e9]}]})", "Value must be between -5.0E9 and 5.0E9, inclusive"},
      {R"({"a":[{"cidr":1}]})", "prefix match pattern must be a string"},
      {R"({"a":[{"cidr":"10.0.0.0"}]})", "Malformed CIDR, one '/' required"},
      {R"({"a":[{"cidr":"10.0.0.0/x"}]})", "Malformed CIDR, mask bits must be an integer"},
      {R"({"a":[{"cidr":"10.0.0.0/32"}]})", "IPv4 mask bits must be < 32"},
      {R"({"a":[{"cidr":"::/128"}]})", "IPv6 mask bits must be < 128"},
      {R"({"a":[{"cidr":"host/8"}]})", "Nonstandard IP address: host"},
      {R"({"a":[{"anything-but":null}]})",
       "Value of anything-but must be an array or single string/number value."},
      {R"({"a":[{"anything-but":[true]}]})",
       "Inside anything but list, start|null|boolean is not supported."},
      {R"({"a":[{"anything-but":[1,"x"]}]})",
       "Inside anything but list, either all values are number or string, mixed type is not "
       "supported"},
      {R"({"a":[{"anything-but":[]}]})",
       "Inside anything but list, either all values are number or string, mixed type is not "
       "supported"},
      {R"({"a":[{"anything-but":{"prefix":""}}]})", "Null prefix/suffix not allowed"},
      {R"({"a":[{"anything-but":{"suffix":["x",""]}}]})", "Null prefix/suffix not allowed"},
      {R"({"a":[{"anything-but":{"prefix":1}}]})", "prefix/suffix match pattern must be a string"},
      {R"({"a":[{"anything-but":{"wildcard":[1]}}]})", "wildcard match pattern must be a string"},
      {R"({"a":[{"anything-but":{"equals-ignore-case":[1]}}]})",
       "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."},
      {R"({"a":[{"anything-but":{"numeric":["=",1]}}]})",
       "Unsupported anything-but pattern: numeric"},
      {R"({"a":[{"anything-but":{"prefix":{"equals-ignore-case":"x"}}}]})",
       "Value of anything-but must be an array or single string/number value."},
      {R"({"a":[{"anything-but":"x","prefix":"y"}]})", "Too many elements in numeric expression"},
      {R"({"$or":{}})", "It must be an Array followed with $or."},
      {R"({"$or":[1,2]})", "Only JSON object is allowed in array of $or relationship."},
      {R"({"$or":[{"a":[1]}]})", "There must have at least 2 Objects in $or relationship."},
      {R"({"$or":[{"a":[1]},{}]})", "Empty objects are not allowed"},
      {R"({"$or":[{"prefix":[1]},{"a":[1]}]})",
       "prefix is Ruler reserved fieldName which cannot be used inside $or."},
      // what is no JSON
      {"{",
       "Unexpected end-of-input: expected close marker for Object (start marker at [Source: "
       "(String)\"{\"; line: 1, column: 1])"},
      {"{a}",
       "Unexpected character ('a' (code 97)): was expecting double-quote to start field name"},
      {R"({"a" [1]})",
       "Unexpected character ('[' (code 91)): was expecting a colon to separate field name and "
       "value"},
      {R"({"a":[1 2]})",
       "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"},
      {R"({"a":[tru]})",
       "Unrecognized token 'tru': was expecting (JSON String, Number, Array, Object or token "
       "'null', 'true' or 'false')"},
      {R"({"a":[01]})", "Invalid numeric value: Leading zeroes not allowed"},
      {R"({"a":["x)", "Unexpected end-of-input: was expecting closing quote for a string value"},
      {R"({"a":["\x"]})", "Unrecognized character escape ('x' (code 120))"},
  };
  for (const auto& [pattern, reason] : cases) {
    CAPTURE(pattern);
    CHECK(refusal_reason(pattern) == reason);
  }
}

TEST_CASE("too many combinations of $or are refused before they are made") {
  std::string pattern = "{";
  for (int i = 0; i < 60; ++i) {
    const auto n = std::to_string(i);
    if (i > 0) pattern += ',';
    pattern += "\"k" + n + R"(":{"$or":[{"a":[1]},{"b":[1]}]})";
  }
  CHECK(refusal_reason(pattern + "}").starts_with("Rule is too complex"));
  std::string deep = R"({"a":[1]})";
  for (int i = 0; i < 500; ++i) deep = R"({"a":)" + deep + "}";
  CHECK(refusal_reason(deep) == "taken");
}

TEST_CASE("the plain values that policies are asked about") {
  const auto pattern = EventPattern::parse(
      R"({"source":["a",{"prefix":"b"}],"$or":[{"detail":{"k":["x"]}},{"detail":{"k":["y"]}}]})");
  REQUIRE(pattern);
  CHECK(pattern->plain_values("source") == std::vector<std::string>{"a", "a"});
  CHECK(pattern->plain_values("detail.k") == std::vector<std::string>{"x", "y"});
  CHECK(pattern->plain_values("none").empty());
}
