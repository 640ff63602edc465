// SPDX-License-Identifier: Apache-2.0
// Metric and subscription filters: put, described, gone; what they count and send.
#include "services/logs/filters.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "aws/wire/codec.h"
#include "base/text.h"
#include "services/logs/test_world.h"

using namespace sitelatch;
using namespace sitelatch::logs;
using namespace sitelatch::logs::test;
using namespace std::chrono_literals;

namespace {

Value metric_filter(const char* pattern, const char* value = "1", Value more = Value::structure(),
                    const char* name = "f") {
  Value transformation =
      Value::structure({{"metricName", "m"}, {"metricNamespace", "Mine"}, {"metricValue", value}});
  for (const auto& [member, extra] : more.members()) transformation.set(member, extra);
  return group(Value::structure({{"filterName", name},
                                 {"filterPattern", pattern},
                                 {"metricTransformations", Value::list({transformation})}}));
}
Value subscription(const char* pattern, const char* name = "s",
                   const char* arn = "arn:aws:lambda:us-east-1:000000000000:function:f") {
  return group(Value::structure(
      {{"filterName", name}, {"filterPattern", pattern}, {"destinationArn", arn}}));
}
std::string told(const Metrics& metrics) {
  std::string out;
  for (const auto& sample : metrics.samples) {
    out += fmt::format("{} {}={}x{}", sample.name_space, sample.name, sample.value, sample.samples);
    for (const auto& [name, value] : sample.dimensions) out += fmt::format(" {}:{}", name, value);
    out += fmt::format(" {}; ", sample.unit);
  }
  return out;
}
Value batch_in(const std::string& payload) {
  const auto data = unbase64((*aws::from_json(payload))["awslogs"]["data"].string());
  return *aws::from_json(aws::codec::inflate_gzip(*data, 1 << 20));
}

}  // namespace

TEST_CASE("metric filters: put, described, replaced, gone, over a crash") {
  Fixture f;
  f.make_stream();
  f.ok("PutMetricFilter", metric_filter("ERROR", "1", Value::structure({{"defaultValue", 0.0}})));
  f.ok("PutMetricFilter",
       metric_filter("{ $.a = 1 }", "$.a",
                     Value::structure(
                         {{"dimensions", Value::structure({{"D", "$.d"}})}, {"unit", "Seconds"}}),
                     "other"));
  f.crash();
  const auto described = f.ok("DescribeMetricFilters", group())["metricFilters"];
  CHECK(
      aws::to_json(described) ==
      fmt::format(
          R"([{{"filterName":"f","filterPattern":"ERROR","metricTransformations":)"
          R"([{{"metricName":"m","metricNamespace":"Mine","metricValue":"1","defaultValue":0E0}}],)"
          R"("creationTime":{0},"applyOnTransformedLogs":false,"logGroupName":"g"}},)"
          R"({{"filterName":"other","filterPattern":"{{ $.a = 1 }}","metricTransformations":)"
          R"([{{"metricName":"m","metricNamespace":"Mine","metricValue":"$.a",)"
          R"("dimensions":{{"D":"$.d"}},"unit":"Seconds"}}],"creationTime":{0},)"
          R"("applyOnTransformedLogs":false,"logGroupName":"g"}}])",
          f.now()));
  CHECK(f.ok("DescribeLogGroups", Value::structure())["logGroups"]
            .items()[0]["metricFilterCount"]
            .integer() == 2);
  const auto asked = [&f](Value input) {
    return f.ok("DescribeMetricFilters", input)["metricFilters"].items().size();
  };
  CHECK(asked(Value::structure({{"filterNamePrefix", "o"}})) == 1);
  CHECK(asked(Value::structure({{"metricName", "m"}, {"metricNamespace", "Mine"}})) == 2);
  CHECK(asked(Value::structure({{"metricName", "m"}, {"metricNamespace", "Other"}})) == 0);
  CHECK(asked(Value::structure({{"logGroupName", "g"}, {"filterNamePrefix", "x"}})) == 0);
  CHECK(f.error("DescribeMetricFilters", Value::structure({{"metricName", "m"}}))
            .starts_with("InvalidParameterException"));
  auto page = f.ok("DescribeMetricFilters", group(Value::structure({{"limit", 1}})));
  CHECK(page["metricFilters"].items().size() == 1);
  page = f.ok("DescribeMetricFilters",
              group(Value::structure({{"limit", 1}, {"nextToken", page["nextToken"]}})));
  CHECK(page["metricFilters"].items()[0]["filterName"].string() == "other");
  CHECK_FALSE(page.has("nextToken"));
  for (const auto* other : {"g-2", "g.2"}) {
    f.ok("CreateLogGroup", Value::structure({{"logGroupName", other}}));
    Value input = metric_filter("x");
    input.set("logGroupName", other);
    f.ok("PutMetricFilter", input);
  }
  std::string order;
  for (Value ask = Value::structure({{"limit", 1}});;) {
    const auto one = f.ok("DescribeMetricFilters", ask);
    for (const auto& filter : one["metricFilters"].items())
      order += filter["logGroupName"].string() + "/" + filter["filterName"].string() + " ";
    if (!one.has("nextToken")) break;
    ask.set("nextToken", one["nextToken"]);
  }
  CHECK(order == "g/f g/other g-2/f g.2/f ");
  for (const auto* other : {"g-2", "g.2"})
    f.ok("DeleteLogGroup", Value::structure({{"logGroupName", other}}));
  CHECK(f.error("DescribeMetricFilters", Value::structure({{"nextToken", "x"}})) ==
        "InvalidParameterException: The specified nextToken is invalid.");
  const auto by_name = group(Value::structure({{"filterName", "f"}}));
  f.ok("DeleteMetricFilter", by_name);
  CHECK(f.error("DeleteMetricFilter", by_name) ==
        "ResourceNotFoundException: The specified metric filter does not exist.");
  f.ok("DeleteLogGroup", group());
  f.make_stream();
  f.crash();
  CHECK(asked(Value::structure()) == 0);
}

TEST_CASE("metric filters that AWS refuses, in its words (fact logs-24)") {
  Fixture f;
  f.make_stream();
  const auto refused = [&f](const Value& input) { return f.error("PutMetricFilter", input); };
  const auto dimensions = [](const char* selector) { return Value::structure({{"D", selector}}); };
  CHECK(refused(metric_filter("a.b")) ==
        "InvalidParameterException: Invalid character(s) in term '.'");
  CHECK(refused(metric_filter(
            "[a]", "1",
            Value::structure({{"dimensions", dimensions("$a")}, {"defaultValue", 1.0}}))) ==
        "InvalidParameterException: Invalid metric transformation: dimensions and default value "
        "are mutually exclusive properties");
  CHECK(
      refused(metric_filter("ERROR", "1", Value::structure({{"dimensions", dimensions("$.a")}}))) ==
      "InvalidParameterException: The specified filter pattern does not support dimensions");
  CHECK(refused(metric_filter("[a]", "1", Value::structure({{"dimensions", dimensions("x")}}))) ==
        "InvalidParameterException: Invalid metric transformation: dimension value must be valid "
        "selector");
  for (const auto* value : {"metricValue", "$.a", "$b", "", "inf"})
    CHECK_MESSAGE(refused(metric_filter("[a]", value))
                      .starts_with("InvalidParameterException: Invalid metric transformation"),
                  value);
  for (int i = 0; i < 5; ++i)
    f.ok("PutMetricFilter",
         metric_filter("%[a-z]x%", "1", Value::structure(), std::to_string(i).c_str()));
  f.ok("PutMetricFilter", metric_filter("%[a-z]y%", "1", Value::structure(), "3"));
  CHECK(refused(metric_filter("%x%")) == "LimitExceededException: Resource limit exceeded.");
  CHECK(f.error("PutSubscriptionFilter", subscription("%x%")) ==
        "LimitExceededException: Resource limit exceeded.");
  for (int i = 5; i < 100; ++i)
    f.ok("PutMetricFilter", metric_filter("x", "1", Value::structure(), std::to_string(i).c_str()));
  CHECK(refused(metric_filter("x")) == "LimitExceededException: Resource limit exceeded.");
  f.ok("CreateLogGroup",
       Value::structure({{"logGroupName", "rare"}, {"logGroupClass", "INFREQUENT_ACCESS"}}));
  Value of_rare = metric_filter("x");
  of_rare.set("logGroupName", "rare");
  CHECK(refused(of_rare).starts_with("InvalidOperationException"));
  Value elsewhere = metric_filter("x");
  elsewhere.set("logGroupName", "none");
  CHECK(refused(elsewhere) == "ResourceNotFoundException: The specified log group does not exist.");
}

TEST_CASE("what metric filters count: constants, parts of messages, dimensions") {
  Fixture f;
  f.make_stream();
  f.ok("PutMetricFilter", metric_filter("ERROR", "2", Value::structure({{"unit", "Count"}})));
  f.ok("PutMetricFilter",
       metric_filter("{ $.ms > 0 }", "$.ms",
                     Value::structure({{"dimensions", Value::structure({{"Path", "$.p"}})}}), "j"));
  f.ok("PutMetricFilter", metric_filter("[ip, ..., bytes]", "$bytes", Value::structure(), "w"));
  f.ok("PutLogEvents", f.put({{f.now(), "an ERROR"},
                              {f.now(), "ERROR again"},
                              {f.now(), R"({"ms":12.5,"p":"/a"})"},
                              {f.now(), R"({"ms":12.5})"},
                              {f.now(), "10.0.0.1 GET 17"}}));
  CHECK(told(f.metrics) == "Mine m=2x2 Count; Mine m=12.5x1 Path:/a ; Mine m=17x1 ; ");
  CHECK(f.metrics.samples[0].at == from_unix_ms(f.now() - f.now() % 60'000));
  // Functions' lines are events, too.
  f.metrics.samples.clear();
  f.service->append("us-east-1", "g", "s", {{f.world.timers.now(), "ERROR of a function"}});
  CHECK(told(f.metrics) == "Mine m=2x1 Count; ");
  // Rejected events count for nothing.
  f.ok("PutLogEvents", f.put({{f.now() - 15 * 86'400'000LL, "ERROR"}}));
  CHECK(f.metrics.samples.size() == 1);
}

TEST_CASE("a default value stands for minutes with events and no match (fact logs-25)") {
  Fixture f;
  f.make_stream();
  f.ok("PutMetricFilter", metric_filter("ERROR", "1", Value::structure({{"defaultValue", 0.0}})));
  f.world.advance(2min);
  CHECK(f.metrics.samples.empty());
  f.ok("PutLogEvents", f.put({{f.now(), "fine"}}));
  f.ok("PutLogEvents", f.put({{f.now() - 60'000, "fine"}}));
  f.ok("PutLogEvents", f.put({{f.now(), "ERROR"}}));
  CHECK(told(f.metrics) == "Mine m=1x1 ; ");
  f.world.advance(1min);
  CHECK(told(f.metrics) == "Mine m=1x1 ; Mine m=0x1 ; ");
  f.ok("PutLogEvents", f.put({{f.now(), "fine"}}));
  f.world.advance(5min);
  CHECK(told(f.metrics) == "Mine m=1x1 ; Mine m=0x1 ; Mine m=0x1 ; ");
}

TEST_CASE("subscription filters: two a group, described, gone, over a crash") {
  Fixture f;
  f.make_stream();
  f.ok("PutSubscriptionFilter", subscription(""));
  f.ok("PutSubscriptionFilter", subscription("ERROR", "t"));
  f.ok("PutSubscriptionFilter", subscription("WARN"));
  CHECK(f.error("PutSubscriptionFilter", subscription("", "u")) ==
        "LimitExceededException: Resource limit exceeded.");
  f.crash();
  const auto described = f.ok("DescribeSubscriptionFilters", group())["subscriptionFilters"];
  CHECK(described.items().size() == 2);
  CHECK(described.items()[0] ==
        Value::structure({{"filterName", "s"},
                          {"filterPattern", "WARN"},
                          {"destinationArn", "arn:aws:lambda:us-east-1:000000000000:function:f"},
                          {"distribution", "ByLogStream"},
                          {"applyOnTransformedLogs", false},
                          {"creationTime", f.now()},
                          {"logGroupName", "g"}}));
  CHECK(f.ok("DescribeSubscriptionFilters",
             group(Value::structure({{"filterNamePrefix", "t"}})))["subscriptionFilters"]
            .items()
            .size() == 1);
  const auto by_name = group(Value::structure({{"filterName", "s"}}));
  f.ok("DeleteSubscriptionFilter", by_name);
  CHECK(f.error("DeleteSubscriptionFilter", by_name) ==
        "ResourceNotFoundException: The specified subscription filter does not exist.");
}

TEST_CASE("destinations that AWS refuses, in its words (facts logs-26, logs-29)") {
  Fixture f;
  f.make_stream();
  const auto refused = [&f](const char* arn, bool role = false) {
    auto input = subscription("", "s", arn);
    if (role) input.set("roleArn", "arn:aws:iam::000000000000:role/r");
    return f.error("PutSubscriptionFilter", input);
  };
  CHECK(refused("arn:aws:lambda:us-east-1:111111111111:function:f") ==
        "AccessDeniedException: Cross-account lambda invocation passing is not allowed. You must "
        "use DestinationPolicies to create cross account lambda triggers.");
  CHECK(refused("arn:aws:kinesis:us-east-1:000000000000:stream/s") ==
        "InvalidParameterException: destinationArn for vendor kinesis cannot be used without "
        "roleArn");
  CHECK(refused("arn:aws:kinesis:us-east-1:000000000000:stream/s", true) ==
        "InvalidParameterException: Could not deliver test message to specified Kinesis stream. "
        "Check if the given kinesis stream is in ACTIVE state.");
  CHECK(refused("arn:aws:firehose:us-east-1:000000000000:deliverystream/s", true) ==
        "InvalidParameterException: Could not deliver test message to specified Firehose stream. "
        "Check if the given Firehose stream is in ACTIVE state.");
  CHECK(refused("arn:aws:logs:us-east-1:000000000000:destination:d")
            .starts_with("InvalidParameterException: Could not deliver test message"));
  CHECK(refused("arn:aws:sqs:us-east-1:000000000000:q") ==
        "InvalidParameterException: PutSubscriptionFilter operation cannot work with "
        "destinationArn for vendor sqs");
  CHECK(refused("nonsense").starts_with("InvalidParameterException"));
  f.functions.permitted = false;
  CHECK(refused("arn:aws:lambda:us-east-1:000000000000:function:f") ==
        "InvalidParameterException: Could not execute the lambda function. Make sure you have "
        "given CloudWatch Logs permission to execute your function.");
  f.functions.permitted = true;
  f.ok("CreateLogGroup", Value::structure({{"logGroupName", "/aws/lambda/f"}}));
  auto own = subscription("");
  own.set("logGroupName", "/aws/lambda/f");
  CHECK(f.error("PutSubscriptionFilter", own) ==
        "InvalidParameterException: The log group provided is reserved for the function logs of "
        "the destination function.");
}

TEST_CASE("a subscription sends Lambda's event: gzip, base64, what matches, with its ids") {
  Fixture f;
  f.make_stream();
  f.ok("PutSubscriptionFilter", subscription("ERROR"));
  f.ok("PutLogEvents", f.put({{f.now(), "fine"}, {f.now(), "an ERROR"}, {f.now(), "ERROR 2"}}));
  REQUIRE(f.functions.payloads.size() == 1);
  CHECK(f.functions.calls[0] ==
        "arn:aws:lambda:us-east-1:000000000000:function:f "
        "arn:aws:logs:us-east-1:000000000000:log-group:g:*");
  const auto batch = batch_in(f.functions.payloads[0]);
  CHECK(batch["messageType"].string() == "DATA_MESSAGE");
  CHECK(batch["owner"].string() == "000000000000");
  CHECK(batch["logGroup"].string() == "g");
  CHECK(batch["logStream"].string() == "s");
  CHECK(batch["subscriptionFilters"].strings() == std::vector<std::string>{"s"});
  const auto found = f.ok("FilterLogEvents", group(Value::structure({{"filterPattern", "ERROR"}})));
  REQUIRE(batch["logEvents"].items().size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(batch["logEvents"].items()[i]["id"] == found["events"].items()[i]["eventId"]);
    CHECK(batch["logEvents"].items()[i]["message"] == found["events"].items()[i]["message"]);
  }
}

TEST_CASE("batches that Lambda could not take whole are parted") {
  Fixture f;
  f.make_stream();
  f.ok("PutSubscriptionFilter", subscription(""));
  Value list = Value::list();
  for (int i = 0; i < 20; ++i) {
    const auto noise = ports::random_hex(f.world.entropy, 40'000);
    list.push(Value::structure({{"timestamp", f.now()}, {"message", std::to_string(i) + noise}}));
  }
  Value input = f.put({});
  input.set("logEvents", list);
  f.ok("PutLogEvents", input);
  CHECK(f.functions.payloads.size() > 1);
  std::size_t events = 0;
  for (const auto& payload : f.functions.payloads) {
    CHECK(payload.size() <= 262'144);
    events += batch_in(payload)["logEvents"].items().size();
  }
  CHECK(events == 20);
}

TEST_CASE("what Lambda cannot take for now is tried again, over a crash, for a day") {
  using Kind = aws::DispatchOutcome::Kind;
  Fixture f;
  f.make_stream();
  f.ok("PutSubscriptionFilter", subscription(""));
  f.functions.outcome = Kind::failed;
  f.ok("PutLogEvents", f.put({{f.now(), "a"}}));
  f.world.advance(1h);
  CHECK(f.functions.calls.size() > 3);
  f.crash();
  f.functions.outcome = Kind::accepted;
  f.world.advance(16min);
  CHECK(f.functions.payloads.size() == 1);
  f.world.advance(1h);
  CHECK(f.functions.payloads.size() == 1);
  f.functions.outcome = Kind::failed;
  f.ok("PutLogEvents", f.put({{f.now(), "b"}}));
  f.world.advance(25h);
  f.functions.outcome = Kind::accepted;
  f.world.advance(25h);
  CHECK(f.functions.payloads.size() == 1);
}

TEST_CASE("what Lambda will not take is dropped, and nothing is sent for ten minutes") {
  using Kind = aws::DispatchOutcome::Kind;
  Fixture f;
  f.make_stream();
  f.ok("PutSubscriptionFilter", subscription(""));
  f.functions.outcome = Kind::refused;
  f.ok("PutLogEvents", f.put({{f.now(), "a"}}));
  f.functions.outcome = Kind::accepted;
  f.ok("PutLogEvents", f.put({{f.now(), "b"}}));
  f.world.advance(9min);
  f.ok("PutLogEvents", f.put({{f.now(), "c"}}));
  CHECK(f.functions.payloads.empty());
  f.world.advance(2min);
  f.ok("PutLogEvents", f.put({{f.now(), "d"}}));
  REQUIRE(f.functions.payloads.size() == 1);
  CHECK(batch_in(f.functions.payloads[0])["logEvents"].items()[0]["message"].string() == "d");
}
