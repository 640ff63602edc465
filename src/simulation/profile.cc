// SPDX-License-Identifier: Apache-2.0
#include "simulation/profile.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"

namespace sitelatch::simulation {
namespace {

constexpr std::size_t most_lines = 1'000;
constexpr double most_a_year = 1e6;
constexpr Ms longest = 24 * hour;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::string kinds() {
  std::vector<std::string> names;
  for (const auto ailment : all_ailments) names.emplace_back(to_string(ailment));
  return join(names, ", ");
}

Result<Expected> read(const std::vector<std::string_view>& words) {
  if (words.size() < 2 || words.size() > 3)
    return problem("a line is a duration, how often a year, and perhaps a kind: 60s 12 hangs");
  const auto length = parse_length(words[0]);
  if (!length)
    return problem(fmt::format(
        "\"{}\" is not a duration above zero and of a day at most, such as 60s, 5m or 90",
        words[0]));
  const auto times = parse_double(words[1]);
  if (!times || !(*times >= 0 && *times <= most_a_year))
    return problem(
        fmt::format("\"{}\" is not a number of times a year, from 0 to 1000000", words[1]));
  if (words.size() == 2) return Expected{*length, *times, Ailment::refuses};
  const auto ailment = ailment_by_name(words[2]);
  if (!ailment) return problem(fmt::format("\"{}\" is not one of {}", words[2], kinds()));
  return Expected{*length, *times, *ailment};
}

}  // namespace

std::optional<Ms> parse_length(std::string_view text) {
  std::optional<Ms> length;
  if (const auto seconds = parse_int(text)) {
    if (*seconds > 0 && *seconds <= longest / second) length = *seconds * second;
  } else if (const auto parsed = parse_duration(text)) {
    length = std::chrono::duration_cast<std::chrono::milliseconds>(*parsed).count();
  }
  return length && *length > 0 && *length <= longest ? length : std::nullopt;
}

Result<Profile> parse_profile(std::string_view text) {
  Profile profile;
  std::size_t number = 0;
  for (const auto line : split(text, '\n')) {
    ++number;
    const auto words = words_of(line.substr(0, line.find('#')));
    if (words.empty()) continue;
    auto expected = read(words);
    if (!expected) return problem(fmt::format("line {}: {}", number, expected.error().text));
    if (profile.size() == most_lines)
      return problem(fmt::format("line {}: more than {} outages", number, most_lines));
    profile.push_back(*expected);
  }
  if (profile.empty()) return problem("there is no outage in it; a line is: 60s 12");
  return profile;
}

}  // namespace sitelatch::simulation
