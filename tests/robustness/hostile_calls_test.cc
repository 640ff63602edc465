// SPDX-License-Identifier: Apache-2.0
// No input is a bug of ours: every operation that the engine handles, in each protocol that its
// service speaks, with each member at each depth replaced in turn by null, by every other kind, by
// nothing at all, by absurd numbers, times and sizes, and by bytes that are no text. Each call ends
// in a result or in an error that AWS has; nothing aborts, nothing empty is kept, and what was kept
// is found again after a crash.
//
// The whole of it takes minutes: SITELATCH_THOROUGH=1. Otherwise every n-th case runs, drawn by
// SITELATCH_SEED, so that other runs try others.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <random>

#include "answers.h"
#include "base/log.h"
#include "fixture.h"
#include "hostile_wire.h"

namespace sitelatch::test {
namespace {
using aws::Value;

// Unoptimised and instrumented builds are some ten times slower.
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
constexpr std::size_t every_nth = 12, thorough_nth = 1;
#else
constexpr std::size_t every_nth = 60, thorough_nth = 6;
#endif
constexpr std::size_t absurd_every_nth = 40;  // megabytes each

class Cases {
 public:
  explicit Cases(std::uint64_t seed) : random_(seed) {}
  bool drawn(Sizes sizes) {
    ++seen_;
    const bool thorough = std::getenv("SITELATCH_THOROUGH") != nullptr;
    const auto n =
        (thorough ? thorough_nth : every_nth) * (sizes == Sizes::absurd ? absurd_every_nth : 1);
    const bool yes = random_() % n == 0;
    tried_ += yes ? 1 : 0;
    return yes;
  }
  std::size_t seen() const { return seen_; }
  std::size_t tried() const { return tried_; }

 private:
  std::mt19937_64 random_;
  std::size_t seen_ = 0, tried_ = 0;
};

// What a service gives out keeps the model's lower bounds: nothing empty and nothing absent where
// something must be. (AWS's own answers go beyond upper ones: "/hostedzone/Z...".)
// Beyond the lower ones are a private zone's delegation set, which it has not, and a list of no
// authorizations (fact route53-111).
bool is_beyond_model(const Target& target, const Value& output) {
  const auto& name = target.operation->name;
  return (name == "CreateHostedZone" && output.has("VPC")) ||
         (name == "ListVPCAssociationAuthorizations" && output["VPCs"].items().empty());
}

std::string broken_output(const Target& target, const Value& output) {
  if (is_beyond_model(target, output)) return "";
  aws::Operation mirrored = *target.operation;
  mirrored.input = mirrored.output;
  aws::Recognised what;
  what.service = target.model;
  what.operation = &mirrored;
  const auto broken = aws::validate(what, output);
  if (!broken) return "";
  const auto& text = broken->message;
  const bool empty = text.find("length greater than or equal") != std::string::npos ||
                     text.find("must not be null") != std::string::npos;
  return empty ? text.substr(0, 400) : "";
}

constexpr std::pair<std::string_view, std::string_view> kept_things[] = {
    {"cloudwatch", "DescribeAlarms"},
    {"cloudwatch", "DescribeAlarmHistory"},
    {"cloudwatch", "ListMetrics"},
    {"cloudwatch", "ListDashboards"},
    {"cloudwatch", "ListAlarmMuteRules"},
    {"route53", "ListHealthChecks"},
    {"route53", "ListHostedZones"},
    {"sns", "ListTopics"},
    {"sns", "ListSubscriptions"},
    {"lambda", "ListFunctions"},
    {"iam", "ListRoles"},
    {"iam", "ListUsers"},
    {"iam", "ListPolicies"},
    {"logs", "DescribeLogGroups"},
    {"events", "ListRules"},
};

void check_what_is_kept(Fixture& fixture) {
  for (const auto& [service, name] : kept_things) {
    const auto& model = aws::service_model(service);
    const Target target{&model, model.operation(name)};
    const auto answered =
        fixture.call(model, *target.operation, model.protocols.front(), Value::structure(), false);
    const std::string kept{name};
    INFO("kept: ", kept, ": ", answered.http.body.substr(0, 1500));
    CHECK(answered.outcome.has_value());
    if (answered.outcome) CHECK(broken_output(target, *answered.outcome) == "");
  }
}

void follow_recipes(Fixture& fixture) {
  for (const auto& recipe : recipes()) {
    const auto& model = aws::service_model(recipe.service);
    const auto input = fixture.inputs().follow(model, recipe);
    const auto answered = fixture.call(model, *model.operation(recipe.operation),
                                       model.protocols.front(), input, false);
    if (answered.outcome) fixture.inputs().learn(*answered.outcome);
    fixture.inputs().learn(input);
  }
}

// Inputs that reach the handler, each with one member in full.
std::vector<Value> bases(Fixture& fixture, const Target& target) {
  const auto& model = *target.model;
  if (target.operation->input == aws::no_shape) return {};
  const auto& shape = model.shape(target.operation->input);
  std::vector<Value> out;
  for (const auto& recipe : recipes())
    if (recipe.service == model.name && recipe.operation == target.operation->name)
      out.push_back(fixture.inputs().follow(model, recipe));
  const auto plain = out.empty() ? fixture.inputs().required(model, shape) : out.front();
  for (const auto& member : shape.members) {
    auto more = plain;
    more.set(member.name, fixture.inputs().filled(model, member, member.name));
    out.push_back(std::move(more));
  }
  return out;
}

void try_one(Fixture& fixture, const Target& target, aws::Protocol protocol, const Value& tree,
             const std::string& what) {
  INFO(what);
  if (std::getenv("SITELATCH_TRACE")) MESSAGE(what);
  const auto started = std::chrono::steady_clock::now();
  auto request = hostile_request(*target.model, *target.operation, protocol, tree);
  // An empty label makes another operation's path: a list of all where one was asked for.
  const bool meant =
      aws::recognise(request, target.model->signing_name).operation == target.operation;
  const auto answered =
      fixture.send(*target.model, *target.operation, protocol, std::move(request));
  const auto took = std::chrono::steady_clock::now() - started;
  check_answer(target, answered);
  CHECK(took < std::chrono::seconds{10});  // bounded work; generous for instrumented builds
  // XML has no NUL: what holds one is read back as if it were empty.
  const bool nul = what.ends_with("<- NUL");
  if (meant && !nul && answered.outcome) CHECK(broken_output(target, *answered.outcome) == "");
}

// One operation in one protocol, in a fixture of its own.
void try_operation(const Target& target, aws::Protocol protocol, Cases& cases, std::uint64_t seed) {
  Fixture fixture{seed};
  follow_recipes(fixture);
  const auto about = fmt::format("{} {} by {}", target.model->name, target.operation->name,
                                 aws::to_string(protocol));
  for (const auto& base : bases(fixture, target)) {
    const auto& shape = target.model->shape(target.operation->input);
    const auto tree = wire_tree(*target.model, shape, protocol, base);
    for (const auto& spot : spots(tree))
      for (const auto sizes : {Sizes::usual, Sizes::absurd}) {
        // Drawn before they are made: what is absurd is costly to make.
        if (sizes == Sizes::absurd && !cases.drawn(sizes)) continue;
        for (const auto& [name, node] : replacements(protocol, node_at(tree, spot), sizes)) {
          if (sizes == Sizes::usual && !cases.drawn(sizes)) continue;
          try_one(fixture, target, protocol, with_node(tree, spot, node),
                  fmt::format("seed {}: {}: {} <- {}", seed, about, name_of(tree, spot), name));
        }
      }
  }
  INFO(about);
  fixture.world().advance(std::chrono::minutes{7});
  check_what_is_kept(fixture);
  const auto before = fixture.picture();
  fixture.crash();
  const auto after = fixture.picture();
  for (std::size_t n = 0; n < after.size(); ++n) CHECK(after[n] == before[n]);
}

std::uint64_t drawn_seed() { return number_from("SITELATCH_SEED", 7); }

}  // namespace

TEST_CASE("hostile calls: whatever stands in whatever place, the answer is AWS's") {
  set_log_level(LogLevel::error);
  Cases cases{drawn_seed()};
  std::size_t operations = 0;
  Fixture directory{1};
  const char* only = std::getenv("SITELATCH_ONLY");
  for (const auto& [service, names] : directory.cloud().gateway().handled())
    for (const auto& name : names) {
      if (only && name != only) continue;
      const auto& model = aws::service_model(service);
      const Target target{&model, model.operation(name)};
      REQUIRE(target.operation != nullptr);
      for (const auto protocol : model.protocols) {
        ++operations;
        try_operation(target, protocol, cases, drawn_seed());
      }
    }
  MESSAGE(operations, " operations by protocol, ", cases.seen(), " cases, ", cases.tried(),
          " tried");
  if (!only) CHECK(cases.tried() > 2000);
}

namespace {

// Texts that hold JSON of their own; "@" stands for the document.
struct DocumentCase {
  std::string_view service, operation, member_path, input, document;
};
#define T "arn:aws:sns:eu-west-1:000000000000:t"
#define POLICY                                                                           \
  R"({"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"s","Effect":"Allow",)"        \
  R"("Principal":{"AWS":["*"],"Service":"sns.amazonaws.com"},"Action":["SNS:Publish"],)" \
  R"("Resource":")" T R"(","Condition":{"StringEquals":{"aws:SourceArn":["a"]},)"        \
  R"("NumericLessThan":{"aws:x":1},"Bool":{"aws:SecureTransport":true},)"                \
  R"("IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]})"
#define IDENTITY                                                                              \
  R"({"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Deny","NotAction":["iam:*"],)" \
  R"("NotResource":["arn:aws:s3:::${aws:username}/*"],"Condition":{)"                         \
  R"("ForAllValues:StringLike":{"aws:TagKeys":["a*"]},"Null":{"aws:y":"true"},)"              \
  R"("DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}}}]})"
const DocumentCase documents[] = {
    {"sns", "SetTopicAttributes", "AttributeValue",
     R"({"TopicArn":")" T R"(","AttributeName":"Policy"})", POLICY},
    {"sns", "SetTopicAttributes", "AttributeValue",
     R"({"TopicArn":")" T R"(","AttributeName":"DeliveryPolicy"})",
     R"({"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":2,)"
     R"("numRetries":5,"numMaxDelayRetries":1,"numNoDelayRetries":1,"numMinDelayRetries":1,)"
     R"("backoffFunction":"linear"},"disableSubscriptionOverrides":false,)"
     R"("defaultThrottlePolicy":{"maxReceivesPerSecond":1},)"
     R"("defaultRequestPolicy":{"headerContentType":"text/plain"}}})"},
    {"sns", "SetSubscriptionAttributes", "AttributeValue",
     R"({"SubscriptionArn":"@SubscriptionArn","AttributeName":"DeliveryPolicy"})",
     R"({"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":2,"numRetries":5,)"
     R"("numMaxDelayRetries":1,"numNoDelayRetries":1,"numMinDelayRetries":1,)"
     R"("backoffFunction":"linear"},"throttlePolicy":{"maxReceivesPerSecond":1},)"
     R"("requestPolicy":{"headerContentType":"text/plain"},"sicklyRetryPolicy":{"numRetries":1}})"},
    {"sns", "SetSubscriptionAttributes", "AttributeValue",
     R"({"SubscriptionArn":"@SubscriptionArn","AttributeName":"RedrivePolicy"})",
     R"({"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:q"})"},
    {"sns", "SetSubscriptionAttributes", "AttributeValue",
     R"({"SubscriptionArn":"@SubscriptionArn","AttributeName":"FilterPolicy"})",
     R"({"a":["x",1,null,true,{"prefix":"y"},{"suffix":"z"},)"
     R"({"anything-but":["q",{"prefix":"r"}]},{"numeric":[">",1,"<=",5]},{"exists":true},)"
     R"({"cidr":"10.0.0.0/8"},{"equals-ignore-case":"K"},{"wildcard":"a*b"}],)"
     R"("$or":[{"b":["1"]},{"c":[2]}]})"},
    {"sns", "Publish", "Message", R"({"TopicArn":")" T R"(","MessageStructure":"json"})",
     R"({"default":"d","lambda":"l","http":"h","email":"e"})"},
    {"sns", "Publish", "Message", R"({"TopicArn":")" T R"("})", R"({"a":"x","b":{"c":[1,2]}})"},
    {"sns", "Publish", "MessageAttributes.a.StringValue",
     R"({"TopicArn":")" T
     R"(","Message":"m","MessageAttributes":{"a":{"DataType":"String.Array"}}})",
     R"(["x",1,true,null,{"y":2},[3]])"},
    {"events", "PutRule", "EventPattern", R"({"Name":"rule"})",
     R"({"source":["aws.health",{"prefix":"x"}],"detail":{"state":[{"anything-but":["a"]},)"
     R"({"numeric":["=",1]},{"exists":false},null]},"$or":[{"a":[1]},{"b":["c"]}]})"},
    {"events", "TestEventPattern", "EventPattern",
     R"({"Event":"{\"id\":\"1\",\"account\":\"1\",\"source\":\"s\",\"time\":\"t\",)"
     R"(\"region\":\"r\",\"detail-type\":\"d\",\"detail\":{\"a\":[{\"b\":1},null]}}"})",
     R"({"detail":{"a":{"b":[{"anything-but":{"wildcard":["x*"]}},{"cidr":"10.0.0.0/8"}]}},)"
     R"("$or":[{"source":[{"prefix":{"equals-ignore-case":"S"}}]},{"id":[{"exists":false}]}]})"},
    {"events", "TestEventPattern", "Event", R"({"EventPattern":"{\"detail\":{\"a\":[1]}}"})",
     R"({"id":"1","account":"1","source":"s","time":"t","region":"r","detail-type":"d",)"
     R"("detail":{"a":[1,{"b":null}]}})"},
    {"events", "PutEvents", "Entries.0.Detail",
     R"({"Entries":[{"EventBusName":"bus","Source":"s","DetailType":"d"}]})",
     R"({"a":[1,{"b":null},"x"],"c":1.5})"},
    {"events", "PutPermission", "Policy", R"({"EventBusName":"bus"})", POLICY},
    {"events", "PutTargets", "Targets.0.Input",
     R"({"Rule":"rule","Targets":[{"Id":"1","Arn":")" T R"("}]})", R"({"a":[1,"x",null],"b":{}})"},
    {"events", "PutTargets", "Targets.0.InputTransformer.InputTemplate",
     R"({"Rule":"rule","Targets":[{"Id":"1","Arn":")" T
     R"(","InputTransformer":{"InputPathsMap":{"t":"$.time","d":"$.detail.a[0].b"}}}]})",
     R"({"a":"<t>","b":["<d>","<aws.events.rule-arn>"]})"},
    {"iam", "CreateRole", "AssumeRolePolicyDocument", R"({"RoleName":"made"})", POLICY},
    {"iam", "UpdateAssumeRolePolicy", "PolicyDocument", R"({"RoleName":"r"})", POLICY},
    {"iam", "PutRolePolicy", "PolicyDocument", R"({"RoleName":"r","PolicyName":"p"})", IDENTITY},
    {"iam", "CreatePolicyVersion", "PolicyDocument",
     R"({"PolicyArn":"arn:aws:iam::000000000000:policy/p"})", IDENTITY},
    {"iam", "SimulateCustomPolicy", "PolicyInputList.0",
     R"({"PolicyInputList":[""],"ActionNames":["sns:Publish"]})", IDENTITY},
    {"iam", "SimulateCustomPolicy", "ResourcePolicy",
     R"({"PolicyInputList":[],"ActionNames":["sns:Publish"]})", POLICY},
    {"sts", "AssumeRole", "Policy",
     R"({"RoleArn":"arn:aws:iam::000000000000:role/r","RoleSessionName":"session"})", IDENTITY},
    {"lambda", "Invoke", "Payload", R"({"FunctionName":"f","InvocationType":"Event"})",
     R"({"a":[1,{"b":null}],"c":"d"})"},
    {"cloudwatch", "SetAlarmState", "StateReasonData",
     R"({"AlarmName":"a","StateValue":"ALARM","StateReason":"r"})",
     R"({"version":"1.0","queryDate":"x","recentDatapoints":[1.0,null],"threshold":1})"},
    {"cloudwatch", "PutDashboard", "DashboardBody", R"({"DashboardName":"main"})",
     R"({"widgets":[{"type":"metric","x":1,"properties":{"region":"r","metrics":[["N","M",{}]],)"
     R"("annotations":{"alarms":["a"]}}}],"start":"-PT1H","periodOverride":"auto"})"},
    {"cloudwatch", "PutInsightRule", "RuleDefinition", R"({"RuleName":"top"})",
     R"({"Schema":{"Name":"n"},"LogGroupNames":["g"],"LogFormat":"JSON","Contribution":{}})"},
    {"logs", "PutLogEvents", "logEvents.0.message",
     R"({"logGroupName":"lg","logStreamName":"ls","logEvents":[{"timestamp":1767225600000,)"
     R"("message":""}]})",
     R"({"a":1,"b":[{"c":"x"},null,true],"d":{"e":1e5}})"},
};
#undef T
#undef POLICY
#undef IDENTITY

Value with_text(Value input, std::string_view path, const std::string& text) {
  Value* at = &input;
  for (const auto part : split(path, '.')) {
    if (const auto index = parse_int(part)) {
      auto& items = at->items_mut();
      if (items.empty()) items.emplace_back("");
      at = &items[static_cast<std::size_t>(*index)];
      continue;
    }
    if (!at->has(part)) at->set(part, "");
    for (auto& member : at->members_mut())
      if (member.name == part) at = &member.value;
  }
  *at = text;
  return input;
}

// What reads the documents again: deliveries, evaluations, searches.
void use_documents(Fixture& fixture) {
  static const Recipe uses[] = {
      {"sns", "Publish",
       R"({"TopicArn":"arn:aws:sns:eu-west-1:000000000000:t","Message":"{\"a\":{\"b\":[1]}}",)"
       R"("MessageAttributes":{"a":{"DataType":"String.Array","StringValue":"[\"x\",1]"}}})"},
      {"logs", "FilterLogEvents",
       R"({"logGroupName":"lg","filterPattern":"{ $.a = 1 && ($.b[0].c = \"x*\" || $.d.e > 3) )"
       R"(}"})"},
      {"sns", "GetTopicAttributes", R"({"TopicArn":"arn:aws:sns:eu-west-1:000000000000:t"})"},
      {"cloudwatch", "DescribeAlarmHistory", R"({"AlarmName":"a"})"},
      {"events", "ListTargetsByRule", R"({"Rule":"rule"})"},
  };
  for (const auto& use : uses) {
    const auto& model = aws::service_model(use.service);
    const Target target{&model, model.operation(use.operation)};
    check_answer(target, fixture.call(model, *target.operation, model.protocols.front(),
                                      fixture.inputs().follow(model, use), false));
  }
  fixture.world().advance(std::chrono::minutes{2});
}

}  // namespace

TEST_CASE("hostile calls: whatever stands in whatever place of a document inside an input") {
  set_log_level(LogLevel::error);
  Cases cases{drawn_seed()};
  for (const auto& row : documents) {
    Fixture fixture{drawn_seed()};
    follow_recipes(fixture);
    const auto& model = aws::service_model(row.service);
    const Target target{&model, model.operation(row.operation)};
    const auto base = fixture.inputs().follow(model, {row.service, row.operation, row.input});
    const auto document = aws::from_json(row.document);
    REQUIRE(document);
    for (const auto& spot : spots(*document))
      for (const auto& [name, node] :
           replacements(aws::Protocol::json_1_1, node_at(*document, spot), Sizes::usual)) {
        if (!cases.drawn(Sizes::usual)) continue;
        const auto what = fmt::format("{} {}: {} <- {}", row.service, row.operation,
                                      name_of(*document, spot), name);
        INFO(what);
        if (std::getenv("SITELATCH_TRACE")) MESSAGE(what);
        const auto text = hostile_json(with_node(*document, spot, node));
        const auto answered = fixture.call(model, *target.operation, model.protocols.front(),
                                           with_text(base, row.member_path, text), false);
        check_answer(target, answered);
        use_documents(fixture);
      }
    const auto before = fixture.picture();
    fixture.crash();
    const auto after = fixture.picture();
    INFO(std::string{row.operation});
    for (std::size_t n = 0; n < after.size(); ++n) CHECK(after[n] == before[n]);
  }
  MESSAGE(cases.seen(), " cases, ", cases.tried(), " tried");
}

}  // namespace sitelatch::test
