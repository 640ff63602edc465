// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/reason.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/cloudwatch/java_double.h"
#include "services/cloudwatch/json_text.h"

namespace sitelatch::cloudwatch {
namespace {

constexpr std::size_t longest_list = 5;

std::string counted(std::size_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}
std::string_view were(std::size_t n) { return n == 1 ? "was" : "were"; }

// "0.0 (22/11/26 10:41:00)"
std::string point_text(const Datapoint& point) {
  const auto t = civil(point.start);
  return fmt::format("{} ({:02}/{:02}/{:02} {:02}:{:02}:{:02})", java_double(*point.value), t.day,
                     t.month, t.year % 100, t.hour, t.minute, t.second);
}
std::string list_text(const std::vector<Datapoint>& points) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < points.size() && i < longest_list; ++i)
    texts.push_back(point_text(points[i]));
  return "[" + join(texts, ", ") + "]";
}

std::string missing_reason(const MetricAlarm& alarm, const Verdict& verdict) {
  const auto periods = static_cast<std::size_t>(alarm.evaluation_periods);
  const auto real = verdict.evaluated.size();
  const auto treated =
      alarm.missing_data() == MissingData::breaching ? "Breaching" : "NonBreaching";
  const auto received = real == 0 ? "no datapoints were"
                                  : fmt::format("{} {}", counted(real, "datapoint"), were(real));
  return fmt::format("Threshold Crossed: {} received for {} and {} {} treated as [{}].", received,
                     counted(periods, "period"), counted(verdict.missing, "missing datapoint"),
                     were(verdict.missing), treated);
}

std::string points_reason(const MetricAlarm& alarm, const Verdict& verdict) {
  const bool to_alarm = *verdict.state == State::alarm;
  std::vector<Datapoint> relevant;
  for (const auto& point : verdict.evaluated)
    if (breaches(*point.value, alarm.comparison, alarm.threshold) == to_alarm)
      relevant.push_back(point);
  const auto n = relevant.size();
  const auto crossed =
      fmt::format("{} {}{} the threshold ({})", were(n), to_alarm ? "" : "not ",
                  comparison_words(alarm.comparison), java_double(alarm.threshold));
  std::string minimum;
  if (alarm.datapoints_to_alarm) {
    const auto needed = to_alarm ? *alarm.datapoints_to_alarm
                                 : alarm.evaluation_periods - *alarm.datapoints_to_alarm + 1;
    minimum = fmt::format(" (minimum {} for {} transition)",
                          counted(static_cast<std::size_t>(needed), "datapoint"),
                          to_alarm ? "OK -> ALARM" : "ALARM -> OK");
  }
  const auto subject = alarm.datapoints_to_alarm ? fmt::format("{} out of the last {} datapoints",
                                                               n, verdict.evaluated.size())
                                                 : counted(n, "datapoint");
  if (n < longest_list)
    return fmt::format("Threshold Crossed: {} {} {}{}.", subject, list_text(relevant), crossed,
                       minimum);
  return fmt::format(
      "Threshold Crossed: {} {}. The most recent datapoints which crossed the threshold: {}{}.",
      subject, crossed, list_text(relevant), minimum);
}

std::string evaluated_text(const Datapoint& point) {
  JsonObject out;
  out.text("timestamp", iso8601_ms_offset(point.start));
  if (point.value) out.number("sampleCount", point.sample_count).number("value", *point.value);
  return out.str();
}

}  // namespace

std::string state_reason(const MetricAlarm& alarm, const Verdict& verdict) {
  if (*verdict.state == State::insufficient_data)
    return fmt::format("Insufficient Data: {} {} unknown.", counted(verdict.missing, "datapoint"),
                       were(verdict.missing));
  const auto treatment = alarm.missing_data();
  const bool treated =
      treatment == MissingData::breaching || treatment == MissingData::not_breaching;
  if (verdict.evaluated.empty() || (verdict.missing > 0 && treated))
    return missing_reason(alarm, verdict);
  return points_reason(alarm, verdict);
}

std::string state_reason_data(const MetricAlarm& alarm, const Verdict& verdict,
                              const std::vector<Datapoint>& slots, Instant query_time) {
  const auto periods = static_cast<std::size_t>(alarm.evaluation_periods);
  std::vector<std::string> recent, evaluated;
  for (auto point = verdict.evaluated.rbegin(); point != verdict.evaluated.rend(); ++point)
    recent.push_back(java_double(*point->value));
  const auto& listed = verdict.missing == 0 ? verdict.evaluated : slots;
  for (std::size_t i = 0; i < listed.size() && i < periods; ++i)
    evaluated.push_back(evaluated_text(listed[i]));
  const auto written = [&] {
    JsonObject out;
    out.text("version", "1.0").text("queryDate", iso8601_ms_offset(query_time));
    if (!verdict.evaluated.empty())
      out.text("startDate", iso8601_ms_offset(verdict.evaluated.back().start));
    if (alarm.unit) out.text("unit", unit_name(*alarm.unit));
    if (alarm.statistic) out.text("statistic", alarm.statistic->name());
    out.integer("period", alarm.period_s);
    out.json("recentDatapoints", json_list(recent)).number("threshold", alarm.threshold);
    out.json("evaluatedDatapoints", json_list(evaluated));
    return out.str();
  };
  auto text = written();
  // Long evaluations lose their oldest details, never their form.
  while (text.size() > longest_reason_data && !(evaluated.empty() && recent.empty())) {
    if (!evaluated.empty())
      evaluated.resize(evaluated.size() / 2);
    else
      recent.erase(recent.begin(),
                   recent.begin() + static_cast<std::ptrdiff_t>((recent.size() + 1) / 2));
    text = written();
  }
  return text;
}

}  // namespace sitelatch::cloudwatch
