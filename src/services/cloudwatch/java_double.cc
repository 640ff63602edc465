// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/java_double.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string_view>

namespace sitelatch::cloudwatch {
namespace {

struct Decimal {
  std::string digits;  // no point, no trailing zeros, at least one digit
  int exponent = 0;    // of the first digit: value = d.ddd * 10^exponent
};

Decimal shortest(double value) {
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view text{buffer, static_cast<std::size_t>(end.ptr - buffer)};
  const auto e = text.find('e');
  Decimal out;
  for (const char c : text.substr(0, e))
    if (c != '.') out.digits += c;
  const auto power = text.substr(e + 1);
  const int sign = power.front() == '-' ? -1 : 1;
  int magnitude = 0;
  std::from_chars(power.data() + 1, power.data() + power.size(), magnitude);
  out.exponent = sign * magnitude;
  while (out.digits.size() > 1 && out.digits.back() == '0') out.digits.pop_back();
  return out;
}

std::string or_zero(std::string_view digits) { return digits.empty() ? "0" : std::string{digits}; }

}  // namespace

std::string java_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  const std::string sign = std::signbit(value) ? "-" : "";
  const double magnitude = std::fabs(value);
  if (magnitude == 0) return sign + "0.0";
  const auto decimal = shortest(magnitude);
  const std::string_view digits = decimal.digits;
  if (magnitude < 1e-3 || magnitude >= 1e7)
    return fmt::format("{}{}.{}E{}", sign, digits.front(), or_zero(digits.substr(1)),
                       decimal.exponent);
  if (decimal.exponent < 0)
    return sign + "0." + std::string(static_cast<std::size_t>(-decimal.exponent - 1), '0') +
           decimal.digits;
  const auto whole = static_cast<std::size_t>(decimal.exponent) + 1;
  if (digits.size() <= whole)
    return sign + decimal.digits + std::string(whole - digits.size(), '0') + ".0";
  return fmt::format("{}{}.{}", sign, digits.substr(0, whole), digits.substr(whole));
}

}  // namespace sitelatch::cloudwatch
