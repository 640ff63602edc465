// SPDX-License-Identifier: Apache-2.0
#include "services/logs/query_language.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "services/logs/query_lexer.h"

namespace sitelatch::logs {
namespace {

using Kind = QueryExpression::Kind;
using Command = QueryCommand::Kind;

constexpr std::array aggregate_names = {
    "avg", "count",    "count_distinct", "max",        "min",       "pct",    "stddev",
    "sum", "earliest", "latest",         "sortsfirst", "sortslast", "median", "percentile"};
struct Arity {
  std::string_view name;
  std::size_t least, most;
};
constexpr std::size_t any_number = 50;
constexpr std::array functions = {
    Arity{"abs", 1, 1},
    Arity{"ceil", 1, 1},
    Arity{"floor", 1, 1},
    Arity{"greatest", 1, any_number},
    Arity{"least", 1, any_number},
    Arity{"log", 1, 1},
    Arity{"sqrt", 1, 1},
    Arity{"bin", 1, 1},
    Arity{"datefloor", 2, 2},
    Arity{"dateceil", 2, 2},
    Arity{"frommillis", 1, 1},
    Arity{"tomillis", 1, 1},
    Arity{"now", 0, 0},
    Arity{"ispresent", 1, 1},
    Arity{"coalesce", 1, any_number},
    Arity{"isempty", 1, 1},
    Arity{"isblank", 1, 1},
    Arity{"concat", 1, any_number},
    Arity{"ltrim", 1, 2},
    Arity{"rtrim", 1, 2},
    Arity{"trim", 1, 2},
    Arity{"strlen", 1, 1},
    Arity{"toupper", 1, 1},
    Arity{"tolower", 1, 1},
    Arity{"substr", 2, 3},
    Arity{"replace", 3, 3},
    Arity{"strcontains", 2, 2},
    Arity{"isvalidip", 1, 1},
    Arity{"isvalidipv4", 1, 1},
    Arity{"isvalidipv6", 1, 1},
    Arity{"isipinsubnet", 2, 2},
    Arity{"isipv4insubnet", 2, 2},
    Arity{"isipv6insubnet", 2, 2},
};

class QueryParser {
 public:
  QueryParser(std::string_view text, std::size_t from) : text_(text), lexer_(text, from) {
    advance();
  }

  ParsedQuery whole() {
    ParsedQuery out;
    do {
      if (out.commands.size() == most_commands) unexpected();
      out.commands.push_back(command());
      order(out.commands);
    } while (take("|"));
    if (token_.kind != QueryToken::Kind::end) unexpected();
    return out;
  }

 private:
  static constexpr std::size_t most_commands = 50;
  static constexpr int deepest = 50;
  static constexpr std::size_t most_columns = 100;

  // --- tokens

  void advance() { token_ = lexer_.next(); }
  [[noreturn]] void wrong(std::string text, std::size_t at, std::size_t end) const {
    QueryProblem problem;
    const auto before = text_.substr(0, at);
    problem.line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const auto line = before.rfind('\n');
    problem.position = line == std::string_view::npos ? at : at - line - 1;
    problem.at = at;
    problem.end = end;
    problem.text = std::move(text);
    throw problem;
  }
  [[noreturn]] void unexpected(const QueryToken& token) const {
    const auto shown = token.kind == QueryToken::Kind::end
                           ? std::string{"<EOF>"}
                           : std::string{text_.substr(token.at, token.end - token.at)};
    wrong("unexpected symbol found " + shown, token.at, std::max(token.end, token.at + 1) - 1);
  }
  [[noreturn]] void unexpected() const { unexpected(token_); }
  bool is(std::string_view symbol) const {
    return token_.kind == QueryToken::Kind::symbol && token_.text == symbol;
  }
  bool is_word(std::string_view word) const {
    return token_.kind == QueryToken::Kind::word && equal_ignoring_case(token_.text, word);
  }
  bool take(std::string_view symbol) {
    if (!is(symbol)) return false;
    advance();
    return true;
  }
  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    advance();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!take(symbol)) unexpected();
  }
  std::string name() {
    if (token_.kind != QueryToken::Kind::word && token_.kind != QueryToken::Kind::quoted_word)
      unexpected();
    auto out = token_.text;
    advance();
    return out;
  }

  // --- commands

  QueryCommand command() {
    if (token_.kind != QueryToken::Kind::word) unexpected();
    const QueryToken word = token_;
    const auto verb = lower(token_.text);
    advance();
    QueryCommand out;
    if (verb == "fields" || verb == "display" || verb == "unmask") {
      out.kind = verb == "display" ? Command::display : Command::fields;
      out.columns = columns();
    } else if (verb == "filter") {
      out.kind = Command::filter;
      out.condition = expression();
    } else if (verb == "parse") {
      parse_command(out);
    } else if (verb == "stats") {
      stats(out);
    } else if (verb == "sort") {
      sort(out);
    } else if (verb == "limit" || verb == "head") {
      limit(out);
    } else if (verb == "dedup") {
      out.kind = Command::dedup;
      do out.names.push_back(name());
      while (take(","));
    } else {
      unexpected(word);
    }
    return out;
  }

  // Nothing but limit stands behind dedup (CWL_QuerySyntax-Dedup), and two stats are the most.
  void order(const std::vector<QueryCommand>& commands) const {
    const auto is_kind = [](Command kind) {
      return [kind](const QueryCommand& one) { return one.kind == kind; };
    };
    const auto stats = std::count_if(commands.begin(), commands.end(), is_kind(Command::stats));
    const auto& last = commands.back();
    const bool after_dedup =
        commands.size() > 1 &&
        std::any_of(commands.begin(), commands.end() - 1, is_kind(Command::dedup)) &&
        last.kind != Command::limit;
    if (stats <= 2 && !after_dedup) return;
    wrong(after_dedup ? "only limit may follow dedup" : "a query has two stats commands at most",
          token_.at, token_.end);
  }

  std::vector<QueryColumn> columns() {
    std::vector<QueryColumn> out;
    do {
      if (out.size() == most_columns) unexpected();
      out.push_back(column());
    } while (take(","));
    return out;
  }
  QueryColumn column() {
    QueryColumn out;
    const auto at = token_.at;
    out.expression = expression();
    out.name = out.expression.kind == Kind::field
                   ? out.expression.name
                   : std::string{trim(text_.substr(at, before_ - at))};
    if (take_word("as")) out.name = name();
    return out;
  }

  void stats(QueryCommand& out) {
    out.kind = Command::stats;
    aggregates_ = &out.aggregates;
    out.columns = columns();
    aggregates_ = nullptr;
    if (take_word("by")) out.by = columns();
    if (out.aggregates == 0) wrong("stats needs an aggregation function", token_.at, token_.end);
  }

  void sort(QueryCommand& out) {
    out.kind = Command::sort;
    do {
      QueryCommand::Key key;
      key.field = name();
      if (take_word("desc"))
        key.descending = true;
      else
        take_word("asc");
      out.keys.push_back(std::move(key));
    } while (take(","));
  }

  void limit(QueryCommand& out) {
    out.kind = Command::limit;
    const auto number =
        token_.kind == QueryToken::Kind::number ? parse_int(token_.text) : std::nullopt;
    if (!number || *number < 1) unexpected();
    out.most = static_cast<std::size_t>(std::min<std::int64_t>(*number, most_query_rows));
    advance();
  }

  void parse_command(QueryCommand& out) {
    out.kind = Command::parse;
    out.source.kind = Kind::field;
    out.source.name = "@message";
    lexer_.back_to(token_.at);
    auto regex = lexer_.regex();
    if (!regex) {
      advance();
      if (token_.kind != QueryToken::Kind::text) {
        // What follows may be a regular expression, which is no token by itself.
        out.source.name =
            token_.kind == QueryToken::Kind::word || token_.kind == QueryToken::Kind::quoted_word
                ? token_.text
                : (unexpected(), std::string{});
        lexer_.back_to(token_.end);
        regex = lexer_.regex();
        if (!regex) advance();
      }
    }
    if (regex) {
      out.regex = compiled(*regex);
      advance();
      for (const auto& group : out.regex->names()) {
        if (group.empty() && !is_word("as"))
          wrong("each group needs a name", regex->at, regex->end);
        out.names.push_back(group);
      }
      if (take_word("as")) {
        std::size_t at = 0;
        do {
          if (at == out.names.size()) unexpected();
          out.names[at++] = name();
        } while (take(","));
      }
      if (out.names.empty()) wrong("a regular expression needs a group", regex->at, regex->end);
      return;
    }
    if (token_.kind != QueryToken::Kind::text) unexpected();
    const QueryToken pattern = token_;
    for (const auto part : split(pattern.text, '*')) out.glob.emplace_back(part);
    advance();
    if (!take_word("as")) unexpected();
    do out.names.push_back(name());
    while (take(","));
    if (out.names.size() + 1 != out.glob.size())
      wrong(fmt::format(
                "{} for {}", counted(static_cast<std::int64_t>(out.names.size()), "name", "names"),
                counted(static_cast<std::int64_t>(out.glob.size()) - 1, "wildcard", "wildcards")),
            pattern.at, pattern.end);
  }

  Regex compiled(const QueryToken& token) const {
    auto regex = Regex::compile(token.text);
    if (!regex) wrong(regex.error().text, token.at, token.end);
    return std::move(*regex);
  }

  // --- expressions, by their binding: or, and, not, comparisons, + -, * / %, ^, -

  QueryExpression expression() {
    if (++depth_ > deepest) unexpected();
    auto out = either();
    --depth_;
    return out;
  }
  static QueryExpression joined(Kind kind, std::string name, QueryExpression a, QueryExpression b) {
    QueryExpression out;
    out.kind = kind;
    out.name = std::move(name);
    out.parts.push_back(std::move(a));
    out.parts.push_back(std::move(b));
    return out;
  }
  // a or b or c is one node of three parts, however long.
  template <class Part, class Joint>
  QueryExpression chain(Kind kind, const Part& part, const Joint& joint) {
    auto first = part();
    if (!joint()) return first;
    QueryExpression out;
    out.kind = kind;
    out.parts.push_back(std::move(first));
    do out.parts.push_back(part());
    while (joint());
    return out;
  }

  QueryExpression either() {
    return chain(
        Kind::logical_or, [this] { return both(); }, [this] { return take_word("or"); });
  }
  QueryExpression both() {
    return chain(
        Kind::logical_and, [this] { return negated(); },
        [this] { return take_word("and") || take("&&"); });
  }
  QueryExpression negated() {
    if (!take_word("not") && !take("!")) return comparison();
    if (++depth_ > deepest) unexpected();
    QueryExpression out;
    out.kind = Kind::logical_not;
    out.parts.push_back(negated());
    --depth_;
    return out;
  }

  QueryExpression comparison() {
    auto left = sum();
    for (const auto* symbol : {"=", "==", "!=", "<", "<=", ">", ">="})
      if (take(symbol)) {
        const std::string_view written{symbol};
        return joined(Kind::binary, written == "==" ? "=" : symbol, std::move(left), sum());
      }
    bool is_not = false;
    if (is_word("not")) {
      advance();
      is_not = true;
      if (!is_word("like") && !is_word("in")) unexpected();
    }
    QueryExpression out;
    if (is("=~") || is_word("like")) {
      // The next token may be a regular expression.
      lexer_.back_to(token_.end);
      out.kind = Kind::like;
      out.parts.push_back(std::move(left));
      if (const auto regex = lexer_.regex()) {
        out.regex = compiled(*regex);
        before_ = regex->end;
        token_ = lexer_.next();
      } else {
        advance();
        out.parts.push_back(sum());
      }
    } else if (take_word("in")) {
      out.kind = Kind::in;
      out.parts.push_back(std::move(left));
      const bool round = is("(");
      if (!take("[")) expect("(");
      do out.parts.push_back(sum());
      while (take(","));
      closing(round ? ")" : "]");
    } else {
      return left;
    }
    if (!is_not) return out;
    QueryExpression contrary;
    contrary.kind = Kind::logical_not;
    contrary.parts.push_back(std::move(out));
    return contrary;
  }
  void closing(std::string_view symbol) {
    if (!is(symbol)) unexpected();
    before_ = token_.end;
    advance();
  }

  QueryExpression sum() {
    auto left = product();
    for (int terms = 0; is("+") || is("-"); ++terms) {
      if (terms == most_terms) unexpected();
      const auto symbol = token_.text;
      advance();
      left = joined(Kind::binary, symbol, std::move(left), product());
    }
    return left;
  }
  QueryExpression product() {
    auto left = power();
    for (int terms = 0; is("*") || is("/") || is("%"); ++terms) {
      if (terms == most_terms) unexpected();
      const auto symbol = token_.text;
      advance();
      left = joined(Kind::binary, symbol, std::move(left), power());
    }
    return left;
  }
  QueryExpression power() {
    auto left = unary();
    if (!take("^")) return left;
    if (++depth_ > deepest) unexpected();
    auto right = power();
    --depth_;
    return joined(Kind::binary, "^", std::move(left), std::move(right));
  }
  QueryExpression unary() {
    if (!take("-")) return primary();
    if (++depth_ > deepest) unexpected();
    QueryExpression out;
    out.kind = Kind::negate;
    out.parts.push_back(unary());
    --depth_;
    return out;
  }

  QueryExpression primary() {
    QueryExpression out;
    const QueryToken token = token_;
    if (take("(")) {
      out = expression();
      closing(")");
      return out;
    }
    before_ = token.end;
    switch (token.kind) {
      case QueryToken::Kind::text:
        out.literal = Cell::of(token.text);
        break;
      case QueryToken::Kind::number: {
        const auto number = parse_double(token.text);
        out.literal = number ? Cell::of(*number) : Cell::of(token.text);
        if (!number && !period_allowed_) unexpected();
        break;
      }
      case QueryToken::Kind::quoted_word:
        out.kind = Kind::field;
        out.name = token.text;
        break;
      case QueryToken::Kind::word:
        return word(token);
      default:
        unexpected();
    }
    advance();
    return out;
  }

  QueryExpression word(const QueryToken& token) {
    QueryExpression out;
    advance();
    const bool yes = equal_ignoring_case(token.text, "true");
    if (is("(")) return call(token);
    if (yes || equal_ignoring_case(token.text, "false")) {
      out.literal = Cell::of(yes);
      return out;
    }
    if (equal_ignoring_case(token.text, "null")) return out;
    for (const auto* reserved : {"as", "by", "in", "like", "and", "or", "not", "asc", "desc"})
      if (equal_ignoring_case(token.text, reserved)) unexpected(token);
    out.kind = Kind::field;
    out.name = token.text;
    return out;
  }

  QueryExpression call(const QueryToken& token) {
    QueryExpression out;
    out.name = lower(token.text);
    expect("(");
    const bool aggregate = std::find(aggregate_names.begin(), aggregate_names.end(), out.name) !=
                           aggregate_names.end();
    const auto known = std::find_if(functions.begin(), functions.end(),
                                    [&out](const Arity& one) { return one.name == out.name; });
    if (aggregate && !aggregates_) unexpected(token);
    if (!aggregate && known == functions.end()) unexpected(token);
    auto* const outer = aggregates_;
    aggregates_ = aggregate ? nullptr : outer;
    const bool outer_period = period_allowed_;
    period_allowed_ = out.name == "bin" || out.name == "datefloor" || out.name == "dateceil";
    if (aggregate && take("*")) {
      out.all = true;
    } else if (!is(")")) {
      do {
        if (out.parts.size() == any_number) unexpected();
        out.parts.push_back(expression());
      } while (take(","));
    }
    period_allowed_ = outer_period;
    aggregates_ = outer;
    if (!is(")")) unexpected();
    if (aggregate)
      arguments(out, token);
    else if (out.parts.size() < known->least || out.parts.size() > known->most)
      unexpected();
    out.kind = aggregate ? Kind::aggregate : Kind::call;
    if (aggregate) out.index = (*aggregates_)++;
    closing(")");
    return out;
  }
  void arguments(const QueryExpression& aggregate, const QueryToken& token) const {
    const bool of_percentile = aggregate.name == "pct" || aggregate.name == "percentile";
    const std::size_t wanted = of_percentile ? 2 : 1;
    if (aggregate.name == "count" && (aggregate.all || aggregate.parts.size() <= 1)) return;
    if (aggregate.all || aggregate.parts.size() != wanted) unexpected();
    if (*aggregates_ > most_columns) unexpected(token);
    if (of_percentile && (aggregate.parts[1].kind != Kind::literal ||
                          !aggregate.parts[1].literal.number().has_value()))
      unexpected();
  }

  static constexpr int most_terms = 200;

  std::string_view text_;
  QueryLexer lexer_;
  QueryToken token_;
  std::size_t before_ = 0;             // the end of what was read last
  std::size_t* aggregates_ = nullptr;  // where aggregates may stand
  bool period_allowed_ = false;
  int depth_ = 0;
};

}  // namespace

Result<ParsedQuery, QueryProblem> parse_query(std::string_view text, std::size_t from) {
  try {
    return QueryParser{text, from}.whole();
  } catch (const QueryProblem& problem) {
    return failure(problem);
  }
}

}  // namespace sitelatch::logs
