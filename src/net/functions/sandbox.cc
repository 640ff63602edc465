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
#include <sys/socket.h>
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
#include <set>
#include <sstream>

#include "base/text.h"
#include "net/functions/child.h"

namespace sitelatch::net {
namespace {

enum class Network { shared, own };
int namespace_flags(bool root, Network network) {
  int flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  if (!root) flags |= CLONE_NEWUSER;
  if (network == Network::own) flags |= CLONE_NEWNET;
  return flags;
}

// --- In children (child.h).

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
// Outside we are `uid` and `gid`; inside we are these, or root.
IdMaps maps_of(uid_t uid, gid_t gid, uid_t inside_uid, gid_t inside_gid) {
  IdMaps maps;
  maps.uid_size = static_cast<std::size_t>(
      std::snprintf(maps.uid.data(), maps.uid.size(), "%u %u 1\n", inside_uid, uid));
  maps.gid_size = static_cast<std::size_t>(
      std::snprintf(maps.gid.data(), maps.gid.size(), "%u %u 1\n", inside_gid, gid));
  return maps;
}
IdMaps identity_maps() { return maps_of(::geteuid(), ::getegid(), ::geteuid(), ::getegid()); }
IdMaps root_maps() { return maps_of(::geteuid(), ::getegid(), 0, 0); }

// Keeps the namespace's capabilities across exec (ambient), so that the warden can mount.
SITELATCH_UNWATCHED bool enter_user_namespace(const IdMaps& maps) {
  // Without privilege gid_map is closed until setgroups is given up (user_namespaces(7)).
  write_whole("/proc/self/setgroups", "deny", 4);
  if (!write_whole("/proc/self/uid_map", maps.uid.data(), maps.uid_size)) return false;
  if (!write_whole("/proc/self/gid_map", maps.gid.data(), maps.gid_size)) return false;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  // Ambient wants inheritable first. Numbers that the kernel does not know fail, and do no harm
  // (capabilities(7)).
  for (auto& word : data) word.inheritable = word.permitted;
  if (::syscall(SYS_capset, &header, data) != 0) return false;
  for (int cap = 0; cap < 64; ++cap) ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
  return true;
}

struct Birth {
  const char* self_exe;
  const int* descriptors;
  int count;
  const int* groups;
  std::size_t group_count;
  bool user_namespace;
  IdMaps maps;
};

SITELATCH_UNWATCHED int be_born(void* argument) {
  const auto& birth = *static_cast<const Birth*>(argument);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  for (std::size_t i = 0; i < birth.group_count; ++i)
    // "0" is whoever writes, whatever its number in this pid namespace.
    if (::write(birth.groups[i], "0", 1) != 1) return leave_child(123);
  if (birth.user_namespace && !enter_user_namespace(birth.maps)) return leave_child(125);
  if (!place_descriptors(birth.descriptors, birth.count)) return leave_child(125);
  ::setsid();
  reset_signals();
  const char* const arguments[] = {"sitelatch", "function-sandbox", nullptr};
  const char* const environment[] = {nullptr};
  ::execve(birth.self_exe, const_cast<char* const*>(arguments),
           const_cast<char* const*>(environment));
  return leave_child(124);
}

// Root of a user namespace becomes itself again in another within it (sandbox_inside.cc).
SITELATCH_UNWATCHED bool nest(const IdMaps& back) {
  return ::unshare(CLONE_NEWUSER) == 0 && write_whole("/proc/self/setgroups", "deny", 4) &&
         write_whole("/proc/self/uid_map", back.uid.data(), back.uid_size) &&
         write_whole("/proc/self/gid_map", back.gid.data(), back.gid_size);
}

struct Trial {
  const char* directory;
  bool user_namespace;
  IdMaps maps;
  const IdMaps* back;  // nullptr: not tried
};
// Exit status: 0 all, 1 no /proc, 2 no mounts, 3 no namespace within.
SITELATCH_UNWATCHED int try_mounts(void* argument) {
  const auto& trial = *static_cast<const Trial*>(argument);
  if (trial.user_namespace && !enter_user_namespace(trial.maps)) return leave_child(2);
  // A copy of shared mounts is still shared: what is mounted here would appear on the machine.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return leave_child(2);
  if (::mount("tmpfs", trial.directory, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k") != 0)
    return leave_child(2);
  // Refused to user namespaces where a container covers parts of its own /proc: a whole one would
  // show them.
  if (::mount("proc", trial.directory, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return leave_child(1);
  if (trial.back && !nest(*trial.back)) return leave_child(3);
  return leave_child(0);
}

// --- end of the children's part

// A process in namespaces like a function's, waiting to be ended: what slirp4netns is tried on.
pid_t start_example(bool user_namespace) {
  const auto maps = root_maps();
  const auto flags = CLONE_NEWNET | (user_namespace ? CLONE_NEWUSER : 0);
  // A fork with flags. All pointers are null, so that their order, which differs by architecture,
  // does not matter.
  const auto pid =
      static_cast<pid_t>(::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // The lock on the data directory first: an engine that is killed meanwhile is started again.
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  if (user_namespace) enter_user_namespace(maps);
  for (;;) ::pause();
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
  // Far from the numbers that people and services have; else what a container has that is given the
  // usual 65,536. draw_user() looks at each before it is taken.
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

struct Pipe {
  Fd in, out;
};
std::optional<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// A shared anonymous map is a deleted file of the kernel's own: "... 00:01 4711 /dev/zero
// (deleted)".
void note_shared_maps(pid_t pid, std::set<std::string>& inodes) {
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/dev/zero") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string range, rights, offset, device, inode;
    if (fields >> range >> rights >> offset >> device >> inode) inodes.insert(inode);
  }
}

}  // namespace

Isolation probe_isolation(const std::string& empty_directory) {
  Isolation isolation;
  isolation.root = ::geteuid() == 0;
  if (isolation.root && has_capability(CAP_SETUID) && has_capability(CAP_SETGID))
    choose_users(isolation);
  isolation.seccomp = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
  const auto back = maps_of(0, 0, ::geteuid(), ::getegid());
  struct Way {
    Network network;
    bool nested;
  };
  // From the most to the least.
  for (const auto way : {Way{Network::own, !isolation.root}, Way{Network::own, false},
                         Way{Network::shared, false}}) {
    Trial trial{empty_directory.c_str(), !isolation.root,
                way.nested ? root_maps() : identity_maps(), way.nested ? &back : nullptr};
    const pid_t pid = clone_child(try_mounts, &trial, namespace_flags(isolation.root, way.network));
    int status = 0;
    if (pid <= 0 || ::waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) continue;
    if (way.nested && WEXITSTATUS(status) != 0) continue;
    isolation.namespaces = WEXITSTATUS(status) <= 1;
    isolation.proc = WEXITSTATUS(status) == 0;
    isolation.network = isolation.namespaces && way.network == Network::own;
    isolation.nested = isolation.namespaces && way.nested;
    if (isolation.namespaces) break;
  }
  return isolation;
}

void probe_outbound(Isolation& isolation, const std::string& search_path) {
  if (!isolation.network) return;
  if (!isolation.root && !isolation.nested) {
    isolation.no_outbound = "this machine has no user namespaces within user namespaces";
    return;
  }
  if (const pid_t example = start_example(!isolation.root); example > 0) {
    isolation.outbound =
        find_outbound_program(search_path, example, !isolation.root, isolation.no_outbound);
    ::kill(example, SIGKILL);
    ::waitpid(example, nullptr, 0);
  }
}

Result<Sandbox> spawn_sandbox(const std::string& self_exe, const SandboxPlan& plan,
                              const Isolation& isolation, const std::vector<int>& groups) {
  const auto text = serialise(plan);
  const Fd memory(::memfd_create("plan", MFD_CLOEXEC));
  if (!memory ||
      ::write(memory.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::lseek(memory.get(), 0, SEEK_SET) != 0)
    return failure(system_trouble("memory file"));
  const Fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!nothing) return failure(system_trouble("/dev/null"));
  auto output = make_pipe(), status = make_pipe(), outbound = make_pipe();
  if (!output || !status || !outbound) return failure(system_trouble("pipe"));
  int channel[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0)
    return failure(system_trouble("socket pair"));
  Fd channel_in(channel[0]);
  const Fd channel_out(channel[1]);
  // Of our ends alone: a function that prints is to wait for us, not to lose what it prints.
  ::fcntl(output->in.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(status->in.get(), F_SETFL, O_NONBLOCK);

  const auto kind = plan.network.kind;
  const std::array descriptors{nothing.get(),     output->out.get(), output->out.get(),
                               memory.get(),      status->out.get(), channel_out.get(),
                               outbound->in.get()};
  const bool user_namespace = plan.namespaces && !isolation.root;
  Birth birth{self_exe.c_str(),
              descriptors.data(),
              static_cast<int>(descriptors.size()),
              groups.data(),
              groups.size(),
              user_namespace,
              isolation.nested ? root_maps() : identity_maps()};
  const auto network = kind == FunctionNetwork::host ? Network::shared : Network::own;
  Sandbox sandbox;
  sandbox.pid =
      clone_child(be_born, &birth, plan.namespaces ? namespace_flags(isolation.root, network) : 0);
  if (sandbox.pid < 0) return failure(system_trouble("clone"));
  // While the warden builds the rest.
  if (kind == FunctionNetwork::outbound && isolation.outbound)
    sandbox.outbound = start_outbound(*isolation.outbound, sandbox.pid, user_namespace,
                                      outbound->out.get(), groups);
  sandbox.output = std::move(output->in);
  sandbox.status = std::move(status->in);
  sandbox.channel = std::move(channel_in);
  return sandbox;
}

std::vector<pid_t> sandbox_processes(pid_t warden) {
  std::vector<pid_t> found, open{warden};
  // Bounded: a tree may fork faster than we look.
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
  std::set<std::string> shared_maps;
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const auto pid : pids) {
    note_shared_maps(pid, shared_maps);
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
  return total + shared_maps.size() * largest_shared_map;
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
