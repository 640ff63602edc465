// SPDX-License-Identifier: Apache-2.0
// %regex% in filter patterns: AWS's small language (fact logs-21), found anywhere in the text.
#pragma once

#include <string>
#include <string_view>

#include "base/regex.h"

namespace sitelatch::logs {

class FilterRegex {
 public:
  // Takes `%...%` off the front of the text, which begins with a `%`.
  static Result<FilterRegex> take(std::string_view& text);
  // Where matching costs too much it has not matched.
  bool found_in(std::string_view text) const;

 private:
  explicit FilterRegex(Regex regex) : regex_(std::move(regex)) {}
  Regex regex_;
};

// How AWS refuses a term, with what it does not like of it.
Failure<Problem> invalid_term(std::string_view term);
// What else is no pattern: the words are ours.
Failure<Problem> invalid_pattern(std::string_view why);

}  // namespace sitelatch::logs
