// SPDX-License-Identifier: Apache-2.0
#include "services/logs/query_evaluate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"

namespace sitelatch::logs {
namespace {

using Kind = QueryExpression::Kind;
using Arguments = std::vector<Cell>;
constexpr std::size_t longest_text = 1 << 20;

Cell number_or_nothing(double value) { return std::isfinite(value) ? Cell::of(value) : Cell{}; }

Cell arithmetic(char symbol, const Cell& a, const Cell& b) {
  const auto x = a.number(), y = b.number();
  if (!x || !y) return {};
  switch (symbol) {
    case '+':
      return number_or_nothing(*x + *y);
    case '-':
      return number_or_nothing(*x - *y);
    case '*':
      return number_or_nothing(*x * *y);
    case '/':
      return number_or_nothing(*x / *y);
    case '%':
      return number_or_nothing(std::fmod(*x, *y));
    default:
      return number_or_nothing(std::pow(*x, *y));
  }
}

// What is absent is equal to nothing, and compares with nothing but by != (fact logs-34).
Cell compared(const std::string& symbol, const Cell& a, const Cell& b) {
  if (!a.present() || !b.present()) return Cell::of(symbol == "!=" && a.present() != b.present());
  const int order = compare(a, b);
  if (symbol == "=") return Cell::of(order == 0);
  if (symbol == "!=") return Cell::of(order != 0);
  if (symbol == "<") return Cell::of(order < 0);
  if (symbol == "<=") return Cell::of(order <= 0);
  if (symbol == ">") return Cell::of(order > 0);
  return Cell::of(order >= 0);
}

Cell like(const QueryExpression& expression, const QueryRow& row, const QueryContext& context) {
  const auto value = evaluate(expression.parts[0], row, context);
  if (!value.present()) return Cell::of(false);
  if (expression.regex) return Cell::of(expression.regex->found_in(value.text(), context.work));
  const auto part = evaluate(expression.parts[1], row, context);
  return Cell::of(part.present() && value.text().find(part.text()) != std::string::npos);
}

// --- functions of numbers and times

Cell rounded(double value, double period, bool up) {
  if (!(period > 0)) return {};
  const auto steps = value / period;
  return Cell::time((up ? std::ceil(steps) : std::floor(steps)) * period);
}
Cell at_period(const Cell& time, const Cell& period, bool up) {
  const auto value = time.number();
  const auto length = period_of(period.text());
  return value && length ? rounded(*value, *length, up) : Cell{};
}

std::optional<Cell> of_numbers(const std::string& name, const Arguments& given) {
  // What is no number gives nothing, and so does all that is made of it.
  const double first = given.empty() ? std::nan("") : given[0].number().value_or(std::nan(""));
  const auto with = [first](auto function) { return number_or_nothing(function(first)); };
  if (name == "abs") return with([](double x) { return std::abs(x); });
  if (name == "ceil") return with([](double x) { return std::ceil(x); });
  if (name == "floor") return with([](double x) { return std::floor(x); });
  if (name == "sqrt") return with([](double x) { return std::sqrt(x); });
  if (name == "log") return with([](double x) { return std::log(x); });
  if (name == "frommillis") return std::isfinite(first) ? Cell::time(first) : Cell{};
  if (name == "tomillis") return number_or_nothing(first);
  if (name != "greatest" && name != "least") return std::nullopt;
  Cell best;
  for (const auto& each : given) {
    const auto number = each.number();
    if (!number) continue;
    const bool better = !best.present() ||
                        (name == "greatest" ? *number > *best.number() : *number < *best.number());
    if (better) best = Cell::of(*number);
  }
  return best;
}

// --- functions of texts

std::string trimmed(const std::string& text, const Arguments& given, bool left, bool right) {
  const auto away = given.size() > 1 ? given[1].text() : std::string{" \t\r\n"};
  const auto first = left ? text.find_first_not_of(away) : 0;
  if (first == std::string::npos) return {};
  const auto last = right ? text.find_last_not_of(away) : text.size() - 1;
  if (last == std::string::npos || last < first) return {};
  return text.substr(first, last - first + 1);
}

std::string part_of(const std::string& text, const Arguments& given) {
  const auto from = std::max(given[1].number().value_or(0), 0.0);
  if (from >= static_cast<double>(text.size())) return {};
  const auto length = given.size() > 2 ? std::max(given[2].number().value_or(0), 0.0)
                                       : static_cast<double>(text.size());
  return text.substr(static_cast<std::size_t>(from),
                     static_cast<std::size_t>(std::min(length, static_cast<double>(text.size()))));
}

bool is_address(const std::string& text, int family) {
  unsigned char bytes[16];
  return inet_pton(family, text.c_str(), bytes) == 1;
}

// "10.0.0.1" in "10.0.0.0/8"; both of one family.
bool in_subnet(const std::string& text, std::string_view subnet, int family) {
  const auto slash = subnet.find('/');
  const auto bits =
      slash == std::string_view::npos ? std::nullopt : parse_int(subnet.substr(slash + 1));
  const int width = family == AF_INET ? 32 : 128;
  unsigned char address[16], network[16];
  if (!bits || *bits < 0 || *bits > width || inet_pton(family, text.c_str(), address) != 1 ||
      inet_pton(family, std::string{subnet.substr(0, slash)}.c_str(), network) != 1)
    return false;
  for (int bit = 0; bit < *bits; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80 >> bit % 8);
    if ((address[bit / 8] & mask) != (network[bit / 8] & mask)) return false;
  }
  return true;
}

Cell bounded(std::string text) {
  return text.size() > longest_text ? Cell{} : Cell::of(std::move(text));
}

Cell of_texts(const std::string& name, const Arguments& given) {
  if (name == "ispresent") return Cell::of(given[0].present());
  if (name == "coalesce") {
    for (const auto& each : given)
      if (each.present()) return each;
    return {};
  }
  const auto text = given[0].text();
  if (name == "isempty") return Cell::of(text.empty());
  if (name == "isblank") return Cell::of(trim(text).empty());
  if (name == "concat") {
    std::string out;
    for (const auto& each : given) out += each.text();
    return bounded(std::move(out));
  }
  if (!given[0].present()) return {};
  if (name == "ltrim") return Cell::of(trimmed(text, given, true, false));
  if (name == "rtrim") return Cell::of(trimmed(text, given, false, true));
  if (name == "trim") return Cell::of(trimmed(text, given, true, true));
  if (name == "strlen") return Cell::of(static_cast<double>(utf8_length(text)));
  if (name == "toupper") return Cell::of(upper(text));
  if (name == "tolower") return Cell::of(lower(text));
  if (name == "substr") return Cell::of(part_of(text, given));
  if (name == "strcontains") return Cell::of(text.find(given[1].text()) != std::string::npos);
  if (name == "isvalidipv4") return Cell::of(is_address(text, AF_INET));
  if (name == "isvalidipv6") return Cell::of(is_address(text, AF_INET6));
  if (name == "isvalidip") return Cell::of(is_address(text, AF_INET) || is_address(text, AF_INET6));
  if (name.ends_with("insubnet")) {
    const bool four = name != "isipv6insubnet" && in_subnet(text, given[1].text(), AF_INET);
    const bool six = name != "isipv4insubnet" && in_subnet(text, given[1].text(), AF_INET6);
    return Cell::of(four || six);
  }
  // replace
  const auto from = given[1].text();
  if (from.empty() || given[2].text().size() > longest_text / (text.size() / from.size() + 1))
    return Cell::of(text);
  return bounded(replace_all(text, from, given[2].text()));
}

Cell call(const QueryExpression& expression, const QueryRow& row, const QueryContext& context) {
  const auto& name = expression.name;
  Arguments given;
  for (const auto& part : expression.parts) given.push_back(evaluate(part, row, context));
  if (name == "now") return Cell::of(std::floor(context.now_ms / 1000));
  if (name == "bin") return at_period(row.field("@timestamp"), given[0], false);
  if (name == "datefloor") return at_period(given[0], given[1], false);
  if (name == "dateceil") return at_period(given[0], given[1], true);
  if (auto number = of_numbers(name, given)) return *number;
  return of_texts(name, given);
}

}  // namespace

std::optional<double> period_of(std::string_view text) {
  const auto letters = std::find_if(text.begin(), text.end(),
                                    [](char c) { return (c < '0' || c > '9') && c != '.'; });
  const auto length = static_cast<std::size_t>(letters - text.begin());
  const auto number = parse_double(text.substr(0, length));
  static const std::map<std::string, double, std::less<>> units = {
      {"ms", 1},           {"msec", 1},         {"s", 1e3},         {"sec", 1e3},
      {"second", 1e3},     {"seconds", 1e3},    {"m", 6e4},         {"min", 6e4},
      {"minute", 6e4},     {"minutes", 6e4},    {"h", 3.6e6},       {"hr", 3.6e6},
      {"hour", 3.6e6},     {"hours", 3.6e6},    {"d", 8.64e7},      {"day", 8.64e7},
      {"days", 8.64e7},    {"w", 6.048e8},      {"week", 6.048e8},  {"weeks", 6.048e8},
      {"mo", 2.592e9},     {"mon", 2.592e9},    {"month", 2.592e9}, {"months", 2.592e9},
      {"q", 7.776e9},      {"qtr", 7.776e9},    {"y", 3.1536e10},   {"yr", 3.1536e10},
      {"year", 3.1536e10}, {"years", 3.1536e10}};
  const auto unit = units.find(lower(trim(text.substr(length))));
  if (!number || !(*number > 0) || unit == units.end()) return std::nullopt;
  return *number * unit->second;
}

Cell evaluate(const QueryExpression& expression, const QueryRow& row, const QueryContext& context) {
  const auto& parts = expression.parts;
  switch (expression.kind) {
    case Kind::literal:
      return expression.literal;
    case Kind::field:
      return row.field(expression.name);
    case Kind::call:
      return call(expression, row, context);
    case Kind::aggregate:
      return context.aggregates && expression.index < context.aggregates->size()
                 ? (*context.aggregates)[expression.index]
                 : Cell{};
    case Kind::negate: {
      const auto number = evaluate(parts[0], row, context).number();
      return number ? Cell::of(-*number) : Cell{};
    }
    case Kind::logical_not:
      return Cell::of(!evaluate(parts[0], row, context).truth());
    case Kind::logical_and:
      return Cell::of(std::all_of(parts.begin(), parts.end(), [&](const auto& part) {
        return evaluate(part, row, context).truth();
      }));
    case Kind::logical_or:
      return Cell::of(std::any_of(parts.begin(), parts.end(), [&](const auto& part) {
        return evaluate(part, row, context).truth();
      }));
    case Kind::binary: {
      const auto a = evaluate(parts[0], row, context), b = evaluate(parts[1], row, context);
      return std::string_view{"+-*/%^"}.find(expression.name) == std::string_view::npos
                 ? compared(expression.name, a, b)
                 : arithmetic(expression.name.front(), a, b);
    }
    case Kind::like:
      return like(expression, row, context);
    case Kind::in: {
      const auto value = evaluate(parts[0], row, context);
      return Cell::of(value.present() &&
                      std::any_of(parts.begin() + 1, parts.end(), [&](const auto& part) {
                        return compare(value, evaluate(part, row, context)) == 0;
                      }));
    }
  }
  return {};
}

}  // namespace sitelatch::logs
