// SPDX-License-Identifier: Apache-2.0
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <memory>

#include "cli/console_command.h"
#include "cli/guard_report.h"
#include "cli/settings_use.h"
#include "cli/validators.h"

namespace sitelatch::cli {
namespace {

std::vector<std::string> said_in(const settings::Table& table, std::string_view key) {
  const auto said = table.find(key);
  return said == table.end() ? std::vector<std::string>{} : said->second.values;
}

// Each account once that a guard of the file is in.
std::vector<GuardOptions> accounts_of_guards(const SettingsUse& file,
                                             const ConsoleOptions& options) {
  std::vector<GuardOptions> out;
  for (const auto& guard : file.settings().guards) {
    GuardOptions one;
    const auto take = [&](std::string_view key, std::string& to) {
      if (const auto* said = file.holds(key, &guard)) to = said->values.front();
    };
    take("profile", one.profile);
    take("region", one.region);
    take("endpoint-url", one.endpoint_url);
    one.config_file = options.config_file;
    const auto same = [&](const GuardOptions& other) {
      return other.profile == one.profile && other.region == one.region &&
             other.endpoint_url == one.endpoint_url;
    };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back(std::move(one));
  }
  return out;
}

// Who is named on the command line or in the environment is the page's account; else those of
// [console]; else those that guards are in.
void take_accounts(ConsoleOptions& options, const SettingsUse& file) {
  for (const auto* key : {"profile", "region", "endpoint-url"})
    if (file.said_elsewhere(key)) return;
  const auto& console = file.settings().console;
  const auto profiles = said_in(console, "profile"), regions = said_in(console, "region");
  if (!profiles.empty() || !regions.empty()) {
    options.profiles = profiles;
    options.regions = regions;
  } else if (!file.settings().guards.empty()) {
    options.accounts = accounts_of_guards(file, options);
  }
}

// The page that an engine starts is of the engine's own account, whatever files say.
int run_console_with_file(CLI::App& command, ConsoleOptions& options) {
  if (!options.engine_data_dir.empty()) return run_console(options);
  SettingsUse file(command);
  GuardOptions common;
  if (const auto read = file.read(options.config_file); !read)
    return fail(common, read.error().text, exit_usage);
  const bool listens = !options.listen.empty();
  file.apply(nullptr);
  const auto listen = said_in(file.settings().console, "listen");
  if (!listens && !listen.empty()) options.listen = listen.front();
  take_accounts(options, file);
  return run_console(options);
}

}  // namespace

void add_console_command(CLI::App& app, int& status) {
  auto options = std::make_shared<ConsoleOptions>();
  auto* sub = app.add_subcommand("console", "a page in the browser: who serves, why, what to do");
  sub->group("Guard");
  sub->add_option("--profile", options->profiles,
                  "profile of ~/.aws/config; may be given again: the fleet of several accounts")
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  sub->add_option("--region", options->regions,
                  "region of the calls that do not say one; may be given again (default: as "
                  "configured, else us-east-1)")
      ->type_name("REGION")
      ->check(region_name())
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  sub->add_option("--endpoint-url", options->endpoint_url,
                  "where all services are, in place of AWS's own")
      ->type_name("URL");
  sub->add_option("--listen", options->listen,
                  "where the page is served: an address of this machine's own; port 0 picks a free "
                  "one (default: 127.0.0.1:4567, or a free port)")
      ->type_name("ADDR:PORT");
  add_config_option(*sub, options->config_file);
  sub->add_option("--check", options->checks,
                  "a command that must exit 0 before a switch back from the page: are the sites in "
                  "sync? (may be given again; default: those of the guard in the configuration "
                  "file)")
      ->type_name("CMD")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  sub->add_option("--dns-server", options->dns_server,
                  "ask this server who serves, in place of the zone's own")
      ->type_name("ADDR:PORT");
  // For the engine, which starts it when somebody opens its page (console_door.h).
  sub->add_option("--of-engine", options->engine_data_dir)->group("");
  sub->add_option("--listening-fd", options->listening_fd)->group("");
  sub->footer(
      "Prints the page's URL; its token opens the page once, then a cookie does. Nobody else on "
      "the "
      "network reaches it: from\nanother machine, ssh -L 4567:127.0.0.1:4567 this-machine. Ctrl-C "
      "ends it, and with it, in good order, what was\nbegun from the page.\n\n"
      "Whose guards: --profile; else of a configuration file the accounts of [console], else those "
      "of its guards.\n\n"
      "Examples:\n"
      "  sitelatch console\n"
      "  sitelatch console --profile prod --profile staging --check ./sites-in-sync\n"
      "  eval \"$(sitelatch env)\" && sitelatch console      # a running engine");
  sub->callback([sub, options, &status] { status = run_console_with_file(*sub, *options); });
}

}  // namespace sitelatch::cli
