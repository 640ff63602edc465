// SPDX-License-Identifier: Apache-2.0
#include "cli/screen_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sitelatch::cli {
namespace {

// The first `count` characters of valid UTF-8, or all of it.
std::string_view first(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (end < text.size() && count > 0) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    --count;
  }
  return text.substr(0, end);
}

}  // namespace

std::string printable(std::string_view text) {
  const bool readable = valid_utf8(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (c == '\n' || c == '\t') {
      out += ' ';
    } else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !readable)) {
      out += '?';
    } else if (c == 0xc2 && next < 0xa0) {  // C1: U+0080 to U+009F
      out += '?';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::size_t width_of(std::string_view text) { return utf8_length(printable(text)); }

std::string clipped(std::string_view text, std::size_t width) {
  const auto clean = printable(text);
  if (utf8_length(clean) <= width) return clean;
  if (width <= 2) return std::string{first(clean, width)};
  return std::string{first(clean, width - 2)} + "..";
}

std::vector<std::string> fitting(std::vector<std::string> lines, std::size_t rows) {
  if (rows == 0 || lines.size() <= rows) return lines;
  const auto left_out = lines.size() - rows + 1;
  lines.resize(rows - 1);
  lines.push_back(fmt::format("({} more lines)", left_out));
  return lines;
}

void add_wrapped(std::vector<std::string>& lines, std::string_view text, std::size_t width,
                 std::size_t indent) {
  add_labelled(lines, std::string(indent, ' '), text, width, indent);
}

void add_labelled(std::vector<std::string>& lines, std::string_view label, std::string_view text,
                  std::size_t width, std::size_t indent) {
  const auto clean = printable(text);
  std::string line{label};
  std::size_t used = utf8_length(label);
  bool empty = true;
  const auto end_line = [&] {
    lines.push_back(line);
    line.assign(indent, ' ');
    used = indent;
    empty = true;
  };
  for (auto word : split(clean, ' ')) {
    if (word.empty()) continue;
    if (!empty && used + 1 + utf8_length(word) > width) end_line();
    if (!empty) {
      line += ' ';
      ++used;
    }
    while (used + utf8_length(word) > width) {
      const auto part = first(word, width - used);
      line += part;
      word.remove_prefix(part.size());
      end_line();
    }
    line += word;
    used += utf8_length(word);
    empty = word.empty();
  }
  if (!empty) lines.push_back(line);
}

std::string time_of_day(Instant t) {
  const auto at = civil(t);
  return fmt::format("{:02}:{:02}:{:02}Z", at.hour, at.minute, at.second);
}

std::string when(Instant t, Instant now) {
  const auto at = civil(t), today = civil(now);
  if (at.year == today.year && at.month == today.month && at.day == today.day)
    return time_of_day(t);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}Z", at.year, at.month, at.day, at.hour,
                     at.minute);
}

std::string so_long(Duration d) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(d);
  return whole.count() <= 0 ? "0s" : describe(whole);
}

std::string about_so_long(Duration d) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(std::max(d, Duration{0}));
  if (whole < minutes{2}) return fmt::format("{}s", whole.count());
  if (whole < hours{2}) return fmt::format("{}m", floor<minutes>(whole).count());
  if (whole < hours{48}) return fmt::format("{}h", floor<hours>(whole).count());
  return fmt::format("{}d", floor<hours>(whole).count() / 24);
}

}  // namespace sitelatch::cli
