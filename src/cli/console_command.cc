// SPDX-License-Identifier: Apache-2.0
#include "cli/console_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "aws/auth/partition.h"
#include "base/log.h"
#include "cli/guard_report.h"
#include "cli/guard_safety.h"
#include "cli/running_engine.h"
#include "console/accounts.h"
#include "console/acts.h"
#include "console/rehearsal.h"
#include "net/io/endpoint.h"
#include "net/io/system_ports.h"

extern char** environ;

namespace sitelatch::cli {
namespace {

// A console that the engine has started ends when nobody has looked for so long; the engine starts
// it again for the next who does.
constexpr auto idle_end = std::chrono::minutes{2};

int console_failed(const std::string& sentence, int status = exit_failed) {
  fmt::print(stderr, "sitelatch: {}\n", sentence);
  return status;
}

// As `sitelatch env` would have it, for all that this process and its commands do.
Result<Done> point_at_engine(const std::string& data_dir) {
  const auto engine = find_engine({data_dir});
  if (!engine) return failure(engine.error());
  const auto tools = tool_environment(*engine, "us-east-1", environ);
  for (const auto& name : tools.unset) ::unsetenv(name.c_str());
  for (const auto& [name, value] : tools.set) ::setenv(name.c_str(), value.c_str(), 1);
  return Done{};
}

std::string own_program() {
  std::string path(4096, '\0');
  const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return "sitelatch";
  path.resize(static_cast<std::size_t>(size));
  return path;
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::vector<GuardOptions> accounts_of(const ConsoleOptions& options) {
  if (!options.accounts.empty()) return options.accounts;
  const std::vector<std::string> as_configured = {""};
  std::vector<GuardOptions> out;
  for (const auto& profile : options.profiles.empty() ? as_configured : options.profiles)
    for (const auto& region : options.regions.empty() ? as_configured : options.regions) {
      GuardOptions one;
      one.profile = profile;
      one.region = region;
      one.endpoint_url = options.endpoint_url;
      one.config_file = options.config_file;
      out.push_back(std::move(one));
    }
  return out;
}

std::string label_of(const GuardOptions& account, std::size_t among) {
  if (among == 1 && account.profile.empty()) return {};
  if (account.profile.empty()) return account.region;
  return account.region.empty() ? account.profile : account.profile + ", " + account.region;
}

std::vector<std::string> words_of(const GuardOptions& account) {
  std::vector<std::string> out;
  if (!account.profile.empty()) out.push_back("--profile=" + account.profile);
  if (!account.region.empty()) out.push_back("--region=" + account.region);
  if (!account.endpoint_url.empty()) out.push_back("--endpoint-url=" + account.endpoint_url);
  if (!account.config_file.empty()) out.push_back("--config=" + account.config_file);
  return out;
}

Result<Fd> listening(const ConsoleOptions& options) {
  if (options.listening_fd >= 0) {
    Fd left(options.listening_fd);
    if (::fcntl(left.get(), F_SETFD, FD_CLOEXEC) != 0)
      return failure(Problem{"--listening-fd is for the engine alone"});
    return left;
  }
  const auto at = net::parse_endpoint(options.listen.empty() ? usual_console : options.listen);
  if (!at) return failure(Problem{"--listen: " + at.error().text});
  auto socket = net::listening_socket(*at, "--listen");
  if (socket || !options.listen.empty()) return socket;
  return net::listening_socket({at->address, 0}, "--listen");  // an engine has it, or another
}

// The running engine that this environment points at.
std::optional<EngineChoice> engine_here(const ConsoleOptions& options) {
  if (!options.profiles.empty() || !options.accounts.empty()) return std::nullopt;
  const auto endpoint =
      options.endpoint_url.empty() ? from_environment("AWS_ENDPOINT_URL") : options.endpoint_url;
  if (endpoint.empty()) return std::nullopt;
  const EngineChoice where{from_environment(data_dir_variable)};
  const auto engine = find_engine(where);
  if (!engine || engine->api_url != endpoint) return std::nullopt;
  return where;
}

bool is_this_machine(const std::string& url) {
  return url.find("//127.") != std::string::npos || url.find("//localhost") != std::string::npos ||
         url.find("//[::1]") != std::string::npos;
}

void wait_for_end(const sigset_t& signals, const console::Board& board, const console::Acts& acts,
                  bool ends_idle) {
  if (!ends_idle) {
    int signal = 0;
    sigwait(&signals, &signal);
    return;
  }
  const timespec turn{30, 0};
  while (sigtimedwait(&signals, nullptr, &turn) < 0)
    if (std::chrono::steady_clock::now() - board.last_asked() > idle_end && !acts.any_under_way())
      return;
}

}  // namespace

std::string new_console_token() {
  net::SystemEntropy entropy;
  return ports::random_hex(entropy, 32);
}

int run_console(const ConsoleOptions& options) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const bool of_engine = !options.engine_data_dir.empty();
  auto token = from_environment(console_token_variable);
  ::unsetenv(console_token_variable);
  if (token.empty()) token = new_console_token();
  if (of_engine)
    if (const auto pointed = point_at_engine(options.engine_data_dir); !pointed)
      return console_failed(pointed.error().text);
  auto socket = listening(options);
  if (!socket) return console_failed(socket.error().text);

  const auto wanted = accounts_of(options);
  const auto engine = engine_here(options);
  const auto endpoint =
      options.endpoint_url.empty() ? from_environment("AWS_ENDPOINT_URL") : options.endpoint_url;
  const auto pace =
      engine || is_this_machine(endpoint) ? console::pace_of_engine : console::pace_of_aws;
  std::vector<std::unique_ptr<GuardContext>> contexts;
  std::vector<console::Account> accounts;
  console::Acts::Options acting;
  acting.program = {own_program()};
  acting.checks = options.checks;
  acting.quoted = shell_quoted;
  for (const auto& one : wanted) {
    contexts.push_back(std::make_unique<GuardContext>(one, options.dns_server));
    contexts.back()->context().progress = [](const std::string&) {};
    accounts.push_back({label_of(one, wanted.size()),
                        contexts.back()->context(),
                        pace,
                        {reckoning(), !endpoint.empty()}});
    acting.account_words.push_back(words_of(one));
  }

  console::Board board;
  std::unique_ptr<client::Aws> engine_client;
  std::optional<console::Rehearsal> rehearsal;
  std::function<aws::Value()> look_at_engine;
  console::Act act_on_engine;
  if (engine) {
    const auto found = find_engine(*engine);
    engine_client = another_client(wanted.front());
    rehearsal.emplace(console::Rehearsal{
        *engine_client,
        [where = *engine](const aws::Value& request) { return ask_engine(where, request); },
        found ? found->data_dir / "mail" : std::filesystem::path{}});
    look_at_engine = [&rehearsal] { return console::look_at_engine(*rehearsal); };
    accounts.front().more_guards = [&rehearsal] { return console::manually_resumed(*rehearsal); };
    act_on_engine = [where = *engine](const aws::Value& wish) -> Result<aws::Value> {
      const auto request = console::control_request(wish);
      if (!request) return failure(request.error());
      return ask_engine(where, *request);
    };
  }
  console::Accounts looking(std::move(accounts), std::move(look_at_engine));
  console::Acts acts(std::move(acting), board);
  const auto act = [&](const aws::Value& request) -> Result<aws::Value> {
    if (request["stop"].is_integer()) return acts.stop(request["stop"].integer());
    const auto wish = console::read_wish(request);
    if (!wish) return failure(wish.error());
    const auto key = console::guard_key(wish->subject);
    const auto view = key ? looking.seen(wish->subject) : std::nullopt;
    if (!view) return problem("This guard has not been looked at yet: open its page first.");
    return acts.start(*wish, *view, key->account);
  };
  const auto started =
      console::Console::start(std::move(*socket), {token, act, act_on_engine}, board, looking);
  if (!started) return console_failed(started.error().text);
  if (!of_engine) {
    fmt::print("ready console={}\n", (*started)->url());
    std::fflush(stdout);
  }
  wait_for_end(signals, board, acts, of_engine);
  return exit_done;
}

}  // namespace sitelatch::cli
