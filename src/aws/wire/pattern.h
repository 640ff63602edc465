// SPDX-License-Identifier: Apache-2.0
// The regular expressions of AWS's models, matched by a set of states without backtracking, so that
// no text can make a pattern expensive. Understands what the models use of Java's syntax: literals,
// escapes, classes with ranges and \p{L} \p{Z} \p{N} \p{ASCII}, groups, alternation, * + ? {m,n}, ^
// $, lookahead, and lookbehind of one character.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace sitelatch::aws {

class Pattern {
 public:
  virtual ~Pattern() = default;
  // The whole text, as AWS's validation does (^ and $ in the pattern are then redundant). Text is
  // UTF-8.
  virtual bool matches(std::string_view text) const = 0;

  // nullptr when the pattern uses what this matcher does not understand: the caller then does not
  // check.
  static std::shared_ptr<const Pattern> compile(std::string_view pattern);
};

// Compiled when first asked for: most patterns of a model never are.
class LazyPattern {
 public:
  explicit LazyPattern(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }
  // A pattern that cannot be compiled matches everything.
  bool matches(std::string_view candidate) const;

 private:
  std::string text_;
  mutable std::once_flag once_;
  mutable std::shared_ptr<const Pattern> compiled_;
};

}  // namespace sitelatch::aws
