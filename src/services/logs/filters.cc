// SPDX-License-Identifier: Apache-2.0
#include "services/logs/filters.h"

#include "aws/wire/stored.h"
#include "ports/rows.h"

namespace sitelatch::logs {
namespace {

using aws::Value;
constexpr std::string_view metrics_table = "logs.metric_filters",
                           subscriptions_table = "logs.subscriptions";

std::string key_of_group(std::string_view region, std::string_view group) {
  std::string out{region};
  out += '/';
  out += group;
  return out;
}
std::string key_of(std::string_view region, std::string_view group, std::string_view filter) {
  std::string out = key_of_group(region, group);
  out += '\0';
  out += filter;
  return out;
}

// Rows hold what is described, and nothing else.
template <class Filter>
void take_common(Filter& filter, const Value& row) {
  filter.name = row["filterName"].string();
  filter.text = row["filterPattern"].string();
  auto pattern = FilterPattern::parse(filter.text);
  ports::expect_of_row(pattern.has_value(), "its pattern is none");
  filter.pattern = std::move(*pattern);
  filter.created_ms = row["creationTime"].integer();
  filter.on_transformed = row["applyOnTransformedLogs"].boolean_or(false);
}
MetricFilter metric_filter_from(const Value& row) {
  const auto& transformations = row["metricTransformations"].items();
  ports::expect_of_row(transformations.size() == 1, "it has not one transformation");
  const auto& transformation = transformations.front();
  MetricFilter out;
  take_common(out, row);
  out.metric = transformation["metricName"].string();
  out.name_space = transformation["metricNamespace"].string();
  out.value = transformation["metricValue"].string();
  if (transformation.has("defaultValue"))
    out.default_value = transformation["defaultValue"].number();
  out.unit = transformation["unit"].string_or("");
  for (const auto& [name, selector] : transformation["dimensions"].members())
    out.dimensions.emplace_back(name, selector.string());
  return out;
}

SubscriptionFilter subscription_from(const Value& row) {
  SubscriptionFilter out;
  take_common(out, row);
  out.destination_arn = row["destinationArn"].string();
  out.distribution = row["distribution"].string();
  out.role_arn = row["roleArn"].optional_string();
  return out;
}

}  // namespace

Value MetricFilter::describe() const {
  Value transformation = Value::structure({{"metricName", metric},
                                           {"metricNamespace", name_space},
                                           {"metricValue", value},
                                           {"defaultValue", default_value}});
  if (!dimensions.empty()) {
    Value map = Value::structure();
    for (const auto& [dimension, selector] : dimensions) map.set(dimension, selector);
    transformation.set("dimensions", std::move(map));
  }
  if (!unit.empty()) transformation.set("unit", unit);
  return Value::structure({{"filterName", name},
                           {"filterPattern", text},
                           {"metricTransformations", Value::list({std::move(transformation)})},
                           {"creationTime", created_ms},
                           {"applyOnTransformedLogs", on_transformed}});
}

Value SubscriptionFilter::describe() const {
  return Value::structure({{"filterName", name},
                           {"filterPattern", text},
                           {"destinationArn", destination_arn},
                           {"roleArn", role_arn},
                           {"distribution", distribution},
                           {"applyOnTransformedLogs", on_transformed},
                           {"creationTime", created_ms}});
}

std::size_t GroupFilters::with_regexes() const {
  std::size_t out = 0;
  for (const auto& [name, filter] : metrics) out += filter.pattern.regexes() > 0 ? 1 : 0;
  for (const auto& [name, filter] : subscriptions) out += filter.pattern.regexes() > 0 ? 1 : 0;
  return out;
}

FilterBook::FilterBook(ports::Journal& journal) : journal_(journal) {
  const auto group_of = [this](std::string_view key) -> GroupFilters& {
    const auto slash = key.find('/'), cut = key.find('\0');
    ports::expect_of_row(
        slash != std::string_view::npos && cut != std::string_view::npos && slash < cut,
        "its key names no filter");
    return at(key.substr(0, slash), key.substr(slash + 1, cut - slash - 1));
  };
  ports::take_rows(journal_, metrics_table, [&](std::string_view key, std::string_view json) {
    auto filter = metric_filter_from(aws::stored_value(json));
    auto& group = group_of(key);
    ports::expect_of_row(key == key_of(group.region, group.group, filter.name), "another filter's");
    auto name = filter.name;
    group.metrics.emplace(std::move(name), std::move(filter));
  });
  ports::take_rows(journal_, subscriptions_table, [&](std::string_view key, std::string_view json) {
    auto filter = subscription_from(aws::stored_value(json));
    auto& group = group_of(key);
    ports::expect_of_row(key == key_of(group.region, group.group, filter.name), "another filter's");
    auto name = filter.name;
    group.subscriptions.emplace(std::move(name), std::move(filter));
  });
}

GroupFilters& FilterBook::at(std::string_view region, std::string_view group) {
  auto& out = groups_[key_of_group(region, group)];
  out.region = region;
  out.group = group;
  return out;
}

const GroupFilters* FilterBook::of(std::string_view region, std::string_view group) const {
  if (groups_.empty()) return nullptr;
  const auto found = groups_.find(key_of_group(region, group));
  return found == groups_.end() ? nullptr : &found->second;
}

void FilterBook::visit(std::string_view region,
                       const std::function<bool(const GroupFilters&)>& visit) const {
  for (auto it = groups_.lower_bound(key_of_group(region, "")); it != groups_.end(); ++it)
    if (it->second.region != region || !visit(it->second)) return;
}

void FilterBook::put(std::string_view region, std::string_view group, MetricFilter filter) {
  journal_.put(metrics_table, key_of(region, group, filter.name), aws::to_json(filter.describe()));
  auto name = filter.name;
  at(region, group).metrics.insert_or_assign(std::move(name), std::move(filter));
}
void FilterBook::put(std::string_view region, std::string_view group, SubscriptionFilter filter) {
  journal_.put(subscriptions_table, key_of(region, group, filter.name),
               aws::to_json(filter.describe()));
  auto name = filter.name;
  at(region, group).subscriptions.insert_or_assign(std::move(name), std::move(filter));
}

bool FilterBook::erase_metric(std::string_view region, std::string_view group,
                              std::string_view name) {
  const auto found = groups_.find(key_of_group(region, group));
  if (found == groups_.end()) return false;
  const auto filter = found->second.metrics.find(name);
  if (filter == found->second.metrics.end()) return false;
  journal_.erase(metrics_table, key_of(region, group, name));
  found->second.metrics.erase(filter);
  return true;
}
bool FilterBook::erase_subscription(std::string_view region, std::string_view group,
                                    std::string_view name) {
  const auto found = groups_.find(key_of_group(region, group));
  if (found == groups_.end()) return false;
  const auto filter = found->second.subscriptions.find(name);
  if (filter == found->second.subscriptions.end()) return false;
  journal_.erase(subscriptions_table, key_of(region, group, name));
  found->second.subscriptions.erase(filter);
  return true;
}

void FilterBook::erase_group(std::string_view region, std::string_view group) {
  const auto found = groups_.find(key_of_group(region, group));
  if (found == groups_.end()) return;
  for (const auto& [name, filter] : found->second.metrics)
    journal_.erase(metrics_table, key_of(region, group, name));
  for (const auto& [name, filter] : found->second.subscriptions)
    journal_.erase(subscriptions_table, key_of(region, group, name));
  groups_.erase(found);
}

}  // namespace sitelatch::logs
