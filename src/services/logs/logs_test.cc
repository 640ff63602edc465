// SPDX-License-Identifier: Apache-2.0
// The service on virtual time.
#include "services/logs/logs.h"

#include <doctest/doctest.h>

#include <set>

#include "services/logs/test_world.h"

using namespace sitelatch;
using namespace sitelatch::logs;
using namespace std::chrono_literals;
using namespace sitelatch::logs::test;
using aws::Value;

TEST_CASE("groups and streams: created once, described, deleted, with AWS's texts") {
  Fixture f;
  f.make_stream();
  CHECK(f.error("CreateLogGroup", group()) ==
        "ResourceAlreadyExistsException: The specified log group already exists");
  CHECK(f.error("CreateLogStream", stream()) ==
        "ResourceAlreadyExistsException: The specified log stream already exists");
  CHECK(f.error("DescribeLogStreams", Value::structure({{"logGroupName", "x"}})) ==
        "ResourceNotFoundException: The specified log group does not exist.");
  CHECK(
      f.error("GetLogEvents", Value::structure({{"logGroupName", "g"}, {"logStreamName", "x"}})) ==
      "ResourceNotFoundException: The specified log stream does not exist.");
  const auto groups = f.ok("DescribeLogGroups", Value::structure())["logGroups"];
  REQUIRE(groups.items().size() == 1);
  CHECK(groups.items()[0] ==
        Value::structure({{"logGroupName", "g"},
                          {"creationTime", f.now()},
                          {"metricFilterCount", 0},
                          {"arn", "arn:aws:logs:us-east-1:000000000000:log-group:g:*"},
                          {"storedBytes", 0},
                          {"logGroupClass", "STANDARD"},
                          {"logGroupArn", "arn:aws:logs:us-east-1:000000000000:log-group:g"},
                          {"deletionProtectionEnabled", false}}));
  CHECK(f.ok("DescribeLogStreams", group())["logStreams"].items()[0] ==
        Value::structure({{"logStreamName", "s"},
                          {"creationTime", f.now()},
                          {"arn", "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:s"},
                          {"storedBytes", 0}}));
  CHECK(
      (*f.call("DescribeLogGroups", Value::structure(), "eu-west-1"))["logGroups"].items().empty());
  f.crash();
  f.ok("DeleteLogStream", stream());
  CHECK(f.error("DeleteLogStream", stream()) ==
        "ResourceNotFoundException: The specified log stream does not exist.");
  f.ok("DeleteLogGroup", group());
  CHECK(f.ok("DescribeLogGroups", Value::structure())["logGroups"].is_list());
  f.ok("CreateLogGroup", group(Value::structure({{"deletionProtectionEnabled", true}})));
  CHECK(f.error("DeleteLogGroup", group()).rfind("ValidationException", 0) == 0);
}

TEST_CASE("listing pages through groups and streams, and refuses made-up tokens") {
  Fixture f;
  for (int i = 0; i < 120; ++i)
    f.ok("CreateLogGroup", Value::structure({{"logGroupName", "a" + std::to_string(1000 + i)}}));
  std::size_t seen = 0;
  Value input = Value::structure();
  for (;;) {
    const auto page = f.ok("DescribeLogGroups", input);
    seen += page["logGroups"].items().size();
    if (!page.has("nextToken")) break;
    input.set("nextToken", page["nextToken"]);
  }
  CHECK(seen == 120);
  CHECK(f.ok("DescribeLogGroups", Value::structure({{"logGroupNamePrefix", "a111"}}))["logGroups"]
            .items()
            .size() == 10);
  CHECK(f.ok("DescribeLogGroups", Value::structure({{"logGroupNamePattern", "A1119"}}))["logGroups"]
            .items()
            .size() == 1);
  CHECK(
      f.ok("ListLogGroups", Value::structure({{"logGroupNamePattern", "^a111|1005"}}))["logGroups"]
          .items()
          .size() == 11);
  CHECK(f.error("DescribeLogGroups",
                Value::structure({{"logGroupNamePrefix", "a"}, {"logGroupNamePattern", "b"}})) ==
        "InvalidParameterException: LogGroup name prefix and LogGroup name pattern are mutually "
        "exclusive parameters.");
  CHECK(f.error("DescribeLogGroups", Value::structure({{"nextToken", "x"}})) ==
        "InvalidParameterException: The specified nextToken is invalid.");

  f.make_stream();
  for (const auto* name : {"b", "a", "c"})
    f.ok("CreateLogStream", group(Value::structure({{"logStreamName", name}})));
  f.ok("PutLogEvents", f.put({{f.now() - 5, "x"}}, "c"));
  f.ok("PutLogEvents", f.put({{f.now(), "x"}}, "a"));
  const auto names = [&](Value more) {
    std::string out;
    Value ask = group(std::move(more));
    ask.set("limit", 1);
    for (;;) {
      const auto page = f.ok("DescribeLogStreams", ask);
      out += page["logStreams"].items()[0]["logStreamName"].string();
      if (!page.has("nextToken")) return out;
      ask.set("nextToken", page["nextToken"]);
    }
  };
  CHECK(names(Value::structure()) == "abcs");
  CHECK(names(Value::structure({{"descending", true}})) == "scba");
  CHECK(names(Value::structure({{"orderBy", "LastEventTime"}, {"descending", true}})) == "acsb");
}

TEST_CASE("events come back in order of time, then of arrival, also after a crash") {
  Fixture f;
  f.make_stream();
  const auto t = f.now();
  const auto put = f.ok("PutLogEvents", f.put({{t, "b"}, {t, "c"}, {t + 5, "e"}}));
  CHECK(put["nextSequenceToken"].string().size() == 56);
  CHECK_FALSE(put.has("rejectedLogEventsInfo"));
  f.ok("PutLogEvents", f.put({{t - 9, "a"}, {t, "d"}}));
  f.crash();
  const auto all = f.ok("GetLogEvents", stream());
  CHECK(texts(all) == "a b c d e ");
  CHECK(all["events"].items()[0] ==
        Value::structure({{"timestamp", t - 9}, {"message", "a"}, {"ingestionTime", t}}));
  f.ok("PutLogEvents", f.put({{t, "d2"}}));
  CHECK(texts(f.ok("GetLogEvents", stream())) == "a b c d d2 e ");
  CHECK(texts(f.ok("GetLogEvents", stream(Value::structure(
                                       {{"startTime", t}, {"endTime", t + 5}})))) == "b c d d2 ");
  const auto described = f.ok("DescribeLogStreams", group())["logStreams"].items()[0];
  CHECK(described["firstEventTimestamp"].integer() == t - 9);
  CHECK(described["lastEventTimestamp"].integer() == t + 5);
  CHECK(described["lastIngestionTime"].integer() == t);
  CHECK(described["uploadSequenceToken"].string().size() == 56);
}

TEST_CASE("GetLogEvents pages both ways and stops where tokens repeat (fact logs-5)") {
  Fixture f;
  f.make_stream();
  for (int i = 0; i < 7; ++i)
    f.ok("PutLogEvents", f.put({{f.now() + i, std::to_string(i).c_str()}}));
  std::string read;
  Value ask = stream(Value::structure({{"limit", 3}, {"startFromHead", true}}));
  for (int calls = 0; calls < 10; ++calls) {
    const auto page = f.ok("GetLogEvents", ask);
    read += texts(page) + "| ";
    if (ask.has("nextToken") && page["nextForwardToken"] == ask["nextToken"]) break;
    ask.set("nextToken", page["nextForwardToken"]);
  }
  CHECK(read == "0 1 2 | 3 4 5 | 6 | | ");
  f.ok("PutLogEvents", f.put({{f.now() + 9, "new"}}));
  CHECK(texts(f.ok("GetLogEvents", ask)) == "new ");
  // Without startFromHead: the latest first, each page in order.
  auto latest = f.ok("GetLogEvents", stream(Value::structure({{"limit", 3}})));
  CHECK(texts(latest) == "5 6 new ");
  const auto before =
      f.ok("GetLogEvents",
           stream(Value::structure({{"limit", 3}, {"nextToken", latest["nextBackwardToken"]}})));
  CHECK(texts(before) == "2 3 4 ");
  CHECK(f.error("GetLogEvents", stream(Value::structure({{"nextToken", "f/1/s"}}))) ==
        "InvalidParameterException: The specified nextToken is invalid.");
}

TEST_CASE("PutLogEvents judges each event and each batch") {
  Fixture f;
  f.make_stream();
  const auto t = f.now();
  const std::int64_t day = 86'400'000;
  CHECK(f.error("PutLogEvents", f.put({{t, "a"}, {t - 1, "b"}})) ==
        "InvalidParameterException: Log events in a single PutLogEvents request must be in "
        "chronological order.");
  CHECK(f.error("PutLogEvents", f.put({{t - day - 1, "a"}, {t, "b"}})).find("24 hours") !=
        std::string::npos);
  const auto rejected =
      f.ok("PutLogEvents", f.put({{t - 15 * day, "old"},
                                  {t, "fine"},
                                  {t + 3 * 3'600'000, "new"}}))["rejectedLogEventsInfo"];
  CHECK(rejected ==
        Value::structure({{"tooNewLogEventStartIndex", 2}, {"tooOldLogEventEndIndex", 1}}));
  CHECK(texts(f.ok("GetLogEvents", stream())) == "fine ");
  f.ok("PutRetentionPolicy", group(Value::structure({{"retentionInDays", 1}})));
  CHECK(f.ok("PutLogEvents", f.put({{t - 2 * day, "expired"}}))["rejectedLogEventsInfo"] ==
        Value::structure({{"expiredLogEventEndIndex", 1}}));
  const std::string large(1'048'576, 'x');
  CHECK(f.error("PutLogEvents", f.put({{t, large.c_str()}}))
            .rfind("InvalidParameterException: Log event too large", 0) == 0);
  const std::string half(600'000, 'x');
  CHECK(f.error("PutLogEvents", f.put({{t, half.c_str()}, {t, half.c_str()}}))
            .rfind("InvalidParameterException: Upload too large", 0) == 0);
}

TEST_CASE("FilterLogEvents: all streams in order of time, stable ids, pages") {
  Fixture f;
  f.make_stream();
  f.ok("CreateLogStream", group(Value::structure({{"logStreamName", "other"}})));
  const auto t = f.now();
  f.ok("PutLogEvents", f.put({{t, "ERROR one"}, {t + 2, "fine"}}));
  f.ok("PutLogEvents", f.put({{t + 1, "ERROR two"}, {t + 3, "ERROR three"}}, "other"));
  CHECK(texts(f.ok("FilterLogEvents", group())) == "ERROR one ERROR two fine ERROR three ");
  CHECK(
      texts(f.ok("FilterLogEvents", group(Value::structure({{"filterPattern", "ERROR -two"}})))) ==
      "ERROR one ERROR three ");
  CHECK(texts(f.ok("FilterLogEvents",
                   group(Value::structure({{"logStreamNames", Value::list({"s"})}})))) ==
        "ERROR one fine ");
  CHECK(texts(f.ok("FilterLogEvents", group(Value::structure({{"logStreamNamePrefix", "ot"}})))) ==
        "ERROR two ERROR three ");
  CHECK(texts(f.ok("FilterLogEvents",
                   group(Value::structure({{"startTime", t + 1}, {"endTime", t + 2}})))) ==
        "ERROR two fine ");
  CHECK(texts(f.ok("FilterLogEvents",
                   Value::structure(
                       {{"logGroupIdentifier", "arn:aws:logs:us-east-1:000000000000:log-group:g"},
                        {"startTime", t + 3}}))) == "ERROR three ");
  std::set<std::string> ids;
  std::string read;
  Value ask =
      group(Value::structure({{"limit", 1}, {"filterPattern", "ERROR"}, {"interleaved", true}}));
  for (int calls = 0; calls < 10; ++calls) {
    const auto page = f.ok("FilterLogEvents", ask);
    read += texts(page);
    for (const auto& event : page["events"].items()) ids.insert(event["eventId"].string());
    if (!page.has("nextToken")) break;
    ask.set("nextToken", page["nextToken"]);
  }
  CHECK(read == "ERROR one ERROR two ERROR three ");
  CHECK(ids.size() == 3);
  f.crash();
  const auto again = f.ok("FilterLogEvents", group(Value::structure({{"filterPattern", "ERROR"}})));
  CHECK(again["events"].items().size() == 3);
  for (const auto& event : again["events"].items()) CHECK(ids.contains(event["eventId"].string()));
  CHECK(f.error("FilterLogEvents", group(Value::structure({{"filterPattern", "%a b%"}}))) ==
        "InvalidParameterException: Invalid character(s) in term '%a b%'");
  CHECK(f.error("FilterLogEvents", group(Value::structure({{"nextToken", "eHw="}}))) ==
        "InvalidParameterException: The specified nextToken is invalid.");
  CHECK(f.error("FilterLogEvents",
                Value::structure({{"logGroupName", "g"}, {"logGroupIdentifier", "g"}})) ==
        "ValidationException: LogGroup name and LogGroup ARN are mutually exclusive parameters.");
}

TEST_CASE("more events than one batch of the timeline") {
  Fixture f;
  std::vector<Logs::Line> lines;
  for (int i = 0; i < 1500; ++i)
    lines.push_back({f.world.timers.now() + std::chrono::milliseconds{i}, std::to_string(i)});
  f.service->append("us-east-1", "g", "s", lines);
  const auto all = f.ok("FilterLogEvents", group());
  CHECK(all["events"].items().size() == 1500);
  CHECK(all["events"].items()[1499]["message"].string() == "1499");
}

TEST_CASE("append makes what is missing, for functions' output") {
  Fixture f;
  const auto t = f.world.timers.now();
  f.service->append("us-east-1", "/aws/lambda/f", "2026/01/01/[$LATEST]a",
                    {{t + 1ms, "second\n"}, {t, "first\n"}, {t, ""}});
  f.world.settle();
  f.crash();
  f.service->append("us-east-1", "/aws/lambda/f", "2026/01/01/[$LATEST]a", {{t + 2ms, "third\n"}});
  CHECK(texts(f.ok("FilterLogEvents", Value::structure({{"logGroupName", "/aws/lambda/f"}}))) ==
        "first\n second\n third\n ");
}

TEST_CASE("retention deletes by the clock, deletion deletes at once") {
  Fixture f;
  f.make_stream();
  f.ok("PutLogEvents", f.put({{f.now(), "a"}}));
  CHECK(f.error("PutRetentionPolicy", group(Value::structure({{"retentionInDays", 2}})))
            .rfind("InvalidParameterException: 1 validation error detected: Value '2'", 0) == 0);
  f.ok("PutRetentionPolicy", group(Value::structure({{"retentionInDays", 1}})));
  f.world.advance(20h);
  f.ok("PutLogEvents", f.put({{f.now(), "b"}}));
  f.world.advance(6h);
  CHECK(texts(f.ok("GetLogEvents", stream())) == "b ");
  f.ok("DeleteRetentionPolicy", group());
  f.world.advance(48h);
  CHECK(texts(f.ok("FilterLogEvents", group())) == "b ");
  f.ok("DeleteLogStream", stream());
  f.ok("CreateLogStream", stream());
  CHECK(texts(f.ok("FilterLogEvents", group())) == "");
  f.ok("PutLogEvents", f.put({{f.now(), "c"}}));
  f.ok("DeleteLogGroup", group());
  f.make_stream();
  CHECK(texts(f.ok("GetLogEvents", stream())) == "");
  std::size_t rows = 0;
  for (const auto* table : {"logs.events", "logs.timeline"})
    f.world.journal.scan(table, "", "",
                         [&rows](std::string_view, std::string_view) { return ++rows > 0; });
  CHECK(rows == 0);
}

TEST_CASE("tags in both spellings of the operations") {
  Fixture f;
  f.ok("CreateLogGroup", group(Value::structure({{"tags", Value::structure({{"a", "1"}})}})));
  const std::string arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
  f.ok("TagResource",
       Value::structure({{"resourceArn", arn}, {"tags", Value::structure({{"b", "2"}})}}));
  f.ok("TagLogGroup", group(Value::structure({{"tags", Value::structure({{"c", "3"}})}})));
  f.ok("UntagResource",
       Value::structure({{"resourceArn", arn + ":*"}, {"tagKeys", Value::list({"a"})}}));
  f.ok("UntagLogGroup", group(Value::structure({{"tags", Value::list({"c"})}})));
  f.crash();
  CHECK(f.ok("ListTagsForResource", Value::structure({{"resourceArn", arn}}))["tags"] ==
        Value::structure({{"b", "2"}}));
  CHECK(f.ok("ListTagsLogGroup", group())["tags"] == Value::structure({{"b", "2"}}));
  CHECK(f.error("TagResource", Value::structure({{"resourceArn", arn + "x"},
                                                 {"tags", Value::structure({{"b", "2"}})}}))
            .rfind("ResourceNotFoundException", 0) == 0);
  CHECK(f.error("TagLogGroup",
                group(Value::structure({{"tags", Value::structure({{"aws:b", "2"}})}})))
            .rfind("InvalidParameterException", 0) == 0);
}

TEST_CASE("what operations ask of IAM, in both spellings of a group") {
  Fixture f;
  const auto asked = [&](std::string_view operation, const Value& input) {
    return f.service->authorisation(
        {operation, input, f.caller, "us-east-1", "000000000000", "", "", {}});
  };
  const std::string arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
  CHECK(asked("CreateLogGroup", group())[0].resources == std::vector<std::string>{arn, arn + ":*"});
  CHECK(asked("PutLogEvents", stream())[0].resources ==
        std::vector<std::string>{arn + ":log-stream:s"});
  CHECK(asked("FilterLogEvents", Value::structure({{"logGroupIdentifier", arn + ":*"}}))[0]
            .resources[0] == arn);
  CHECK(asked("DescribeLogGroups", Value::structure())[0].resources[0] == "*");
  const auto tag =
      asked("TagResource",
            Value::structure({{"resourceArn", arn}, {"tags", Value::structure({{"k", "v"}})}}));
  CHECK(tag[0].keys.at("aws:requesttag/k")[0] == "v");
}

TEST_CASE("TestMetricFilter says which messages match, and what the pattern names in them") {
  Fixture f;
  const auto tested = [&](const char* pattern, const Value& messages) {
    return aws::to_json(
        f.ok("TestMetricFilter",
             Value::structure({{"filterPattern", pattern}, {"logEventMessages", messages}})));
  };
  CHECK(tested("ERROR", Value::list({"fine", "an ERROR"})) ==
        R"({"matches":[{"eventNumber":2,"eventMessage":"an ERROR","extractedValues":{}}]})");
  CHECK(tested("{ $.code >= 500 && $.tags[0] = \"a*\" }",
               Value::list({R"({"code":503,"tags":["ab"]})", R"({"code":200})", "no JSON"})) ==
        R"({"matches":[{"eventNumber":1,"eventMessage":"{\"code\":503,\"tags\":[\"ab\"]}",)"
        R"("extractedValues":{"$.code":"503","$.tags[0]":"ab"}}]})");
  CHECK(tested("[host, ..., status = 4*, bytes]", Value::list({"h - x 404 17", "h 200 1"})) ==
        R"({"matches":[{"eventNumber":1,"eventMessage":"h - x 404 17",)"
        R"("extractedValues":{"$bytes":"17","$host":"h","$status":"404"}}]})");
  CHECK(tested("", Value::list({"all"})) ==
        R"({"matches":[{"eventNumber":1,"eventMessage":"all","extractedValues":{}}]})");
  CHECK(f.error("TestMetricFilter", Value::structure({{"filterPattern", "{ $.a"},
                                                      {"logEventMessages", Value::list({"x"})}})) ==
        "InvalidParameterException: If a filter pattern starts with '{' it must end with '}'");
}
