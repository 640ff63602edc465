// SPDX-License-Identifier: Apache-2.0
#include "services/logs/filter_pattern.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"

namespace sitelatch::logs {
namespace {

struct Term {
  enum class Kind { required, optional, excluded };
  Kind kind = Kind::required;
  std::string text;
};

class Terms final : public FilterPattern::Condition {
 public:
  explicit Terms(std::vector<Term> terms) : terms_(std::move(terms)) {
    for (const auto& term : terms_)
      only_optional_ = only_optional_ && term.kind == Term::Kind::optional;
  }
  bool matches(const std::string& message) const override {
    bool any = false;
    for (const auto& term : terms_) {
      const bool found = message.find(term.text) != std::string::npos;
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
  if (!text.empty() && text.front() == '"') {
    text.remove_prefix(1);
    for (; !text.empty() && text.front() != '"'; text.remove_prefix(1)) {
      if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
      out.text += text.front();
    }
    if (text.empty()) return failure(Problem{"a quote is not closed"});
    text.remove_prefix(1);
  } else {
    for (; !text.empty() && plain_character(text.front()); text.remove_prefix(1))
      out.text += text.front();
  }
  if (out.text.empty() || (!text.empty() && text.front() != ' '))
    return failure(
        Problem{"terms with other characters than letters, digits and underscores must be quoted"});
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
    return failure(Problem{"If a filter pattern starts with '{' it must end with '}'"});
  auto condition = text.front() == '{'   ? parse_json_pattern(text)
                   : text.front() == '[' ? parse_word_pattern(text)
                                         : parse_terms(text);
  if (!condition)
    return failure(Problem{fmt::format("Invalid filter pattern: {}", condition.error().text)});
  return FilterPattern{std::move(*condition)};
}

bool FilterPattern::matches(const std::string& message) const {
  return !condition_ || condition_->matches(message);
}

FilterPattern::Values FilterPattern::extract(const std::string& message) const {
  return condition_ ? condition_->extract(message) : Values{};
}

}  // namespace sitelatch::logs
