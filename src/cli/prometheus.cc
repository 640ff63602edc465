// SPDX-License-Identifier: Apache-2.0
#include "cli/prometheus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace sitelatch::cli {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

std::string label_value(std::string_view text) {
  const bool utf8 = valid_utf8(text);
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '"')
      out += "\\\"";
    else if (c == '\n')
      out += "\\n";
    else if (!utf8 && static_cast<unsigned char>(c) >= 0x80)
      out += replacement;
    else
      out += c;
  }
  return out;
}

std::string help_text(std::string_view text) {
  return replace_all(replace_all(std::string{text}, "\\", "\\\\"), "\n", "\\n");
}

std::string label_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels)
    if (!value.empty())
      out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, label_value(value));
  return out.empty() ? out : "{" + out + "}";
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  constexpr double exact = 1e15;
  if (std::abs(value) < exact && std::trunc(value) == value)
    return fmt::format("{}", static_cast<std::int64_t>(value));
  return fmt::format("{}", value);
}

}  // namespace

void Exposition::add(std::string_view name, const Labels& labels, double value) {
  const auto gauge = std::find_if(gauges_.begin(), gauges_.end(),
                                  [name](const Gauge& one) { return one.name == name; });
  ENSURE(gauge != gauges_.end(), "a sample of a gauge that is not declared");
  samples_[gauge->name].emplace(label_text(labels), value);
}

std::string Exposition::text() const {
  std::string out;
  for (const auto& gauge : gauges_) {
    const auto found = samples_.find(gauge.name);
    if (found == samples_.end()) continue;
    out += fmt::format("# HELP {} {}\n# TYPE {} gauge\n", gauge.name, help_text(gauge.help),
                       gauge.name);
    for (const auto& [labels, value] : found->second)
      out += fmt::format("{}{} {}\n", gauge.name, labels, number(value));
  }
  return out;
}

}  // namespace sitelatch::cli
