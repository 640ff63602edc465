// SPDX-License-Identifier: Apache-2.0
#include "dns/name.h"

#include <fmt/format.h>

namespace sitelatch::dns {
namespace {

Failure<Problem> refused(std::string_view code, std::string_view text) {
  return failure(Problem{fmt::format("{} encountered with '{}'", code, text)});
}

bool octal(char c) { return c >= '0' && c <= '7'; }

// Reads one character of a label, escapes included, and moves `at` past it; -1 for a broken escape.
int read_character(std::string_view text, std::size_t& at) {
  const char c = text[at++];
  if (c != '\\') return static_cast<unsigned char>(c);
  if (at == text.size()) return -1;
  if (text[at] < '0' || text[at] > '9') return static_cast<unsigned char>(text[at++]);
  if (at + 3 > text.size() || !octal(text[at]) || !octal(text[at + 1]) || !octal(text[at + 2]))
    return -1;
  const int value = (text[at] - '0') * 64 + (text[at + 1] - '0') * 8 + (text[at + 2] - '0');
  at += 3;
  return value <= 255 ? value : -1;
}

// The character that begins there: of UTF-8 all its bytes.
std::string_view character_at(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && size < 4 && (text[at + size] & 0xc0) == 0x80) ++size;
  return text.substr(at, (text[at] & 0xc0) == 0xc0 ? size : 1);
}

// The label, as it is written, that the character there is part of.
std::string_view label_around(std::string_view text, std::size_t at) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '.') {
      if (i > at) return text.substr(begin, i - begin);
      begin = i + 1;
    }
  }
  return text.substr(begin);
}

}  // namespace

Result<std::string> name_from_text(std::string_view text, Case letters) {
  if (text.empty()) return refused("DomainNameEmpty (Domain name is empty)", text);
  if (text == ".") return std::string(1, '\0');
  std::string wire, label;
  const auto finish_label = [&] {
    wire += static_cast<char>(label.size());
    wire += label;
    label.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '.') {
      if (label.empty()) return refused("DomainLabelEmpty (Domain label is empty)", text);
      finish_label();
      ++at;
      continue;
    }
    const bool escaped = text[at] == '\\';
    const int character = read_character(text, at);
    if (character < 0)
      return refused("InvalidEscapeSequence (Escape code is not three octal digits)", text);
    const auto byte = static_cast<std::uint8_t>(character);
    if (!escaped && (byte <= ' ' || byte >= 0x7f)) {
      return refused("UnsupportedCharacter (Value contains unsupported characters)",
                     character_at(text, at - 1));
    }
    label += static_cast<char>(letters == Case::lower ? lower_byte(byte) : byte);
    if (label.size() > max_label_size)
      return refused("DomainLabelTooLong (Domain label is too long)", label_around(text, at - 1));
  }
  if (!label.empty()) finish_label();
  wire += '\0';
  if (wire.size() > max_name_size)
    return refused("DomainNameTooLong (Domain name is too long)", text);
  return wire;
}

std::string name_to_text(std::string_view wire) {
  std::string text;
  std::size_t at = 0;
  while (at < wire.size() && wire[at] != 0) {
    const auto size = static_cast<unsigned char>(wire[at++]);
    for (std::size_t end = std::min(at + size, wire.size()); at < end; ++at) {
      const auto c = static_cast<unsigned char>(wire[at]);
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '_';
      if (plain) {
        text += static_cast<char>(c);
      } else {
        text += fmt::format("\\{:03o}", c);
      }
    }
    text += '.';
  }
  return text.empty() ? "." : text;
}

std::optional<std::size_t> name_size(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size() && at < max_name_size;) {
    const auto size = static_cast<unsigned char>(bytes[at]);
    if (size == 0) return at + 1;
    if (size > max_label_size) return std::nullopt;
    at += size + std::size_t{1};
  }
  return std::nullopt;
}

std::string_view parent_name(std::string_view wire) {
  return wire.substr(static_cast<unsigned char>(wire[0]) + std::size_t{1});
}

std::size_t label_count(std::string_view wire) {
  std::size_t count = 0;
  for (; !wire.empty() && wire[0] != 0; wire = parent_name(wire)) ++count;
  return count;
}

bool is_within(std::string_view name, std::string_view origin) {
  while (name.size() > origin.size()) name = parent_name(name);
  return name == origin;
}

}  // namespace sitelatch::dns
