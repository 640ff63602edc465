// SPDX-License-Identifier: Apache-2.0
// A sandbox: one process tree that runs hostile code. The engine's side (spawn, kill, what this
// machine allows) is in sandbox.cc; what happens inside, after our own binary was executed anew, is
// in sandbox_inside.cc.
//
//   engine (I/O thread) --clone(NEWPID|NEWNS|NEWIPC|NEWUTS[|NEWNET][|NEWUSER])--> warden = pid 1 of
//     the sandbox: executes our own binary, opens the network (network.h), builds the root, drops
//     every privilege, then --fork--> the runtime: setsid, seccomp, exec.
//
// Whoever kills the warden kills all: the kernel ends a pid namespace with its first process. The
// warden dies with the engine's thread (PDEATHSIG), however that ends. Where namespaces are refused
// the warden is a subreaper instead and the host ends its tree by walking it (weaker; said so by
// missing_protections). Decision 0007.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "net/functions/network.h"

namespace sitelatch::net {

// What the kernel lets us do here. Found out once, by trying.
struct Isolation {
  bool root = false;        // we may change users
  bool namespaces = false;  // mount, pid, ipc, uts (and user, when not root)
  bool proc = false;        // a /proc of its own
  bool network = false;     // a network namespace too
  bool nested = false;      // not root: root of a user namespace, and within it oneself again
  std::optional<OutboundProgram> outbound;
  std::string no_outbound;  // why not
  bool seccomp = false;
  std::uint32_t first_uid = 0;  // with root: a range of users nobody else has
  std::uint32_t uid_count = 0;  // 0: functions run as the engine's own user
  bool own_users() const { return root && uid_count > 0; }
};
// All but `outbound`: at once.
Isolation probe_isolation(const std::string& empty_directory);
// A tenth of a second where there is a slirp4netns, seconds where it hangs.
void probe_outbound(Isolation& isolation, const std::string& search_path);

struct SandboxPlan {
  bool namespaces = true;
  bool proc = true;
  bool own_user = true;
  bool nested = false;  // the warden is root of its user namespace; the function is not
  std::uint32_t uid = 0, gid = 0;
  std::uint32_t tmp_mb = 512;
  std::uint32_t data_mb = 2048;  // RLIMIT_DATA: a coarse stop; the host samples the exact one
  std::uint32_t max_processes = 1024;
  std::uint32_t max_files = 1024;
  bool memory_group = false;  // its memory is limited by a control group
  NetworkPlan network;
  std::string root;                // an empty directory that becomes the root (namespaces)
  std::string code;                // seen as /var/task
  std::string runtime;             // seen as /var/runtime; may be empty
  std::string opt;                 // seen as /opt; may be empty
  std::string lang;                // /var/lang points there; may be empty
  std::vector<std::string> binds;  // further host directories to show, read-only, at the same path
  std::vector<std::vector<std::string>> commands;  // tried in order until one can be executed
  std::vector<std::string> environment;
};
std::string serialise(const SandboxPlan& plan);
std::optional<SandboxPlan> parse_sandbox_plan(std::string_view text);

struct Sandbox {
  pid_t pid = -1;
  Fd output;   // stdout and stderr, non-blocking
  Fd status;   // what the warden says at the end: "exit 1", "signal 9", "exec 2", "setup <text>";
               // ends with the warden
  Fd channel;  // descriptors from inside (descriptors.h): 'n' sockets, 't' its /tmp
  pid_t outbound = -1;  // slirp4netns; the caller ends and reaps it
};
// Joins the control groups whose `cgroup.procs` are given, before its first instruction of ours.
// The sandbox ends with the thread that called this.
Result<Sandbox> spawn_sandbox(const std::string& self_exe, const SandboxPlan& plan,
                              const Isolation& isolation, const std::vector<int>& groups);
// All processes, those that changed session or parent too. Does not reap the warden.
void kill_sandbox(pid_t pid, const SandboxPlan& plan);

// The processes below the warden (not itself).
std::vector<pid_t> sandbox_processes(pid_t warden);
// Resident memory of them; the exact proportional share when asked. Shared anonymous memory that
// they hold counts as what their filter allows for each map, mapped in or not.
enum class MemoryCount { resident, proportional };
std::uint64_t memory_of(const std::vector<pid_t>& pids, MemoryCount count);
// Without a control group no shared anonymous map is larger than this.
constexpr std::uint32_t largest_shared_map = 64 * 1024;

// `sitelatch function-sandbox`: never returns to ordinary work; the result is the exit status.
int run_function_sandbox(int argc, char** argv);
// Refuses what no function needs and what widens the kernel's attack surface. False where the
// kernel has no seccomp.
bool install_seccomp_filter(const SandboxPlan& plan);

}  // namespace sitelatch::net
