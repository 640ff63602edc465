// SPDX-License-Identifier: Apache-2.0
// PutMetricData and the reads of metrics.
#include <fmt/format.h>

#include <algorithm>

#include "aws/service/paging.h"
#include "base/text.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/metric_data.h"
#include "services/cloudwatch/refusals.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;
using namespace std::chrono;

constexpr std::int64_t most_datapoints = 1440;     // of one GetMetricStatistics
constexpr std::size_t most_data_points = 100'800;  // of one GetMetricData
constexpr std::size_t metrics_a_page = 500;

bool valid_period(std::int64_t period) {
  return period == 1 || period == 5 || period == 10 || period == 20 || period == 30 ||
         (period > 0 && period % 60 == 0);
}
Instant floor_to(Instant t, seconds step) {
  const auto since = floor<seconds>(t.time_since_epoch());
  const auto rest = (since % step + step) % step;
  return Instant{since - rest};
}
std::size_t periods_between(Instant from, Instant to, seconds period) {
  if (to <= from) return 0;
  return static_cast<std::size_t>((to - from + period - nanoseconds{1}) / period);
}

// The statistics of one GetMetricStatistics.
aws::Outcome<std::vector<Statistic>> statistics_of(const Value& input) {
  std::vector<Statistic> out;
  for (const auto& name : input["Statistics"].strings()) {
    const auto statistic = Statistic::basic(name);
    if (!statistic)
      return invalid_value(fmt::format("The value {} for parameter Statistics is invalid.", name));
    out.push_back(*statistic);
  }
  for (const auto& name : input["ExtendedStatistics"].strings()) {
    const auto statistic = Statistic::extended(name);
    if (!statistic)
      return invalid_value(
          fmt::format("The value {} for parameter ExtendedStatistics is not supported.", name));
    out.push_back(*statistic);
  }
  if (out.empty())
    return aws::refuse(
        "MissingRequiredParameterException",
        "At least one of the parameters Statistics and ExtendedStatistics must be specified.");
  return out;
}

Value datapoint(Instant at, Unit unit, const Aggregate& aggregate,
                const std::vector<Statistic>& statistics) {
  Value out = Value::structure({{"Timestamp", at}});
  Value extended = Value::structure();
  for (const auto& statistic : statistics) {
    const auto value = statistic.of(aggregate);
    if (!value) continue;
    if (statistic.is_extended())
      extended.set(statistic.name(), *value);
    else
      out.set(statistic.name(), *value);
  }
  out.set("Unit", unit_name(unit));
  if (!extended.members().empty()) out.set("ExtendedStatistics", std::move(extended));
  return out;
}

}  // namespace

aws::Outcome<> CloudWatch::put_metric_data(const aws::Call& call) {
  const auto data = incoming_data(call);  // all of it is valid, or nothing is taken
  if (!data) return failure(data.error());
  for (const auto& datum : *data) metrics_.add(datum.id, datum.datum, MetricStore::Write::at_once);
  return Value::structure();
}

aws::Outcome<> CloudWatch::get_metric_statistics(const aws::Call& call) {
  const auto& input = call.input;
  const auto start = input["StartTime"].timestamp(), end = input["EndTime"].timestamp();
  const auto period_s = input["Period"].integer();
  const auto statistics = statistics_of(input);
  if (!statistics) return failure(statistics.error());
  if (start >= end)
    return invalid_value("The parameter StartTime must be less than the parameter EndTime.");
  if (!valid_period(period_s) || period_s > 86'400 * 15)
    return invalid_value(
        "The parameter Period must be a multiple of 60, or one of 1, 5, 10, 20, 30.");
  const seconds period{period_s};
  const auto asked = floor<seconds>(end - start).count() / period_s;
  if (asked > most_datapoints)
    return aws::refuse(
        "InvalidParameterCombinationException",
        fmt::format(
            "You have requested up to {} datapoints, which exceeds the limit of {}. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range.",
            asked, most_datapoints));
  Value points = Value::list();
  const auto name = input["MetricName"].string_or("");
  const auto* series = metrics_.find(
      {call.region, input["Namespace"].string_or(""), name, dimensions_from(input["Dimensions"])});
  if (series) {
    // Periods start at the start time, which is taken down to its minute (fact cloudwatch-4).
    const auto from = floor_to(start, std::min(period, seconds{60}));
    const MetricStore::Window window{from, period, periods_between(from, end, period)};
    auto units = metrics_.units(*series, window);
    if (input.has("Unit")) units = {unit_by_name(input["Unit"].string()).value_or(Unit::none)};
    for (const auto unit : units) {
      const auto aggregates = metrics_.read(*series, unit, window);
      for (std::size_t i = 0; i < aggregates.size(); ++i)
        if (!aggregates[i].empty())
          points.push(datapoint(from + period * static_cast<std::int64_t>(i), unit, aggregates[i],
                                *statistics));
    }
  }
  return Value::structure({{"Label", name}, {"Datapoints", std::move(points)}});
}

namespace {

struct MetricQuery {
  std::string id, label;
  MetricId metric;
  std::optional<Statistic> statistic;
  std::optional<Unit> unit;
  seconds period{60};
  bool returned = true;
};

auto validation_error(std::string text) { return aws::refuse("ValidationError", std::move(text)); }

bool valid_query_id(std::string_view id) {
  if (id.empty() || id.front() < 'a' || id.front() > 'z') return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

aws::Outcome<MetricQuery> metric_query(const aws::Call& call, const Value& query) {
  MetricQuery out;
  out.id = query["Id"].string_or("");
  if (!valid_query_id(out.id))
    return validation_error(
        fmt::format("The value {} for parameter MetricDataQueries.member.Id is not matching the "
                    "expected pattern ^[a-z][a-zA-Z0-9_]*$.",
                    out.id));
  if (query.has("Expression") || !query.has("MetricStat"))
    return validation_error(
        fmt::format("Error in expression '{}': expressions are not supported here", out.id));
  const auto& stat = query["MetricStat"];
  const auto& metric = stat["Metric"];
  const auto period = stat["Period"].integer_or(60);
  if (!valid_period(period))
    return validation_error("Period must be 1, 5, 10, 20, 30 or a multiple of 60");
  // Longer than any metric is kept; what an Instant can have added to it (base/time.h).
  out.period = seconds{std::min<std::int64_t>(period, std::int64_t{40} * 365 * 86'400)};
  out.statistic = Statistic::any(stat["Stat"].string_or(""));
  if (!out.statistic)
    return validation_error(fmt::format("The value {} for parameter Stat is not supported.",
                                        stat["Stat"].string_or("")));
  if (stat.has("Unit")) out.unit = unit_by_name(stat["Unit"].string());
  out.metric = {call.region, metric["Namespace"].string_or(""), metric["MetricName"].string_or(""),
                dimensions_from(metric["Dimensions"])};
  out.label = query["Label"].string_or("");
  out.returned = query["ReturnData"].boolean_or(true);
  return out;
}

using Names = std::vector<std::string>;
Names unit_names_of(const std::vector<Unit>& units) {
  Names out;
  for (const auto unit : units) out.emplace_back(unit_name(unit));
  std::sort(out.begin(), out.end());
  return out;
}
Value multiple_units(const Names& names) {
  Value out = Value::list();
  out.push(Value::structure(
      {{"Code", "MultipleUnits"},
       {"Value", fmt::format("Multiple units returned: '[{}]'", join(names, ", "))}}));
  return out;
}

// Without a label: the metric's name, and its statistic where several statistics of one metric are
// asked for.
void name_queries(std::vector<MetricQuery>& queries) {
  const auto plain = queries;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!queries[i].label.empty()) continue;
    queries[i].label = queries[i].metric.name;
    const bool shared = std::any_of(plain.begin(), plain.end(), [&](const MetricQuery& other) {
      return other.metric.key() == plain[i].metric.key() &&
             other.statistic->name() != plain[i].statistic->name();
    });
    if (shared) queries[i].label += " " + queries[i].statistic->name();
  }
}

}  // namespace

aws::Outcome<> CloudWatch::get_metric_data(const aws::Call& call) {
  const auto& input = call.input;
  const auto start = input["StartTime"].timestamp(), end = input["EndTime"].timestamp();
  if (start >= end)
    return validation_error("The parameter StartTime must be less than the parameter EndTime.");
  const auto& given = input["MetricDataQueries"].items();
  if (given.size() > 500)
    return validation_error(
        "The collection MetricDataQueries must not have a size greater than 500.");
  std::vector<MetricQuery> queries;
  for (const auto& item : given) {
    auto query = metric_query(call, item);
    if (!query) return failure(query.error());
    for (const auto& other : queries)
      if (other.id == query->id)
        return validation_error(
            fmt::format("The values for parameter id in MetricDataQueries are not unique."));
    queries.push_back(std::move(*query));
  }
  name_queries(queries);

  std::size_t skip = 0;
  if (input.has("NextToken")) {
    const auto position = aws::page_position("data", input["NextToken"].string());
    const auto number = position ? parse_int(*position) : std::nullopt;
    if (!number || *number < 0) return aws::refuse("InvalidNextToken", "Invalid token");
    skip = static_cast<std::size_t>(*number);
  }
  const auto most =
      std::min(most_data_points, static_cast<std::size_t>(std::max<std::int64_t>(
                                     1, input["MaxDatapoints"].integer_or(most_data_points))));
  const bool descending = input["ScanBy"].string_or("TimestampDescending") != "TimestampAscending";
  std::size_t passed = 0, given_out = 0;
  bool more = false;
  Value results = Value::list();
  for (const auto& query : queries) {
    if (!query.returned) continue;
    const auto from = floor_to(start, query.period);
    const auto periods = periods_between(from, end, query.period);
    if (periods > most_data_points)
      return validation_error(
          fmt::format("You have requested up to {} datapoints, which exceeds the limit of {}.",
                      periods, most_data_points));
    std::vector<Aggregate> aggregates;
    Value messages;
    if (const auto* series = metrics_.find(query.metric)) {
      const MetricStore::Window window{from, query.period, periods};
      const auto units = query.unit ? Names{} : unit_names_of(metrics_.units(*series, window));
      if (units.size() > 1)
        messages = multiple_units(units);  // and the first by name (fact cloudwatch-5)
      aggregates =
          metrics_.read(*series, units.empty() ? query.unit : unit_by_name(units.front()), window);
    }
    Value timestamps = Value::list(), values = Value::list();
    bool cut = false;
    for (std::size_t n = 0; n < aggregates.size(); ++n) {
      const auto i = descending ? aggregates.size() - 1 - n : n;
      const auto value = query.statistic->of(aggregates[i]);
      if (!value || passed++ < skip) continue;
      if (given_out == most) {
        cut = more = true;
        break;
      }
      ++given_out;
      timestamps.push(from + query.period * static_cast<std::int64_t>(i));
      values.push(*value);
    }
    results.push(Value::structure({{"Id", query.id},
                                   {"Label", query.label},
                                   {"Timestamps", std::move(timestamps)},
                                   {"Values", std::move(values)},
                                   {"StatusCode", cut ? "PartialData" : "Complete"},
                                   {"Messages", std::move(messages)}}));
  }
  Value out =
      Value::structure({{"MetricDataResults", std::move(results)}, {"Messages", Value::list()}});
  if (more) out.set("NextToken", aws::page_token("data", std::to_string(skip + given_out)));
  return out;
}

namespace {

bool matches(const MetricId& id, const Value& input) {
  if (input.has("Namespace") && id.name_space != input["Namespace"].string()) return false;
  if (input.has("MetricName") && id.name != input["MetricName"].string()) return false;
  for (const auto& filter : input["Dimensions"].items()) {
    const bool has = std::any_of(
        id.dimensions.begin(), id.dimensions.end(), [&filter](const Dimension& dimension) {
          return dimension.name == filter["Name"].string_or("") &&
                 (!filter.has("Value") || dimension.value == filter["Value"].string());
        });
    if (!has) return false;
  }
  return true;
}

}  // namespace

aws::Outcome<> CloudWatch::list_metrics(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("metrics", input["NextToken"], metrics_a_page);
  if (!page) return invalid_value("The value for parameter NextToken is invalid.");
  if (input["Dimensions"].items().size() > 10)
    return invalid_value("The collection Dimensions must not have a size greater than 10.");
  // Metrics without data for two weeks are not listed; with RecentlyActive, those without any for
  // three hours.
  const auto since = call.now - (input.has("RecentlyActive") ? hours{3} : hours{14 * 24});
  bool full = false;
  metrics_.visit_series(
      call.region, [&](const std::string& key, const MetricStore::Series& series) {
        if (full || series.last_seen < since || !matches(series.id, input)) return;
        full = !page->offer(key, [&] {
          return Value::structure({{"Namespace", series.id.name_space},
                                   {"MetricName", series.id.name},
                                   {"Dimensions", describe_dimensions(series.id.dimensions)}});
        });
      });
  return Value::structure({{"Metrics", page->items()}, {"NextToken", page->next_token()}});
}

}  // namespace sitelatch::cloudwatch
