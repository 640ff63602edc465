// SPDX-License-Identifier: Apache-2.0
// A function's words: a metric filter counts them and an alarm rings; a subscription hands them to
// another function.
#include <doctest/doctest.h>

#include "aws/wire/codec.h"
#include "base/text.h"
#include "failover_story.h"
#include "services/lambda/test_world.h"

namespace sitelatch::scenario {
namespace {

const std::string region = "eu-west-1";
const std::string watcher = "watcher";
const std::string words_group = "/aws/lambda/speaker";

// Two functions that may write logs: one that says what the test has it say, and one that listens.
struct WordsStory : TestEngine {
  WordsStory() {
    make(
        "iam", "CreateRole",
        Value::structure({{"RoleName", "r"},
                          {"AssumeRolePolicyDocument",
                           R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)"
                           R"({"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})"}}));
    make("iam", "PutRolePolicy",
         Value::structure(
             {{"RoleName", "r"},
              {"PolicyName", "logs"},
              {"PolicyDocument", R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
                                 R"("Action":"logs:*","Resource":"*"}]})"}}));
    for (const auto* name : {"speaker", "watcher"})
      make("lambda", "CreateFunction",
           Value::structure({{"FunctionName", name},
                             {"Runtime", "python3.11"},
                             {"Handler", "lambda.handler"},
                             {"Role", "arn:aws:iam::000000000000:role/r"},
                             {"Code", Value::structure({{"ZipFile", lambda::test::small_zip()}})}}),
           region);
    ok("logs", "CreateLogGroup", Value::structure({{"logGroupName", words_group}}), region);
    functions["speaker"] = [this](Running& running) { running.print(words); };
    functions["watcher"] = [this](Running& running) { heard.push_back(running.event); };
  }
  void speaks(const std::string& what) {
    words = what;
    ok("lambda", "Invoke",
       Value::structure({{"FunctionName", "speaker"}, {"InvocationType", "Event"}}), region);
    wait(1s);
  }
  std::string alarm() {
    return ok("cloudwatch", "DescribeAlarms", Value::structure(), region)["MetricAlarms"]
        .items()[0]["StateValue"]
        .string();
  }
  Value put_subscription() {
    return Value::structure(
        {{"logGroupName", words_group},
         {"filterName", "watch"},
         {"filterPattern", "?ERROR ?Exception"},
         {"destinationArn", "arn:aws:lambda:eu-west-1:000000000000:function:watcher"}});
  }
  void permit(const std::string& source) {
    ok("lambda", "AddPermission",
       Value::structure({{"FunctionName", watcher},
                         {"StatementId", "logs"},
                         {"Action", "lambda:InvokeFunction"},
                         {"Principal", "logs.amazonaws.com"},
                         {"SourceArn", source}}),
       region);
  }
  std::string words;
  std::vector<Value> heard;
};

}  // namespace

TEST_CASE("an alarm on a function's words rings, and is quiet again when they stop") {
  WordsStory engine;
  engine.ok("logs", "PutMetricFilter",
            Value::structure({{"logGroupName", words_group},
                              {"filterName", "errors"},
                              {"filterPattern", "ERROR"},
                              {"metricTransformations",
                               Value::list({Value::structure({{"metricName", "Errors"},
                                                              {"metricNamespace", "Words"},
                                                              {"metricValue", "1"},
                                                              {"defaultValue", 0.0}})})}}),
            region);
  engine.ok("cloudwatch", "PutMetricAlarm",
            Value::structure({{"AlarmName", "words"},
                              {"ComparisonOperator", "GreaterThanThreshold"},
                              {"EvaluationPeriods", 1},
                              {"MetricName", "Errors"},
                              {"Namespace", "Words"},
                              {"Period", 60},
                              {"Statistic", "Sum"},
                              {"Threshold", 1.0},
                              {"TreatMissingData", "ignore"}}),
            region);
  engine.speaks("all is well");
  engine.wait(3min);
  CHECK(engine.alarm() == "OK");  // by the default value alone
  engine.speaks("ERROR one");
  engine.wait(3min);
  CHECK(engine.alarm() == "OK");
  engine.speaks("ERROR two");
  engine.speaks("ERROR three");
  engine.crash();
  engine.wait(3min);
  CHECK(engine.alarm() == "ALARM");
  engine.speaks("all is well");
  engine.wait(3min);
  CHECK(engine.alarm() == "OK");
}

TEST_CASE("a subscription hands a function's words to another, which must have let it in") {
  WordsStory engine;
  CHECK(engine.call("logs", "PutSubscriptionFilter", engine.put_subscription(), region)
            .error()
            .message ==
        "Could not execute the lambda function. Make sure you have given "
        "CloudWatch Logs permission to execute your function.");
  engine.permit("arn:aws:logs:eu-west-1:000000000000:log-group:" + words_group + ":*");
  engine.ok("logs", "PutSubscriptionFilter", engine.put_subscription(), region);
  engine.speaks("all is well");
  CHECK(engine.heard.empty());
  engine.speaks("an ERROR here");
  REQUIRE(engine.heard.size() == 1);
  const auto data = unbase64(engine.heard[0]["awslogs"]["data"].string());
  REQUIRE(data);
  const auto batch = aws::from_json(aws::codec::inflate_gzip(*data, 1 << 20));
  REQUIRE(batch);
  CHECK((*batch)["logGroup"].string() == words_group);
  REQUIRE((*batch)["logEvents"].items().size() == 1);
  CHECK((*batch)["logEvents"].items()[0]["message"].string().find("an ERROR here") !=
        std::string::npos);
}

TEST_CASE("Lambda is out while a function's words wait for it: they come when it is back") {
  WordsStory engine;
  engine.permit("arn:aws:logs:eu-west-1:000000000000:*");
  engine.ok("logs", "PutSubscriptionFilter", engine.put_subscription(), region);
  engine.ok("logs", "CreateLogStream",
            Value::structure({{"logGroupName", words_group}, {"logStreamName", "s"}}), region);
  realism::Fault out;
  out.kind = realism::FaultKind::outage;
  out.service = "lambda";
  out.region = region;
  engine.realism.add(out);
  engine.ok("logs", "PutLogEvents",
            Value::structure(
                {{"logGroupName", words_group},
                 {"logStreamName", "s"},
                 {"logEvents", Value::list({Value::structure({{"timestamp", unix_ms(engine.now())},
                                                              {"message", "ERROR"}})})}}),
            region);
  engine.wait(1h);
  CHECK(engine.heard.empty());
  engine.crash();
  engine.realism.clear();
  engine.wait(20min);
  CHECK(engine.heard.size() == 1);
}

}  // namespace sitelatch::scenario
