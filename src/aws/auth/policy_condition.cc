// SPDX-License-Identifier: Apache-2.0
// Condition operators (IAM User Guide, "Condition operators"): operators and keys are joined by
// AND, the values of one key by OR; an absent key fails, except for negated operators, ...IfExists,
// ForAllValues and Null.
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "aws/auth/policy.h"
#include "base/text.h"
#include "base/time.h"

namespace sitelatch::aws {
namespace {
struct OperatorName {
  std::string_view name;
  ConditionTest test;
  bool negated;
};
using T = ConditionTest;
constexpr std::array<OperatorName, 27> operator_names = {{
    {"stringequals", T::string_equals, false},
    {"stringnotequals", T::string_equals, true},
    {"stringequalsignorecase", T::string_equals_ignoring_case, false},
    {"stringnotequalsignorecase", T::string_equals_ignoring_case, true},
    {"stringlike", T::string_like, false},
    {"stringnotlike", T::string_like, true},
    {"numericequals", T::numeric_equals, false},
    {"numericnotequals", T::numeric_equals, true},
    {"numericlessthan", T::numeric_less, false},
    {"numericlessthanequals", T::numeric_less_or_equal, false},
    {"numericgreaterthan", T::numeric_greater, false},
    {"numericgreaterthanequals", T::numeric_greater_or_equal, false},
    {"dateequals", T::date_equals, false},
    {"datenotequals", T::date_equals, true},
    {"datelessthan", T::date_less, false},
    {"datelessthanequals", T::date_less_or_equal, false},
    {"dategreaterthan", T::date_greater, false},
    {"dategreaterthanequals", T::date_greater_or_equal, false},
    {"bool", T::boolean, false},
    {"binaryequals", T::binary_equals, false},
    {"ipaddress", T::ip_address, false},
    {"notipaddress", T::ip_address, true},
    {"arnequals", T::arn_like, false},
    {"arnnotequals", T::arn_like, true},
    {"arnlike", T::arn_like, false},
    {"arnnotlike", T::arn_like, true},
    {"null", T::null, false},
}};

template <class Number>
bool compare(ConditionTest test, Number a, Number b) {
  switch (test) {
    case T::numeric_equals:
    case T::date_equals:
      return !(a < b) && !(b < a);
    case T::numeric_less:
    case T::date_less:
      return a < b;
    case T::numeric_less_or_equal:
    case T::date_less_or_equal:
      return !(b < a);
    case T::numeric_greater:
    case T::date_greater:
      return b < a;
    default:
      return !(a < b);
  }
}

std::optional<double> date_of(std::string_view text) {
  if (const auto seconds = parse_double(text)) return seconds;  // epoch time
  if (text.size() == 10) {
    const auto midnight = parse_iso8601(std::string{text} + "T00:00:00Z");
    return midnight ? std::optional{unix_seconds_fractional(*midnight)} : std::nullopt;
  }
  const auto instant = parse_iso8601(text);
  return instant ? std::optional{unix_seconds_fractional(*instant)} : std::nullopt;
}

struct Address {
  std::array<unsigned char, 16> bytes{};
  int bits = 0;  // 32 or 128
};

std::optional<Address> address_of(const std::string& text) {
  Address a;
  if (inet_pton(AF_INET, text.c_str(), a.bytes.data()) == 1) {
    a.bits = 32;
    return a;
  }
  if (inet_pton(AF_INET6, text.c_str(), a.bytes.data()) == 1) {
    a.bits = 128;
    return a;
  }
  return std::nullopt;
}

bool in_network(std::string_view text, std::string_view network) {
  const auto slash = network.find('/');
  const auto base = address_of(std::string{network.substr(0, slash)});
  const auto address = address_of(std::string{text});
  if (!base || !address || base->bits != address->bits) return false;
  const auto prefix =
      slash == network.npos ? base->bits : parse_int(network.substr(slash + 1)).value_or(-1);
  if (prefix < 0 || prefix > base->bits) return false;
  for (std::int64_t bit = 0; bit < prefix; bit += 8) {
    const auto left = std::min<std::int64_t>(8, prefix - bit);
    const auto mask = static_cast<unsigned char>(0xff << (8 - left));
    const auto i = static_cast<std::size_t>(bit / 8);
    if ((base->bytes[i] & mask) != (address->bytes[i] & mask)) return false;
  }
  return true;
}

bool value_fits(const PolicyCondition& condition, std::size_t i, const std::string& value,
                const ConditionKeys& keys) {
  if (condition.test == T::arn_like) return condition.arns[i].matches(value, keys);
  if (condition.test == T::string_like) return condition.values[i].matches(value, keys);
  const auto filled = condition.values[i].filled(keys);
  if (!filled) return false;
  const auto& wanted = *filled;
  switch (condition.test) {
    case T::string_equals:
      return value == wanted;
    case T::string_equals_ignoring_case:
    case T::boolean:
      return equal_ignoring_case(value, wanted);
    case T::binary_equals:
      return unbase64(value) && unbase64(value) == unbase64(wanted);
    case T::ip_address:
      return in_network(value, wanted);
    case T::date_equals:
    case T::date_less:
    case T::date_less_or_equal:
    case T::date_greater:
    case T::date_greater_or_equal: {
      const auto a = date_of(value), b = date_of(wanted);
      return a && b && compare(condition.test, *a, *b);
    }
    default: {
      const auto a = parse_double(value), b = parse_double(wanted);
      return a && b && compare(condition.test, *a, *b);
    }
  }
}

bool holds(const PolicyCondition& condition, const ConditionKeys& keys) {
  const auto* found = keys.find(condition.key);
  const bool absent = !found || found->empty();
  if (condition.test == T::null)
    return std::any_of(condition.values.begin(), condition.values.end(),
                       [&](const PolicyText& wanted) {
                         return equal_ignoring_case(wanted.marked(), absent ? "true" : "false");
                       });
  using Over = PolicyCondition::Over;
  if (absent) {
    if (condition.if_exists || condition.over == Over::all_values) return true;
    return condition.over == Over::one && condition.negated;
  }
  const auto satisfied = [&](const std::string& value) {
    bool one_fits = false;
    for (std::size_t i = 0; i < condition.values.size() && !one_fits; ++i)
      one_fits = value_fits(condition, i, value, keys);
    return one_fits != condition.negated;
  };
  const auto& values = *found;
  // A multivalued key under a plain operator: one value that fits is enough, none may for a negated
  // one (fact iam-12).
  const bool every =
      condition.over == Over::all_values || (condition.over == Over::one && condition.negated);
  return every ? std::all_of(values.begin(), values.end(), satisfied)
               : std::any_of(values.begin(), values.end(), satisfied);
}
}  // namespace

bool read_operator(std::string_view name, PolicyCondition& condition) {
  auto small = lower(name);
  if (small.starts_with("forallvalues:")) {
    condition.over = PolicyCondition::Over::all_values;
    small.erase(0, 13);
  } else if (small.starts_with("foranyvalue:")) {
    condition.over = PolicyCondition::Over::any_value;
    small.erase(0, 12);
  }
  if (small.ends_with("ifexists")) {
    condition.if_exists = true;
    small.resize(small.size() - 8);
  }
  const auto row = std::find_if(operator_names.begin(), operator_names.end(),
                                [&](const OperatorName& o) { return o.name == small; });
  if (row == operator_names.end()) return false;
  condition.test = row->test;
  condition.negated = row->negated;
  return condition.test != ConditionTest::null ||
         (!condition.if_exists && condition.over == PolicyCondition::Over::one);
}

bool conditions_hold(const std::vector<PolicyCondition>& conditions, const ConditionKeys& keys) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const PolicyCondition& c) { return holds(c, keys); });
}

}  // namespace sitelatch::aws
