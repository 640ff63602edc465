// SPDX-License-Identifier: Apache-2.0
// An event pattern's JSON, token by token, as the parser reads it that AWS uses (Jackson): it says
// where in the text something is wrong by where it stands at that moment, and it stands behind the
// first token of a value when it gives the value's name, and behind the opening quote of a string
// that nobody has asked for yet. Refusals come with those places (fact events-43), so both are kept
// here.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::events {

// What is wrong with a pattern, in AWS's words. Never leaves the parsing of patterns.
struct BadPattern : std::runtime_error {
  using runtime_error::runtime_error;
};

class PatternTokens {
 public:
  enum class Kind {
    begin_object,
    end_object,
    begin_array,
    end_array,
    name,
    text,
    number,
    yes,
    no,
    null,
    end
  };

  // The source outlives this.
  explicit PatternTokens(std::string_view source) : source_(source) {}

  Kind next();
  // Of the last name, string, number or literal.
  const std::string& text();

  // Throws: the reason, and the place where the reading stands.
  [[noreturn]] void refuse(const std::string& reason) const;

 private:
  struct Place {
    std::size_t line = 1, column = 1;
  };
  struct Container {
    bool object = false;
    bool empty = true;
    Place begin;
  };

  Kind value();
  Kind close(char mark);
  Kind word(std::string_view word, Kind kind);
  Kind number_token();
  void finish_string();
  void escape();
  char32_t code_unit();
  void blanks();
  bool at_end() const { return at_ == source_.size(); }
  char peek() const { return source_[at_]; }
  char take();
  Place place() const { return {line_, at_ - line_start_ + 1}; }
  std::string shown(Place place) const;
  [[noreturn]] void unexpected(char c, const std::string& expected) const;
  [[noreturn]] void ended() const;

  std::string_view source_;
  std::size_t at_ = 0, line_ = 1, line_start_ = 0;
  std::vector<Container> open_;
  bool named_ = false;  // a name was given: `ahead_` is what follows it
  Kind ahead_ = Kind::end;
  bool unread_ = false;  // of a string only the opening quote was read
  std::string text_, ahead_text_;
};

}  // namespace sitelatch::events
