// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/code.h"

#include <doctest/doctest.h>

#include "guard/rules/code_values.h"

namespace sitelatch::guard::code {
namespace {

constexpr auto id = "233e180f-f023-45a3-954e-415303f21eab";

code::HealthCheck primary() {
  return code::health_check("primary", id,
                            aws::Value::structure({{"Type", "HTTP"},
                                                   {"IPAddress", "192.0.2.1"},
                                                   {"Port", 80},
                                                   {"ResourcePath", "/lb-check"},
                                                   {"RequestInterval", 30},
                                                   {"FailureThreshold", 1}}));
}

// One topic, with a tag whose value is given.
code::Guard with_tag(const std::string& value) {
  code::Guard guard;
  guard.health_check_id = id;
  guard.account = "123456789012";
  guard.region = "us-east-1";
  guard.parts.emplace_back(primary());
  code::Topic topic;
  topic.label = "notify";
  topic.region = "us-east-1";
  topic.name = "t";
  topic.arn = "arn:aws:sns:us-east-1:123456789012:t";
  topic.tags = {{"k", value}};
  guard.parts.emplace_back(topic);
  return guard;
}

std::string line_with(const std::string& text, std::string_view what) {
  const auto at = text.find(what);
  if (at == std::string::npos) return "(nothing)";
  const auto begins = text.rfind('\n', at) + 1;
  const auto line = text.substr(begins, text.find('\n', at) - begins);
  return line.substr(line.find_first_not_of(' '));
}
std::string hcl_of(const std::string& value) {
  return line_with(code::terraform(with_tag(value)), "k = ");
}
std::string yaml_of(const std::string& value) {
  const auto text = code::cloudformation(with_tag(value));
  return line_with(text->substr(text->find("NotifyTopic")), "Value: ");
}
std::string shell_of(const std::string& value) {
  return line_with(code::shell(with_tag(value)), "\"Value\": ");
}

Settings settings() {
  Settings out;
  out.health_check_id = id;
  out.account = "123456789012";
  out.notify_endpoint = "sre@example.org";
  out.record.original_path = "/lb-check";
  return out;
}

bool contains(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("references: the longest, and whole words only") {
  code::References known;
  known.add("arn:aws", "partition");
  known.add("arn:aws:sns:us-east-1:123456789012:t", "topic");
  known.add("123456789012", "account");
  known.add("", "nothing");
  const auto pieces = known.pieces("arn:aws:sns:us-east-1:123456789012:t");
  REQUIRE(pieces.size() == 1);
  CHECK(pieces[0].reference == "topic");
  const auto longer = known.pieces("arn:aws:sns:us-east-1:123456789012:tt");
  REQUIRE(longer.size() == 4);
  CHECK(longer[0].reference == "partition");
  CHECK(longer[2].reference == "account");
  CHECK(longer[3].text == ":tt");
  CHECK(known.pieces("1234567890123").size() == 1);
  CHECK(known.pieces("x123456789012")[0].reference.empty());
  CHECK(known.pieces("").empty());
}

TEST_CASE("code: any text in HCL") {
  CHECK(hcl_of("plain") == R"(k = "plain")");
  CHECK(hcl_of("a\"b\\c\n\t\x01") == R"(k = "a\"b\\c\n\t\u0001")");
  CHECK(hcl_of("${x} %{y}") == R"(k = "$${x} %%{y}")");
  // Doubled dollars before a brace would be read as an escape of their own.
  CHECK(hcl_of("$${x}") == R"(k = "${"$$"}{x}")");
  CHECK(hcl_of("%${x}") == R"(k = "${"%$"}{x}")");
  CHECK(hcl_of("$ % $x") == R"(k = "$ % $x")");
  CHECK(hcl_of(std::string{"$"} + id) == R"(k = "${"$"}${local.primary}")");
  CHECK(hcl_of(std::string{"cost: $"} + " " + id) == R"(k = "cost: $ ${local.primary}")");
  CHECK(hcl_of(std::string{"$-$"} + "123456789012") == R"(k = "$-${"$"}${local.account}")");
  CHECK(hcl_of(id) == "k = local.primary");
  CHECK(hcl_of("ü") == R"(k = "ü")");
}

TEST_CASE("code: any text in YAML") {
  CHECK(yaml_of("yes") == R"(Value: "yes")");
  CHECK(yaml_of("a: #b\n'\"\\") == R"(Value: "a: #b\n'\"\\")");
  // Without a reference there is no Fn::Sub, and no escape of it.
  CHECK(yaml_of("${x}") == R"(Value: "${x}")");
  CHECK(yaml_of(std::string{"${x} "} + id) == R"(Value: !Sub "${!x} ${PrimaryHealthCheck}")");
  CHECK(yaml_of(id) == "Value: !Ref PrimaryHealthCheck");
  CHECK(yaml_of("\x7f\xc2\x85\xc2\x9f\xe2\x80\xa8\xef\xbb\xbf") ==
        R"(Value: "\x7f\N\x9f\L\ufeff")");
}

TEST_CASE("code: any text in the shell") {
  CHECK(shell_of("it's") == R"("Value": "it'\''s")");
  CHECK(shell_of("$(rm) `x` \"\\\n") == R"("Value": "$(rm) `x` \"\\\n")");
  CHECK(shell_of(std::string{"a "} + id) == R"("Value": "a '"${PRIMARY}"'")");
}

TEST_CASE("code: a guide's guard that is not there is what deploy would make") {
  const auto plan = make_plan(settings());
  REQUIRE(plan);
  const auto guard = code::guide(*plan, Observed{}, primary());
  const auto text = code::terraform(guard);
  CHECK(contains(text, "ignore_changes = [resource_path, disabled, invert_healthcheck]"));
  CHECK(contains(text, R"(function_name = "sitelatch-${local.primary}")"));
  CHECK(contains(text, R"(SITELATCH_NOTIFY_TOPIC_ARN = aws_sns_topic.notify.arn)"));
  CHECK(contains(text, R"("aws:SourceArn" = aws_cloudwatch_metric_alarm.primary_unhealthy.arn)"));
  CHECK(contains(text, R"(tags["sitelatch:latched"])"));
  // Of all that is there, only the check.
  CHECK(contains(text, "to = aws_route53_health_check.primary"));
  CHECK_FALSE(contains(text, "to = aws_sns_topic"));
  CHECK(text == code::terraform(code::guide(*plan, Observed{}, primary())));
  // Beside the comments nothing names the account or the check.
  CHECK_FALSE(contains(text, "123456789012"));
}

TEST_CASE("code: a latch, a maintenance and releases are no part of it") {
  const auto plan = make_plan(settings());
  REQUIRE(plan);
  Observed latched;
  latched.check = Check{};
  latched.check->type = "HTTP";
  latched.check->path = std::string{failed_over_path};
  latched.notify_topic = ObservedTopic{plan->notify_topic.arn, "", "", plan->notify_topic.tags};
  auto& tags = latched.notify_topic->tags;
  tags["sitelatch:latched"] = "release=7";
  tags["sitelatch:release"] = "7 window=600";
  tags["sitelatch:maintenance"] = "x";
  auto check = primary();
  check.path = failed_over_path;
  check.disabled = true;
  for (const auto& text : {code::terraform(code::guide(*plan, latched, check)),
                           code::shell(code::guide(*plan, latched, check))}) {
    CHECK(contains(text, "/lb-check\""));
    CHECK_FALSE(contains(text, std::string{failed_over_path} + "\""));
    CHECK_FALSE(contains(text, "release=7"));
    CHECK_FALSE(contains(text, "7 window"));
    CHECK_FALSE(contains(text, "disabled = true"));
  }
}

TEST_CASE("code: a mail that nobody has confirmed has nothing to adopt") {
  const auto plan = make_plan(settings());
  REQUIRE(plan);
  Observed observed;
  observed.notify_topic = ObservedTopic{plan->notify_topic.arn, "", "", plan->notify_topic.tags};
  observed.notify_subscriptions = {
      {"PendingConfirmation", "email", "sre@example.org\nresource", true}};
  auto guard = code::guide(*plan, observed, primary());
  auto text = code::terraform(guard);
  CHECK(contains(text, R"(email "sre@example.org\nresource")"));
  CHECK_FALSE(contains(text, R"("aws_sns_topic_subscription" "people")"));
  guard.imports = false;
  text = code::terraform(guard);
  CHECK(contains(text, R"("aws_sns_topic_subscription" "people")"));
  CHECK_FALSE(contains(text, "import {"));
}

TEST_CASE("code: config begins as deploy begins it") {
  const auto plan = plan_config(id, "aws");
  const auto guard = code::config(plan, ConfigObserved{}, ConfigThere{}, "123456789012", primary());
  const auto text = code::terraform(guard);
  CHECK(contains(text, "child_healthchecks     = [local.primary]"));
  CHECK(contains(text, "ignore_changes = [child_healthchecks, child_health_threshold]"));
  CHECK(contains(text, "HealthCheckId = aws_route53_health_check.combined.id"));
  CHECK(contains(text, "aws_cloudwatch_metric_alarm.good_minutes.alarm_name"));
  CHECK(contains(text, "ignore_changes = [disabled, tags, tags_all]"));
  // By which sitelatch finds what the script has made.
  CHECK(contains(code::shell(guard), R"("sl-h-${PRIMARY}-1")"));
  CHECK(code::cloudformation(guard));
}

namespace {

constexpr auto secret = "/0123456789abcdef0123456789abcdef";

HardenedPlan relay_of(const Plan& guard) {
  HardenedPlan out;
  out.endpoint = id;
  out.settings = {
      secret, sentinel_label(id) + ".example.test", "primary", "backup", {{"192.0.2.53", 5353}}};
  out.zone_id = "Z0123456789ABC";
  out.zone_name = "example.test.";
  out.relay = relay_plan(guard, out.settings);
  return out;
}

}  // namespace

TEST_CASE("code: a relay that is there is adopted, its secret in no code") {
  const auto plan = make_plan(settings());
  REQUIRE(plan);
  const auto relay = relay_of(*plan);
  HardenedObserved there;
  there.sentinel_there = true;
  there.url = "https://abc.lambda-url.us-east-1.on.aws/";
  auto& function = there.relay.function.emplace();
  function.name = relay.relay.function.name;
  function.environment = relay.relay.function.environment;
  function.reserved_concurrency = 1;
  function.permissions = {{std::string{url_statement}, "*", "", "", "lambda:InvokeFunctionUrl"},
                          {std::string{url_invoke_statement}, "*", "", "", "lambda:InvokeFunction"},
                          {"another's", "*", "", "", "lambda:InvokeFunctionUrl"}};
  auto clock = code::health_check("", "11111111-2222-3333-4444-555555555555",
                                  aws::Value::structure({{"Type", "HTTPS"},
                                                         {"ResourcePath", secret},
                                                         {"RequestInterval", 10},
                                                         {"FailureThreshold", 2}}));
  const auto guard = code::hardened(*plan, Observed{}, relay, there, primary(), clock);

  const auto text = code::terraform(guard);
  CHECK(contains(line_with(text, "SITELATCH_RELAY_PATH "), "= local.relay_path"));
  CHECK(contains(line_with(text, "SITELATCH_NAME_SERVERS "), "= local.relay_name_servers"));
  CHECK(contains(text, R"(environment[0].variables["SITELATCH_RELAY_PATH"],)"));
  CHECK(contains(text, R"(environment[0].variables["SITELATCH_NAME_SERVERS"],)"));
  CHECK(contains(text, "reserved_concurrent_executions = 1"));
  CHECK(contains(text, R"( = "_sitelatch-${local.primary}.example.test")"));
  CHECK(contains(text, R"(function_url_auth_type = "NONE")"));
  // Without its condition the other statement would let everybody in.
  CHECK_FALSE(contains(text, "sitelatch-url-invoke"));
  for (const auto* to : {"aws_lambda_function.relay", "aws_lambda_function_url.relay",
                         "aws_lambda_permission.relay_url", "aws_route53_health_check.relay_clock",
                         "aws_route53_record.sentinel_secondary"})
    CHECK(contains(text, std::string{"to = "} + to + "\n"));
  CHECK(contains(line_with(text, "resource_path     = aws_lambda"), "SITELATCH_RELAY_PATH"));
  CHECK(contains(text, "statement \"another's\" of the relay's policy"));

  const auto script = code::shell(guard);
  CHECK(contains(script, R"("InvokedViaFunctionUrl": true)"));
  CHECK(contains(script, R"("FunctionUrlAuthType": "NONE")"));
  CHECK(contains(script, R"("Name": "_sitelatch-'"${PRIMARY}"'.example.test")"));
  CHECK(contains(script, ",RequestInterval=10,FailureThreshold=2"));
  CHECK(contains(script, R"("Key": "sitelatch:clock-check")"));

  const auto stack = code::cloudformation(guard);
  REQUIRE(stack);
  CHECK(contains(*stack, "NoEcho: true"));
  CHECK(contains(*stack, "ResourcePath: !Ref RelayPath"));
  CHECK(contains(*stack, "- !GetAtt RelayFunctionUrl.FunctionUrl"));
  CHECK(contains(*stack, "InvokedViaFunctionUrl: true"));
  CHECK(contains(*stack, R"(Name: !Sub "_sitelatch-${PrimaryHealthCheck}.example.test")"));
  for (const auto& code : {text, script, *stack}) CHECK_FALSE(contains(code, secret + 1));
}

TEST_CASE("code: a relay that is not there is what deploy would make") {
  const auto plan = make_plan(settings());
  REQUIRE(plan);
  auto relay = relay_of(*plan);
  relay.settings.path.clear();
  relay.relay = relay_plan(*plan, relay.settings);
  const auto guard = code::hardened(*plan, Observed{}, relay, {}, primary(), std::nullopt);
  const auto text = code::terraform(guard);
  CHECK(contains(line_with(text, "SITELATCH_RELAY_PATH "), "= local.relay_path"));
  CHECK(contains(text, "reserved_concurrent_executions = 1"));
  CHECK_FALSE(contains(text, "to = aws_route53_record"));
  CHECK_FALSE(contains(text, "to = aws_lambda"));
  const auto script = code::shell(guard);
  CHECK(contains(script, ",RequestInterval=30,FailureThreshold=3"));
  // Created, not put: a record may follow another check by now.
  CHECK(contains(script, R"("Action": "CREATE")"));
  CHECK_FALSE(contains(script, "UPSERT"));
}

TEST_CASE("code: what a stack cannot hold is refused") {
  auto guard = with_tag("x");
  std::get<code::Topic>(guard.parts[1]).region = "eu-west-1";
  CHECK_FALSE(code::cloudformation(guard));
  CHECK(contains(code::terraform(guard), "provider = aws.eu_west_1"));
  CHECK_FALSE(code::cloudformation(code::engine("123456789012", "us-east-1", primary())));
}

TEST_CASE("code: numbers and documents in AWS's shapes") {
  CHECK(code::number_text(1) == "1");
  CHECK(code::number_text(0.5) == "0.5");
  CHECK(code::document_value(R"({"a":[1,true,null,"x"]})")["a"].items().size() == 4);
  CHECK(code::document_value("no JSON") == aws::Value{"no JSON"});
}

}  // namespace sitelatch::guard::code
