// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/metric.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace sitelatch::cloudwatch {
namespace {
constexpr std::array<std::string_view, 27> unit_names = {"None",
                                                         "Seconds",
                                                         "Microseconds",
                                                         "Milliseconds",
                                                         "Bytes",
                                                         "Kilobytes",
                                                         "Megabytes",
                                                         "Gigabytes",
                                                         "Terabytes",
                                                         "Bits",
                                                         "Kilobits",
                                                         "Megabits",
                                                         "Gigabits",
                                                         "Terabits",
                                                         "Percent",
                                                         "Count",
                                                         "Bytes/Second",
                                                         "Kilobytes/Second",
                                                         "Megabytes/Second",
                                                         "Gigabytes/Second",
                                                         "Terabytes/Second",
                                                         "Bits/Second",
                                                         "Kilobits/Second",
                                                         "Megabits/Second",
                                                         "Gigabits/Second",
                                                         "Terabits/Second",
                                                         "Count/Second"};
}  // namespace

std::string MetricId::key() const {
  std::string out = region;
  const auto part = [&out](std::string_view text) {
    out += '\x1f';
    out += text;
  };
  part(name_space);
  part(name);
  if (dimensions.size() <= 1) {
    for (const auto& dimension : dimensions) part(dimension.name), part(dimension.value);
    return out;
  }
  auto sorted = dimensions;
  std::sort(sorted.begin(), sorted.end());
  for (const auto& dimension : sorted) part(dimension.name), part(dimension.value);
  return out;
}

std::optional<Unit> unit_by_name(std::string_view name) {
  const auto at = std::find(unit_names.begin(), unit_names.end(), name);
  if (at == unit_names.end()) return std::nullopt;
  return static_cast<Unit>(at - unit_names.begin());
}

std::string_view unit_name(Unit unit) {
  const auto index = static_cast<std::size_t>(unit);
  ENSURE(index < unit_names.size());
  return unit_names[index];
}

}  // namespace sitelatch::cloudwatch
