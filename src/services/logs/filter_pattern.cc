// SPDX-License-Identifier: Apache-2.0
#include "services/logs/filter_pattern.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "services/logs/filter_regex.h"

namespace sitelatch::logs {
namespace {

constexpr std::size_t most_regexes = 2;

struct Term {
  enum class Kind { required, optional, excluded };
  Kind kind = Kind::required;
  std::string text;
  std::optional<FilterRegex> regex;

  bool found_in(const std::string& message) const {
    return regex ? regex->found_in(message) : message.find(text) != std::string::npos;
  }
};

class Terms final : public FilterPattern::Condition {
 public:
  explicit Terms(std::vector<Term> terms) : terms_(std::move(terms)) {
    for (const auto& term : terms_)
      only_optional_ = only_optional_ && term.kind == Term::Kind::optional;
  }
  std::size_t regexes() const override {
    return static_cast<std::size_t>(std::count_if(
        terms_.begin(), terms_.end(), [](const Term& term) { return term.regex.has_value(); }));
  }
  bool matches(const std::string& message) const override {
    bool any = false;
    for (const auto& term : terms_) {
      const bool found = term.found_in(message);
      any = any || found;
      if (term.kind == Term::Kind::required && !found) return false;
      if (term.kind == Term::Kind::excluded && found) return false;
    }
    return !only_optional_ || any;
  }

 private:
  std::vector<Term> terms_;
  bool only_optional_ = true;
};

bool plain_character(char c) {
  // What may stand unquoted: letters, digits, underscore, and bytes of other alphabets.
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Reads one term off the front.
Result<Term> take_term(std::string_view& text) {
  Term out;
  if (text.front() == '?') out.kind = Term::Kind::optional;
  if (text.front() == '-') out.kind = Term::Kind::excluded;
  if (out.kind != Term::Kind::required) text.remove_prefix(1);
  if (!text.empty() && text.front() == '%') {
    auto regex = FilterRegex::take(text);
    if (!regex) return failure(regex.error());
    out.regex = std::move(*regex);
  } else if (!text.empty() && text.front() == '"') {
    text.remove_prefix(1);
    for (; !text.empty() && text.front() != '"'; text.remove_prefix(1)) {
      if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
      out.text += text.front();
    }
    if (text.empty()) return invalid_pattern("a quote is not closed");
    text.remove_prefix(1);
    if (out.text.empty()) return invalid_term("\"\"");
  } else {
    for (; !text.empty() && plain_character(text.front()); text.remove_prefix(1))
      out.text += text.front();
    if (out.text.empty() && text.empty()) return invalid_pattern("a term is missing");
  }
  // What else stands there must be quoted.
  if (!text.empty() && text.front() != ' ') return invalid_term(text.substr(0, 1));
  return out;
}

}  // namespace

Result<std::shared_ptr<const FilterPattern::Condition>> parse_terms(std::string_view text) {
  std::vector<Term> terms;
  for (text = trim(text); !text.empty(); text = trim(text)) {
    auto term = take_term(text);
    if (!term) return failure(term.error());
    terms.push_back(std::move(*term));
  }
  return std::shared_ptr<const FilterPattern::Condition>{std::make_shared<Terms>(std::move(terms))};
}

Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  text = trim(text);
  if (text.empty() || text == "\"\"") return FilterPattern{nullptr};
  if (text.front() == '{' && (text.size() < 2 || text.back() != '}'))  // AWS's words (fact logs-18)
    return problem("If a filter pattern starts with '{' it must end with '}'");
  auto condition = text.front() == '{'   ? parse_json_pattern(text)
                   : text.front() == '[' ? parse_word_pattern(text)
                                         : parse_terms(text);
  if (!condition) return failure(condition.error());
  if ((*condition)->regexes() > most_regexes)
    return invalid_pattern("a pattern has two regular expressions at most");
  return FilterPattern{std::move(*condition)};
}

bool FilterPattern::matches(const std::string& message) const {
  return !condition_ || condition_->matches(message);
}

FilterPattern::Values FilterPattern::extract(const std::string& message) const {
  return condition_ ? condition_->extract(message) : Values{};
}

bool FilterPattern::can_select(std::string_view selector) const {
  return condition_ && condition_->can_select(selector);
}
std::optional<std::string> FilterPattern::select(const std::string& message,
                                                 std::string_view selector) const {
  return condition_ ? condition_->select(message, selector) : std::nullopt;
}
FilterPattern::Kind FilterPattern::kind() const {
  return condition_ ? condition_->kind() : Kind::terms;
}
std::size_t FilterPattern::regexes() const { return condition_ ? condition_->regexes() : 0; }

}  // namespace sitelatch::logs
