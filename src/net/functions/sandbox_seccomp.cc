// SPDX-License-Identifier: Apache-2.0
// A deny list, because functions are arbitrary programs: new namespaces, mounts, keys, kernel
// interfaces with a history of holes, and memory files that no memory accounting of ours would see.
// Sockets are the exception: their families and protocols are an allow-list, because each of the
// others brings a kernel module of its own or leads out of the network namespace.
// Refused calls answer EPERM; those for which programs have a fallback answer ENOSYS, and a family
// that is refused looks like one that the kernel does not have.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <initializer_list>
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

constexpr std::uint32_t socket_kind_mask = 0xf;  // SOCK_NONBLOCK and SOCK_CLOEXEC stand above it
constexpr int bind_to_interface = 62;            // SO_BINDTOIFINDEX

constexpr std::uint32_t answer(std::uint32_t error) {
  return SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA);
}

// The program under construction. Between two rules the accumulator holds the call's number.
class Filter {
 public:
  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset); }
  // The low word of an argument; both architectures are little-endian.
  void load_argument(std::uint32_t index) { load(offset_of(index)); }
  void load_high_word(std::uint32_t index) { load(offset_of(index) + sizeof(std::uint32_t)); }
  void keep_bits(std::uint32_t mask) { add(BPF_ALU | BPF_AND | BPF_K, mask); }
  void give(std::uint32_t result) { add(BPF_RET | BPF_K, result); }

  void give_if_equal(std::uint32_t value, std::uint32_t result) {
    when(BPF_JEQ, value, [&] { give(result); });
  }
  void refuse(long call, std::uint32_t error) {
    give_if_equal(static_cast<std::uint32_t>(call), answer(error));
  }
  // `rules` are for when the accumulator meets the test; they end in an answer.
  template <class Rules>
  void when(int test, std::uint32_t value, Rules rules) {
    const auto here = program.size();
    program.push_back({});
    rules();
    // A jump reaches 255 instructions: what stands below one test must stay shorter.
    program[here] = {static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), 0,
                     static_cast<std::uint8_t>(program.size() - here - 1), value};
  }
  template <class Rules>
  void when_equal(long value, Rules rules) {
    when(BPF_JEQ, static_cast<std::uint32_t>(value), rules);
  }

  std::vector<sock_filter> program;

 private:
  static std::uint32_t offset_of(std::uint32_t argument) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) +
                                      argument * sizeof(std::uint64_t));
  }
  void add(int code, std::uint32_t k) {
    program.push_back({static_cast<std::uint16_t>(code), 0, 0, k});
  }
};

void refuse_foreign_calls(Filter& filter) {
  filter.load(offsetof(seccomp_data, arch));
  filter.program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 1, 0, this_architecture});
  filter.give(answer(ENOSYS));  // 32-bit calls would pass the list below
  filter.load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  filter.when(BPF_JGE, 0x40000000, [&] { filter.give(answer(ENOSYS)); });  // the x32 numbers too
#endif
}

void refuse_calls(Filter& filter) {
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
    filter.refuse(call, EPERM);
  // fsopen, open_tree and their kin: numbers alike on all architectures.
  for (long call = 428; call <= 433; ++call) filter.refuse(call, EPERM);
  filter.refuse(442, EPERM);  // mount_setattr
  for (const long call : {SYS_clone3, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
                          SYS_memfd_create, SYS_shmget})
    filter.refuse(call, ENOSYS);
#ifdef SYS_memfd_secret
  filter.refuse(SYS_memfd_secret, ENOSYS);
#endif
  filter.when_equal(SYS_clone, [&] {
    filter.load_argument(0);
    filter.when(BPF_JSET,
                CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
                    CLONE_NEWUTS | CLONE_NEWCGROUP,
                [&] { filter.give(answer(EPERM)); });
    filter.give(SECCOMP_RET_ALLOW);
  });
}

void allow_internet_socket(Filter& filter) {
  const auto only = [&](std::initializer_list<std::uint32_t> protocols) {
    filter.load_argument(2);
    for (const auto protocol : protocols) filter.give_if_equal(protocol, SECCOMP_RET_ALLOW);
    filter.give(answer(EPROTONOSUPPORT));
  };
  filter.load_argument(1);
  filter.keep_bits(socket_kind_mask);
  filter.when_equal(SOCK_STREAM, [&] { only({0, IPPROTO_TCP}); });
  filter.when_equal(SOCK_DGRAM, [&] { only({0, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6}); });
  filter.give(answer(EPERM));
}

// TCP, UDP and ping over IP; Unix sockets where their abstract names are the function's own, and in
// the same place the one netlink protocol by which libraries list addresses. Unix socket pairs
// always.
void limit_sockets(Filter& filter, const SandboxPlan& plan) {
  const bool own_network = plan.network.kind != FunctionNetwork::host;
  filter.when_equal(SYS_socket, [&] {
    filter.load_argument(0);
    if (own_network) {
      filter.give_if_equal(AF_UNIX, SECCOMP_RET_ALLOW);
      filter.when_equal(AF_NETLINK, [&] {
        filter.load_argument(2);
        filter.give_if_equal(NETLINK_ROUTE, SECCOMP_RET_ALLOW);
        filter.give(answer(EPROTONOSUPPORT));
      });
    }
    filter.when_equal(AF_INET, [&] { allow_internet_socket(filter); });
    filter.when_equal(AF_INET6, [&] { allow_internet_socket(filter); });
    filter.give(answer(EAFNOSUPPORT));
  });
  filter.when_equal(SYS_socketpair, [&] {
    filter.load_argument(0);
    filter.give_if_equal(AF_UNIX, SECCOMP_RET_ALLOW);
    filter.give(answer(EAFNOSUPPORT));
  });
}

// What would share a port with another process of the same user, choose an interface against the
// routes, or attach kernel code to a socket.
void limit_socket_options(Filter& filter, const SandboxPlan& plan) {
  const auto refuse_of = [&](int level, std::initializer_list<int> options) {
    filter.when_equal(level, [&] {
      filter.load_argument(2);
      for (const int option : options) filter.refuse(option, EPERM);
      if (level == SOL_SOCKET && plan.network.kind == FunctionNetwork::host)
        filter.refuse(SO_REUSEPORT, EPERM);
      filter.give(SECCOMP_RET_ALLOW);
    });
  };
  filter.when_equal(SYS_setsockopt, [&] {
    filter.load_argument(1);
    refuse_of(SOL_SOCKET, {SO_BINDTODEVICE, bind_to_interface, SO_ATTACH_REUSEPORT_CBPF,
                           SO_ATTACH_REUSEPORT_EBPF, SO_ATTACH_BPF});
    refuse_of(IPPROTO_IP, {IP_OPTIONS, IP_UNICAST_IF});
    refuse_of(IPPROTO_IPV6, {IPV6_RTHDR, IPV6_UNICAST_IF});
    refuse_of(IPPROTO_TCP, {TCP_ULP});
    filter.give(SECCOMP_RET_ALLOW);
  });
}

// Pages of a shared anonymous map stay held when they are unmapped in part or given up: no look at
// the process shows them.
void limit_shared_maps(Filter& filter) {
  filter.when_equal(SYS_mmap, [&] {
    filter.load_argument(3);
    filter.keep_bits(MAP_SHARED | MAP_ANONYMOUS);
    filter.when_equal(MAP_SHARED | MAP_ANONYMOUS, [&] {
      filter.load_high_word(1);
      filter.when(BPF_JGT, 0, [&] { filter.give(answer(ENOMEM)); });
      filter.load_argument(1);
      filter.when(BPF_JGT, largest_shared_map, [&] { filter.give(answer(ENOMEM)); });
      filter.give(SECCOMP_RET_ALLOW);
    });
    filter.give(SECCOMP_RET_ALLOW);
  });
}

}  // namespace

bool install_seccomp_filter(const SandboxPlan& plan) {
  if (this_architecture == 0) return false;
  Filter filter;
  refuse_foreign_calls(filter);
  refuse_calls(filter);
  limit_sockets(filter, plan);
  limit_socket_options(filter, plan);
  if (!plan.memory_group) limit_shared_maps(filter);
  filter.give(SECCOMP_RET_ALLOW);
  const sock_fprog program{static_cast<unsigned short>(filter.program.size()),
                           filter.program.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

}  // namespace sitelatch::net
