// SPDX-License-Identifier: Apache-2.0
#include "cli/command_page.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace sitelatch::cli {
namespace {

// CLI11 keeps choices in the name of the type alone: "TEXT:{wall,manual}". A name of ours before
// them ("text|json:{text,json}") says the same again.
void read_type(const std::string& type, CommandOption& option) {
  const auto colon = type.find(":{");
  if (colon == std::string::npos || !type.ends_with('}')) {
    option.value = type;
    return;
  }
  option.value = type.substr(0, colon);
  const std::string_view inside{type.data() + colon + 2, type.size() - colon - 3};
  for (const auto choice : split(inside, ',')) option.choices.emplace_back(choice);
  if (option.value == "TEXT" || option.value.find('|') != std::string::npos) {
    option.value.clear();
    for (const auto& choice : option.choices)
      option.value += (option.value.empty() ? "" : "|") + choice;
  }
}

// "ADDR:PORT:ADDR:PORT", a name of ours and the validator's own, is one name said twice.
std::string without_echo(const std::string& type) {
  if (type.size() % 2 == 0) return type;
  const auto middle = type.size() / 2;
  return type[middle] == ':' && type.compare(0, middle, type, middle + 1) == 0
             ? type.substr(0, middle)
             : type;
}

CommandOption read_option(const CLI::Option& given) {
  CommandOption option;
  for (const auto& name : given.get_lnames()) option.names.push_back("--" + name);
  for (const auto& name : given.get_snames()) option.names.push_back("-" + name);
  if (given.get_positional()) option.positional = given.get_name(true);
  option.what = given.get_description();
  if (given.get_items_expected_max() > 0) read_type(without_echo(given.get_type_name()), option);
  option.initial = given.get_default_str();
  option.variable = given.get_envname();
  option.required = given.get_required();
  option.repeated = given.get_items_expected_max() > 1;
  return option;
}

}  // namespace

std::vector<std::string> choices_of(const CLI::Option& option) {
  return option.get_items_expected_max() > 0 ? read_option(option).choices
                                             : std::vector<std::string>{};
}

CommandPage command_page(const CLI::App& app) {
  CommandPage page;
  page.name = app.get_name();
  page.what = app.get_description();
  page.after = app.get_footer();
  for (const auto* option : app.get_options())
    if (!option->get_group().empty()) page.options.push_back(read_option(*option));
  // Groups in the order in which --help has them: as they were added.
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_group().empty()) page.commands.push_back(command_page(*command));
  return page;
}

}  // namespace sitelatch::cli
