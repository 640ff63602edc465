// SPDX-License-Identifier: Apache-2.0
#include "net/functions/child.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"

namespace sitelatch::net {
namespace {

constexpr std::size_t child_stack_size = 256 * 1024;
constexpr int cannot_start = 125, cannot_execute = 124;
#ifdef __SANITIZE_THREAD__
// The thread sanitizer keeps its state of a thread in memory, and a child that leaves within a call
// would leave it as if the parent were still in there: such a build gives children a copy.
constexpr int shared_memory = 0;
#else
constexpr int shared_memory = CLONE_VM;
#endif

struct Program {
  const char* path;
  char* const* arguments;
  const int* descriptors;
  int count;
};

SITELATCH_UNWATCHED int become_program(void* argument) {
  const auto& program = *static_cast<const Program*>(argument);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (!place_descriptors(program.descriptors, program.count)) return leave_child(cannot_start);
  ::setsid();
  reset_signals();
  const char* const environment[] = {nullptr};
  ::execve(program.path, program.arguments, const_cast<char* const*>(environment));
  return leave_child(cannot_execute);
}

}  // namespace

SITELATCH_UNWATCHED int leave_child(int status) {
  return static_cast<int>(::syscall(SYS_exit_group, status));
}

// First above the numbers that are about to be filled, then down.
SITELATCH_UNWATCHED bool place_descriptors(const int* descriptors, int count) {
  int high[max_child_descriptors];
  for (int i = 0; i < count; ++i) high[i] = ::fcntl(descriptors[i], F_DUPFD, 32);
  for (int i = 0; i < count; ++i)
    if (::dup2(high[i], i) < 0) return false;
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, static_cast<unsigned>(count), ~0U, 0U) == 0) return true;
#endif
  // Before Linux 5.9. The limit of descriptors says nothing: it may have been lowered since.
  for (int fd = count; fd < 65536; ++fd) ::close(fd);
  return true;
}

SITELATCH_UNWATCHED void reset_signals() {
  struct sigaction ordinary {};
  ordinary.sa_handler = SIG_DFL;
  for (int number = 1; number < 32; ++number)
    if (number != SIGKILL && number != SIGSTOP) ::sigaction(number, &ordinary, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Signals stay blocked around it: a handler of ours must not run in the child, which shares our
// memory.
pid_t clone_child(int (*body)(void*), void* argument, int flags) {
  void* stack = ::mmap(nullptr, child_stack_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -1;
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::clone(body, static_cast<char*>(stack) + child_stack_size,
                            flags | shared_memory | CLONE_VFORK | SIGCHLD, argument);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::munmap(stack, child_stack_size);
  errno = error;
  return pid;
}

pid_t start_child(const std::vector<std::string>& command, const std::vector<int>& descriptors) {
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return -1;
  std::vector<int> all{nothing.get(), nothing.get(), nothing.get()};
  all.insert(all.end(), descriptors.begin(), descriptors.end());
  if (all.size() > static_cast<std::size_t>(max_child_descriptors)) return -1;
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  Program program{command.front().c_str(), arguments.data(), all.data(),
                  static_cast<int>(all.size())};
  return clone_child(become_program, &program, 0);
}

}  // namespace sitelatch::net
