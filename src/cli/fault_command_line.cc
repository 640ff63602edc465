// SPDX-License-Identifier: Apache-2.0
#include "cli/fault_command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/running_engine.h"
#include "cli/validators.h"

namespace sitelatch::cli {
namespace {

struct Kind {
  const char *name, *what, *more;
};

constexpr Kind kinds[] = {
    {"throttle", "requests are refused with the service's throttling error",
     "Example, to see what a failing account's automation does to a switch back:\n"
     "  sitelatch fault throttle --service route53 --for 5m\n"},
    {"deny", "requests are refused as if no policy allowed them, the root user's too",
     "Requests to the API alone: what services do for each other goes on.\n\n"
     "Example:\n  sitelatch fault deny --service route53 --operation UpdateHealthCheck\n"},
    {"outage", "requests are answered 503, and the service does nothing by itself",
     "Without --operation also what it does by itself: lambda runs no functions, sns delivers\n"
     "nothing, cloudwatch evaluates no alarms, events fires no rules, logs keeps no lines. DNS "
     "and\n"
     "health checks go on, as they do on AWS.\n\n"
     "Example, to rehearse the loss of a region's Lambda for an hour:\n"
     "  sitelatch fault outage --service lambda --region eu-west-1 --for 1h\n"},
    {"lag", "reads answer what was so a while ago",
     "Reads are Get, List, Describe and Filter. Not old are temporary credentials and the last\n"
     "observations of health checks.\n\n"
     "Example:\n  sitelatch fault lag --service sns --operation 'List*' --behind 20s --for 10m\n"},
    {"lose-answer", "requests are carried out, and the connection is closed without an answer",
     "Example, to see how a command copes with not knowing whether the latch is set:\n"
     "  sitelatch fault lose-answer --service route53 --operation UpdateHealthCheck --count 1\n"},
};

// The engine is chosen once, before the subcommand or after it.
using Where = std::shared_ptr<EngineChoice>;

void add_kind(CLI::App* fault, const Where& where, const Kind& kind, int& status) {
  const auto options = std::make_shared<FaultOptions>();
  const auto lasts = std::make_shared<std::string>(), behind = std::make_shared<std::string>();
  options->kind = kind.name;
  auto* command = fault->add_subcommand(kind.name, kind.what);
  command->fallthrough();
  command
      ->add_option("--service", options->service,
                   "cloudwatch, events, iam, lambda, logs, route53, sns, sqs or sts")
      ->required()
      ->type_name("SERVICE");
  command
      ->add_option("--operation", options->operation,
                   "as in AWS's API, or its beginning with a star: 'List*' (default: all)")
      ->type_name("OP");
  command
      ->add_option("--region", options->region,
                   "only there (default: everywhere; route53, iam and sts are in us-east-1)")
      ->type_name("REGION");
  command->add_option("--for", *lasts, "how long, in the engine's time (default: until cleared)")
      ->check(duration_above_zero());
  command->add_option("--count", options->count, "how many requests (default: all)")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  if (options->kind == "lag")
    command->add_option("--behind", *behind, "how old the answers are (default: 30s)")
        ->check(duration_above_zero());
  command->footer(kind.more);
  command->callback([where, options, lasts, behind, &status] {
    options->where = *where;
    if (!lasts->empty()) options->lasts = *parse_duration(*lasts);
    if (!behind->empty()) options->behind = *parse_duration(*behind);
    status = set_fault(*options);
  });
}

void add_checkers(CLI::App* fault, const Where& where, int& status) {
  const auto options = std::make_shared<CheckerFaultOptions>();
  const auto lasts = std::make_shared<std::string>();
  auto* command = fault->add_subcommand(
      "checkers", "some of Route 53's checkers do not reach an endpoint, or lose probes");
  command->fallthrough();
  command->add_option("check", options->check, "a health check's id, or all")
      ->required()
      ->type_name("CHECK|all");
  command
      ->add_option("--cut-off", options->cut_off,
                   "that reach nothing: so many (13), Regions (eu-west-1,us-west-2), or single "
                   "ones (us-east-1/2)")
      ->type_name("K|WHO[,WHO...]");
  command
      ->add_option("--loss", options->loss, "the share of their probes that the others lose: 40%")
      ->type_name("PERCENT");
  command->add_option("--for", *lasts, "how long, in the engine's time (default: until cleared)")
      ->check(duration_above_zero());
  command->footer(
      "Their probes are not sent and fail with a timeout's words. A check is healthy while more\n"
      "than 18 % of its checkers say so: of sixteen, three. An engine has one checker for each\n"
      "check unless it was started with --checkers; two are in each of eight Regions.\n\n"
      "Example, an endpoint that is on the edge of being reached:\n"
      "  sitelatch engine --checkers 16 &\n"
      "  sitelatch fault checkers all --cut-off 13 --loss 40% --for 10m\n"
      "  sitelatch fault clear");
  command->callback([where, options, lasts, &status] {
    options->where = *where;
    if (!lasts->empty()) options->lasts = *parse_duration(*lasts);
    status = set_checker_fault(*options);
  });
}

}  // namespace

void add_fault_commands(CLI::App& app, int& status) {
  auto* fault =
      app.add_subcommand("fault", "let the running engine fail as AWS does, to rehearse bad days");
  fault->require_subcommand(1);
  const auto where = std::make_shared<EngineChoice>();
  fault
      ->add_option("--data-dir", where->data_dir,
                   "the engine's data directory (default: by XDG rules)")
      ->type_name("DIR")
      ->envname(data_dir_variable);
  fault->footer(
      "Faults are set on the running engine and not kept: one that starts again starts whole.\n"
      "`sitelatch engine --realistic` has AWS's everyday lags and limits besides.\n\n"
      "Examples:\n"
      "  sitelatch fault throttle --service route53 --for 5m\n"
      "  sitelatch fault outage --service lambda --region eu-west-1 --for 1h\n"
      "  sitelatch fault lose-answer --service route53 --operation UpdateHealthCheck --count 1\n"
      "  sitelatch fault checkers all --cut-off 13 --loss 40%\n"
      "  sitelatch fault scp region-deny.json\n"
      "  sitelatch fault list\n"
      "  sitelatch fault clear");
  for (const auto& kind : kinds) add_kind(fault, where, kind, status);
  add_checkers(fault, where, status);

  const auto scp = std::make_shared<ScpOptions>();
  auto* scp_command = fault->add_subcommand("scp", "attach a service control policy");
  scp_command->fallthrough();
  scp_command->add_option("file", scp->file, "the policy document, JSON")
      ->required()
      ->type_name("FILE");
  scp_command->footer(
      "It binds every user and role of the account and its root user, as in a member account of "
      "an\n"
      "organisation; not services that act for themselves (CloudWatch that publishes, SNS that\n"
      "invokes). A document of denials alone stands beside FullAWSAccess; one that allows "
      "something\n"
      "allows nothing else. It counts until `sitelatch fault clear`.\n\n"
      "Example, region-deny.json:\n"
      "  {\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Deny\", \"Resource\": "
      "\"*\",\n"
      "    \"NotAction\": [\"iam:*\", \"route53:*\", \"sts:*\"], \"Condition\": "
      "{\"StringNotEquals\":\n"
      "    {\"aws:RequestedRegion\": [\"us-east-1\", \"eu-west-1\"]}}}]}\n"
      "  sitelatch fault scp region-deny.json");
  scp_command->callback([where, scp, &status] {
    scp->where = *where;
    status = attach_scp(*scp);
  });

  const auto listing = std::make_shared<ListFaultsOptions>();
  auto* list = fault->add_subcommand("list", "the faults that are set, with their ids");
  list->fallthrough();
  list->add_flag("--json", listing->json, "as JSON");
  list->footer("Example:\n  sitelatch fault list");
  list->callback([where, listing, &status] {
    listing->where = *where;
    status = list_faults(*listing);
  });

  const auto clearing = std::make_shared<ClearFaultsOptions>();
  auto* clear = fault->add_subcommand("clear", "end one fault, or all of them");
  clear->fallthrough();
  clear->add_option("id", clearing->id, "as `sitelatch fault list` shows it (default: all)")
      ->type_name("ID")
      ->check(CLI::PositiveNumber);
  clear->footer("Examples:\n  sitelatch fault clear 3\n  sitelatch fault clear");
  clear->callback([where, clearing, &status] {
    clearing->where = *where;
    status = clear_faults(*clearing);
  });
}

}  // namespace sitelatch::cli
