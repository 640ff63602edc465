// SPDX-License-Identifier: Apache-2.0
#include "services/logs/query_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/time.h"

namespace sitelatch::logs {
namespace {

constexpr double largest_exact = 9e15;
constexpr double last_ms = 253402300799999.0;  // of the year 9999

}  // namespace

std::string insights_time(double ms) {
  const auto clamped = static_cast<std::int64_t>(std::clamp(ms, 0.0, last_ms));
  auto text = iso8601_ms(from_unix_ms(clamped));  // 2026-01-01T00:00:00.000Z
  if (const auto t = text.find('T'); t != std::string::npos) text[t] = ' ';
  if (!text.empty() && text.back() == 'Z') text.pop_back();
  return text;
}

Cell Cell::of(const aws::Value& value) {
  if (value.is_null()) return {};
  if (value.is_bool()) return of(value.boolean());
  if (value.is_number()) return of(value.number());
  if (value.is_string()) return of(value.string());
  return of(aws::to_json(value));
}

std::optional<double> Cell::number() const {
  if (kind == Kind::number || kind == Kind::time) return number_value;
  if (kind != Kind::text) return std::nullopt;
  const auto parsed = parse_double(trim(text_value));
  return parsed && std::isfinite(*parsed) ? parsed : std::nullopt;
}

bool Cell::truth() const {
  if (const auto value = number()) return *value != 0;
  return kind == Kind::text && equal_ignoring_case(text_value, "true");
}

std::string Cell::text() const {
  if (kind == Kind::text) return text_value;
  if (kind == Kind::time) return insights_time(number_value);
  if (kind == Kind::absent) return {};
  if (std::trunc(number_value) == number_value && std::abs(number_value) < largest_exact)
    return fmt::format("{}", static_cast<std::int64_t>(number_value));
  return fmt::format("{}", number_value);
}

int compare(const Cell& a, const Cell& b) {
  if (!a.present() || !b.present()) return (a.present() ? 1 : 0) - (b.present() ? 1 : 0);
  const auto x = a.number(), y = b.number();
  if (x && y) return *x < *y ? -1 : *x > *y ? 1 : 0;
  const auto order = a.text().compare(b.text());
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

}  // namespace sitelatch::logs
