// SPDX-License-Identifier: Apache-2.0
#include "settings/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "guard/rules/site_names.h"

namespace sitelatch::settings {
namespace {

void lay_table_over(Table& below, Table above) {
  for (auto& [key, setting] : above) below.insert_or_assign(key, std::move(setting));
}

bool is_id(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : hex_digit(text[i]) < 0) return false;
  }
  return true;
}

bool same_check(std::string_view a, std::string_view b) {
  if (equal_ignoring_case(a, b)) return true;
  if (is_id(a) || is_id(b)) return false;
  const auto name = guard::canonical_name(a), other = guard::canonical_name(b);
  return name && other && *name == *other;
}

}  // namespace

const std::string& Guard::health_check() const {
  const auto said = table.find("health-check");
  return said == table.end() ? name : said->second.values.front();
}

std::string to_string(const Origin& origin) {
  return origin.line == 0 ? origin.file : fmt::format("{}:{}", origin.file, origin.line);
}

std::string to_string(const Fault& fault) {
  return to_string(fault.origin) + ": " + fault.sentence;
}

void lay_over(Settings& below, Settings above) {
  lay_table_over(below.defaults, std::move(above.defaults));
  lay_table_over(below.console, std::move(above.console));
  for (auto& guard : above.guards) {
    const auto same = std::find_if(below.guards.begin(), below.guards.end(),
                                   [&](const Guard& there) { return there.name == guard.name; });
    if (same == below.guards.end())
      below.guards.push_back(std::move(guard));
    else
      lay_table_over(same->table, std::move(guard.table));
  }
}

std::vector<Fault> unfinished(const Settings& settings) {
  std::vector<Fault> out;
  for (const auto& guard : settings.guards) {
    if (guard.table.count("health-check") != 0 || is_id(guard.name) ||
        guard.name.find('.') != std::string::npos)
      continue;
    out.push_back({guard.origin,
                   fmt::format("guard {} has no health-check: the id of Primary's health check, or "
                               "the DNS name whose PRIMARY record uses it, such as health-check = "
                               "\"client.example.com\"",
                               guard.name)});
  }
  return out;
}

std::vector<const Guard*> guards_meant(const Settings& settings, std::string_view word) {
  std::vector<const Guard*> out;
  for (const auto& guard : settings.guards)
    if (guard.name == word) return {&guard};
  for (const auto& guard : settings.guards)
    if (same_check(guard.health_check(), word)) out.push_back(&guard);
  return out;
}

const Setting* setting_of(const Settings& settings, const Guard* guard, std::string_view key) {
  if (guard) {
    const auto own = guard->table.find(key);
    if (own != guard->table.end()) return &own->second;
  }
  const auto of_all = settings.defaults.find(key);
  return of_all == settings.defaults.end() ? nullptr : &of_all->second;
}

}  // namespace sitelatch::settings
