// SPDX-License-Identifier: Apache-2.0
#include "console/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "client/error.h"

namespace sitelatch::console {
namespace {

using aws::Value;

constexpr auto back = std::chrono::minutes{30};
constexpr std::size_t most_of_each = 40, most_mails = 8, most_log_lines = 12;

class EngineLook {
 public:
  explicit EngineLook(const Rehearsal& engine) : engine_(engine) {}

  Value run() {
    look_at_clock();
    out_.set("healthChecks", asked("list-health")["healthChecks"]);
    out_.set("faults", asked("list-faults")["faults"]);
    out_.set("records", records());
    out_.set("alarms", alarms());
    out_.set("topics", topics());
    out_.set("functions", functions());
    out_.set("mails", mails());
    if (!problems_.items().empty()) out_.set("problems", problems_);
    return std::move(out_);
  }

 private:
  void look_at_clock() {
    const auto clock = asked("clock");
    out_.set("clock", clock["clock"]);
    out_.set("now", clock["now"]);
    out_.set("advancing", clock["advancing"]);
    now_ = parse_iso8601(clock["now"].string_or("")).value_or(Instant{});
  }

  Value asked(const char* command) {
    const auto answer = engine_.control(Value::structure({{"command", command}}));
    if (answer) return *answer;
    problems_.push(answer.error().text);
    return Value::structure();
  }
  Value call(std::string_view service, std::string_view operation,
             Value input = Value::structure()) {
    const auto reply = engine_.aws.call_all(service, operation, std::move(input), "us-east-1");
    if (reply) return *reply;
    if (!client::is_absent(reply.error())) problems_.push(client::explain(reply.error()));
    return Value::structure();
  }

  Value records() {
    auto out = Value::list();
    const auto zones = call("route53", "ListHostedZones");
    for (const auto& zone : zones["HostedZones"].items()) {
      const auto path = zone["Id"].string_or("");
      const auto sets =
          call("route53", "ListResourceRecordSets",
               Value::structure({{"HostedZoneId", path.substr(path.rfind('/') + 1)}}));
      for (const auto& set : sets["ResourceRecordSets"].items()) {
        const auto type = set["Type"].string_or("");
        if (type == "NS" || type == "SOA" || out.items().size() >= most_of_each) continue;
        auto values = Value::list();
        for (const auto& value : set["ResourceRecords"].items()) values.push(value["Value"]);
        if (set["AliasTarget"]) values.push(set["AliasTarget"]["DNSName"]);
        out.push(Value::structure({{"name", set["Name"]},
                                   {"type", type},
                                   {"failover", set["Failover"]},
                                   {"healthCheck", set["HealthCheckId"]},
                                   {"values", values}}));
      }
    }
    return out;
  }

  Value alarms() {
    auto out = Value::list();
    const auto found = call("cloudwatch", "DescribeAlarms");
    for (const auto& alarm : found["MetricAlarms"].items()) {
      if (out.items().size() >= most_of_each) break;
      out.push(Value::structure({{"name", alarm["AlarmName"]},
                                 {"state", alarm["StateValue"]},
                                 {"since", time(alarm["StateTransitionedTimestamp"])},
                                 {"reason", alarm["StateReason"]},
                                 {"actions", alarm["ActionsEnabled"]},
                                 {"threshold", alarm["Threshold"]},
                                 {"comparison", alarm["ComparisonOperator"]},
                                 {"metric", alarm["MetricName"]},
                                 {"points", points(alarm)}}));
    }
    return out;
  }

  // Of the last half hour, oldest first: [{"at", "value"}].
  Value points(const Value& alarm) {
    auto out = Value::list();
    if (!alarm["MetricName"].is_string()) return out;
    const auto stat =
        Value::structure({{"Metric", Value::structure({{"Namespace", alarm["Namespace"]},
                                                       {"MetricName", alarm["MetricName"]},
                                                       {"Dimensions", alarm["Dimensions"]}})},
                          {"Period", alarm["Period"]},
                          {"Stat", alarm["Statistic"]}});
    const auto reply = call(
        "cloudwatch", "GetMetricData",
        Value::structure({{"MetricDataQueries",
                           Value::list({Value::structure({{"Id", "m"}, {"MetricStat", stat}})})},
                          {"StartTime", now_ - back},
                          {"EndTime", now_ + std::chrono::minutes{1}},
                          {"ScanBy", "TimestampAscending"}}));
    for (const auto& result : reply["MetricDataResults"].items()) {
      const auto& times = result["Timestamps"].items();
      const auto& values = result["Values"].items();
      for (std::size_t i = 0; i < std::min(times.size(), values.size()); ++i)
        out.push(Value::structure({{"at", time(times[i])}, {"value", values[i]}}));
    }
    return out;
  }

  Value topics() {
    auto out = Value::list();
    const auto subscriptions = call("sns", "ListSubscriptions");
    const auto listed = call("sns", "ListTopics");
    for (const auto& topic : listed["Topics"].items()) {
      const auto arn = topic["TopicArn"].string_or("");
      auto to = Value::list();
      for (const auto& one : subscriptions["Subscriptions"].items())
        if (one["TopicArn"].string_or("") == arn)
          to.push(Value::structure(
              {{"protocol", one["Protocol"]},
               {"endpoint", one["Endpoint"]},
               {"pending", one["SubscriptionArn"].string_or("") == "PendingConfirmation"}}));
      const auto name = arn.substr(arn.rfind(':') + 1);
      out.push(Value::structure({{"name", name},
                                 {"subscriptions", to},
                                 {"delivered", sum_of(name, "NumberOfNotificationsDelivered")},
                                 {"failed", sum_of(name, "NumberOfNotificationsFailed")}}));
      if (out.items().size() >= most_of_each) break;
    }
    return out;
  }

  Value sum_of(const std::string& topic, std::string_view metric) {
    const auto reply =
        call("cloudwatch", "GetMetricStatistics",
             Value::structure({{"Namespace", "AWS/SNS"},
                               {"MetricName", metric},
                               {"Dimensions", Value::list({Value::structure(
                                                  {{"Name", "TopicName"}, {"Value", topic}})})},
                               {"StartTime", now_ - std::chrono::hours{24}},
                               {"EndTime", now_ + std::chrono::minutes{1}},
                               {"Period", 86400},
                               {"Statistics", Value::list({"Sum"})}}));
    double sum = 0;
    for (const auto& point : reply["Datapoints"].items()) sum += point["Sum"].number_or(0);
    return sum;
  }

  Value functions() {
    auto out = Value::list();
    const auto listed = call("lambda", "ListFunctions");
    for (const auto& function : listed["Functions"].items()) {
      if (out.items().size() >= most_of_each) break;
      const auto name = function["FunctionName"].string_or("");
      out.push(Value::structure({{"name", name},
                                 {"runtime", function["Runtime"]},
                                 {"state", function["State"]},
                                 {"lines", log_lines(name)}}));
    }
    return out;
  }

  Value log_lines(const std::string& function) {
    auto out = Value::list();
    const auto found = call("logs", "FilterLogEvents",
                            Value::structure({{"logGroupName", "/aws/lambda/" + function},
                                              {"startTime", unix_ms(now_ - back)}}));
    const auto& events = found["events"].items();
    const auto skipped = events.size() > most_log_lines ? events.size() - most_log_lines : 0;
    for (auto i = skipped; i < events.size(); ++i)
      out.push(
          Value::structure({{"at", iso8601_ms(from_unix_ms(events[i]["timestamp"].integer_or(0)))},
                            {"text", events[i]["message"]}}));
    return out;
  }

  Value mails() {
    namespace fs = std::filesystem;
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator it(engine_.mail, error), end; !error && it != end;
         it.increment(error))
      if (it->path().extension() == ".eml") files.push_back(it->path());
    std::sort(files.begin(), files.end(), std::greater<>{});  // their names begin with the time
    if (files.size() > most_mails) files.resize(most_mails);
    auto out = Value::list();
    for (const auto& file : files) {
      std::ifstream stream(file);
      const std::string text{std::istreambuf_iterator<char>{stream}, {}};
      out.push(read_mail(text));
    }
    return out;
  }

  static Value time(const Value& at) {
    return at.is_timestamp() ? Value{iso8601_ms(at.timestamp())} : Value{};
  }

  const Rehearsal& engine_;
  Value out_ = Value::structure({{"kind", "engine"}});
  Value problems_ = Value::list();
  Instant now_{};
};

Result<std::string> text_of(const Value& wish, std::string_view member) {
  const auto& value = wish[member];
  if (value.is_null()) return std::string{};
  if (!value.is_string() || value.string().size() > 200)
    return problem(std::string{member} + " is no text.");
  return std::string{trim(value.string())};
}

}  // namespace

Value read_mail(std::string_view text) {
  auto out = Value::structure();
  const auto blank = text.find("\r\n\r\n");
  bool encoded = false;
  for (const auto line : split(text.substr(0, blank), '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = lower(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    if (name == "to" || name == "subject" || name == "date") out.set(name, value);
    encoded = encoded || (name == "content-transfer-encoding" && value == "base64");
  }
  if (blank == std::string_view::npos) return out;
  std::string body{text.substr(blank + 4)};
  if (encoded) {
    std::string letters;
    for (const char c : body)
      if (c != '\r' && c != '\n') letters += c;
    body = unbase64(letters).value_or(body);
  }
  constexpr std::size_t shown = 2000;
  if (body.size() > shown) body.resize(shown);
  if (valid_utf8(body)) out.set("body", body);
  return out;
}

Value look_at_engine(const Rehearsal& engine) { return EngineLook(engine).run(); }

std::vector<std::string> manually_resumed(const Rehearsal& engine) {
  std::vector<std::string> out;
  const auto listed = engine.control(Value::structure({{"command", "list-health"}}));
  if (!listed) return out;
  for (const auto& check : (*listed)["healthChecks"].items())
    if (check["manualResume"].boolean_or(false)) out.push_back(check["id"].string_or(""));
  return out;
}

Result<Value> control_request(const Value& wish) {
  struct Texts {
    std::string act, id, status, kind, service, operation, region, cut_off, loss, by, lasts;
  } t;
  for (const auto& [member, to] : {std::pair{"do", &t.act},
                                   {"id", &t.id},
                                   {"status", &t.status},
                                   {"kind", &t.kind},
                                   {"service", &t.service},
                                   {"operation", &t.operation},
                                   {"region", &t.region},
                                   {"cutOff", &t.cut_off},
                                   {"loss", &t.loss},
                                   {"by", &t.by},
                                   {"for", &t.lasts}}) {
    auto text = text_of(wish, member);
    if (!text) return failure(text.error());
    *to = std::move(*text);
  }
  const auto text = [](const std::string& value) { return value.empty() ? Value{} : Value{value}; };
  Value lasts;
  if (!t.lasts.empty()) {
    const auto parsed = parse_duration(t.lasts);
    if (!parsed) return problem("For how long? As in 30s, 5m or 1h.");
    lasts = Value{std::int64_t{parsed->count()}};
  }
  if (t.act == "advance") {
    const auto by = parse_duration(t.by);
    if (!by) return problem("How far? As in 30s, 5m or 1h.");
    return Value::structure({{"command", "advance"}, {"nanoseconds", std::int64_t{by->count()}}});
  }
  if (t.act == "health")
    return Value::structure({{"command", "health"}, {"id", t.id}, {"status", t.status}});
  if (t.act == "fault")
    return Value::structure({{"command", "fault"},
                             {"kind", t.kind},
                             {"service", t.service},
                             {"operation", text(t.operation)},
                             {"region", text(t.region)},
                             {"forNanoseconds", lasts}});
  if (t.act == "checkers")
    return Value::structure({{"command", "checker-fault"},
                             {"healthCheck", t.id},
                             {"cutOff", text(t.cut_off)},
                             {"loss", text(t.loss)},
                             {"forNanoseconds", lasts}});
  if (t.act == "clear") {
    const auto number = parse_int(t.id);
    return Value::structure({{"command", "clear-faults"}, {"id", Value{number}}});
  }
  return problem("There is no such act upon the engine.");
}

}  // namespace sitelatch::console
