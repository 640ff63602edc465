// SPDX-License-Identifier: Apache-2.0
#include "aws/wire/value.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "aws/wire/stored.h"

namespace sitelatch::aws {
namespace {
const Value null_value;
const Value::List no_items;
const Value::Struct no_members;

// Documents may hold any number: what no integer can be is the nearest that can.
std::int64_t nearest_integer(double number) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (std::isnan(number)) return 0;
  if (number >= 9.2e18) return Limits::max();
  return number <= -9.2e18 ? Limits::min() : static_cast<std::int64_t>(number);
}

void expect(bool kind, const char* wanted) {
  if (!kind) throw WrongKind(std::string{"a value is not "} + wanted);
}
}  // namespace

Value Value::structure(std::initializer_list<std::pair<std::string_view, Value>> members) {
  Value out;
  auto& list = out.members_mut();
  for (const auto& [name, value] : members)
    if (!value.is_null()) list.push_back({std::string{name}, value});
  return out;
}

bool Value::boolean() const {
  expect(is_bool(), "a boolean");
  return std::get<bool>(state_);
}
std::int64_t Value::integer() const {
  if (is_double()) return nearest_integer(std::get<double>(state_));
  expect(is_integer(), "an integer");
  return std::get<std::int64_t>(state_);
}
double Value::number() const {
  if (is_integer()) return static_cast<double>(std::get<std::int64_t>(state_));
  expect(is_double(), "a number");
  return std::get<double>(state_);
}
const std::string& Value::string() const {
  expect(is_string(), "a text");
  return std::get<std::string>(state_);
}
Instant Value::timestamp() const {
  expect(is_timestamp(), "a time");
  return std::get<Instant>(state_);
}
const Value::List& Value::items() const {
  if (is_null()) return no_items;
  expect(is_list(), "a list");
  return std::get<List>(state_);
}
const Value::Struct& Value::members() const {
  if (is_null()) return no_members;
  expect(is_struct(), "a structure");
  return std::get<Struct>(state_);
}
Value::List& Value::items_mut() {
  if (is_null()) state_ = List{};
  expect(is_list(), "a list");
  return std::get<List>(state_);
}
Value::Struct& Value::members_mut() {
  if (is_null()) state_ = Struct{};
  expect(is_struct(), "a structure");
  return std::get<Struct>(state_);
}

std::string Value::string_or(std::string_view otherwise) const {
  return is_null() ? std::string{otherwise} : string();
}
std::optional<std::string> Value::optional_string() const {
  if (is_null()) return std::nullopt;
  return string();
}
std::vector<std::string> Value::strings() const {
  std::vector<std::string> out;
  for (const auto& item : items()) out.push_back(item.string());
  return out;
}

const Value& Value::operator[](std::string_view name) const {
  if (!is_struct()) return null_value;
  for (const auto& member : std::get<Struct>(state_))
    if (member.name == name) return member.value;
  return null_value;
}
void Value::set(std::string_view name, Value value) {
  auto& list = members_mut();
  const auto at =
      std::find_if(list.begin(), list.end(), [&](const Member& m) { return m.name == name; });
  if (value.is_null()) {
    if (at != list.end()) list.erase(at);
  } else if (at != list.end()) {
    at->value = std::move(value);
  } else {
    list.push_back({std::string{name}, std::move(value)});
  }
}
void Value::push(Value value) { items_mut().push_back(std::move(value)); }

bool operator==(const Value& a, const Value& b) { return a.state_ == b.state_; }

}  // namespace sitelatch::aws
