// SPDX-License-Identifier: Apache-2.0
// JSON bodies by shape. Texts of errors are AWS's own for wrong kinds ("STRING_VALUE can not be
// converted ...").
#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "aws/wire/codec.h"
#include "aws/wire/json_parse.h"
#include "base/text.h"

namespace sitelatch::aws::codec {
namespace {
namespace json = boost::json;

json::value parse(std::string_view text, json::storage_ptr memory, std::size_t nodes_max) {
  if (text.size() > nodes_max && count_json_nodes(text) > nodes_max) too_many_nodes();
  boost::system::error_code problem;
  auto document = parse_json(text, max_depth, problem, std::move(memory));
  if (problem) throw Malformed{"Could not parse request body into json: " + problem.message()};
  return document;
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "Boolean";
    case Kind::integer:
      return "Integer";
    case Kind::floating:
      return "Double";
    case Kind::timestamp:
      return "Timestamp";
    case Kind::blob:
      return "Blob";
    default:
      return "String";
  }
}

[[noreturn]] void wrong_kind(const json::value& value, const Shape& shape) {
  if (value.is_object()) throw Malformed{"Start of structure or map found where not expected."};
  if (value.is_array()) throw Malformed{"Start of list found where not expected"};
  std::string_view found = "NUMBER_VALUE";
  if (value.is_string()) found = "STRING_VALUE";
  if (value.is_bool()) found = value.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
  if (shape.kind == Kind::structure || shape.kind == Kind::list || shape.kind == Kind::map)
    throw Malformed{fmt::format("Unexpected token received from parser: {}", found)};
  const auto wanted =
      shape.kind == Kind::integer && shape.wide ? std::string_view{"Long"} : kind_name(shape.kind);
  throw Malformed{fmt::format("{} can not be converted to {} {}", found,
                              wanted == "Integer" ? "an" : "a", wanted)};
}

Value number_value(const Shape& shape, const json::value& value) {
  if (shape.kind == Kind::floating) {
    if (value.is_number()) return value.to_number<double>();
    const auto text = value.is_string() ? std::string_view{value.get_string()} : std::string_view{};
    if (text == "NaN") return std::nan("");
    if (text == "Infinity") return HUGE_VAL;
    if (text == "-Infinity") return -HUGE_VAL;
    wrong_kind(value, shape);
  }
  std::int64_t number = 0;
  if (const auto* integer = value.if_int64()) {
    number = *integer;
  } else if (const auto* real = value.if_double();
             real && std::abs(*real) < 9e18 && std::trunc(*real) == *real) {
    number = static_cast<std::int64_t>(*real);
  } else {
    wrong_kind(value, shape);
  }
  if (!shape.wide && (number < INT32_MIN || number > INT32_MAX))
    throw Malformed{"NUMBER_VALUE can not be converted to an Integer"};
  return number;
}

// Whether an item or value that is null is left out, where it is not refused.
bool dropped(const json::value& value, Nulls nulls, std::string_view what) {
  if (!value.is_null()) return false;
  if (nulls == Nulls::refused) throw Malformed{fmt::format("{} must not be null", what)};
  return true;
}

Value from(const ServiceModel& model, const Member& place, const json::value& value, Nulls nulls);

Value structure_of(const ServiceModel& model, const Shape& shape, const json::value& value,
                   Nulls nulls) {
  const auto* object = value.if_object();
  if (!object) wrong_kind(value, shape);
  auto out = Value::structure();
  auto& members = out.members_mut();
  members.reserve(object->size());
  for (const auto& entry : *object) {
    const auto* member = shape.by_wire_name(entry.key());
    if (!member || entry.value().is_null()) continue;
    members.push_back({member->name, from(model, *member, entry.value(), nulls)});
  }
  return out;
}

Value from(const ServiceModel& model, const Member& place, const json::value& value, Nulls nulls) {
  const auto& shape = model.shape(place.shape);
  switch (shape.kind) {
    case Kind::structure:
      return structure_of(model, shape, value, nulls);
    case Kind::list: {
      const auto* array = value.if_array();
      if (!array) wrong_kind(value, shape);
      Value::List items;
      items.reserve(array->size());
      for (const auto& item : *array)
        if (!dropped(item, nulls, "An item of a list"))
          items.push_back(from(model, shape.element, item, nulls));
      return items;
    }
    case Kind::map: {
      const auto* object = value.if_object();
      if (!object) wrong_kind(value, shape);
      auto out = Value::structure();
      for (const auto& entry : *object)
        if (!dropped(entry.value(), nulls, "A value of a map"))
          out.members_mut().push_back({std::string{std::string_view{entry.key()}},
                                       from(model, shape.element, entry.value(), nulls)});
      return out;
    }
    case Kind::integer:
    case Kind::floating:
      return number_value(shape, value);
    case Kind::boolean:
      if (!value.is_bool()) wrong_kind(value, shape);
      return value.get_bool();
    case Kind::timestamp:
      if (value.is_number()) return timestamp_of(value.to_number<double>());
      if (!value.is_string()) wrong_kind(value, shape);
      return read_timestamp(std::string_view{value.get_string()});
    case Kind::string:
    case Kind::blob:
      if (!value.is_string()) wrong_kind(value, shape);
      if (place.json_value) return read_document(value.get_string());
      return shape.kind == Kind::blob ? read_scalar(model, place, value.get_string())
                                      : Value{std::string_view{value.get_string()}};
    case Kind::document:
      return value_of(value);
  }
  return {};
}

void write_document(std::string& out, const Value& value) {
  if (value.is_struct()) {
    out += '{';
    bool first = true;
    for (const auto& [name, inner] : value.members()) {
      if (!first) out += ',';
      first = false;
      append_json_string(out, name);
      out += ':';
      write_document(out, inner);
    }
    out += '}';
  } else if (value.is_list()) {
    out += '[';
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      if (i) out += ',';
      write_document(out, value.items()[i]);
    }
    out += ']';
  } else if (value.is_string()) {
    append_json_string(out, value.string());
  } else if (value.is_bool()) {
    out += value.boolean() ? "true" : "false";
  } else if (value.is_integer()) {
    out += fmt::format("{}", value.integer());
  } else if (value.is_double()) {
    if (std::isfinite(value.number()))
      out += fmt::format("{}", value.number());
    else
      out += "null";
  } else if (value.is_timestamp()) {
    write_timestamp(out, value.timestamp(), TimestampFormat::epoch_seconds);
  } else {
    out += "null";
  }
}

}  // namespace

std::size_t count_json_nodes(std::string_view text) {
  std::size_t count = 1;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\')
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == ',' || c == '[' || c == '{'))
      ++count;
  }
  return count;
}

Value read_json(const ServiceModel& model, const Member& place, std::string_view text,
                const Reading& reading) {
  if (trim(text).empty()) return Value::structure();
  unsigned char buffer[8192];
  json::monotonic_resource memory{buffer, sizeof buffer};
  const auto document = parse(text, &memory, reading.nodes_max);
  if (document.is_null()) return {};
  return from(model, place, document, reading.nulls);
}

Value read_document(std::string_view text) {
  json::monotonic_resource memory;
  return value_of(parse(text, &memory, Reading{}.nodes_max));
}

bool write_json_members(std::string& out, const ServiceModel& model, const Shape& shape,
                        const Value& value, bool first) {
  for (const auto& member : shape.members) {
    if (member.location != Location::body) continue;
    const auto& inner = value[member.name];
    if (inner.is_null()) continue;
    if (!first) out += ',';
    first = false;
    append_json_string(out, member.wire_name);
    out += ':';
    write_json(out, model, member, inner);
  }
  return !first;
}

void write_json(std::string& out, const ServiceModel& model, const Member& place,
                const Value& value) {
  const auto& shape = model.shape(place.shape);
  if (value.is_null()) {
    out += shape.kind == Kind::structure ? "{}" : "null";
    return;
  }
  switch (shape.kind) {
    case Kind::structure:
      out += '{';
      write_json_members(out, model, shape, value, true);
      out += '}';
      return;
    case Kind::list:
      out += '[';
      for (std::size_t i = 0; i < value.items().size(); ++i) {
        if (i) out += ',';
        if (value.items()[i].is_null())
          out += "null";
        else
          write_json(out, model, shape.element, value.items()[i]);
      }
      out += ']';
      return;
    case Kind::map: {
      out += '{';
      bool first = true;
      for (const auto& [key, inner] : value.members()) {
        if (!first) out += ',';
        first = false;
        append_json_string(out, key);
        out += ':';
        if (inner.is_null())
          out += "null";
        else
          write_json(out, model, shape.element, inner);
      }
      out += '}';
      return;
    }
    case Kind::string: {
      if (value.is_string()) return append_json_string(out, value.string());
      if (place.json_value) return append_json_string(out, to_json(value));
      std::string text;  // a number or time that the service keeps as such and AWS shows as text
      write_scalar(text, model, place, value, TimestampFormat::iso8601);
      return append_json_string(out, text);
    }
    case Kind::blob:
      append_json_string(out, base64(value.string()));
      return;
    case Kind::boolean:
      out += value.boolean() ? "true" : "false";
      return;
    case Kind::integer:
      out += fmt::format("{}", value.is_integer() ? value.integer() : std::llround(value.number()));
      return;
    case Kind::floating:
      if (!std::isfinite(value.number())) {
        out += '"';
        write_double(out, value.number());
        out += '"';
      } else {
        write_double(out, value.number());
      }
      return;
    case Kind::timestamp: {
      const bool text = place.timestamp_format == TimestampFormat::iso8601 ||
                        place.timestamp_format == TimestampFormat::http_date;
      if (text) out += '"';
      write_scalar(out, model, place, value, TimestampFormat::epoch_seconds);
      if (text) out += '"';
      return;
    }
    case Kind::document:
      write_document(out, value);
      return;
  }
}

}  // namespace sitelatch::aws::codec
