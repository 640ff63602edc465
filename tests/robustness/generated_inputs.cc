// SPDX-License-Identifier: Apache-2.0
#include "generated_inputs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "net/functions/test_zip.h"

namespace sitelatch::test {
using aws::Kind;
using aws::Value;
namespace {

constexpr int depth_max = 8;
constexpr std::size_t known_max = 24;  // of one name: the newest
const std::string any_trust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*",)"
    R"("Service":["lambda.amazonaws.com","sns.amazonaws.com"]},"Action":"sts:AssumeRole"}]})";
const std::string any_policy =
    R"({"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow",)"
    R"("Action":["*","route53:Get*"],"Resource":"*","Condition":)"
    R"({"StringLike":{"aws:PrincipalArn":"arn:*"},"NumericLessThan":{"aws:x":"5"},)"
    R"("DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"},)"
    R"("IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]})";
const std::string topic_policy =
    R"({"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"SNS:*",)"
    R"("Resource":"*"}]})";

// What somebody who knows the service would write into a member of that name.
const std::map<std::string, std::vector<std::string>, std::less<>>& words() {
  static const std::map<std::string, std::vector<std::string>, std::less<>> table = {
      {"Runtime", {"python3.11", "provided.al2023", "provided.al2"}},
      {"Handler", {"index.handler", "bootstrap"}},
      {"Role", {"arn:aws:iam::000000000000:role/r"}},
      {"RoleArn", {"arn:aws:iam::000000000000:role/r"}},
      {"RoleName", {"r", "r2"}},
      {"UserName", {"u", "u2"}},
      {"GroupName", {"g"}},
      {"PolicyName", {"p", "p2"}},
      {"PolicyArn",
       {"arn:aws:iam::000000000000:policy/p",
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}},
      {"AssumeRolePolicyDocument", {any_trust}},
      {"PolicyDocument", {any_policy, any_trust, topic_policy}},
      {"policyDocument", {any_policy, R"({"Fields":["a","b"]})"}},
      {"Policy", {any_policy, topic_policy}},
      {"FunctionName",
       {"f", "f2", "arn:aws:lambda:eu-west-1:000000000000:function:f", "f:live", "f:$LATEST",
        "f:1"}},
      {"Qualifier", {"$LATEST", "1", "live"}},
      {"LayerName", {"l", "l2", "arn:aws:lambda:eu-west-1:000000000000:layer:l"}},
      {"EventSourceArn", {"arn:aws:sqs:eu-west-1:000000000000:q"}},
      {"FunctionVersion", {"$LATEST", "1"}},
      {"Principal", {"sns.amazonaws.com", "*", "000000000000", "events.amazonaws.com"}},
      {"Action", {"lambda:InvokeFunction", "lambda:*"}},
      {"TopicArn",
       {"arn:aws:sns:eu-west-1:000000000000:t", "arn:aws:sns:eu-west-1:000000000000:t2"}},
      {"ResourceArn",
       {"arn:aws:sns:eu-west-1:000000000000:t",
        "arn:aws:lambda:eu-west-1:000000000000:function:f"}},
      {"Endpoint",
       {"arn:aws:lambda:eu-west-1:000000000000:function:f", "http://127.0.0.1:9/x", "a@b.test",
        "https://127.0.0.1:9/", "arn:aws:sqs:eu-west-1:000000000000:q"}},
      {"AttributeName",
       {"Policy", "DisplayName", "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope",
        "RawMessageDelivery", "RedrivePolicy", "SignatureVersion", "TracingConfig",
        "KmsMasterKeyId", "EffectiveDeliveryPolicy"}},
      {"AttributeValue",
       {"true", "false", "2", topic_policy,
        R"({"a":["x",{"prefix":"y"},{"numeric":[">",1,"<=",5]}]})",
        R"({"healthyRetryPolicy":{"numRetries":3}})",
        R"({"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:q"})", "MessageBody",
        R"({"a":{"b":[{"exists":false}]},"$or":[{"c":["1"]},{"d":[1]}]})"}},
      {"QueueUrl",
       {"http://127.0.0.1:4566/000000000000/q", "http://127.0.0.1:4566/000000000000/dead",
        "http://127.0.0.1:4566/000000000000/q.fifo", "/000000000000/q"}},
      {"QueueName", {"q", "dead", "q.fifo", "q2"}},
      {"SourceArn", {"arn:aws:sqs:eu-west-1:000000000000:dead"}},
      {"DestinationArn", {"arn:aws:sqs:eu-west-1:000000000000:q"}},
      {"MessageGroupId", {"g", "h"}},
      {"MessageDeduplicationId", {"d"}},
      {"MessageStructure", {"json"}},
      {"Message", {"hello", R"({"default":"d","lambda":"l","http":"h"})", R"({"a":"x","n":3})"}},
      {"AlarmName", {"a", "a2"}},
      {"AlarmNames", {"a", "a2"}},
      {"Namespace", {"AWS/Route53", "Mine", "AWS/Lambda"}},
      {"MetricName", {"HealthCheckStatus", "m", "Invocations"}},
      {"AlarmActions",
       {"arn:aws:sns:eu-west-1:000000000000:t", "arn:aws:lambda:eu-west-1:000000000000:function:f",
        "arn:aws:automate:eu-west-1:ec2:stop"}},
      {"OKActions", {"arn:aws:sns:eu-west-1:000000000000:t"}},
      {"StateReasonData", {R"({"a":1})", "{"}},
      {"ExtendedStatistic",
       {"p99", "p99.9", "tm90", "TM(10%:90%)", "IQM", "PR(1:5)", "TS(80%:)", "WM(:200)"}},
      {"ExtendedStatistics", {"p50", "tm95", "IQM"}},
      {"Expression", {"m1+m2", "SEARCH('{AWS/Lambda,FunctionName}', 'Sum', 60)"}},
      {"MetricDataQueries", {"m1"}},
      {"logGroupName", {"/aws/lambda/f", "lg"}},
      {"logGroupIdentifier",
       {"/aws/lambda/f", "arn:aws:logs:eu-west-1:000000000000:log-group:lg:*", "lg"}},
      {"logStreamName", {"ls", "ls2"}},
      {"filterPattern",
       {"ERROR", "?a ?b -c", "{ $.a = 1 && ($.b[0] = \"x*\" || $.c IS TRUE) }",
        "[a, b=x*, ..., c>3]", "\"two words\"", "%ab+%"}},
      {"queryString",
       {"fields @message", "stats count(*) by bin(5m)",
        "filter a like /x+/ | parse @message '* *' as b, c | sort b desc | dedup b | limit 2",
        "stats avg(a) / 2 as b by c | filter b > 1", "fields strlen(concat(a, 'b')) as n"}},
      {"metricValue", {"1", "$.a", "$bytes"}},
      {"destinationArn", {"arn:aws:lambda:eu-west-1:000000000000:function:f"}},
      {"filterName", {"mf", "sf"}},
      {"policyType", {"FIELD_INDEX_POLICY", "DATA_PROTECTION_POLICY"}},
      {"accessPolicy", {any_policy}},
      {"targetArn", {"arn:aws:kinesis:eu-west-1:000000000000:stream/s"}},
      {"logType", {"ACCESS_LOGS"}},
      {"destinationResourceArn",
       {"arn:aws:s3:::bucket", "arn:aws:logs:eu-west-1:000000000000:log-group:lg"}},
      {"deliverySourceName", {"src"}},
      {"deliveryDestinationName", {"dst"}},
      {"deliveryDestinationArn", {"arn:aws:logs:eu-west-1:000000000000:delivery-destination:dst"}},
      {"logGroupArnList", {"arn:aws:logs:eu-west-1:000000000000:log-group:lg"}},
      {"ScheduleExpression",
       {"rate(1 minute)", "cron(0/5 * * * ? *)", "rate(5 days)", "cron(0 0 L * ? 2026)",
        "cron(15 10 ? * 6L 2026-2027)"}},
      {"EventPattern", {R"({"source":["aws.route53"]})", R"({"source":[{"prefix":"aws."}]})"}},
      {"EventBusName", {"default", "bus", "arn:aws:events:eu-west-1:000000000000:event-bus/bus"}},
      {"ArchiveName", {"a"}},
      {"EventSourceArn",
       {"arn:aws:events:eu-west-1:000000000000:event-bus/bus",
        "arn:aws:events:eu-west-1:000000000000:archive/a"}},
      {"Detail", {"{}", R"({"a":[1,{"b":null}]})", "[]"}},
      {"Source", {"s", "aws.ec2"}},
      {"Event",
       {R"({"id":"1","account":"1","source":"s","time":"t","region":"r","detail-type":"d"})"}},
      {"Input", {R"({"a":1})", "null"}},
      {"InputPath", {"$", "$.detail", "$.a.b"}},
      {"InputTemplate", {"\"<a> is <aws.events.rule-arn>\"", R"({"x": <a>, "y": "<b>"})"}},
      {"Arn",
       {"arn:aws:lambda:eu-west-1:000000000000:function:f",
        "arn:aws:sns:eu-west-1:000000000000:t"}},
      {"Rule", {"rule", "rule2"}},
      {"Name",
       {"example.test.", "www.example.test.", "*.example.test", "rule", "t", "t2", "a", "live",
        "\\052.example.test.", "sub.example.test"}},
      {"DNSName", {"example.test.", "www.example.test.", "sub.example.test"}},
      {"Value",
       {"10.0.0.1", "10.0.0.2", "\"text\"", "10 mail.example.test.", "::1", "ns1.example.test.",
        "0 issue \"ca.test\"", "1 . alpn=\"h2\"", "0 0 53 srv.example.test."}},
      {"SetIdentifier", {"primary", "backup", "third"}},
      {"IPAddress", {"127.0.0.1", "10.0.0.1", "::1", "192.0.2.1"}},
      {"FullyQualifiedDomainName", {"www.example.test", "example.test"}},
      {"ResourcePath", {"/lb-check", "/lb-check-failed-over", "/"}},
      {"CallerReference", {"ref-1", "ref-2", "ref-3", "ref-4", "ref-5"}},
      {"SearchString", {"UP", "DOWN"}},
      {"CountryCode", {"*", "DE"}},
      {"InvocationType", {"Event", "RequestResponse", "DryRun"}},
      {"ClientContext", {"e30=", "!!"}},
      {"Region", {"us-east-1", "eu-west-1"}},
      {"Marker", {""}},
      {"StartRecordName", {"www.example.test."}},
      {"TTL", {"60"}},
      {"Protocol", {"lambda", "http", "https", "email", "email-json", "sqs", "sms", "firehose"}},
  };
  return table;
}

std::string clipped(std::string text, const aws::Shape& shape) {
  if (shape.max && static_cast<double>(text.size()) > *shape.max)
    text.resize(static_cast<std::size_t>(*shape.max));
  while (shape.min && static_cast<double>(text.size()) < *shape.min && text.size() < 4096)
    text += 'x';
  return text;
}

}  // namespace

InputMaker::InputMaker(std::uint64_t seed, Instant now)
    : random_(seed),
      now_(now),
      zip_(make_zip(
          {{"index.py", "def handler(e, c): return e\n"}, {"bootstrap", "#!/bin/sh\n", 0755}})) {}

Value InputMaker::make(const aws::ServiceModel& model, const aws::Operation& operation) {
  model_ = &model;
  if (operation.input == aws::no_shape) return Value::structure();
  std::vector<const Recipe*> known;
  for (const auto& recipe : recipes())
    if (recipe.service == model.name && recipe.operation == operation.name)
      known.push_back(&recipe);
  if (!known.empty() && !one_in(3)) {
    mood_ = one_in(3) ? Mood::absurd : Mood::sensible;
    return varied(follow(model, *known[below(known.size())]), model.shape(operation.input));
  }
  const auto draw = below(10);
  mood_ = draw < 2   ? Mood::sparse
          : draw < 7 ? Mood::sensible
          : draw < 8 ? Mood::full
                     : Mood::absurd;
  return structure(model.shape(operation.input), 0);
}

Value InputMaker::follow(const aws::ServiceModel& model, const Recipe& recipe) {
  model_ = &model;
  aws::Member root;
  root.shape = model.operation(recipe.operation)->input;
  return resolved(root, aws::from_json(recipe.input).value());
}

Value InputMaker::filled(const aws::ServiceModel& model, const aws::Member& place,
                         const std::string& name) {
  model_ = &model;
  mood_ = Mood::full;
  return value(place, name, 1);
}

Value InputMaker::required(const aws::ServiceModel& model, const aws::Shape& shape) {
  model_ = &model;
  mood_ = Mood::required;
  return structure(shape, 0);
}

// JSON has no timestamps (here: seconds from now) and no zips, and knows no ids.
Value InputMaker::resolved(const aws::Member& place, const Value& value) {
  const auto& shape = model_->shape(place.shape);
  if (shape.kind == Kind::timestamp) return now_ + std::chrono::seconds{value.integer()};
  if (value.is_list()) {
    Value::List out;
    for (const auto& item : value.items()) out.push_back(resolved(shape.element, item));
    return out;
  }
  if (value.is_struct()) {
    auto out = Value::structure();
    for (const auto& [name, inner] : value.members()) {
      const auto* member = shape.kind == Kind::structure ? shape.member(name) : &shape.element;
      if (member) out.set(name, resolved(*member, inner));
    }
    return out;
  }
  if (!value.is_string() || !value.string().starts_with('@')) return value;
  const auto name = value.string().substr(1);
  if (name == "zip") return zip_;
  const auto known = known_.find(name);
  return known == known_.end() ? Value{"unknown"} : Value{known->second.back()};
}

// Some members replaced, added or left out; the deeper ones by the same rule.
Value InputMaker::varied(Value recipe, const aws::Shape& shape) {
  for (const auto& member : shape.members) {
    if (one_in(12))
      recipe.set(member.name, value(member, member.name, 1));
    else if (one_in(30))
      recipe.set(member.name, Value{});
    else if (const auto& inner = recipe[member.name];
             inner.is_struct() && model_->shape(member.shape).kind == Kind::structure)
      recipe.set(member.name, varied(inner, model_->shape(member.shape)));
  }
  return recipe;
}

void InputMaker::learn(const Value& value, const std::string& name, const std::string& owner) {
  if (value.is_list()) {
    for (const auto& item : value.items()) learn(item, name, owner);
  } else if (value.is_struct()) {
    for (const auto& [inner, member] : value.members()) learn(member, inner, name);
  } else if (value.is_string() && !value.string().empty() && value.string().size() < 2000) {
    learn_text(value.string(), name);
    if (name == "Id" || name == "Arn" ||
        name == "Name")  // HealthCheck.Id; clients cut "/hostedzone/" off
      learn_text(value.string().substr(value.string().starts_with("/hostedzone/") ? 12 : 0),
                 owner + name);
  }
}

void InputMaker::learn_text(const std::string& text, const std::string& name) {
  auto& known = known_[name];
  if (std::find(known.begin(), known.end(), text) != known.end()) return;
  known.push_back(text);
  if (known.size() > known_max) known.erase(known.begin());
  if (any_known_.size() < 400)
    any_known_.push_back(text);
  else
    any_known_[below(any_known_.size())] = text;
}

Value InputMaker::structure(const aws::Shape& shape, int depth) {
  auto out = Value::structure();
  const auto only =
      shape.union_type && !one_in(8) ? below(shape.members.size()) : shape.members.size();
  for (std::size_t i = 0; i < shape.members.size(); ++i) {
    const auto& member = shape.members[i];
    const bool whole = mood_ == Mood::full || mood_ == Mood::required;
    bool wanted = member.required && (whole || !one_in(40));
    if (!wanted && depth < depth_max) switch (mood_) {
        case Mood::required:
        case Mood::sparse:
          break;
        case Mood::sensible:
          wanted = one_in(3);
          break;
        case Mood::full:
          wanted = true;
          break;
        case Mood::absurd:
          wanted = one_in(2);
          break;
      }
    if (shape.union_type && only < shape.members.size()) wanted = i == only;
    if (wanted) out.set(member.name, value(member, member.name, depth + 1));
  }
  return out;
}

Value InputMaker::value(const aws::Member& place, const std::string& name, int depth) {
  const auto& shape = model_->shape(place.shape);
  switch (shape.kind) {
    case Kind::structure:
      return structure(shape, depth);
    case Kind::list:
      return list(shape, name, depth);
    case Kind::map:
      return map(shape, name, depth);
    case Kind::string:
      return text(shape, name);
    case Kind::blob:
      return one_in(2) ? zip_ : one_in(4) ? absurd_text(shape) : std::string{R"({"key":"value"})"};
    case Kind::boolean:
      return one_in(2);
    case Kind::integer:
      return integer(shape);
    case Kind::floating:
      return floating();
    case Kind::timestamp:
      return timestamp();
    case Kind::document:
      return document(depth);
  }
  return {};
}

Value InputMaker::list(const aws::Shape& shape, const std::string& name, int depth) {
  Value::List out;
  std::size_t count = shape.min ? static_cast<std::size_t>(*shape.min) : 0;
  if (depth < depth_max) count = std::max<std::size_t>(count, 1 + below(3));
  if (mood_ == Mood::absurd && one_in(3)) count = one_in(2) ? 0 : 60;
  if (depth > 4) count = std::min<std::size_t>(count, 3);
  for (std::size_t i = 0; i < count; ++i) out.push_back(value(shape.element, name, depth + 1));
  return out;
}

Value InputMaker::map(const aws::Shape& shape, const std::string& name, int depth) {
  auto out = Value::structure();
  const auto& key = model_->shape(shape.key.shape);
  const auto known = words().find(name == "Attributes" ? "AttributeName" : name + "Key");
  for (std::size_t i = 0; i < 1 + below(3); ++i) {
    const auto key_text =
        known != words().end() && !one_in(4) ? one_of(known->second) : text(key, "Key");
    out.set(key_text,
            value(shape.element, name == "Attributes" ? "AttributeValue" : "Value", depth + 1));
  }
  return out;
}

std::string InputMaker::text(const aws::Shape& shape, const std::string& name) {
  if (mood_ == Mood::absurd && one_in(3)) return absurd_text(shape);
  if (one_in(60)) return absurd_text(shape);
  return sensible_text(shape, name);
}

std::string InputMaker::sensible_text(const aws::Shape& shape, const std::string& name) {
  if (!shape.enumeration.empty() && !one_in(30)) return one_of(shape.enumeration);
  const auto learnt = known_.find(name);
  const auto fixed = words().find(name);
  if (learnt != known_.end() && !one_in(3)) return one_of(learnt->second);
  if (fixed != words().end()) return one_of(fixed->second);
  if (learnt != known_.end()) return one_of(learnt->second);
  // By the last word of the name: DestinationArn, HealthCheckId, ...
  for (const auto& [other, values] : known_)
    if (other.size() > 3 && name.size() > 3 && (name.ends_with(other) || other.ends_with(name)))
      return one_of(values);
  static const std::vector<std::string> plain = {
      "a", "b1", "name", "10", "true", "x-y_z", "arn:aws:iam::000000000000:role/r", "/", "UP"};
  for (int tries = 0; tries < 6; ++tries) {
    const auto candidate =
        clipped(!any_known_.empty() && one_in(3) ? one_of(any_known_) : one_of(plain), shape);
    if (!shape.pattern || shape.pattern->matches(candidate)) return candidate;
  }
  return clipped("abc", shape);
}

std::string InputMaker::absurd_text(const aws::Shape& shape) {
  static const std::vector<std::string> odd = {"",
                                               " ",
                                               std::string(1, '\0'),
                                               "\xff\xfe",
                                               "\xc0\x80",
                                               "\xed\xa0\x80",
                                               "\xf4\x90\x80\x80",
                                               "\xe2\x82",
                                               "\x01\x02\x1f\x7f",
                                               "\xef\xbf\xbf",
                                               "\xf0\x9f\x94\x92",
                                               "a\nb\r\nc\t",
                                               "<>&\"'",
                                               "%00%ff",
                                               "../../etc/passwd",
                                               "{\"a\":",
                                               "[[[[",
                                               "*",
                                               "?",
                                               "\\",
                                               "$.a",
                                               "arn:",
                                               "arn:aws:sns:::",
                                               "::::::::",
                                               "-1",
                                               "1e400",
                                               "99999999999999999999",
                                               "NaN",
                                               "null",
                                               "true",
                                               "0x10",
                                               "{}",
                                               "[]",
                                               "\"",
                                               "${aws:username}",
                                               "'; DROP TABLE x; --",
                                               "\xe2\x80\xae",
                                               "a\xcc\x81",
                                               "I\xcc\x87"};
  switch (below(6)) {
    case 0: {  // just beyond, or at, a bound
      const auto bound = shape.max ? *shape.max : shape.min ? *shape.min : 256.0;
      return std::string(static_cast<std::size_t>(std::clamp(bound, 0.0, 20000.0)) + below(2), 'x');
    }
    case 1: {
      std::string out;
      for (std::size_t i = 0, n = below(40); i < n; ++i) out += static_cast<char>(below(256));
      return out;
    }
    case 2:
      return std::string(below(3000), '[') + std::string(below(3), ']');
    case 3: {
      std::string out;
      const auto deep = 20 + below(60);  // JSON around the depths that parsers allow
      for (std::size_t i = 0; i < deep; ++i) out += "{\"a\":[";
      for (std::size_t i = 0; i < deep; ++i) out += "]}";
      return out;
    }
    default:
      return one_of(odd);
  }
}

std::int64_t InputMaker::integer(const aws::Shape& shape) {
  if (mood_ == Mood::absurd && one_in(2)) {
    static const std::vector<std::int64_t> odd = {0,
                                                  1,
                                                  -1,
                                                  7,
                                                  2147483647,
                                                  -2147483648LL,
                                                  std::numeric_limits<std::int64_t>::max(),
                                                  std::numeric_limits<std::int64_t>::min(),
                                                  1LL << 53,
                                                  4294967296LL,
                                                  1767225600000LL};
    return odd[below(odd.size())];
  }
  if (shape.min && shape.max) {
    if (one_in(4)) return static_cast<std::int64_t>(*shape.min);
    if (one_in(4)) return static_cast<std::int64_t>(*shape.max);
    const auto span = std::min(*shape.max - *shape.min, 1e6);
    return static_cast<std::int64_t>(*shape.min) +
           static_cast<std::int64_t>(below(static_cast<std::size_t>(span) + 1));
  }
  static const std::vector<std::int64_t> usual = {0,  1,  2,   3,    10,    30,
                                                  60, 80, 300, 3600, 86400, 1767225600000LL};
  return usual[below(usual.size())];
}

double InputMaker::floating() {
  static const std::vector<double> usual = {0, 1, 0.5, 2, 100, -1};
  static const std::vector<double> odd = {std::numeric_limits<double>::quiet_NaN(),
                                          std::numeric_limits<double>::infinity(),
                                          -std::numeric_limits<double>::infinity(),
                                          -0.0,
                                          1e308,
                                          -1e308,
                                          5e-324,
                                          1e-130,
                                          1e126,
                                          std::exp2(360),
                                          -std::exp2(360),
                                          0.1,
                                          1e22,
                                          123456789.125};
  if (mood_ == Mood::absurd || one_in(12)) return odd[below(odd.size())];
  return usual[below(usual.size())];
}

Instant InputMaker::timestamp() {
  if (mood_ == Mood::absurd && one_in(2)) {
    static const std::vector<std::int64_t> odd_ms = {0,
                                                     -1,
                                                     1,
                                                     9'100'000'000'000LL,
                                                     -9'100'000'000'000LL,
                                                     253402300799000LL / 28,
                                                     2147483648000LL};
    return from_unix_ms(odd_ms[below(odd_ms.size())]);
  }
  return now_ + std::chrono::seconds{static_cast<std::int64_t>(below(7200)) - 6000};
}

Value InputMaker::document(int depth) {
  if (depth >= depth_max || one_in(3)) return one_in(2) ? Value{"text"} : Value{1};
  return Value::structure({{"k", document(depth + 1)}, {"l", Value::list({document(depth + 1)})}});
}

std::string InputMaker::damaged(std::string body) {
  if (body.empty()) return std::string(below(20), static_cast<char>(below(256)));
  const auto at = below(body.size());
  switch (below(7)) {
    case 0:
      return body.substr(0, at);
    case 1:
      body[at] = static_cast<char>(below(256));
      return body;
    case 2:
      return body.insert(at, body.substr(0, below(200)));
    case 3:
      return body.erase(at, 1 + below(8));
    case 4:
      return body.insert(at, 1, "\"{}[]<>&=%:,0-\\\n"[below(16)]);
    case 5: {  // another kind where a value starts
      const auto quote = body.find('"', at);
      static const std::vector<std::string> others = {
          "{}", "[]", "1", "null", "true", "-1.5e300", "\"s\"", "[[]]", "{\"a\":{}}"};
      return quote == std::string::npos ? body : body.insert(quote, one_of(others));
    }
    default: {
      const auto colon = body.find(':', at);
      static const std::vector<std::string> others = {
          "{}", "[]", "1", "null", "true", "1e999", "\"\"", "\"\\ud800\"", "[{}]"};
      if (colon == std::string::npos) return body;
      const auto end = body.find_first_of(",}", colon);
      return body.replace(colon + 1, end == std::string::npos ? end : end - colon - 1,
                          one_of(others));
    }
  }
}

}  // namespace sitelatch::test
