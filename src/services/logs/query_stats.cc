// SPDX-License-Identifier: Apache-2.0
#include "services/logs/query_stats.h"

#include <algorithm>
#include <cmath>

namespace sitelatch::logs {
namespace {

constexpr std::size_t group_overhead = 300;

// The value below which so many per cent of the values lie; between two of them on the line.
Cell percentile(std::vector<double> values, double percent) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, values.size() - 1);
  const auto part = at - static_cast<double>(below);
  return Cell::of(values[below] + (values[above] - values[below]) * part);
}

bool keeps_values(const std::string& name) {
  return name == "pct" || name == "percentile" || name == "median";
}

}  // namespace

bool QueryStats::Before::operator()(const std::vector<Cell>& a, const std::vector<Cell>& b) const {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    // Numbers before texts, so that this is an order whatever is in them.
    const bool x = a[i].number().has_value(), y = b[i].number().has_value();
    if (a[i].present() && b[i].present() && x != y) return x;
    if (const int order = compare(a[i], b[i]); order != 0) return order < 0;
  }
  return a.size() < b.size();
}

void QueryStats::find_aggregates(const QueryExpression& expression,
                                 std::vector<const QueryExpression*>& out) const {
  if (expression.kind == QueryExpression::Kind::aggregate) out[expression.index] = &expression;
  for (const auto& part : expression.parts) find_aggregates(part, out);
}

void QueryStats::add(const QueryRow& row, const QueryContext& context) {
  std::vector<Cell> keys;
  for (const auto& column : command_.by) keys.push_back(evaluate(column.expression, row, context));
  auto found = groups_.find(keys);
  if (found == groups_.end()) {
    bytes_ += group_overhead * (command_.aggregates + 1);
    for (const auto& key : keys) bytes_ += key.text_value.size();
    found = groups_.emplace(std::move(keys), std::vector<Gathered>(command_.aggregates)).first;
  }
  std::vector<const QueryExpression*> aggregates(command_.aggregates, nullptr);
  for (const auto& column : command_.columns) find_aggregates(column.expression, aggregates);
  for (std::size_t i = 0; i < aggregates.size(); ++i)
    gather(*aggregates[i], found->second[i], row, context);
}

void QueryStats::gather(const QueryExpression& aggregate, Gathered& into, const QueryRow& row,
                        const QueryContext& context) {
  if (aggregate.parts.empty()) {
    into.count += 1;
    return;
  }
  const auto value = evaluate(aggregate.parts[0], row, context);
  if (!value.present()) return;
  const auto& name = aggregate.name;
  if (name == "count_distinct") {
    auto text = value.text();
    const auto size = text.size();
    if (into.distinct.insert(std::move(text)).second) bytes_ += size + 64;
    return;
  }
  const auto number = value.number();
  const bool wants_numbers =
      name == "avg" || name == "sum" || name == "stddev" || keeps_values(name);
  if (wants_numbers && !number) return;
  into.count += 1;
  if (number) {
    into.sum += *number;
    into.square_sum += *number * *number;
  }
  if (keeps_values(name)) {
    into.values.push_back(*number);
    bytes_ += sizeof(double);
  }
  if (!into.least.present() || compare(value, into.least) < 0) into.least = value;
  if (!into.most.present() || compare(value, into.most) > 0) into.most = value;
  const auto at = static_cast<double>(row.timestamp_ms());
  if (!into.earliest.present() || at < into.earliest_ms) {
    into.earliest = value;
    into.earliest_ms = at;
  }
  if (!into.latest.present() || at >= into.latest_ms) {
    into.latest = value;
    into.latest_ms = at;
  }
  const auto text = value.text();
  if (!into.first.present() || text < into.first.text()) into.first = value;
  if (!into.last.present() || text > into.last.text()) into.last = value;
}

Cell QueryStats::result(const QueryExpression& aggregate, const Gathered& gathered) {
  const auto& name = aggregate.name;
  if (name == "count") return Cell::of(gathered.count);
  if (name == "count_distinct") return Cell::of(static_cast<double>(gathered.distinct.size()));
  if (gathered.count == 0) return {};
  if (name == "sum") return Cell::of(gathered.sum);
  const auto mean = gathered.sum / gathered.count;
  if (name == "avg") return Cell::of(mean);
  if (name == "stddev")
    return Cell::of(std::sqrt(std::max(gathered.square_sum / gathered.count - mean * mean, 0.0)));
  if (name == "min") return gathered.least;
  if (name == "max") return gathered.most;
  if (name == "earliest") return gathered.earliest;
  if (name == "latest") return gathered.latest;
  if (name == "sortsfirst") return gathered.first;
  if (name == "sortslast") return gathered.last;
  const double percent = name == "median" ? 50 : aggregate.parts[1].literal.number().value_or(50);
  return percentile(gathered.values, percent);
}

std::vector<QueryRow> QueryStats::rows(const QueryContext& context) const {
  std::vector<const QueryExpression*> aggregates(command_.aggregates, nullptr);
  for (const auto& column : command_.columns) find_aggregates(column.expression, aggregates);
  std::vector<QueryRow> out;
  for (const auto& [keys, gathered] : groups_) {
    QueryRow row;
    for (std::size_t i = 0; i < keys.size(); ++i) row.set(command_.by[i].name, keys[i]);
    std::vector<Cell> results;
    for (std::size_t i = 0; i < gathered.size(); ++i)
      results.push_back(result(*aggregates[i], gathered[i]));
    // What stands behind may use what stands before by its alias.
    const QueryContext with{context.now_ms, context.work, &results};
    for (const auto& column : command_.columns)
      row.set(column.name, evaluate(column.expression, row, with));
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace sitelatch::logs
