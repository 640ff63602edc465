// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/log_level.h"

#include <algorithm>
#include <array>
#include <utility>

#include "aws/wire/value.h"
#include "base/text.h"

namespace sitelatch::lambda {
namespace {

// "2024-11-02T16:51:31.587199Z", "2024-11-02 16:51:31+01:00". Days that no month has are let
// through: nothing is computed from them.
bool is_rfc3339(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() < form.size()) return false;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t i = 0; i < form.size(); ++i) {
    const char c = text[i];
    if (form[i] == '0'   ? !is_digit(c)
        : form[i] == 'T' ? c != 'T' && c != 't' && c != ' '
                         : c != form[i])
      return false;
  }
  text.remove_prefix(form.size());
  if (text.starts_with('.')) {
    const auto end = std::find_if_not(text.begin() + 1, text.end(), is_digit);
    if (end == text.begin() + 1) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  }
  if (text == "Z" || text == "z") return true;
  return text.size() == 6 && (text[0] == '+' || text[0] == '-') && is_digit(text[1]) &&
         is_digit(text[2]) && text[3] == ':' && is_digit(text[4]) && is_digit(text[5]);
}

}  // namespace

std::optional<LineLevel> log_level_of(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, LineLevel>, 8> names{{
      {"trace", LineLevel::trace},
      {"debug", LineLevel::debug},
      {"info", LineLevel::info},
      {"warn", LineLevel::warn},
      {"warning", LineLevel::warn},
      {"error", LineLevel::error},
      {"fatal", LineLevel::fatal},
      {"critical", LineLevel::fatal},
  }};
  const auto lowered = lower(text);
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const auto& name) { return name.first == lowered; });
  return found == names.end() ? std::nullopt : std::optional(found->second);
}

LineLevel level_of_line(std::string_view line) {
  constexpr auto unsaid = LineLevel::info;
  if (!line.starts_with('{')) return unsaid;
  const auto object = aws::from_json(line);
  if (!object || !object->is_struct()) return unsaid;
  const auto text_of = [&](std::string_view name) {
    const auto& value = (*object)[name];
    return value.is_string() ? value.string() : std::string{};
  };
  constexpr std::array<std::string_view, 4> stamps{"timestamp", "time", "@timestamp", "ts"};
  if (std::none_of(stamps.begin(), stamps.end(),
                   [&](std::string_view name) { return is_rfc3339(text_of(name)); }))
    return unsaid;
  return log_level_of(text_of("level")).value_or(unsaid);
}

}  // namespace sitelatch::lambda
