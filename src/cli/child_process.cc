// SPDX-License-Identifier: Apache-2.0
#include "cli/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sitelatch::cli {
namespace {

std::vector<char*> as_argv(const std::vector<std::string>& arguments) {
  std::vector<char*> out;
  for (const auto& argument : arguments) out.push_back(const_cast<char*>(argument.c_str()));
  out.push_back(nullptr);
  return out;
}

int exit_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

[[noreturn]] void become(const std::vector<std::string>& arguments) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvp(arguments[0].c_str(), as_argv(arguments).data());
  const std::string text = fmt::format("cannot run {}: {}\n", arguments[0], std::strerror(errno));
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(127);
}

}  // namespace

Finished run_program(const std::vector<std::string>& arguments, const Environment& environment,
                     const std::vector<std::string>& unset, const std::function<bool()>& give_up) {
  int out[2], err[2];
  if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0)
    return {127, "", std::strerror(errno)};
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);  // it has ended already
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    for (const auto& name : unset) ::unsetenv(name.c_str());
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    become(arguments);
  }
  ::close(out[1]);
  ::close(err[1]);
  Finished finished;
  pollfd open[] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  while (open[0].fd >= 0 || open[1].fd >= 0) {
    if (::poll(open, 2, give_up ? 100 : -1) < 0 && errno != EINTR) break;
    if (give_up && give_up()) ::kill(pid, SIGTERM);
    for (int i = 0; i < 2; ++i) {
      if (open[i].fd < 0 || !open[i].revents) continue;
      char buffer[16384];
      const auto got = ::read(open[i].fd, buffer, sizeof buffer);
      if (got > 0)
        (i == 0 ? finished.out : finished.err).append(buffer, static_cast<std::size_t>(got));
      else if (got == 0)
        open[i].fd = -1;
    }
  }
  ::close(out[0]);
  ::close(err[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  finished.status = exit_status(status);
  return finished;
}

Result<BackgroundProgram> BackgroundProgram::start(const std::vector<std::string>& arguments,
                                                   const std::string& log) {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return failure(Problem{std::strerror(errno)});
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // it has ended already
    const int log_file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    if (log_file >= 0) ::dup2(log_file, STDERR_FILENO);
    become(arguments);
  }
  ::close(out[1]);
  std::string line;
  char c = 0;
  while (::read(out[0], &c, 1) == 1 && c != '\n') line += c;
  // The pipe stays open in the child: a later line would be lost, and none is said.
  ::close(out[0]);
  BackgroundProgram program(pid, line);
  if (!line.starts_with("ready"))
    return failure(Problem{fmt::format("{} {} did not start; see {}", arguments[0],
                                       arguments.size() > 1 ? arguments[1] : "", log)});
  return program;
}

void BackgroundProgram::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

bool BackgroundProgram::has_ended() {
  siginfo_t ended{};
  return pid_ > 0 &&
         ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == pid_;
}

int BackgroundProgram::terminate() {
  if (pid_ <= 0) return 0;
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = 0;
  return exit_status(status);
}

}  // namespace sitelatch::cli
