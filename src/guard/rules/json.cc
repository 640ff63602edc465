// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/json.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::guard {

// Recursive descent with a bounded depth; RFC 8259 to the letter (no comments, no trailing commas,
// no bare control characters).
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  std::optional<Json> read() {
    Json value;
    if (!read_value(value, 0)) return std::nullopt;
    skip_blanks();
    if (at_ != text_.size()) return std::nullopt;
    return value;
  }

 private:
  static constexpr int deepest = 64;
  static constexpr int most_values = 200'000;

  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool read_value(Json& value, int depth) {
    skip_blanks();
    if (at_ >= text_.size() || depth > deepest || ++values_ > most_values) return false;
    switch (text_[at_]) {
      case '{':
        return read_object(value, depth);
      case '[':
        return read_array(value, depth);
      case '"':
        value.type_ = Json::Type::string;
        return read_string(value.text_);
      case 't':
        value.type_ = Json::Type::boolean;
        value.text_ = "true";
        return take_word("true");
      case 'f':
        value.type_ = Json::Type::boolean;
        value.text_ = "false";
        return take_word("false");
      case 'n':
        return take_word("null");
      default:
        return read_number(value);
    }
  }

  bool read_object(Json& value, int depth) {
    value.type_ = Json::Type::object;
    ++at_;
    if (take('}')) return true;
    do {
      skip_blanks();
      std::string name;
      if (at_ >= text_.size() || text_[at_] != '"' || !read_string(name) || !take(':'))
        return false;
      Json member;
      if (!read_value(member, depth + 1)) return false;
      // A duplicate stays; the last one is found (operator[] looks from the end).
      value.names_.push_back(std::move(name));
      value.elements_.push_back(std::move(member));
    } while (take(','));
    return take('}');
  }

  bool read_array(Json& value, int depth) {
    value.type_ = Json::Type::array;
    ++at_;
    if (take(']')) return true;
    do {
      Json element;
      if (!read_value(element, depth + 1)) return false;
      value.elements_.push_back(std::move(element));
    } while (take(','));
    return take(']');
  }

  bool digits() {
    const auto start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > start;
  }
  bool read_number(Json& value) {
    const auto start = at_;
    if (text_[at_] == '-') ++at_;
    const auto first = at_;
    if (!digits() || (text_[first] == '0' && at_ - first > 1)) return false;
    if (at_ < text_.size() && text_[at_] == '.' && (++at_, !digits())) return false;
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits()) return false;
    }
    value.type_ = Json::Type::number;
    value.text_ = text_.substr(start, at_ - start);
    return true;
  }

  std::optional<unsigned> four_hex() {
    if (at_ + 4 > text_.size()) return std::nullopt;
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(text_[at_++]);
      if (digit < 0) return std::nullopt;
      code = code * 16 + static_cast<unsigned>(digit);
    }
    return code;
  }
  bool read_escape(std::string& out) {
    if (at_ >= text_.size()) return false;
    switch (text_[at_++]) {
      case '"':
        out += '"';
        return true;
      case '\\':
        out += '\\';
        return true;
      case '/':
        out += '/';
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'u':
        break;
      default:
        return false;
    }
    auto code = four_hex();
    if (!code) return false;
    if (*code >= 0xD800 && *code < 0xDC00) {
      if (!take_word("\\u")) return false;
      const auto low = four_hex();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    } else if (*code >= 0xDC00 && *code <= 0xDFFF) {
      return false;
    }
    append_utf8(out, *code);
    return true;
  }
  bool read_string(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\')
        out += c;
      else if (!read_escape(out))
        return false;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int values_ = 0;
};

std::optional<Json> Json::parse(std::string_view text) {
  if (!valid_utf8(text)) return std::nullopt;
  return JsonReader{text}.read();
}

const Json& Json::operator[](std::string_view name) const {
  static const Json none;
  for (std::size_t i = names_.size(); i-- > 0;)
    if (names_[i] == name) return elements_[i];
  return none;
}

bool Json::has(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

std::optional<double> Json::number() const {
  return type_ == Type::number ? parse_double(text_) : std::nullopt;
}

bool Json::operator==(const Json& other) const {
  if (type_ != other.type_ || elements_.size() != other.elements_.size()) return false;
  if (type_ == Type::number) return text_ == other.text_ || number() == other.number();
  if (type_ != Type::object) return text_ == other.text_ && elements_ == other.elements_;
  for (const auto& name : names_)
    if (!other.has(name) || !((*this)[name] == other[name])) return false;
  return true;
}

std::string json_text(std::string_view text) {
  std::string sound;
  if (!valid_utf8(text)) {
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x80)
        sound += c;
      else
        append_utf8(sound, 0xFFFD);
    }
    text = sound;
  }
  std::string out;
  append_json_string(out, text);
  return out;
}

JsonObject& JsonObject::add(std::string_view name, std::string_view value) {
  return raw(name, json_text(value));
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  if (!body_.empty()) body_ += ',';
  body_ += json_text(name);
  body_ += ':';
  body_ += json;
  return *this;
}

std::string json_array(const std::vector<std::string>& elements) {
  return "[" + join(elements, ",") + "]";
}

}  // namespace sitelatch::guard
