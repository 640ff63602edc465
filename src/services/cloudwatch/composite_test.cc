// SPDX-License-Identifier: Apache-2.0
// Composite alarms: the rule's language, the states that follow from it, and suppression.
#include <doctest/doctest.h>

#include "base/log.h"
#include "services/cloudwatch/alarm_rule.h"
#include "services/cloudwatch/service_fixture.h"

using namespace sitelatch;
using namespace sitelatch::cloudwatch;

namespace {

std::string refusal_of(std::string_view rule) {
  const auto parsed = AlarmRule::parse(rule);
  return parsed ? "none" : parsed.error().message;
}

// Alarms a, b, c, d in the states of these letters: A, O, I; others are not there.
bool holds(std::string_view rule, std::string_view states) {
  const auto parsed = AlarmRule::parse(rule);
  REQUIRE_MESSAGE(parsed, rule << ": " << parsed.error().message);
  return parsed->holds([&](const std::string& child) -> std::optional<State> {
    const auto index = static_cast<std::size_t>(child[0] - 'a');
    if (child.size() != 1 || index >= states.size()) return std::nullopt;
    return states[index] == 'A'   ? State::alarm
           : states[index] == 'O' ? State::ok
                                  : State::insufficient_data;
  });
}

struct Composites : Fixture {
  Composites() {
    for (const auto* name : {"a", "b", "s"}) ok("PutMetricAlarm", child(name));
  }
  static Value child(const char* name) {
    auto input = with(with(guide_alarm(), "AlarmName", name), "AlarmActions", Value{});
    return with(input, "MetricName", "never");
  }
  static Value composite(std::string_view rule, Value more = Value::structure()) {
    Value out = Value::structure(
        {{"AlarmName", "both"},
         {"AlarmRule", rule},
         {"AlarmActions", Value::list({"arn:aws:sns:us-east-1:000000000000:topic"})},
         {"OKActions", Value::list({"arn:aws:sns:us-east-1:000000000000:fine"})}});
    for (const auto& [name, value] : more.members()) out.set(name, value);
    return out;
  }
  static Value suppressed(int wait_s, int extension_s) {
    return Value::structure({{"ActionsSuppressor", "s"},
                             {"ActionsSuppressorWaitPeriod", wait_s},
                             {"ActionsSuppressorExtensionPeriod", extension_s}});
  }
  void set(const char* name, const char* state) {
    ok("SetAlarmState",
       Value::structure({{"AlarmName", name}, {"StateValue", state}, {"StateReason", "drill"}}));
  }
  Value described(std::string_view name = "both") {
    const auto found =
        ok("DescribeAlarms", Value::structure({{"AlarmNames", Value::list({name})},
                                               {"AlarmTypes", Value::list({"CompositeAlarm"})}}));
    const auto& alarms = found["CompositeAlarms"].items();
    return alarms.empty() ? Value{} : alarms[0];
  }
  std::string state_of(std::string_view name = "both") {
    return described(name)["StateValue"].string_or("gone");
  }
  std::string held_by() { return described()["ActionsSuppressedBy"].string_or("nothing"); }
  // What was done since the last look: "topic fine".
  std::string acted() {
    std::string out;
    for (const auto& action : actions.done)
      out += (out.empty() ? "" : " ") + action.action_arn.substr(action.action_arn.rfind(':') + 1);
    actions.done.clear();
    return out;
  }
};

}  // namespace

TEST_CASE("an alarm rule means what AWS documents") {
  struct Row {
    const char *rule, *states;
    bool expected;
  };
  const Row rows[] = {
      {"ALARM(a) AND ALARM(b)", "AA", true},
      {"ALARM(a) AND ALARM(b)", "AO", false},
      {"ALARM(a) OR ALARM(b) AND ALARM(c)", "AOO", true},  // AND binds tighter
      {"(ALARM(a) OR ALARM(b)) AND ALARM(c)", "AOO", false},
      {"ALARM(a) AND NOT ALARM(b)", "AI", true},
      {"NOT NOT ALARM(a)", "O", false},
      {"NOT (OK(a) OR INSUFFICIENT_DATA(a))", "A", true},
      {"OK(\"a\")", "O", true},
      {"INSUFFICIENT_DATA(a)", "I", true},
      {"ALARM( a )\nOR\n\tALARM(b)", "OA", true},
      {"TRUE AND NOT FALSE", "", true},
      {"false", "", false},
      {"ALARM(z)", "A", false},  // no such alarm: in no state
      {"AT_LEAST(2, ALARM, (a, b, c))", "AOA", true},
      {"AT_LEAST(2, ALARM, (a, b, c))", "AOO", false},
      {"AT_LEAST(50%, OK, (a, b, c))", "OOA", true},
      {"AT_LEAST(50%, OK, (a, b, c))", "OAA", false},  // 1.5 of 3
      {"AT_LEAST(2, NOT ALARM, (a, b, c))", "AOI", true},
      {"AT_LEAST(1, ALARM, (a)) AND OK(b)", "AO", true},
  };
  for (const auto& row : rows) {
    INFO(std::string{row.rule});
    CHECK(holds(row.rule, row.states) == row.expected);
  }
  const auto names = AlarmRule::parse(
      "ALARM(\"with blanks (and more)\") OR OK(\"say \\\"hi\\\"\") OR "
      "ALARM(arn:aws:cloudwatch:us-east-1:000000000000:alarm:x) OR OK(\"with blanks (and more)\")");
  REQUIRE(names);
  CHECK(names->children() ==
        std::vector<std::string>{"with blanks (and more)", "say \"hi\"",
                                 "arn:aws:cloudwatch:us-east-1:000000000000:alarm:x"});
}

TEST_CASE("what is no alarm rule is refused in AWS's words") {
  // aws-cdk#13953 and #34662 have the first two.
  CHECK(refusal_of("ALARM(Queue Oldest Age)") ==
        "Error in AlarmRule [Unsupported token 'Oldest' at char 12, must be: ')']");
  CHECK(refusal_of("()") ==
        "Error in AlarmRule [Unsupported token ')' at char 1, must be: '(', 'NOT', AT_LEAST, TRUE "
        "or FALSE, ALARM, OK, or INSUFFICIENT_DATA]");
  CHECK(refusal_of(" ALARM(a)") ==
        "AlarmRule must not contain leading or trailing whitespace or be null");
  CHECK(refusal_of("ALARM(a)\n") ==
        "AlarmRule must not contain leading or trailing whitespace or be null");
  for (const auto* rule : {"ALARM",
                           "ALARM(",
                           "ALARM()",
                           "ALARM(a",
                           "ALARM(a) ALARM(b)",
                           "ALARM(a) AND",
                           "AND",
                           "NOT",
                           "XOR(a)",
                           "(ALARM(a)",
                           "ALARM(a))",
                           "ALARM(\"a)",
                           "AT_LEAST(0, ALARM, (a))",
                           "AT_LEAST(101%, ALARM, (a))",
                           "AT_LEAST(x, ALARM, (a))",
                           "AT_LEAST(1, TRUE, (a))",
                           "AT_LEAST(1, ALARM, ())",
                           "AT_LEAST(1, ALARM, a)",
                           "AT_LEAST(3, ALARM, (a, b))",
                           ","}) {
    INFO(std::string{rule});
    CHECK(refusal_of(rule).starts_with("Error in AlarmRule ["));
  }
  std::string deep(2000, '(');
  CHECK(refusal_of(deep) == "AlarmRule must not have more than 500 elements");
  std::string many = "ALARM(a0)";
  for (int i = 1; i < 100; ++i) many += " OR ALARM(a" + std::to_string(i) + ")";
  CHECK(refusal_of(many) == "none");
  CHECK(refusal_of(many + " OR ALARM(more)") ==
        "AlarmRule must not have more than 100 children alarms");
  std::string negations;
  for (int i = 0; i < 2500; ++i) negations += "NOT ";
  CHECK(refusal_of(negations + "TRUE") == "none");
}

TEST_CASE("a composite alarm follows its children, tells why, and acts once") {
  Composites f;
  f.ok("PutCompositeAlarm", f.composite("ALARM(a) AND ALARM(b)"));
  CHECK(f.state_of() == "OK");
  const std::string arn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:";
  CHECK(f.described()["StateReason"].string() ==
        arn + "both was created and its alarm rule evaluates to OK");
  CHECK(f.acted() == "fine");
  f.set("a", "ALARM");
  CHECK(f.state_of() == "OK");
  f.set("b", "ALARM");
  CHECK(f.state_of() == "ALARM");
  CHECK(f.described()["StateReason"].string() ==
        arn + "b transitioned to ALARM at Thursday 01 January, 2026 00:00:00 UTC");
  CHECK(f.described()["StateReasonData"].string() ==
        R"({"triggeringAlarms":[{"arn":")" + arn +
            R"(b","state":{"value":"ALARM","timestamp":"2026-01-01T00:00:00.000+0000"}}]})");
  REQUIRE(f.actions.done.size() == 1);
  const auto message = *aws::from_json(f.actions.done[0].message);
  CHECK(f.actions.done[0].subject == "ALARM: \"both\" in US East (N. Virginia)");
  CHECK(message["AlarmRule"].string() == "ALARM(a) AND ALARM(b)");
  CHECK(message["OldStateValue"].string() == "OK");
  CHECK(message["TriggeringChildren"].items()[0]["Arn"].string() == arn + "b");
  CHECK(message["TriggeringChildren"].items()[0]["State"]["Value"].string() == "ALARM");
  CHECK_FALSE(message.has("Trigger"));
  const auto event = *aws::from_json(f.actions.done[0].function_event);
  CHECK(event["alarmData"]["configuration"]["alarmRule"].string() == "ALARM(a) AND ALARM(b)");
  CHECK(event["alarmData"]["previousState"]["value"].string() == "OK");
  const auto& told = f.actions.told.back();
  CHECK(told.alarm_arn == arn + "both");
  CHECK(told.detail_type == "CloudWatch Alarm State Change");
  const auto detail = *aws::from_json(told.detail);
  CHECK(detail["state"]["value"].string() == "ALARM");
  CHECK(detail["configuration"]["alarmRule"].string() == "ALARM(a) AND ALARM(b)");
  const auto made =
      std::find_if(f.actions.told.begin(), f.actions.told.end(), [&](const auto& one) {
        return one.alarm_arn == arn + "both" && one.detail_type.ends_with("Configuration Change");
      });
  REQUIRE(made != f.actions.told.end());
  CHECK((*aws::from_json(made->detail))["operation"].string() == "create");
  CHECK(f.acted() == "topic");
  f.set("a", "INSUFFICIENT_DATA");
  CHECK(f.state_of() == "OK");
  CHECK(f.acted() == "fine");
  const auto history = f.ok("DescribeAlarmHistory",
                            Value::structure({{"AlarmName", "both"},
                                              {"AlarmTypes", Value::list({"CompositeAlarm"})},
                                              {"HistoryItemType", "StateUpdate"}}));
  CHECK(history["AlarmHistoryItems"].items().size() == 3);
  CHECK(f.ok("DescribeAlarmHistory", Value::structure({{"AlarmName", "both"}}))["AlarmHistoryItems"]
            .items()
            .empty());
}

TEST_CASE("composites of composites change in one go; a crash loses nothing of it") {
  Composites f;
  f.ok("PutCompositeAlarm", f.composite("ALARM(a)"));
  f.ok("PutCompositeAlarm",
       with(f.composite("ALARM(\"arn:aws:cloudwatch:us-east-1:000000000000:alarm:both\")"),
            "AlarmName", "outer"));
  f.set("a", "ALARM");
  CHECK(f.state_of("outer") == "ALARM");
  const auto before = f.described("outer");
  f.crash();
  CHECK(f.described("outer") == before);
  f.set("a", "OK");
  CHECK(f.state_of("outer") == "OK");
}

TEST_CASE("a long chain of composite alarms changes without end of the stack") {
  Composites f;
  set_log_level(LogLevel::warning);
  std::string last = "a";
  for (int i = 0; i < 8000; ++i) {
    const auto name = "chain" + std::to_string(i);
    f.ok("PutCompositeAlarm",
         Value::structure({{"AlarmName", name}, {"AlarmRule", "ALARM(" + last + ")"}}));
    last = name;
  }
  f.set("a", "ALARM");
  CHECK(f.state_of(last) == "ALARM");
  set_log_level(LogLevel::info);
}

TEST_CASE("a circle is not evaluated, cannot be deleted, and is broken by FALSE") {
  Composites f;
  f.ok("PutCompositeAlarm", f.composite("ALARM(a)"));
  f.ok("PutCompositeAlarm", with(f.composite("ALARM(both)"), "AlarmName", "outer"));
  f.ok("PutCompositeAlarm", f.composite("ALARM(a) OR ALARM(outer)"));
  f.set("a", "ALARM");
  CHECK(f.state_of() == "OK");
  CHECK(f.error("DeleteAlarms", Value::structure({{"AlarmNames", Value::list({"both"})}})) ==
        "ValidationError: Cannot delete both as there are composite alarm(s) depending on it.");
  f.ok("PutCompositeAlarm", f.composite("FALSE"));
  CHECK(f.state_of("outer") == "OK");
  f.ok("DeleteAlarms", Value::structure({{"AlarmNames", Value::list({"outer"})}}));
  f.ok("DeleteAlarms", Value::structure({{"AlarmNames", Value::list({"both"})}}));
  CHECK(f.described().is_null());
}

TEST_CASE("deleting: not what others rest on, one composite alarm at a time") {
  Composites f;
  f.ok("PutCompositeAlarm", f.composite("ALARM(a) OR OK(b)", f.suppressed(1, 1)));
  f.ok("PutCompositeAlarm", with(f.composite("TRUE"), "AlarmName", "other"));
  const auto remove = [&](Value names) {
    return f.error("DeleteAlarms", Value::structure({{"AlarmNames", std::move(names)}}));
  };
  CHECK(remove(Value::list({"a"})) ==
        "ValidationError: Cannot delete a as there are composite alarm(s) depending on it.");
  CHECK(remove(Value::list({"b", "a"})) ==
        "ValidationError: Cannot delete a,b as there are composite alarm(s) depending on them.");
  CHECK(remove(Value::list({"s"})).starts_with("ValidationError: Cannot delete s"));
  CHECK(remove(Value::list({"both", "other"})).starts_with("ValidationError: "));
  CHECK(f.state("a") != "gone");
  CHECK(remove(Value::list({"a", "both", "unknown"})) == "none");
  CHECK(f.state("a") == "gone");
}

TEST_CASE("what a composite alarm cannot be") {
  Composites f;
  const auto put = [&](Value input) { return f.error("PutCompositeAlarm", input); };
  CHECK(put(f.composite("ALARM(x) OR OK(a) OR OK(\"y z\")")) ==
        "ValidationError: Could not save the composite alarm as alarms [x, y z] in the alarm rule "
        "do not exist");
  CHECK(put(f.composite("ALARM(arn:aws:cloudwatch:eu-west-1:000000000000:alarm:a)"))
            .starts_with("ValidationError: Could not save the composite alarm as alarms ["));
  CHECK(put(with(f.composite("TRUE"), "AlarmName", "a")).starts_with("ValidationError: "));
  CHECK(put(with(f.composite("TRUE"), "ActionsSuppressor", "a")).starts_with("ValidationError: "));
  CHECK(put(with(f.composite("TRUE"), "ActionsSuppressorWaitPeriod", 1))
            .starts_with("ValidationError: "));
  CHECK(put(with(f.composite("TRUE", f.suppressed(1, 1)), "ActionsSuppressor", "none"))
            .starts_with("ValidationError: "));
  CHECK(put(f.composite("TRUE", f.suppressed(-1, 1))).starts_with("ValidationError: "));
  CHECK(put(with(f.composite("TRUE"), "AlarmActions",
                 Value::list({"arn:aws:automate:us-east-1:ec2:stop"})))
            .starts_with("ValidationError: "));
  f.ok("PutCompositeAlarm", f.composite("TRUE"));
  CHECK(f.error("PutMetricAlarm", with(guide_alarm(), "AlarmName", "both"))
            .starts_with("ValidationError: "));
}

// The six examples of "Suppressing composite alarm actions" (fact cloudwatch-35); WaitPeriod 2 and
// ExtensionPeriod 3 units of 10 s.
TEST_CASE("actions are suppressed as the guide's examples have it") {
  const auto at = [](Composites& f, int t) {
    f.world.advance_to(from_civil(2026, 1, 1, 0, 0, 0) + t * 10s);
  };
  const auto begin = [&](Composites& f) {
    f.set("a", "OK"), f.set("s", "OK");
    f.ok("PutCompositeAlarm", f.composite("ALARM(a)", f.suppressed(20, 30)));
    f.ok("DisableAlarmActions", Value::structure({{"AlarmNames", Value::list({"both"})}}));
    at(f, 6);  // whatever its making owed is over
    f.ok("EnableAlarmActions", Value::structure({{"AlarmNames", Value::list({"both"})}}));
    f.acted();
  };
  // The alarms have no metric, so they are OK at their evaluations; keep what was set.
  const auto keep = [](Composites& f) {
    for (const auto* name : {"a", "b", "s"})
      f.ok("PutMetricAlarm", with(f.child(name), "TreatMissingData", "ignore"));
  };
  SUBCASE("1: the WaitPeriod passes") {
    Composites f;
    keep(f), begin(f);
    f.set("a", "ALARM");
    CHECK(f.held_by() == "WaitPeriod");
    CHECK(f.described()["ActionsSuppressedReason"].string() == "Actions suppressed by WaitPeriod");
    CHECK(f.state_of() == "ALARM");
    CHECK(f.acted() == "");
    at(f, 8);
    CHECK(f.held_by() == "nothing");
    REQUIRE(f.actions.done.size() == 1);
    const auto event = *aws::from_json(f.actions.done[0].function_event);
    CHECK(event["alarmData"]["previousState"]["actionsSuppressedBy"].string() == "WaitPeriod");
    CHECK(f.acted() == "topic");
  }
  SUBCASE("2: the suppressor comes within it") {
    Composites f;
    keep(f), begin(f);
    f.set("a", "ALARM");
    at(f, 7);
    f.set("s", "ALARM");
    CHECK(f.held_by() == "Alarm");
    at(f, 30);
    CHECK(f.acted() == "");
  }
  SUBCASE("3: a change within it begins another") {
    Composites f;
    keep(f), begin(f);
    f.set("a", "ALARM");
    at(f, 7);
    f.set("a", "OK");
    at(f, 8);
    CHECK(f.held_by() == "WaitPeriod");
    CHECK(f.acted() == "");
    at(f, 9);
    CHECK(f.acted() == "fine");
  }
  SUBCASE("4: the suppressor is there already") {
    Composites f;
    keep(f), begin(f);
    f.set("s", "ALARM");
    f.set("a", "ALARM");
    CHECK(f.held_by() == "Alarm");
    at(f, 30);
    CHECK(f.acted() == "");
  }
  SUBCASE("5: the ExtensionPeriod passes, over a crash") {
    Composites f;
    keep(f), begin(f);
    f.set("a", "ALARM");
    at(f, 7);
    f.set("s", "ALARM");
    at(f, 10);
    f.set("s", "OK");
    CHECK(f.held_by() == "ExtensionPeriod");
    f.crash();
    at(f, 12);
    CHECK(f.held_by() == "ExtensionPeriod");
    CHECK(f.acted() == "");
    at(f, 13);
    CHECK(f.held_by() == "nothing");
    CHECK(f.acted() == "topic");
  }
  SUBCASE("6: a change within it begins a WaitPeriod") {
    Composites f;
    keep(f), begin(f);
    f.set("a", "ALARM");
    f.set("s", "ALARM");
    at(f, 10);
    f.set("s", "OK");
    at(f, 11);
    f.set("a", "OK");
    CHECK(f.held_by() == "WaitPeriod");
    at(f, 12);
    CHECK(f.acted() == "");
    at(f, 13);
    CHECK(f.acted() == "fine");
  }
  SUBCASE("nothing changed while the suppressor was there: nothing is owed") {
    Composites f;
    keep(f), begin(f);
    f.set("s", "ALARM");
    f.set("s", "OK");
    at(f, 30);
    CHECK(f.acted() == "");
  }
  SUBCASE("another suppressor lets go") {
    Composites f;
    keep(f), begin(f);
    f.set("s", "ALARM");
    f.set("a", "ALARM");
    f.ok("PutCompositeAlarm",
         with(f.composite("ALARM(a)", f.suppressed(20, 30)), "ActionsSuppressor", "b"));
    CHECK(f.held_by() == "nothing");
    CHECK(f.acted() == "topic");
  }
}

TEST_CASE("composite alarms are described by type, children, parents and page; and tagged") {
  Composites f;
  const auto describe = [&](Value input) { return f.ok("DescribeAlarms", input); };
  auto first = f.composite("ALARM(a) OR OK(b)");
  first.set("Tags", Value::list({Value::structure({{"Key", "k"}, {"Value", "v"}})}));
  f.ok("PutCompositeAlarm", first);
  f.ok("PutCompositeAlarm", with(f.composite("ALARM(both) AND ALARM(a)"), "AlarmName", "outer"));
  CHECK(describe(Value::structure())["CompositeAlarms"].items().empty());
  const auto all = Value::list({"CompositeAlarm", "MetricAlarm"});
  const auto both = describe(Value::structure({{"AlarmTypes", all}}));
  CHECK(both["CompositeAlarms"].items().size() == 2);
  CHECK(both["MetricAlarms"].items().size() == 3);
  // Pages of two: "both outer", "a b", "s".
  std::string shown;
  Value token;
  do {
    const auto page =
        describe(Value::structure({{"AlarmTypes", all}, {"MaxRecords", 2}, {"NextToken", token}}));
    for (const auto* kind : {"CompositeAlarms", "MetricAlarms"})
      for (const auto& alarm : page[kind].items()) shown += alarm["AlarmName"].string() + " ";
    shown += "| ";
    token = page["NextToken"];
  } while (!token.is_null());
  CHECK(shown == "both outer | a b | s | ");
  const auto children = describe(Value::structure({{"ChildrenOfAlarmName", "outer"}}));
  CHECK(children["CompositeAlarms"].items().size() == 1);
  REQUIRE(children["MetricAlarms"].items().size() == 1);
  CHECK(children["MetricAlarms"].items()[0]["StateValue"].string() == "INSUFFICIENT_DATA");
  CHECK_FALSE(children["MetricAlarms"].items()[0].has("MetricName"));
  const auto parents = describe(Value::structure({{"ParentsOfAlarmName", "a"}}));
  CHECK(parents["CompositeAlarms"].items().size() == 2);
  CHECK_FALSE(parents["CompositeAlarms"].items()[0].has("StateValue"));
  CHECK(f.error("DescribeAlarms",
                Value::structure({{"ParentsOfAlarmName", "a"}, {"StateValue", "OK"}}))
            .starts_with("ValidationError: "));
  CHECK(f.error("DescribeAlarms", Value::structure({{"NextToken", "nonsense"}})) ==
        "InvalidNextToken: Invalid token");
  const auto arn = f.described()["AlarmArn"];
  f.ok("TagResource",
       Value::structure(
           {{"ResourceARN", arn},
            {"Tags", Value::list({Value::structure({{"Key", "x"}, {"Value", "y"}})})}}));
  f.crash();
  CHECK(f.ok("ListTagsForResource", Value::structure({{"ResourceARN", arn}}))["Tags"]
            .items()
            .size() == 2);
  CHECK(f.error("DescribeAlarmContributors", Value::structure({{"AlarmName", "nobody"}}))
            .starts_with("ResourceNotFoundException"));
  CHECK(
      f.ok("DescribeAlarmContributors", Value::structure({{"AlarmName", "a"}}))["AlarmContributors"]
          .items()
          .empty());
}
