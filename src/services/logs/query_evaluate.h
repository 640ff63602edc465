// SPDX-License-Identifier: Apache-2.0
// What an expression of an Insights query gives for a row.
#pragma once

#include <vector>

#include "services/logs/query_language.h"
#include "services/logs/query_row.h"

namespace sitelatch::logs {

struct QueryContext {
  double now_ms = 0;
  Regex::Work& work;                              // of all regular expressions of a query
  const std::vector<Cell>* aggregates = nullptr;  // what `stats` has gathered, by index
};
Cell evaluate(const QueryExpression& expression, const QueryRow& row, const QueryContext& context);

// 5m, 30s, 1d, 1mo ...: in milliseconds; nothing: it is none.
std::optional<double> period_of(std::string_view text);

}  // namespace sitelatch::logs
