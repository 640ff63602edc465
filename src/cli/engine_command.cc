// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/console_door.h"
#include "cli/running_engine.h"
#include "cli/service_manager.h"
#include "engine/coverage.h"
#include "engine/engine.h"
#include "services/route53/askers.h"
#include "services/sts/web_identity.h"
#include "settings/files.h"
#include "store/data_directory.h"
#include "store/sqlite_journal.h"

namespace sitelatch::cli {
namespace {

LogLevel level_named(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warning") return LogLevel::warning;
  if (name == "error") return LogLevel::error;
  return LogLevel::info;
}

int ends(int status, const std::string& sentence) {
  fmt::print(stderr, "sitelatch: {}\n", sentence);
  return status;
}

// "https://ISSUER=FILE" to the issuer without "https://" and what the file says.
Result<std::pair<std::string, std::string>> issuer_keys(const std::string& pair) {
  constexpr std::string_view https = "https://";
  const auto at = pair.find('=');
  if (!pair.starts_with(https) || at == std::string::npos || at <= https.size())
    return failure(Problem{fmt::format("{} is not of the form https://ISSUER=FILE", pair)});
  const auto issuer = pair.substr(https.size(), at - https.size()), path = pair.substr(at + 1);
  const auto text = settings::read_file(path);
  if (!text) return failure(text.error());
  if (!*text) return failure(Problem{fmt::format("{}: there is no such file", path)});
  if (!sts::is_jwks(**text))
    return failure(Problem{fmt::format(
        "{} is no JWKS with an RSA or EC key to verify by: it is what the issuer serves "
        "at the jwks_uri of https://{}/.well-known/openid-configuration",
        path, issuer)});
  return std::pair{issuer, **text};
}

// A thousand descriptors, the usual soft limit, are fewer than ten thousand connections need.
void raise_descriptor_limit() {
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
  descriptors.rlim_cur =
      std::max(descriptors.rlim_cur, std::min<rlim_t>(descriptors.rlim_max, 65536));
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
}

// Large bodies go back to the system when they are done with. (Left to itself glibc keeps more the
// more it has seen.)
void give_large_memory_back() {
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

// Waits for a signal; meanwhile the service manager hears of the engine twice within its limit, as
// long as the engine answers.
void await_signal(engine::Engine& engine, const sigset_t& signals) {
  const auto limit = watchdog_limit();
  while (true) {
    if (!limit) {
      int signal = 0;
      sigwait(&signals, &signal);
      return;
    }
    engine.ask_for_life([] { tell_service_manager("WATCHDOG=1"); });
    const auto pause = *limit / 2;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(pause);
    const timespec until{seconds.count(),
                         static_cast<long>(std::chrono::nanoseconds{pause - seconds}.count())};
    if (sigtimedwait(&signals, nullptr, &until) > 0) return;
  }
}

// The first signal ends the engine in good order; a second one at once (nothing is lost: what was
// acknowledged is in the journal).
void end_on_signal(engine::Engine& engine, const sigset_t& signals) {
  await_signal(engine, signals);
  tell_service_manager("STOPPING=1");
  try {
    std::thread([signals] {
      int again = 0;
      sigwait(&signals, &again);
      ::_exit(128 + again);
    }).detach();
  } catch (const std::system_error&) {  // no thread to be had: the end is as good without
  }
  engine.stop();
}

// What the machine refused, as a sentence that says what to do; for the exception under way.
std::string why_it_ends() {
  try {
    throw;
  } catch (const store::StoreFailure& error) {
    return error.what();
  } catch (const std::bad_alloc&) {
    return "the engine is out of memory: give it more, or less to do, then start it again; what "
           "was "
           "acknowledged is kept";
  } catch (const std::system_error& error) {
    return fmt::format(
        "the system refuses what the engine needs ({}): see to its limits of processes, memory and "
        "descriptors, then start the engine again; what was acknowledged is kept",
        error.what());
  } catch (const std::exception& error) {
    return fmt::format(
        "the engine cannot go on ({}): see to that, then start it again; what was acknowledged is "
        "kept",
        error.what());
  } catch (...) {
    return "the engine cannot go on: start it again; what was acknowledged is kept";
  }
}

Result<std::unique_ptr<engine::Engine>> start(const engine::Config& config) {
  try {
    return engine::Engine::start(config);
  } catch (...) {
    return failure(Problem{why_it_ends()});
  }
}

[[noreturn]] void end_at_once() {
  ends(exit_failed, why_it_ends());
  ::_exit(exit_failed);
}

// For what leaves any other thread. Without an exception it is a bug, and the core says where.
void end_by_terminate() {
  if (!std::current_exception()) std::abort();
  end_at_once();
}

}  // namespace

int print_coverage() {
  fmt::print("{}", engine::coverage_page());
  return 0;
}

int run_engine(const EngineOptions& options) {
  set_log_level(level_named(options.log_level));
  // Whatever the engine makes is for its user alone, also where nobody thought of a mode.
  ::umask(077);
  raise_descriptor_limit();
  give_large_memory_back();
  engine::Config config;
  config.data_dir = std::filesystem::absolute(
      options.where.data_dir.empty() ? store::default_data_directory() : options.where.data_dir);
  const auto api = net::parse_endpoint(options.api);
  if (!api) return ends(exit_usage, "--api: " + api.error().text);
  const auto dns = net::parse_endpoint(options.dns);
  if (!dns) return ends(exit_usage, "--dns: " + dns.error().text);
  config.api = *api;
  config.dns = *dns;
  if (!options.metrics.empty()) {
    const auto metrics = net::parse_endpoint(options.metrics);
    if (!metrics) return ends(exit_usage, "--metrics: " + metrics.error().text);
    config.metrics = *metrics;
  }
  config.allow_reset = options.allow_reset;
  config.version = SITELATCH_VERSION;
  config.clock = options.manual_clock ? engine::ClockKind::manual : engine::ClockKind::scaled;
  config.time_scale = options.time_scale;
  config.account = options.account_id;
  config.ephemeral = options.ephemeral;
  config.accept_any_credentials = options.accept_any_credentials;
  config.allow_link_local = options.allow_link_local;
  config.realistic = options.realistic;
  config.seed = options.seed;
  config.checkers = options.checkers;
  config.strict_names = options.strict_names;
  if (!options.places.empty()) {
    std::ifstream file(options.places);
    if (!file) return ends(exit_usage, "--places: cannot read " + options.places.string());
    config.places.assign(std::istreambuf_iterator<char>{file}, {});
    if (const auto table = route53::AskerTable::parse(config.places); !table)
      return ends(exit_usage,
                  fmt::format("--places: {}: {}", options.places.string(), table.error().text));
  }
  config.target_lookups = options.target_lookups != "off";
  config.allowed_hosts = options.allowed_hosts;
  config.signing_cert_url = options.signing_cert_url;
  config.smtp = options.smtp;
  if (options.dns_rate_limit == "off")
    config.dns_rate_limit = 0;
  else if (const auto limit = parse_int(options.dns_rate_limit))
    config.dns_rate_limit = static_cast<unsigned>(*limit);
  config.function_network = net::function_network_named(options.function_network);
  for (const auto& pair : options.oidc_keys) {
    auto keys = issuer_keys(pair);
    if (!keys) return ends(exit_usage, "--oidc-keys: " + keys.error().text);
    config.oidc_keys.insert(std::move(*keys));
  }

  // Before any thread is made, so that all of them leave the signals to the one that waits.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  std::set_terminate(end_by_terminate);
  auto started = start(config);
  if (!started) return ends(exit_failed, started.error().text);
  std::optional<ConsoleDoor> console;
  if (options.console != "off") {
    auto opened = ConsoleDoor::open(options.console);
    if (!opened) return ends(exit_failed, "--console: " + opened.error().text);
    console.emplace(std::move(*opened));
  }
  engine::Engine& engine = **started;
  auto files = write_tool_files(config.data_dir, engine.api_url(), "us-east-1");
  if (!files) return ends(exit_failed, files.error().text);
  if (options.realistic)
    log(LogLevel::info, "engine",
        fmt::format("as late and as strict as AWS; chance has seed {}", options.seed));

  if (console) console->watch(config.data_dir.string());
  const auto metrics = engine.metrics();
  fmt::print("ready api=http://{} dns={}{}{}\n", net::to_string(engine.api()),
             net::to_string(engine.dns()), console ? " console=" + console->url() : "",
             metrics ? " metrics=http://" + net::to_string(*metrics) + "/metrics" : "");
  std::fflush(stdout);
  tell_service_manager(fmt::format("READY=1\nSTATUS=api http://{}, dns {}",
                                   net::to_string(engine.api()), net::to_string(engine.dns())));
  std::thread ending;
  try {
    ending = std::thread([&] { end_on_signal(engine, signals); });
    engine.run();
  } catch (...) {
    // Stopping beats acknowledging what cannot be kept, or acting on a state that is half changed.
    // At once, without destructors: the next engine begins at the last commit.
    end_at_once();
  }
  ending.join();
  console.reset();
  return exit_done;
}

}  // namespace sitelatch::cli
