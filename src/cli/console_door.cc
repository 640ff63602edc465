// SPDX-License-Identifier: Apache-2.0
#include "cli/console_door.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/log.h"
#include "cli/console_command.h"
#include "console/console.h"
#include "net/http/http_server.h"
#include "net/io/endpoint.h"

extern char** environ;

namespace sitelatch::cli {
namespace {

constexpr int left_fd = 3;
// Between two starts of a console that ends with an error.
constexpr int pause_ms = 2000;

std::vector<char*> c_strings(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// The watcher's thread: waits for a connection, has a console take it, waits for that one's end.
class Watcher {
 public:
  Watcher(int listening, int stop, std::string token, std::string data_dir)
      : listening_(listening),
        stop_(stop),
        arguments_({"/proc/self/exe", "console", "--of-engine", std::move(data_dir),
                    "--listening-fd", std::to_string(left_fd)}) {
    for (char** entry = environ; *entry; ++entry) environment_.emplace_back(*entry);
    environment_.push_back(std::string{console_token_variable} + "=" + token);
  }

  void run() {
    while (waits_for(listening_)) {
      const auto pid = start();
      if (pid < 0) {
        log(LogLevel::warning, "console", fmt::format("cannot start: {}", std::strerror(errno)));
        if (stops_within(pause_ms)) return;
        continue;
      }
      if (!see_through(pid)) return;
    }
  }

 private:
  // False: it is to stop.
  bool waits_for(int fd) const {
    std::array<pollfd, 2> open{{{fd, POLLIN, 0}, {stop_, POLLIN, 0}}};
    while (::poll(open.data(), open.size(), -1) < 0 && errno == EINTR) {
    }
    return open[1].revents == 0;
  }
  bool stops_within(int ms) const {
    pollfd stop{stop_, POLLIN, 0};
    return ::poll(&stop, 1, ms) > 0;
  }

  pid_t start() {
    auto argv = c_strings(arguments_), envp = c_strings(environment_);
    const auto pid = ::fork();
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (listening_ == left_fd)
      ::fcntl(left_fd, F_SETFD, 0);
    else
      ::dup2(listening_, left_fd);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }

  // False: it is to stop.
  bool see_through(pid_t pid) const {
    const Fd end(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    int status = 0;
    bool goes_on = true;
    if (end) {
      goes_on = waits_for(end.get());
    } else {  // a kernel without pidfds
      while (goes_on && ::waitpid(pid, &status, WNOHANG) == 0) goes_on = !stops_within(500);
    }
    if (!goes_on) ::kill(pid, SIGTERM);
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!goes_on) return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    log(LogLevel::warning, "console", "the console ended with an error; its page starts it again");
    return !stops_within(pause_ms);
  }

  const int listening_, stop_;
  const std::vector<std::string> arguments_;
  std::vector<std::string> environment_;
};

}  // namespace

Result<ConsoleDoor> ConsoleDoor::open(const std::string& where) {
  const auto at = net::parse_endpoint(where.empty() ? usual_console : where);
  if (!at) return failure(at.error());
  if (!net::is_loopback(at->address))
    return failure(Problem{fmt::format(
        "the console listens on this machine's own addresses alone (127.0.0.1, ::1), not on {}",
        at->address)});
  auto socket = net::listening_socket(*at, "--console");
  if (!socket && where.empty()) socket = net::listening_socket({at->address, 0}, "--console");
  if (!socket) return failure(socket.error());
  const auto place = net::endpoint_of(*socket);
  if (!place) return failure(place.error());
  Fd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop) return failure(Problem{std::strerror(errno)});
  auto token = new_console_token();
  auto url = console::url_with_token(*place, token);
  return ConsoleDoor(std::move(*socket), std::move(stop), std::move(token), std::move(url));
}

void ConsoleDoor::watch(const std::string& data_dir) {
  watcher_ = std::thread([listening = listening_.get(), stop = stop_.get(), token = token_,
                          data_dir] { Watcher(listening, stop, token, data_dir).run(); });
}

ConsoleDoor::~ConsoleDoor() {
  if (!watcher_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
  watcher_.join();
}

}  // namespace sitelatch::cli
