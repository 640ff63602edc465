// SPDX-License-Identifier: Apache-2.0
#include "net/functions/ask_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/fd.h"

namespace sitelatch::net {

std::string ask_program(const std::vector<std::string>& command, std::chrono::seconds patience) {
  const auto what = "asking " + command.front();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), what);
  Fd in(ends[0]), out(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.get(), 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // pyenv's shims are shell scripts and need a PATH.
  const char* const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", nullptr};
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, arguments.front(), &actions, &attributes, arguments.data(),
                                   const_cast<char* const*>(environment));
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  out.reset();
  constexpr std::array lacks{EAGAIN, ENOMEM, EMFILE, ENFILE};
  if (std::find(lacks.begin(), lacks.end(), failed) != lacks.end())
    throw std::system_error(failed, std::generic_category(), what);
  if (failed != 0) return {};
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                          deadline - std::chrono::steady_clock::now())
                          .count();
    pollfd readable{in.get(), POLLIN, 0};
    if (left <= 0 || text.size() > 65536 || ::poll(&readable, 1, static_cast<int>(left)) <= 0) {
      ::kill(-pid, SIGKILL);
      text.clear();
      break;
    }
    const auto size = ::read(in.get(), buffer.data(), buffer.size());
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : std::string();
}

std::vector<std::string> trees_to_show(const std::vector<std::string>& prefixes) {
  const auto below_usr = [](const std::string& path) {
    return path == "/usr" || path.starts_with("/usr/");
  };
  std::vector<std::string> trees;
  for (const auto& tree : prefixes)
    if (tree.size() > 1 && !below_usr(tree) && std::count(tree.begin(), tree.end(), '/') >= 2 &&
        std::find(trees.begin(), trees.end(), tree) == trees.end())
      trees.push_back(tree);
  return trees;
}

}  // namespace sitelatch::net
