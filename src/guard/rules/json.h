// SPDX-License-Identifier: Apache-2.0
// JSON, small: what the guard reads (events, AWS's answers, policies) and writes. Own code because
// the static function must stay small and its input is hostile: depth and size are bounded, nothing
// throws, text must be UTF-8, duplicate keys keep the last value, numbers keep their spelling.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sitelatch::guard {

class Json {
 public:
  enum class Type { null, boolean, number, string, array, object };

  // Nothing: not JSON, deeper than 64, or more than 200,000 values.
  static std::optional<Json> parse(std::string_view text);

  Type type() const { return type_; }
  bool is_object() const { return type_ == Type::object; }
  bool is_array() const { return type_ == Type::array; }
  bool is_string() const { return type_ == Type::string; }
  bool is_null() const { return type_ == Type::null; }

  // Members of an object, elements of an array; a null value where there is none.
  const Json& operator[](std::string_view name) const;
  const std::vector<Json>& elements() const { return elements_; }
  const std::vector<std::string>& names() const {
    return names_;
  }  // of an object, beside elements()
  bool has(std::string_view name) const;

  const std::string& text() const { return text_; }  // of a string; a number as spelled; else ""
  std::optional<double> number() const;
  bool boolean() const { return type_ == Type::boolean && text_ == "true"; }

  // Equal as values: objects whatever their order, numbers by value.
  bool operator==(const Json& other) const;

 private:
  friend class JsonReader;
  Type type_ = Type::null;
  std::string text_;
  std::vector<std::string> names_;
  std::vector<Json> elements_;
};

// "text" with quotes and escapes, valid JSON whatever the bytes (broken UTF-8 becomes U+FFFD).
std::string json_text(std::string_view text);

// Writes one object: JsonObject{}.add("a", "b").raw("n", "1").text()
class JsonObject {
 public:
  JsonObject& add(std::string_view name, std::string_view value);
  JsonObject& raw(std::string_view name, std::string_view json);
  std::string text() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};
std::string json_array(const std::vector<std::string>& elements);  // elements: JSON

}  // namespace sitelatch::guard
