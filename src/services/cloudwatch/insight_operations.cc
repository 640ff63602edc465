// SPDX-License-Identifier: Apache-2.0
// What is kept and evaluated nowhere: Contributor Insights rules and anomaly detectors (facts
// cloudwatch-47, 48); and what needs services that are not here: managed rules, metric streams,
// OTel enrichment (fact cloudwatch-49).
#include <fmt/format.h>

#include <algorithm>

#include "aws/service/paging.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/metric_query.h"
#include "services/cloudwatch/refusals.h"
#include "services/cloudwatch/tag_rules.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;

constexpr std::size_t most_insight_rules = 100;

Value partial_failure(const std::string& name, std::string_view type, std::string_view code,
                      std::string text) {
  return Value::structure({{"FailureResource", name},
                           {"ExceptionType", type},
                           {"FailureCode", code},
                           {"FailureDescription", std::move(text)}});
}
Value no_such_rule(const std::string& name) {
  return partial_failure(name, "ResourceNotFoundException", "404",
                         fmt::format("Insight rule {} does not exist.", name));
}

bool valid_rule_state(const std::string& state) {
  return state == "ENABLED" || state == "DISABLED";
}

aws::Outcome<Done> check_definition(const std::string& text) {
  const auto definition = aws::from_json(text);
  if (!definition || !definition->is_struct())
    return invalid_value("The RuleDefinition is not valid JSON.");
  for (const auto* name : {"Schema", "LogGroupNames", "LogFormat", "Contribution"})
    if (!definition->has(name) &&
        !(std::string_view{name} == "LogGroupNames" && definition->has("LogGroupARNs")))
      return invalid_value(fmt::format("The RuleDefinition must have the field {}.", name));
  return Done{};
}

// The metric or the math of a detector, whichever way it was given, as the service describes it.
aws::Outcome<Value> detector_of(const aws::Call& call) {
  const auto& input = call.input;
  Value flat = Value::structure();
  for (const auto* name : {"Namespace", "MetricName", "Dimensions", "Stat"})
    if (input.has(name) && !(input[name].is_list() && input[name].items().empty()))
      flat.set(name, input[name]);
  const int kinds = (flat.members().empty() ? 0 : 1) +
                    (input.has("SingleMetricAnomalyDetector") ? 1 : 0) +
                    (input.has("MetricMathAnomalyDetector") ? 1 : 0);
  if (kinds > 1)
    return aws::refuse("InvalidParameterCombinationException",
                       "Only one of the parameters SingleMetricAnomalyDetector, "
                       "MetricMathAnomalyDetector, or Namespace, MetricName, Dimensions and Stat "
                       "can be specified.");
  if (kinds == 0)
    return aws::refuse("MissingRequiredParameterException",
                       "One of the parameters SingleMetricAnomalyDetector or "
                       "MetricMathAnomalyDetector must be specified.");
  if (input.has("MetricMathAnomalyDetector")) {
    const auto& math = input["MetricMathAnomalyDetector"];
    const auto queries =
        metric_queries(call.region, call.account, math["MetricDataQueries"], QueriesFor::alarm);
    if (!queries) return invalid_value(queries.error().message);
    return Value::structure({{"MetricMathAnomalyDetector",
                              Value::structure({{"MetricDataQueries", describe(*queries)}})}});
  }
  const auto& single =
      input.has("SingleMetricAnomalyDetector") ? input["SingleMetricAnomalyDetector"] : flat;
  for (const auto* name : {"Namespace", "MetricName", "Stat"})
    if (!single.has(name))
      return aws::refuse("MissingRequiredParameterException",
                         fmt::format("The parameter {} is required.", name));
  return Value::structure(
      {{"SingleMetricAnomalyDetector",
        Value::structure(
            {{"AccountId", single["AccountId"]},
             {"Namespace", single["Namespace"]},
             {"MetricName", single["MetricName"]},
             {"Dimensions", describe_dimensions(dimensions_from(single["Dimensions"]))},
             {"Stat", single["Stat"]}})}});
}

// What a detector is known by: its metric and statistic, or its math.
std::string detector_key(const aws::Call& call, const Value& detector) {
  if (detector.has("MetricMathAnomalyDetector"))
    return alarm_key(call.region, "math/" + aws::to_json(detector));
  const auto& single = detector["SingleMetricAnomalyDetector"];
  auto dimensions = dimensions_from(single["Dimensions"]);
  std::sort(dimensions.begin(), dimensions.end());
  return alarm_key(
      call.region,
      "single/" + aws::to_json(Value::structure({{"Namespace", single["Namespace"]},
                                                 {"MetricName", single["MetricName"]},
                                                 {"Dimensions", describe_dimensions(dimensions)},
                                                 {"Stat", single["Stat"]}})));
}

bool wanted_detector(const Value& detector, const Value& input) {
  auto types = input["AnomalyDetectorTypes"].strings();
  if (types.empty()) types = {"SINGLE_METRIC"};
  const bool math = detector.has("MetricMathAnomalyDetector");
  if (std::find(types.begin(), types.end(), math ? "METRIC_MATH" : "SINGLE_METRIC") == types.end())
    return false;
  const auto& single = detector["SingleMetricAnomalyDetector"];
  for (const auto* name : {"Namespace", "MetricName"})
    if (input.has(name) && !(single[name] == input[name])) return false;
  if (input["Dimensions"].items().empty()) return true;
  auto given = dimensions_from(input["Dimensions"]), own = dimensions_from(single["Dimensions"]);
  std::sort(given.begin(), given.end());
  std::sort(own.begin(), own.end());
  return given == own;
}

// Times of the row are milliseconds.
Value configuration_row(Value configuration) {
  Value ranges = Value::list();
  for (const auto& range : configuration["ExcludedTimeRanges"].items())
    ranges.push(Value::structure({{"StartTime", unix_ms(range["StartTime"].timestamp())},
                                  {"EndTime", unix_ms(range["EndTime"].timestamp())}}));
  if (configuration.has("ExcludedTimeRanges")) configuration.set("ExcludedTimeRanges", ranges);
  return configuration;
}
Value described_configuration(Value row) {
  if (row.is_null()) row = Value::structure();
  Value ranges = Value::list();
  for (const auto& range : row["ExcludedTimeRanges"].items())
    ranges.push(Value::structure({{"StartTime", from_unix_ms(range["StartTime"].integer_or(0))},
                                  {"EndTime", from_unix_ms(range["EndTime"].integer_or(0))}}));
  row.set("ExcludedTimeRanges", ranges);
  return row;
}

}  // namespace

std::string CloudWatch::insight_rule_arn(const aws::Call& call, std::string_view name) {
  return fmt::format("arn:aws:cloudwatch:{}:{}:insight-rule/{}", call.region, call.account, name);
}

aws::Outcome<> CloudWatch::put_insight_rule(const aws::Call& call) {
  const auto& input = call.input;
  const auto name = input["RuleName"].string_or("");
  const auto state = input["RuleState"].string_or("ENABLED");
  if (!valid_rule_state(state))
    return invalid_value(fmt::format("The value {} for parameter RuleState is invalid.", state));
  const auto definition = input["RuleDefinition"].string_or("");
  const auto checked = check_definition(definition);
  if (!checked) return failure(checked.error());
  const auto key = alarm_key(call.region, name);
  const auto* before = insight_rules_.find(key);
  if (!before && insight_rules_.size() >= most_insight_rules)
    return aws::refuse("LimitExceededException", "");
  auto tags = aws::with_tags({}, aws::read_tags(before ? Value{} : input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  insight_rules_.put(
      key, Value::structure(
               {{"State", state},
                {"Definition", definition},
                {"ApplyOnTransformedLogs", input["ApplyOnTransformedLogs"].boolean_or(false)},
                {"Tags", before ? (*before)["Tags"] : aws::tag_list(*tags)}}));
  return Value::structure();
}

aws::Outcome<> CloudWatch::describe_insight_rules(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("insight", input["NextToken"], input["MaxResults"].integer_or(500));
  if (!page) return aws::refuse("InvalidNextToken", "Invalid token");
  const auto prefix = alarm_key(call.region, "");
  insight_rules_.visit(prefix, page->after(), [&](const std::string& key, const Value& row) {
    return page->offer(key, [&] {
      return Value::structure({{"Name", key.substr(prefix.size())},
                               {"State", row["State"]},
                               {"Schema", R"({"Name": "CloudWatchLogRule", "Version": 1})"},
                               {"Definition", row["Definition"]},
                               {"ManagedRule", false},
                               {"ApplyOnTransformedLogs", row["ApplyOnTransformedLogs"]}});
    });
  });
  return Value::structure({{"InsightRules", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> CloudWatch::set_insight_rules(const aws::Call& call, const char* state) {
  Value failures = Value::list();
  for (const auto& name : call.input["RuleNames"].strings()) {
    const auto key = alarm_key(call.region, name);
    const auto* found = insight_rules_.find(key);
    if (!found) {
      failures.push(no_such_rule(name));
    } else if (!state) {
      insight_rules_.erase(key);
    } else {
      auto row = *found;
      row.set("State", state);
      insight_rules_.put(key, std::move(row));
    }
  }
  return Value::structure({{"Failures", std::move(failures)}});
}
aws::Outcome<> CloudWatch::enable_insight_rules(const aws::Call& call) {
  return set_insight_rules(call, "ENABLED");
}
aws::Outcome<> CloudWatch::disable_insight_rules(const aws::Call& call) {
  return set_insight_rules(call, "DISABLED");
}
aws::Outcome<> CloudWatch::delete_insight_rules(const aws::Call& call) {
  return set_insight_rules(call, nullptr);
}

aws::Outcome<> CloudWatch::get_insight_rule_report(const aws::Call& call) {
  const auto name = call.input["RuleName"].string_or("");
  if (!insight_rules_.find(alarm_key(call.region, name))) return no_such_thing("InsightRule", name);
  return invalid_value(
      "Contributor Insights rules are kept here and not evaluated: there is no report.");
}

// Managed rules are of resources of other services, and there are none of those here.
aws::Outcome<> CloudWatch::put_managed_insight_rules(const aws::Call& call) {
  Value failures = Value::list();
  for (const auto& rule : call.input["ManagedRules"].items()) {
    const auto resource = rule["ResourceARN"].string_or("");
    failures.push(partial_failure(resource, "ResourceNotFoundException", "404",
                                  fmt::format("The resource {} has no managed rule {}.", resource,
                                              rule["TemplateName"].string_or(""))));
  }
  return Value::structure({{"Failures", std::move(failures)}});
}
aws::Outcome<> CloudWatch::list_managed_insight_rules(const aws::Call& call) {
  if (call.input.has("NextToken")) return aws::refuse("InvalidNextToken", "Invalid token");
  return Value::structure({{"ManagedRules", Value::list()}});
}

aws::Outcome<> CloudWatch::put_anomaly_detector(const aws::Call& call) {
  auto detector = detector_of(call);
  if (!detector) return failure(detector.error());
  const auto key = detector_key(call, *detector);
  if (call.input.has("Configuration"))
    detector->set("Configuration", configuration_row(call.input["Configuration"]));
  detector->set("MetricCharacteristics", call.input["MetricCharacteristics"]);
  anomaly_detectors_.put(key, std::move(*detector));
  return Value::structure();
}

aws::Outcome<> CloudWatch::delete_anomaly_detector(const aws::Call& call) {
  const auto detector = detector_of(call);
  if (!detector) return failure(detector.error());
  if (!anomaly_detectors_.erase(detector_key(call, *detector)))
    return no_such_thing("AnomalyDetector", "");
  return Value::structure();
}

// None is ever trained (fact cloudwatch-48).
aws::Outcome<> CloudWatch::describe_anomaly_detectors(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("detectors", input["NextToken"],
                            std::min<std::int64_t>(100, input["MaxResults"].integer_or(100)));
  if (!page) return aws::refuse("InvalidNextToken", "Invalid token");
  anomaly_detectors_.visit(
      alarm_key(call.region, ""), page->after(), [&](const std::string& key, const Value& row) {
        if (!wanted_detector(row, input)) return true;
        return page->offer(key, [&] {
          auto out = row;
          out.set("Configuration", described_configuration(row["Configuration"]));
          // Clients of before 2021 look for the metric here.
          const auto& single = row["SingleMetricAnomalyDetector"];
          for (const auto* name : {"Namespace", "MetricName", "Dimensions", "Stat"})
            out.set(name, single[name]);
          out.set("StateValue", "PENDING_TRAINING");
          return out;
        });
      });
  return Value::structure({{"AnomalyDetectors", page->items()}, {"NextToken", page->next_token()}});
}

// There is no Firehose here for a stream to end in.
aws::Outcome<> CloudWatch::put_metric_stream(const aws::Call& call) {
  return invalid_value(fmt::format("The Firehose delivery stream {} does not exist.",
                                   call.input["FirehoseArn"].string_or("")));
}
aws::Outcome<> CloudWatch::get_metric_stream(const aws::Call& call) {
  return no_such_thing("MetricStream", call.input["Name"].string_or(""));
}
aws::Outcome<> CloudWatch::list_metric_streams(const aws::Call& call) {
  if (call.input.has("NextToken")) return aws::refuse("InvalidNextToken", "Invalid token");
  return Value::structure({{"Entries", Value::list()}});
}
aws::Outcome<> CloudWatch::delete_metric_stream(const aws::Call&) { return Value::structure(); }
aws::Outcome<> CloudWatch::run_metric_streams(const aws::Call& call) {
  for (const auto& name : call.input["Names"].strings())
    return invalid_value(fmt::format("The metric stream {} does not exist.", name));
  return Value::structure();
}

// Enrichment needs tags on telemetry, of another service, which nobody can have enabled here.
aws::Outcome<> CloudWatch::get_otel_enrichment(const aws::Call&) {
  return Value::structure({{"Status", "Stopped"}});
}
aws::Outcome<> CloudWatch::stop_otel_enrichment(const aws::Call&) { return Value::structure(); }
aws::Outcome<> CloudWatch::start_otel_enrichment(const aws::Call&) {
  return invalid("Resource tags on telemetry must be enabled before OTel enrichment is started.");
}

}  // namespace sitelatch::cloudwatch
