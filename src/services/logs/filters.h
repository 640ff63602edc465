// SPDX-License-Identifier: Apache-2.0
// Metric and subscription filters of log groups, as they were put. Journal:
//   logs.metric_filters  <region>/<group>\0<filter>  -> JSON
//   logs.subscriptions   <region>/<group>\0<filter>  -> JSON
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/wire/value.h"
#include "ports/journal.h"
#include "services/logs/filter_pattern.h"

namespace sitelatch::logs {

struct MetricFilter {
  std::string name, text;  // `text` is the pattern as written
  FilterPattern pattern;
  std::int64_t created_ms = 0;
  std::string metric, name_space, value;
  std::optional<double> default_value;
  std::string unit;
  std::vector<std::pair<std::string, std::string>> dimensions;  // name, selector
  bool on_transformed = false;

  // The part of the filter's description that a group's name completes.
  aws::Value describe() const;
};

struct SubscriptionFilter {
  std::string name, text;
  FilterPattern pattern;
  std::int64_t created_ms = 0;
  std::string destination_arn, distribution = "ByLogStream";
  std::optional<std::string> role_arn;
  bool on_transformed = false;

  aws::Value describe() const;
};

// Of one group.
struct GroupFilters {
  std::string region, group;
  std::map<std::string, MetricFilter, std::less<>> metrics;
  std::map<std::string, SubscriptionFilter, std::less<>> subscriptions;

  std::size_t with_regexes() const;
};

class FilterBook {
 public:
  explicit FilterBook(ports::Journal& journal);

  // nullptr: the group has none.
  const GroupFilters* of(std::string_view region, std::string_view group) const;
  // In the order of groups' names; until the visitor answers false.
  void visit(std::string_view region, const std::function<bool(const GroupFilters&)>& visit) const;
  void put(std::string_view region, std::string_view group, MetricFilter filter);
  void put(std::string_view region, std::string_view group, SubscriptionFilter filter);
  // False: there is none of that name.
  bool erase_metric(std::string_view region, std::string_view group, std::string_view name);
  bool erase_subscription(std::string_view region, std::string_view group, std::string_view name);
  void erase_group(std::string_view region, std::string_view group);

 private:
  GroupFilters& at(std::string_view region, std::string_view group);

  ports::Journal& journal_;
  std::map<std::string, GroupFilters, std::less<>> groups_;  // by "<region>/<group>"
};

}  // namespace sitelatch::logs
