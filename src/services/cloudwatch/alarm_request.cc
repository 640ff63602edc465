// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/alarm_request.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

#include "base/text.h"
#include "services/cloudwatch/refusals.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;
using Check = aws::Outcome<Done>;

Check check_actions(const aws::Call& call, const std::vector<std::string>& actions,
                    std::string_view member) {
  if (actions.size() > 5)
    return invalid(fmt::format(
        "1 validation error detected: Value '[{}]' at '{}' failed to satisfy constraint: Member "
        "must have length less than or equal to 5",
        join(actions, ", "), member));
  std::set<std::string> seen;
  for (const auto& arn : actions) {
    const auto parts = split(arn, ':');
    if (parts.size() < 6 || parts[0] != "arn" || parts[2].empty())
      return invalid(fmt::format("Invalid arn syntax: {}", arn));
    if (!seen.insert(arn).second)
      return invalid(fmt::format("{} contains duplicate actions: {}", member, arn));
    // A topic must be where the alarm is (fact cloudwatch-9).
    if (parts[2] == "sns" && parts[3] != call.region)
      return invalid(
          fmt::format("Invalid region {} specified. Only {} is supported.", parts[3], call.region));
  }
  return Done{};
}

bool has_control_characters(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  return false;
}

// One metric, named directly, or queries. Anomaly bands and PromQL are not offered and refused.
Check check_kind(const Value& input) {
  const int kinds = (input.has("MetricName") ? 1 : 0) + (input.has("Metrics") ? 1 : 0) +
                    (input.has("EvaluationCriteria") ? 1 : 0);
  if (kinds == 0)
    return invalid("Exactly one of MetricName, Metrics or EvaluationCriteria must be specified.");
  if (kinds > 1)
    return aws::refuse(
        "InvalidParameterCombinationException",
        "Exactly one of MetricName, Metrics or EvaluationCriteria must be specified.");
  if (input.has("Metrics"))
    for (const auto* name :
         {"Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"})
      if (input.has(name) && !(input[name].is_list() && input[name].items().empty()))
        return invalid(fmt::format("{} should not be set if list of Metrics is set.", name));
  if (input.has("EvaluationCriteria") || input.has("EvaluationInterval"))
    return invalid("EvaluationCriteria: PromQL alarms are not supported here.");
  if (input.has("ThresholdMetricId"))
    return invalid(input.has("Metrics")
                       ? "ThresholdMetricId: anomaly detection alarms are not supported here."
                       : "ThresholdMetricId requires Metrics to be specified.");
  return Done{};
}

Check check_required(const Value& input) {
  for (const auto* name :
       {"Namespace", "Period", "EvaluationPeriods", "ComparisonOperator", "Threshold"}) {
    const std::string_view of_metric = name;
    if (input.has("Metrics") && (of_metric == "Namespace" || of_metric == "Period")) continue;
    if (!input.has(name))
      return aws::refuse("MissingRequiredParameterException",
                         fmt::format("The parameter {} is required.", name));
  }
  if (input.has("Metrics")) return Done{};
  if (input.has("Statistic") && input.has("ExtendedStatistic"))
    return aws::refuse("InvalidParameterCombinationException",
                       "The parameters Statistic and ExtendedStatistic are mutually exclusive and "
                       "you have specified both.");
  if (!input.has("Statistic") && !input.has("ExtendedStatistic"))
    return aws::refuse("MissingRequiredParameterException",
                       "Either Statistic or ExtendedStatistic must be specified.");
  return Done{};
}

Check check_times(const MetricAlarm& alarm) {
  const auto period = alarm.period_s;
  if (period <= 0 || (period != 10 && period != 20 && period != 30 && period % 60 != 0))
    return invalid("Period must be 10, 20, 30 or a multiple of 60");
  // A day; seven days from periods of an hour on (fact cloudwatch-8).
  const std::int64_t longest = period >= 3600 ? 604'800 : 86'400;
  if (alarm.evaluation_periods <= 0) return invalid("EvaluationPeriods must be greater than 0");
  if (period > longest || alarm.evaluation_periods > longest / period)
    return invalid(period >= 3600 ? "Metrics cannot be checked across more than 7 days "
                                    "(EvaluationPeriods * Period must be <= 604800)."
                                  : "Metrics cannot be checked across more than a day "
                                    "(EvaluationPeriods * Period must be <= 86400).");
  if (alarm.datapoints_to_alarm &&
      (*alarm.datapoints_to_alarm <= 0 || *alarm.datapoints_to_alarm > alarm.evaluation_periods))
    return invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods");
  return Done{};
}

}  // namespace

aws::Outcome<Done> requested_basics(const aws::Call& call, AlarmBasics& out) {
  const auto& input = call.input;
  out.region = call.region;
  out.name = input["AlarmName"].string_or("");
  if (has_control_characters(out.name))
    return invalid("Invalid AlarmName: it must not contain control characters");
  out.arn = fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", call.region, call.account, out.name);
  out.description = input["AlarmDescription"].optional_string();
  out.actions_enabled = input["ActionsEnabled"].boolean_or(true);
  out.ok_actions = input["OKActions"].strings();
  out.alarm_actions = input["AlarmActions"].strings();
  out.insufficient_data_actions = input["InsufficientDataActions"].strings();
  for (const auto& [actions, member] :
       {std::pair{&out.ok_actions, "oKActions"}, std::pair{&out.alarm_actions, "alarmActions"},
        std::pair{&out.insufficient_data_actions, "insufficientDataActions"}}) {
    const auto checked = check_actions(call, *actions, member);
    if (!checked) return checked;
  }
  return Done{};
}

namespace {

// What a composite alarm can do (API PutCompositeAlarm, AlarmActions).
bool composite_does(const std::string& arn) {
  const auto service = split(arn, ':')[2];
  return service == "sns" || service == "lambda" || service == "ssm" ||
         service == "ssm-incidents" || service == "aiops";
}

}  // namespace

aws::Outcome<CompositeAlarm> requested_composite(const aws::Call& call) {
  const auto& input = call.input;
  CompositeAlarm out;
  const auto basics = requested_basics(call, out);
  if (!basics) return failure(basics.error());
  for (const auto* actions : {&out.ok_actions, &out.alarm_actions, &out.insufficient_data_actions})
    for (const auto& arn : *actions)
      if (!composite_does(arn))
        return invalid(fmt::format("Composite alarms do not support the action {}", arn));
  out.rule_text = input["AlarmRule"].string_or("");
  auto rule = AlarmRule::parse(out.rule_text);
  if (!rule) return failure(rule.error());
  out.rule = std::move(*rule);
  out.suppressor = input["ActionsSuppressor"].optional_string();
  for (const auto& [name, seconds] :
       {std::pair{"ActionsSuppressorWaitPeriod", &out.wait_period_s},
        std::pair{"ActionsSuppressorExtensionPeriod", &out.extension_period_s}}) {
    if (input.has(name) != out.suppressor.has_value())
      return invalid(
          fmt::format("{} must be specified if and only if ActionsSuppressor is.", name));
    *seconds = input[name].integer_or(0);
    if (*seconds < 0) return invalid(fmt::format("{} must not be negative", name));
  }
  return out;
}

namespace {

Check read_metric(const aws::Call& call, MetricAlarm& out) {
  const auto& input = call.input;
  out.metric = {call.region, input["Namespace"].string(), input["MetricName"].string(),
                dimensions_from(input["Dimensions"])};
  if (out.metric.dimensions.size() > 30)
    return invalid("The collection Dimensions must not have a size greater than 30.");
  const auto extended = input["ExtendedStatistic"].string_or("");
  out.statistic = input.has("Statistic") ? Statistic::basic(input["Statistic"].string())
                                         : Statistic::extended(extended);
  if (!out.statistic)
    return invalid(
        fmt::format("The value {} for parameter ExtendedStatistic is not supported.", extended));
  if (input.has("Unit")) {
    out.unit = unit_by_name(input["Unit"].string());
    if (!out.unit)
      return invalid(
          fmt::format("The value {} for parameter Unit is invalid.", input["Unit"].string()));
  }
  out.period_s = input["Period"].integer();
  return Done{};
}

Check read_queries(const aws::Call& call, MetricAlarm& out) {
  auto queries =
      metric_queries(call.region, call.account, call.input["Metrics"], QueriesFor::alarm);
  if (!queries) return failure(queries.error());
  out.queries = std::move(*queries);
  out.period_s = out.watched().period_s;
  return Done{};
}

}  // namespace

aws::Outcome<MetricAlarm> requested_alarm(const aws::Call& call) {
  const auto& input = call.input;
  const auto kind = check_kind(input);
  if (!kind) return failure(kind.error());
  const auto required = check_required(input);
  if (!required) return failure(required.error());

  MetricAlarm out;
  const auto basics = requested_basics(call, out);
  if (!basics) return failure(basics.error());
  const auto watched = input.has("Metrics") ? read_queries(call, out) : read_metric(call, out);
  if (!watched) return failure(watched.error());
  out.evaluation_periods = input["EvaluationPeriods"].integer();
  if (input.has("DatapointsToAlarm"))
    out.datapoints_to_alarm = input["DatapointsToAlarm"].integer();
  const auto times = check_times(out);
  if (!times) return failure(times.error());
  out.threshold = input["Threshold"].number();
  if (!std::isfinite(out.threshold)) return invalid("Threshold must be a finite number");
  const auto comparison = comparison_by_name(input["ComparisonOperator"].string());
  if (!comparison)
    return invalid(fmt::format("ComparisonOperator {} requires ThresholdMetricId to be specified.",
                               input["ComparisonOperator"].string()));
  out.comparison = *comparison;
  out.treat_missing_data = input["TreatMissingData"].optional_string();
  if (out.treat_missing_data && !missing_data_by_name(*out.treat_missing_data))
    return invalid(
        fmt::format("Unsupported value {} for TreatMissingData. Supported values are [breaching, "
                    "notBreaching, ignore, missing].",
                    *out.treat_missing_data));
  out.evaluate_low_sample_count_percentile =
      input["EvaluateLowSampleCountPercentile"].optional_string();
  if (const auto& option = out.evaluate_low_sample_count_percentile; option) {
    if (*option != "evaluate" && *option != "ignore")
      return invalid(
          fmt::format("Option {} is not supported for EvaluateLowSampleCountPercentile. Supported "
                      "options are [evaluate, ignore].",
                      *option));
    if (!out.statistic || !out.statistic->percentile())
      return invalid(
          "EvaluateLowSampleCountPercentile is only supported for alarms on percentile "
          "statistics.");
  }
  return out;
}

}  // namespace sitelatch::cloudwatch
