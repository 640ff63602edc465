// SPDX-License-Identifier: Apache-2.0
// The grammar follows AWS's published rule compiler in what it takes, in its order, and in its
// words (fact events-42).
#include "services/events/pattern.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>

#include "services/events/pattern_tokens.h"
#include "services/events/pattern_value.h"

namespace sitelatch::events {

// By path, the steps joined by dots as AWS joins them: {"a":{"b":..}} and {"a.b":..} are one.
struct PatternBranch {
  std::map<std::string, std::shared_ptr<const std::vector<ValueTest>>, std::less<>> tests;
};

namespace {
using aws::Value;
using Kind = PatternTokens::Kind;
using Operator = ValueTest::Operator;
using Branches = std::vector<PatternBranch>;

// The second so that no pattern of 4 kB takes megabytes.
constexpr std::size_t most_branches = 1000, most_paths = 20'000;
constexpr std::string_view only_one_key = "Only one key allowed in match expression";
constexpr std::string_view too_many_elements = "Too many elements in numeric expression";

constexpr std::array reserved_within_or{"exactly",
                                        "equals-ignore-case",
                                        "prefix",
                                        "suffix",
                                        "anything-but",
                                        "exists",
                                        "wildcard",
                                        "numeric",
                                        "cidr",
                                        "=",
                                        "<",
                                        "<=",
                                        ">",
                                        ">=",
                                        "regex",
                                        "not-wildcard",
                                        "not-equals-ignore-case",
                                        "date-after",
                                        "date-on-or-after",
                                        "date-before",
                                        "date-on-or-before",
                                        "in-date-range",
                                        "ip-address-in-range",
                                        "ip-address-not-in-range"};

bool is_reserved(std::string_view name) {
  return std::find(reserved_within_or.begin(), reserved_within_or.end(), name) !=
         reserved_within_or.end();
}

class PatternParser {
 public:
  explicit PatternParser(std::string_view json) : tokens_(json) {}

  Branches parse() {
    Branches out;
    if (tokens_.next() != Kind::begin_object) tokens_.refuse("Filter is not an object");
    object(out, "", false);
    return out;
  }

 private:
  void object(Branches& branches, const std::string& path, bool within_or) {
    bool any = false;
    while (tokens_.next() != Kind::end_object) {
      any = true;
      const std::string name = tokens_.text();
      if (name == "$or") {
        alternatives(branches, path);
        continue;
      }
      if (within_or && is_reserved(name))
        tokens_.refuse(name + " is Ruler reserved fieldName which cannot be used inside $or.");
      const auto here = path.empty() ? name : path + "." + name;
      switch (tokens_.next()) {
        case Kind::begin_object:
          object(branches, here, within_or);
          break;
        case Kind::begin_array:
          values(branches, here);
          break;
        default:
          tokens_.refuse("\"" + name + "\" must be an object or an array");
      }
    }
    if (!any) tokens_.refuse("Empty objects are not allowed");
  }

  void alternatives(Branches& branches, const std::string& path) {
    const Branches before = std::exchange(branches, {});
    if (tokens_.next() != Kind::begin_array)
      tokens_.refuse("It must be an Array followed with $or.");
    int count = 0;
    for (auto token = tokens_.next(); token != Kind::end_array; token = tokens_.next()) {
      ++count;
      if (token != Kind::begin_object)
        tokens_.refuse("Only JSON object is allowed in array of $or relationship.");
      Branches taken = before.empty() ? Branches(1) : before;
      object(taken, path, true);
      std::move(taken.begin(), taken.end(), std::back_inserter(branches));
      check_size(branches);
    }
    if (count < 2) tokens_.refuse("There must have at least 2 Objects in $or relationship.");
  }

  static void check_size(const Branches& branches) {
    std::size_t paths = 0;
    for (const auto& branch : branches) paths += branch.tests.size();
    if (branches.size() > most_branches || paths > most_paths)
      throw BadPattern{"Rule is too complex - its $or relationships have too many combinations"};
  }

  void values(Branches& branches, const std::string& path) {
    std::vector<ValueTest> tests;
    for (auto token = tokens_.next(); token != Kind::end_array; token = tokens_.next())
      tests.push_back(element(token));
    if (tests.empty()) tokens_.refuse("Empty arrays are not allowed");
    if (branches.empty()) branches.resize(1);
    const auto shared = std::make_shared<const std::vector<ValueTest>>(std::move(tests));
    for (auto& branch : branches) branch.tests.insert_or_assign(path, shared);
  }

  ValueTest element(Kind token) {
    ValueTest out;
    switch (token) {
      case Kind::begin_object:
        return expression();
      case Kind::text:
        out.texts = {tokens_.text()};
        return out;
      case Kind::number:
        out.by = Operator::number;
        out.values = {number()};
        return out;
      case Kind::yes:
      case Kind::no:
      case Kind::null:
        out.by = Operator::literal;
        out.values = {token == Kind::null ? Value{} : Value{token == Kind::yes}};
        return out;
      default:
        tokens_.refuse("Match value must be String, number, true, false, or null");
    }
  }

  Value number() { return aws::from_json(tokens_.text()).value_or(Value{}); }

  ValueTest expression() {
    if (tokens_.next() != Kind::name) tokens_.refuse("Match expression name not found");
    const std::string name = tokens_.text();
    if (name == "exactly") return text(Operator::equals, "exact");
    if (name == "prefix" || name == "suffix") return prefix_or_suffix(name);
    if (name == "numeric") return numeric();
    if (name == "anything-but") return anything_but();
    if (name == "exists") return exists();
    if (name == "cidr") return cidr();
    if (name == "equals-ignore-case")
      return text(Operator::equals_ignoring_case, "equals-ignore-case");
    if (name == "wildcard") return text(Operator::wildcard, "wildcard");
    tokens_.refuse("Unrecognized match type " + name);
  }

  ValueTest text(Operator by, const std::string& name) {
    return text_of(tokens_.next(), by, name, 1);
  }
  // The string, and as many closing braces as are open.
  ValueTest text_of(Kind token, Operator by, const std::string& name, int braces) {
    if (token != Kind::text) tokens_.refuse(name + " match pattern must be a string");
    ValueTest out;
    out.by = by;
    out.texts = {tokens_.text()};
    if (by == Operator::wildcard) check_wildcard(out.texts.front());
    for (; braces > 0; --braces) close(only_one_key);
    return out;
  }
  void close(std::string_view otherwise) {
    if (tokens_.next() != Kind::end_object) tokens_.refuse(std::string{otherwise});
  }
  void check_wildcard(const std::string& pattern) {
    const auto problem = wildcard_problem(pattern);
    if (problem.empty()) return;
    if (problem.starts_with("Rule is too complex")) throw BadPattern{problem};
    tokens_.refuse(problem);
  }

  ValueTest prefix_or_suffix(const std::string& name) {
    const bool prefix = name == "prefix";
    const auto token = tokens_.next();
    if (token != Kind::begin_object)
      return text_of(token, prefix ? Operator::prefix : Operator::suffix, name, 1);
    if (tokens_.next() != Kind::name)
      tokens_.refuse(std::string{prefix ? "Prefix" : "Suffix"} + " expression name not found");
    const std::string inner = tokens_.text();
    if (inner != "equals-ignore-case") tokens_.refuse("Unsupported " + name + " pattern: " + inner);
    return text_of(tokens_.next(),
                   prefix ? Operator::prefix_ignoring_case : Operator::suffix_ignoring_case,
                   "equals-ignore-case", 2);
  }

  ValueTest exists() {
    const auto token = tokens_.next();
    if (token != Kind::yes && token != Kind::no)
      tokens_.refuse("exists match pattern must be either true or false.");
    ValueTest out;
    out.by = Operator::exists;
    out.negated = token == Kind::no;
    close(only_one_key);
    return out;
  }

  ValueTest cidr() {
    if (tokens_.next() != Kind::text) tokens_.refuse("prefix match pattern must be a string");
    Addresses block;
    const auto problem = cidr_problem(tokens_.text(), block);
    if (!problem.empty()) throw BadPattern{problem};
    ValueTest out;
    out.by = Operator::addresses;
    out.from = block.from;
    out.to = block.to;
    close(only_one_key);
    return out;
  }

  // --- numeric

  std::int64_t bound(Kind token, const std::string& sign) {
    if (token != Kind::number)
      tokens_.refuse("Value of " + (sign == "=" ? "equals" : sign) + " must be numeric");
    return in_bounds();
  }
  std::int64_t in_bounds() {
    const auto out = comparable(number().number());
    if (!out) tokens_.refuse("Value must be between -5.0E9 and 5.0E9, inclusive");
    return *out;
  }
  // How the token is shown that is no string.
  std::string shown(Kind token) {
    switch (token) {
      case Kind::begin_object:
        return "{";
      case Kind::begin_array:
        return "[";
      case Kind::end_array:
        return "]";
      default:
        return tokens_.text();
    }
  }

  ValueTest numeric() {
    if (tokens_.next() != Kind::begin_array) tokens_.refuse("Value of numeric must be an array.");
    ValueTest out = comparison();
    close(too_many_elements);
    return out;
  }
  ValueTest comparison() {
    const auto token = tokens_.next();
    if (token != Kind::text) tokens_.refuse("Invalid member in numeric match: " + shown(token));
    const std::string sign = tokens_.text();
    ValueTest out;
    out.by = Operator::range;
    const auto value = tokens_.next();
    if (sign == "=" || sign == "<" || sign == "<=") {
      const auto at = bound(value, sign);
      if (sign == "=") out.bottom = ValueTest::Bound{at, false};
      out.top = ValueTest::Bound{at, sign == "<"};
      if (tokens_.next() != Kind::end_array) tokens_.refuse(std::string{too_many_elements});
      return out;
    }
    if (sign != ">" && sign != ">=") tokens_.refuse("Unrecognized numeric range operator: " + sign);
    out.bottom = ValueTest::Bound{bound(value, sign), sign == ">"};
    const auto more = tokens_.next();
    if (more != Kind::end_array) out.top = top_of(more, out.bottom->at);
    return out;
  }
  ValueTest::Bound top_of(Kind token, std::int64_t bottom) {
    if (token != Kind::text) tokens_.refuse("Bad value in numeric range: " + shown(token));
    const std::string sign = tokens_.text();
    if (sign != "<" && sign != "<=") tokens_.refuse("Bad numeric range operator: " + sign);
    if (tokens_.next() != Kind::number) tokens_.refuse("Value of " + sign + " must be numeric");
    const auto at = in_bounds();
    if (tokens_.next() != Kind::end_array)
      tokens_.refuse("Too many terms in numeric range expression");
    if (at <= bottom) tokens_.refuse("Bottom must be less than top");
    return {at, sign == "<"};
  }

  // --- anything-but

  ValueTest anything_but() {
    auto token = tokens_.next();
    ValueTest out;
    out.negated = true;
    const bool nested = token == Kind::begin_object;
    if (nested) {
      if (tokens_.next() != Kind::name) tokens_.refuse("Anything-But expression name not found");
      out.by = excluded_by(tokens_.text());
      token = tokens_.next();
    }
    if (token != Kind::begin_array && token != Kind::text && token != Kind::number)
      tokens_.refuse("Value of anything-but must be an array or single string/number value.");
    if (nested)
      excluded_texts(token, out);
    else
      excluded_values(token, out);
    close(too_many_elements);
    if (nested) close(too_many_elements);
    return out;
  }
  Operator excluded_by(const std::string& name) {
    if (name == "equals-ignore-case") return Operator::equals_ignoring_case;
    if (name == "prefix") return Operator::prefix;
    if (name == "suffix") return Operator::suffix;
    if (name == "wildcard") return Operator::wildcard;
    tokens_.refuse("Unsupported anything-but pattern: " + name);
  }
  void excluded_values(Kind token, ValueTest& out) {
    bool numbers = false, texts = false;
    const auto take = [&](Kind one) {
      if (one == Kind::text) {
        texts = true;
        out.texts.push_back(tokens_.text());
      } else if (one == Kind::number) {
        numbers = true;
        out.values.push_back(number());
        in_bounds();
      } else {
        tokens_.refuse("Inside anything but list, start|null|boolean is not supported.");
      }
    };
    if (token == Kind::begin_array)
      for (auto one = tokens_.next(); one != Kind::end_array; one = tokens_.next()) take(one);
    else
      take(token);
    if (numbers == texts)
      tokens_.refuse(
          "Inside anything but list, either all values are number or string, mixed type is not "
          "supported");
    out.by = numbers ? Operator::number : Operator::equals;
  }
  void excluded_texts(Kind token, ValueTest& out) {
    const auto take = [&](Kind one) {
      if (one != Kind::text)
        tokens_.refuse(
            out.by == Operator::equals_ignoring_case
                ? "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not "
                  "supported."
            : out.by == Operator::wildcard ? "wildcard match pattern must be a string"
                                           : "prefix/suffix match pattern must be a string");
      const std::string& text = tokens_.text();
      const bool affix = out.by == Operator::prefix || out.by == Operator::suffix;
      if (affix && text.empty()) tokens_.refuse("Null prefix/suffix not allowed");
      out.texts.push_back(text);
    };
    if (token == Kind::begin_array)
      for (auto one = tokens_.next(); one != Kind::end_array; one = tokens_.next()) take(one);
    else
      take(token);
    if (out.by == Operator::wildcard)
      for (const auto& text : out.texts) check_wildcard(text);
  }

  PatternTokens tokens_;
};

// --- matching

// What is left of a path at some place of the event; done: this is the place.
struct Need {
  std::string_view rest;
  bool done = false;
  const std::vector<ValueTest>* tests = nullptr;  // none: any value will do
};

// What is left of it within the member; nothing: the path does not go through there.
bool step_into(const Need& need, std::string_view member, Need& out) {
  if (need.done || !need.rest.starts_with(member)) return false;
  out = need;
  out.rest.remove_prefix(member.size());
  if (out.rest.empty()) {
    out.done = true;
    return true;
  }
  if (!out.rest.starts_with('.')) return false;
  out.rest.remove_prefix(1);
  return true;
}

bool satisfies(const Value& node, const std::vector<Need>& needs);

bool object_satisfies(const Value& object, const std::vector<Need>& needs) {
  std::map<const Value*, std::vector<Need>> within;
  for (const auto& need : needs) {
    std::vector<std::pair<const Value*, Need>> ways;
    Need inner;
    for (const auto& [name, value] : object.members())
      if (step_into(need, name, inner)) ways.emplace_back(&value, inner);
    if (ways.empty()) return false;
    if (ways.size() == 1) {
      within[ways.front().first].push_back(ways.front().second);
      continue;
    }
    // "a.b" beside "a": either may have it.
    if (std::none_of(ways.begin(), ways.end(),
                     [](const auto& way) { return satisfies(*way.first, {way.second}); }))
      return false;
  }
  return std::all_of(within.begin(), within.end(),
                     [](const auto& entry) { return satisfies(*entry.first, entry.second); });
}

// Whether one and the same element of every list has it all (fact events-46).
bool satisfies(const Value& node, const std::vector<Need>& needs) {
  if (node.is_struct()) return object_satisfies(node, needs);
  if (node.is_list())
    return std::any_of(node.items().begin(), node.items().end(),
                       [&](const Value& item) { return satisfies(item, needs); });
  return std::all_of(needs.begin(), needs.end(), [&](const Need& need) {
    return need.done &&
           (!need.tests || std::any_of(need.tests->begin(), need.tests->end(),
                                       [&](const ValueTest& test) { return test.holds(node); }));
  });
}

bool branch_matches(const PatternBranch& branch, const Value& event) {
  std::vector<Need> needs;
  for (const auto& [path, tests] : branch.tests) {
    const bool absence = std::any_of(tests->begin(), tests->end(),
                                     [](const ValueTest& test) { return test.wants_absence(); });
    if (absence && !satisfies(event, {Need{path, false, nullptr}})) continue;
    needs.push_back({path, false, tests.get()});
  }
  return needs.empty() || satisfies(event, needs);
}

}  // namespace

Result<EventPattern, std::string> EventPattern::parse(std::string_view json) {
  try {
    return EventPattern{std::make_shared<const Branches>(PatternParser{json}.parse())};
  } catch (const BadPattern& bad) {
    return failure(std::string{bad.what()});
  }
}

bool EventPattern::matches(const Value& event) const {
  return std::any_of(branches_->begin(), branches_->end(),
                     [&](const PatternBranch& branch) { return branch_matches(branch, event); });
}

std::vector<std::string> EventPattern::plain_values(std::string_view path) const {
  std::vector<std::string> out;
  for (const auto& branch : *branches_) {
    const auto found = branch.tests.find(path);
    if (found == branch.tests.end()) continue;
    for (const auto& test : *found->second)
      if (test.by == Operator::equals && !test.negated) out.push_back(test.texts.front());
  }
  return out;
}

}  // namespace sitelatch::events
