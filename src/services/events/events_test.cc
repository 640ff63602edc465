// SPDX-License-Identifier: Apache-2.0
#include "services/events/events.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "ports/sim/world.h"
#include "services/events/input.h"

using namespace sitelatch;
using namespace sitelatch::events;
using namespace std::chrono_literals;
using aws::Value;

namespace {

const std::string account = "000000000000";
const std::string function_arn = "arn:aws:lambda:us-east-1:000000000000:function:reconcile";
const std::string dead_letters = "arn:aws:sqs:us-east-1:000000000000:dead";

struct Recorder final : Targets {
  aws::DispatchOutcome dispatch(const Delivery& delivery) override {
    if (delivery.target_arn == dead_letters) {
      letters.push_back(delivery);
      return {aws::DispatchOutcome::Kind::accepted, "id", ""};
    }
    ++asked;
    if (answer.kind != aws::DispatchOutcome::Kind::accepted) return answer;
    payloads.push_back(delivery.payload);
    targets.push_back(delivery.target_arn);
    rules.push_back(delivery.rule_arn);
    groups.push_back(delivery.message_group.value_or(""));
    return answer;
  }
  aws::DispatchOutcome answer{aws::DispatchOutcome::Kind::accepted, "id", ""};
  int asked = 0;
  std::vector<std::string> payloads, targets, rules, groups;
  std::vector<Delivery> letters;
};
struct Sums final : RuleMetrics {
  void count(const MetricOf& whose, std::string_view metric, double value, std::string_view,
             Instant) override {
    of[std::string{metric}] += value;
    if (!whose.rule.empty()) last_rule = std::string{whose.bus} + "/" + std::string{whose.rule};
  }
  std::map<std::string, double> of;
  std::string last_rule;
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
  void pattern_rule(const std::string& pattern, const std::string& bus = "default") {
    ok("PutRule",
       Value::structure({{"Name", "r"}, {"EventPattern", pattern}, {"EventBusName", bus}}));
  }
  void bus_target(const std::string& bus, const Value& more = {}) {
    Value t = Value::structure({{"Id", "1"}, {"Arn", function_arn}});
    for (const auto& [name, value] : more.members()) t.set(name, value);
    ok("PutTargets",
       Value::structure({{"Rule", "r"}, {"EventBusName", bus}, {"Targets", Value::list({t})}}));
  }
  // One entry; its result.
  Value put_event(const Value& more = {}) {
    Value entry = Value::structure({{"Source", "my.app"},
                                    {"DetailType", "Order"},
                                    {"Detail", R"({ "n": 1.50, "s": "a b" })"}});
    for (const auto& [name, value] : more.members()) entry.set(name, value);
    return ok("PutEvents", Value::structure({{"Entries", Value::list({entry})}}))["Entries"]
        .items()
        .at(0);
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
  CHECK(f.refusal("PutRule", Value::structure({{"Name", "r"}, {"EventPattern", "{}"}})) ==
        "InvalidEventPatternException: Event pattern is not valid. Reason: Empty objects are not "
        "allowed\n at [Source: (String)\"{}\"; line: 1, column: 3]");
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
  const std::string machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
  CHECK(f.target_refusal(Value::structure({{"Arn", machine}})) ==
        "ValidationException: RoleArn is required for target " + machine + ".");
  CHECK(
      f.target_refusal(Value::structure({{"Arn", "arn:aws:sqs:us-east-1:000000000000:q.fifo"}})) ==
      "ValidationException: Parameter(s) SqsParameters must be specified for target: x.");
  CHECK(f.target_refusal(
            Value::structure({{"DeadLetterConfig", Value::structure({{"Arn", function_arn}})}})) ==
        "ValidationException: Parameter " + function_arn +
            " is not valid. Reason: Provided Arn is not in correct format.");
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

TEST_CASE("an event goes to the targets of the rules that it matches, as it was written") {
  Fixture f;
  f.pattern_rule(R"({"source":["my.app"],"detail":{"n":[{"numeric":["<",2]}]}})");
  f.target();
  const auto result =
      f.put_event(Value::structure({{"Time", from_civil(2025, 12, 31, 1, 2, 3)},
                                    {"Resources", Value::list({"arn:aws:x:::y"})}}));
  REQUIRE(f.targets.payloads.size() == 1);
  CHECK(f.targets.payloads[0] ==
        R"({"version":"0","id":")" + result["EventId"].string() +
            R"(","detail-type":"Order","source":"my.app","account":"000000000000",)"
            R"("time":"2025-12-31T01:02:03Z","region":"us-east-1","resources":["arn:aws:x:::y"],)"
            R"("detail":{"n":1.50,"s":"a b"}})");
  CHECK(f.targets.rules[0] == "arn:aws:events:us-east-1:000000000000:rule/r");
  f.put_event(Value::structure({{"Source", "other"}}));
  f.put_event(Value::structure({{"Detail", R"({"n":2})"}}));
  CHECK(f.targets.payloads.size() == 1);
  CHECK(f.metrics.of["MatchedEvents"] == 1);
  CHECK(f.metrics.of["TriggeredRules"] == 1);
  CHECK(f.metrics.of["Invocations"] == 1);
  CHECK(f.metrics.of["SuccessfulInvocationAttempts"] == 1);
  CHECK(f.metrics.of["PutEventsEntriesCount"] == 3);
  CHECK(f.metrics.last_rule == "default/r");
  f.ok("DisableRule", named("r"));
  f.put_event();
  CHECK(f.targets.payloads.size() == 1);
  f.crash();
  f.ok("EnableRule", named("r"));
  f.put_event();
  CHECK(f.targets.payloads.size() == 2);
  CHECK(f.ok("DescribeRule", named("r"))["EventPattern"].string() ==
        R"({"source":["my.app"],"detail":{"n":[{"numeric":["<",2]}]}})");
  f.region = "eu-west-1";
  f.put_event();
  CHECK(f.targets.payloads.size() == 2);
}

TEST_CASE("a rule with a pattern and a schedule fires for both; without one, not for it") {
  Fixture f;
  f.ok("PutRule", Value::structure({{"Name", "r"},
                                    {"ScheduleExpression", "rate(1 minute)"},
                                    {"EventPattern", R"({"source":["my.app"]})"}}));
  f.target();
  f.put_event();
  f.world.advance(1min);
  CHECK(f.targets.payloads.size() == 2);
  f.pattern_rule(R"({"source":["my.app"]})");
  f.world.advance(10min);
  CHECK(f.targets.payloads.size() == 2);
  f.rule();
  f.put_event();
  CHECK(f.targets.payloads.size() == 2);
}

TEST_CASE("entries that are wrong fail by themselves") {
  Fixture f;
  f.pattern_rule(R"({"account":["000000000000"]})");
  f.target();
  const auto fails = [&](const char* member, const Value& value) {
    const auto result = f.put_event(Value::structure({{member, value}}));
    return result["ErrorCode"].string_or("") + ": " + result["ErrorMessage"].string_or("");
  };
  CHECK(fails("Source", "") ==
        "InvalidArgument: Parameter Source is not valid. Reason: Source is a required argument.");
  CHECK(fails("DetailType", "") ==
        "InvalidArgument: Parameter DetailType is not valid. Reason: DetailType is a required "
        "argument.");
  CHECK(fails("Detail", "") ==
        "InvalidArgument: Parameter Detail is not valid. Reason: Detail is a required argument.");
  for (const char* bad : {"x", "[]", "1", R"({"a":)", "{},{}", "{}]["})
    CHECK(fails("Detail", bad) == "MalformedDetail: Detail is malformed.");
  CHECK(fails("Source", "aws.ec2") ==
        "NotAuthorizedForSourceException: Not authorized for the source.");
  CHECK(f.targets.payloads.empty());
  const Value good = Value::structure({{"Source", "s"}, {"DetailType", "t"}, {"Detail", "{}"}});
  const auto mixed =
      f.ok("PutEvents", Value::structure({{"Entries", Value::list({Value::structure(), good})}}));
  CHECK(mixed["FailedEntryCount"].integer() == 1);
  CHECK(mixed["Entries"].items().at(1).has("EventId"));
  CHECK(f.targets.payloads.size() == 1);
  // A mebibyte is enough, a byte more is too much.
  Value large = good;
  large.set("Detail", R"({"a":")" + std::string((1u << 20) - 2 - 8, 'x') + R"("})");
  const auto size = large["Detail"].string().size() + 2;
  CHECK(size == 1u << 20);
  CHECK(f.refusal("PutEvents", Value::structure({{"Entries", Value::list({large})}})) ==
        "accepted");
  large.set("Resources", Value::list({"r"}));
  CHECK(f.refusal("PutEvents", Value::structure({{"Entries", Value::list({large})}})) ==
        "ValidationException: Total size of the entries in the request is over the limit.");
}

TEST_CASE("buses: made, described, listed, changed, deleted, over a crash") {
  Fixture f;
  const auto made =
      f.ok("CreateEventBus",
           Value::structure(
               {{"Name", "orders"},
                {"Description", "d"},
                {"Tags", Value::list({Value::structure({{"Key", "k"}, {"Value", "v"}})})}}));
  const std::string arn = "arn:aws:events:us-east-1:000000000000:event-bus/orders";
  CHECK(aws::to_json(made) == R"({"EventBusArn":")" + arn + R"(","Description":"d"})");
  f.crash();
  for (const char* name : {"orders", arn.c_str()}) {
    const auto bus = f.ok("DescribeEventBus", named(name));
    CHECK(bus["Name"].string() == "orders");
    CHECK(bus["Arn"].string() == arn);
    CHECK(bus["Description"].string() == "d");
    CHECK(bus.has("CreationTime"));
  }
  CHECK(f.ok("DescribeEventBus", Value::structure())["Name"].string() == "default");
  CHECK(aws::to_json(f.ok("ListTagsForResource", Value::structure({{"ResourceARN", arn}}))) ==
        R"({"Tags":[{"Key":"k","Value":"v"}]})");
  f.ok("UntagResource", Value::structure({{"ResourceARN", arn}, {"TagKeys", Value::list({"k"})}}));
  const auto changed =
      f.ok("UpdateEventBus", Value::structure({{"Name", "orders"}, {"Description", "e"}}));
  CHECK(aws::to_json(changed) == R"({"Arn":")" + arn + R"(","Name":"orders","Description":"e"})");
  f.ok("CreateEventBus", named("b"));
  const auto names = [&](const Value& input) {
    std::string out;
    const Value page = f.ok("ListEventBuses", input);
    for (const auto& bus : page["EventBuses"].items()) out += bus["Name"].string() + " ";
    return out + (page.has("NextToken") ? "..." : "");
  };
  CHECK(names(Value::structure()) == "b default orders ");
  CHECK(names(Value::structure({{"NamePrefix", "d"}})) == "default ");
  CHECK(names(Value::structure({{"Limit", 2}})) == "b default ...");
  f.region = "eu-west-1";
  CHECK(names(Value::structure()) == "default ");
  f.region = "us-east-1";
  f.ok("DeleteEventBus", named("orders"));
  f.crash();
  CHECK(f.refusal("DescribeEventBus", named("orders")) ==
        "ResourceNotFoundException: Event bus orders does not exist.");
  CHECK(f.refusal("DeleteEventBus", named("orders")) == "accepted");
}

TEST_CASE("refused buses") {
  Fixture f;
  f.ok("CreateEventBus", named("b"));
  CHECK(f.refusal("CreateEventBus", named("b")) ==
        "ResourceAlreadyExistsException: Event bus b already exists.");
  CHECK(f.refusal("CreateEventBus", named("default")) ==
        "ResourceAlreadyExistsException: Event bus default already exists.");
  CHECK(f.refusal("CreateEventBus", named("a/b")) ==
        "ValidationException: Event bus name must not contain '/'.");
  CHECK(f.refusal("CreateEventBus", Value::structure({{"Name", "aws.partner/x"},
                                                      {"EventSourceName", "aws.partner/x"}})) ==
        "ResourceNotFoundException: Event source aws.partner/x does not exist.");
  CHECK(f.refusal("DeleteEventBus", named("default")) ==
        "ValidationException: Cannot delete event bus default.");
  f.pattern_rule(R"({"source":["s"]})", "b");
  CHECK(f.refusal("DeleteEventBus", named("b")) ==
        "ValidationException: EventBus can't be deleted since it has rules.");
  CHECK(f.refusal("UpdateEventBus", named("none")) ==
        "ResourceNotFoundException: Event bus none does not exist.");
  CHECK(f.refusal("PutRule", Value::structure({{"Name", "s"},
                                               {"EventBusName", "b"},
                                               {"ScheduleExpression", "rate(1 day)"}})) ==
        "ValidationException: ScheduleExpression is supported only on the default event bus.");
  for (int i = 1; i < 100; ++i) f.ok("CreateEventBus", named("n" + std::to_string(i)));
  CHECK(f.refusal("CreateEventBus", named("x")).starts_with("LimitExceededException"));
}

TEST_CASE("rules of one name on two buses are two rules") {
  Fixture f;
  f.ok("CreateEventBus", named("b"));
  f.pattern_rule(R"({"source":["my.app"]})");
  f.target();
  const auto on_b = [](const char* member) {
    return Value::structure({{member, "r"}, {"EventBusName", "b"}});
  };
  CHECK(f.refusal("DescribeRule", on_b("Name")) ==
        "ResourceNotFoundException: Rule r does not exist on EventBus b.");
  f.pattern_rule(R"({"source":["my.app"]})", "b");
  f.bus_target("b");
  f.crash();
  const auto rule = f.ok("DescribeRule", on_b("Name"));
  CHECK(rule["Arn"].string() == "arn:aws:events:us-east-1:000000000000:rule/b/r");
  CHECK(rule["EventBusName"].string() == "b");
  CHECK(f.ok("ListRules", Value::structure())["Rules"].items().size() == 1);
  CHECK(f.ok("ListRules", Value::structure({{"EventBusName", "b"}}))["Rules"].items().size() == 1);
  CHECK(aws::to_json(f.ok("ListRuleNamesByTarget", Value::structure({{"TargetArn", function_arn},
                                                                     {"EventBusName", "b"}}))) ==
        R"({"RuleNames":["r"]})");
  f.put_event();
  CHECK(f.targets.rules ==
        std::vector<std::string>{"arn:aws:events:us-east-1:000000000000:rule/r"});
  f.put_event(Value::structure({{"EventBusName", "b"}}));
  f.put_event(
      Value::structure({{"EventBusName", "arn:aws:events:us-east-1:000000000000:event-bus/b"}}));
  REQUIRE(f.targets.rules.size() == 3);
  CHECK(f.targets.rules[2] == "arn:aws:events:us-east-1:000000000000:rule/b/r");
  CHECK(f.metrics.last_rule == "b/r");
  CHECK(f.put_event(Value::structure({{"EventBusName", "none"}})).has("EventId"));
  CHECK(f.targets.rules.size() == 3);
  f.ok("RemoveTargets",
       Value::structure({{"Rule", "r"}, {"EventBusName", "b"}, {"Ids", Value::list({"1"})}}));
  f.ok("DeleteRule", on_b("Name"));
  CHECK(f.ok("ListTargetsByRule", of_rule("r"))["Targets"].items().size() == 1);
}

TEST_CASE("an event goes on from bus to bus, once") {
  Fixture f;
  const std::string arn = "arn:aws:events:us-east-1:000000000000:event-bus/";
  for (const char* bus : {"b", "c"}) f.ok("CreateEventBus", named(bus));
  f.pattern_rule(R"({"source":["my.app"]})");
  f.target(Value::structure({{"Arn", arn + "b"}}));
  f.pattern_rule(R"({"source":["my.app"]})", "b");
  f.bus_target("b");
  const auto id = f.put_event()["EventId"].string();
  REQUIRE(f.targets.payloads.size() == 1);
  CHECK(aws::from_json(f.targets.payloads[0]).value()["id"].string() == id);
  f.bus_target("b", Value::structure({{"Arn", arn + "c"}}));
  f.pattern_rule(R"({"source":["my.app"]})", "c");
  f.bus_target("c");
  f.put_event();
  CHECK(f.targets.payloads.size() == 1);
  CHECK(f.metrics.of["FailedInvocations"] == 1);
}

TEST_CASE("what is given up goes to the dead-letter queue as it came, and says why") {
  Fixture f;
  f.pattern_rule(R"({"source":["my.app"]})");
  f.target(Value::structure({{"Input", "1"},
                             {"DeadLetterConfig", Value::structure({{"Arn", dead_letters}})},
                             {"RetryPolicy", Value::structure({{"MaximumRetryAttempts", 1}})}}));
  f.targets.answer = {aws::DispatchOutcome::Kind::refused, "", "may not", "NO_PERMISSIONS"};
  const auto id = f.put_event()["EventId"].string();
  REQUIRE(f.targets.letters.size() == 1);
  const auto said = [&](std::size_t at) {
    std::string out;
    for (const auto& [name, value] : f.targets.letters.at(at).attributes)
      out += name + "=" + value + " ";
    return out;
  };
  CHECK(aws::from_json(f.targets.letters[0].payload).value()["id"].string() == id);
  CHECK(said(0) ==
        "RULE_ARN=arn:aws:events:us-east-1:000000000000:rule/r TARGET_ARN=" + function_arn +
            " ERROR_CODE=NO_PERMISSIONS ERROR_MESSAGE=may not RETRY_ATTEMPTS=0 ");
  f.targets.answer = {aws::DispatchOutcome::Kind::failed, "", "busy", "TIMEOUT"};
  const auto second = f.put_event()["EventId"].string();
  f.crash();
  f.world.advance(1min);
  REQUIRE(f.targets.letters.size() == 2);
  CHECK(aws::from_json(f.targets.letters[1].payload).value()["id"].string() == second);
  CHECK(
      said(1).ends_with("ERROR_CODE=TIMEOUT ERROR_MESSAGE=no more retries: busy RETRY_ATTEMPTS=1 "
                        "EXHAUSTED_RETRY_CONDITION=MaximumRetryAttempts "));
  CHECK(f.metrics.of["InvocationsSentToDlq"] == 2);
  f.target(
      Value::structure({{"DeadLetterConfig", Value::structure({{"Arn", dead_letters}})},
                        {"RetryPolicy", Value::structure({{"MaximumEventAgeInSeconds", 60}})}}));
  f.put_event();
  f.world.advance(5min);
  REQUIRE(f.targets.letters.size() == 3);
  CHECK(said(2).ends_with("EXHAUSTED_RETRY_CONDITION=MaximumEventAgeInSeconds "));
}

TEST_CASE("nothing that was acknowledged is lost by a crash, nor handed over twice") {
  Fixture f;
  f.pattern_rule(R"({"source":["my.app"]})");
  f.target();
  f.targets.answer = {aws::DispatchOutcome::Kind::failed, "", "busy"};
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(f.put_event()["EventId"].string());
    f.crash();
  }
  CHECK(f.events->retries_waiting() == 5);
  f.targets.answer = {aws::DispatchOutcome::Kind::accepted, "", ""};
  f.world.advance(1h);
  f.crash();
  f.world.advance(24h);
  std::vector<std::string> seen;
  for (const auto& payload : f.targets.payloads)
    seen.push_back(aws::from_json(payload).value()["id"].string());
  std::sort(ids.begin(), ids.end());
  std::sort(seen.begin(), seen.end());
  CHECK(seen == ids);
}

TEST_CASE("a FIFO queue gets its message group") {
  Fixture f;
  f.pattern_rule(R"({"source":["my.app"]})");
  f.target(Value::structure({{"Arn", "arn:aws:sqs:us-east-1:000000000000:q.fifo"},
                             {"SqsParameters", Value::structure({{"MessageGroupId", "g"}})}}));
  f.put_event();
  CHECK(f.targets.groups == std::vector<std::string>{"g"});
}

TEST_CASE(
    "an archive keeps what matches, and a replay sends it again, marked, once, over crashes") {
  Fixture f;
  const std::string bus = "arn:aws:events:us-east-1:000000000000:event-bus/b";
  const std::string archive = "arn:aws:events:us-east-1:000000000000:archive/a";
  f.ok("CreateEventBus", named("b"));
  const auto made =
      f.ok("CreateArchive", Value::structure({{"ArchiveName", "a"},
                                              {"EventSourceArn", bus},
                                              {"EventPattern", R"({"source":["my.app"]})"},
                                              {"Description", "d"},
                                              {"RetentionDays", 2}}));
  CHECK(made["ArchiveArn"].string() == archive);
  CHECK(made["State"].string() == "ENABLED");
  const auto rule =
      f.ok("DescribeRule", Value::structure({{"Name", "Events-Archive-a"}, {"EventBusName", "b"}}));
  CHECK(rule["ManagedBy"].string() == "prod.vhs.events.aws.internal");
  CHECK(rule["EventPattern"].string() ==
        R"({"source":["my.app"],"replay-name":[{"exists":false}]})");
  CHECK(f.refusal("DisableRule",
                  Value::structure({{"Name", "Events-Archive-a"}, {"EventBusName", "b"}}))
            .starts_with("ManagedRuleException"));
  const Value to_b = Value::structure({{"EventBusName", "b"}});
  const auto before = f.world.timers.now();
  std::vector<std::string> ids;
  for (int i = 0; i < 250; ++i) ids.push_back(f.put_event(to_b)["EventId"].string());
  // By the time in the event, whenever it came.
  f.put_event(Value::structure({{"EventBusName", "b"}, {"Time", before - 24h}}));
  f.put_event(Value::structure({{"EventBusName", "b"}, {"Source", "other"}}));
  f.crash();
  CHECK(f.targets.asked == 0);
  const auto described = f.ok("DescribeArchive", Value::structure({{"ArchiveName", "a"}}));
  CHECK(described["EventCount"].integer() == 251);
  CHECK(described["SizeBytes"].integer() > 250 * 100);
  CHECK(described["EventPattern"].string() == R"({"source":["my.app"]})");
  CHECK(described["RetentionDays"].integer() == 2);
  f.pattern_rule(R"({"replay-name":["again"]})", "b");
  f.bus_target("b");
  f.ok("PutRule",
       Value::structure(
           {{"Name", "s"}, {"EventPattern", R"({"source":["my.app"]})"}, {"EventBusName", "b"}}));
  const Value unwanted =
      Value::structure({{"Id", "1"}, {"Arn", "arn:aws:sns:us-east-1:000000000000:t"}});
  f.ok("PutTargets",
       Value::structure(
           {{"Rule", "s"}, {"EventBusName", "b"}, {"Targets", Value::list({unwanted})}}));
  f.world.advance(1s);
  const Value replay = Value::structure(
      {{"ReplayName", "again"},
       {"EventSourceArn", archive},
       {"EventStartTime", before},
       {"EventEndTime", f.world.timers.now()},
       {"Destination",
        Value::structure(
            {{"Arn", bus},
             {"FilterArns", Value::list({"arn:aws:events:us-east-1:000000000000:rule/b/r"})}})}});
  CHECK(f.ok("StartReplay", replay)["State"].string() == "STARTING");
  const auto state = [&] {
    return f.ok("DescribeReplay", Value::structure({{"ReplayName", "again"}}))["State"].string();
  };
  f.world.advance(1s);
  CHECK(state() == "RUNNING");
  CHECK(f.targets.payloads.size() == 100);
  for (int i = 0; i < 10; ++i) {
    f.crash();
    f.world.advance(1s);
  }
  CHECK(state() == "COMPLETED");
  REQUIRE(f.targets.payloads.size() == 250);
  std::vector<std::string> seen;
  for (const auto& payload : f.targets.payloads) {
    const auto event = aws::from_json(payload).value();
    CHECK(event["replay-name"].string() == "again");
    seen.push_back(event["id"].string());
  }
  CHECK(seen == ids);
  CHECK(f.ok("DescribeArchive", Value::structure({{"ArchiveName", "a"}}))["EventCount"].integer() ==
        251);  // replays are not kept again
  CHECK(f.refusal("StartReplay", replay) ==
        "ResourceAlreadyExistsException: Replay again already exists.");
  CHECK(f.refusal("CancelReplay", Value::structure({{"ReplayName", "again"}})) ==
        "IllegalStatusException: Replay again is not in a valid state for this operation.");
  f.world.advance(48h);
  CHECK(
      f.ok("ListArchives", Value::structure())["Archives"].items().at(0)["EventCount"].integer() ==
      0);
  f.ok("DeleteArchive", Value::structure({{"ArchiveName", "a"}}));
  f.crash();
  CHECK(f.refusal("DescribeArchive", Value::structure({{"ArchiveName", "a"}})) ==
        "ResourceNotFoundException: Archive a does not exist.");
  CHECK(f.ok("ListRules", Value::structure({{"EventBusName", "b"}}))["Rules"].items().size() == 2);
}

TEST_CASE("a replay is cancelled; refused archives and replays") {
  Fixture f;
  const std::string bus = "arn:aws:events:us-east-1:000000000000:event-bus/";
  f.ok("CreateEventBus", named("b"));
  const auto create = [&](const Value& more) {
    Value input = Value::structure({{"ArchiveName", "a"}, {"EventSourceArn", bus + "default"}});
    for (const auto& [name, value] : more.members()) input.set(name, value);
    return f.refusal("CreateArchive", input);
  };
  CHECK(create(Value::structure({{"EventSourceArn", bus + "none"}})) ==
        "ResourceNotFoundException: Event bus none does not exist.");
  CHECK(create(Value::structure({{"EventPattern", "[]"}}))
            .starts_with("InvalidEventPatternException: Event pattern is not valid. Reason: "));
  CHECK(create({}) == "accepted");
  CHECK(create({}) == "ResourceAlreadyExistsException: Archive a already exists.");
  CHECK(f.refusal("UpdateArchive", Value::structure({{"ArchiveName", "x"}})) ==
        "ResourceNotFoundException: Archive x does not exist.");
  f.ok("UpdateArchive",
       Value::structure({{"ArchiveName", "a"}, {"EventPattern", R"({"source":["x"]})"}}));
  CHECK(f.ok("DescribeRule", named("Events-Archive-a"))["EventPattern"].string() ==
        R"({"source":["x"],"replay-name":[{"exists":false}]})");
  CHECK(f.refusal("ListArchives", Value::structure({{"NamePrefix", "a"}, {"State", "ENABLED"}})) ==
        "ValidationException: At most one filter is allowed for ListArchives. Use either : State, "
        "EventSourceArn, or NamePrefix.");
  const auto start = [&](const char* name, const Value& more) {
    Value input =
        Value::structure({{"ReplayName", name},
                          {"EventSourceArn", "arn:aws:events:us-east-1:000000000000:archive/a"},
                          {"EventStartTime", f.world.timers.now() - 1h},
                          {"EventEndTime", f.world.timers.now()},
                          {"Destination", Value::structure({{"Arn", bus + "default"}})}});
    for (const auto& [member, value] : more.members()) input.set(member, value);
    return f.refusal("StartReplay", input);
  };
  CHECK(start("r", Value::structure({{"Destination", Value::structure({{"Arn", "x"}})}})) ==
        "ValidationException: Parameter Destination.Arn is not valid. Reason: Must contain an "
        "event bus ARN.");
  CHECK(start("r", Value::structure({{"Destination", Value::structure({{"Arn", bus + "b"}})}})) ==
        "ValidationException: Parameter Destination.Arn is not valid. Reason: Cross event bus "
        "replay is not permitted.");
  CHECK(start("r", Value::structure({{"EventSourceArn",
                                      "arn:aws:events:us-east-1:000000000000:archive/none"}})) ==
        "ValidationException: Parameter EventSourceArn is not valid. Reason: Archive none does not "
        "exist.");
  CHECK(start("r", Value::structure({{"EventEndTime", f.world.timers.now() - 2h}})) ==
        "ValidationException: Parameter EventEndTime is not valid. Reason: EventStartTime must be "
        "before EventEndTime.");
  for (int i = 0; i < 10; ++i) CHECK(start(("r" + std::to_string(i)).c_str(), {}) == "accepted");
  CHECK(start("r", {}) ==
        "LimitExceededException: The requested resource exceeds the maximum number allowed.");
  CHECK(f.ok("CancelReplay", Value::structure({{"ReplayName", "r0"}}))["State"].string() ==
        "CANCELLING");
  f.crash();
  f.world.advance(1s);
  CHECK(f.ok("DescribeReplay", Value::structure({{"ReplayName", "r0"}}))["State"].string() ==
        "CANCELLED");
  CHECK(f.ok("ListReplays", Value::structure({{"State", "COMPLETED"}}))["Replays"].items().size() ==
        9);
}

TEST_CASE("what is not offered is not there") {
  Fixture f;
  CHECK(aws::to_json(f.ok("ListConnections", Value::structure())) == R"({"Connections":[]})");
  CHECK(aws::to_json(f.ok("ListEventSources", Value::structure())) == R"({"EventSources":[]})");
  CHECK(f.refusal("DescribeConnection", named("c")) ==
        "ResourceNotFoundException: Connection 'c' does not exist.");
  CHECK(f.refusal("DescribeEventSource", named("aws.partner/a/b")) ==
        "ResourceNotFoundException: Event source aws.partner/a/b does not exist.");
}

TEST_CASE("the policy of a bus: by statements, whole, taken away") {
  Fixture f;
  f.ok("CreateEventBus", named("b"));
  const auto policy = [&] {
    return f.ok("DescribeEventBus", named("b"))["Policy"].string_or("none");
  };
  const auto put = [&](const char* id, const char* who, const Value& condition = {}) {
    f.ok("PutPermission", Value::structure({{"EventBusName", "b"},
                                            {"Action", "events:PutEvents"},
                                            {"StatementId", id},
                                            {"Principal", who},
                                            {"Condition", condition}}));
  };
  const std::string arn = "arn:aws:events:us-east-1:000000000000:event-bus/b";
  put("one", "111111111111");
  CHECK(policy() ==
        R"({"Version":"2012-10-17","Statement":[{"Sid":"one","Effect":"Allow","Principal":)"
        R"({"AWS":"arn:aws:iam::111111111111:root"},"Action":"events:PutEvents","Resource":")" +
            arn + R"("}]})");
  put("two", "*",
      Value::structure(
          {{"Type", "StringEquals"}, {"Key", "aws:PrincipalOrgID"}, {"Value", "o-1"}}));
  put("one", "*");
  f.crash();
  CHECK(policy() ==
        R"({"Version":"2012-10-17","Statement":[{"Sid":"one","Effect":"Allow","Principal":"*",)"
        R"("Action":"events:PutEvents","Resource":")" +
            arn +
            R"("},{"Sid":"two","Effect":"Allow","Principal":"*","Action":"events:PutEvents",)"
            R"("Resource":")" +
            arn + R"(","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]})");
  const auto remove = [&](const Value& more) {
    Value input = Value::structure({{"EventBusName", "b"}});
    for (const auto& [name, value] : more.members()) input.set(name, value);
    return f.refusal("RemovePermission", input);
  };
  CHECK(remove(Value::structure({{"StatementId", "one"}})) == "accepted");
  CHECK(remove(Value::structure({{"StatementId", "one"}})) ==
        "ResourceNotFoundException: Statement with the provided id does not exist.");
  CHECK(remove(Value::structure({{"StatementId", "two"}})) == "accepted");
  CHECK(policy() == "none");
  const std::string whole =
      R"({"Version":"2012-10-17","Statement":{"Sid":"s","Effect":"Deny","Principal":"*",)"
      R"("Action":"events:PutEvents","Resource":"*"}})";
  f.ok("PutPermission", Value::structure({{"EventBusName", "b"}, {"Policy", whole}}));
  CHECK(policy() == whole);
  CHECK(f.events
            ->authorisation(
                {"PutEvents",
                 Value::structure(
                     {{"Entries", Value::list({Value::structure({{"EventBusName", "b"}})})}}),
                 f.caller, f.region, account, "", "", f.world.timers.now()})
            .at(0)
            .resource_policy == whole);
  CHECK(remove(Value::structure({{"RemoveAllPermissions", true}})) == "accepted");
  CHECK(policy() == "none");
  CHECK(f.refusal("PutPermission", Value::structure({{"Policy", "{"}}))
            .starts_with("ValidationException: Parameter Policy is not valid. Reason: "));
  CHECK(f.refusal("PutPermission",
                  Value::structure(
                      {{"Action", "events:PutRule"}, {"Principal", "*"}, {"StatementId", "s"}})) ==
        "ValidationException: Provided value in parameter 'action' is not supported.");
  CHECK(f.refusal("PutPermission", Value::structure({{"Action", "events:PutEvents"}})) ==
        "ValidationException: Parameter(s) Principal must be specified.");
  CHECK(
      f.refusal("PutPermission", Value::structure({{"EventBusName", "none"}, {"Policy", whole}})) ==
      "ResourceNotFoundException: Event bus none does not exist.");
}

TEST_CASE("TestEventPattern") {
  Fixture f;
  const auto tried = [&](const char* pattern, const char* event) {
    return f.refusal("TestEventPattern",
                     Value::structure({{"EventPattern", pattern}, {"Event", event}}));
  };
  const char* event =
      R"({"id":"1","account":"1","source":"s","time":"T","region":"r","detail-type":"d"})";
  const auto result = [&](const char* pattern) {
    return f
        .ok("TestEventPattern",
            Value::structure({{"EventPattern", pattern}, {"Event", event}}))["Result"]
        .boolean();
  };
  CHECK(result(R"({"source":["s"]})"));
  CHECK_FALSE(result(R"({"source":["t"]})"));
  CHECK(tried(R"({"source":"s"})", event)
            .starts_with("InvalidEventPatternException: Event pattern is not valid. Reason: "));
  CHECK(tried(R"({"source":["s"]})", "{") == "ValidationException: Parameter Event is not valid.");
  CHECK(tried(R"({"source":["s"]})", R"({"id":"1"})") ==
        "ValidationException: Parameter Event is not valid.");
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
  const std::string bus = "arn:aws:events:us-east-1:000000000000:event-bus/";
  CHECK(asks("DescribeEventBus", Value::structure()) ==
        "events:DescribeEventBus " + bus + "default;");
  CHECK(asks("DescribeRule", Value::structure({{"Name", "r"}, {"EventBusName", bus + "b"}})) ==
        "events:DescribeRule arn:aws:events:us-east-1:000000000000:rule/b/r;");
  CHECK(asks("PutPermission", Value::structure({{"EventBusName", "b"}})) ==
        "events:PutPermission " + bus + "b;");
  CHECK(asks("PutEvents",
             Value::structure(
                 {{"Entries", Value::list({Value::structure(),
                                           Value::structure({{"EventBusName", "b"}})})}})) ==
        "events:PutEvents " + bus + "default;events:PutEvents " + bus + "b;");
}

TEST_CASE("Input, InputPath, InputTransformer") {
  const auto event = event_of(
      R"({"time":"T","detail-type":"D","detail":{"a":"x\"y","n":[1,{"k":"v"}],"m":{"a b":true}}})",
      from_civil(2026, 1, 2, 3, 4, 5));
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
  CHECK(path("$") == event.json);
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
  CHECK(transform("<aws.events.event.json>") == event.json);
  CHECK(transform("<aws.events.event>") == R"({"time":"T","detailType":"D"})");
  CHECK(transform("\"<aws.events.event.ingestion-time>\"") == R"("2026-01-02T03:04:05Z")");
  for (const char* bad : {"", "x", "$.", "$..a", "$[", "$[x]", "$['']", "$[-1]", "$a"}) {
    CAPTURE(bad);
    CHECK_FALSE(valid_path(bad));
  }
}
