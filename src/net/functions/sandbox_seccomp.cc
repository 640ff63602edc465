// SPDX-License-Identifier: Apache-2.0
// A deny list, because functions are arbitrary programs: new namespaces, mounts, keys, kernel
// interfaces with a history of holes, and memory files that no memory accounting of ours would see.
// Refused calls answer EPERM; those for which programs have a fallback answer ENOSYS.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "net/functions/sandbox.h"

namespace sitelatch::net {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t this_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t this_architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t this_architecture = 0;
#endif

constexpr std::uint32_t answer(std::uint32_t error) {
  return SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA);
}

sock_filter statement(std::uint16_t code, std::uint32_t k) { return {code, 0, 0, k}; }
sock_filter jump(std::uint16_t code, std::uint32_t k, std::uint8_t yes, std::uint8_t no) {
  return {code, yes, no, k};
}

void refuse(std::vector<sock_filter>& program, long call, std::uint32_t error) {
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
  program.push_back(statement(BPF_RET | BPF_K, answer(error)));
}

}  // namespace

bool install_seccomp_filter() {
  if (this_architecture == 0) return false;
  std::vector<sock_filter> program;
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, this_architecture, 1, 0));
  program.push_back(
      statement(BPF_RET | BPF_K, answer(ENOSYS)));  // 32-bit calls would pass the list below
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
#if defined(__x86_64__)
  program.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));  // the x32 numbers likewise
  program.push_back(statement(BPF_RET | BPF_K, answer(ENOSYS)));
#endif
  for (const long call : {SYS_mount,
                          SYS_umount2,
                          SYS_pivot_root,
                          SYS_chroot,
                          SYS_setns,
                          SYS_unshare,
                          SYS_bpf,
                          SYS_perf_event_open,
                          SYS_userfaultfd,
                          SYS_keyctl,
                          SYS_add_key,
                          SYS_request_key,
                          SYS_kexec_load,
                          SYS_init_module,
                          SYS_finit_module,
                          SYS_delete_module,
                          SYS_open_by_handle_at,
                          SYS_name_to_handle_at,
                          SYS_ptrace,
                          SYS_process_vm_readv,
                          SYS_process_vm_writev,
                          SYS_acct,
                          SYS_swapon,
                          SYS_swapoff,
                          SYS_reboot,
                          SYS_quotactl,
                          SYS_syslog})
    refuse(program, call, EPERM);
  for (const long call : {SYS_clone3, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
                          SYS_memfd_create, SYS_shmget})
    refuse(program, call, ENOSYS);
#ifdef SYS_memfd_secret
  refuse(program, SYS_memfd_secret, ENOSYS);
#endif
  // clone: its flags are the first argument (low word) on both architectures.
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])));
  program.push_back(jump(BPF_JMP | BPF_JSET | BPF_K,
                         CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                             CLONE_NEWUTS | CLONE_NEWCGROUP,
                         0, 1));
  program.push_back(statement(BPF_RET | BPF_K, answer(EPERM)));
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

}  // namespace sitelatch::net
