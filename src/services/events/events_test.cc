// SPDX-License-Identifier: Apache-2.0
#include "services/events/events.h"

#include <doctest/doctest.h>

#include "ports/sim/world.h"
#include "services/events/input.h"

using namespace sitelatch;
using namespace sitelatch::events;
using namespace std::chrono_literals;
using aws::Value;

namespace {

const std::string account = "000000000000";
const std::string function_arn = "arn:aws:lambda:us-east-1:000000000000:function:reconcile";

struct Recorder final : Targets {
  aws::DispatchOutcome dispatch(const std::string& target, const std::string& payload,
                                const std::string& rule) override {
    ++asked;
    if (answer.kind != aws::DispatchOutcome::Kind::accepted) return answer;
    payloads.push_back(payload);
    targets.push_back(target);
    rules.push_back(rule);
    return answer;
  }
  aws::DispatchOutcome answer{aws::DispatchOutcome::Kind::accepted, "id", ""};
  int asked = 0;
  std::vector<std::string> payloads, targets, rules;
};
struct Sums final : RuleMetrics {
  void count(std::string_view, std::string_view metric, std::string_view, double value,
             std::string_view, Instant) override {
    of[std::string{metric}] += value;
  }
  std::map<std::string, double> of;
};

struct Fixture {
  ports::sim::World world;
  Recorder targets;
  Sums metrics;
  std::unique_ptr<Events> events;
  std::string region = "us-east-1";
  aws::Caller caller;

  Fixture() { start(); }
  void start() {
    events.reset();
    events = std::make_unique<Events>(
        Dependencies{world.journal, world.timers, world.entropy, targets, metrics}, account);
  }
  void crash() {
    world.journal.crash();
    start();
  }
  aws::Outcome<> call(std::string_view operation, const Value& input) {
    std::optional<aws::Outcome<>> out;
    events->handle({operation, input, caller, region, account, "", "", world.timers.now()},
                   [&](aws::Outcome<> answer) { out = std::move(answer); });
    return *out;
  }
  Value ok(std::string_view operation, const Value& input) {
    auto out = call(operation, input);
    if (!out) FAIL(std::string{operation} << ": " << out.error().message);
    world.settle();
    return *out;
  }
  std::string refusal(std::string_view operation, const Value& input) {
    auto out = call(operation, input);
    return out ? "accepted" : out.error().code + ": " + out.error().message;
  }
  void rule(const std::string& name = "r", const std::string& expression = "rate(1 minute)") {
    ok("PutRule", Value::structure({{"Name", name}, {"ScheduleExpression", expression}}));
  }
  void target(const Value& more = {}) {
    Value t = Value::structure({{"Id", "1"}, {"Arn", function_arn}});
    for (const auto& [name, value] : more.members()) t.set(name, value);
    ok("PutTargets", Value::structure({{"Rule", "r"}, {"Targets", Value::list({t})}}));
  }
  std::string target_refusal(const Value& more) {
    Value t = Value::structure({{"Id", "x"}, {"Arn", function_arn}});
    for (const auto& [name, value] : more.members()) t.set(name, value);
    return refusal("PutTargets", Value::structure({{"Rule", "r"}, {"Targets", Value::list({t})}}));
  }
};
Value named(const std::string& name) { return Value::structure({{"Name", name}}); }
Value of_rule(const std::string& name) { return Value::structure({{"Rule", name}}); }

}  // namespace

TEST_CASE("a rule fires one period after its making, with AWS's event") {
  Fixture f;
  f.rule();
  f.target();
  f.world.advance(59s);
  CHECK(f.targets.payloads.empty());
  f.world.advance(1s);
  REQUIRE(f.targets.payloads.size() == 1);
  const auto event = aws::from_json(f.targets.payloads[0]).value();
  CHECK(f.targets.payloads[0] ==
        R"({"version":"0","id":")" + event["id"].string() +
            R"(","detail-type":"Scheduled Event","source":"aws.events","account":"000000000000",)"
            R"("time":"2026-01-01T00:01:00Z","region":"us-east-1",)"
            R"("resources":["arn:aws:events:us-east-1:000000000000:rule/r"],"detail":{}})");
  CHECK(f.targets.targets[0] == function_arn);
  CHECK(f.targets.rules[0] == "arn:aws:events:us-east-1:000000000000:rule/r");
  f.world.advance(10min);
  CHECK(f.targets.payloads.size() == 11);
  CHECK(f.metrics.of["TriggeredRules"] == 11);
  CHECK(f.metrics.of["Invocations"] == 11);
  CHECK_FALSE(f.metrics.of.contains("FailedInvocations"));
}

TEST_CASE("disabled rules are silent; enabling starts the countdown anew") {
  Fixture f;
  f.rule();
  f.target();
  f.world.advance(90s);
  f.ok("DisableRule", named("r"));
  CHECK(f.ok("DescribeRule", named("r"))["State"].string() == "DISABLED");
  f.world.advance(10min);
  CHECK(f.targets.payloads.size() == 1);
  f.crash();
  f.world.advance(1min);
  f.ok("EnableRule", named("r"));
  f.world.advance(59s);
  CHECK(f.targets.payloads.size() == 1);
  f.world.advance(1s);
  CHECK(f.targets.payloads.size() == 2);
}

TEST_CASE("a restart goes on with the countdown; what was missed is not made up") {
  Fixture f;
  f.world.timers.move_to(f.world.timers.now() + 123456789ns);
  f.rule();
  f.target();
  f.world.advance(90s);
  CHECK(f.targets.payloads.size() == 1);
  f.crash();
  f.world.advance(29s);
  CHECK(f.targets.payloads.size() == 1);
  f.world.advance(1s);
  CHECK(f.targets.payloads.size() == 2);
  f.events.reset();  // down for ten minutes
  f.world.advance(10min + 30s);
  f.start();
  f.world.settle();
  CHECK(f.targets.payloads.size() == 2);
  f.world.advance(30s);
  CHECK(f.targets.payloads.size() == 3);
}

TEST_CASE("a tick that a short stop has just missed is caught up with, once") {
  Fixture f;
  f.rule("r", "rate(1 hour)");
  f.target();
  f.world.advance(59min);
  f.events.reset();
  f.world.advance(90s);
  f.start();
  f.world.settle();
  REQUIRE(f.targets.payloads.size() == 1);
  CHECK(aws::from_json(f.targets.payloads[0]).value()["time"].string() == "2026-01-01T01:00:00Z");
  f.crash();
  f.world.settle();
  CHECK(f.targets.payloads.size() == 1);
  f.world.advance(59min + 30s);
  CHECK(f.targets.payloads.size() == 2);
}

TEST_CASE("ticks that a stalled engine comes to minutes late are skipped") {
  Fixture f;
  f.rule();
  f.target();
  f.world.timers.move_to(f.world.timers.now() + 10min + 30s);
  f.world.settle();
  CHECK(f.targets.payloads.empty());
  f.world.advance(30s);
  CHECK(f.targets.payloads.size() == 1);
}

TEST_CASE("a dispatch that fails is tried again by the target's policy, over a crash") {
  Fixture f;
  f.rule("r", "cron(1 0 1 1 ? 2026)");
  f.target(Value::structure({{"RetryPolicy", Value::structure({{"MaximumRetryAttempts", 3}})}}));
  f.targets.answer = {aws::DispatchOutcome::Kind::failed, "", "busy"};
  f.world.advance(1min);
  CHECK(f.targets.asked == 1);
  f.world.advance(1s);
  CHECK(f.targets.asked == 2);
  f.crash();
  f.world.advance(2s);
  CHECK(f.targets.asked == 3);
  f.world.advance(24h);
  CHECK(f.targets.asked == 4);
  CHECK(f.metrics.of["FailedInvocations"] == 1);
  CHECK(f.events->retries_waiting() == 0);
}

TEST_CASE("185 retries in 24 hours; a refusal is final; success ends it") {
  Fixture f;
  f.rule("r", "cron(1 0 1 1 ? 2026)");
  f.target();
  f.targets.answer = {aws::DispatchOutcome::Kind::failed, "", "busy"};
  f.world.advance(48h);
  CHECK(f.targets.asked > 180);
  CHECK(f.targets.asked <= 186);
  CHECK(f.metrics.of["FailedInvocations"] == 1);
  Fixture g;
  g.rule("r", "cron(1 0 1 1 ? 2026)");
  g.target();
  g.targets.answer = {aws::DispatchOutcome::Kind::refused, "", "no permission"};
  g.world.advance(48h);
  CHECK(g.targets.asked == 1);
  CHECK(g.metrics.of["FailedInvocations"] == 1);
  Fixture h;
  h.rule("r", "cron(1 0 1 1 ? 2026)");
  h.target();
  h.targets.answer = {aws::DispatchOutcome::Kind::failed, "", "busy"};
  h.world.advance(65s);
  h.targets.answer = {aws::DispatchOutcome::Kind::accepted, "", ""};
  h.world.advance(48h);
  CHECK(h.targets.payloads.size() == 1);
  CHECK(h.events->retries_waiting() == 0);
}

TEST_CASE("PutRule replaces, and keeps targets and tags") {
  Fixture f;
  const auto tags = Value::list({Value::structure({{"Key", "k"}, {"Value", "v"}})});
  const auto arn = f.ok("PutRule", Value::structure({{"Name", "r"},
                                                     {"ScheduleExpression", "rate(1 day)"},
                                                     {"Description", "d"},
                                                     {"State", "DISABLED"},
                                                     {"Tags", tags}}))["RuleArn"]
                       .string();
  CHECK(arn == "arn:aws:events:us-east-1:000000000000:rule/r");
  f.target();
  f.crash();
  CHECK(aws::to_json(f.ok("DescribeRule", named("r"))) ==
        R"x({"Name":"r","Arn":"arn:aws:events:us-east-1:000000000000:rule/r",)x"
        R"x("ScheduleExpression":"rate(1 day)","State":"DISABLED","Description":"d",)x"
        R"x("EventBusName":"default","CreatedBy":"000000000000"})x");
  f.rule("r", "rate(2 days)");
  const auto rule = f.ok("ListRules", {})["Rules"].items().at(0);
  CHECK(rule["State"].string() == "ENABLED");
  CHECK_FALSE(rule.has("Description"));
  CHECK_FALSE(rule.has("CreatedBy"));
  CHECK(f.ok("ListTargetsByRule", of_rule("r"))["Targets"].items().size() == 1);
  CHECK(f.ok("ListTagsForResource", Value::structure({{"ResourceARN", arn}}))["Tags"]
            .items()
            .size() == 1);
}

TEST_CASE("the same PutRule again leaves the countdown alone, another expression starts it") {
  Fixture f;
  f.rule();
  f.target();
  f.world.advance(50s);
  f.rule();
  f.world.advance(10s);
  CHECK(f.targets.payloads.size() == 1);
  f.world.advance(10s);
  f.rule("r", "rate(2 minutes)");
  f.world.advance(119s);
  CHECK(f.targets.payloads.size() == 1);
  f.world.advance(1s);
  CHECK(f.targets.payloads.size() == 2);
}

TEST_CASE("refused rules") {
  Fixture f;
  CHECK(f.refusal("PutRule", named("r")) ==
        "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.");
  CHECK(f.refusal("PutRule",
                  Value::structure({{"Name", "r"}, {"ScheduleExpression", "rate(1 minutes)"}})) ==
        "ValidationException: Parameter ScheduleExpression is not valid.");
  CHECK(f.refusal("PutRule", Value::structure({{"Name", "r"}, {"EventPattern", "{}"}}))
            .starts_with("InvalidEventPatternException: Event pattern is not valid. Reason: "));
  CHECK(f.refusal("PutRule", Value::structure({{"Name", "r"},
                                               {"ScheduleExpression", "rate(1 day)"},
                                               {"EventBusName", "b"}})) ==
        "ResourceNotFoundException: Event bus b does not exist.");
  const std::string none = "ResourceNotFoundException: Rule r does not exist on EventBus default.";
  CHECK(f.refusal("DescribeRule", named("r")) == none);
  CHECK(f.refusal("EnableRule", named("r")) == none);
  CHECK(f.refusal("ListTargetsByRule", of_rule("r")) == none);
  CHECK(f.refusal("TagResource",
                  Value::structure(
                      {{"ResourceARN", "arn:aws:events:us-east-1:000000000000:rule/r"}})) == none);
  CHECK(f.refusal("DeleteRule", named("r")) == "accepted");
  f.rule();
  f.target();
  CHECK(f.refusal("DeleteRule", named("r")) ==
        "ValidationException: Rule can't be deleted since it has targets.");
  f.region = "eu-west-1";
  CHECK(f.refusal("DescribeRule", named("r")) == none);
  f.region = "us-east-1";
  f.ok("RemoveTargets", Value::structure({{"Rule", "r"}, {"Ids", Value::list({"1", "none"})}}));
  f.ok("DeleteRule", named("r"));
  f.world.advance(1h);
  CHECK(f.targets.asked == 0);
}

TEST_CASE("refused targets") {
  Fixture f;
  f.rule();
  CHECK(f.target_refusal(Value::structure({{"Arn", "nonsense"}})) ==
        "ValidationException: Parameter nonsense is not valid. Reason: Provided Arn is not in "
        "correct format.");
  CHECK(f.target_refusal(Value::structure({{"Arn", "arn:aws:sqs:us-east-1:000000000000:q"}}))
            .find("Lambda functions and SNS topics only") != std::string::npos);
  CHECK(f.target_refusal(Value::structure({{"Input", "{}"}, {"InputPath", "$"}})) ==
        "ValidationException: Only one of Input, InputPath, or InputTransformer must be provided "
        "for target x.");
  CHECK(f.target_refusal(Value::structure({{"Input", "{"}}))
            .starts_with("ValidationException: JSON syntax error in input for target x"));
  CHECK(f.target_refusal(Value::structure({{"InputPath", "detail"}})) ==
        "ValidationException: Invalid InputPath for target x.");
  CHECK(f.target_refusal(Value::structure(
            {{"InputTransformer",
              Value::structure({{"InputPathsMap", Value::structure({{"a", "$.time"}})},
                                {"InputTemplate", "\"<a> <b>\""}})}})) ==
        "ValidationException: InputTemplate for target x contains invalid placeholder b.");
  Value six = Value::list();
  for (int i = 0; i < 6; ++i)
    six.push(Value::structure({{"Id", std::to_string(i)}, {"Arn", function_arn}}));
  CHECK(f.refusal("PutTargets", Value::structure({{"Rule", "r"}, {"Targets", six}})) ==
        "LimitExceededException: The requested resource exceeds the maximum number allowed.");
  CHECK(f.ok("ListTargetsByRule", of_rule("r"))["Targets"].items().empty());
}

TEST_CASE("targets are put by Id, and found by ARN") {
  Fixture f;
  f.rule();
  f.rule("s");
  f.target(Value::structure({{"Input", "1"}}));
  f.target(Value::structure({{"Input", "2"}}));
  const auto targets = f.ok("ListTargetsByRule", of_rule("r"))["Targets"];
  CHECK(aws::to_json(targets) == R"([{"Id":"1","Arn":")" + function_arn + R"(","Input":"2"}])");
  const auto names = [&](const std::string& arn) {
    return aws::to_json(f.ok("ListRuleNamesByTarget", Value::structure({{"TargetArn", arn}})));
  };
  CHECK(names(function_arn) == R"({"RuleNames":["r"]})");
  CHECK(names("arn:aws:lambda:us-east-1:000000000000:function:none") == R"({"RuleNames":[]})");
}

TEST_CASE("lists page by Limit") {
  Fixture f;
  for (const char* name : {"c", "a", "b", "x"}) f.rule(name);
  Value page = f.ok("ListRules", Value::structure({{"Limit", 2}}));
  CHECK(page["Rules"].items().size() == 2);
  page = f.ok("ListRules", Value::structure({{"Limit", 2}, {"NextToken", page["NextToken"]}}));
  CHECK(page["Rules"].items().at(0)["Name"].string() == "c");
  CHECK_FALSE(page.has("NextToken"));
  CHECK(f.ok("ListRules", Value::structure({{"NamePrefix", "x"}}))["Rules"].items().size() == 1);
  CHECK(f.refusal("ListRules", Value::structure({{"NextToken", "!"}}))
            .starts_with("ValidationException"));
}

TEST_CASE("tags") {
  Fixture f;
  f.rule();
  const auto arn = Value{"arn:aws:events:us-east-1:000000000000:rule/r"};
  f.ok(
      "TagResource",
      Value::structure({{"ResourceARN", arn},
                        {"Tags", Value::list({Value::structure({{"Key", "a"}, {"Value", ""}})})}}));
  f.crash();
  CHECK(aws::to_json(f.ok("ListTagsForResource", Value::structure({{"ResourceARN", arn}}))) ==
        R"({"Tags":[{"Key":"a","Value":""}]})");
  f.ok("UntagResource",
       Value::structure({{"ResourceARN", arn}, {"TagKeys", Value::list({"a", "b"})}}));
  CHECK(f.ok("ListTagsForResource", Value::structure({{"ResourceARN", arn}}))["Tags"]
            .items()
            .empty());
}

TEST_CASE("what operations ask of IAM") {
  Fixture f;
  f.rule();
  const auto asks = [&](std::string_view operation, const Value& input) {
    std::string out;
    for (const auto& p : f.events->authorisation(
             {operation, input, f.caller, f.region, account, "", "", f.world.timers.now()}))
      out += p.action + " " + p.resources.at(0) + ";";
    return out;
  };
  const std::string arn = "arn:aws:events:us-east-1:000000000000:rule/r";
  CHECK(asks("DescribeRule", named("r")) == "events:DescribeRule " + arn + ";");
  CHECK(asks("ListRules", {}) == "events:ListRules *;");
  CHECK(asks("PutRule",
             Value::structure({{"Name", "r"}, {"RoleArn", "arn:aws:iam::000000000000:role/x"}})) ==
        "events:PutRule " + arn + ";iam:PassRole arn:aws:iam::000000000000:role/x;");
  CHECK(asks("TagResource", Value::structure({{"ResourceARN", arn}})) ==
        "events:TagResource " + arn + ";");
}

TEST_CASE("Input, InputPath, InputTransformer") {
  const auto event =
      aws::from_json(R"({"time":"T","detail":{"a":"x\"y","n":[1,{"k":"v"}],"m":{"a b":true}}})")
          .value();
  const auto payload = [&](const Value& target) {
    return payload_for(target, event, {"rule-arn", "rule"});
  };
  CHECK(payload(Value::structure({{"Input", R"({"x":1})"}})) == R"({"x":1})");
  const auto path = [&](const char* text) {
    return payload(Value::structure({{"InputPath", text}}));
  };
  CHECK(path("$.time") == R"("T")");
  CHECK(path("$.detail.n[1].k") == R"("v")");
  CHECK(path("$['detail']['m']['a b']") == "true");
  CHECK(path("$.doesnotexist") == "null");
  CHECK(path("$.detail.n[7]") == "null");
  CHECK(path("$") == aws::to_json(event));
  const auto transform = [&](const char* text) {
    return payload(Value::structure(
        {{"InputTransformer",
          Value::structure(
              {{"InputPathsMap",
                Value::structure({{"a", "$.detail.a"}, {"n", "$.detail.n"}, {"none", "$.none"}})},
               {"InputTemplate", text}})}}));
  };
  CHECK(transform(R"("is <a> of <n> at <none>.")") == R"("is x\"y of [1,{k:v}] at .")");
  CHECK(transform(R"({"a":<a>,"n":<n>,"none":<none>})") ==
        R"({"a":"x\"y","n":[1,{"k":"v"}],"none":""})");
  CHECK(transform(R"("<aws.events.rule-name> < 5 <aws.events.rule-arn>")") ==
        R"("rule < 5 rule-arn")");
  CHECK(transform("<aws.events.event.json>") == aws::to_json(event));
  CHECK(transform("<aws.events.event>") == R"({"time":"T"})");
  for (const char* bad : {"", "x", "$.", "$..a", "$[", "$[x]", "$['']", "$[-1]", "$a"}) {
    CAPTURE(bad);
    CHECK_FALSE(valid_path(bad));
  }
}
