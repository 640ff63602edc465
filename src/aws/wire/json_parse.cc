// SPDX-License-Identifier: Apache-2.0
#include "aws/wire/json_parse.h"

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <utility>

namespace sitelatch::aws {
namespace {
namespace json = boost::json;
using boost::system::error_code;

// What json::parser does with what it reads, but for real numbers. (The names and limits are those
// that basic_parser asks for.)
struct Builder {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t size, error_code&) {
    values.push_object(size);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t size, error_code&) {
    values.push_array(size);
    return true;
  }
  bool on_key_part(json::string_view text, std::size_t, error_code&) {
    values.push_chars(text);
    return true;
  }
  bool on_key(json::string_view text, std::size_t, error_code&) {
    values.push_key(text);
    return true;
  }
  bool on_string_part(json::string_view text, std::size_t, error_code&) {
    values.push_chars(text);
    return true;
  }
  bool on_string(json::string_view text, std::size_t, error_code&) {
    values.push_string(text);
    return true;
  }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, error_code&) {
    values.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, error_code&) {
    values.push_uint64(number);
    return true;
  }
  // The text is whole, since the document comes in one piece. What no double can hold stays what
  // Boost.JSON makes of it.
  bool on_double(double number, json::string_view text, error_code&) {
    double exact = 0;
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, exact);
    values.push_double(read.ec == std::errc{} && read.ptr == end ? exact : number);
    return true;
  }
  bool on_bool(bool value, error_code&) {
    values.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    values.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  json::value_stack values;
};

}  // namespace

json::value parse_json(std::string_view text, std::size_t deepest, error_code& problem,
                       json::storage_ptr memory) {
  json::parse_options options;
  options.max_depth = deepest;
  json::basic_parser<Builder> parser(options);
  parser.handler().values.reset(std::move(memory));
  const auto read = parser.write_some(false, text.data(), text.size(), problem);
  if (!problem && read < text.size()) problem = json::error::extra_data;
  if (problem) return nullptr;
  return parser.handler().values.release();
}

Value value_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      break;
    case json::kind::bool_:
      return value.get_bool();
    case json::kind::int64:
      return std::int64_t{value.get_int64()};
    case json::kind::uint64:
      return static_cast<double>(value.get_uint64());
    case json::kind::double_:
      return value.get_double();
    case json::kind::string:
      return std::string_view{value.get_string()};
    case json::kind::array: {
      Value::List items;
      for (const auto& item : value.get_array()) items.push_back(value_of(item));
      return items;
    }
    case json::kind::object: {
      auto out = Value::structure();
      for (const auto& [name, member] : value.get_object())
        out.members_mut().push_back({std::string{name}, value_of(member)});
      return out;
    }
  }
  return {};
}

}  // namespace sitelatch::aws
