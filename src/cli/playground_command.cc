// SPDX-License-Identifier: Apache-2.0
// Two sites, zone, pair, guard and console, to play with until Ctrl-C: everything on this machine's
// own addresses, and nothing left of it afterwards. The guard is built on an engine whose clock is
// moved by hand, in seconds; then the engine goes on, at the pace that was asked for, from where it
// was.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/sentences.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/practice_stage.h"

namespace sitelatch::cli {
namespace fs = std::filesystem;
namespace {

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

// Somebody has had enough before it was ready.
struct GivenUp {};

// One has come, and still waits to be taken.
bool end_is_asked_for() {
  sigset_t pending;
  sigpending(&pending);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    if (sigismember(&pending, signal) == 1) return true;
  return false;
}

void tell_progress(const std::string& sentence) {
  fmt::print(stderr, "{}\n", sentence);
  std::fflush(stderr);
}

bool is_on_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const auto folder : split(path ? path : "", ':'))
    if (!folder.empty() && ::access((fs::path{folder} / name).c_str(), X_OK) == 0) return true;
  return false;
}

// "ready api=... dns=... console=URL" -> the URL
std::string console_of(const std::string& ready_line) {
  for (const auto word : split(ready_line, ' '))
    if (word.starts_with("console=")) return std::string{word.substr(8)};
  return {};
}

// What people copy, and what it does.
struct ToTry {
  std::string command, what;
};

class Playground {
 public:
  Playground(const PlaygroundOptions& options, fs::path directory)
      : options_(options), stage_(std::move(directory)) {}

  void make_ready() {
    tell_progress("Two sites and an engine begin ...");
    stage_.start_sites(options_.site_port);
    stage_.start_engine(
        {"--api", options_.api, "--dns", options_.dns, "--console", "off", "--clock", "manual"});
    stage_.make_pair(10);
    leave_if_asked();
    tell_progress(fmt::format("The guard is deployed, form {}, on time that is moved by hand ...",
                              options_.form));
    deploy();
    leave_if_asked();
    // The same addresses again: what people were told, and what the guard has noted, stays true.
    const auto api = stage_.engine().api_url.substr(stage_.engine().api_url.rfind('/') + 1);
    const auto dns = stage_.engine().dns;
    if (const int status = stage_.stop_engine(); status != 0)
      throw NotSeen{fmt::format("a good end of the engine: exit status {}", status)};
    stage_.start_engine({"--api", api, "--dns", dns, "--console", options_.console, "--time-scale",
                         fmt::format("{}", options_.time_scale)});
  }

  void tell() const;
  // Until a signal comes, or the engine has ended (then false).
  bool run();
  void end() { stage_.stop_engine(); }

 private:
  static void leave_if_asked() {
    if (end_is_asked_for()) throw GivenUp{};
  }
  void deploy();
  std::string program() const;
  std::string site_url(const char* address) const {
    return fmt::format("http://{}:{}/", address, stage_.site_port());
  }
  ToTry set_primary(const char* word, std::string what) const;
  std::string pace() const {
    return options_.time_scale == 1 ? "in real time"
                                    : fmt::format("{:g} times as fast", options_.time_scale);
  }

  const PlaygroundOptions& options_;
  PracticeStage stage_;
};

void Playground::deploy() {
  std::vector<std::string> words = {"deploy", stage_.client_name, "--form", options_.form, "--yes"};
  if (options_.form != "guide") words.emplace_back("--change-records");
  // `config` waits for eighteen minutes, the others for three.
  const Duration step = std::chrono::seconds{options_.form == "config" ? 30 : 10};
  const auto move_on = [this, step] {
    if (end_is_asked_for()) return true;
    (void)ask_engine({stage_.engine_directory()},
                     aws::Value::structure(
                         {{"command", "advance"}, {"nanoseconds", std::int64_t{step.count()}}}));
    return false;
  };
  try {
    stage_.sitelatch(words, move_on);
  } catch (const NotSeen&) {
    leave_if_asked();
    throw;
  }
}

// As it can be typed: by its name where the shell finds this very program by it.
std::string Playground::program() const {
  const char* path = std::getenv("PATH");
  for (const auto folder : split(path ? path : "", ':')) {
    const auto candidate = fs::path{folder} / "sitelatch";
    if (folder.empty() || ::access(candidate.c_str(), X_OK) != 0) continue;
    std::error_code unreadable;
    return fs::equivalent(candidate, stage_.self(), unreadable) ? "sitelatch"
                                                                : shell_quoted(stage_.self());
  }
  return shell_quoted(stage_.self());
}

ToTry Playground::set_primary(const char* word, std::string what) const {
  if (is_on_path("curl"))
    return {fmt::format("curl -d {} {}lb-check", word, site_url(stage_.primary_address)),
            std::move(what)};
  return {fmt::format("kill -{} {}", std::string_view{word} == "DOWN" ? "USR1" : "USR2",
                      stage_.primary_pid()),
          std::move(what)};
}

void Playground::tell() const {
  const auto sitelatch = program();
  const std::string name = stage_.client_name;
  const auto dns = *net::parse_endpoint(stage_.engine().dns);
  std::vector<ToTry> look = {
      {fmt::format("eval \"$({} env --data-dir {})\"", sitelatch,
                   shell_quoted(stage_.engine_directory().string())),
       "this shell speaks to the playground, and to no real account"},
      {fmt::format("{} status {} --watch", sitelatch, name), "who serves, and what to do; Ctrl-C"}};
  if (is_on_path("dig"))
    look.push_back({fmt::format("dig @{} -p {} {} +short", dns.address, dns.port, name),
                    fmt::format("who serves: {} is Primary", stage_.primary_address)});
  const std::vector<std::pair<std::string, std::vector<ToTry>>> parts = {
      {"In another terminal:", look},
      {"Primary fails:", {set_primary("DOWN", "Backup serves within seconds, the latch follows")}},
      {"It comes back, with stale sessions, and Backup goes on serving:",
       {set_primary("UP", "the site answers again, the latch stands")}},
      {"The sites are synchronised, and a person switches back:",
       {{fmt::format("{} switch-back {} --reason \"in sync\" --yes", sitelatch, name),
         "waits until Primary serves"}}},
      {"Then, for instance:",
       {{fmt::format("{} log {}", sitelatch, name), "who did what, when and why"},
        {fmt::format("{} fault outage --service lambda --for 10m", sitelatch),
         "and let Primary fail again"}}},
  };
  fmt::print(
      "Two sites, a zone with a failover pair, a guard of the form {}, and the console: on "
      "this machine alone, {}.\n\n"
      "  Console   {}\n  Primary   {}\n  Backup    {}\n  Files     {} ({})\n",
      options_.form, pace(), console_of(stage_.engine_ready_line()),
      site_url(stage_.primary_address), site_url(stage_.backup_address),
      stage_.directory().string(), options_.directory.empty() ? "removed at the end" : "kept");
  for (const auto& [title, commands] : parts) {
    fmt::print("\n{}\n", title);
    for (const auto& one : commands) {
      // Beside each other where a line of a usual terminal has room for both.
      constexpr std::size_t room = 50;
      if (one.command.size() > room)
        fmt::print("  # {}\n  {}\n", one.what, one.command);
      else
        fmt::print("  {:<{}}   # {}\n", one.command, room, one.what);
    }
  }
  fmt::print("\nCtrl-C ends all of it.\n");
  std::fflush(stdout);
}

bool Playground::run() {
  const auto signals = ending_signals();
  bool told = false;
  for (;;) {
    constexpr timespec between_looks{0, 500'000'000};
    if (sigtimedwait(&signals, nullptr, &between_looks) > 0) return true;
    if (stage_.engine_has_ended()) return false;
    if (told || !stage_.primary_has_ended()) continue;
    told = true;
    tell_progress(
        fmt::format("Primary's process has ended. It comes back by: {} site --name "
                    "primary --listen {}:{}",
                    program(), stage_.primary_address, stage_.site_port()));
  }
}

// Nothing of somebody's is built upon, and nothing of his removed.
std::optional<std::string> unfit(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fmt::format("{} cannot be made: {}", directory.string(), error.message());
  const bool empty = fs::is_empty(directory, error);
  if (error) return fmt::format("{} cannot be read: {}", directory.string(), error.message());
  if (!empty)
    return fmt::format(
        "{} has something in it: --keep wants an empty directory, or one that is to be made",
        directory.string());
  return std::nullopt;
}

int play(const PlaygroundOptions& options, const fs::path& directory) {
  Playground playground(options, directory);
  try {
    playground.make_ready();
  } catch (const GivenUp&) {
    return exit_done;
  } catch (const NotSeen& missing) {
    fmt::print(stderr, "sitelatch: not seen: {}\n", as_sentence(missing.what));
    return exit_failed;
  }
  playground.tell();
  if (!playground.run()) {
    fmt::print(stderr, "sitelatch: the engine has ended by itself; see {}\n",
               (directory / "engine.log").string());
    return exit_failed;
  }
  playground.end();
  return exit_done;
}

}  // namespace

int run_playground(const PlaygroundOptions& options) {
  for (const auto& [name, where] :
       {std::pair{"--api", options.api}, std::pair{"--dns", options.dns},
        std::pair{"--console", options.console}}) {
    const auto endpoint = net::parse_endpoint(where);
    if (endpoint && net::is_loopback(endpoint->address)) continue;
    fmt::print(stderr, "sitelatch: {} {}\n", name,
               endpoint ? where + " is no address of this machine's own, as 127.0.0.1:0 is"
                        : endpoint.error().text);
    return exit_usage;
  }
  const auto signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  fs::path directory;
  if (options.directory.empty()) {
    const auto made = PracticeStage::temporary_directory("sitelatch-playground");
    if (!made) {
      fmt::print(stderr, "sitelatch: {}\n", made.error().text);
      return exit_failed;
    }
    directory = *made;
  } else {
    directory = fs::absolute(options.directory);
    if (const auto why = unfit(directory)) {
      fmt::print(stderr, "sitelatch: {}\n", *why);
      return exit_usage;
    }
  }
  const int status = play(options, directory);
  if (!options.directory.empty() || status != exit_done) {
    fmt::print(stderr, "The playground's files are left: {}\n", directory.string());
    return status;
  }
  std::error_code error;
  fs::remove_all(directory, error);
  if (error) {
    fmt::print(stderr, "sitelatch: {} cannot be removed: {}\n", directory.string(),
               error.message());
    return exit_failed;
  }
  tell_progress("Nothing of the playground is left.");
  return status;
}

}  // namespace sitelatch::cli
