// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <cmath>

#include "aws/wire/codec.h"
#include "aws/wire/json_parse.h"
#include "aws/wire/stored.h"
#include "aws/wire/value.h"

namespace sitelatch::aws {
namespace json = boost::json;
namespace {

// Deeper than what any decoder lets in, so that whatever was written can be read again.
constexpr std::size_t deepest = 1024;

json::value to_boost(const Value& value) {
  if (value.is_bool()) return value.boolean();
  if (value.is_integer()) return value.integer();
  // JSON has no words for the others; Boost's are no JSON.
  if (value.is_double())
    return std::isfinite(value.number()) ? json::value(value.number()) : nullptr;
  if (value.is_string()) return json::string{value.string()};
  if (value.is_timestamp()) return unix_ms(value.timestamp());
  if (value.is_list()) {
    json::array out;
    for (const auto& item : value.items()) out.push_back(to_boost(item));
    return out;
  }
  if (value.is_struct()) {
    json::object out;
    for (const auto& [name, member] : value.members()) out.emplace(name, to_boost(member));
    return out;
  }
  return nullptr;
}

}  // namespace

std::string to_json(const Value& value) { return json::serialize(to_boost(value)); }

std::optional<Value> from_json(std::string_view text) {
  // More values than any request can bring, so more than any row of ours holds (fact wire-25).
  constexpr std::size_t nodes_max = 1'000'000;
  if (text.size() > nodes_max && codec::count_json_nodes(text) > nodes_max) return std::nullopt;
  json::error_code error;
  const auto parsed = parse_json(text, deepest, error);
  if (error) return std::nullopt;
  return value_of(parsed);
}

Value stored_value(std::string_view row) {
  auto value = from_json(row);
  if (!value) throw WrongKind("not JSON");
  return std::move(*value);
}

}  // namespace sitelatch::aws
