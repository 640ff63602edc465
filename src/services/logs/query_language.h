// SPDX-License-Identifier: Apache-2.0
// The language of CloudWatch Logs Insights (CWL query syntax), parsed: commands joined by `|`. What
// is not handled (pattern, anomaly, diff, join, unnest, lookup, ...) is refused where it stands, as
// AWS refuses what it does not know (fact logs-32).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/regex.h"
#include "services/logs/query_cell.h"

namespace sitelatch::logs {

// Where a query is wrong. `at` counts characters of the whole query, `position` those of its line.
struct QueryProblem {
  std::string text;
  std::size_t line = 1, position = 0, at = 0, end = 0;
};

struct QueryExpression {
  enum class Kind {
    literal,
    field,
    call,       // `name` in lower case
    aggregate,  // the same; `index` counts those of one `stats`
    negate,
    logical_not,
    logical_and,
    logical_or,
    binary,  // `name` is the operator: = != < <= > >= + - * / % ^
    like,    // parts[0] like parts[1] or `regex`
    in       // parts[0] in the others
  };
  Kind kind = Kind::literal;
  std::string name;
  Cell literal;
  bool all = false;  // count(*)
  std::size_t index = 0;
  std::optional<Regex> regex;
  std::vector<QueryExpression> parts;
};

struct QueryColumn {
  QueryExpression expression;
  std::string name;  // its alias, else as written
};

struct QueryCommand {
  enum class Kind { fields, display, filter, parse, stats, sort, limit, dedup };
  Kind kind = Kind::fields;
  std::vector<QueryColumn> columns;  // fields, display, stats; dedup: names
  std::vector<QueryColumn> by;       // stats
  std::size_t aggregates = 0;        // stats
  QueryExpression condition;         // filter
  // parse: what of, the texts between the stars or the expression, the names of the parts
  QueryExpression source;
  std::vector<std::string> glob;
  std::optional<Regex> regex;
  std::vector<std::string> names;
  struct Key {
    std::string field;
    bool descending = false;
  };
  std::vector<Key> keys;  // sort
  std::size_t most = 0;   // limit
};

struct ParsedQuery {
  std::vector<QueryCommand> commands;
};

// `from`: where the commands begin in the text (AWS counts from the SOURCE that it writes before
// them).
Result<ParsedQuery, QueryProblem> parse_query(std::string_view text, std::size_t from = 0);

inline constexpr std::size_t most_query_rows = 10'000;

}  // namespace sitelatch::logs
