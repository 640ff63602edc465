// SPDX-License-Identifier: Apache-2.0
#include "services/route53/askers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "services/route53/geo_locations.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_rows = 50'000;

bool all_of_kind(std::string_view text, bool (*is)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is);
}
bool is_code(std::string_view text, std::size_t longest) {
  return text.size() <= longest &&
         all_of_kind(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}
bool is_region(std::string_view text) {
  return text.size() <= 64 && all_of_kind(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> out;
  line = line.substr(0, line.find('#'));
  constexpr std::string_view blanks = " \t\r";
  for (;;) {
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return out;
    line.remove_prefix(begin);
    const auto end = std::min(line.find_first_of(blanks), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

Result<Done> take(Asker& out, std::string_view word) {
  const auto equals = word.find('=');
  const auto key = word.substr(0, equals);
  const auto value =
      equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1);
  if (key == "continent") {
    if (!is_continent(value))
      return problem(fmt::format("\"{}\" is no continent: AF, AN, AS, EU, NA, OC or SA", value));
    out.continent = value;
  } else if (key == "country") {
    if (value.size() != 2 || !is_code(value, 2))
      return problem(fmt::format("\"{}\" is no country's code, like DE", value));
    out.country = value;
  } else if (key == "subdivision") {
    if (!is_code(value, 3)) return problem(fmt::format("\"{}\" is no subdivision, like CA", value));
    out.subdivision = value;
  } else if (key == "region") {
    if (!is_region(value))
      return problem(fmt::format("\"{}\" is no Region, like eu-central-1", value));
    out.region = value;
  } else {
    return problem(fmt::format(
        "\"{}\": a network is followed by continent=, country=, subdivision= or region=", word));
  }
  return Done{};
}

Result<Asker> parse_row(const std::vector<std::string_view>& words) {
  Asker out;
  const auto network = dns::network_from_text(words.front());
  if (!network)
    return problem(
        fmt::format("\"{}\" is no network, like 192.0.2.0/24 or 2001:db8::/32", words.front()));
  out.network = *network;
  if (words.size() == 1)
    return problem("where is it? continent=EU country=DE, region=eu-central-1");
  for (std::size_t i = 1; i < words.size(); ++i)
    if (auto taken = take(out, words[i]); !taken) return failure(taken.error());
  if (!out.country.empty() && out.continent.empty())
    return problem("a country's continent is not known here: say it, like continent=EU country=DE");
  if (!out.subdivision.empty() && out.country.empty())
    return problem("a subdivision is one of a country");
  return out;
}

}  // namespace

bool is_continent(std::string_view code) {
  return !code.empty() && find_geo_place(code, "", "") != nullptr;
}

Result<AskerTable> AskerTable::parse(std::string_view text) {
  AskerTable out;
  std::set<dns::Network> seen;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    auto row = parse_row(words);
    if (!row) return problem(fmt::format("line {}: {}", number, row.error().text));
    if (!seen.insert(row->network).second)
      return problem(fmt::format("line {}: {} has a line already", number, words.front()));
    if (out.rows_.size() >= most_rows)
      return problem(fmt::format("line {}: at most {} networks", number, most_rows));
    const auto network = row->network;
    out.rows_.push_back({network, std::move(*row)});
    out.numbers_.put(network, static_cast<std::uint16_t>(out.rows_.size()));
  }
  return out;
}

Asker AskerTable::asker(const dns::Network& network) const {
  const auto found = numbers_.find(
      {reinterpret_cast<const std::uint8_t*>(network.bytes.data()), network.bytes.size()},
      network.length);
  Asker out;
  if (found.place > 0) out = rows_[found.place - 1u].asker;
  out.network = network;
  return out;
}

}  // namespace sitelatch::route53
