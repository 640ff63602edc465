// SPDX-License-Identifier: Apache-2.0
#include "services/events/pattern_tokens.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sitelatch::events {
namespace {
using Kind = PatternTokens::Kind;

constexpr std::size_t longest_shown = 500, deepest = 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

std::string quoted_code(char c) {
  const auto code = static_cast<unsigned char>(c);
  if (code < 0x20) return fmt::format("((CTRL-CHAR, code {}))", code);
  return fmt::format("('{}' (code {}))", c, code);
}

}  // namespace

std::string PatternTokens::shown(Place place) const {
  std::string out = "[Source: (String)\"";
  out += source_.substr(0, longest_shown);
  out += '"';
  if (source_.size() > longest_shown)
    out += fmt::format("[truncated {} chars]", source_.size() - longest_shown);
  return out + fmt::format("; line: {}, column: {}]", place.line, place.column);
}

void PatternTokens::refuse(const std::string& reason) const {
  throw BadPattern{reason + "\n at " + shown(place())};
}

void PatternTokens::unexpected(char c, const std::string& expected) const {
  refuse("Unexpected character " + quoted_code(c) + ": " + expected);
}

void PatternTokens::ended() const {
  refuse(fmt::format("Unexpected end-of-input: expected close marker for {} (start marker at {})",
                     open_.back().object ? "Object" : "Array", shown(open_.back().begin)));
}

char PatternTokens::take() {
  const char c = source_[at_++];
  if (c == '\n') {
    ++line_;
    line_start_ = at_;
  }
  return c;
}

void PatternTokens::blanks() {
  while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n')) take();
}

Kind PatternTokens::next() {
  if (named_) {
    named_ = false;
    text_ = std::move(ahead_text_);
    return ahead_;
  }
  if (unread_) finish_string();
  blanks();
  if (open_.empty()) return at_end() ? Kind::end : value();
  if (at_end()) ended();
  Container& inside = open_.back();
  if (peek() == ']' || peek() == '}') return close(take());
  if (!inside.empty) {
    const char c = take();
    if (c != ',')
      unexpected(c, fmt::format("was expecting comma to separate {} entries",
                                inside.object ? "Object" : "Array"));
    blanks();
    if (at_end()) ended();
  }
  inside.empty = false;
  if (!inside.object) return value();
  if (const char c = take(); c != '"')
    unexpected(c, "was expecting double-quote to start field name");
  unread_ = true;
  finish_string();
  blanks();
  if (at_end()) ended();
  if (const char c = take(); c != ':')
    unexpected(c, "was expecting a colon to separate field name and value");
  blanks();
  if (at_end()) ended();
  std::string name = std::move(text_);
  ahead_ = value();
  named_ = true;
  ahead_text_ = std::move(text_);
  text_ = std::move(name);
  return Kind::name;
}

// A string that was asked for is read to its end; the one behind a name is not there yet.
const std::string& PatternTokens::text() {
  if (unread_ && !named_) finish_string();
  return text_;
}

Kind PatternTokens::value() {
  const Place begin = place();
  text_.clear();
  const char c = take();
  switch (c) {
    case '"':
      unread_ = true;
      return Kind::text;
    case '{':
    case '[':
      if (open_.size() == deepest)
        throw BadPattern{fmt::format("Document nesting depth ({}) exceeds the maximum allowed ({})",
                                     deepest + 1, deepest)};
      open_.push_back({c == '{', true, begin});
      return c == '{' ? Kind::begin_object : Kind::begin_array;
    case 't':
      return word("true", Kind::yes);
    case 'f':
      return word("false", Kind::no);
    case 'n':
      return word("null", Kind::null);
    default:
      break;
  }
  if (c == '-' || is_digit(c)) return number_token();
  if (is_word(c)) return word("", Kind::null);
  unexpected(c,
             "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' "
             "or 'false')");
}

Kind PatternTokens::close(char mark) {
  const Container inside = open_.back();
  if ((mark == '}') != inside.object)
    refuse(fmt::format("Unexpected close marker '{}': expected '{}' (for {} starting at {})", mark,
                       inside.object ? '}' : ']', inside.object ? "Object" : "Array",
                       shown(inside.begin)));
  open_.pop_back();
  return mark == '}' ? Kind::end_object : Kind::end_array;
}

Kind PatternTokens::word(std::string_view word, Kind kind) {
  const std::size_t begin = at_ - 1;
  while (!at_end() && is_word(peek())) take();
  text_ = source_.substr(begin, at_ - begin);
  if (text_ == word) return kind;
  refuse("Unrecognized token '" + text_ +
         "': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
         "'false')");
}

Kind PatternTokens::number_token() {
  const std::size_t begin = at_ - 1;
  const auto digits = [&] {
    if (at_end()) refuse("Unexpected end-of-input within/between number");
    if (!is_digit(peek())) unexpected(take(), "Expected digit (0-9) to follow in a numeric value");
    while (!at_end() && is_digit(peek())) take();
  };
  at_ = begin;
  if (peek() == '-') take();
  const std::size_t first = at_;
  digits();
  if (source_[first] == '0' && at_ > first + 1)
    refuse("Invalid numeric value: Leading zeroes not allowed");
  if (!at_end() && peek() == '.') {
    take();
    digits();
  }
  if (!at_end() && (peek() == 'e' || peek() == 'E')) {
    take();
    if (!at_end() && (peek() == '+' || peek() == '-')) take();
    digits();
  }
  text_ = source_.substr(begin, at_ - begin);
  return Kind::number;
}

void PatternTokens::finish_string() {
  unread_ = false;
  text_.clear();
  while (true) {
    if (at_end()) refuse("Unexpected end-of-input: was expecting closing quote for a string value");
    const char c = take();
    if (c == '"') return;
    if (c == '\\') {
      escape();
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x20)
      refuse("Illegal unquoted character " + quoted_code(c) +
             ": has to be escaped using backslash to be included in string value");
    text_ += c;
  }
}

void PatternTokens::escape() {
  if (at_end()) refuse("Unexpected end-of-input in character escape sequence");
  const char c = take();
  static constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
  if (const auto known = from.find(c); known != std::string_view::npos) {
    text_ += to[known];
    return;
  }
  if (c != 'u') refuse(fmt::format("Unrecognized character escape {}", quoted_code(c)));
  char32_t code = code_unit();
  const bool high = code >= 0xd800 && code < 0xdc00;
  if (high && source_.substr(at_).starts_with("\\u")) {
    at_ += 2;
    const char32_t low = code_unit();
    if (low >= 0xdc00 && low < 0xe000)
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    else
      code = 0xfffd;
  } else if (code >= 0xd800 && code < 0xe000) {
    code = 0xfffd;
  }
  append_utf8(text_, code);
}

char32_t PatternTokens::code_unit() {
  char32_t out = 0;
  for (int i = 0; i < 4; ++i) {
    if (at_end()) refuse("Unexpected end-of-input in character escape sequence");
    const char c = take();
    const int digit = hex_digit(c);
    if (digit < 0) unexpected(c, "expected a hex-digit for character escape sequence");
    out = out * 16 + static_cast<char32_t>(digit);
  }
  return out;
}

}  // namespace sitelatch::events
