// SPDX-License-Identifier: Apache-2.0
// The warden: our own binary, executed anew and single-threaded, builds the function's world and
// then drops every privilege before the function's first instruction. It reports on fd 4 and ends
// with the runtime.
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "net/functions/descriptors.h"
#include "net/functions/sandbox.h"

#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x1
#define MOUNT_ATTR_NOSUID 0x2
#define MOUNT_ATTR_NODEV 0x4
#endif

namespace sitelatch::net {
namespace {

// 6: one byte when the world beyond is connected (outbound).
constexpr int plan_fd = 3, status_fd = 4, channel_fd = 5, outbound_fd = 6;

struct Refused : std::runtime_error {
  explicit Refused(const std::string& what)
      : std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno))) {}
};

void must(bool good, const std::string& what) {
  if (!good) throw Refused(what);
}

void say(const std::string& text) {
  const auto line = text + "\n";
  if (::write(status_fd, line.data(), line.size()) < 0) ::_exit(126);  // nobody listens any more
}

std::string read_plan() {
  std::string text;
  char buffer[16384];
  for (ssize_t size = 0; (size = ::read(plan_fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(size));
  ::close(plan_fd);
  return text;
}

bool exists(const std::string& path) {
  struct stat stat {};
  return ::stat(path.c_str(), &stat) == 0;
}

void write_small(const std::string& path, const std::string& text, mode_t mode = 0444) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (fd && ::write(fd.get(), text.data(), text.size()) < 0) return;
}

// A new root: a tiny tmpfs that shows the machine's programs and libraries, and nothing of its
// users' files.
class NewRoot {
 public:
  explicit NewRoot(const SandboxPlan& plan) : plan_(plan), root_(plan.root) {}

  void build() {
    // First, or all that follows would be mounted on the machine as well.
    must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
    must(::mount("tmpfs", root_.c_str(), "tmpfs", MS_NOSUID, "size=1m,mode=755") == 0, "new root");
    for (const char* directory :
         {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/gnu"})
      show_system(directory);
    for (const auto& bind : plan_.binds) show(bind, bind);
    show(plan_.code, "/var/task");
    if (!plan_.runtime.empty()) show(plan_.runtime, "/var/runtime");
    if (!plan_.lang.empty())
      must(::symlink(plan_.lang.c_str(), (root_ + "/var/lang").c_str()) == 0, "/var/lang");
    if (plan_.opt.empty())
      make_directory("/opt");
    else
      show(plan_.opt, "/opt");
    make_devices();
    make_etc();
    make_directory("/tmp");
    // Empty files are memory, too: their number is limited apart from their bytes.
    must(::mount("tmpfs", (root_ + "/tmp").c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
                 fmt::format("size={}m,mode=1777,nr_inodes=200k", plan_.tmp_mb).c_str()) == 0,
         "/tmp");
    make_directory("/proc");
    if (plan_.proc)
      must(::mount("proc", (root_ + "/proc").c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                   nullptr) == 0,
           "/proc");
    enter();
  }

 private:
  void make_directory(const std::string& path) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
      ::mkdir((root_ + path.substr(0, slash)).c_str(), 0755);
      if (slash == std::string::npos) return;
    }
  }

  void show(const std::string& from, const std::string& to) {
    struct stat stat {};
    must(::stat(from.c_str(), &stat) == 0, from);
    if (S_ISDIR(stat.st_mode)) {
      make_directory(to);
    } else {
      make_directory(to.substr(0, to.rfind('/')));
      write_small(root_ + to, "");
    }
    must(::mount(from.c_str(), (root_ + to).c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, to);
    protect(root_ + to);
  }

  static void protect(const std::string& path) {
    struct {
      std::uint64_t set, clear, propagation, user_namespace;
    } attributes{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0, 0};
#ifdef SYS_mount_setattr
    if (::syscall(SYS_mount_setattr, AT_FDCWD, path.c_str(), AT_RECURSIVE, &attributes,
                  sizeof attributes) == 0)
      return;
#endif
    // Before Linux 5.12. Reaches the topmost mount only: those below stay as the machine has them.
    must(::mount(nullptr, path.c_str(), nullptr,
                 MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) == 0,
         path + " read-only");
  }

  void show_system(const std::string& path) {
    struct stat stat {};
    if (::lstat(path.c_str(), &stat) != 0) return;
    // /bin and /lib are mostly links into /usr, and stay links.
    if (!S_ISLNK(stat.st_mode)) return show(path, path);
    char target[256];
    const auto size = ::readlink(path.c_str(), target, sizeof target - 1);
    if (size <= 0) return;
    target[size] = '\0';
    must(::symlink(target, (root_ + path).c_str()) == 0, path);
  }

  void make_devices() {
    // Shown, not made: in a user namespace nobody may make device nodes.
    make_directory("/dev");
    for (const char* device :
         {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
      if (!exists(device)) continue;
      // Its shared maps are memory that only a control group counts.
      if (device == std::string_view("/dev/zero") && !plan_.memory_group) continue;
      write_small(root_ + device, "");
      must(::mount(device, (root_ + device).c_str(), nullptr, MS_BIND, nullptr) == 0, device);
    }
    must(::symlink("/proc/self/fd", (root_ + "/dev/fd").c_str()) == 0, "/dev/fd");
    for (const auto& [name, fd] : {std::pair{"stdin", 0}, {"stdout", 1}, {"stderr", 2}})
      must(::symlink(fmt::format("/proc/self/fd/{}", fd).c_str(),
                     (root_ + "/dev/" + name).c_str()) == 0,
           name);
  }

  void make_etc() {
    make_directory("/etc");
    // Copied from wherever their links lead: resolv.conf's mostly to /run, which is not shown.
    for (const char* small : {"hosts", "resolv.conf", "nsswitch.conf", "host.conf", "gai.conf",
                              "services", "protocols", "os-release"}) {
      std::ifstream in(fmt::format("/etc/{}", small));
      std::ostringstream text;
      if (!in || !(text << in.rdbuf()) || text.str().size() > 65536) continue;
      write_small(fmt::format("{}/etc/{}", root_, small), text.str());
    }
    if (const auto& nameserver = plan_.network.nameserver; !nameserver.empty())
      write_small(root_ + "/etc/resolv.conf", "nameserver " + nameserver + "\n");
    for (const char* shown : {"/etc/ld.so.cache", "/etc/ssl", "/etc/pki", "/etc/ca-certificates",
                              "/etc/alternatives", "/etc/localtime"})
      if (exists(shown)) show(shown, shown);
    write_small(
        root_ + "/etc/passwd",
        fmt::format("root:x:0:0:root:/root:/sbin/nologin\nfunction:x:{}:{}::/tmp:/sbin/nologin\n",
                    plan_.uid, plan_.gid));
    write_small(root_ + "/etc/group", fmt::format("root:x:0:\nfunction:x:{}:\n", plan_.gid));
  }

  void enter() {
    must(::chdir(root_.c_str()) == 0, root_);
    // With the same directory twice the old root comes to lie on the new one, at ".", and is taken
    // off there (pivot_root(2)).
    must(::syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
    must(::umount2(".", MNT_DETACH) == 0, "old root");
    must(::chdir("/") == 0, "/");
    // Last: until here it was being filled.
    must(::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, nullptr) == 0,
         "root read-only");
  }

  const SandboxPlan& plan_;
  std::string root_;
};

void limit(__rlimit_resource which, std::uint64_t value) {
  rlimit now{};
  ::getrlimit(which, &now);
  // Without privilege a limit can only be lowered.
  if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max) value = now.rlim_max;
  const rlimit wanted{value, value};
  must(::setrlimit(which, &wanted) == 0, "limits");
}

void set_limits(const SandboxPlan& plan) {
  constexpr std::uint64_t mb = 1024 * 1024;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, plan.max_files);
  limit(RLIMIT_FSIZE, plan.tmp_mb * mb);
  // Counts all processes of the user, this tree's or not: function_host.cc allows for that.
  limit(RLIMIT_NPROC, plan.max_processes);
  limit(RLIMIT_MEMLOCK, 64 * 1024);
  limit(RLIMIT_MSGQUEUE, 819200);
  // When the machine runs out of memory, functions go first, and the engine last.
  write_small("/proc/self/oom_score_adj", "1000");
}

void drop_capabilities() {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2]{};
  must(::syscall(SYS_capset, &header, none) == 0, "drop capabilities");
}

// A user that is not root is root of the function's user namespace, without which slirp4netns does
// not confine itself. The function is to see the number that it has outside, as on AWS.
void leave_root_behind(const SandboxPlan& plan) {
  must(::unshare(CLONE_NEWUSER) == 0, "user namespace");
  write_small("/proc/self/setgroups", "deny");
  write_small("/proc/self/uid_map", fmt::format("{} 0 1\n", plan.uid));
  write_small("/proc/self/gid_map", fmt::format("{} 0 1\n", plan.gid));
  must(::geteuid() == plan.uid && ::getegid() == plan.gid, "user namespace within");
}

// In this order: each step takes the right to those before it.
void drop_privileges(const SandboxPlan& plan) {
  for (int cap = 0; cap < 64; ++cap) ::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
  if (plan.own_user) {
    must(::setgroups(0, nullptr) == 0, "setgroups");
    must(::setresgid(plan.gid, plan.gid, plan.gid) == 0, "setresgid");
    must(::setresuid(plan.uid, plan.uid, plan.uid) == 0, "setresuid");
  }
  drop_capabilities();
  must(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  // Nobody may look into the warden or hold it, the function's own user neither. Undone by the
  // runtime's exec.
  must(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "not dumpable");
  // A change of user forgets the wish to die with the parent.
  must(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, "death signal");
}

// The engine may have died before the death signal was set: then nobody holds the other end.
void leave_if_orphaned() {
  pollfd status{status_fd, 0, 0};
  if (::poll(&status, 1, 0) > 0 && (status.revents & POLLERR)) ::_exit(126);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void become_runtime(const SandboxPlan& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  struct sigaction ordinary {};
  ordinary.sa_handler = SIG_DFL;
  ::sigaction(SIGTERM, &ordinary, nullptr);
  ::setsid();
  ::setpriority(PRIO_PROCESS, 0, 5);  // after the engine, whose work is short
  install_seccomp_filter(plan);
  auto environment = pointers(plan.environment);
  limit(RLIMIT_DATA,
        std::uint64_t{plan.data_mb} << 20);  // last: the warden's own mappings are not meant
  int error = ENOENT;
  for (const auto& command : plan.commands) {
    auto arguments = pointers(command);
    ::execve(arguments[0], arguments.data(), environment.data());
    if (errno != ENOENT) {
      error = errno;
      break;
    }
    if (exists(command[0])) break;  // it is there, what it names in its first line is not
  }
  say(fmt::format("exec {}", error));
  ::_exit(127);
}

volatile sig_atomic_t told_to_end = 0;

// Without a pid namespace: the warden is the subreaper of all its descendants, and ends them
// itself.
void end_descendants() {
  for (int round = 0; round < 200; ++round) {
    const auto pids = sandbox_processes(::getpid());
    if (pids.empty()) return;
    for (const auto pid : pids) ::kill(pid, SIGSTOP);
    for (const auto pid : pids) ::kill(pid, SIGKILL);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
}

int wait_for(pid_t runtime, bool namespaces) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (told_to_end) {
      end_descendants();
      ::_exit(126);
    }
    if (ended < 0 && errno == EINTR) continue;
    if (ended != runtime && ended > 0) continue;
    if (!namespaces) end_descendants();
    if (WIFSIGNALED(status))
      say(fmt::format("signal {}", WTERMSIG(status)));
    else
      say(fmt::format("exit {}", WEXITSTATUS(status)));
    return 0;
  }
}

// The warden of a machine without namespaces keeps its user, so that the function (another user)
// cannot end it.
void watch_the_engine() {
  struct sigaction told {};
  told.sa_handler = [](int) { told_to_end = 1; };
  must(::sigaction(SIGTERM, &told, nullptr) == 0, "signals");
  must(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "subreaper");
  must(::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) == 0, "death signal");
}

// For the engine to see how much lies there: on AWS /tmp is a disk and no part of the memory.
void send_tmp() {
  const Fd tmp(::open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC));
  must(tmp && send_descriptors(channel_fd, 't', {tmp.get()}), "/tmp");
}

int guard(const SandboxPlan& plan) {
  ::fcntl(status_fd, F_SETFD, FD_CLOEXEC);
  ::umask(022);
  // So that the function may open /dev/stdout, which is this pipe. Not worth a refusal.
  const bool given = plan.own_user && ::fchown(1, plan.uid, plan.gid) == 0;
  static_cast<void>(given);
  if (plan.network.kind != FunctionNetwork::host) open_network(plan.network, channel_fd);
  if (plan.namespaces) {
    NewRoot(plan).build();
    send_tmp();
    must(::sethostname("function", 8) == 0, "host name");
    set_limits(plan);
    if (!plan.nested) drop_privileges(plan);
  } else {
    watch_the_engine();
    set_limits(plan);
  }
  if (plan.network.kind == FunctionNetwork::outbound) await_outbound(outbound_fd);
  if (plan.nested) {
    // Not before: slirp4netns enters by our namespaces' names in /proc, which are the inner ones
    // from here on, and closed to it.
    leave_root_behind(plan);
    drop_privileges(plan);
  }
  ::close(outbound_fd);
  ::close(channel_fd);
  leave_if_orphaned();
  const pid_t runtime = ::fork();
  must(runtime >= 0, "fork");
  if (runtime == 0) {
    // The directory first: without namespaces the way to it may be closed to the function's user.
    must(::chdir(plan.namespaces ? "/var/task" : plan.code.c_str()) == 0, plan.code);
    if (!plan.namespaces) drop_privileges(plan);
    become_runtime(plan);
  }
  // So that the output ends with the last of the function's processes, not with the warden.
  for (const int fd : {0, 1, 2}) ::close(fd);
  return wait_for(runtime, plan.namespaces);
}

}  // namespace

int run_function_sandbox(int, char**) {
  const auto plan = parse_sandbox_plan(read_plan());
  if (!plan || plan->commands.empty()) return 2;  // called by hand
  try {
    return guard(*plan);
  } catch (const std::exception& error) {
    say(fmt::format("setup {}", error.what()));
    return 3;
  }
}

}  // namespace sitelatch::net
