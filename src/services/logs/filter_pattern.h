// SPDX-License-Identifier: Apache-2.0
// Filter patterns: which messages FilterLogEvents gives out, and which metric and subscription
// filters take (facts logs-10, logs-21).
//   ERROR Exception        both, anywhere in the message, with case      "exact phrase"      -DEBUG
//                          not
//   ?ERROR ?WARN           one of them (ignored beside other terms)
//   %[0-9]+ms%             a regular expression
//   { $.level = "ERR*" && ($.code >= 500 || $.tags[0] IS NULL) }          messages that are JSON
//   [host, user, status = 4*, ..., bytes > 100]                           words by their place
// What is not such a pattern is refused, not guessed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sitelatch::logs {

class FilterPattern {
 public:
  FilterPattern() = default;  // everything matches
  static Result<FilterPattern> parse(std::string_view text);
  bool matches(const std::string& message) const;
  // What the pattern names in a message that matches, as TestMetricFilter shows it: "$.code" or
  // "$status" -> its text. Terms name nothing.
  using Values = std::map<std::string, std::string>;
  Values extract(const std::string& message) const;

  // Whether "$.code" or "$status" can stand for a part of messages that match: any selector where
  // they are JSON, a field's name where they are words, nothing where they are text.
  bool can_select(std::string_view selector) const;
  std::optional<std::string> select(const std::string& message, std::string_view selector) const;

  enum class Kind { terms, json, words };
  Kind kind() const;
  std::size_t regexes() const;

  // One node of a parsed pattern.
  class Condition {
   public:
    virtual ~Condition() = default;
    virtual Kind kind() const { return Kind::terms; }
    virtual std::size_t regexes() const = 0;
    virtual bool matches(const std::string& message) const = 0;
    virtual Values extract(const std::string&) const { return {}; }
    virtual bool can_select(std::string_view) const { return false; }
    virtual std::optional<std::string> select(const std::string&, std::string_view) const {
      return std::nullopt;
    }
  };

 private:
  explicit FilterPattern(std::shared_ptr<const Condition> condition)
      : condition_(std::move(condition)) {}
  std::shared_ptr<const Condition> condition_;  // nullptr: everything matches
};

// The parts; each takes its kind of text, trimmed. Problems are whole sentences for clients.
Result<std::shared_ptr<const FilterPattern::Condition>> parse_terms(std::string_view text);
Result<std::shared_ptr<const FilterPattern::Condition>> parse_json_pattern(std::string_view text);
Result<std::shared_ptr<const FilterPattern::Condition>> parse_word_pattern(std::string_view text);

}  // namespace sitelatch::logs
