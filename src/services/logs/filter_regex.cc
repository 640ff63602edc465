// SPDX-License-Identifier: Apache-2.0
#include "services/logs/filter_regex.h"

#include <fmt/format.h>

namespace sitelatch::logs {
namespace {

constexpr std::size_t most_instructions = 200;
constexpr std::uint64_t most_work = 20'000'000;  // on one message

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Letters and digits, some symbols and operators; no parentheses, no other alphabets.
bool in_small_language(std::string_view regex) {
  for (std::size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] == '\\') {
      if (++i == regex.size()) return false;
      if (alphanumeric(regex[i]) &&
          std::string_view{"dDsSwWx"}.find(regex[i]) == std::string_view::npos)
        return false;
    }
    if (!alphanumeric(regex[i]) &&
        std::string_view{":_#=@/;,-^$?[]{}|\\*+."}.find(regex[i]) == std::string_view::npos)
      return false;
  }
  return !regex.empty();
}

}  // namespace

Failure<Problem> invalid_term(std::string_view term) {
  return problem(fmt::format("Invalid character(s) in term '{}'", term));
}
Failure<Problem> invalid_pattern(std::string_view why) {
  return problem(fmt::format("Invalid filter pattern: {}", why));
}

Result<FilterRegex> FilterRegex::take(std::string_view& text) {
  const auto end = text.find('%', 1);
  if (end == std::string_view::npos) return invalid_term(text);
  const auto whole = text.substr(0, end + 1), inside = text.substr(1, end - 1);
  text.remove_prefix(end + 1);
  if (!in_small_language(inside)) return invalid_term(whole);
  auto regex = Regex::compile(inside, {most_instructions});
  if (!regex) return invalid_pattern(regex.error().text);
  return FilterRegex{std::move(*regex)};
}

bool FilterRegex::found_in(std::string_view text) const {
  Regex::Work work{0, most_work};
  return regex_.found_in(text, work);
}

}  // namespace sitelatch::logs
