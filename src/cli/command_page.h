// SPDX-License-Identifier: Apache-2.0
// A command as its --help knows it, as data: what the man pages and the completions are made of, so
// that they cannot say anything else than --help.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sitelatch::cli {

struct CommandOption {
  std::vector<std::string> names;    // "--yes", "-y", long ones first; empty: a positional
  std::string positional;            // its name, or empty
  std::string what;                  // the sentence of --help
  std::string value;                 // what it takes: "ADDR:PORT", "FILE"; empty: a flag
  std::vector<std::string> choices;  // all values that are taken, where they are few
  std::string initial;               // the default, as text
  std::string variable;              // of the environment
  bool required = false, repeated = false;
};

struct CommandPage {
  std::string name;   // "sitelatch", "status", "throttle"
  std::string what;   // one line
  std::string after;  // exit statuses, examples: paragraphs as --help prints them
  std::vector<CommandOption> options;
  std::vector<CommandPage> commands;
};

// All values that an option takes, where they are few; else none.
std::vector<std::string> choices_of(const CLI::Option& option);

// Hidden commands (of the empty group) are left out.
CommandPage command_page(const CLI::App& app);

}  // namespace sitelatch::cli
