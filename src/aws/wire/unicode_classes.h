// SPDX-License-Identifier: Apache-2.0
// Code points above ASCII of the general categories that AWS's patterns name: \p{L}, \p{N}, \p{Z}.
// Sorted ranges.
#pragma once

#include <span>

namespace sitelatch::aws {

struct CodeRange {
  char32_t first;
  char32_t last;
};

std::span<const CodeRange> unicode_letters();
std::span<const CodeRange> unicode_numbers();
std::span<const CodeRange> unicode_separators();

}  // namespace sitelatch::aws
