// SPDX-License-Identifier: Apache-2.0
// PutMetricData and the reads of metrics.
#include <fmt/format.h>

#include <algorithm>

#include "aws/service/paging.h"
#include "base/text.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/metric_data.h"
#include "services/cloudwatch/metric_query.h"
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

using Names = std::vector<std::string>;
Value multiple_units(const Names& names) {
  Value out = Value::list();
  out.push(Value::structure(
      {{"Code", "MultipleUnits"},
       {"Value", fmt::format("Multiple units returned: '[{}]'", join(names, ", "))}}));
  return out;
}

// Without a label: a metric's name, and its statistic where several statistics of one metric are
// asked for.
void name_metrics(MetricQueries& queries) {
  const auto plain = queries;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (queries[i].is_expression()) continue;
    queries[i].plain_label = queries[i].metric.name;
    const bool shared = std::any_of(plain.begin(), plain.end(), [&](const MetricQuery& other) {
      return !other.is_expression() && other.metric.key() == plain[i].metric.key() &&
             other.statistic->name() != plain[i].statistic->name();
    });
    if (shared) queries[i].plain_label += " " + queries[i].statistic->name();
  }
}

// One series of a query's, cut where the page is full.
struct DataPage {
  std::size_t skip = 0, most = 0;
  bool descending = true;
  std::size_t passed = 0, given_out = 0;
  bool more = false;

  Value result(const MetricQuery& query, const math::Series& series, Value messages) {
    Value timestamps = Value::list(), values = Value::list();
    bool cut = false;
    for (std::size_t n = 0; n < series.points.size() && !cut; ++n) {
      if (passed++ < skip) continue;
      if (given_out == most) {
        cut = more = true;
        break;
      }
      ++given_out;
      const auto& point = series.points[descending ? series.points.size() - 1 - n : n];
      timestamps.push(point.at);
      values.push(point.value);
    }
    return Value::structure({{"Id", query.id},
                             {"Label", series.label},
                             {"Timestamps", std::move(timestamps)},
                             {"Values", std::move(values)},
                             {"StatusCode", cut ? "PartialData" : "Complete"},
                             {"Messages", std::move(messages)}});
  }
};

}  // namespace

aws::Outcome<> CloudWatch::get_metric_data(const aws::Call& call) {
  const auto& input = call.input;
  const auto start = input["StartTime"].timestamp(), end = input["EndTime"].timestamp();
  if (start >= end)
    return invalid("The parameter StartTime must be less than the parameter EndTime.");
  const auto& given = input["MetricDataQueries"].items();
  if (given.size() > 500)
    return invalid("The collection MetricDataQueries must not have a size greater than 500.");
  auto queries =
      metric_queries(call.region, call.account, input["MetricDataQueries"], QueriesFor::data);
  if (!queries) return failure(queries.error());
  name_metrics(*queries);

  DataPage page;
  if (input.has("NextToken")) {
    const auto position = aws::page_position("data", input["NextToken"].string());
    const auto number = position ? parse_int(*position) : std::nullopt;
    if (!number || *number < 0) return aws::refuse("InvalidNextToken", "Invalid token");
    page.skip = static_cast<std::size_t>(*number);
  }
  page.most =
      std::min(most_data_points, static_cast<std::size_t>(std::max<std::int64_t>(
                                     1, input["MaxDatapoints"].integer_or(most_data_points))));
  page.descending = input["ScanBy"].string_or("TimestampDescending") != "TimestampAscending";
  for (const auto& query : *queries) {
    const seconds period{query.period_s};
    const auto periods = periods_between(floor_to(start, period), end, period);
    if (periods > most_data_points)
      return invalid(
          fmt::format("You have requested up to {} datapoints, which exceeds the limit of {}.",
                      periods, most_data_points));
  }
  LabelContext context{call.region, call.account, call.now};
  if (input["LabelOptions"].has("Timezone")) {
    const auto zone = label_timezone(input["LabelOptions"]["Timezone"].string());
    if (!zone)
      return invalid(
          "The value for parameter LabelOptions.Timezone must be + or - and four digits.");
    context.ahead_of_utc = *zone;
  }
  QueryRun run{metrics_, std::move(context), *queries, {start, end, QueriesFor::data}};
  Value results = Value::list();
  for (const auto& query : *queries) {
    if (!query.returned) continue;
    Value messages;
    if (!query.is_expression())
      if (const auto units = run.several_units(query); !units.empty())
        messages = multiple_units(units);  // and the first by name (fact cloudwatch-5)
    for (const auto& series : run.results(query))
      results.push(page.result(query, series, messages));
    if (run.exhausted())
      return invalid(
          "The request computes too many datapoints. You may reduce them by increasing Period, "
          "decreasing the time range, or asking for less at a time.");
  }
  Value out =
      Value::structure({{"MetricDataResults", std::move(results)}, {"Messages", Value::list()}});
  if (page.more)
    out.set("NextToken", aws::page_token("data", std::to_string(page.skip + page.given_out)));
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
