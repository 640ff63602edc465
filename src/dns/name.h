// SPDX-License-Identifier: Apache-2.0
// Domain names between text, as Route 53 reads and writes it, and wire form (RFC 1035 §3.1).
// Text: dots between labels, final dot optional; `\ooo` is a byte in three octal digits (Route
// 53's, unlike the decimal of zone files; fact dns-1), `\x` any other character x. `*`, as the
// leftmost label, is the wildcard label in both. Limits: a label 1..63 bytes, a name at most 255
// bytes on the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sitelatch::dns {

inline constexpr std::size_t max_name_size = 255;
inline constexpr std::size_t max_label_size = 63;
inline constexpr std::size_t max_labels = 127;

enum class Case { lower, keep };

// Problems read as Route 53 says them: "DomainLabelTooLong (Domain label is too long) encountered
// with 'x'", where x is the label or the character that is at fault, else the name (fact
// route53-135).
Result<std::string> name_from_text(std::string_view text, Case letters = Case::lower);
// Final dot; everything but letters, digits, '-', '_' as \ooo, so `*` is \052 (fact dns-2).
std::string name_to_text(std::string_view wire);

// The size of the uncompressed wire name at the start of `bytes`; nothing if it is not a whole,
// valid one.
std::optional<std::size_t> name_size(std::string_view bytes);

std::string_view parent_name(std::string_view wire);  // of anything but the root
std::size_t label_count(std::string_view wire);       // the root has none
// Is `name` equal to or below `origin`? Both lower case.
bool is_within(std::string_view name, std::string_view origin);

constexpr std::uint8_t lower_byte(std::uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte | 0x20) : byte;
}

}  // namespace sitelatch::dns
