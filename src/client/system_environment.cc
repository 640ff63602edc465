// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/fd.h"
#include "client/environment.h"

namespace sitelatch::client {
namespace {

constexpr std::size_t longest_output_bytes = 1u << 20;

std::string error_text(int code) { return std::generic_category().message(code); }

// Both ends of a pipe; what is still open closes with it.
struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close_end(std::size_t which) {
    if (ends[which] >= 0) ::close(ends[which]);
    ends[which] = -1;
  }
};

// Reads both pipes until they end or the time is up. False: the time was up.
bool read_both(Pipe& out, Pipe& err, ProgramOutput& output, Duration at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    std::array<pollfd, 2> waiting{pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) < 0 &&
        errno != EINTR)
      return false;
    for (std::size_t i = 0; i < 2; ++i) {
      if (!(waiting[i].revents & (POLLIN | POLLHUP | POLLERR))) continue;
      auto& pipe = i == 0 ? out : err;
      auto& text = i == 0 ? output.out : output.err;
      std::array<char, 4096> buffer;
      const auto n = ::read(pipe.ends[0], buffer.data(), buffer.size());
      if (n > 0 && text.size() < longest_output_bytes)
        text.append(buffer.data(), static_cast<std::size_t>(n));
      if (n == 0 || (n < 0 && errno != EINTR)) pipe.close_end(0);
    }
  }
  return true;
}

int wait_for_end(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<pid_t> start(const std::vector<std::string>& arguments, Pipe& out, Pipe& err) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], STDERR_FILENO);
  pid_t child = 0;
  const int problem = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return failure(Problem{arguments[0] + ": " + error_text(problem)});
  return child;
}

bool write_all(int fd, std::string_view text) {
  return ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

class SystemEnvironment final : public Environment {
 public:
  std::optional<std::string> variable(std::string_view name) const override {
    const char* value = std::getenv(std::string{name}.c_str());
    if (!value || !*value) return std::nullopt;
    return std::string{value};
  }

  std::string home() const override {
    auto home = variable("HOME").value_or("");
    if (home.empty())
      if (const auto* user = ::getpwuid(::getuid())) home = user->pw_dir;
    while (home.size() > 1 && home.ends_with('/')) home.pop_back();
    return home;
  }

  Result<std::optional<std::string>> read_file(const std::string& path) const override {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::optional<std::string>{};
    std::ostringstream text;
    if (file) text << file.rdbuf();
    if (!file || file.bad()) return failure(Problem{path + ": " + error_text(errno ? errno : EIO)});
    return std::optional{text.str()};
  }

  Result<ProgramOutput> run(const std::vector<std::string>& arguments, Duration at_most) override {
    if (arguments.empty()) return failure(Problem{"an empty command"});
    Pipe out, err;
    if (!out.open() || !err.open()) return failure(Problem{"no pipe: " + error_text(errno)});
    const auto child = start(arguments, out, err);
    if (!child) return failure(child.error());
    out.close_end(1);
    err.close_end(1);
    ProgramOutput output;
    const bool ended = read_both(out, err, output, at_most);
    if (!ended) ::kill(*child, SIGKILL);
    output.status = wait_for_end(*child);
    if (!ended) return failure(Problem{arguments[0] + ": did not end within " + describe(at_most)});
    return output;
  }

  std::optional<std::string> ask(const std::string& question) override {
    const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    termios before{};
    if (!terminal || ::tcgetattr(terminal.get(), &before) != 0) return std::nullopt;
    termios unseen = before;
    unseen.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal.get(), TCSAFLUSH, &unseen);
    std::string line;
    char c = 0;
    if (write_all(terminal.get(), question))
      while (::read(terminal.get(), &c, 1) == 1 && c != '\n') line += c;
    write_all(terminal.get(), "\n");
    ::tcsetattr(terminal.get(), TCSAFLUSH, &before);
    return line;
  }
};

class SystemClock final : public Clock {
 public:
  WallInstant now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
  void sleep(Duration d) override {
    if (d.count() <= 0) return;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(d);
    const timespec time{static_cast<time_t>(seconds.count()),
                        static_cast<long>((d - seconds).count())};
    ::nanosleep(&time, nullptr);
  }
};

}  // namespace

std::unique_ptr<Environment> system_environment() { return std::make_unique<SystemEnvironment>(); }
std::unique_ptr<Clock> system_clock() { return std::make_unique<SystemClock>(); }

}  // namespace sitelatch::client
