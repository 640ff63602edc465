// SPDX-License-Identifier: Apache-2.0
#include "base/log_line.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "base/text.h"

namespace sitelatch {
namespace {

// One code point at the front of the text, or one byte that belongs to none.
struct Piece {
  std::string_view bytes;
  std::uint32_t point = 0;
  bool valid = false;
};

Piece first_piece(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {text.substr(0, 1), lead, true};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const auto bytes = text.substr(0, size);
  if (!valid_utf8(bytes)) return {text.substr(0, 1), lead, false};
  std::uint32_t point = lead & (0xffu >> (size + 1));
  for (const char c : bytes.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3fu);
  return {bytes, point, true};
}

struct Range {
  std::uint32_t first, last;
};
// Beyond C0: controls, line and paragraph separators, and what turns, joins or hides text.
constexpr std::array<Range, 12> unseen = {{{0x7f, 0x9f},
                                           {0xad, 0xad},
                                           {0x61c, 0x61c},
                                           {0x180b, 0x180f},
                                           {0x200b, 0x200f},
                                           {0x2028, 0x202e},
                                           {0x2060, 0x206f},
                                           {0xfe00, 0xfe0f},
                                           {0xfeff, 0xfeff},
                                           {0xfff0, 0xfffb},
                                           {0xe0000, 0xe0fff},
                                           {0x10fffe, 0x10ffff}}};

bool is_unseen(std::uint32_t point) {
  for (const auto& range : unseen)
    if (point >= range.first && point <= range.last) return true;
  return false;
}

void append(std::string& out, const Piece& piece) {
  if (!piece.valid ||
      (piece.point < 0x20 && piece.point != '\n' && piece.point != '\r' && piece.point != '\t'))
    out += fmt::format("\\x{:02x}", piece.point);
  else if (piece.point == '\n')
    out += "\\n";
  else if (piece.point == '\r')
    out += "\\r";
  else if (piece.point == '\t')
    out += "\\t";
  else if (piece.point == '\\')
    out += "\\\\";
  else if (is_unseen(piece.point))
    out += fmt::format("\\u{{{:x}}}", piece.point);
  else
    out += piece.bytes;
}

}  // namespace

std::string log_line(std::string_view text, std::size_t bytes_max) {
  std::string out;
  out.reserve(text.size() < bytes_max ? text.size() : bytes_max);
  while (!text.empty()) {
    if (out.size() >= bytes_max) return out + fmt::format("... ({} bytes more)", text.size());
    const auto piece = first_piece(text);
    append(out, piece);
    text.remove_prefix(piece.bytes.size());
  }
  return out;
}

}  // namespace sitelatch
