// SPDX-License-Identifier: Apache-2.0
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <memory>

#include "cli/console_command.h"
#include "cli/validators.h"

namespace sitelatch::cli {

void add_console_command(CLI::App& app, int& status) {
  auto options = std::make_shared<ConsoleOptions>();
  auto* sub = app.add_subcommand("console", "a page in the browser: who serves, why, what to do");
  sub->group("Guard");
  sub->add_option("--profile", options->profiles,
                  "profile of ~/.aws/config; may be given again: the fleet of several accounts")
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  sub->add_option("--region", options->regions,
                  "region of the calls that do not say one; may be given again (default: as "
                  "configured, else us-east-1)")
      ->type_name("REGION")
      ->check(region_name())
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  sub->add_option("--endpoint-url", options->endpoint_url,
                  "where all services are, in place of AWS's own")
      ->type_name("URL");
  sub->add_option("--listen", options->listen,
                  "where the page is served: an address of this machine's own; port 0 picks a free "
                  "one (default: 127.0.0.1:4567, or a free port)")
      ->type_name("ADDR:PORT");
  sub->add_option("--check", options->checks,
                  "a command that must exit 0 before a switch back from the page: are the sites in "
                  "sync? (may be given again)")
      ->type_name("CMD")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
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
      "Examples:\n"
      "  sitelatch console\n"
      "  sitelatch console --profile prod --profile staging --check ./sites-in-sync\n"
      "  eval \"$(sitelatch env)\" && sitelatch console      # a running engine");
  sub->callback([options, &status] { status = run_console(*options); });
}

}  // namespace sitelatch::cli
