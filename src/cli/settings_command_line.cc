// SPDX-License-Identifier: Apache-2.0
#include "cli/settings_command_line.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <cstdio>
#include <memory>

#include "base/nearest.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_report.h"
#include "cli/settings_report.h"
#include "cli/settings_use.h"

namespace sitelatch::cli {
namespace {

struct ConfigOptions {
  std::string file;  // --config, or what is checked
  std::string guard;
  GuardOptions common;  // of which --output
};

std::string nothing_there(const std::string& only) {
  if (only == no_config) return "No configuration file is read: --config none.";
  return fmt::format(
      "There is no configuration file: neither {}. To begin: sitelatch config example",
      join(config_files(only), " nor "));
}

int show_config(const CLI::App& app, const ConfigOptions& options) {
  const auto found = find_settings(app, options.file);
  if (!found) return fail(options.common, found.error().text, exit_usage);
  const settings::Guard* guard = nullptr;
  if (!options.guard.empty()) {
    const auto meant = settings::guards_meant(found->settings, options.guard);
    if (meant.size() != 1) {
      std::vector<std::string> names;
      for (const auto& one : found->settings.guards) names.push_back(one.name);
      const auto near = nearest(options.guard, names);
      return fail(
          options.common,
          fmt::format("there is no guard \"{}\" in {}.{}", options.guard,
                      found->files.empty() ? "any configuration file" : join(found->files, " and "),
                      near ? fmt::format(" Did you mean {}?", *near) : ""),
          exit_usage);
    }
    guard = meant.front();
  }
  if (options.common.output == Output::json) {
    auto out = settings_value(found->settings, guard);
    auto files = aws::Value::list();
    for (const auto& file : found->files) files.push(file);
    fmt::print("{}\n", aws::to_json(aws::Value::structure(
                           {{"files", std::move(files)}, {"settings", std::move(out)}})));
    return exit_done;
  }
  if (found->files.empty()) {
    say(nothing_there(options.file));
    return exit_done;
  }
  const auto text = settings_text(found->settings, guard);
  if (text.empty()) say(join(found->files, " and ") + " says nothing.");
  fmt::print("{}", text);
  return exit_done;
}

int check_config(const CLI::App& app, const ConfigOptions& options) {
  const auto found = find_settings(app, options.file);
  if (!found) return fail(options.common, found.error().text, exit_usage);
  if (found->files.empty()) {
    say(nothing_there(options.file));
    return exit_done;
  }
  fmt::print("{}: sound, {}.\n", join(found->files, " and "),
             counted(static_cast<std::int64_t>(found->settings.guards.size()), "guard", "guards"));
  return exit_done;
}

// For the shells' completions: a file that is wrong completes nothing.
void print_guard_names(const CLI::App& app, const ConfigOptions& options) {
  const auto found = find_settings(app, options.file);
  if (!found) return;
  for (const auto& guard : found->settings.guards) fmt::print("{}\n", guard.name);
}

}  // namespace

void add_config_command(CLI::App& app, int& status) {
  auto* config =
      app.add_subcommand("config", "the configuration file: what it says, and is it sound");
  config->group("Guard");
  config->require_subcommand(1);
  config->footer(
      "Guards by name, with their account, checks and notices, so that nobody types them twice: "
      "sitelatch switch-back shop.\nAll keys: man sitelatch.toml, or sitelatch config example\n\n"
      "Examples:\n"
      "  sitelatch config example > ~/.config/sitelatch/sitelatch.toml\n"
      "  sitelatch config check\n"
      "  sitelatch config show shop");

  auto options = std::make_shared<ConfigOptions>();
  auto* show = config->add_subcommand("show", "what holds, and from where");
  show->add_option("guard", options->guard, "for this guard (default: all that the files say)")
      ->type_name("ID|NAME");
  add_config_option(*show, options->file);
  show->add_option_function<std::string>(
          "--output",
          [options](const std::string& text) {
            options->common.output = text == "json" ? Output::json : Output::text;
          },
          "text for people, json for programs")
      ->type_name("text|json")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_str("text");
  show->footer("Examples:\n  sitelatch config show\n  sitelatch config show shop --output json");
  show->callback([&app, &status, options] { status = show_config(app, *options); });

  auto* check = config->add_subcommand("check", "is a file sound; all faults, each with its line");
  check->add_option("file", options->file, "this file alone (default: those that commands read)")
      ->type_name("FILE")
      ->envname(config_variable);
  check->footer(
      "Exit status:\n  0  sound, or there is none\n  2  not: a file that is wrong is what every "
      "command of a guard ends with\n\n"
      "Example:\n  sitelatch config check ./sitelatch.toml");
  check->callback([&app, &status, options] { status = check_config(app, *options); });

  auto* begun = config->add_subcommand("example", "a file with every key in it, commented out");
  begun->footer("Example:\n  sitelatch config example > ~/.config/sitelatch/sitelatch.toml");
  begun->callback([] { fmt::print("{}", settings::example()); });

  auto* names = config->add_subcommand("names", "the names of all guards, for completions");
  names->group("");
  add_config_option(*names, options->file);
  names->callback([&app, options] { print_guard_names(app, *options); });
}

}  // namespace sitelatch::cli
