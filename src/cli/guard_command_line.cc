// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <type_traits>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_commands.h"
#include "cli/guard_config.h"
#include "cli/guard_ids.h"
#include "cli/guard_settings.h"
#include "cli/settings_use.h"
#include "cli/validators.h"
#include "guard/rules/holes.h"

namespace sitelatch::cli {
namespace {

const char* const common_statuses =
    "Exit status:\n"
    "  0  done, or nothing to do\n"
    "  1  failed: AWS said no\n"
    "  2  wrong usage, or a configuration file that cannot be used\n"
    "  3  refused: the rules say no, or nobody said yes\n"
    "  4  not in time (--timeout)\n"
    "  5  AWS was not reached, or this may not be done or seen\n";

// A subcommand with what every guard command takes. Its options live as long as the app, in the
// callback.
template <class Options>
struct Command {
  CLI::App* app;
  std::shared_ptr<Options> options;
};

enum class Changes { no, yes };

template <class Options>
Command<Options> add_command(CLI::App& app, const char* name, const char* what, Changes changes) {
  Command<Options> command{app.add_subcommand(name, what), std::make_shared<Options>()};
  auto& common = command.options->common;
  CLI::App* sub = command.app;
  sub->group("Guard");
  sub->add_option(
         "--region", common.region,
         "region of the calls that do not say one (default: as configured, else us-east-1)")
      ->type_name("REGION")
      ->check(region_name());
  sub->add_option("--profile", common.profile, "profile of ~/.aws/config")->type_name("NAME");
  sub->add_option("--endpoint-url", common.endpoint_url,
                  "where all services are, in place of AWS's own")
      ->type_name("URL");
  add_config_option(*sub, common.config_file);
  // Metrics are of what is looked at again and again.
  constexpr bool has_metrics = std::is_same_v<Options, StatusOptions>;
  std::vector<std::string> outputs = {"text", "json"};
  if (has_metrics) outputs.emplace_back("prometheus");
  sub->add_option_function<std::string>(
         "--output",
         [options = command.options](const std::string& text) {
           options->common.output = text == "json"         ? Output::json
                                    : text == "prometheus" ? Output::prometheus
                                                           : Output::text;
         },
         has_metrics ? "text for people, json for programs, prometheus for node_exporter's "
                       "textfile collector"
                     : "text for people, json for programs")
      ->type_name(join(outputs, "|"))
      ->check(CLI::IsMember(outputs))
      ->default_str("text");
  if (changes == Changes::yes)
    sub->add_flag("--yes,-y", common.yes,
                  "do not ask; without a terminal nothing is changed unless this is given");
  return command;
}

template <class Options>
void add_id(Command<Options>& command) {
  command.app
      ->add_option(
          "health-check-id", command.options->health_check_id,
          "the health check of Primary: its id, the DNS name whose PRIMARY record uses it, "
          "or the name of a guard in the configuration file")
      ->required()
      ->type_name("ID|NAME");
}

template <class Options>
void add_duration(Command<Options>& command, const char* name, Duration Options::*member,
                  const char* what, const std::string& shown) {
  CLI::App* sub = command.app;
  auto* option = sub->add_option_function<std::string>(
      name,
      [options = command.options, member](const std::string& text) {
        (*options).*member = *parse_duration(text);
      },
      what);
  option->type_name("DURATION")->check(duration_above_zero());
  if (!shown.empty()) option->default_str(shown);
}

// Nothing: it is, as for `hardened`, whose latch is the guide's. While no record follows what a
// form has made, the guide's guard beside it is the one that latches.
std::optional<int> not_for_this_form(const GuardOptions& common, const std::string& id,
                                     guard::Form form) {
  if (form == guard::Form::guide || form == guard::Form::hardened || !latches_by(common, id, form))
    return std::nullopt;
  return fail(common,
              "not built yet: this command for a guard of the form " +
                  std::string{guard::to_string(form)} + ", which health check " + id +
                  " has. There are status, trip, switch-back, deploy, destroy, drill, policy and "
                  "log.",
              exit_refused);
}

// Every command that takes a health check takes the name of its site too. Those that do not know
// every form of the latch refuse what they do not know, instead of taking it for the guide's.
template <class Options>
int run_with_id(Options& options, int (*run)(const Options&), SettingsUse& file,
                const settings::Guard* guard) {
  if constexpr (requires { options.health_check_id; }) {
    if (options.health_check_id.empty()) return run(options);  // policy, of every guard
    if (const auto failed = make_id(options.common, options.health_check_id)) return *failed;
    const auto named = options.health_check_id;
    auto form = guard::Form::guide;
    constexpr bool latches = std::is_same_v<Options, TripOptions>;
    if (const auto failed = make_form(options.common, options.health_check_id, form,
                                      latches ? Unseen::go_on : Unseen::end))
      return *failed;
    if (!guard) {
      constexpr auto look =
          std::is_same_v<Options, SwitchBackOptions> ? Look::everywhere : Look::no;
      const auto found =
          guard_of_check(file, options.common, {named, options.health_check_id}, look);
      if (!found)
        return fail(options.common, found.error().text, exit_status_of(found.error().kind));
      if (*found) file.apply(*found, SettingsUse::Connection::made);
    }
    if constexpr (requires { options.form; })
      options.form = form;
    else if constexpr (!std::is_same_v<Options, LogOptions> &&
                       !std::is_same_v<Options, PolicyOptions>)
      if (const auto refused = not_for_this_form(options.common, options.health_check_id, form))
        return *refused;
  }
  return run(options);
}

// What the file says of the guard comes into the options before anything is asked of AWS: it may
// say which account it is in.
template <class Options>
int run_with_file(CLI::App& app, Options& options, int (*run)(const Options&)) {
  SettingsUse file(app);
  if (const auto read = file.read(options.common.config_file); !read)
    return fail(options.common, read.error().text, exit_usage);
  const settings::Guard* guard = nullptr;
  if constexpr (requires { options.health_check_id; }) {
    const auto meant = guard_of_word(file, options.health_check_id);
    if (!meant) return fail(options.common, meant.error().text, exit_usage);
    guard = *meant;
    if (guard) options.health_check_id = guard->health_check();
  }
  file.apply(guard);
  if constexpr (std::is_same_v<Options, StatusOptions>)
    if (const auto failed = find_targets(options, file)) return *failed;
  return run_with_id(options, run, file, guard);
}

template <class Options>
void add_assume(Command<Options>& command) {
  command.app
      ->add_option("--assume", command.options->assumed,
                   "another value of what the simulated unsafe seconds assume of AWS (may be given "
                   "again; sitelatch simulate --assumptions)")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->check(assumption_text());
}

template <class Options>
void run_by(Command<Options>& command, int (*run)(const Options&), int& status,
            const std::string& footer) {
  command.app->footer(footer);
  command.app->callback([app = command.app, options = command.options, run, &status] {
    status = run_with_file(*app, *options, run);
  });
}

template <class Options>
void add_optional_duration(Command<Options>& command, const char* name,
                           std::optional<Duration> Options::*member, const char* what) {
  CLI::App* sub = command.app;
  sub->add_option_function<std::string>(
         name,
         [options = command.options, member](const std::string& text) {
           (*options).*member = *parse_duration(text);
         },
         what)
      ->type_name("DURATION")
      ->check(duration_above_zero());
}

template <class Options>
void add_form(Command<Options>& command, const char* what) {
  command.app->add_option("--form", command.options->wanted_form, what)
      ->type_name(join(guard::form_names(), "|"))
      ->check(CLI::IsMember(guard::form_names()));
}

template <class Options>
void add_accept_hole(Command<Options>& command, const char* what) {
  std::vector<std::string> names;
  for (const auto name : guard::hole_names()) names.emplace_back(name);
  command.app->add_option("--accept-hole", command.options->accept_holes, what)
      ->type_name("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->check(CLI::IsMember(names));
}

void add_policy(CLI::App& app, int& status) {
  auto command = add_command<PolicyOptions>(
      app, "policy", "the IAM policy that people need: to look, to operate, to deploy",
      Changes::no);
  auto& options = *command.options;
  command.app->add_option("audience", options.audience, "for whom")
      ->required()
      ->type_name("viewer|operator|deployer")
      ->check(CLI::IsMember({"viewer", "operator", "deployer"}));
  command.app
      ->add_option("health-check-id", options.health_check_id,
                   "of this guard alone, with its exact ARNs (default: of every guard of an "
                   "account, by the names that deploy and the guide give)")
      ->type_name("ID|NAME");
  add_form(command, "of guards of this form (default: as the guard is; without an ID guide)");
  run_by(command, &policy, status,
         "viewer: status, log, doctor, deploy --plan. operator: trip, disarm, arm, reconcile and "
         "switch-back, too. deployer: deploy, destroy\nand drill, too. drill makes a second guard "
         "on a health check whose id nobody knows before: it needs the policy without an id.\n"
         "Whoever may also iam:SimulatePrincipalPolicy on himself is told all missing rights "
         "before anything is changed.\n\n"
         "Exit status:\n"
         "  0  printed\n"
         "  2  wrong usage\n"
         "  5  AWS was not reached (only with an id)\n\n"
         "Examples:\n"
         "  sitelatch policy viewer\n"
         "  sitelatch policy operator 233e180f-f023-45a3-954e-415303f21eab > operator.json\n"
         "  sitelatch policy deployer --form config\n"
         "  sitelatch policy deployer --form hardened 233e180f-f023-45a3-954e-415303f21eab");
}

void add_deploy(CLI::App& app, int& status) {
  auto command = add_command<DeployOptions>(
      app, "deploy", "create, adopt or repair the guard of a health check, and arm it",
      Changes::yes);
  auto& options = *command.options;
  add_id(command);
  command.app->add_flag("--plan", options.plan,
                        "show what exists and what would be changed and why; change nothing");
  command.app
      ->add_option("--function-region", options.function_region,
                   "where the function runs (default: where it is, else us-east-1)")
      ->type_name("REGION")
      ->check(region_name());
  command.app
      ->add_option(
          "--latch", options.latch,
          "how the check is latched: by a path that does not exist, or Disabled and Inverted")
      ->type_name("path|inverted")
      ->check(CLI::IsMember({"path", "inverted"}));
  command.app
      ->add_option("--function", options.function,
                   "native, or Python as in the guide (default: as it is, else native)")
      ->type_name("native|python")
      ->check(CLI::IsMember({"native", "python"}));
  command.app
      ->add_option(
          "--notify", options.notify,
          "who hears of a latch: a mail address, an https URL, the ARN of a queue or function")
      ->type_name("ENDPOINT");
  command.app
      ->add_option("--kms-key", options.kms_keys,
                   "encrypt the topics with this key; once for each region that they are in, or a "
                   "multi-region key (mrk-...)")
      ->type_name("ARN")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  add_accept_hole(command,
                  "arm although there is this hole, by the name that a refusal gave it (may be "
                  "given again)");
  command.app
      ->add_option("--permissions-boundary", options.permissions_boundary,
                   "the boundary of the function's role, where an organisation demands one")
      ->type_name("ARN");
  command.app
      ->add_option("--role-path", options.role_path,
                   "the path of the function's role when it is made (default: /)")
      ->type_name("/PATH/");
  command.app
      ->add_option("--tag", options.tags,
                   "a tag for every resource, beside the guard's own (may be given again)")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->check(tag_text_of_option());
  command.app
      ->add_option("--runbook", options.runbook,
                   "write the page for the night without this program here (see runbook)")
      ->type_name("FILE");
  add_optional_duration(command, "--timeout", &DeployOptions::timeout,
                        "how long to wait for AWS and for Primary's health, all in all (default: "
                        "10m; of config 45m)");
  add_form(command,
           "the form of the latch (docs/forms.md; default: as it is, else guide). hardened: the "
           "guide's and a relay, which latches within seconds; config: health checks alone, the "
           "failover is the latch");
  command.app->add_flag("--change-records", options.change_records,
                        "of config: the PRIMARY records follow the latch, once it is healthy; of "
                        "hardened: SECONDARY without a check, no target's health behind the two, "
                        "FailureThreshold");
  command.app
      ->add_option("--dns-server", options.dns_server,
                   "of config and hardened: ask this server who serves, in place of the zone's "
                   "own; the relay asks it too")
      ->type_name("ADDR:PORT");
  add_assume(command);
  run_by(command, &deploy, status,
         std::string{"Safe to run again: it changes only what differs, goes on where it was cut "
                     "off, and never releases a latch.\n"
                     "What the guide's ten commands made is adopted with its names and its code. "
                     "The alarm's actions stay off until\n"
                     "the guard can fire: Primary answers, the check is healthy, the alarm is OK "
                     "from real data.\n\n"} +
             common_statuses +
             "\nWhat it refuses it makes nothing of, and --plan ends with 3 too. A hole is named: "
             "to close it is better than --accept-hole.\n"
             "\nExamples:\n"
             "  sitelatch deploy 233e180f-f023-45a3-954e-415303f21eab --plan\n"
             "  sitelatch deploy 233e180f-f023-45a3-954e-415303f21eab --notify sre@example.org\n"
             "  sitelatch deploy client.example.com --form config --plan\n"
             "  sitelatch deploy client.example.com --form config           # eighteen minutes; "
             "moves nothing\n"
             "  sitelatch deploy client.example.com --form config --change-records");
}

void add_destroy(CLI::App& app, int& status) {
  auto command = add_command<DestroyOptions>(
      app, "destroy", "remove exactly what deploy made, by its tags", Changes::yes);
  auto& options = *command.options;
  add_id(command);
  command.app->add_flag("--plan", options.plan, "show what would be removed; change nothing");
  auto* keep = command.app->add_flag("--keep-latched", options.keep_latched,
                                     "a latched check stays latched: Backup goes on serving");
  command.app
      ->add_flag("--restore", options.restore,
                 "a latched check gets its path back: Primary serves when it is healthy")
      ->excludes(keep);
  command.app->add_flag("--logs", options.logs, "remove the function's log and the audit log too");
  add_form(command, "remove the guard of this form (default: as it is)");
  command.app->add_flag("--change-records", options.change_records,
                        "of config: give the PRIMARY records back to the endpoint's check");
  run_by(command, &destroy, status,
         std::string{"While the check is latched, --keep-latched or --restore must be given.\n\n"} +
             common_statuses +
             "\nExamples:\n"
             "  sitelatch destroy 233e180f-f023-45a3-954e-415303f21eab --plan\n"
             "  sitelatch destroy 233e180f-f023-45a3-954e-415303f21eab --keep-latched --yes\n"
             "  sitelatch destroy client.example.com --change-records      # of config");
}

void add_status(CLI::App& app, int& status_code) {
  auto command = add_command<StatusOptions>(
      app, "status", "who serves, in what state the guard is, and what to do next", Changes::no);
  auto& options = *command.options;
  command.app
      ->add_option("health-check-id", options.health_check_ids,
                   "health checks, by id, DNS name or a guard's name in the configuration file "
                   "(default: as --all)")
      ->type_name("ID|NAME ...");
  command.app->add_flag(
      "--all", options.all,
      "every guard that the configuration file names; where it names none, of the account");
  command.app
      ->add_option("--dns-server", options.dns_server,
                   "ask this server who serves, in place of the zone's own")
      ->type_name("ADDR:PORT");
  command.app
      ->add_option("--output-file", options.output_file,
                   "of prometheus: replace this file as a whole, mode 0644, in place of stdout")
      ->type_name("FILE");
  add_assume(command);
  auto* watching = command.app->add_flag(
      "--watch", options.watch,
      "look again and again, one screen drawn in place, until Ctrl-C; without a terminal what is "
      "news is printed");
  add_optional_duration(command, "--every", &StatusOptions::every,
                        "time between two looks of --watch (default: 5s for each guard; at least "
                        "2s for each, as AWS lets itself be asked)");
  command.app->get_option("--every")->needs(watching);
  command.app->add_flag("-v,--verbose", options.verbose,
                        "every link, what DNS answers and the unsafe seconds too; of several "
                        "guards each in full");
  run_by(
      command, &status, status_code,
      "One guard in a few lines, the next step first; several, and --all, as a table, a row each, "
      "by trouble.\n\n"
      "Exit status, the highest of all guards shown; 21 and 22, which pass by themselves, only "
      "where all others are 0:\n"
      "   0  armed, every link sound\n"
      "   1  failed: AWS said no, or --output-file cannot be written\n"
      "  10  not-deployed          14  tripped\n"
      "  11  partial               15  switched-over\n"
      "  12  no guard was found    16  unlatched-but-unhealthy\n"
      "  13  maintenance           21  failing-over      22  switching-back\n"
      "  17  latched-without-guard 18  drifted\n"
      "  19  armed, but a link needs attention\n"
      "  20  DNS answers otherwise than the state demands, or not at all\n"
      "   2  wrong usage            5  AWS was not reached, or not all of it may be seen\n"
      "With --watch that of the last look.\n\n"
      "Examples:\n"
      "  sitelatch status client.example.com\n"
      "  sitelatch status client.example.com -v\n"
      "  sitelatch status client.example.com --watch\n"
      "  sitelatch status --all\n"
      "  sitelatch status 233e180f-f023-45a3-954e-415303f21eab\n"
      "  sitelatch status --all --output json\n"
      "  sitelatch status --all --output prometheus --output-file "
      "/var/lib/prometheus/node-exporter/sitelatch.prom");
}

void add_disarm(CLI::App& app, int& status) {
  auto command = add_command<DisarmOptions>(
      app, "disarm", "maintenance that ends by itself: the guard does not latch meanwhile",
      Changes::yes);
  auto& options = *command.options;
  add_id(command);
  add_duration(command, "--for", &DisarmOptions::length, "how long, at most 7 days", "");
  command.app->get_option("--for")->required();
  command.app
      ->add_option("--reason", options.reason, "why, for the audit log and the next person on duty")
      ->required()
      ->type_name("TEXT");
  command.app
      ->add_option("--keep", options.keep,
                   "who serves meanwhile: primary (the check is frozen as healthy) or backup (a "
                   "planned switch-over)")
      ->required()
      ->type_name("primary|backup")
      ->check(CLI::IsMember({"primary", "backup"}));
  add_accept_hole(command,
                  "disarm although there is this hole, which the guard was deployed with (may be "
                  "given again)");
  run_by(command, &disarm, status,
         std::string{common_statuses} +
             "\nExample:\n  sitelatch disarm 233e180f-f023-45a3-954e-415303f21eab --for 30m "
             "--reason \"rolling restart\" --keep primary");
}

void add_arm(CLI::App& app, int& status) {
  auto command = add_command<ArmOptions>(app, "arm", "arm the guard, or end a maintenance early",
                                         Changes::yes);
  add_id(command);
  command.app->add_option("--reason", command.options->reason, "why, for the audit log")
      ->type_name("TEXT");
  command.app
      ->add_option("--force", command.options->force,
                   "override this check, by the name that a refusal gave it (may be given again)")
      ->type_name("CHECK")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  run_by(command, &arm, status,
         std::string{"Refused while the guard could not fire: an alarm that is in ALARM already "
                     "acts on nothing; and while\nPrimary's own path does not answer 2xx or 3xx "
                     "from here (--force primary overrides that).\n\n"} +
             common_statuses + "\nExample:\n  sitelatch arm 233e180f-f023-45a3-954e-415303f21eab");
}

void add_trip(CLI::App& app, int& status) {
  auto command = add_command<TripOptions>(app, "trip", "latch now, by hand, without the function",
                                          Changes::yes);
  add_id(command);
  command.app
      ->add_option("--reason", command.options->reason,
                   "why, for the audit log and the next person on duty")
      ->required()
      ->type_name("TEXT");
  command.app->add_flag("--planned", command.options->planned,
                        "a planned switch-over, not an emergency: another latch value");
  run_by(command, &trip, status,
         std::string{common_statuses} +
             "\nExample:\n  sitelatch trip 233e180f-f023-45a3-954e-415303f21eab --reason \"Primary "
             "serves stale sessions\"");
}

void add_switch_back(CLI::App& app, int& status) {
  auto command = add_command<SwitchBackOptions>(
      app, "switch-back",
      "release the latch, after the checks have passed and a person has said so", Changes::yes);
  auto& options = *command.options;
  add_id(command);
  command.app->add_option("--reason", options.reason, "why, for the audit log")
      ->required()
      ->type_name("TEXT");
  command.app
      ->add_option("--check", options.checks,
                   "a command that must exit 0: are the sites in sync? (may be given again)")
      ->type_name("CMD")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command.app
      ->add_option("--force", options.force,
                   "override this check, by the name that a refusal gave it (may be given again)")
      ->type_name("CHECK")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  command.app
      ->add_option_function<std::uint64_t>(
          "--expected-version",
          [kept = command.options](const std::uint64_t& version) {
            kept->expected_version = version;
          },
          "release only this HealthCheckVersion, the one that you looked at")
      ->type_name("N");
  add_optional_duration(command, "--window", &SwitchBackOptions::window,
                        "how long Primary may take to become healthy before it is latched again "
                        "(default: 10m; of config, which asks for fifteen good minutes, 40m)");
  command.app
      ->add_option("--dns-server", options.dns_server,
                   "ask this server who serves, in place of the zone's own")
      ->type_name("ADDR:PORT");
  run_by(command, &switch_back, status,
         std::string{common_statuses} +
             "  6  Primary did not become healthy in the window: latched again\n"
             "\nExample:\n  sitelatch switch-back 233e180f-f023-45a3-954e-415303f21eab --reason "
             "\"sites are in sync\" --check ./sites-in-sync");
}

void add_reconcile(CLI::App& app, int& status) {
  auto command = add_command<ReconcileOptions>(
      app, "reconcile",
      "latch if Primary is unhealthy, or was latched and no longer is, and the chain missed it",
      Changes::yes);
  add_id(command);
  run_by(command, &reconcile, status,
         std::string{common_statuses} +
             "\nExample:\n  sitelatch reconcile 233e180f-f023-45a3-954e-415303f21eab --yes");
}

void add_doctor(CLI::App& app, int& status) {
  auto command = add_command<DoctorOptions>(
      app, "doctor", "what is there, whoever made it, and what would go wrong; changes nothing",
      Changes::no);
  command.app
      ->add_option("--outages", command.options->outages_file,
                   "what a year of outages means for each guard: lines of DURATION TIMES-A-YEAR "
                   "[KIND], as of simulate --profile")
      ->type_name("FILE");
  add_assume(command);
  run_by(command, &doctor, status,
         "Looks at every health check that a PRIMARY record or a guard uses: guards made by hand, "
         "what is left over, others that\n"
         "write to the same check, sites that DNS would hand the traffic at the wrong time, a "
         "latch path that answers. And how long a failed Primary may be named unlatched, as each "
         "guard is "
         "set up: simulated, not\n"
         "measured, with what shrinks it and its price (docs/safety.md).\n\n"
         "Exit status:\n"
         "  0  nothing to mend\n"
         "  5  AWS was not reached, or not everything may be seen (and nothing was found)\n"
         "  7  there is something to mend\n\n"
         "Examples:\n  sitelatch doctor --profile production\n"
         "  sitelatch doctor --outages outages.txt");
}

void add_drill(CLI::App& app, int& status) {
  auto command = add_command<DrillOptions>(
      app, "drill", "rehearse the whole chain on a second guard; no traffic moves", Changes::yes);
  auto& options = *command.options;
  add_id(command);
  command.app
      ->add_option("--scenario", options.scenario,
                   "alarm: from the alarm on (guide, whose default it is, and hardened); outage: "
                   "from the first failed probe on (the other forms' default); blip: over before "
                   "the latch; trip: by hand (not the guide)")
      ->type_name("alarm|outage|blip|trip")
      ->check(CLI::IsMember({"alarm", "outage", "blip", "trip"}));
  add_form(command, "rehearse this form (default: as the guard is, else guide)");
  command.app
      ->add_option("--dns-server", options.dns_server,
                   "not of the guide's form: ask this server who serves, in place of the zone's "
                   "own; the rehearsed relay asks it too")
      ->type_name("ADDR:PORT");
  command.app->add_flag(
      "--shadow", options.shadow,
      "on a scratch health check that no record uses (the default, and the only way so far)");
  add_duration(command, "--timeout", &DrillOptions::timeout, "the most that one leg may take",
               "15m");
  command.app->add_flag("--reach", options.reach,
                        "send a code to those who are told of latches, and fail unless somebody "
                        "gives it back: sitelatch acknowledge, or typed here");
  add_duration(command, "--answer-within", &DrillOptions::answer_within,
               "how long --reach waits, from the message on", "15m");
  command.app->get_option("--answer-within")->needs("--reach");
  run_by(command, &drill, status,
         std::string{
             "Makes a scratch health check like Primary's and a guard on it from the same "
             "plan, lets it fail, be latched and be\n"
             "switched back, runs the self-test of the real function, says how long each "
             "leg took and what it cost, and removes\n"
             "what it made, also when interrupted. What a killed drill left is removed by "
             "the next one.\n\nOn AWS a new check, its alarm and its release need whole minutes of "
             "health each: alarm and outage take 8 to 15\nminutes, blip 10 to 20 (reckoned, not "
             "measured). On an engine: two to ten minutes of its time, however fast that "
             "runs.\nEach leg is timed by this machine's clock.\n\n"
             "Of config, engine and hardened: a pair of records of its own in Primary's zone "
             "(sitelatch-drill-ID), so that DNS is rehearsed too.\nconfig takes 45 to 60 minutes "
             "on AWS (reckoned), because it waits twice for fifteen good minutes; hardened 20 to "
             "30, and its relay\nmust be what latches.\n\n"} +
             common_statuses +
             "  7  a leg of the chain failed, or with --reach nobody answered\n"
             "\nExamples:\n  sitelatch drill 233e180f-f023-45a3-954e-415303f21eab --scenario "
             "outage --yes\n"
             "  sitelatch drill client.example.com --reach --answer-within 30m");
}

void add_acknowledge(CLI::App& app, int& status) {
  auto command = add_command<AcknowledgeOptions>(
      app, "acknowledge", "answer a drill that asks whether its message reaches anybody",
      Changes::no);
  add_id(command);
  command.app
      ->add_option("code", command.options->code,
                   "the code in the message; hyphens and capitals do not matter")
      ->required()
      ->type_name("CODE");
  run_by(command, &acknowledge, status,
         std::string{"A drill with --reach sends a code to those who are told of latches. It ends "
                     "well only if somebody gives that code back\nin time; this command does so "
                     "from wherever that is. It changes nothing else.\n\n"} +
             common_statuses + "\nExample:\n  sitelatch acknowledge client.example.com K7Q4-2MXD");
}

void add_runbook(CLI::App& app, int& status) {
  auto command = add_command<RunbookOptions>(
      app, "runbook", "the page for the night on which this program is not at hand", Changes::no);
  add_id(command);
  command.app->add_flag("--store", command.options->store,
                        "keep it beside the guard's audit log too, to be read in a browser");
  run_by(command, &runbook, status,
         std::string{"One page of Markdown with the real names: what the guard is, who serves, how "
                     "to see, latch and release it with the\n"
                     "plain aws CLI so that the function does not undo it, who is told, what to "
                     "check first, what an outage of AWS's\n"
                     "control region means. Print it again after each deploy.\n\n"} +
             common_statuses +
             "\nExamples:\n"
             "  sitelatch runbook 233e180f-f023-45a3-954e-415303f21eab > runbook.md\n"
             "  sitelatch runbook 233e180f-f023-45a3-954e-415303f21eab --store > /dev/null");
}

void add_export(CLI::App& app, int& status) {
  auto command = add_command<ExportOptions>(
      app, "export", "the guard as code that reviewers can read: Terraform, CloudFormation, shell",
      Changes::no);
  auto& options = *command.options;
  add_id(command);
  command.app->add_option("--format", options.format, "the language of the code")
      ->type_name("terraform|cloudformation|shell")
      ->check(CLI::IsMember({"terraform", "cloudformation", "shell"}))
      ->capture_default_str();
  command.app->add_flag("--with-records", options.with_records,
                        "the failover records and what is behind them, too");
  command.app->add_flag("--no-import", options.no_import,
                        "of Terraform: without import blocks, for an account that has it not");
  command.app
      ->add_option("--function-zip", options.function_zip,
                   "write the function's code there, which the code names")
      ->type_name("FILE");
  run_by(command, &export_guard, status,
         std::string{
             "The guard goes to stdout as it stands, without its present: a latch, a maintenance, "
             "releases. What names the account, the\nhealth check or another resource is a "
             "reference, so that the same code makes another guard in another account.\n"
             "Terraform (1.5 or later, provider aws 5) adopts what is there by import blocks: the "
             "plan is empty, and stays so when the\nguard latches, because what a latch changes is "
             "ignored. The script needs bash and the aws CLI, 1 or 2; it makes what is\nmissing "
             "and leaves what is there. CloudFormation is by AWS's documents; it was never run by "
             "us.\n\n"} +
             common_statuses +
             "\nExamples:\n"
             "  sitelatch export client.example.com --function-zip guard.zip > guard.tf\n"
             "  sitelatch export client.example.com --no-import --with-records > elsewhere.tf\n"
             "  sitelatch export client.example.com --format shell > guard.sh\n"
             "  FUNCTION_ZIP=guard.zip bash guard.sh");
}

void add_calibrate(CLI::App& app, int& status) {
  auto command = add_command<CalibrateOptions>(
      app, "calibrate", "measure in this account what the guard takes for granted of AWS",
      Changes::yes);
  auto& options = *command.options;
  command.app
      ->add_option("--only", options.only, "only these experiments, with commas between them")
      ->type_name("NAME,...")
      ->delimiter(',')
      ->check(CLI::IsMember(experiment_names()));
  command.app
      ->add_option("--like", options.like,
                   "the health check whose address and path the scratch checks ask (default: the "
                   "first that is found)")
      ->type_name("HEALTH_CHECK_ID");
  command.app
      ->add_option("--file", options.file,
                   "where the measurements go, as JSON (default: "
                   "sitelatch-calibration-TIME.json)")
      ->type_name("FILE");
  run_by(
      command, &calibrate, status,
      std::string{"Says what it will make, how long it takes and what it costs, and asks. Works "
                  "on scratch resources that nothing\n"
                  "uses; removes them at the end, also after Ctrl-C or an error, and first of all "
                  "what a killed run has left.\n"
                  "Says of each assumption whether it is confirmed, refuted or not settled, and "
                  "what rests on it.\n\n"} +
          common_statuses +
          "  7  an assumption is refuted\n"
          "\nExamples:\n"
          "  sitelatch calibrate                # what it would do; asks before it does it\n"
          "  sitelatch calibrate --only stale-version,tags-read-after-write --yes\n"
          "  sitelatch calibrate --like 233e180f-f023-45a3-954e-415303f21eab --file "
          "calibration.json --yes");
}

void add_log(CLI::App& app, int& status) {
  auto command = add_command<LogOptions>(app, "log", "who did what, when and why", Changes::no);
  add_id(command);
  add_duration(command, "--since", &LogOptions::since, "how far back", "30d");
  command.app->add_flag("--follow,-f", command.options->follow,
                        "then new entries as they come, until Ctrl-C; as JSON one object a line");
  run_by(
      command, &show_log, status,
      std::string{common_statuses} +
          "\nExamples:\n  sitelatch log 233e180f-f023-45a3-954e-415303f21eab --since 7d --output "
          "json\n  sitelatch log client.example.com --since 1h --follow");
}

}  // namespace

void add_guard_commands(CLI::App& app, int& status) {
  add_deploy(app, status);
  add_status(app, status);
  add_disarm(app, status);
  add_arm(app, status);
  add_trip(app, status);
  add_switch_back(app, status);
  add_reconcile(app, status);
  add_doctor(app, status);
  add_drill(app, status);
  add_acknowledge(app, status);
  add_log(app, status);
  add_runbook(app, status);
  add_export(app, status);
  add_calibrate(app, status);
  add_destroy(app, status);
  add_policy(app, status);
}

}  // namespace sitelatch::cli
