// SPDX-License-Identifier: Apache-2.0
#include "cli/settings_use.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "base/nearest.h"
#include "base/text.h"
#include "cli/command_page.h"
#include "client/environment.h"
#include "settings/files.h"

extern char** environ;

namespace sitelatch::cli {
namespace {

constexpr std::string_view connection_keys[] = {"profile", "region", "endpoint-url"};

bool is_of_connection(std::string_view key) {
  return std::find(std::begin(connection_keys), std::end(connection_keys), key) !=
         std::end(connection_keys);
}

bool is_for(const settings::Key& key, const std::string& command) {
  return key.commands.empty() ||
         std::find(key.commands.begin(), key.commands.end(), command) != key.commands.end();
}

std::string one_of(const std::vector<std::string>& choices) {
  std::string out;
  for (std::size_t i = 0; i < choices.size(); ++i)
    out += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  return out;
}

// What an option would say of a value; empty: it takes it.
std::string option_says(const CLI::App& command, const std::string& key, std::string value) {
  const auto page = command_page(command);
  for (const auto& option : page.options) {
    if (std::find(option.names.begin(), option.names.end(), "--" + key) == option.names.end())
      continue;
    if (option.choices.empty()) break;
    if (std::find(option.choices.begin(), option.choices.end(), value) != option.choices.end())
      return {};
    const auto meant = nearest(value, option.choices);
    return fmt::format("{} takes {}, not \"{}\".{}", key, one_of(option.choices), value,
                       meant ? fmt::format(" Did you mean {}?", *meant) : "");
  }
  // The library tells only by an exception how many of them there are.
  const auto* const_option = command.get_option_no_throw("--" + key);
  auto* option = const_cast<CLI::Option*>(const_option);  // its validators are not for reading
  try {
    for (int i = 0;; ++i)
      if (const auto why = (*option->get_validator(i))(value); !why.empty())
        return key + ": " + why;
  } catch (const CLI::OptionNotFound&) {
    return {};
  }
}

void check_values(const CLI::App& program, settings::Place place, const settings::Table& table,
                  std::vector<settings::Fault>& faults) {
  const auto commands = program.get_subcommands([](const CLI::App*) { return true; });
  for (const auto& [name, setting] : table) {
    const auto* key = settings::find_key(place, name);
    for (const auto& value : setting.values)
      for (const auto* command : commands) {
        if (!command->get_option_no_throw("--" + name) || !is_for(*key, command->get_name()))
          continue;
        if (auto why = option_says(*command, name, value); !why.empty()) {
          faults.push_back({setting.origin, std::move(why)});
          break;
        }
      }
  }
}

}  // namespace

void add_config_option(CLI::App& command, std::string& file) {
  command
      .add_option("--config", file,
                  "read this configuration file alone; none: no file (default: "
                  "/etc/sitelatch/sitelatch.toml and ~/.config/sitelatch/sitelatch.toml)")
      ->type_name("FILE")
      ->envname(config_variable);
}

std::vector<std::string> config_files(const std::string& only) {
  if (only == no_config) return {};
  if (!only.empty()) return {only};
  const auto environment = client::system_environment();
  return settings::usual_files([&](std::string_view name) { return environment->variable(name); },
                               environment->home());
}

Result<FoundSettings> find_settings(const CLI::App& program, const std::string& only) {
  FoundSettings out;
  std::vector<std::string> wrong;
  for (const auto& path : config_files(only)) {
    const auto text = settings::read_file(path);
    if (!text) {
      wrong.push_back(text.error().text);
      continue;
    }
    if (!*text) {
      if (!only.empty())
        wrong.push_back(fmt::format("{} (--config, or {}) is not there", path, config_variable));
      continue;
    }
    out.files.push_back(path);
    auto parsed = settings::parse(**text, path);
    auto& faults = parsed.faults;
    check_values(program, settings::Place::top, parsed.settings.defaults, faults);
    check_values(program, settings::Place::console, parsed.settings.console, faults);
    for (const auto& guard : parsed.settings.guards)
      check_values(program, settings::Place::guard, guard.table, faults);
    std::stable_sort(faults.begin(), faults.end(),
                     [](const auto& a, const auto& b) { return a.origin.line < b.origin.line; });
    for (const auto& fault : faults) wrong.push_back(settings::to_string(fault));
    settings::lay_over(out.settings, std::move(parsed.settings));
  }
  for (const auto& fault : settings::unfinished(out.settings))
    wrong.push_back(settings::to_string(fault));
  if (!wrong.empty()) return problem(join(wrong, "\n"));
  return out;
}

std::optional<std::string> variable_that_wins(const settings::Key& key) {
  for (const auto wanted : key.variables)
    for (char** entry = environ; entry && *entry; ++entry) {
      const std::string_view text{*entry};
      const auto name = text.substr(0, text.find('='));
      if (name.size() + 1 >= text.size()) continue;  // an empty one is like none
      if (wildcard_match(wanted, name)) return std::string{name};
    }
  return std::nullopt;
}

SettingsUse::SettingsUse(CLI::App& command) : command_(command) {
  for (const auto* option : command.get_options())
    if (option->count() > 0)
      for (const auto& name : option->get_lnames()) given_.insert(name);
}

Result<Done> SettingsUse::read(const std::string& only) {
  auto found = find_settings(*command_.get_parent(), only);
  if (!found)
    return problem(found.error().text + "\nTo go without: --config " + std::string{no_config});
  found_ = std::move(*found);
  files_ = join(found_.files, " and ");
  return Done{};
}

Result<const settings::Guard*> SettingsUse::guard_meant(std::string_view word) const {
  const auto meant = settings::guards_meant(found_.settings, word);
  if (meant.empty()) return static_cast<const settings::Guard*>(nullptr);
  if (meant.size() == 1) return meant.front();
  std::vector<std::string> names;
  for (const auto* guard : meant)
    names.push_back(fmt::format("{} ({})", guard->name, settings::to_string(guard->origin)));
  return problem(fmt::format("{} is the health check of several guards: {}. Name one of them", word,
                             join(names, ", ")));
}

bool SettingsUse::said_elsewhere(std::string_view name) const {
  if (given_.count(name) != 0) return true;
  const auto* key = settings::find_key(settings::Place::top, name);
  return key && variable_that_wins(*key).has_value();
}

const settings::Setting* SettingsUse::holds(std::string_view key,
                                            const settings::Guard* guard) const {
  return said_elsewhere(key) ? nullptr : settings::setting_of(found_.settings, guard, key);
}

void SettingsUse::apply(const settings::Guard* guard, Connection connection) {
  for (const auto& key : settings::keys()) {
    if (key.place != settings::Place::anywhere && key.place != settings::Place::top) continue;
    if (connection == Connection::made && is_of_connection(key.name)) continue;
    auto* option = command_.get_option_no_throw("--" + std::string{key.name});
    if (!option || !is_for(key, command_.get_name())) continue;
    const auto* said = holds(key.name, guard);
    if (!said) continue;
    option->clear();
    option->add_result(said->values);
    option->run_callback();
  }
}

std::string SettingsUse::overruled(const settings::Guard& guard) const {
  std::vector<std::string> keys, variables;
  for (const auto name : connection_keys) {
    const auto said = guard.table.find(name);
    if (said == guard.table.end() || given_.count(name) != 0) continue;
    const auto variable = variable_that_wins(*settings::find_key(settings::Place::guard, name));
    if (!variable) continue;
    const char* value = std::getenv(variable->c_str());
    if (value && said->second.values.front() == value) continue;
    keys.emplace_back(name);
    if (std::find(variables.begin(), variables.end(), *variable) == variables.end())
      variables.push_back(*variable);
  }
  if (keys.empty()) return {};
  return fmt::format("Note: what {} says of {} of guard {} gives way to {} of the environment.",
                     guard.origin.file, join(keys, ", "), guard.name, join(variables, ", "));
}

}  // namespace sitelatch::cli
