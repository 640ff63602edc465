// SPDX-License-Identifier: Apache-2.0
// What names a metric: region, namespace, name and dimensions (a set: order does not matter), and
// the units.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::cloudwatch {

struct Dimension {
  std::string name, value;
  friend bool operator==(const Dimension&, const Dimension&) = default;
  friend auto operator<=>(const Dimension&, const Dimension&) = default;
};

struct MetricId {
  std::string region, name_space, name;
  std::vector<Dimension> dimensions;  // as given; key() sorts
  // The same for the same metric, different otherwise (names carry no control characters).
  std::string key() const;
};

// CloudWatch's units by name; the number is what rows hold, so the order never changes (append
// only).
enum class Unit : std::uint8_t { none = 0 };
std::optional<Unit> unit_by_name(std::string_view name);
std::string_view unit_name(Unit unit);

}  // namespace sitelatch::cloudwatch
