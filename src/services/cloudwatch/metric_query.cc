// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/metric_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/metric_search.h"
#include "services/cloudwatch/refusals.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;
using namespace std::chrono;

// Longer than any metric is kept; what an Instant can have added to it (base/time.h).
constexpr std::int64_t longest_period_s = std::int64_t{40} * 365 * 86'400;
// What an answer's series costs besides its points.
constexpr std::size_t points_of_a_result = 1000;
constexpr std::size_t most_found = 100;  // by a search (CWD)
constexpr std::size_t most_of_alarm = 20, most_of_alarm_by_kind = 10;

bool valid_id(std::string_view id) {
  if (id.empty() || id.front() < 'a' || id.front() > 'z') return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}
bool valid_period(std::int64_t period, QueriesFor purpose) {
  if (purpose == QueriesFor::data && (period == 1 || period == 5)) return true;
  return period == 10 || period == 20 || period == 30 || (period > 0 && period % 60 == 0);
}

auto in_expression(const std::string& id, const std::string& what) {
  return invalid(fmt::format("Error in expression '{}' [{}]", id, what));
}

aws::Outcome<Done> read_metric_stat(const std::string& region, const Value& stat,
                                    QueriesFor purpose, MetricQuery& out) {
  const auto period = stat["Period"].integer_or(60);
  if (!valid_period(period, purpose))
    return invalid(purpose == QueriesFor::data
                       ? "Period must be 1, 5, 10, 20, 30 or a multiple of 60"
                       : "Period must be 10, 20, 30 or a multiple of 60");
  out.period_s = std::min(period, longest_period_s);
  const auto name = stat["Stat"].string_or("");
  out.statistic = Statistic::any(name);
  if (!out.statistic && purpose == QueriesFor::alarm) return invalid("Invalid metrics list");
  if (!out.statistic)
    return invalid(fmt::format("The value {} for parameter Stat is not supported.", name));
  if (stat.has("Unit")) out.unit = unit_by_name(stat["Unit"].string());
  const auto& metric = stat["Metric"];
  out.metric = {region, metric["Namespace"].string_or(""), metric["MetricName"].string_or(""),
                dimensions_from(metric["Dimensions"])};
  return Done{};
}

aws::Outcome<Done> read_expression(const Value& query, QueriesFor purpose, MetricQuery& out) {
  out.expression = query["Expression"].string();
  if (query.has("Period")) {
    out.given_period_s = query["Period"].integer();
    if (!valid_period(*out.given_period_s, purpose))
      return invalid("Period must be 1, 5, 10, 20, 30 or a multiple of 60");
    out.period_s = std::min(*out.given_period_s, longest_period_s);
  }
  const auto words = upper(out.expression);
  if (words.find("SELECT ") == words.find_first_not_of(" \t\r\n") &&
      words.find("SELECT ") != words.npos)
    return in_expression(out.id, "Metrics Insights queries are not supported here");
  auto node = math::parse(out.expression);
  if (!node) return in_expression(out.id, node.error().text);
  out.node = std::make_shared<const math::Node>(std::move(*node));
  return Done{};
}

// Where the query stands, as the query protocol counts.
aws::Outcome<MetricQuery> one_query(const std::string& region, const Value& query,
                                    QueriesFor purpose, std::size_t number) {
  MetricQuery out;
  out.id = query["Id"].string_or("");
  const auto list = purpose == QueriesFor::data ? "MetricDataQueries" : "Metrics";
  if (!valid_id(out.id))
    return invalid(
        fmt::format("The value {} for parameter {}.member.Id is not matching the expected pattern "
                    "^[a-z][a-zA-Z0-9_]*$.",
                    out.id, list));
  const auto at = fmt::format("{}.member.{}", list, number);
  if (!query.has("Expression") && !query.has("MetricStat"))
    return invalid(fmt::format("The parameter {}.MetricStat is required.\n", at));
  if (query.has("Expression") && query.has("MetricStat"))
    return invalid(
        fmt::format("The parameters {0}.Expression and {0}.MetricStat are mutually "
                    "exclusive and you have specified both.",
                    at));
  out.label = query["Label"].optional_string();
  out.returned = query["ReturnData"].boolean_or(true);
  out.account = query["AccountId"].optional_string();
  const auto read = query.has("Expression")
                        ? read_expression(query, purpose, out)
                        : read_metric_stat(region, query["MetricStat"], purpose, out);
  if (!read) return failure(read.error());
  return out;
}

const MetricQuery* find_query(const MetricQueries& queries, const std::string& id) {
  const auto found = std::find_if(queries.begin(), queries.end(),
                                  [&](const MetricQuery& query) { return query.id == id; });
  return found == queries.end() ? nullptr : &*found;
}

// The queries in an order in which each stands behind those that it names.
class Order {
 public:
  explicit Order(const MetricQueries& queries) : queries_(queries) {}
  // False: the query rests on itself.
  bool follow(const MetricQuery& query) {
    if (done_.count(&query) != 0) return true;
    if (!open_.insert(&query).second) return false;
    auto& below = named_[&query];
    if (query.is_expression()) {
      const auto named = math::references(*query.node);
      for (const auto& other : queries_) {
        if (named.ids.count(other.id) == 0 && (!named.all_metrics || other.is_expression()))
          continue;
        below.push_back(&other);
        if (!follow(other)) return false;
      }
    }
    open_.erase(&query);
    done_.insert(&query);
    order_.push_back(&query);
    return true;
  }
  const std::vector<const MetricQuery*>& order() const { return order_; }
  const std::vector<const MetricQuery*>& named_by(const MetricQuery& query) const {
    return named_.at(&query);
  }

 private:
  const MetricQueries& queries_;
  std::set<const MetricQuery*> open_, done_;
  std::map<const MetricQuery*, std::vector<const MetricQuery*>> named_;
  std::vector<const MetricQuery*> order_;
};

bool calls(const math::Node& node, std::string_view function) {
  if (node.kind == math::Node::Kind::call && node.word == function) return true;
  return std::any_of(node.of.begin(), node.of.end(),
                     [&](const math::Node& part) { return calls(part, function); });
}

// What is known of the queries before any data is.
struct Settled {
  std::map<std::string, math::Type> types;
  std::set<std::string> measured;  // these rest on a metric
};

// The types and periods of all, or what is wrong with the first expression that has none. The
// period of an expression's points is the longest of the metrics that it rests on; of one that
// rests on none as given, else the shortest of the request's, so that it meets them all.
aws::Outcome<Settled> settle(MetricQueries& queries) {
  Settled out;
  Order all{queries};
  for (const auto& query : queries)
    if (!all.follow(query)) return in_expression(query.id, "The expression refers to itself");
  std::int64_t shortest = longest_period_s;
  for (const auto& query : queries)
    if (!query.is_expression()) shortest = std::min(shortest, query.period_s);
  for (const auto* each : all.order()) {
    auto& query = queries[static_cast<std::size_t>(each - queries.data())];
    if (!query.is_expression()) {
      out.types[query.id] = math::Type::series;
      out.measured.insert(query.id);
      continue;
    }
    const auto type =
        math::check(*query.node, [&](const std::string& id) -> std::optional<math::Type> {
          const auto found = out.types.find(id);
          if (found == out.types.end()) return std::nullopt;
          return found->second;
        });
    if (!type) return in_expression(query.id, type.error().text);
    out.types[query.id] = *type;
    std::int64_t longest = math::references(*query.node).search_period_s;
    for (const auto* below : all.named_by(*each))
      if (out.measured.count(below->id) != 0) longest = std::max(longest, below->period_s);
    if (longest > 0) {
      out.measured.insert(query.id);
      query.period_s = longest;
    } else if (!query.given_period_s) {
      query.period_s = shortest == longest_period_s ? 60 : shortest;
    }
  }
  return out;
}

aws::Outcome<Done> check_for_alarm(const MetricQueries& queries, const Settled& settled) {
  const auto expressions = static_cast<std::size_t>(
      std::count_if(queries.begin(), queries.end(),
                    [](const MetricQuery& query) { return query.is_expression(); }));
  if (queries.size() > most_of_alarm || expressions > most_of_alarm_by_kind ||
      queries.size() - expressions > most_of_alarm_by_kind)
    return invalid("The metrics list can have 10 metrics and 10 expressions at most.");
  const auto watched = [](const MetricQuery& query) { return query.returned; };
  if (std::count_if(queries.begin(), queries.end(), watched) != 1)
    return invalid("Exactly one element of the metrics list should return data.");
  const auto& query = *std::find_if(queries.begin(), queries.end(), watched);
  if (settled.types.at(query.id) == math::Type::array)
    return in_expression(query.id, "The expression for an alarm must return a single time series");
  if (settled.measured.count(query.id) == 0)
    return invalid("The expression for an alarm must include at least one metric");
  return Done{};
}

}  // namespace

aws::Outcome<MetricQueries> metric_queries(const std::string& region, const std::string& account,
                                           const Value& list, QueriesFor purpose) {
  MetricQueries out;
  for (const auto& item : list.items()) {
    auto query = one_query(region, item, purpose, out.size() + 1);
    if (!query) return failure(query.error());
    if (purpose == QueriesFor::alarm && query->is_expression() && calls(*query->node, "SEARCH"))
      return invalid("SEARCH is not supported on Metric Alarms");
    if (query->account && *query->account != account)
      return invalid(fmt::format("The metrics of the account {} are not shared with this account.",
                                 *query->account));
    if (find_query(out, query->id))
      return invalid(fmt::format("The values for parameter id in {} are not unique.",
                                 purpose == QueriesFor::data ? "MetricDataQueries" : "Metrics"));
    out.push_back(std::move(*query));
  }
  const auto settled = settle(out);
  if (!settled) return failure(settled.error());
  for (const auto& query : out)
    if (query.returned && settled->types.at(query.id) == math::Type::scalar)
      return in_expression(query.id,
                           "The expression must return a time series or an array of time series, "
                           "not a scalar");
  if (purpose == QueriesFor::alarm) {
    const auto fit = check_for_alarm(out, *settled);
    if (!fit) return failure(fit.error());
  }
  return out;
}

Value describe(const MetricQuery& query) {
  Value out = Value::structure({{"Id", query.id}});
  if (query.is_expression()) {
    out.set("Expression", query.expression);
    out.set("Period", query.given_period_s);
  } else {
    Value metric = Value::structure({{"Namespace", query.metric.name_space},
                                     {"MetricName", query.metric.name},
                                     {"Dimensions", describe_dimensions(query.metric.dimensions)}});
    Value stat = Value::structure({{"Metric", std::move(metric)},
                                   {"Period", query.period_s},
                                   {"Stat", query.statistic->name()}});
    if (query.unit) stat.set("Unit", unit_name(*query.unit));
    out.set("MetricStat", std::move(stat));
  }
  out.set("Label", query.label);
  out.set("ReturnData", query.returned);
  out.set("AccountId", query.account);
  return out;
}

Value describe(const MetricQueries& queries) {
  Value out = Value::list();
  for (const auto& query : queries) out.push(describe(query));
  return out;
}

std::optional<MetricQueries> metric_queries_from_row(const std::string& region, const Value& list) {
  MetricQueries out;
  for (const auto& item : list.items()) {
    auto query = one_query(region, item, QueriesFor::alarm, out.size() + 1);
    if (!query) return std::nullopt;
    out.push_back(std::move(*query));
  }
  if (!settle(out) ||
      std::none_of(out.begin(), out.end(), [](const MetricQuery& query) { return query.returned; }))
    return std::nullopt;
  return out;
}

const MetricQuery* QueryRun::find(const std::string& id) const { return find_query(queries_, id); }

Instant QueryRun::start_of(std::int64_t period_s) const {
  if (stretch_.purpose == QueriesFor::alarm) return stretch_.from;
  const auto since = floor<seconds>(stretch_.from.time_since_epoch());
  const auto rest = (since % period_s + seconds{period_s}) % period_s;
  return Instant{since - rest};
}

MetricStore::Window QueryRun::window_of(const MetricQuery& query) const {
  const seconds period{query.period_s};
  const auto from = start_of(query.period_s);
  const auto count =
      stretch_.to > from
          ? static_cast<std::size_t>((stretch_.to - from + period - nanoseconds{1}) / period)
          : 0;
  return {from, period, count};
}

std::vector<std::string> QueryRun::several_units(const MetricQuery& query) const {
  std::vector<std::string> out;
  const auto* series = store_.find(query.metric);
  if (query.unit || !series || stretch_.purpose == QueriesFor::alarm) return out;
  for (const auto unit : store_.units(*series, window_of(query))) out.emplace_back(unit_name(unit));
  std::sort(out.begin(), out.end());
  if (out.size() < 2) out.clear();
  return out;
}

math::Series QueryRun::read(const MetricQuery& query) const {
  const auto window = window_of(query);
  math::Series out{query.plain_label, window.period, {}};
  if (stretch_.purpose == QueriesFor::data) out.source = std::make_shared<MetricQuery>(query);
  const auto* series = store_.find(query.metric);
  if (!series || window.count == 0) return out;
  auto unit = query.unit;
  if (const auto names = several_units(query); !names.empty()) unit = unit_by_name(names.front());
  const auto aggregates = store_.read(*series, unit, window);
  for (std::size_t i = 0; i < aggregates.size(); ++i)
    if (const auto value = query.statistic->of(aggregates[i]))
      out.points.push_back({window.from + window.period * static_cast<std::int64_t>(i), *value});
  if (query.label && !query.label->empty()) out.label = written_label(*query.label, out, context_);
  return out;
}

// Labelled by what tells the found ones apart: the values of their dimensions, or the name.
std::vector<math::Series> QueryRun::search(const math::Search& asked) {
  const auto search = MetricSearch::parse(asked.words);
  ENSURE(search);
  std::vector<math::Series> out;
  store_.visit_series(context_.region, [&](const std::string&, const MetricStore::Series& series) {
    if (out.size() == most_found || exhausted() || !search->finds(series.id)) return;
    MetricQuery query;
    query.metric = series.id;
    query.statistic = Statistic::any(asked.statistic);
    query.period_s = asked.period_s;
    std::vector<std::string> values;
    for (const auto& dimension : series.id.dimensions) values.push_back(dimension.value);
    query.plain_label = values.empty() ? series.id.name : join(values, " ");
    // Reading costs by the periods too, not only by what is found in them.
    spend(window_of(query).count / 16);
    if (!exhausted()) out.push_back(read(query));
  });
  return out;
}

void QueryRun::spend(std::size_t points) { budget_ -= std::min(budget_, points); }

math::Data QueryRun::data_of(const MetricQuery& query) {
  if (const auto known = known_.find(query.id); known != known_.end()) return known->second;
  auto data = [&]() -> math::Data {
    if (!query.is_expression()) {
      auto series = read(query);
      spend(series.points.size());
      return series;
    }
    math::Environment environment;
    environment.from = start_of(query.period_s);
    environment.to = stretch_.to;
    environment.period = seconds{query.period_s};
    environment.budget = &budget_;
    environment.data_of = [this](const std::string& id) { return data_of(*find(id)); };
    environment.metrics = [this](std::string_view part) {
      std::vector<math::Series> out;
      for (const auto& other : queries_)
        if (!other.is_expression() && other.id.find(part) != other.id.npos)
          out.push_back(std::get<math::Series>(data_of(other)));
      return out;
    };
    environment.search = [this](const math::Search& asked) { return search(asked); };
    return math::evaluate(*query.node, environment);
  }();
  known_.emplace(query.id, data);
  return data;
}

std::vector<math::Series> QueryRun::results(const MetricQuery& query) {
  // What no expression names need not be kept.
  if (!query.is_expression()) {
    const auto known = known_.find(query.id);
    return {known == known_.end() ? read(query) : std::get<math::Series>(known->second)};
  }
  auto data = data_of(query);
  if (auto* one = std::get_if<math::Series>(&data)) {
    one->label = query.id;
    if (query.label) one->label = written_label(*query.label, *one, context_);
    return {std::move(*one)};
  }
  auto& all = std::get<std::vector<math::Series>>(data);
  spend(all.size() * points_of_a_result);
  if (query.label)
    for (auto& one : all) {
      auto label = written_label(*query.label, one, context_);
      one.label = label == *query.label ? label + " " + one.label : std::move(label);
    }
  return std::move(all);
}

}  // namespace sitelatch::cloudwatch
