// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch {
namespace {

// Optimal string alignment (Damerau and Levenshtein, each place changed once at most).
std::size_t slips(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t exchanged = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, exchanged});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr std::size_t longest_word = 64;  // nobody mistypes more, and the work is its square
  if (word.empty() || word.size() > longest_word) return std::nullopt;
  const auto written = lower(word);
  std::size_t fewest = std::clamp<std::size_t>(word.size() / 3, 1, 3) + 1;
  std::optional<std::string> found;
  for (const auto& candidate : known) {
    const auto meant = lower(candidate);
    const auto far = written.size() >= 3 && meant.starts_with(written) ? 1 : slips(written, meant);
    if (far >= fewest) continue;
    fewest = far;
    found = candidate;
  }
  return found;
}

}  // namespace sitelatch
