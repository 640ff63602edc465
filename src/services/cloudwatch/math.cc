// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/math.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/check.h"

namespace sitelatch::cloudwatch::math {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

double apply(std::string_view op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "/") return b == 0 ? unknown : a / b;
  if (op == "^") return std::pow(a, b);
  if (std::isnan(a) || std::isnan(b)) return unknown;
  if (op == "==") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == ">") return a > b;
  if (op == "<=") return a <= b;
  if (op == ">=") return a >= b;
  if (op == "&&") return a != 0 && b != 0;
  ENSURE(op == "||", op);
  return a != 0 || b != 0;
}

// Points of both at the same time.
template <class Visit>
void join(const Series& a, const Series& b, const Visit& visit) {
  auto one = a.points.begin();
  auto other = b.points.begin();
  while (one != a.points.end() && other != b.points.end()) {
    if (one->at < other->at) {
      ++one;
    } else if (other->at < one->at) {
      ++other;
    } else {
      visit(one->at, one->value, other->value);
      ++one, ++other;
    }
  }
}

void add(Series& to, Instant at, double value) {
  if (std::isfinite(value)) to.points.push_back({at, value});
}

double total(const std::vector<double>& values) {
  double out = 0;
  for (const double value : values) out += value;
  return out;
}
// AVG and its kin over values of one time, or of one series.
double combine(std::string_view function, const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  if (function == "DATAPOINT_COUNT") return n;
  if (values.empty()) return unknown;
  if (function == "SUM") return total(values);
  if (function == "AVG") return total(values) / n;
  if (function == "MAX") return *std::max_element(values.begin(), values.end());
  if (function == "MIN") return *std::min_element(values.begin(), values.end());
  ENSURE(function == "STDDEV", function);
  const double mean = total(values) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / n);
}
bool combines(std::string_view function) {
  return function == "SUM" || function == "AVG" || function == "MAX" || function == "MIN" ||
         function == "STDDEV" || function == "DATAPOINT_COUNT";
}

std::vector<double> values_of(const Series& series) {
  std::vector<double> out;
  out.reserve(series.points.size());
  for (const auto& point : series.points) out.push_back(point.value);
  return out;
}

// A number of a number.
double single(std::string_view function, double x) {
  if (function == "ABS") return std::fabs(x);
  if (function == "CEIL") return std::ceil(x);
  if (function == "FLOOR") return std::floor(x);
  if (function == "LOG") return x > 0 ? std::log(x) : unknown;
  ENSURE(function == "LOG10", function);
  return x > 0 ? std::log10(x) : unknown;
}
bool is_single(std::string_view function) {
  return function == "ABS" || function == "CEIL" || function == "FLOOR" || function == "LOG" ||
         function == "LOG10";
}

// A part of a point's time, in UTC; weeks begin on Monday, 1.
double part_of_time(std::string_view function, Instant at) {
  const auto t = civil(at);
  if (function == "MINUTE") return t.minute;
  if (function == "HOUR") return t.hour;
  if (function == "DAY") return t.weekday == 0 ? 7 : t.weekday;
  if (function == "DATE") return t.day;
  if (function == "MONTH") return t.month;
  if (function == "YEAR") return t.year;
  ENSURE(function == "EPOCH", function);
  return static_cast<double>(unix_seconds(at));
}
bool is_part_of_time(std::string_view function) {
  return function == "MINUTE" || function == "HOUR" || function == "DAY" || function == "DATE" ||
         function == "MONTH" || function == "YEAR" || function == "EPOCH";
}

class Evaluator {
 public:
  explicit Evaluator(const Environment& environment) : environment_(environment) {}

  Data of(const Node& node) {
    switch (node.kind) {
      case Node::Kind::number:
        return node.number;
      case Node::Kind::id:
        return counted(environment_.data_of(node.word));
      case Node::Kind::array: {
        std::vector<Series> out;
        for (const auto& item : node.of) out.push_back(series(item));
        return out;
      }
      case Node::Kind::call:
        return call(node);
      case Node::Kind::negate:
        return each(of(node.of[0]), [](double x) { return -x; });
      case Node::Kind::operation:
        return chain(node);
      case Node::Kind::text:
        break;
    }
    ENSURE(false, "a text is no value");
  }

 private:
  Data chain(const Node& node) {
    const auto parts = chain_of(node);
    Data out = of(*parts.first);
    for (const auto* one : parts.operations)
      out = operation(one->word, std::move(out), of(one->of[1]));
    return out;
  }
  Series series(const Node& node) { return std::get<Series>(of(node)); }
  std::vector<Series> array(const Node& node) { return std::get<std::vector<Series>>(of(node)); }
  double scalar(const Node& node) { return std::get<double>(of(node)); }

  // False: nothing more may be computed.
  bool spend(std::size_t points) {
    if (!environment_.budget) return true;
    auto& left = *environment_.budget;
    left -= std::min(left, points + 1);
    return left > 0;
  }

  Data counted(Data data) {
    if (const auto* one = std::get_if<Series>(&data)) spend(one->points.size());
    if (const auto* all = std::get_if<std::vector<Series>>(&data))
      for (const auto& one : *all) spend(one.points.size());
    return data;
  }

  // Series by series.
  template <class Change>
  Data map(Data data, const Change& change) {
    if (auto* one = std::get_if<Series>(&data)) return spent(*one, change);
    std::vector<Series> out;
    for (const auto& one : std::get<std::vector<Series>>(data)) out.push_back(spent(one, change));
    return out;
  }
  template <class Change>
  Series spent(const Series& from, const Change& change) {
    Series out{from.label, from.period, {}, from.source};
    if (spend(from.points.size())) change(from, out);
    return out;
  }
  template <class Number>
  Data each(Data data, const Number& number) {
    if (const auto* one = std::get_if<double>(&data)) return number(*one);
    return map(std::move(data), [&](const Series& from, Series& to) {
      for (const auto& point : from.points) add(to, point.at, number(point.value));
    });
  }

  Data operation(const std::string& op, Data left, Data right) {
    if (const auto* b = std::get_if<double>(&right))
      return each(std::move(left), [&op, b = *b](double a) { return apply(op, a, b); });
    if (const auto* a = std::get_if<double>(&left))
      return each(std::move(right), [&op, a = *a](double b) { return apply(op, a, b); });
    if (const auto* b = std::get_if<Series>(&right))
      return map(std::move(left), [&](const Series& a, Series& to) {
        to.period = std::max(a.period, b->period);
        join(a, *b, [&](Instant at, double x, double y) { add(to, at, apply(op, x, y)); });
      });
    const auto& a = std::get<Series>(left);
    return map(std::move(right), [&](const Series& b, Series& to) {
      to.period = std::max(a.period, b.period);
      join(a, b, [&](Instant at, double x, double y) { add(to, at, apply(op, x, y)); });
    });
  }

  Data call(const Node& node) {
    const auto& name = node.word;
    if (name == "METRICS")
      return counted(environment_.metrics(node.of.empty() ? std::string_view{} : node.of[0].word));
    if (name == "SEARCH") return counted(environment_.search(search_of(node)));
    if (name == "IF") return choice(node);
    if (name == "FILL") return fill(node);
    if (name == "SORT") return sort(node);
    if (name == "SLICE") return slice(node);
    if (name == "TIME_SERIES") return constant(scalar(node.of[0]));
    auto data = of(node.of[0]);
    if (combines(name)) return combination(name, data);
    if (is_single(name))
      return each(std::move(data), [&name](double x) { return single(name, x); });
    if (is_part_of_time(name))
      return map(std::move(data), [&](const Series& from, Series& to) {
        for (const auto& point : from.points) add(to, point.at, part_of_time(name, point.at));
      });
    if (name == "PERIOD") return seconds_of(std::get<Series>(data).period);
    if (name == "RUNNING_SUM")
      return map(std::move(data), [](const Series& from, Series& to) {
        double sum = 0;
        for (const auto& point : from.points) add(to, point.at, sum += point.value);
      });
    if (name == "DIFF" || name == "DIFF_TIME" || name == "RATE")
      return map(std::move(data), [&](const Series& from, Series& to) { differ(name, from, to); });
    auto& all = std::get<std::vector<Series>>(data);
    if (name == "METRIC_COUNT") return static_cast<double>(all.size());
    if (name == "FIRST") return all.empty() ? nothing() : all.front();
    if (name == "LAST") return all.empty() ? nothing() : all.back();
    ENSURE(name == "REMOVE_EMPTY", name);
    std::erase_if(all, [](const Series& one) { return one.points.empty(); });
    return data;
  }

  Series nothing() const { return {"", environment_.period, {}}; }

  static void differ(std::string_view name, const Series& from, Series& to) {
    for (std::size_t i = 1; i < from.points.size(); ++i) {
      const auto &before = from.points[i - 1], &now = from.points[i];
      const double apart = seconds_of(now.at - before.at), change = now.value - before.value;
      add(to, now.at, name == "DIFF" ? change : name == "DIFF_TIME" ? apart : change / apart);
    }
  }

  Series constant(double value) {
    auto out = nothing();
    const auto steps = environment_.to > environment_.from && environment_.period > Duration{}
                           ? (environment_.to - environment_.from) / environment_.period + 1
                           : 0;
    if (!spend(static_cast<std::size_t>(steps))) return out;
    for (auto at = environment_.from; at < environment_.to; at += environment_.period)
      add(out, at, value);
    return out;
  }

  Data combination(std::string_view name, const Data& data) {
    if (const auto* one = std::get_if<Series>(&data)) {
      spend(one->points.size());
      return combine(name, values_of(*one));
    }
    std::map<Instant, std::vector<double>> by_time;
    auto out = nothing();
    for (const auto& one : std::get<std::vector<Series>>(data)) {
      if (!spend(one.points.size())) return out;
      out.period = std::max(out.period, one.period);
      for (const auto& point : one.points) by_time[point.at].push_back(point.value);
    }
    for (const auto& [at, values] : by_time) add(out, at, combine(name, values));
    return out;
  }

  // IF: the condition decides, point by point where it is a series; without a third argument what
  // is not true is not there.
  Data choice(const Node& node) {
    const auto condition = of(node.of[0]);
    const bool has_else = node.of.size() == 3;
    const auto yes = of(node.of[1]);
    const auto no = has_else ? of(node.of[2]) : Data{unknown};
    const bool plain = std::holds_alternative<double>(yes) && std::holds_alternative<double>(no);
    if (const auto* all = std::get_if<double>(&condition)) {
      const auto& chosen = std::isnan(*all) ? Data{unknown} : *all != 0 ? yes : no;
      if (plain && has_else) return chosen;
      if (const auto* one = std::get_if<double>(&chosen)) return constant(*one);
      return chosen;
    }
    const auto& when = std::get<Series>(condition);
    auto out = Series{when.label, when.period, {}};
    if (!spend(when.points.size() * 3)) return out;
    std::size_t in_yes = 0, in_no = 0;
    const auto value_at = [](const Data& data, Instant at, std::size_t& from) {
      if (const auto* one = std::get_if<double>(&data)) return *one;
      const auto& points = std::get<Series>(data).points;
      while (from < points.size() && points[from].at < at) ++from;
      return from < points.size() && points[from].at == at ? points[from].value : unknown;
    };
    for (const auto& point : when.points) {
      const double a = value_at(yes, point.at, in_yes), b = value_at(no, point.at, in_no);
      add(out, point.at, point.value != 0 ? a : b);
    }
    return out;
  }

  Data fill(const Node& node) {
    const auto& how = node.of[1];
    const bool word = how.kind == Node::Kind::id && (how.word == "REPEAT" || how.word == "LINEAR");
    const auto with = word ? Data{0.0} : of(how);
    return map(of(node.of[0]), [&](const Series& from, Series& to) {
      const auto step = from.period > Duration{} ? from.period : environment_.period;
      if (step <= Duration{} || environment_.to <= environment_.from) return;
      // The steps of the series itself, where it has any.
      auto start = environment_.from;
      if (!from.points.empty()) start += ((from.points.front().at - start) % step + step) % step;
      if (!spend(static_cast<std::size_t>((environment_.to - environment_.from) / step))) return;
      std::size_t next = 0, other = 0;
      for (auto at = start; at < environment_.to; at += step) {
        while (next < from.points.size() && from.points[next].at < at) ++next;
        if (next < from.points.size() && from.points[next].at == at)
          add(to, at, from.points[next].value);
        else if (word)
          add(to, at, how.word == "REPEAT" ? repeated(from, next) : between(from, next, at));
        else
          add(to, at, filling(with, at, other));
      }
    });
  }
  static double repeated(const Series& from, std::size_t next) {
    return next == 0 ? unknown : from.points[next - 1].value;
  }
  static double between(const Series& from, std::size_t next, Instant at) {
    if (next == 0 || next == from.points.size()) return unknown;
    const auto &a = from.points[next - 1], &b = from.points[next];
    return a.value + (b.value - a.value) * seconds_of(at - a.at) / seconds_of(b.at - a.at);
  }
  static double filling(const Data& with, Instant at, std::size_t& from) {
    if (const auto* one = std::get_if<double>(&with)) return *one;
    const auto& points = std::get<Series>(with).points;
    while (from < points.size() && points[from].at < at) ++from;
    return from < points.size() && points[from].at == at ? points[from].value : unknown;
  }

  Data sort(const Node& node) {
    auto all = array(node.of[0]);
    const auto& function = node.of[1].word;
    const bool ascending = node.of[2].word == "ASC";
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!spend(all[i].points.size())) return std::vector<Series>{};
      order.emplace_back(combine(function, values_of(all[i])), i);
    }
    // What has no data comes last either way.
    std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      if (std::isnan(a.first) || std::isnan(b.first))
        return !std::isnan(a.first) && std::isnan(b.first);
      return ascending ? a.first < b.first : a.first > b.first;
    });
    if (node.of.size() == 4) order.resize(index(scalar(node.of[3]), order.size()));
    std::vector<Series> out;
    for (const auto& [value, i] : order) out.push_back(std::move(all[i]));
    return out;
  }

  Data slice(const Node& node) {
    auto all = array(node.of[0]);
    const auto first = index(scalar(node.of[1]), all.size());
    if (node.of.size() == 2) return first < all.size() ? all[first] : nothing();
    const auto end = std::max(first, index(scalar(node.of[2]), all.size()));
    return std::vector<Series>(all.begin() + static_cast<std::ptrdiff_t>(first),
                               all.begin() + static_cast<std::ptrdiff_t>(end));
  }
  // A scalar as a place in an array.
  static std::size_t index(double value, std::size_t size) {
    if (!(value > 0)) return 0;
    return value >= static_cast<double>(size) ? size : static_cast<std::size_t>(value);
  }

  const Environment& environment_;
};

}  // namespace

Data evaluate(const Node& node, const Environment& environment) {
  return Evaluator{environment}.of(node);
}

}  // namespace sitelatch::cloudwatch::math
