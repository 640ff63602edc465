// SPDX-License-Identifier: Apache-2.0
#include "dns/rdata_fields.h"

#include <fmt/format.h>

#include "base/text.h"
#include "dns/name.h"

namespace sitelatch::dns {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }

// Reads a quoted word whose opening quote is at text[at]; moves `at` past the closing one.
std::optional<Word> read_quoted(std::string_view text, std::size_t& at) {
  Word word{{}, true};
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') {
      ++at;
      return word;
    }
    if (text[at] != '\\') {
      word.bytes += text[at];
      continue;
    }
    if (++at == text.size()) return std::nullopt;
    if (text[at] < '0' || text[at] > '9') {
      word.bytes += text[at];
      continue;
    }
    if (at + 3 > text.size() || !is_octal(text[at]) || !is_octal(text[at + 1]) ||
        !is_octal(text[at + 2])) {
      return std::nullopt;
    }
    const int value = (text[at] - '0') * 64 + (text[at + 1] - '0') * 8 + (text[at + 2] - '0');
    if (value > 255) return std::nullopt;
    word.bytes += static_cast<char>(value);
    at += 2;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<Word>> split_words(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    if (is_blank(text[at])) {
      ++at;
      continue;
    }
    // `"a""b"` is two words (fact route53-98), `"a"b` and `a"b""c"` are none.
    const bool next_quoted = text[at] == '"' && !words.empty() && words.back().quoted;
    if (at > 0 && !is_blank(text[at - 1]) && !next_quoted) return std::nullopt;
    if (text[at] == '"') {
      auto word = read_quoted(text, at);
      if (!word) return std::nullopt;
      words.push_back(std::move(*word));
      continue;
    }
    Word word;
    while (at < text.size() && !is_blank(text[at]) && text[at] != '"') word.bytes += text[at++];
    if (at < text.size() && text[at] == '"') {  // key="value" of service parameters
      const auto value = read_quoted(text, at);
      if (!value) return std::nullopt;
      word.bytes += value->bytes;
    }
    words.push_back(std::move(word));
  }
  return words;
}

void append_number(std::string& wire, std::uint64_t value, unsigned bytes) {
  while (bytes-- > 0) wire += static_cast<char>(value >> (8 * bytes) & 0xff);
}

Fields::Fields(std::string_view text) : text_(text) {
  auto words = split_words(text);
  if (words) {
    words_ = std::move(*words);
  } else {
    refuse("InvalidCharacterString (Value should be enclosed in quotation marks)");
  }
}

Fields& Fields::refuse(std::string_view problem) {
  if (!problem_) problem_ = fmt::format("{} encountered with '{}'", problem, text_);
  return *this;
}

const Word& Fields::peek() const {
  static const Word none;
  return ended() ? none : words_[next_];
}

Word Fields::take() {
  Word word = peek();
  ++next_;
  return word;
}

Fields& Fields::count(std::size_t wanted, std::string_view problem) {
  return words_.size() == wanted ? *this : refuse(problem);
}

Fields& Fields::single(std::string_view kind) {
  if (words_.size() <= 1) return *this;
  return refuse(fmt::format("{}RRDATANotSingleField (Value contains spaces)", kind));
}

Fields& Fields::at_least(std::size_t wanted, std::string_view problem) {
  return words_.size() >= wanted ? *this : refuse(problem);
}

Fields& Fields::number(unsigned bytes, std::string_view problem) {
  const Word word = take();
  const auto value = parse_int(word.bytes);
  const bool plain =
      !word.quoted && !word.bytes.empty() && word.bytes[0] >= '0' && word.bytes[0] <= '9';
  if (!plain || !value || *value < 0 || *value >= (std::int64_t{1} << (8 * bytes)))
    return refuse(problem);
  append_number(wire_, static_cast<std::uint64_t>(*value), bytes);
  return *this;
}

Fields& Fields::name() {
  const Word word = take();
  const auto wire = name_from_text(word.bytes, Case::keep);
  if (!wire) {
    if (!problem_) problem_ = wire.error().text;
    return *this;
  }
  wire_ += *wire;
  return *this;
}

Fields& Fields::character_string(bool must_be_quoted) {
  const Word word = take();
  if (must_be_quoted && !word.quoted) {
    return refuse("InvalidCharacterString (Value should be enclosed in quotation marks)");
  }
  if (word.bytes.size() > 255) return refuse("CharacterStringTooLong (Value is too long)");
  append_number(wire_, word.bytes.size(), 1);
  wire_ += word.bytes;
  return *this;
}

Fields& Fields::character_strings(std::string_view empty_problem) {
  if (ended()) return refuse(empty_problem);
  while (!ended()) character_string();
  return *this;
}

Fields& Fields::bytes(const std::optional<std::string>& converted, std::string_view problem) {
  take();
  if (!converted) return refuse(problem);
  wire_ += *converted;
  return *this;
}

std::string Fields::joined_rest() {
  std::string joined;
  while (!ended()) joined += take().bytes;
  return joined;
}

Fields& Fields::hex_rest(std::string_view problem) {
  const auto converted = unhex(joined_rest());
  if (!converted || converted->empty()) return refuse(problem);
  wire_ += *converted;
  return *this;
}

Result<std::string> Fields::finish() {
  if (problem_) return failure(Problem{*problem_});
  if (wire_.size() > 0xffff)
    return failure(Problem{"RRDATATooLong (Value is too long) encountered with a value"});
  return std::move(wire_);
}

}  // namespace sitelatch::dns
