// SPDX-License-Identifier: Apache-2.0
#include "cli/target_command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/running_engine.h"

namespace sitelatch::cli {

void add_target_command(CLI::App& app, int& status) {
  const auto options = std::make_shared<TargetOptions>();
  auto* target = app.add_subcommand(
      "target", "say what is behind aliases that leave the account: load balancers, CloudFront");
  target
      ->add_option("--data-dir", options->where.data_dir,
                   "the engine's data directory (default: by XDG rules)")
      ->type_name("DIR")
      ->envname(data_dir_variable);
  auto* name = target->add_option("name", options->name, "the target's name, as the alias has it")
                   ->type_name("NAME");
  target
      ->add_option("status", options->status,
                   "down: nothing healthy is behind it, and aliases with EvaluateTargetHealth are "
                   "unhealthy; up: the contrary (so it begins)")
      ->check(CLI::IsMember({"up", "down"}))
      ->needs(name);
  target
      ->add_option("--address", options->addresses,
                   "its addresses, IPv4 or IPv6; `resolver`: what this machine's resolver says, "
                   "which is so where nothing was said")
      ->type_name("ADDRESS[,ADDRESS...]")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->needs(name);
  target->add_option("--ttl", options->ttl, "seconds that its addresses are kept (default: 60)")
      ->type_name("SECONDS")
      ->check(CLI::Range(0, 2147483647))
      ->needs(name);
  target
      ->add_option("--zone", options->zone,
                   "the id of its hosted zone, where it is in one of AWS's that this engine does "
                   "not know")
      ->type_name("ID")
      ->needs(name);
  target->footer(
      "What is said is kept until `remove`, also over a restart. A target whose addresses were "
      "said\n"
      "answers by them under its own name too, so that health checks of that name find it.\n\n"
      "Examples, two load balancers of which the first fails:\n"
      "  sitelatch target lb-1.eu-west-1.elb.amazonaws.com --address 192.0.2.1,192.0.2.2\n"
      "  sitelatch target lb-2.us-east-1.elb.amazonaws.com --address 198.51.100.1 --ttl 30\n"
      "  sitelatch target lb-1.eu-west-1.elb.amazonaws.com down\n"
      "  sitelatch target list");
  target->callback([target, options, &status] {
    if (!target->get_subcommands().empty()) return;
    if (options->name.empty()) throw CLI::RequiredError("a target's name, or list, or remove");
    if (options->status.empty() && options->addresses.empty() && !options->ttl &&
        options->zone.empty())
      throw CLI::RequiredError("what is so of it (--address ADDRESS, up or down)");
    status = say_of_target(*options);
  });

  const auto json = std::make_shared<bool>(false);
  auto* list = target->add_subcommand("list", "the targets: those aliases lead to, and those said");
  list->fallthrough();
  list->add_flag("--json", *json, "as JSON");
  list->footer("Example:\n  sitelatch target list");
  list->callback([options, json, &status] { status = list_targets(options->where, *json); });

  const auto gone = std::make_shared<std::string>();
  auto* remove = target->add_subcommand("remove", "take back all that was said of a target");
  remove->fallthrough();
  remove->add_option("target", *gone, "its name")->required()->type_name("NAME");
  remove->footer("Example:\n  sitelatch target remove lb-1.eu-west-1.elb.amazonaws.com");
  remove->callback([options, gone, &status] { status = remove_target(options->where, *gone); });
}

}  // namespace sitelatch::cli
