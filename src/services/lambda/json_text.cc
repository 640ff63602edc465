// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/json_text.h"

#include "aws/wire/value.h"
#include "base/text.h"

namespace sitelatch::lambda {
namespace {

// A recogniser with its own stack of open brackets, so that depth costs a byte a level and no
// recursion.
class Recogniser {
 public:
  explicit Recogniser(std::string_view text) : text_(text) {}

  bool document() {
    for (;;) {
      if (!value()) return false;
      // After a value: close what closes, else go on to the next value of the innermost bracket.
      for (;;) {
        blanks();
        if (open_.empty()) return at_ == text_.size();
        if (take(open_.back() == '{' ? '}' : ']')) {
          open_.pop_back();
          continue;
        }
        if (!take(',')) return false;
        blanks();
        if (open_.back() == '{' && !key()) return false;
        break;
      }
    }
  }

 private:
  // Reads one value, or enters brackets until a scalar, or an empty bracket, ends the descent.
  bool value() {
    for (;;) {
      blanks();
      if (at_ == text_.size()) return false;
      const char c = text_[at_];
      if (c == '{' || c == '[') {
        ++at_;
        blanks();
        if (take(c == '{' ? '}' : ']')) return true;
        open_.push_back(c);
        if (c == '{' && !key()) return false;
        continue;
      }
      if (c == '"') return string();
      if (c == 't') return word("true");
      if (c == 'f') return word("false");
      if (c == 'n') return word("null");
      return number();
    }
  }
  bool key() {
    if (!string()) return false;
    blanks();
    return take(':');
  }
  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }
  bool escape() {
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    if (c != 'u') return std::string_view{"\"\\/bfnrt"}.find(c) != std::string_view::npos;
    for (int i = 0; i < 4; ++i)
      if (at_ == text_.size() || !is_hex(text_[at_++])) return false;
    return true;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }
  bool digits() {
    const auto from = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > from;
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }
  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string open_;
};

// Length of the UTF-8 sequence that a lead byte announces; 0 for what cannot lead.
std::size_t announced_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

}  // namespace

bool is_json(std::string_view text) { return valid_utf8(text) && Recogniser{text}.document(); }

std::string repaired_utf8(std::string_view text) {
  if (valid_utf8(text)) return std::string{text};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = announced_length(static_cast<unsigned char>(text[at]));
    const auto sequence = text.substr(at, length);
    if (length > 0 && sequence.size() == length && valid_utf8(sequence)) {
      out += sequence;
      at += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++at;
    }
  }
  return out;
}

std::string without_blanks(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  bool in_string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
    if (c == '"') in_string = !in_string;
    out += c;
    if (c == '\\' && at + 1 < json.size()) out += json[++at];  // an escaped quote ends nothing
  }
  return out;
}

std::string json_quoted(std::string_view text) { return aws::to_json(repaired_utf8(text)); }

}  // namespace sitelatch::lambda
