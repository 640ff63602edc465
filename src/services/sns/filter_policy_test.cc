// SPDX-License-Identifier: Apache-2.0
#include "services/sns/filter_policy.h"

#include <doctest/doctest.h>

using namespace sitelatch;
using namespace sitelatch::sns;

namespace {

std::string refusal(const std::string& json, FilterScope scope = FilterScope::message_body) {
  const auto parsed = FilterPolicy::parse(json, scope);
  return parsed ? std::string{} : parsed.error();
}
// Whether a policy on "k" with this list wants an attribute k.
bool wants(const std::string& rules, const std::string& type, const std::string& value) {
  const auto policy =
      FilterPolicy::parse(R"({"k":)" + rules + "}", FilterScope::message_attributes);
  REQUIRE(policy.has_value());
  return policy->judge({{"k", {type, value}}}, "") == FilterVerdict::wanted;
}
bool body_matches(const std::string& policy_json, const std::string& body) {
  const auto policy = FilterPolicy::parse(policy_json, FilterScope::message_body);
  REQUIRE(policy.has_value());
  return policy->judge({}, body) == FilterVerdict::wanted;
}

}  // namespace

TEST_CASE("rules on an attribute") {
  struct Row {
    const char *rules, *type, *value;
    bool wanted;
  };
  const Row rows[] = {
      {R"(["a","b"])", "String", "b", true},
      {R"(["a"])", "String", "A", false},
      {R"([{"prefix":"al"}])", "String", "alarm", true},
      {R"([{"prefix":"al"}])", "String", "xal", false},
      {R"([{"suffix":"rm"}])", "String", "alarm", true},
      {R"([{"equals-ignore-case":"ALARM"}])", "String", "alarm", true},
      {R"([{"wildcard":"a*r*"}])", "String", "alarm", true},
      {R"([{"wildcard":"a*?"}])", "String", "alarm", false},
      {R"([{"wildcard":"ab*ba"}])", "String", "aba", false},
      {R"([{"anything-but":["a","b"]}])", "String", "c", true},
      {R"([{"anything-but":["a","b"]}])", "String", "a", false},
      {R"([{"anything-but":"a"}])", "String", "a", false},
      {R"([{"anything-but":{"prefix":"a"}}])", "String", "ab", false},
      {R"([{"exists":true}])", "String", "x", true},
      {R"([{"exists":false}])", "String", "x", false},
      {R"([100])", "Number", "100.0", true},
      {R"(["100"])", "Number", "100", false},
      {R"([{"numeric":["=",3e2]}])", "Number", "300", true},
      {R"([{"numeric":[">",0,"<=",150]}])", "Number", "150", true},
      {R"([{"numeric":[">",0,"<=",150]}])", "Number", "0", false},
      {R"([{"numeric":["<",1]}])", "String", "0", false},
      {R"([{"cidr":"10.0.0.0/8"}])", "String", "10.200.3.4", true},
      {R"([{"cidr":"10.0.0.0/8"}])", "String", "11.0.0.1", false},
      {R"(["b",true,null])", "String.Array", R"(["x",null])", true},
      {R"([true])", "String.Array", R"(["true"])", false},
      {R"(["eA=="])", "Binary", "eA==", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.rules);
    CAPTURE(row.value);
    CHECK(wants(row.rules, row.type, row.value) == row.wanted);
  }
}

TEST_CASE("an absent attribute satisfies only its absence; all keys must match; $or any") {
  const auto judge = [](const char* policy, const MessageAttributes& attributes) {
    return FilterPolicy::parse(policy, FilterScope::message_attributes)->judge(attributes, "");
  };
  const MessageAttributes a{{"a", {"String", "1"}}};
  CHECK(judge(R"({"b":[{"exists":false}]})", a) == FilterVerdict::wanted);
  CHECK(judge(R"({"b":[{"anything-but":"x"}]})", a) == FilterVerdict::mismatch);
  CHECK(judge(R"({"a":["1"],"b":["2"]})", a) == FilterVerdict::mismatch);
  CHECK(judge(R"({"a":["1"]})", {}) == FilterVerdict::no_attributes);
  CHECK(judge(R"({"$or":[{"a":["1"]},{"b":["2"]}]})", a) == FilterVerdict::wanted);
  CHECK(judge(R"({"$or":[{"a":["3"]},{"b":["2"]}]})", a) == FilterVerdict::mismatch);
}

TEST_CASE("rules on the body") {
  CHECK(body_matches(R"({"NewStateValue":["ALARM"]})", R"({"NewStateValue":"ALARM","x":1})"));
  CHECK_FALSE(body_matches(R"({"NewStateValue":["ALARM"]})", R"({"NewStateValue":"OK"})"));
  CHECK(body_matches(R"({"Trigger":{"Namespace":[{"prefix":"AWS/"}]}})",
                     R"({"Trigger":{"Namespace":"AWS/Route53"}})"));
  CHECK(body_matches(R"({"D":{"value":["x"]}})", R"({"D":[{"value":"y"},{"value":"x"}]})"));
  CHECK(body_matches(R"({"a":{"b":[{"exists":false}]}})", R"({})"));
  CHECK(body_matches(R"({"a":[null,false]})", R"({"a":false})"));
  CHECK(body_matches(R"({"a":["x"]})", R"({"a":["y",["x"]]})"));
  CHECK_FALSE(body_matches(R"({"a":["x"]})", "null"));
  CHECK(FilterPolicy::parse(R"({"a":["x"]})", FilterScope::message_body)->judge({}, "no json") ==
        FilterVerdict::invalid_body);
}

TEST_CASE("policies that AWS refuses") {
  struct Row {
    const char *json, *text;
  };
  const Row rows[] = {
      {"{", "FilterPolicy: failed to parse JSON."},
      {R"({"a":"x"})", "FilterPolicy: \"a\" must be an object or an array"},
      {R"({"a":[]})", "FilterPolicy: Empty arrays are not allowed"},
      {R"({"a":[["x"]]})",
       "FilterPolicy: Match value must be String, number, true, false, or null"},
      {R"({"a":[{"prefix":"x","suffix":"y"}]})",
       "FilterPolicy: Only one key allowed in match expression"},
      {R"({"a":[{"prefix":1}]})", "FilterPolicy: prefix match pattern must be a string"},
      {R"({"a":[{"like":"x"}]})", "FilterPolicy: Unrecognized match type like"},
      {R"({"a":[{"exists":"x"}]})",
       "FilterPolicy: exists match pattern must be either true or false."},
      {R"({"a":[{"numeric":[]}]})", "FilterPolicy: Invalid member in numeric match: ]"},
      {R"({"a":[{"numeric":["<>",1]}]})", "FilterPolicy: Unrecognized numeric range operator: <>"},
      {R"({"a":[{"numeric":["=","1"]}]})", "FilterPolicy: Value of equals must be numeric"},
      {R"({"a":[{"numeric":["<",1,">",0]}]})",
       "FilterPolicy: Too many elements in numeric expression"},
      {R"({"a":[{"numeric":[">",1,"<",1]}]})", "FilterPolicy: Bottom must be less than top"},
      {R"({"a":[{"numeric":[">",1,"<"]}]})", "FilterPolicy: Value of < must be numeric"},
      {R"({"a":[{"cidr":"10.0.0.0"}]})", "FilterPolicy: Malformed CIDR, one '/' required"},
      {R"({"a":[{"cidr":"10.0.0/8"}]})", "FilterPolicy: Nonstandard IP address: 10.0.0"},
      {R"({"a":[{"anything-but":{"numeric":["=",1]}}]})",
       "FilterPolicy: Unsupported anything-but pattern: numeric"},
      {R"({"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]})",
       "FilterPolicy: Filter policy can not have more than 5 keys"},
      {R"({"a":{"b":{"c":["1","2","3","4"]}},"d":{"e":["1","2","3","4","5","6","7"]}})",
       "FilterPolicy: Filter policy is too complex"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    CHECK(refusal(row.json) == row.text);
  }
  CHECK(refusal(R"({"a":{"b":["x"]}})", FilterScope::message_attributes) ==
        "Filter policy scope MessageAttributes does not support nested filter policy");
  CHECK(refusal(
            R"({"key_a":{"key_b":{"key_c":["1","2","3","4"]}},"key_d":{"key_e":["1","2","3"]}})") ==
        "");  // 72
}
