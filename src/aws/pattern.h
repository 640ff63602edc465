// SPDX-License-Identifier: Apache-2.0
// The regular expressions of AWS's models, matched in time linear in the text (a set of states, no backtracking), so
// that no input can make a pattern expensive. Understands what the models use: literals, escapes, classes with ranges
// and \p{L} \p{Z} \p{N} ..., groups, alternation, * + ? {m,n}, ^ $ and one lookahead at the start of a sequence is refused.
#pragma once

#include <memory>
#include <string_view>

namespace sitelatch::aws {

class Pattern {
 public:
  virtual ~Pattern() = default;
  // The whole text, as AWS's validation does (^ and $ in the pattern are then redundant). Text is UTF-8.
  virtual bool matches(std::string_view text) const = 0;

  // nullptr when the pattern uses what this matcher does not understand: the caller then does not check.
  static std::shared_ptr<const Pattern> compile(std::string_view pattern);
};

}  // namespace sitelatch::aws
