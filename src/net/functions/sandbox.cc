// SPDX-License-Identifier: Apache-2.0
#include "net/functions/sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "base/text.h"

namespace sitelatch::net {
namespace {

constexpr int namespace_flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
constexpr std::size_t child_stack_size = 256 * 1024;

int flags_for(bool namespaces, bool root) {
  if (!namespaces) return 0;
  return root ? namespace_flags : namespace_flags | CLONE_NEWUSER;
}

// --- In the child of clone(CLONE_VM | CLONE_VFORK): system calls only, no allocation, no locks.
// --- Not watched by the address sanitizer: the child's stack vanishes under its marks, and who is
// given those addresses next would be accused of what the child did.
#define SITELATCH_UNWATCHED __attribute__((no_sanitize("address")))

// Not _exit: the address sanitizer would look at a stack that it does not know.
SITELATCH_UNWATCHED int leave(int status) {
  return static_cast<int>(::syscall(SYS_exit_group, status));
}

SITELATCH_UNWATCHED bool write_whole(const char* path, const char* text, std::size_t size) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::write(fd, text, size) == static_cast<ssize_t>(size);
  ::close(fd);
  return good;
}

struct IdMaps {
  std::array<char, 64> uid{}, gid{};
  std::size_t uid_size = 0, gid_size = 0;
};
IdMaps identity_maps() {
  IdMaps maps;
  maps.uid_size = static_cast<std::size_t>(
      std::snprintf(maps.uid.data(), maps.uid.size(), "%u %u 1\n", ::geteuid(), ::geteuid()));
  maps.gid_size = static_cast<std::size_t>(
      std::snprintf(maps.gid.data(), maps.gid.size(), "%u %u 1\n", ::getegid(), ::getegid()));
  return maps;
}

// Keeps our own ids, and the namespace's capabilities across exec (ambient), so that the warden can
// mount.
SITELATCH_UNWATCHED bool enter_user_namespace(const IdMaps& maps) {
  write_whole("/proc/self/setgroups", "deny", 4);
  if (!write_whole("/proc/self/uid_map", maps.uid.data(), maps.uid_size)) return false;
  if (!write_whole("/proc/self/gid_map", maps.gid.data(), maps.gid_size)) return false;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  for (auto& word : data) word.inheritable = word.permitted;
  if (::syscall(SYS_capset, &header, data) != 0) return false;
  for (int cap = 0; cap < 64; ++cap) ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
  return true;
}

SITELATCH_UNWATCHED void default_signals() {
  struct sigaction ordinary {};
  ordinary.sa_handler = SIG_DFL;
  for (int number = 1; number < 32; ++number)
    if (number != SIGKILL && number != SIGSTOP) ::sigaction(number, &ordinary, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct Birth {
  const char* self_exe;
  int plan, output, status, nothing;
  bool user_namespace;
  IdMaps maps;
};

SITELATCH_UNWATCHED int be_born(void* argument) {
  const auto& birth = *static_cast<const Birth*>(argument);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (birth.user_namespace && !enter_user_namespace(birth.maps)) return leave(125);
  // First above the numbers that are about to be filled, then down.
  const int plan = ::fcntl(birth.plan, F_DUPFD, 10), output = ::fcntl(birth.output, F_DUPFD, 10);
  const int status = ::fcntl(birth.status, F_DUPFD, 10),
            nothing = ::fcntl(birth.nothing, F_DUPFD, 10);
  if (::dup2(nothing, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(output, 2) < 0 ||
      ::dup2(plan, 3) < 0 || ::dup2(status, 4) < 0)
    return leave(125);
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, 5U, ~0U, 0U) != 0)
#endif
    for (int fd = 5; fd < 65536; ++fd) ::close(fd);
  ::setsid();
  default_signals();
  const char* const arguments[] = {"sitelatch", "function-sandbox", nullptr};
  const char* const environment[] = {nullptr};
  ::execve(birth.self_exe, const_cast<char* const*>(arguments),
           const_cast<char* const*>(environment));
  return leave(124);
}

struct Trial {
  const char* directory;
  bool user_namespace;
  IdMaps maps;
};
// Exit status: 0 all, 1 no /proc, 2 no mounts.
SITELATCH_UNWATCHED int try_mounts(void* argument) {
  const auto& trial = *static_cast<const Trial*>(argument);
  if (trial.user_namespace && !enter_user_namespace(trial.maps)) return leave(2);
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return leave(2);
  if (::mount("tmpfs", trial.directory, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") != 0)
    return leave(2);
  if (::mount("proc", trial.directory, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return leave(1);
  return leave(0);
}

// --- end of the child's part ---

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
                            flags | CLONE_VM | CLONE_VFORK | SIGCHLD, argument);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::munmap(stack, child_stack_size);
  errno = error;
  return pid;
}

Problem system_trouble(std::string_view what) {
  return {fmt::format("{}: {}", what, std::strerror(errno))};
}

bool maps_range(const char* path, std::uint64_t first, std::uint64_t count) {
  std::ifstream in(path);
  std::uint64_t inside = 0, outside = 0, length = 0;
  while (in >> inside >> outside >> length)
    if (first >= inside && first + count <= inside + length) return true;
  return false;
}

void choose_users(Isolation& isolation) {
  for (const auto& [first, count] :
       {std::pair{1900000000U, 100000000U}, std::pair{60000U, 5000U}}) {
    if (!maps_range("/proc/self/uid_map", first, count) ||
        !maps_range("/proc/self/gid_map", first, count))
      continue;
    isolation.first_uid = first;
    isolation.uid_count = count;
    return;
  }
}

bool has_capability(unsigned capability) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  return (data[capability / 32].effective >> (capability % 32)) & 1U;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Isolation probe_isolation(const std::string& empty_directory) {
  Isolation isolation;
  isolation.root = ::geteuid() == 0;
  if (isolation.root && has_capability(CAP_SETUID) && has_capability(CAP_SETGID))
    choose_users(isolation);
  isolation.seccomp = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
  Trial trial{empty_directory.c_str(), !isolation.root, identity_maps()};
  const pid_t pid = clone_child(try_mounts, &trial, flags_for(true, isolation.root));
  int status = 0;
  if (pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status)) {
    isolation.namespaces = WEXITSTATUS(status) <= 1;
    isolation.proc = WEXITSTATUS(status) == 0;
  }
  return isolation;
}

std::vector<std::string> describe_missing(const Isolation& isolation) {
  std::vector<std::string> missing;
  if (!isolation.namespaces) {
    missing.push_back(isolation.root ? "this machine refuses new namespaces to root (a container "
                                       "without CAP_SYS_ADMIN?): functions see the "
                                       "machine's files and processes as an unprivileged user "
                                       "would, and their /tmp is not limited by the kernel"
                                     : "this machine refuses user namespaces: functions run with "
                                       "the engine's own user, can read all that it "
                                       "can read, and can end it");
  } else if (!isolation.proc) {
    missing.push_back(
        "this machine refuses a /proc of their own to functions: they run without /proc");
  }
  if (isolation.root && isolation.uid_count == 0)
    missing.push_back(
        "the engine is root without the right to change users: functions run as root of this "
        "container");
  if (!isolation.root && isolation.namespaces)
    missing.push_back(
        "the engine is not root: functions share its user, so they are kept apart by namespaces "
        "alone, and the number "
        "of their processes is limited together");
  if (!isolation.seccomp)
    missing.push_back("this kernel has no seccomp: functions may use every system call");
  missing.push_back(
      "functions share the machine's network: they can reach what listens on this machine and "
      "beyond it");
  return missing;
}

Result<Sandbox> spawn_sandbox(const std::string& self_exe, const SandboxPlan& plan,
                              const Isolation& isolation) {
  const auto text = serialise(plan);
  Fd memory(::memfd_create("plan", MFD_CLOEXEC));
  if (!memory ||
      ::write(memory.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(memory.get(), 0, SEEK_SET) != 0)
    return failure(system_trouble("memory file"));
  int output[2], status[2];
  if (::pipe2(output, O_CLOEXEC) != 0) return failure(system_trouble("pipe"));
  Fd output_in(output[0]), output_out(output[1]);
  if (::pipe2(status, O_CLOEXEC) != 0) return failure(system_trouble("pipe"));
  Fd status_in(status[0]), status_out(status[1]);
  Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) return failure(system_trouble("/dev/null"));
  ::fcntl(output_in.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(status_in.get(), F_SETFL, O_NONBLOCK);
  const bool user_namespace = plan.namespaces && !isolation.root;
  Birth birth{self_exe.c_str(), memory.get(),   output_out.get(), status_out.get(),
              nothing.get(),    user_namespace, identity_maps()};
  const pid_t pid = clone_child(be_born, &birth, flags_for(plan.namespaces, isolation.root));
  if (pid < 0) return failure(system_trouble("clone"));
  return Sandbox{pid, std::move(output_in), std::move(status_in)};
}

std::vector<pid_t> sandbox_processes(pid_t warden) {
  std::vector<pid_t> found, open{warden};
  while (!open.empty() && found.size() < 20000) {
    const pid_t parent = open.back();
    open.pop_back();
    // Children are listed per thread of the parent.
    const auto tasks = fmt::format("/proc/{}/task", parent);
    DIR* directory = ::opendir(tasks.c_str());
    if (directory == nullptr) continue;
    while (const dirent* entry = ::readdir(directory)) {
      if (entry->d_name[0] == '.') continue;
      std::istringstream children(read_file(tasks + "/" + entry->d_name + "/children"));
      for (pid_t child = 0; children >> child;) {
        found.push_back(child);
        open.push_back(child);
      }
    }
    ::closedir(directory);
  }
  return found;
}

std::uint64_t memory_of(const std::vector<pid_t>& pids, MemoryCount count) {
  std::uint64_t total = 0;
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const auto pid : pids) {
    if (count == MemoryCount::resident) {
      std::istringstream statm(read_file(fmt::format("/proc/{}/statm", pid)));
      std::uint64_t size = 0, resident = 0;
      if (statm >> size >> resident) total += resident * page;
      continue;
    }
    std::istringstream rollup(read_file(fmt::format("/proc/{}/smaps_rollup", pid)));
    for (std::string line; std::getline(rollup, line);) {
      if (line.rfind("Pss:", 0) != 0) continue;
      total += std::stoull(line.substr(4)) * 1024;
      break;
    }
  }
  return total;
}

void kill_sandbox(pid_t pid, const SandboxPlan& plan) {
  if (!plan.namespaces) {
    // Stop before killing, so that nothing forks away between the look and the blow; orphans fall
    // to the warden.
    for (int round = 0; round < 100; ++round) {
      const auto pids = sandbox_processes(pid);
      if (pids.empty()) break;
      for (const auto child : pids) ::kill(child, SIGSTOP);
      for (const auto child : pids) ::kill(child, SIGKILL);
    }
  }
  ::kill(pid, SIGKILL);
}

}  // namespace sitelatch::net
