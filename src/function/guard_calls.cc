// SPDX-License-Identifier: Apache-2.0
#include "function/guard_calls.h"

#include <algorithm>
#include <cstdlib>

#include "aws/auth/partition.h"
#include "base/text.h"
#include "function/xml.h"
#include "guard/rules/json.h"
#include "guard/rules/plan.h"

namespace sitelatch::function {
namespace {
constexpr std::string_view audit_stream = "function";
// "arn:aws:sns:eu-west-1:000000000000:name": the n-th part.
std::string arn_part(std::string_view arn, std::size_t n) {
  const auto parts = split(arn, ':');
  return n < parts.size() ? std::string{parts[n]} : std::string{};
}

std::string own_region() {
  const char* region = std::getenv("AWS_REGION");
  if (!region || !*region) region = std::getenv("AWS_DEFAULT_REGION");
  return region && *region ? region : "us-east-1";
}

std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    if (!body.empty()) body += '&';
    body += std::string{name} + "=" + percent_encode(value);
  }
  return body;
}

int small_number(const Xml& xml) {
  const auto value = parse_int(trim(xml.text));
  return value && *value >= 0 && *value <= 1000 ? static_cast<int>(*value) : 0;
}

std::optional<std::string> present(const Xml& parent, std::string_view name) {
  const auto* found = parent.find(name);
  return found ? std::optional<std::string>{found->text} : std::nullopt;
}

Failure<CallError> unreadable(std::string_view what) {
  return failure(CallError{"", "AWS's answer about " + std::string{what} + " cannot be read", 0});
}
}  // namespace

std::optional<guard::Check> read_check_xml(std::string_view body) {
  const auto root = parse_xml(body);
  const auto* check = root ? root->anywhere("HealthCheck") : nullptr;
  const auto* config = check ? check->find("HealthCheckConfig") : nullptr;
  const auto version = check ? parse_int(trim((*check)["HealthCheckVersion"].text)) : std::nullopt;
  if (!config || !version || *version < 1 || (*config)["Type"].text.empty()) return std::nullopt;
  guard::Check read;
  read.id = (*check)["Id"].text;
  read.version = static_cast<std::uint64_t>(*version);
  read.type = (*config)["Type"].text;
  read.path = present(*config, "ResourcePath");
  read.fqdn = present(*config, "FullyQualifiedDomainName");
  read.by_address = !(*config)["IPAddress"].text.empty();
  read.disabled = (*config)["Disabled"].text == "true";
  read.inverted = (*config)["Inverted"].text == "true";
  read.health_threshold = small_number((*config)["HealthThreshold"]);
  read.children = static_cast<int>((*config)["ChildHealthChecks"].children.size());
  return read;
}

std::optional<std::optional<guard::AlarmSnapshot>> read_alarm_xml(std::string_view body,
                                                                  std::string_view arn) {
  const auto root = parse_xml(body);
  const auto* alarms = root ? root->anywhere("MetricAlarms") : nullptr;
  if (!root || !root->anywhere("DescribeAlarmsResult")) return std::nullopt;
  if (!alarms) return std::optional<guard::AlarmSnapshot>{};
  for (const auto& alarm : alarms->children) {
    if (alarm["AlarmArn"].text != arn) continue;
    const auto state = guard::alarm_state(alarm["StateValue"].text);
    auto changed = parse_iso8601(alarm["StateTransitionedTimestamp"].text);
    if (!changed) changed = parse_iso8601(alarm["StateUpdatedTimestamp"].text);
    if (!state || !changed) return std::nullopt;
    return guard::AlarmSnapshot{*state, *changed, alarm["ActionsEnabled"].text != "false",
                                guard::from_real_data(alarm["StateReason"].text),
                                guard::oldest_datapoint(alarm["StateReason"].text)};
  }
  return std::optional<guard::AlarmSnapshot>{};
}

std::optional<std::vector<guard::StatusMinute>> read_status_xml(std::string_view body) {
  const auto root = parse_xml(body);
  if (!root || !root->anywhere("GetMetricStatisticsResult")) return std::nullopt;
  std::vector<guard::StatusMinute> minutes;
  if (const auto* points = root->anywhere("Datapoints"))
    for (const auto& point : points->children) {
      const auto begins = parse_iso8601(point["Timestamp"].text);
      const auto lowest = parse_double(trim(point["Minimum"].text));
      const auto highest = parse_double(trim(point["Maximum"].text));
      if (!begins || !lowest || !highest) return std::nullopt;
      minutes.push_back({*begins, *lowest < 1.0, *highest >= 1.0});
    }
  // AWS gives them in no order.
  std::sort(minutes.begin(), minutes.end(),
            [](const auto& a, const auto& b) { return a.begins < b.begins; });
  return minutes;
}

guard::Texts read_tags_xml(std::string_view body) {
  guard::Texts tags;
  const auto root = parse_xml(body);
  const auto* list = root ? root->anywhere("Tags") : nullptr;
  if (list)
    for (const auto& tag : list->children) tags[tag["Key"].text] = tag["Value"].text;
  return tags;
}

AwsGuardCalls::AwsGuardCalls(guard::Arrangement arrangement)
    : ours_(std::move(arrangement)), partition_(aws::partition_of(own_region()).name) {}

CallResult<Answer> AwsGuardCalls::call(std::string_view service, std::string_view region,
                                       aws::HttpRequest request) {
  const auto where = find_service(service, partition_, region);
  if (!where) return failure(CallError{"", where.error().text, 0});
  return client_.call(*where, std::move(request), deadline_);
}

CallResult<Answer> AwsGuardCalls::route53(std::string method, std::string target,
                                          std::string body) {
  aws::HttpRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  if (!request.body.empty()) request.headers.set("Content-Type", "application/xml");
  return call("route53", guard::control_region(partition_), std::move(request));
}

CallResult<Answer> AwsGuardCalls::query(std::string_view service, std::string_view region,
                                        std::string body) {
  aws::HttpRequest request;
  request.method = "POST";
  request.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = std::move(body);
  return call(service, region, std::move(request));
}

CallResult<Answer> AwsGuardCalls::logs(std::string_view operation, std::string body) {
  aws::HttpRequest request;
  request.method = "POST";
  request.headers.set("Content-Type", "application/x-amz-json-1.1");
  request.headers.set("X-Amz-Target", "Logs_20140328." + std::string{operation});
  request.body = std::move(body);
  return call("logs", own_region(), std::move(request));
}

void AwsGuardCalls::connect_early(Deadline deadline) {
  if (const auto where = find_service("route53", partition_, guard::control_region(partition_)))
    client_.connect_early(*where, deadline);
}

CallResult<guard::Check> AwsGuardCalls::read_check() {
  auto answer =
      route53("GET", "/2013-04-01/healthcheck/" + percent_encode(ours_.health_check_id), "");
  if (!answer) return failure(answer.error());
  auto check = read_check_xml(answer->body);
  if (!check) return unreadable("the health check");
  return std::move(*check);
}

CallResult<std::optional<guard::AlarmSnapshot>> AwsGuardCalls::read_alarm() {
  const auto parts = split(ours_.alarm_arn, ':');
  // "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a:b" is the alarm "a:b".
  std::size_t start = 0;
  for (int i = 0; i < 6 && start != std::string::npos; ++i)
    start = ours_.alarm_arn.find(':', start) + 1;
  if (parts.size() < 7)
    return failure(CallError{"", "SITELATCH_ALARM_ARN is no ARN of an alarm", 0});
  auto answer = query("monitoring", parts[3],
                      form({{"Action", "DescribeAlarms"},
                            {"Version", "2010-08-01"},
                            {"AlarmNames.member.1", ours_.alarm_arn.substr(start)}}));
  if (!answer) return failure(answer.error());
  auto alarm = read_alarm_xml(answer->body, ours_.alarm_arn);
  if (!alarm) return unreadable("the alarm");
  return *alarm;
}

CallResult<std::vector<guard::StatusMinute>> AwsGuardCalls::read_status(Instant from,
                                                                        Instant until) {
  auto answer = query("monitoring", arn_part(ours_.alarm_arn, 3),
                      form({{"Action", "GetMetricStatistics"},
                            {"Version", "2010-08-01"},
                            {"Namespace", "AWS/Route53"},
                            {"MetricName", "HealthCheckStatus"},
                            {"Dimensions.member.1.Name", "HealthCheckId"},
                            {"Dimensions.member.1.Value", ours_.health_check_id},
                            {"StartTime", iso8601_seconds(from)},
                            {"EndTime", iso8601_seconds(until)},
                            {"Period", "60"},
                            {"Statistics.member.1", "Minimum"},
                            {"Statistics.member.2", "Maximum"}}));
  if (!answer) return failure(answer.error());
  auto minutes = read_status_xml(answer->body);
  if (!minutes) return unreadable("HealthCheckStatus");
  return std::move(*minutes);
}

CallResult<guard::Texts> AwsGuardCalls::read_tags() {
  auto answer = query("sns", arn_part(ours_.notify_topic_arn, 3),
                      form({{"Action", "ListTagsForResource"},
                            {"Version", "2010-03-31"},
                            {"ResourceArn", ours_.notify_topic_arn}}));
  if (!answer) return failure(answer.error());
  const auto root = parse_xml(answer->body);
  if (!root || !root->anywhere("ListTagsForResourceResult"))
    return unreadable("the notify topic's tags");
  return read_tags_xml(answer->body);
}

CallResult<Updated> AwsGuardCalls::update_check(const guard::CheckChange& change,
                                                std::uint64_t version) {
  const auto flag = [](std::string_view name, const std::optional<bool>& value) {
    if (!value) return std::string{};
    return "<" + std::string{name} + ">" + (*value ? "true" : "false") + "</" + std::string{name} +
           ">";
  };
  std::string body =
      R"(<UpdateHealthCheckRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/">)"
      "<HealthCheckVersion>" +
      std::to_string(version) + "</HealthCheckVersion>";
  if (change.path) body += "<ResourcePath>" + xml_text(*change.path) + "</ResourcePath>";
  body += flag("Inverted", change.inverted) + flag("Disabled", change.disabled);
  if (change.reset_path)
    body +=
        "<ResetElements><ResettableElementName>ResourcePath</ResettableElementName></"
        "ResetElements>";
  body += "</UpdateHealthCheckRequest>";
  auto answer = route53("POST", "/2013-04-01/healthcheck/" + percent_encode(ours_.health_check_id),
                        std::move(body));
  if (!answer) return failure(answer.error());
  const auto check = read_check_xml(answer->body);
  return Updated{check ? check->version : version + 1, answer->request_id};
}

CallResult<Done> AwsGuardCalls::write_tags(const guard::Texts& tags) {
  auto body = form({{"Action", "TagResource"},
                    {"Version", "2010-03-31"},
                    {"ResourceArn", ours_.notify_topic_arn}});
  int n = 0;
  for (const auto& [key, value] : tags) {
    const auto member = "&Tags.member." + std::to_string(++n);
    body += member + ".Key=" + percent_encode(key) + member + ".Value=" + percent_encode(value);
  }
  auto answer = query("sns", arn_part(ours_.notify_topic_arn, 3), std::move(body));
  if (!answer) return failure(answer.error());
  return Done{};
}

CallResult<Done> AwsGuardCalls::tell(std::string_view subject, std::string_view message) {
  auto answer = query("sns", arn_part(ours_.notify_topic_arn, 3),
                      form({{"Action", "Publish"},
                            {"Version", "2010-03-31"},
                            {"TopicArn", ours_.notify_topic_arn},
                            {"Subject", subject},
                            {"Message", message}}));
  if (!answer) return failure(answer.error());
  return Done{};
}

CallResult<Done> AwsGuardCalls::try_to_tell() {
  // A message by protocol without the entry that it must have: InvalidParameter after authorisation
  // (fact guard-6).
  auto answer = query("sns", arn_part(ours_.notify_topic_arn, 3),
                      form({{"Action", "Publish"},
                            {"Version", "2010-03-31"},
                            {"TopicArn", ours_.notify_topic_arn},
                            {"MessageStructure", "json"},
                            {"Message", R"({"self-test":"of the guard"})"}}));
  if (!answer && answer.error().code != "InvalidParameter") return failure(answer.error());
  return Done{};
}

CallResult<bool> AwsGuardCalls::claim(std::string_view stream) {
  if (ours_.audit_group.empty()) return true;
  auto made = logs("CreateLogStream", guard::JsonObject{}
                                          .add("logGroupName", ours_.audit_group)
                                          .add("logStreamName", stream)
                                          .text());
  if (made) return true;
  if (made.error().code == "ResourceAlreadyExistsException") return false;
  return failure(made.error());
}

CallResult<Done> AwsGuardCalls::write_audit(std::string_view line, Instant at) {
  if (ours_.audit_group.empty()) return Done{};
  const auto event =
      guard::JsonObject{}.raw("timestamp", std::to_string(unix_ms(at))).add("message", line).text();
  const auto events = guard::JsonObject{}
                          .add("logGroupName", ours_.audit_group)
                          .add("logStreamName", audit_stream)
                          .raw("logEvents", "[" + event + "]")
                          .text();
  const auto nothing_to_write = line.empty();
  for (const bool first : {true, false}) {
    if (!nothing_to_write) {
      auto answer = logs("PutLogEvents", events);
      if (answer) return Done{};
      if (!first || answer.error().code != "ResourceNotFoundException")
        return failure(answer.error());
    }
    if (const auto made = claim(audit_stream); !made) return failure(made.error());
    if (nothing_to_write) return Done{};
  }
  return Done{};
}

}  // namespace sitelatch::function
