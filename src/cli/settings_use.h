// SPDX-License-Identifier: Apache-2.0
// The configuration file as one command of the command line meets it: what the file says becomes
// the command's options where neither the command line nor the environment says otherwise. Options
// take what they take on the command line, so that a value of the file is held against the option's
// own rules.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "settings/settings.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
class Option;
}  // namespace CLI

namespace sitelatch::cli {

// --config and SITELATCH_CONFIG.
void add_config_option(CLI::App& command, std::string& file);
inline constexpr const char* config_variable = "SITELATCH_CONFIG";
inline constexpr std::string_view no_config = "none";  // --config none

// The files that a command reads.
std::vector<std::string> config_files(const std::string& only);

struct FoundSettings {
  settings::Settings settings;
  std::vector<std::string> files;  // that were there
};
// All of the usual files, or `only` alone. Problem: lines, one a fault: the file, the line, what is
// allowed. `program`: whose options say what values may be.
Result<FoundSettings> find_settings(const CLI::App& program, const std::string& only);

// The variable of the environment that wins over a key of the file, where one is set: its name.
std::optional<std::string> variable_that_wins(const settings::Key& key);

class SettingsUse {
 public:
  // `command`: as it was parsed, before anything of a file is in it.
  explicit SettingsUse(CLI::App& command);

  Result<Done> read(const std::string& only);
  const settings::Settings& settings() const { return found_.settings; }
  const std::string& files() const { return files_; }  // for people

  // The guard that a person means by its name, its id or its DNS name. Null: none of the file.
  // Problem: several are meant.
  Result<const settings::Guard*> guard_meant(std::string_view word) const;
  // What holds for a guard, or for all (null). Null: nobody says, or not the file.
  const settings::Setting* holds(std::string_view key, const settings::Guard* guard) const;
  bool said_elsewhere(std::string_view key) const;  // on the command line, or in the environment
  // Puts what holds into the options. Once more with a guard: what it says takes the place of what
  // was said for all, but the connection stays that there is.
  enum class Connection { open, made };
  void apply(const settings::Guard* guard, Connection connection = Connection::open);
  // What a guard says of its account, and the environment says otherwise, in a sentence; or "".
  std::string overruled(const settings::Guard& guard) const;

 private:
  CLI::App& command_;
  std::set<std::string, std::less<>> given_;  // on the command line, without dashes
  FoundSettings found_;
  std::string files_;
};

}  // namespace sitelatch::cli
