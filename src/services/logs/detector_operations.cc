// SPDX-License-Identifier: Apache-2.0
// Anomaly detectors, which are kept and find nothing here (fact logs-40), and lists that can only
// be empty.
#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/service/paging.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::string_view detector_kind = "anomaly-detector";
constexpr std::int64_t detectors_page = 50;
constexpr std::size_t most_detectors = 500;

auto no_such_detector() {
  return aws::refuse("ResourceNotFoundException", "The specified anomaly detector does not exist.");
}

std::string id_of(const Value& input) {
  const auto arn = aws::parse_arn(input["anomalyDetectorArn"].string_or(""));
  const std::string prefix = std::string{detector_kind} + ':';
  return arn && arn->resource.starts_with(prefix) ? arn->resource.substr(prefix.size()) : "";
}

Value shown_detector(const Value& stored, bool with_arn) {
  Value out = stored;
  out.set("tags", Value{});
  if (!with_arn) out.set("anomalyDetectorArn", Value{});
  return out;
}

}  // namespace

Logs::Question Logs::ask_of_detector(const aws::Call& call) const {
  const auto id = id_of(call.input);
  aws::ConditionKeys keys;
  if (const auto* detector = documents_.find(detector_kind, call.region, id))
    aws::add_resource_tags(aws::read_tags((*detector)["tags"]), keys);
  return {{action(call), {resource_arn(call, detector_kind, id.empty() ? "*" : id)}, keys, ""}};
}

Logs::Question Logs::ask_to_create_detector(const aws::Call& call) const {
  Question out;
  for (const auto& arn : call.input["logGroupArnList"].strings()) {
    const auto group = group_name_of(arn);
    const auto bare = group_arn(call.region, call.account, group);
    out.push_back({action(call), {bare, bare + ":*"}, keys_of(group, call), ""});
  }
  return out.empty() ? ask_of_everything(call) : out;
}

aws::Outcome<> Logs::create_log_anomaly_detector(const aws::Call& call) {
  const auto& input = call.input;
  const auto arns = input["logGroupArnList"].strings();
  if (arns.size() != 1)
    return invalid_parameter("logGroupArnList must hold exactly one log group ARN.");
  for (const auto& arn : arns) {
    if (!arn.starts_with("arn:"))
      return invalid_parameter("logGroupArnList must hold exactly one log group ARN.");
    if (const auto group = existing_group(call, group_name_of(arn)); !group)
      return failure(group.error());
  }
  if (input.has("filterPattern"))
    if (const auto pattern = FilterPattern::parse(input["filterPattern"].string()); !pattern)
      return invalid_parameter(pattern.error().text);
  if (documents_.count(detector_kind, call.region) >= most_detectors)
    return aws::refuse("LimitExceededException", "Resource limit exceeded.");
  auto tags = aws::with_tags({}, aws::read_tags(input["tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  const auto id = ports::uuid(dependencies_.entropy);
  const auto arn = resource_arn(call, detector_kind, id);
  constexpr std::int64_t usual_visibility = 21;  // days
  documents_.put(
      detector_kind, call.region, id,
      Value::structure(
          {{"anomalyDetectorArn", arn},
           {"detectorName", input["detectorName"]},
           {"logGroupArnList", input["logGroupArnList"]},
           {"evaluationFrequency", input["evaluationFrequency"].string_or("FIVE_MIN")},
           {"filterPattern", input["filterPattern"]},
           {"anomalyDetectorStatus", "INITIALIZING"},
           {"kmsKeyId", input["kmsKeyId"]},
           {"creationTimeStamp", unix_ms(call.now)},
           {"lastModifiedTimeStamp", unix_ms(call.now)},
           {"anomalyVisibilityTime", input["anomalyVisibilityTime"].integer_or(usual_visibility)},
           {"tags", aws::tag_map(*tags)}}));
  return Value::structure({{"anomalyDetectorArn", arn}});
}

aws::Outcome<> Logs::get_log_anomaly_detector(const aws::Call& call) {
  const auto* detector = documents_.find(detector_kind, call.region, id_of(call.input));
  if (!detector) return no_such_detector();
  return shown_detector(*detector, false);
}

aws::Outcome<> Logs::list_log_anomaly_detectors(const aws::Call& call) {
  const auto& input = call.input;
  auto page =
      aws::Page::at("detectors", input["nextToken"], input["limit"].integer_or(detectors_page));
  if (!page) return invalid_token();
  documents_.visit(detector_kind, call.region, [&](const std::string& id, const Value& detector) {
    const auto groups = detector["logGroupArnList"].strings();
    if (input.has("filterLogGroupArn") &&
        std::find(groups.begin(), groups.end(), input["filterLogGroupArn"].string()) ==
            groups.end())
      return true;
    return page->offer(id, [&detector] { return shown_detector(detector, true); });
  });
  return Value::structure({{"anomalyDetectors", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::update_log_anomaly_detector(const aws::Call& call) {
  const auto& input = call.input;
  const auto id = id_of(input);
  const auto* present = documents_.find(detector_kind, call.region, id);
  if (!present) return no_such_detector();
  if (input.has("filterPattern"))
    if (const auto pattern = FilterPattern::parse(input["filterPattern"].string()); !pattern)
      return invalid_parameter(pattern.error().text);
  Value detector = *present;
  for (const auto* member : {"evaluationFrequency", "filterPattern", "anomalyVisibilityTime"})
    if (input.has(member)) detector.set(member, input[member]);
  detector.set("anomalyDetectorStatus", input["enabled"].boolean() ? "INITIALIZING" : "PAUSED");
  detector.set("lastModifiedTimeStamp", unix_ms(call.now));
  documents_.put(detector_kind, call.region, id, std::move(detector));
  return Value::structure();
}

aws::Outcome<> Logs::delete_log_anomaly_detector(const aws::Call& call) {
  if (!documents_.erase(detector_kind, call.region, id_of(call.input))) return no_such_detector();
  return Value::structure();
}

aws::Outcome<> Logs::list_anomalies(const aws::Call& call) {
  if (call.input.has("nextToken")) return invalid_token();
  if (call.input.has("anomalyDetectorArn") &&
      !documents_.find(detector_kind, call.region, id_of(call.input)))
    return no_such_detector();
  return Value::structure({{"anomalies", Value::list()}});
}

aws::Outcome<> Logs::update_anomaly(const aws::Call& call) {
  if (!documents_.find(detector_kind, call.region, id_of(call.input))) return no_such_detector();
  return aws::refuse("ResourceNotFoundException", "The specified anomaly does not exist.");
}

// --- what can only be empty here

aws::Outcome<> Logs::list_integrations(const aws::Call&) {
  return Value::structure({{"integrationSummaries", Value::list()}});
}
aws::Outcome<> Logs::no_such_integration(const aws::Call&) {
  return aws::refuse("ResourceNotFoundException", "The specified integration does not exist.");
}
aws::Outcome<> Logs::describe_import_tasks(const aws::Call& call) {
  if (call.input.has("nextToken")) return invalid_token();
  return Value::structure({{"imports", Value::list()}});
}
aws::Outcome<> Logs::no_such_import(const aws::Call&) {
  return aws::refuse("ResourceNotFoundException", "The specified import task does not exist.");
}
aws::Outcome<> Logs::get_transformer(const aws::Call& call) {
  const auto group = asked_group(call);
  if (!group) return failure(group.error());
  return aws::refuse("ResourceNotFoundException",
                     "The specified log group does not have a transformer.");
}

}  // namespace sitelatch::logs
