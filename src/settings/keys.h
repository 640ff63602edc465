// SPDX-License-Identifier: Apache-2.0
// Every key that a configuration file (sitelatch.toml) may have, once: what is read, what the
// example and the manual page say, and which options of the command line a key stands for. A key
// has its option's name, and takes what the option takes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::settings {

enum class Place {
  anywhere,  // at the top, for all guards, or in a guard's table, for it alone
  guard,     // in a guard's table
  top,       // at the top
  console,   // in [console]
};

struct Key {
  std::string_view name;
  Place place;
  bool list;                               // a string, or an array of strings
  std::string_view value;                  // what it takes, as --help says it: "ID|NAME"
  std::string_view example;                // as TOML: "\"5m\""
  std::string_view what;                   // a sentence, without the full stop
  std::vector<std::string_view> commands;  // whose option it is; none: of each that has it
  // Variables of the environment that win over the file; a * at the end stands for any rest.
  std::vector<std::string_view> variables;
};

const std::vector<Key>& keys();

// The key as it stands in a guard's table, at the top or in [console]. Null: not there.
const Key* find_key(Place section, std::string_view name);

// "in a guard's table", "at the top of the file": for people.
std::string_view where_it_stands(Place place);

// The whole of them as a file in which everything is commented out.
std::string example();

// What else a file's reader has to know, in paragraphs; of the manual page and the example.
const std::vector<std::string_view>& rules_of_the_file();

}  // namespace sitelatch::settings
