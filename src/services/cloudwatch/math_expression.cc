// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/math_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "services/cloudwatch/metric_search.h"
#include "services/cloudwatch/statistic.h"

namespace sitelatch::cloudwatch::math {
namespace {

constexpr int deepest = 100;
constexpr std::int64_t default_search_period_s = 300;
constexpr double longest_search_period_s = 86'400 * 455;  // no data is older

bool begins_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_figure(char c) { return c >= '0' && c <= '9'; }

// From the loosest to the tightest; a level is operators that bind alike, from the left.
constexpr std::array<std::array<std::string_view, 6>, 5> levels = {{
    {"||", "OR"},
    {"&&", "AND"},
    {"==", "!=", "<=", ">=", "<", ">"},
    {"+", "-"},
    {"*", "/"},
}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Node> parse() {
    auto out = binary(0);
    if (problem_.empty() && !at_end()) unexpected();
    if (!problem_.empty()) return failure(Problem{std::move(problem_)});
    return out;
  }

 private:
  bool at_end() {
    while (at_ < text_.size() && std::string_view{" \t\r\n"}.find(text_[at_]) != text_.npos) ++at_;
    return at_ == text_.size();
  }
  bool take(std::string_view token) {
    if (!problem_.empty() || at_end() || text_.substr(at_, token.size()) != token) return false;
    const auto end = at_ + token.size();
    // AND and OR are words, not beginnings of some.
    if (begins_word(token.front()) && end < text_.size() &&
        (begins_word(text_[end]) || is_figure(text_[end])))
      return false;
    at_ = end;
    return true;
  }
  void unexpected() {
    if (!problem_.empty()) return;
    problem_ = at_end()
                   ? "Unexpected end of the expression"
                   : fmt::format("Unexpected token '{}' at char {}", std::string{text_[at_]}, at_);
  }
  void need(std::string_view token) {
    if (!take(token)) unexpected();
  }

  Node binary(std::size_t level) {
    if (level == levels.size()) return signed_one();
    auto left = binary(level + 1);
    for (;;) {
      const auto found =
          std::find_if(levels[level].begin(), levels[level].end(),
                       [this](std::string_view token) { return !token.empty() && take(token); });
      if (found == levels[level].end()) return left;
      auto word = std::string{*found};
      if (word == "AND") word = "&&";
      if (word == "OR") word = "||";
      left = joined(std::move(word), std::move(left), binary(level + 1));
    }
  }
  // By moves: a list of initialisers would copy the whole tree at each step.
  static Node joined(std::string word, Node left, Node right) {
    Node out{Node::Kind::operation, 0, std::move(word), {}};
    out.of.reserve(2);
    out.of.push_back(std::move(left));
    out.of.push_back(std::move(right));
    return out;
  }
  Node signed_one() {
    bool negative = false;
    while (take("-")) negative = !negative;
    auto out = power();
    if (!negative) return out;
    Node negated{Node::Kind::negate, 0, "-", {}};
    negated.of.push_back(std::move(out));
    return negated;
  }
  Node power() {
    auto base = primary();
    if (!take("^")) return base;
    Nesting nesting{*this};
    return joined("^", std::move(base), signed_one());
  }

  // Keeps what a request can make us recurse to within bounds.
  struct Nesting {
    explicit Nesting(Parser& p) : parser(p) {
      if (++parser.depth_ > deepest && parser.problem_.empty())
        parser.problem_ = "The expression is nested too deeply";
    }
    ~Nesting() { --parser.depth_; }
    Parser& parser;
  };

  Node primary() {
    Nesting nesting{*this};
    if (!problem_.empty()) return {};
    if (at_end()) return unexpected(), Node{};
    const char c = text_[at_];
    if (take("(")) {
      auto out = binary(0);
      need(")");
      return out;
    }
    if (take("[")) return list(Node::Kind::array, "", "]");
    if (is_figure(c) || c == '.') return number();
    if (c == '"' || c == '\'') return quoted(c);
    if (begins_word(c)) return word();
    unexpected();
    return {};
  }
  Node list(Node::Kind kind, std::string word, std::string_view closing) {
    Node out{kind, 0, std::move(word), {}};
    if (take(closing)) return out;
    do out.of.push_back(binary(0));
    while (take(","));
    need(closing);
    return out;
  }
  Node number() {
    auto end = at_;
    const auto figures = [&] {
      while (end < text_.size() && is_figure(text_[end])) ++end;
    };
    figures();
    if (end < text_.size() && text_[end] == '.') ++end, figures();
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      const auto mantissa = end++;
      if (end < text_.size() && (text_[end] == '-' || text_[end] == '+')) ++end;
      const auto exponent = end;
      figures();
      if (end == exponent) end = mantissa;
    }
    const auto value = parse_double(text_.substr(at_, end - at_));
    if (!value) return unexpected(), Node{};
    at_ = end;
    return {Node::Kind::number, *value, "", {}};
  }
  Node quoted(char quote) {
    const auto end = text_.find(quote, at_ + 1);
    if (end == text_.npos) return unexpected(), Node{};
    Node out{Node::Kind::text, 0, std::string{text_.substr(at_ + 1, end - at_ - 1)}, {}};
    at_ = end + 1;
    return out;
  }
  Node word() {
    auto end = at_;
    while (end < text_.size() && (begins_word(text_[end]) || is_figure(text_[end]))) ++end;
    auto name = std::string{text_.substr(at_, end - at_)};
    at_ = end;
    if (take("(")) return list(Node::Kind::call, std::move(name), ")");
    return {Node::Kind::id, 0, std::move(name), {}};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string problem_;
};

// What a function's argument may be: types by letter, or words that are no ids.
//   s scalar   t series   a array   n a number or nothing (always last)
struct Form {
  std::string_view takes;  // "t", "a": one argument; "as": two
  Type gives;
};
struct Function {
  std::string_view name;
  std::vector<Form> forms;
};

const std::vector<Function>& functions() {
  using enum Type;
  static const std::vector<Function> table = {
      {"ABS", {{"s", scalar}, {"t", series}, {"a", array}}},
      {"AVG", {{"t", scalar}, {"a", series}}},
      {"CEIL", {{"s", scalar}, {"t", series}, {"a", array}}},
      {"DATAPOINT_COUNT", {{"t", scalar}, {"a", series}}},
      {"DATE", {{"t", series}}},
      {"DAY", {{"t", series}}},
      {"DIFF", {{"t", series}, {"a", array}}},
      {"DIFF_TIME", {{"t", series}, {"a", array}}},
      {"EPOCH", {{"t", series}}},
      {"FILL", {{"ts", series}, {"tt", series}, {"as", array}, {"at", array}}},
      {"FIRST", {{"a", series}}},
      {"FLOOR", {{"s", scalar}, {"t", series}, {"a", array}}},
      {"HOUR", {{"t", series}}},
      {"IF",
       {{"sss", scalar},
        {"sst", series},
        {"sts", series},
        {"stt", series},
        {"tss", series},
        {"tst", series},
        {"tts", series},
        {"ttt", series},
        {"st", series},
        {"ts", series},
        {"tt", series}}},
      {"LAST", {{"a", series}}},
      {"LOG", {{"s", scalar}, {"t", series}, {"a", array}}},
      {"LOG10", {{"s", scalar}, {"t", series}, {"a", array}}},
      {"MAX", {{"t", scalar}, {"a", series}}},
      {"METRIC_COUNT", {{"a", scalar}}},
      {"MIN", {{"t", scalar}, {"a", series}}},
      {"MINUTE", {{"t", series}}},
      {"MONTH", {{"t", series}}},
      {"PERIOD", {{"t", scalar}}},
      {"RATE", {{"t", series}, {"a", array}}},
      {"REMOVE_EMPTY", {{"a", array}}},
      {"RUNNING_SUM", {{"t", series}, {"a", array}}},
      {"SLICE", {{"as", series}, {"ass", array}}},
      {"STDDEV", {{"t", scalar}, {"a", series}}},
      {"SUM", {{"t", scalar}, {"a", series}}},
      {"TIME_SERIES", {{"s", series}}},
      {"YEAR", {{"t", series}}},
  };
  return table;
}

constexpr std::array<std::string_view, 5> not_here = {
    "ANOMALY_DETECTION_BAND", "DB_PERF_INSIGHTS", "INSIGHT_RULE_METRIC", "LAMBDA", "SERVICE_QUOTA"};

std::string_view name_of(Type type) {
  switch (type) {
    case Type::scalar:
      return "Scalar";
    case Type::series:
      return "TimeSeries";
    case Type::array:
      return "Array[TimeSeries]";
  }
  return {};
}
char letter_of(Type type) { return type == Type::scalar ? 's' : type == Type::series ? 't' : 'a'; }

bool is_word(const Node& node, std::initializer_list<std::string_view> words) {
  return node.kind == Node::Kind::id &&
         std::find(words.begin(), words.end(), node.word) != words.end();
}

Failure<Problem> wrong_arguments(const Node& call) {
  return problem(fmt::format("Unsupported arguments for the function {}", call.word));
}

Result<Type> check_sort(const Node& call, const TypeOf& type_of) {
  const auto& of = call.of;
  if (of.size() < 3 || of.size() > 4 || !is_word(of[1], {"AVG", "MAX", "MIN", "SUM"}) ||
      !is_word(of[2], {"ASC", "DESC"}))
    return wrong_arguments(call);
  const auto list = check(of[0], type_of);
  if (!list) return list;
  if (*list != Type::array) return wrong_arguments(call);
  if (of.size() == 4) {
    const auto limit = check(of[3], type_of);
    if (!limit) return limit;
    if (*limit != Type::scalar) return wrong_arguments(call);
  }
  return Type::array;
}

// SEARCH('{Namespace,Dimension} words', 'Sum', 300); a search without a period takes the default.
Result<Type> check_search(const Node& call) {
  const auto& of = call.of;
  if (of.size() < 2 || of.size() > 3 || of[0].kind != Node::Kind::text ||
      of[1].kind != Node::Kind::text || (of.size() == 3 && of[2].kind != Node::Kind::number))
    return wrong_arguments(call);
  const auto search = MetricSearch::parse(of[0].word);
  if (!search) return failure(search.error());
  if (!Statistic::any(of[1].word))
    return problem(fmt::format("Unsupported statistic '{}'", of[1].word));
  if (of.size() == 3) {
    const double period = of[2].number;
    const bool short_one =
        period == 1 || period == 5 || period == 10 || period == 20 || period == 30;
    if (!short_one &&
        (period < 60 || period > longest_search_period_s || std::fmod(period, 60) != 0))
      return problem("The period of a search must be 1, 5, 10, 20, 30 or a multiple of 60");
  }
  return Type::array;
}

Result<Type> check_call(const Node& call, const TypeOf& type_of) {
  if (std::find(not_here.begin(), not_here.end(), call.word) != not_here.end())
    return problem(fmt::format("The function {} is not supported here", call.word));
  if (call.word == "METRICS") {
    if (call.of.size() > 1 || (call.of.size() == 1 && call.of[0].kind != Node::Kind::text))
      return wrong_arguments(call);
    return Type::array;
  }
  if (call.word == "SORT") return check_sort(call, type_of);
  if (call.word == "SEARCH") return check_search(call);
  const auto& table = functions();
  const auto function =
      std::find_if(table.begin(), table.end(), [&](const auto& f) { return f.name == call.word; });
  if (function == table.end()) return problem(fmt::format("Unsupported function '{}'", call.word));
  std::string given;
  for (std::size_t i = 0; i < call.of.size(); ++i) {
    if (call.word == "FILL" && i == 1 && is_word(call.of[i], {"REPEAT", "LINEAR"})) {
      given += 's';
      continue;
    }
    const auto type = check(call.of[i], type_of);
    if (!type) return type;
    given += letter_of(*type);
  }
  for (const auto& form : function->forms)
    if (form.takes == given) return form.gives;
  return wrong_arguments(call);
}

Result<Type> check_operation(const Node& node, const TypeOf& type_of) {
  const auto chain = chain_of(node);
  auto left = check(*chain.first, type_of);
  for (const auto* operation : chain.operations) {
    if (!left) return left;
    const auto right = check(operation->of[1], type_of);
    if (!right) return right;
    if (*left == Type::array && *right == Type::array)
      return problem(fmt::format("Unsupported operand type(s) for {}: '[{}, {}]'", operation->word,
                                 name_of(*left), name_of(*right)));
    left = std::max(*left, *right);
  }
  return left;
}

Result<Type> check_array(const Node& node, const TypeOf& type_of) {
  for (const auto& item : node.of) {
    const auto type = check(item, type_of);
    if (!type) return type;
    if (*type != Type::series)
      return problem(fmt::format("An array can only contain TimeSeries, not {}", name_of(*type)));
  }
  if (node.of.empty()) return problem("An array must not be empty");
  return Type::array;
}

void collect(const Node& node, References& out) {
  if (node.kind == Node::Kind::call && node.word == "SEARCH" && check_search(node))
    out.search_period_s = std::max(out.search_period_s, search_of(node).period_s);
  if (node.kind == Node::Kind::id) out.ids.insert(node.word);
  if (node.kind == Node::Kind::call && node.word == "METRICS") out.all_metrics = true;
  for (const auto& part : node.of) collect(part, out);
}

}  // namespace

Result<Node> parse(std::string_view text) { return Parser{text}.parse(); }

Chain chain_of(const Node& operation) {
  Chain out{&operation, {}};
  for (; out.first->kind == Node::Kind::operation; out.first = &out.first->of[0])
    out.operations.push_back(out.first);
  std::reverse(out.operations.begin(), out.operations.end());
  return out;
}

Search search_of(const Node& call) {
  return {
      call.of[0].word, call.of[1].word,
      call.of.size() == 3 ? static_cast<std::int64_t>(call.of[2].number) : default_search_period_s};
}

References references(const Node& node) {
  References out;
  collect(node, out);
  return out;
}

Result<Type> check(const Node& node, const TypeOf& type_of) {
  switch (node.kind) {
    case Node::Kind::number:
      return Type::scalar;
    case Node::Kind::id: {
      const auto type = type_of(node.word);
      if (!type) return problem(fmt::format("Unrecognized identifier '{}'", node.word));
      return *type;
    }
    case Node::Kind::text:
      return problem(fmt::format("Unexpected text '{}'", node.word));
    case Node::Kind::array:
      return check_array(node, type_of);
    case Node::Kind::call:
      return check_call(node, type_of);
    case Node::Kind::negate:
      return check(node.of[0], type_of);
    case Node::Kind::operation:
      return check_operation(node, type_of);
  }
  return Type::scalar;
}

}  // namespace sitelatch::cloudwatch::math
