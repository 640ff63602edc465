// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/alarm_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "services/cloudwatch/refusals.h"

namespace sitelatch::cloudwatch {
namespace {

constexpr std::string_view wanted_factor =
    "'(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

class AlarmRuleParser {
 public:
  explicit AlarmRuleParser(std::string_view text) : text_(text) {}

  aws::Outcome<AlarmRule> parse() {
    rule();
    if (refusal_.empty() && !at_end()) expected("'AND' or 'OR'");
    if (refusal_.empty() && out_.children_.size() > AlarmRule::most_children)
      refusal_ = fmt::format("AlarmRule must not have more than {} children alarms",
                             AlarmRule::most_children);
    if (!refusal_.empty()) return invalid(std::move(refusal_));
    return std::move(out_);
  }

 private:
  using Step = AlarmRule::Step;

  bool at_end() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    return at_ == text_.size();
  }
  // The word that comes next: a parenthesis or comma, or what stands until one or a blank.
  std::string_view peek() {
    if (at_end()) return {};
    auto end = at_;
    if (is_punctuation(text_[end])) return text_.substr(at_, 1);
    while (end < text_.size() && !is_blank(text_[end]) && !is_punctuation(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  static bool is_punctuation(char c) { return c == '(' || c == ')' || c == ','; }
  bool take(std::string_view word) {
    const auto next = peek();
    if (!refusal_.empty() || !equal_ignoring_case(next, word)) return false;
    at_ += next.size();
    return true;
  }
  void expected(std::string_view what) {
    if (!refusal_.empty()) return;
    const auto next = peek();
    refusal_ = next.empty() ? fmt::format(
                                  "Error in AlarmRule [Unexpected end of the rule at char {}, must "
                                  "be: {}]",
                                  at_, what)
                            : fmt::format(
                                  "Error in AlarmRule [Unsupported token '{}' at char {}, must be: "
                                  "{}]",
                                  next, at_, what);
  }
  void need(std::string_view word) {
    if (!take(word)) expected(fmt::format("'{}'", word));
  }
  // Bounds the depth of the recursion too.
  void count_element() {
    if (++elements_ > AlarmRule::most_elements && refusal_.empty())
      refusal_ =
          fmt::format("AlarmRule must not have more than {} elements", AlarmRule::most_elements);
  }
  void emit(AlarmRule::Instruction instruction) {
    if (refusal_.empty()) out_.program_.push_back(std::move(instruction));
  }

  void rule() {
    term();
    while (take("OR")) {
      term();
      emit({Step::either, false, {}, 0, {}});
    }
  }
  void term() {
    factor();
    while (take("AND")) {
      factor();
      emit({Step::both, false, {}, 0, {}});
    }
  }
  void factor() {
    bool negated = false;
    while (take("NOT")) negated = !negated;
    count_element();
    if (!refusal_.empty()) return;
    if (take("("))
      rule(), need(")");
    else if (take("TRUE"))
      emit({Step::constant, true, {}, 0, {}});
    else if (take("FALSE"))
      emit({Step::constant, false, {}, 0, {}});
    else if (take("AT_LEAST"))
      at_least();
    else if (const auto state = take_state())
      need("("), emit({Step::in_state, false, *state, 0, {child()}}), need(")");
    else
      expected(wanted_factor);
    if (negated) emit({Step::negate, false, {}, 0, {}});
  }

  std::optional<State> take_state() {
    for (const auto state : {State::alarm, State::ok, State::insufficient_data})
      if (take(state_name(state))) return state;
    return std::nullopt;
  }

  // After the word itself.
  void at_least() {
    AlarmRule::Instruction out;
    out.step = Step::at_least;
    need("(");
    auto number = std::string{peek()};
    const bool percent = !number.empty() && number.back() == '%';
    if (percent) number.pop_back();
    const auto threshold = parse_int(number);
    if (!threshold || *threshold < 1 || (percent && *threshold > 100))
      return expected("a number of alarms, or a percentage from 1% to 100%");
    at_ += peek().size();
    need(",");
    out.value = take("NOT");
    const auto state = take_state();
    if (!state) return expected("ALARM, OK, or INSUFFICIENT_DATA");
    out.state = *state;
    need(",");
    need("(");
    do {
      count_element();
      out.children.push_back(child());
    } while (take(","));
    need(")");
    need(")");
    const auto alarms = static_cast<std::int64_t>(out.children.size());
    if (!percent && *threshold > alarms && refusal_.empty())
      refusal_ =
          fmt::format("Error in AlarmRule [AT_LEAST asks for {} alarms, but has only {} of them]",
                      *threshold, alarms);
    out.count = static_cast<std::size_t>(percent ? (alarms * *threshold + 99) / 100 : *threshold);
    emit(std::move(out));
  }

  // A name, quoted or up to the next blank or punctuation; a backslash takes what follows
  // literally.
  std::size_t child() {
    std::string name;
    if (!at_end() && text_[at_] == '"') {
      const auto begin = at_++;
      while (at_ < text_.size() && text_[at_] != '"') name += literal();
      if (at_ == text_.size()) {
        at_ = begin;
        expected("a name with a closing '\"'");
      } else {
        ++at_;
      }
    } else {
      while (at_ < text_.size() && !is_blank(text_[at_]) && !is_punctuation(text_[at_]))
        name += literal();
    }
    if (name.empty()) expected("an alarm name or ARN");
    auto& children = out_.children_;
    const auto known = std::find(children.begin(), children.end(), name);
    if (known != children.end()) return static_cast<std::size_t>(known - children.begin());
    children.push_back(std::move(name));
    return children.size() - 1;
  }
  char literal() {
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
    return text_[at_++];
  }

  std::string_view text_;
  std::size_t at_ = 0, elements_ = 0;
  std::string refusal_;
  AlarmRule out_;
};

aws::Outcome<AlarmRule> AlarmRule::parse(std::string_view text) {
  if (text.empty() || is_blank(text.front()) || is_blank(text.back()))
    return invalid("AlarmRule must not contain leading or trailing whitespace or be null");
  return AlarmRuleParser{text}.parse();
}

bool AlarmRule::holds(const StateOf& state_of) const {
  std::vector<bool> stack;
  const auto pop = [&stack] {
    ENSURE(!stack.empty());
    const bool top = stack.back();
    stack.pop_back();
    return top;
  };
  for (const auto& step : program_) {
    const auto in_state = [&](std::size_t child) {
      const auto state = state_of(children_[child]);
      return state && *state == step.state;
    };
    switch (step.step) {
      case Step::constant:
        stack.push_back(step.value);
        break;
      case Step::in_state:
        stack.push_back(in_state(step.children.front()));
        break;
      case Step::at_least: {
        const auto n =
            std::count_if(step.children.begin(), step.children.end(),
                          [&](std::size_t child) { return in_state(child) != step.value; });
        stack.push_back(static_cast<std::size_t>(n) >= step.count);
        break;
      }
      case Step::negate:
        stack.push_back(!pop());
        break;
      case Step::both: {
        const bool right = pop(), left = pop();
        stack.push_back(left && right);
        break;
      }
      case Step::either: {
        const bool right = pop(), left = pop();
        stack.push_back(left || right);
        break;
      }
    }
  }
  return pop();
}

}  // namespace sitelatch::cloudwatch
