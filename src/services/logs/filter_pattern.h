// SPDX-License-Identifier: Apache-2.0
// Filter patterns: which messages FilterLogEvents gives out (fact logs-10).
//   ERROR Exception        both, anywhere in the message, with case      "exact phrase"      -DEBUG
//                          not
//   ?ERROR ?WARN           one of them (ignored beside other terms)
//   { $.level = "ERR*" && ($.code >= 500 || $.tags[0] IS NULL) }          messages that are JSON
//   [host, user, status = 4*, ..., bytes > 100]                           words by their place
// What is not such a pattern is refused, not guessed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sitelatch::logs {

class FilterPattern {
 public:
  static Result<FilterPattern> parse(std::string_view text);
  bool matches(const std::string& message) const;
  // What the pattern names in a message that matches, as TestMetricFilter shows it: "$.code" or
  // "$status" -> its text. Terms name nothing.
  using Values = std::map<std::string, std::string>;
  Values extract(const std::string& message) const;

  // One node of a parsed pattern.
  class Condition {
   public:
    virtual ~Condition() = default;
    virtual bool matches(const std::string& message) const = 0;
    virtual Values extract(const std::string&) const { return {}; }
  };

 private:
  explicit FilterPattern(std::shared_ptr<const Condition> condition)
      : condition_(std::move(condition)) {}
  std::shared_ptr<const Condition> condition_;  // nullptr: everything matches
};

// The parts; each takes its kind of text, trimmed.
Result<std::shared_ptr<const FilterPattern::Condition>> parse_terms(std::string_view text);
Result<std::shared_ptr<const FilterPattern::Condition>> parse_json_pattern(std::string_view text);
Result<std::shared_ptr<const FilterPattern::Condition>> parse_word_pattern(std::string_view text);

}  // namespace sitelatch::logs
