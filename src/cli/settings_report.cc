// SPDX-License-Identifier: Apache-2.0
#include "cli/settings_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "cli/settings_use.h"

namespace sitelatch::cli {
namespace {

std::optional<std::string> winner(settings::Place place, const std::string& name) {
  const auto* key = settings::find_key(place, name);
  return key ? variable_that_wins(*key) : std::nullopt;
}

// What holds for the guard, its own and what is said for all.
settings::Table of_guard(const settings::Settings& settings, const settings::Guard& guard) {
  settings::Table out = guard.table;
  for (const auto& [name, setting] : settings.defaults) out.insert({name, setting});
  if (out.count("health-check") == 0) out["health-check"] = {{guard.name}, guard.origin};
  return out;
}

void add_table(std::string& out, const std::string& head, const settings::Table& table,
               settings::Place place) {
  if (table.empty()) return;
  out += (out.empty() ? "" : "\n") + head + "\n";
  std::size_t widest = 0;
  for (const auto& [name, setting] : table) widest = std::max(widest, name.size());
  for (const auto& [name, setting] : table) {
    const auto variable = winner(place, name);
    for (std::size_t i = 0; i < setting.values.size(); ++i)
      out += fmt::format(
          "  {:<{}}  {}{}\n", i == 0 ? name : "", widest, setting.values[i],
          i > 0
              ? ""
              : fmt::format("  ({}{})", settings::to_string(setting.origin),
                            variable ? ", gives way to " + *variable + " of the environment" : ""));
  }
}

aws::Value table_value(const settings::Table& table, settings::Place place) {
  auto out = aws::Value::structure();
  for (const auto& [name, setting] : table) {
    const auto* key = settings::find_key(place, name);
    aws::Value said;
    if (key && key->list) {
      said = aws::Value::list();
      for (const auto& value : setting.values) said.push(value);
    } else {
      said = setting.values.front();
    }
    auto one = aws::Value::structure({{"value", std::move(said)},
                                      {"file", setting.origin.file},
                                      {"line", static_cast<std::int64_t>(setting.origin.line)}});
    if (const auto variable = winner(place, name)) one.set("gives_way_to", *variable);
    out.set(name, std::move(one));
  }
  return out;
}

}  // namespace

std::string settings_text(const settings::Settings& settings, const settings::Guard* guard) {
  std::string out;
  if (guard) {
    add_table(out, "guard " + guard->name, of_guard(settings, *guard), settings::Place::guard);
    return out;
  }
  add_table(out, "for all", settings.defaults, settings::Place::top);
  for (const auto& one : settings.guards) {
    auto table = one.table;
    if (table.count("health-check") == 0) table["health-check"] = {{one.name}, one.origin};
    add_table(out, "guard " + one.name, table, settings::Place::guard);
  }
  add_table(out, "console", settings.console, settings::Place::console);
  return out;
}

aws::Value settings_value(const settings::Settings& settings, const settings::Guard* guard) {
  if (guard) return table_value(of_guard(settings, *guard), settings::Place::guard);
  auto guards = aws::Value::structure();
  for (const auto& one : settings.guards)
    guards.set(one.name, table_value(one.table, settings::Place::guard));
  return aws::Value::structure(
      {{"all", table_value(settings.defaults, settings::Place::top)},
       {"guards", std::move(guards)},
       {"console", table_value(settings.console, settings::Place::console)}});
}

}  // namespace sitelatch::cli
