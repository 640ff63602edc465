// SPDX-License-Identifier: Apache-2.0
// MetricDataQuery, as GetMetricData and the alarms of PutMetricAlarm have it: each reads one metric
// or is an expression over the others (facts cloudwatch-38 to 43).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "services/cloudwatch/math.h"
#include "services/cloudwatch/metric_label.h"
#include "services/cloudwatch/metric_store.h"
#include "services/cloudwatch/statistic.h"

namespace sitelatch::cloudwatch {

struct MetricQuery {
  std::string id;
  std::optional<std::string> label;  // as given
  std::string plain_label;           // what stands for it where none is
  bool returned = true;
  std::int64_t period_s = 60;  // of its points
  // One that reads a metric:
  MetricId metric;
  std::optional<Statistic> statistic;
  std::optional<Unit> unit;
  // An expression: its text and its tree
  std::string expression;
  std::shared_ptr<const math::Node> node;
  std::optional<std::int64_t> given_period_s;  // of an expression, as given
  std::optional<std::string> account;          // as given

  bool is_expression() const { return node != nullptr; }
};
using MetricQueries = std::vector<MetricQuery>;

enum class QueriesFor { data, alarm };
// Checked: ids, forms, expressions and the types of what they give.
aws::Outcome<MetricQueries> metric_queries(const std::string& region, const std::string& account,
                                           const aws::Value& list, QueriesFor purpose);
aws::Value describe(const MetricQuery& query);
aws::Value describe(const MetricQueries& queries);
// As they were described, without checks that are not ours to make again. Nothing: not such rows.
std::optional<MetricQueries> metric_queries_from_row(const std::string& region,
                                                     const aws::Value& list);

// The queries over one stretch of time. A metric that several expressions name is read once.
class QueryRun {
 public:
  struct Stretch {
    Instant from, to;  // `to` is exclusive
    // GetMetricData takes the start down to each metric's period, and of several units the first
    // (fact cloudwatch-5); an alarm's periods end when it looks, and it takes all units.
    QueriesFor purpose = QueriesFor::data;
  };
  static constexpr std::size_t most_points = 20'000'000;  // that one run computes

  QueryRun(const MetricStore& store, LabelContext context, const MetricQueries& queries,
           Stretch stretch)
      : store_(store), context_(std::move(context)), queries_(queries), stretch_(stretch) {}

  // One series of a metric; of an expression one, or several.
  std::vector<math::Series> results(const MetricQuery& query);
  // The names of a metric's units, sorted, where it has several and none was asked for.
  std::vector<std::string> several_units(const MetricQuery& query) const;
  bool exhausted() const { return budget_ == 0; }

 private:
  const MetricQuery* find(const std::string& id) const;
  Instant start_of(std::int64_t period_s) const;
  MetricStore::Window window_of(const MetricQuery& query) const;
  math::Series read(const MetricQuery& query) const;
  std::vector<math::Series> search(const math::Search& asked);
  math::Data data_of(const MetricQuery& query);
  void spend(std::size_t points);

  const MetricStore& store_;
  LabelContext context_;
  const MetricQueries& queries_;
  Stretch stretch_;
  std::size_t budget_ = most_points;
  std::map<std::string, math::Data> known_;  // by id: what expressions name
};

}  // namespace sitelatch::cloudwatch
