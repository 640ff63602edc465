// SPDX-License-Identifier: Apache-2.0
// Value: one decoded AWS input or output, whatever the protocol. A plain tree; the shape tables say
// what it should be. Numbers are integers or doubles as the shape says; timestamps are Instants;
// blobs and strings are both std::string (the shape tells them apart). Structures and maps keep the
// order in which members were set. Reading what is absent gives a null Value or the default asked
// for, so handlers need no presence dance:
//   input["HealthCheckConfig"]["Port"].integer_or(80)
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"

namespace sitelatch::aws {

class Value {
 public:
  struct Member;
  using List = std::vector<Value>;
  using Struct = std::vector<Member>;  // structures, maps and documents' objects

  Value();
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();                   // null
  Value(bool b);              // NOLINT: implicit conversions make handlers readable
  Value(int i);               // NOLINT
  Value(std::int64_t i);      // NOLINT
  Value(std::uint32_t i);     // NOLINT
  Value(double d);            // NOLINT
  Value(const char* s);       // NOLINT
  Value(std::string s);       // NOLINT
  Value(std::string_view s);  // NOLINT
  Value(Instant t);           // NOLINT
  Value(List list);           // NOLINT
  template <class T>
  Value(const std::optional<T>& maybe) {  // NOLINT: nothing is null, which setters leave out
    if (maybe) *this = Value{*maybe};
  }
  // Value::structure({{"Id", id}, {"Comment", comment}}): members whose value is null are left out.
  static Value structure(std::initializer_list<std::pair<std::string_view, Value>> members = {});
  static Value list(std::initializer_list<Value> items = {});

  bool is_null() const { return std::holds_alternative<std::monostate>(state_); }
  bool is_bool() const { return std::holds_alternative<bool>(state_); }
  bool is_integer() const { return std::holds_alternative<std::int64_t>(state_); }
  bool is_double() const { return std::holds_alternative<double>(state_); }
  bool is_number() const { return is_integer() || is_double(); }
  bool is_string() const { return std::holds_alternative<std::string>(state_); }
  bool is_timestamp() const { return std::holds_alternative<Instant>(state_); }
  bool is_list() const { return std::holds_alternative<List>(state_); }
  bool is_struct() const { return std::holds_alternative<Struct>(state_); }
  explicit operator bool() const { return !is_null(); }  // present

  // Exact reads; of another kind they throw WrongKind (aws/wire/stored.h).
  bool boolean() const;
  std::int64_t integer() const;
  double number() const;  // integer or double
  const std::string& string() const;
  Instant timestamp() const;
  const List& items() const;      // of null: an empty list
  const Struct& members() const;  // of null: no members
  List& items_mut();              // null becomes an empty list
  Struct& members_mut();          // null becomes an empty structure

  // Reads with a default for null.
  bool boolean_or(bool otherwise) const { return is_null() ? otherwise : boolean(); }
  std::int64_t integer_or(std::int64_t otherwise) const {
    return is_null() ? otherwise : integer();
  }
  double number_or(double otherwise) const { return is_null() ? otherwise : number(); }
  std::string string_or(std::string_view otherwise) const;
  std::optional<std::string> optional_string() const;
  std::vector<std::string> strings() const;  // of a list of strings; of null: empty

  // Members of structures and maps. operator[] on null gives null.
  const Value& operator[](std::string_view name) const;
  bool has(std::string_view name) const { return !(*this)[name].is_null(); }
  void set(std::string_view name, Value value);  // replaces or appends; a null value removes
  void push(Value value);                        // to a list

  friend bool operator==(const Value&, const Value&);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Instant, List, Struct>
      state_;
};

struct Value::Member {
  std::string name;
  Value value;
  friend bool operator==(const Member&, const Member&) = default;
};

// After Member is complete: clang instantiates what these need at once.
inline Value::Value() = default;
// Not std::variant's own: where a copy of text or a list finds no memory, libstdc++ 12 destroys
// what was not made yet, by an index past its table.
inline Value::Value(const Value& other) {
  std::visit(
      [this](const auto& held) { state_.template emplace<std::decay_t<decltype(held)>>(held); },
      other.state_);
}
inline Value::Value(Value&&) noexcept = default;
inline Value& Value::operator=(Value&&) noexcept = default;
inline Value& Value::operator=(const Value& other) { return *this = Value(other); }
inline Value::~Value() = default;
inline Value::Value(bool b) : state_(b) {}
inline Value::Value(int i) : state_(std::int64_t{i}) {}
inline Value::Value(std::int64_t i) : state_(i) {}
inline Value::Value(std::uint32_t i) : state_(std::int64_t{i}) {}
inline Value::Value(double d) : state_(d) {}
inline Value::Value(const char* s) : state_(std::string{s}) {}
inline Value::Value(std::string s) : state_(std::move(s)) {}
inline Value::Value(std::string_view s) : state_(std::string{s}) {}
inline Value::Value(Instant t) : state_(t) {}
inline Value::Value(List list) : state_(std::move(list)) {}
inline Value Value::list(std::initializer_list<Value> items) { return Value{List(items)}; }

bool operator==(const Value&, const Value&);

// Values as JSON text: how services store entities, and for documents. Timestamps become integer
// milliseconds, strings that are not UTF-8 are not representable (keep blobs apart). from_json:
// nothing when the text is not JSON.
std::string to_json(const Value& value);
std::optional<Value> from_json(std::string_view text);

}  // namespace sitelatch::aws
