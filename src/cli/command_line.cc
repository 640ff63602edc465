// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "base/sentences.h"
#include "base/text.h"
#include "cli/command_page.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/console_command.h"
#include "cli/fault_command_line.h"
#include "cli/guard_command_line.h"
#include "cli/man_page.h"
#include "cli/running_engine.h"
#include "cli/settings_command_line.h"
#include "cli/simulate_command_line.h"
#include "cli/target_command_line.h"
#include "cli/validators.h"
#include "guard/rules/form.h"

namespace sitelatch::cli {
namespace {

constexpr const char* version_text = "sitelatch " SITELATCH_VERSION;

void add_data_dir(CLI::App* command, EngineChoice& where) {
  command
      ->add_option("--data-dir", where.data_dir,
                   "the engine's data directory (default: by XDG rules)")
      ->type_name("DIR")
      ->envname(data_dir_variable);
}

// The arguments of a process are for everybody on the machine to read. A password in a URL among
// them is overwritten as soon as it has been read; SITELATCH_SMTP never shows it.
void hide_passwords(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const auto scheme = argument.find("://");
    if (scheme == std::string_view::npos) continue;
    const auto end = std::min(argument.find_first_of("/?#", scheme + 3), argument.size());
    const auto at = argument.substr(0, end).rfind('@');
    const auto colon = argument.find(':', scheme + 3);
    if (at == std::string_view::npos || at < scheme + 3 || colon >= at) continue;
    for (auto place = colon + 1; place < at; ++place) argv[i][place] = '*';
  }
}

CLI::Validator rate_limit() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        if (text == "off") return {};
        const auto number = parse_int(text);
        if (number && *number >= 1 && *number <= 100'000) return {};
        return "\"" + text + "\" is neither off nor a number from 1 to 100000";
      },
      "N|off");
}

CLI::Validator url_of_host() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const std::string_view url = text;
        const auto scheme = url.starts_with("https://") ? 8u : url.starts_with("http://") ? 7u : 0u;
        if (scheme != 0 && url.size() > scheme &&
            url.substr(scheme).find_first_of("/?# ") == std::string_view::npos)
          return {};
        return "\"" + text + "\" is not https:// or http:// and a host, without a path";
      },
      "URL");
}

CLI::Validator account_id() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        if (text.size() == 12 && text.find_first_not_of("0123456789") == std::string::npos)
          return {};
        return "an account id is twelve digits";
      },
      "ID");
}

// `sitelatch --config FILE status` is `sitelatch status --config FILE`, and so is `config show`.
void move_config_behind_command(std::vector<std::string>& words) {
  const std::size_t taken = words.empty()                            ? 0
                            : words.front() == "--config"            ? 2
                            : words.front().starts_with("--config=") ? 1
                                                                     : 0;
  if (taken == 0 || words.size() <= taken) return;
  const std::size_t command = words[taken] == "config" && words.size() > taken + 1 ? 2 : 1;
  const auto at = [&](std::size_t place) {
    return words.begin() + static_cast<std::ptrdiff_t>(place);
  };
  std::rotate(words.begin(), at(taken), at(taken + command));
}

// `sitelatch help fault deny` is `sitelatch fault deny --help`.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  move_config_behind_command(words);
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

std::vector<std::string> commands_of(CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

// What is no command below it is a word for itself (`sitelatch target NAME`).
bool takes_words(const CLI::App& app) {
  const auto options = app.get_options();
  return std::any_of(options.begin(), options.end(),
                     [](const CLI::Option* option) { return option->get_positional(); });
}

// Help for a command that there is not would be help for something else.
std::optional<std::string> unknown_command(CLI::App& program,
                                           const std::vector<std::string>& words) {
  CLI::App* app = &program;
  for (const auto& word : words) {
    const auto known = commands_of(*app);
    if (known.empty() || word.starts_with('-')) return std::nullopt;
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      if (takes_words(*app)) return std::nullopt;
      const auto meant = nearest(word, known);
      const auto of = app == &program ? std::string{} : " " + app->get_name();
      return fmt::format("there is no command \"{}\".{} All of them: sitelatch{} --help",
                         (app == &program ? "" : app->get_name() + " ") + word,
                         meant ? fmt::format(" Did you mean {}?", *meant) : "", of);
    }
    app = app->get_subcommand(word);
  }
  return std::nullopt;
}

// "--resaon" -> " Did you mean --reason?" `path`: from the program to the command, which may have
// passed on to those above it what it does not know.
std::string option_meant(const std::vector<const CLI::App*>& path) {
  std::vector<std::string> known;
  for (const auto* option : path.back()->get_options())
    for (const auto& name : option->get_lnames()) known.push_back("--" + name);
  for (const auto* app : path)
    for (const auto& word : app->remaining()) {
      if (!word.starts_with("--")) continue;
      if (const auto meant = nearest(word.substr(0, word.find('=')), known))
        return fmt::format(" Did you mean {}?", *meant);
    }
  return {};
}

// Of an option whose values are few: "--form hardend" -> " Did you mean hardened?"
std::string value_meant(const CLI::App& command) {
  for (const auto* option : command.get_options()) {
    const auto choices = choices_of(*option);
    if (choices.empty()) continue;
    for (const auto& given : option->results()) {
      if (std::find(choices.begin(), choices.end(), given) != choices.end()) continue;
      const auto meant = nearest(given, choices);
      return meant ? fmt::format(" Did you mean {}?", *meant) : std::string{};
    }
  }
  return {};
}

std::string explained(const CLI::App& app, const CLI::ParseError& error) {
  std::vector<const CLI::App*> path = {&app};
  std::string words;
  while (!path.back()->get_subcommands().empty()) {
    path.push_back(path.back()->get_subcommands().front());
    words += " " + path.back()->get_name();
  }
  std::string meant;
  if (path.size() > 1) meant = option_meant(path);
  if (path.size() > 1 && meant.empty()) meant = value_meant(*path.back());
  return fmt::format("{}{} How it is used: sitelatch{} --help", as_sentence(error.what()), meant,
                     words);
}

int wrong_usage(char** argv, const std::string& sentence) {
  fmt::print(stderr, "sitelatch: {}\n", sentence);
  // Whatever was mistyped: a shell that evaluates this must not go on with other credentials.
  if (argv[1] && std::string_view{argv[1]} == "env") print_closed_env();
  return exit_usage;
}

// What knows every command is made of all of them.
void add_completion(CLI::App& app) {
  const auto shell = std::make_shared<std::string>();
  auto* command =
      app.add_subcommand("completion", "print the completion of a shell, to be sourced");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("SHELL")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "A Debian package brings all three.\n\n"
      "Examples:\n"
      "  source <(sitelatch completion bash)      # in ~/.bashrc\n"
      "  source <(sitelatch completion zsh)       # in ~/.zshrc, after compinit\n"
      "  sitelatch completion fish >~/.config/fish/completions/sitelatch.fish");
  command->callback([&app, shell] {
    const auto page = command_page(app);
    fmt::print("{}", completion(page, *shell == "bash"  ? Shell::bash
                                      : *shell == "zsh" ? Shell::zsh
                                                        : Shell::fish));
  });
}

int write_man_pages(const CommandPage& program, const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  auto pages = man_pages(program, version_text);
  pages.push_back(config_man_page(version_text));
  for (const auto& page : pages) {
    std::ofstream file{folder / page.file, std::ios::binary};
    file << page.text;
    file.close();
    if (file) continue;
    fmt::print(stderr, "sitelatch: cannot write {}: {}\n", (folder / page.file).string(),
               std::strerror(errno));
    return exit_failed;
  }
  return exit_done;
}

void add_playground(CLI::App& app, int& status) {
  const auto options = std::make_shared<PlaygroundOptions>();
  std::vector<std::string> forms;  // those that can be deployed
  for (const auto& name : guard::form_names())
    if (!guard::not_built_yet(*guard::form_named(name))) forms.push_back(name);
  auto* command = app.add_subcommand(
      "playground", "two sites, a pair, a guard and the console to play with, until Ctrl-C");
  command->add_option("--form", options->form, "the form of the guard (docs/forms.md)")
      ->type_name(join(forms, "|"))
      ->check(CLI::IsMember(forms))
      ->capture_default_str();
  command
      ->add_option("--scale,--time-scale", options->time_scale,
                   "run the engine's time N times as fast (1: in real time)")
      ->type_name("N")
      ->check(CLI::Range(0.001, 120.0))
      ->capture_default_str();
  const auto place = [command](const char* name, std::string& where, const char* what) {
    command->add_option(name, where, what)->type_name("ADDR:PORT")->capture_default_str();
  };
  place("--api", options->api, "where the AWS APIs are served; port 0 picks a free one");
  place("--dns", options->dns, "where DNS is answered; port 0 picks a free one");
  place("--console", options->console, "where the console's page is served");
  command
      ->add_option("--site-port", options->site_port,
                   "of Primary on 127.0.1.1 and Backup on 127.0.1.2; 0 picks a free one")
      ->type_name("PORT")
      ->capture_default_str();
  command
      ->add_option("--keep", options->directory,
                   "put everything there, an empty directory or a new one, and leave it")
      ->type_name("DIR");
  command->footer(
      "Ready in some seconds, and says what to try. Everything is on this machine's own addresses; "
      "at the end no\nprocess and no file is left (killed by SIGKILL: no process, but its "
      "directory in /tmp).\n\n"
      "Examples:\n"
      "  sitelatch playground                  # in real time: a failover is latched in a minute\n"
      "  sitelatch playground --scale 10\n"
      "  sitelatch playground --form config --scale 60");
  command->callback([options, &status] { status = run_playground(*options); });
}

// For who makes a package: not a command to be found by.
void add_man_pages(CLI::App& app, int& status) {
  const auto folder = std::make_shared<std::string>();
  auto* command = app.add_subcommand("man-pages", "write the manual pages of all commands");
  command->group("");
  command->add_option("folder", *folder, "where to")->required()->type_name("DIR");
  command->footer("Example:\n  sitelatch man-pages ./man && man -l ./man/sitelatch-status.1");
  command->callback(
      [&app, folder, &status] { status = write_man_pages(command_page(app), *folder); });
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app{
      "Sitelatch keeps a failed Primary site out of DNS until a person has synchronised the sites "
      "and switched back."};
  app.name("sitelatch");
  app.require_subcommand(1);
  app.set_version_flag("--version", version_text);
  app.footer(
      "Start here:\n"
      "  sitelatch demo                  the whole story, in under a minute\n"
      "  sitelatch playground            the same, to be played by hand\n"
      "  sitelatch engine &              the AWS services on this machine\n"
      "  eval \"$(sitelatch env)\"         point the aws CLI and SDKs at it\n"
      "  sitelatch config example        guards by name, in a file\n");
  int status = exit_done;

  EngineOptions engine;
  auto* engine_command = app.add_subcommand("engine", "run the AWS services on this machine");
  add_data_dir(engine_command, engine.where);
  engine_command
      ->add_option("--api", engine.api, "where the AWS APIs are served; port 0 picks a free one")
      ->type_name("ADDR:PORT")
      ->capture_default_str();
  engine_command
      ->add_option("--dns", engine.dns,
                   "where DNS is answered, UDP and TCP; port 0 picks a free one")
      ->type_name("ADDR:PORT")
      ->capture_default_str();
  engine_command
      ->add_option("--console", engine.console,
                   "where the console's page is served, on this machine alone, or off (default: "
                   "127.0.0.1:4567, or a free port)")
      ->type_name("ADDR:PORT|off");
  engine_command
      ->add_option("--metrics", engine.metrics,
                   "serve /metrics here for a Prometheus on another machine, without a token (this "
                   "machine has them at the API's /_sitelatch/metrics anyway)")
      ->type_name("ADDR:PORT");
  engine_command
      ->add_option("--time-scale", engine.time_scale, "run the engine's time N times as fast")
      ->type_name("N")
      ->check(CLI::Range(0.001, 100000.0))
      ->capture_default_str();
  std::string clock = "wall";
  engine_command
      ->add_option("--clock", clock, "wall, or manual: time stands still until `sitelatch advance`")
      ->check(CLI::IsMember({"wall", "manual"}))
      ->capture_default_str();
  engine_command->add_option("--account-id", engine.account_id, "the account that owns everything")
      ->check(account_id())
      ->capture_default_str();
  engine_command->add_flag("--ephemeral", engine.ephemeral,
                           "keep nothing on disk but the key pair");
  engine_command->add_flag(
      "--allow-reset", engine.allow_reset,
      "sitelatch reset, and POST /_sitelatch/reset from this machine, may wipe "
      "the data directory (with --ephemeral they may anyway)");
  engine_command->add_flag("--accept-any-credentials", engine.accept_any_credentials,
                           "an unknown access key is the account's root (loopback addresses only)");
  engine_command->add_flag("--allow-link-local", engine.allow_link_local,
                           "health checks and deliveries may go to 169.254.0.0/16 and fe80::/10, "
                           "where clouds keep the machine's own keys");
  engine_command
      ->add_option("--allow-host", engine.allowed_hosts,
                   "a further host name that clients reach the API by; may be repeated")
      ->type_name("NAME");
  engine_command
      ->add_option("--signing-cert-url", engine.signing_cert_url,
                   "where the SigningCertURL of SNS notifications points, {region} being the "
                   "topic's: https://sns.{region}.amazonaws.com for SDKs that verify it; lead that "
                   "name to a proxy with TLS in front of the API, which serves the certificate "
                   "(default: the API itself)")
      ->type_name("URL")
      ->check(url_of_host());
  engine_command
      ->add_option(
          "--oidc-keys", engine.oidc_keys,
          "the keys (JWKS) of an OpenID Connect issuer, by which AssumeRoleWithWebIdentity "
          "verifies its tokens: the engine calls no issuer. May be repeated")
      ->type_name("https://ISSUER=FILE");
  engine_command->add_option("--smtp", engine.smtp, "send mail to this server instead of DIR/mail")
      ->type_name("smtp://HOST:PORT")
      ->envname("SITELATCH_SMTP");
  engine_command
      ->add_option(
          "--dns-rate-limit", engine.dns_rate_limit,
          "answers a second to one network about one name, or off (default: 50 beyond this "
          "machine)")
      ->type_name("N|off")
      ->check(rate_limit());
  engine_command
      ->add_option("--function-network", engine.function_network,
                   "what functions reach: isolated (the engine alone), outbound (and the world "
                   "beyond this machine), host (all that this machine does); outbound where it "
                   "works, else isolated")
      ->check(CLI::IsMember({"host", "outbound", "isolated"}));
  engine_command->add_flag(
      "--realistic", engine.realistic,
      "as late and as strict as AWS: roles, lists, tags and metrics that lag, functions that are "
      "Pending for seconds, checkers that hear of changes within a minute, AWS's request rates");
  engine_command->add_option("--seed", engine.seed, "of what --realistic leaves to chance")
      ->type_name("N")
      ->capture_default_str();
  engine_command
      ->add_option("--checkers", engine.checkers,
                   "checkers of each health check, up to AWS's sixteen, each with a rhythm and an "
                   "opinion of its own. All sit on this machine and see the same: one real probe "
                   "an interval is one honest observation, more are for rehearsing checkers that "
                   "disagree (`sitelatch fault checkers`)")
      ->type_name("N")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  engine_command
      ->add_option("--places", engine.places,
                   "where askers are, for geolocation, CIDR and latency records: a file with lines "
                   "like `192.0.2.0/24 continent=EU country=DE region=eu-central-1`; who is not in "
                   "it is nowhere in particular")
      ->type_name("FILE");
  engine_command->add_flag("--strict-names", engine.strict_names,
                           "refuse hosted zones of a single label, and of example.com, example.net "
                           "and example.org, as AWS does (top-level domains are always refused)");
  engine_command
      ->add_option(
          "--target-lookups", engine.target_lookups,
          "on: what aliases lead to outside of the account (load balancers, CloudFront) is "
          "looked up by this machine's resolver, unless `sitelatch target` has said it; "
          "off: nobody is asked, and such aliases answer nothing")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  engine_command->add_option("--log-level", engine.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  bool coverage = false;
  engine_command->add_flag("--coverage", coverage,
                           "print which operations of which services it handles, in Markdown, and "
                           "start nothing");
  engine_command->footer(
      "Prints one line when it serves: ready api=http://127.0.0.1:4566 dns=127.0.0.1:5300 "
      "console=http://127.0.0.1:4567/?token=...\n"
      "Logs go to stderr. SIGTERM or SIGINT ends it in good order.\n\n"
      "Examples:\n"
      "  sitelatch engine &\n"
      "  sitelatch engine --data-dir ./state --api 127.0.0.1:0 --dns 127.0.0.1:0\n"
      "  sitelatch engine --clock manual --ephemeral     # in a CI job, with sitelatch advance 1h\n"
      "  sitelatch engine --realistic                    # an ordinary day of AWS's; bad ones: "
      "fault");
  engine_command->callback([&, argc, argv] {
    hide_passwords(argc, argv);
    engine.manual_clock = clock == "manual";
    status = coverage ? print_coverage() : run_engine(engine);
  });

  add_guard_commands(app, status);
  add_target_command(app, status);
  add_console_command(app, status);
  add_config_command(app, status);
  add_simulate_command(app, status);

  EnvOptions env;
  auto* env_command =
      app.add_subcommand("env", "print the exports that point tools at the running engine");
  add_data_dir(env_command, env.where);
  env_command->add_option("--region", env.region, "the default region")
      ->check(region_name())
      ->capture_default_str();
  env_command->footer("Example:\n  eval \"$(sitelatch env)\" && aws route53 list-health-checks");
  env_command->callback([&] { status = print_env(env); });

  EnvOptions exec;
  std::vector<std::string> words;
  auto* exec_command_line =
      app.add_subcommand("exec", "run one command pointed at the running engine");
  add_data_dir(exec_command_line, exec.where);
  exec_command_line->add_option("--region", exec.region, "the default region")
      ->check(region_name())
      ->capture_default_str();
  exec_command_line->add_option("command", words, "the command and its arguments, after --")
      ->required()
      ->type_name("CMD ...");
  exec_command_line->footer("Example:\n  sitelatch exec -- aws route53 list-health-checks");
  exec_command_line->positionals_at_end();
  exec_command_line->callback([&] { status = exec_command(exec, words); });

  EngineChoice advance_where;
  std::string advance_by;
  auto* advance = app.add_subcommand("advance", "move the time of an engine with --clock manual");
  add_data_dir(advance, advance_where);
  advance->add_option("duration", advance_by, "how far: 90s, 5m, 1h30m")
      ->required()
      ->check(duration_above_zero());
  advance->footer(
      "Everything due in between happens in order before the command returns; it prints the new "
      "time.\n\n"
      "Example:\n  sitelatch advance 90s");
  advance->callback([&] { status = advance_clock(advance_where, *parse_duration(advance_by)); });

  EngineChoice reset_where;
  auto* reset = app.add_subcommand("reset", "begin an engine's account anew, between two tests");
  add_data_dir(reset, reset_where);
  reset->footer(
      "Everything goes: resources, queues, mail, faults, functions that run. The root's keys stay, "
      "so that clients go on,\nand so does the time. Only of an engine that was started with "
      "--ephemeral or --allow-reset.\n\n"
      "Examples:\n  sitelatch reset\n"
      "  curl -X POST http://127.0.0.1:4566/_sitelatch/reset      # the same, without this "
      "program");
  reset->callback([&] { status = reset_engine(reset_where); });

  EngineChoice health_where;
  std::string health_id, health_status;
  bool health_json = false;
  auto* health =
      app.add_subcommand("health", "show the engine's health checks, or force a status on one");
  add_data_dir(health, health_where);
  auto* id_option = health->add_option("id", health_id, "a health check")->type_name("ID");
  health->add_option("status", health_status, "up or down: forced; auto: as probed again")
      ->check(CLI::IsMember({"up", "down", "auto"}))
      ->needs(id_option);
  health->add_flag("--json", health_json, "the list as JSON");
  health->footer(
      "A forced status is kept apart from the real one, which goes on being probed beneath it.\n\n"
      "Examples:\n  sitelatch health\n  sitelatch health 233e180f-f023-45a3-954e-415303f21eab "
      "down");
  health->callback([&] {
    if (!health_id.empty() && health_status.empty())
      throw CLI::RequiredError("status: up, down or auto");
    status = health_id.empty() ? list_health(health_where, health_json)
                               : force_health(health_where, health_id, health_status);
  });

  add_fault_commands(app, status);

  SiteOptions site;
  auto* site_command = app.add_subcommand("site", "a small site with /lb-check to practise on");
  site_command->add_option("--listen", site.listen, "where it listens")
      ->type_name("ADDR:PORT")
      ->capture_default_str();
  site_command->add_option("--name", site.name, "which site it says it is")->capture_default_str();
  site_command->footer(
      "/lb-check answers 200 UP, or 503 DOWN on request; / says which site served; all else is "
      "404.\n\n"
      "Examples:\n  sitelatch site --listen 127.0.1.1:8080 --name primary &\n"
      "  curl -d DOWN http://127.0.1.1:8080/lb-check");
  site_command->callback([&] { status = run_site(site); });

  DemoOptions demo;
  auto* demo_command =
      app.add_subcommand("demo", "the whole story with two real sites, in under a minute");
  demo_command->add_option("--time-scale", demo.time_scale, "how many times faster than life")
      ->check(CLI::Range(1.0, 120.0))
      ->capture_default_str();
  demo_command->add_flag("--plain", demo.plain, "no colours");
  demo_command->add_flag("--keep", demo.keep, "leave the demo's directory for a look");
  demo_command->footer(
      "Exit status 0 only if every step was verified.\n\nExample:\n  sitelatch demo");
  demo_command->callback([&] { status = run_demo(demo); });

  add_playground(app, status);
  add_completion(app);
  add_man_pages(app, status);

  auto words_given = words_of(argc, argv);
  if (const auto unknown = unknown_command(app, words_given)) return wrong_usage(argv, *unknown);
  try {
    std::reverse(words_given.begin(), words_given.end());  // as CLI11 wants them
    app.parse(std::move(words_given));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return wrong_usage(argv, explained(app, error));
  }
  return status;
}

}  // namespace sitelatch::cli
