// SPDX-License-Identifier: Apache-2.0
// Inputs that no client writes, decoded: what a handler may rely on (kinds, no nulls, required
// members), and what a document may cost before it is refused.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <malloc.h>

#include "aws/wire/codec.h"
#include "aws/wire/test_support.h"

using namespace sitelatch;
using namespace sitelatch::aws;

namespace {

Recognised asked(std::string_view service, std::string_view operation, Protocol protocol) {
  Recognised what;
  what.service = &service_model(service);
  what.operation = what.service->operation(operation);
  what.protocol = protocol;
  REQUIRE(what.operation != nullptr);
  return what;
}

Outcome<Value> decoded(std::string_view service, std::string_view operation, Protocol protocol,
                       std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.body = std::move(body);
  const auto what = asked(service, operation, protocol);
  auto input = decode_input(what, request);
  if (!input) return input;
  if (auto invalid = validate(what, *input)) return failure(std::move(*invalid));
  return input;
}

std::string code_of(const Outcome<Value>& outcome) {
  return outcome ? "accepted" : outcome.error().code;
}

struct Row {
  std::string_view service, operation;
  Protocol protocol;
  std::string body;
  std::string_view code;
};

}  // namespace

TEST_CASE("nulls: absent as a member, refused as an item or as a value of a map (fact wire-23)") {
  const Row rows[] = {
      {"events", "PutTargets", Protocol::json_1_1, R"({"Rule":"r","Targets":[null]})",
       "SerializationException"},
      {"lambda", "CreateFunction", Protocol::rest_json, R"({"VpcConfig":{"SubnetIds":[null]}})",
       "SerializationException"},
      {"lambda", "CreateFunction", Protocol::rest_json,
       R"({"Environment":{"Variables":{"A":null}}})", "SerializationException"},
      {"cloudwatch", "GetMetricStatistics", Protocol::json_1_0,
       R"({"Namespace":"n","MetricName":"m","StartTime":1,"EndTime":2,"Period":60,)"
       R"("ExtendedStatistics":[null]})",
       "SerializationException"},
      {"cloudwatch", "PutMetricAlarm", Protocol::json_1_0,
       R"({"AlarmName":"a","EvaluationPeriods":1,"ComparisonOperator":"LessThanThreshold",)"
       R"("Dimensions":[null]})",
       "SerializationException"},
      {"cloudwatch", "PutMetricAlarm", Protocol::cbor,
       std::string("\xa1\x6a"
                   "Dimensions\x81\xf6"),
       "SerializationException"},
      {"cloudwatch", "PutMetricAlarm", Protocol::cbor,
       std::string("\xa1\x6a"
                   "Dimensions\x9f\xf7\xff"),
       "SerializationException"},
      {"logs", "CreateLogGroup", Protocol::json_1_1, R"({"logGroupName":"g","tags":{"a":null}})",
       "SerializationException"},
      {"sns", "CreateTopic", Protocol::query, "Name=t&Attributes.entry.1.key=DisplayName",
       "MalformedInput"},
      {"sns", "CreateTopic", Protocol::query, "Name=t&Attributes.entry.1.value=x",
       "MalformedInput"},
      {"events", "PutTargets", Protocol::json_1_1, R"({"Rule":null,"Targets":[{"Id":"1"}]})",
       "ValidationException"},
      {"logs", "CreateLogGroup", Protocol::json_1_1,
       R"({"logGroupName":"g","tags":null,"kmsKeyId":null})", "accepted"},
  };
  for (const auto& row : rows) {
    INFO(std::string{row.operation}, " ", row.body);
    CHECK(code_of(decoded(row.service, row.operation, row.protocol, row.body)) == row.code);
  }
}

TEST_CASE("a client that meets a null item or value leaves it out") {
  const auto& model = service_model("logs");
  const auto* shape = model.shape_named("ListTagsForResourceResponse");
  REQUIRE(shape != nullptr);
  Member place;
  place.shape = static_cast<ShapeId>(shape - model.shapes.data());
  const auto value =
      codec::read_json(model, place, R"({"tags":{"a":null,"b":"c"}})", codec::as_client);
  CHECK(value == Value::structure({{"tags", Value::structure({{"b", "c"}})}}));
}

TEST_CASE("wrong kinds and what is no text are the protocol's own error") {
  const Row rows[] = {
      {"route53", "CreateHostedZone", Protocol::rest_xml,
       "<CreateHostedZoneRequest><Name>a&#xD800;b</Name></CreateHostedZoneRequest>",
       "InvalidInput"},
      {"route53", "CreateHostedZone", Protocol::rest_xml,
       "<CreateHostedZoneRequest><Name>a&#x110000;b</Name></CreateHostedZoneRequest>",
       "InvalidInput"},
      {"route53", "CreateHostedZone", Protocol::rest_xml,
       "<CreateHostedZoneRequest><Name><b>a</b></Name></CreateHostedZoneRequest>", "InvalidInput"},
      {"sns", "CreateTopic", Protocol::query, "Name=%ff", "MalformedQueryString"},
      {"sns", "CreateTopic", Protocol::query, "Name.member.1=t", "MalformedInput"},
      {"sns", "CreateTopic", Protocol::query, "Name=t&Tags=x", "MalformedInput"},
      {"logs", "CreateLogGroup", Protocol::json_1_1, R"({"logGroupName":"\ud800"})",
       "SerializationException"},
      {"logs", "CreateLogGroup", Protocol::json_1_1, R"({"logGroupName":{"a":1}})",
       "SerializationException"},
      {"logs", "PutLogEvents", Protocol::json_1_1,
       R"({"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":1e300,)"
       R"("message":"m"}]})",
       "SerializationException"},
      {"logs", "PutLogEvents", Protocol::json_1_1,
       R"({"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":18446744073709551615,)"
       R"("message":"m"}]})",
       "SerializationException"},
      {"logs", "CreateLogGroup", Protocol::json_1_1, std::string(200, '[') + std::string(200, ']'),
       "SerializationException"},
      // Deeper than any shape, where no shape says of what kind it should be.
      {"logs", "CreateLogGroup", Protocol::json_1_1,
       R"({"logGroupName":"g","unknown":)" + std::string(200, '[') + std::string(200, ']') + "}",
       "SerializationException"},
      {"cloudwatch", "SetAlarmState", Protocol::cbor,
       std::string("\xa1\x69"
                   "AlarmName\x62\xff\xfe"),
       "SerializationException"},
  };
  for (const auto& row : rows) {
    INFO(std::string{row.operation}, " ", row.body);
    CHECK(code_of(decoded(row.service, row.operation, row.protocol, row.body)) == row.code);
  }
}

TEST_CASE("times: beyond what we hold the nearest, beyond the years 1 to 9999 an error (wire-24)") {
  const auto end_time = [](const std::string& literal) {
    return decoded("cloudwatch", "GetMetricStatistics", Protocol::json_1_0,
                   R"({"Namespace":"n","MetricName":"m","StartTime":0,"Period":60,"EndTime":)" +
                       literal + "}");
  };
  for (const char* far : {"253402300799", R"("9999-12-31T23:59:59Z")", "7258118400.5"}) {
    INFO(far);
    const auto input = end_time(far);
    REQUIRE(input);
    CHECK((*input)["EndTime"].timestamp() == latest);
  }
  for (const char* long_ago : {"-62135596800", R"("0001-01-01T00:00:00Z")"}) {
    const auto input = end_time(long_ago);
    REQUIRE(input);
    CHECK((*input)["EndTime"].timestamp() == earliest);
  }
  for (const char* none : {"1e308", "-1e308", "253402300800", "-62135596801", R"("NaN")",
                           R"("Infinity")", R"("0000-01-01T00:00:00Z")",
                           R"("10000-01-01T00:00:00Z")", R"("soon")", "true", "[]", "{}"}) {
    INFO(none);
    CHECK(code_of(end_time(none)) == "SerializationException");
  }
}

TEST_CASE("a member twice: the last counts, as on every protocol") {
  CHECK((*decoded("logs", "CreateLogGroup", Protocol::json_1_1,
                  R"({"logGroupName":"a","logGroupName":"b"})"))["logGroupName"]
            .string() == "b");
  CHECK(code_of(decoded("logs", "CreateLogGroup", Protocol::json_1_1,
                        R"({"logGroupName":"a","logGroupName":null})")) ==
        "InvalidParameterException");
  CHECK(code_of(decoded("cloudwatch", "SetAlarmState", Protocol::cbor,
                        std::string("\xa2\x69"
                                    "AlarmName\x61"
                                    "a\x69"
                                    "AlarmName\xf6"))) != "accepted");
}

namespace {
std::string repeated(std::string_view text, std::size_t bytes) {
  std::string out;
  out.reserve(bytes + text.size());
  while (out.size() < bytes) out += text;
  return out;
}
}  // namespace

TEST_CASE("a document of very many values is refused before memory is spent on it (wire-25)") {
  constexpr std::size_t size = 20 << 20;
  const Row rows[] = {
      {"cloudwatch", "DescribeAlarms", Protocol::cbor,
       "\xa1\x6a"
       "AlarmNames\x9f" +
           std::string(size, '\x60') + "\xff",
       "RequestEntityTooLarge"},
      {"cloudwatch", "DescribeAlarms", Protocol::cbor,
       "\xa1\x67"
       "unknown\x9f" +
           std::string(size, '\xf6') + "\xff",
       "RequestEntityTooLarge"},
      {"cloudwatch", "DescribeAlarms", Protocol::json_1_0,
       R"({"unknown":[)" + repeated("[],", size) + "0]}", "RequestEntityTooLarge"},
      {"cloudwatch", "DescribeAlarms", Protocol::json_1_0,
       R"({"AlarmNames":[)" + repeated("\"\",", size) + "\"\"]}", "RequestEntityTooLarge"},
      {"route53", "CreateHostedZone", Protocol::rest_xml,
       "<CreateHostedZoneRequest>" + repeated("<a/>", size) + "</CreateHostedZoneRequest>",
       "RequestEntityTooLarge"},
      {"route53", "CreateHostedZone", Protocol::rest_xml,
       "<CreateHostedZoneRequest " + repeated("a='' ", size) + "/>", "RequestEntityTooLarge"},
      {"sns", "ListTopics", Protocol::query, repeated("a&", size), "RequestEntityTooLarge"},
      {"sns", "CreateTopic", Protocol::query,
       "Name=t&" + repeated("a.b.c.d.e.f.g.h=&", 1 << 20) + repeated("a.", 4096) + "=",
       "MalformedInput"},
  };
  for (const auto& row : rows) {
    INFO(std::string{row.operation}, " ", row.body.substr(0, 40));
    HttpRequest request;
    request.body = row.body;
    const auto what = asked(row.service, row.operation, row.protocol);
    const auto before = mallinfo2();
    const auto input = decode_input(what, request);
    const auto after = mallinfo2();
    CHECK(code_of(input) == row.code);
    if (row.code == "RequestEntityTooLarge") CHECK(input.error().status == 413);
    // Nothing is left of it, and the heap has not grown by more than the body.
    CHECK(after.uordblks < before.uordblks + (1u << 20));
    CHECK(after.arena + after.hblkhd < before.arena + before.hblkhd + 2 * row.body.size());
  }
}

TEST_CASE("what AWS's own limits let a request hold is within the bound") {
  std::string metrics;
  for (int metric = 0; metric < 1000; ++metric) {
    std::string values, counts;
    for (int i = 0; i < 150; ++i) {
      values += fmt::format("{}{}", i ? "," : "", i);
      counts += i ? ",1" : "1";
    }
    metrics += fmt::format(R"({}{{"MetricName":"m{}","Values":[{}],"Counts":[{}]}})",
                           metric ? "," : "", metric, values, counts);
  }
  const auto input = decoded("cloudwatch", "PutMetricData", Protocol::json_1_0,
                             R"({"Namespace":"n","MetricData":[)" + metrics + "]}");
  REQUIRE(input);
  CHECK((*input)["MetricData"].items().size() == 1000);
  std::string events;
  for (int i = 0; i < 10'000; ++i)
    events += fmt::format(R"({}{{"timestamp":{},"message":"m"}})", i ? "," : "", i);
  CHECK(decoded("logs", "PutLogEvents", Protocol::json_1_1,
                R"({"logGroupName":"g","logStreamName":"s","logEvents":[)" + events + "]}"));
}
