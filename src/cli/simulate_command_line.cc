// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate_command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <memory>

#include "base/text.h"
#include "cli/simulate_command.h"
#include "cli/validators.h"
#include "simulation/profile.h"

namespace sitelatch::cli {
namespace {

using Shared = std::shared_ptr<SimulateOptions>;

constexpr std::uint64_t most_runs = 10'000'000;

CLI::Validator length_of_outage() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        if (simulation::parse_length(text)) return {};
        return "\"" + text +
               "\" is not a duration above zero and of a day at most, such as 60s, 5m or 90";
      },
      "DURATION");
}

CLI::Validator alarm_asks() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        if (simulation::parse_alarm_asks(text)) return {};
        return "\"" + text + "\" is not M/N, M of N minutes (N at most " +
               std::to_string(simulation::most_alarm_periods) + "), such as 1/1 or 2/3";
      },
      "M/N");
}

template <class List>
std::vector<std::string> names_of(const List& list) {
  std::vector<std::string> names;
  for (const auto one : list) names.emplace_back(to_string(one));
  return names;
}

// All of them by the word "all", which is what an empty list says.
template <class Enum>
void add_choice(CLI::App* sub, const char* option, std::vector<Enum> SimulateOptions::*member,
                const Shared& options, const std::vector<std::string>& names,
                std::optional<Enum> (*by_name)(std::string_view), const char* what) {
  auto known = names;
  known.emplace_back("all");
  sub->add_option_function<std::vector<std::string>>(
         option,
         [options, member, by_name](const std::vector<std::string>& words) {
           auto& chosen = (*options).*member;
           chosen.clear();
           for (const auto& word : words) {
             const auto one = by_name(word);
             if (!one) {
               chosen.clear();
               return;
             }
             if (std::find(chosen.begin(), chosen.end(), *one) == chosen.end())
               chosen.push_back(*one);
           }
         },
         what)
      ->delimiter(',')
      ->type_name(join(known, "|"))
      ->check(CLI::IsMember(known));
}

void add_world(CLI::App* sub, const Shared& options) {
  sub->add_option("health-check-id", options->health_check_id,
                  "read the settings of this health check, by id or DNS name (default: none is "
                  "read)")
      ->type_name("ID|NAME");
  sub->add_option_function<int>(
         "--interval", [options](const int& value) { options->interval_s = value; },
         "RequestInterval of Primary's check, seconds (default: as the form has it)")
      ->type_name("10|30")
      ->check(CLI::IsMember({10, 30}));
  sub->add_option_function<int>(
         "--threshold", [options](const int& value) { options->threshold = value; },
         "FailureThreshold of Primary's check (default: as the form has it)")
      ->type_name("N")
      ->check(CLI::Range(1, 10));
  add_choice(sub, "--form", &SimulateOptions::forms, options, names_of(simulation::all_forms),
             guard::form_named, "forms of the latch, with commas between them");
  add_choice(sub, "--case", &SimulateOptions::cases, options, names_of(simulation::all_cases),
             simulation::case_by_name, "what is assumed of AWS (default: all)");
  auto* outages =
      sub->add_option_function<std::vector<std::string>>(
             "--outage",
             [options](const std::vector<std::string>& words) {
               options->outages.clear();
               for (const auto& word : words)
                 options->outages.push_back(*simulation::parse_length(word));
             },
             "how long Primary fails; several with commas between them (default: 20s to 5m)")
          ->delimiter(',')
          ->type_name("DURATION,...")
          ->check(length_of_outage());
  sub->add_option("--profile", options->profile_file,
                  "outages of a year, a line each: DURATION TIMES-A-YEAR [KIND]")
      ->type_name("FILE")
      ->excludes(outages);
  sub->add_option_function<std::string>(
         "--kind",
         [options](const std::string& name) {
           options->ailment = *simulation::ailment_by_name(name);
         },
         "how Primary fails: flaps is ten seconds down, ten up; unreached: well, but 14 of 16 "
         "checkers do not reach it; disputed: 13 do not, 3 lose answers")
      ->type_name(join(names_of(simulation::all_ailments), "|"))
      ->check(CLI::IsMember(names_of(simulation::all_ailments)))
      ->default_str("refuses");
  sub->add_option_function<std::string>(
         "--function",
         [options](const std::string& name) {
           options->function =
               name == "native" ? simulation::Function::native : simulation::Function::python;
         },
         "who latches in guide and hardened: the guide's Python, or the guard's with its schedule "
         "(default: python in guide, native in hardened)")
      ->type_name("native|python")
      ->check(CLI::IsMember({"native", "python"}));
  sub->add_option_function<std::string>(
         "--alarm",
         [options](const std::string& text) {
           options->alarm = simulation::parse_alarm_asks(text);
         },
         "guide and hardened: of so many minutes so many are bad when the alarm goes to ALARM")
      ->type_name("M/N")
      ->check(alarm_asks())
      ->default_str("1/1");
  sub->add_flag("--without-relay", options->without_relay, "hardened, and its relay is dead");
}

void add_runs(CLI::App* sub, const Shared& options) {
  sub->add_option_function<std::uint64_t>(
         "--runs", [options](const std::uint64_t& runs) { options->runs = runs; },
         "runs a cell (default: 1000; 400 where there are many cells)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, most_runs));
  sub->add_option("--seed", options->seed, "of the first run; the others follow by ones")
      ->type_name("S")
      ->capture_default_str();
  sub->add_option_function<std::vector<std::string>>(
         "--assume",
         [options](const std::vector<std::string>& words) {
           options->assumed.clear();
           for (const auto& word : words)
             options->assumed.push_back(*simulation::parse_override(word));
         },
         "another value of an assumption, in every case (may be given again)")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->check(assumption_text());
  sub->add_flag("--assumptions", options->list_assumptions,
                "print what is assumed of AWS, and what each rests on");
  auto* schedules =
      sub->add_option(
             "--schedules", options->schedules,
             "instead: so many random schedules of three hours with faults; from --seed on")
          ->type_name("N")
          ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  schedules->excludes(sub->get_option("--profile"));
  schedules->excludes(sub->get_option("--outage"));
  sub->add_option_function<std::vector<std::string>>(
         "--without",
         [options](const std::vector<std::string>& words) {
           for (const auto& word : words)
             options->left_out.set(static_cast<std::size_t>(*simulation::trouble_by_name(word)));
         },
         "the same schedules without this: which trouble a leak comes from; several with commas "
         "between them: " +
             join(names_of(simulation::all_troubles()), ", "))
      ->delimiter(',')
      ->type_name("TROUBLE")
      ->check(CLI::IsMember(names_of(simulation::all_troubles())))
      ->needs(schedules);
  sub->add_flag("--story", options->story,
                "tell the one run of --seed, line by line (with --schedules 1: that schedule)");
  sub->add_option_function<std::string>(
         "--output",
         [options](const std::string& text) {
           options->as = text == "json"       ? Shown::json
                         : text == "svg"      ? Shown::svg
                         : text == "markdown" ? Shown::markdown
                                              : Shown::text;
         },
         "text for people, json for programs, a picture, or a table for a page")
      ->type_name("text|json|svg|markdown")
      ->check(CLI::IsMember({"text", "json", "svg", "markdown"}))
      ->default_str("text");
}

void add_aws(CLI::App* sub, const Shared& options) {
  auto& common = options->common;
  sub->add_option("--region", common.region, "where a health check is named: as of status")
      ->type_name("REGION")
      ->check(region_name());
  sub->add_option("--aws-profile", common.profile, "the same: profile of ~/.aws/config")
      ->type_name("NAME");
  sub->add_option("--endpoint-url", common.endpoint_url,
                  "the same: where all services are, in place of AWS's own")
      ->type_name("URL");
}

}  // namespace

void add_simulate_command(CLI::App& app, int& status) {
  auto* sub = app.add_subcommand(
      "simulate", "how often a failover leaks before its latch, form by form; changes nothing");
  sub->group("Guard");
  const auto options = std::make_shared<SimulateOptions>();
  add_world(sub, options);
  add_runs(sub, options);
  add_aws(sub, options);
  sub->footer(
      "A leak: an edge of DNS that has named Backup names Primary again, and nobody has switched "
      "back. The engine's and the\nguard's own rules decide, on virtual time; what AWS does not "
      "publish is assumed three times (--assumptions), and nothing\nof it was measured. The same "
      "seed gives the same figures on every machine. docs/safety.md tells more.\n\n"
      "Exit status:\n"
      "  0  done\n"
      "  1  a schedule of --schedules has leaked, or the named check is not one of an endpoint\n"
      "  2  wrong usage\n"
      "  5  AWS was not reached, or this may not be seen (only with a health check)\n\n"
      "Examples:\n"
      "  sitelatch simulate\n"
      "  sitelatch simulate --form guide --outage 60s --case base --output json\n"
      "  sitelatch simulate --interval 10 --threshold 3 --form guide --outage 30s,60s,90s\n"
      "  sitelatch simulate --form guide --outage 60s --seed 7 --story\n"
      "  sitelatch simulate --form guide,config --profile outages.txt\n"
      "  sitelatch simulate --form guide,hardened,config --output svg > leaks.svg\n"
      "  sitelatch simulate --assume minute-visible=10s..30s --form guide\n"
      "  sitelatch simulate --form config --schedules 100000\n"
      "  sitelatch simulate --form hardened --schedules 5000 --without terraform");
  sub->callback([options, &status] { status = simulate(*options); });
}

}  // namespace sitelatch::cli
