// SPDX-License-Identifier: Apache-2.0
// `stats`: what is gathered of rows by groups, a row of results each, in the order of their keys.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "services/logs/query_evaluate.h"

namespace sitelatch::logs {

class QueryStats {
 public:
  explicit QueryStats(const QueryCommand& command) : command_(command) {}

  void add(const QueryRow& row, const QueryContext& context);
  std::vector<QueryRow> rows(const QueryContext& context) const;
  std::size_t bytes() const { return bytes_; }

 private:
  // Everything that an aggregate may be asked for.
  struct Gathered {
    double count = 0, sum = 0, square_sum = 0;
    Cell least, most, earliest, latest, first, last;
    double earliest_ms = 0, latest_ms = 0;
    std::set<std::string> distinct;
    std::vector<double> values;
  };
  void gather(const QueryExpression& aggregate, Gathered& into, const QueryRow& row,
              const QueryContext& context);
  void find_aggregates(const QueryExpression& expression,
                       std::vector<const QueryExpression*>& out) const;
  static Cell result(const QueryExpression& aggregate, const Gathered& gathered);

  struct Before {
    bool operator()(const std::vector<Cell>& a, const std::vector<Cell>& b) const;
  };
  const QueryCommand& command_;
  std::map<std::vector<Cell>, std::vector<Gathered>, Before> groups_;
  std::size_t bytes_ = 0;
};

}  // namespace sitelatch::logs
