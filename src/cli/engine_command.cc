// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/running_engine.h"
#include "engine/engine.h"
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

int say(int status, const std::string& sentence) {
  fmt::print(stderr, "sitelatch: {}\n", sentence);
  return status;
}

// A thousand descriptors, the usual soft limit, are fewer than ten thousand connections need.
void raise_descriptor_limit() {
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return;
  descriptors.rlim_cur =
      std::max(descriptors.rlim_cur, std::min<rlim_t>(descriptors.rlim_max, 65536));
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
}

// Waits for the first signal and ends the engine in good order; a second one ends it at once
// (nothing is lost: what was acknowledged is in the journal).
void end_on_signal(engine::Engine& engine, const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  std::thread([signals] {
    int again = 0;
    sigwait(&signals, &again);
    ::_exit(128 + again);
  }).detach();
  engine.stop();
}

}  // namespace

int run_engine(const EngineOptions& options) {
  set_log_level(level_named(options.log_level));
  raise_descriptor_limit();
  engine::Config config;
  config.data_dir = std::filesystem::absolute(
      options.where.data_dir.empty() ? store::default_data_directory() : options.where.data_dir);
  const auto api = net::parse_endpoint(options.api);
  if (!api) return say(exit_usage, "--api: " + api.error().text);
  const auto dns = net::parse_endpoint(options.dns);
  if (!dns) return say(exit_usage, "--dns: " + dns.error().text);
  config.api = *api;
  config.dns = *dns;
  config.clock = options.manual_clock ? engine::ClockKind::manual : engine::ClockKind::scaled;
  config.time_scale = options.time_scale;
  config.account = options.account_id;
  config.ephemeral = options.ephemeral;
  config.accept_any_credentials = options.accept_any_credentials;
  config.allow_link_local = options.allow_link_local;
  config.smtp = options.smtp;
  config.function_network = net::function_network_named(options.function_network);

  // Before any thread is made, so that all of them leave the signals to the one that waits.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  auto started = engine::Engine::start(config);
  if (!started) return say(exit_failed, started.error().text);
  engine::Engine& engine = **started;
  auto files = write_tool_files(config.data_dir, engine.api_url(), "us-east-1");
  if (!files) return say(exit_failed, files.error().text);
  for (const auto& sentence : engine.missing_protections())
    log(LogLevel::warning, "lambda", sentence);
  log(LogLevel::info, "lambda",
      fmt::format("functions' network: {}", net::name_of(engine.function_network())));

  fmt::print("ready api=http://{} dns={}\n", net::to_string(engine.api()),
             net::to_string(engine.dns()));
  std::fflush(stdout);
  std::thread ending([&] { end_on_signal(engine, signals); });
  try {
    engine.run();
  } catch (const store::StoreFailure& error) {
    // Stopping beats acknowledging what cannot be kept.
    log(LogLevel::error, "store", error.what());
    ::_exit(exit_failed);
  }
  ending.join();
  return exit_done;
}

}  // namespace sitelatch::cli
