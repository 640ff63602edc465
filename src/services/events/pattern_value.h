// SPDX-License-Identifier: Apache-2.0
// One element of a list in an event pattern, as a test of one value of an event: the operators
// (facts events-44 to events-49). Pure; used by patterns only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/value.h"

namespace sitelatch::events {

// An IPv4 or IPv6 address in network order.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;  // 4 or 16
  friend auto operator<=>(const Address&, const Address&) = default;
};
std::optional<Address> parse_address(std::string_view text);

// What numbers are compared by: millionths, of -5e9 to 5e9. Nothing for others.
std::optional<std::int64_t> comparable(double number);

struct ValueTest {
  enum class Operator {
    equals,  // texts
    equals_ignoring_case,
    prefix,
    prefix_ignoring_case,
    suffix,
    suffix_ignoring_case,
    wildcard,   // texts are the patterns
    number,     // numbers
    range,      // bottom and top
    addresses,  // from and to
    literal,    // null, true or false: numbers[0]
    exists
  };
  struct Bound {
    std::int64_t at = 0;
    bool open = false;
  };

  Operator by = Operator::equals;
  bool negated = false;  // anything-but; exists: false
  std::vector<std::string> texts;
  std::vector<aws::Value> values;
  std::optional<Bound> bottom, top;
  Address from, to;

  // Of a value that is there, and no object or list.
  bool holds(const aws::Value& value) const;
  bool wants_absence() const { return by == Operator::exists && negated; }
};

// The test of a CIDR block, from its address to the block's last. The problem is AWS's sentence.
struct Addresses {
  Address from, to;
};
std::string cidr_problem(std::string_view cidr, Addresses& out);  // empty: none

// What is wrong with a wildcard pattern; empty: nothing.
std::string wildcard_problem(std::string_view pattern);

}  // namespace sitelatch::events
