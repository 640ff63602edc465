// SPDX-License-Identifier: Apache-2.0
// Scalars as text and their formats.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <unordered_map>

#include "aws/wire/codec.h"
#include "base/check.h"
#include "base/text.h"

namespace sitelatch::aws::codec {
namespace {

std::optional<double> parse_number(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  const auto number = parse_double(text);
  if (number && !std::isfinite(*number)) return std::nullopt;  // "inf", "nan": not AWS's spelling
  return number;
}

bool fits(const Shape& shape, std::int64_t number) {
  return shape.wide || (number >= std::numeric_limits<std::int32_t>::min() &&
                        number <= std::numeric_limits<std::int32_t>::max());
}

}  // namespace

void too_many_nodes() {
  throw Malformed{"The request holds more values than this operation can be asked with",
                  "RequestEntityTooLarge"};
}

Instant timestamp_of(double epoch_seconds) {
  constexpr double year_1 = -62135596800, year_10000 = 253402300800;
  if (!(epoch_seconds >= year_1 && epoch_seconds < year_10000))
    throw Malformed{"Timestamp out of range"};
  return from_unix_ms(std::llround(epoch_seconds * 1000));
}

Instant read_timestamp(std::string_view text) {
  if (const auto parsed = parse_iso8601(text)) return *parsed;
  if (const auto seconds = parse_number(text)) return timestamp_of(*seconds);
  if (const auto parsed = parse_http_date(text)) return *parsed;
  throw Malformed{fmt::format("Invalid timestamp: {}", text.substr(0, 64))};
}

Value read_scalar(const ServiceModel& model, const Member& place, std::string_view text) {
  const auto& shape = model.shape(place.shape);
  switch (shape.kind) {
    case Kind::boolean: {
      const auto word = trim(text);
      if (equal_ignoring_case(word, "true") || word == "1") return true;
      if (equal_ignoring_case(word, "false") || word == "0") return false;
      throw Malformed{fmt::format("Value '{}' is not a boolean", text.substr(0, 64))};
    }
    case Kind::integer: {
      const auto number = parse_int(trim(text));
      if (!number || !fits(shape, *number))
        throw Malformed{fmt::format("Value '{}' is not a valid number", text.substr(0, 64))};
      return *number;
    }
    case Kind::floating: {
      const auto number = parse_number(trim(text));
      if (!number)
        throw Malformed{fmt::format("Value '{}' is not a valid number", text.substr(0, 64))};
      return *number;
    }
    case Kind::timestamp:
      return read_timestamp(trim(text));
    case Kind::blob: {
      std::string compact;
      for (const char c : text)
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') compact += c;
      auto bytes = unbase64(compact);
      if (!bytes) throw Malformed{"Invalid base64"};
      return std::move(*bytes);
    }
    case Kind::string:
      return text;
    case Kind::document:
      return read_document(text);
    case Kind::structure:
    case Kind::list:
    case Kind::map:
      break;
  }
  throw Malformed{"Unexpected text where a structure, list or map is expected"};
}

void write_double(std::string& out, double number) {
  if (std::isnan(number))
    out += "NaN";
  else if (std::isinf(number))
    out += number > 0 ? "Infinity" : "-Infinity";
  else {
    const auto text = fmt::format("{}", number);
    out += text;
    if (text.find_first_of(".e") == std::string::npos) out += ".0";
  }
}

void write_timestamp(std::string& out, Instant t, TimestampFormat format) {
  const auto ms = unix_ms(t);
  switch (format) {
    case TimestampFormat::http_date:
      out += http_date(t);
      return;
    case TimestampFormat::epoch_seconds:
      if (ms % 1000 == 0)
        out += fmt::format("{}", ms / 1000);
      else
        out += fmt::format("{}", static_cast<double>(ms) / 1000);
      return;
    case TimestampFormat::iso8601:
    case TimestampFormat::by_protocol:
      break;
  }
  out += ms % 1000 == 0 ? iso8601_seconds(t) : iso8601_ms(t);
}

void write_scalar(std::string& out, const ServiceModel& model, const Member& place,
                  const Value& value, TimestampFormat otherwise) {
  if (value.is_bool())
    out += value.boolean() ? "true" : "false";
  else if (value.is_timestamp())
    write_timestamp(out, value.timestamp(),
                    place.timestamp_format == TimestampFormat::by_protocol
                        ? otherwise
                        : place.timestamp_format);
  else if (value.is_string())
    out += model.shape(place.shape).kind == Kind::blob ? base64(value.string()) : value.string();
  else if (value.is_number() && model.shape(place.shape).kind == Kind::floating)
    write_double(out, value.number());
  else if (value.is_integer())
    out += fmt::format("{}", value.integer());
  else if (value.is_double())
    write_double(out, value.number());
}

void drop_duplicates(Value::Struct& entries) {
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t i = 0; i < entries.size(); ++i) last[entries[i].name] = i;
  if (last.size() == entries.size()) return;
  Value::Struct kept;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (last.at(entries[i].name) == i) kept.push_back(entries[i]);
  entries = std::move(kept);
}

const Member* message_member(const Shape& shape) {
  for (const auto name : {"message", "Message", "errorMessage"})
    if (const auto* member = shape.member(name)) return member;
  return nullptr;
}

}  // namespace sitelatch::aws::codec
