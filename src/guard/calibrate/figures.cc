// SPDX-License-Identifier: Apache-2.0
#include "guard/calibrate/figures.h"

#include <fmt/format.h>

#include <algorithm>

namespace sitelatch::guard {

double seconds_of(Duration d) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) /
         1000;
}

std::string in_words(Duration d) {
  return d < std::chrono::minutes{5} ? fmt::format("{:.1f} s", seconds_of(d))
                                     : fmt::format("{:.0f} min", seconds_of(d) / 60);
}

bool Figures::all_came() const {
  return !all_.empty() &&
         std::all_of(all_.begin(), all_.end(), [](const One& one) { return one.took.has_value(); });
}

Duration Figures::longest() const {
  Duration out{};
  for (const auto& one : all_) out = std::max(out, one.took.value_or(Duration{}));
  return out;
}

std::string Figures::in_words() const {
  std::string out;
  for (const auto& one : all_)
    out += (out.empty() ? "" : ", ") + (one.took ? guard::in_words(*one.took) : "never");
  return out.empty() ? "not measured" : out;
}

aws::Value Figures::to_value() const {
  auto list = aws::Value::list();
  for (const auto& one : all_)
    list.push(one.took ? aws::Value{seconds_of(*one.took)} : aws::Value{});
  return list;
}

}  // namespace sitelatch::guard
