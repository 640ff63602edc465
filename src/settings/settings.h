// SPDX-License-Identifier: Apache-2.0
// What configuration files say: text to settings with their places, several files laid over each
// other, and which guard a person means. Knows no files, no environment and no command line. What
// a value may be is the option's matter (cli/settings_use.h); here are names and types.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "settings/keys.h"

namespace sitelatch::settings {

struct Origin {
  std::string file;
  std::size_t line = 0;
};
std::string to_string(const Origin& origin);  // "FILE:LINE"

struct Setting {
  std::vector<std::string> values;  // one, unless the key is a list
  Origin origin;
};
using Table = std::map<std::string, Setting, std::less<>>;  // by the key's name

struct Guard {
  std::string name;
  Table table;
  Origin origin;
  // As the file says it, or its own name.
  const std::string& health_check() const;
};

struct Settings {
  Table defaults, console;
  std::vector<Guard> guards;  // in the files' order
};

struct Fault {
  Origin origin;
  std::string sentence;
};
std::string to_string(const Fault& fault);

struct Parsed {
  Settings settings;
  std::vector<Fault> faults;  // all of them
};
Parsed parse(std::string_view text, const std::string& file);

// `above` wins, key by key.
void lay_over(Settings& below, Settings above);

// What only the whole can tell: guards of which nobody says which health check they are.
std::vector<Fault> unfinished(const Settings& settings);

// By its name; else all whose health check is called so: the same id, the same DNS name however
// written.
std::vector<const Guard*> guards_meant(const Settings& settings, std::string_view word);

// The setting of a guard, else of all. Null: nobody says.
const Setting* setting_of(const Settings& settings, const Guard* guard, std::string_view key);

}  // namespace sitelatch::settings
