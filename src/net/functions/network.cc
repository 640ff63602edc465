// SPDX-License-Identifier: Apache-2.0
#include "net/functions/network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "net/functions/child.h"

namespace sitelatch::net {
namespace {

constexpr int trial_patience_ms = 3000;
// Of one slirp4netns.
constexpr rlim_t max_connections = 1024, max_memory = 256 << 20;

std::string program_in(const std::string& search_path, const std::string& name) {
  auto directories = split(search_path, ':');
  for (const std::string_view usual : {"/usr/bin", "/usr/local/bin", "/usr/sbin"})
    directories.push_back(usual);
  for (const auto directory : directories) {
    if (!directory.starts_with('/')) continue;
    const auto path = fmt::format("{}/{}", directory, name);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

bool connects(const OutboundProgram& program, pid_t example, bool user_namespace) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  const Fd in(ends[0]);
  Fd out(ends[1]);
  const pid_t pid = start_outbound(program, example, user_namespace, out.get(), {});
  out.reset();
  if (pid < 0) return false;
  pollfd readable{in.get(), POLLIN, 0};
  char word = 0;
  const bool good = ::poll(&readable, 1, trial_patience_ms) == 1 && ::read(in.get(), &word, 1) == 1;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return good;
}

}  // namespace

std::string_view name_of(FunctionNetwork network) {
  switch (network) {
    case FunctionNetwork::host:
      return "host";
    case FunctionNetwork::isolated:
      return "isolated";
    case FunctionNetwork::outbound:
      break;
  }
  return "outbound";
}

std::optional<FunctionNetwork> function_network_named(std::string_view name) {
  for (const auto network :
       {FunctionNetwork::host, FunctionNetwork::isolated, FunctionNetwork::outbound})
    if (name_of(network) == name) return network;
  return std::nullopt;
}

std::optional<OutboundProgram> find_outbound_program(const std::string& search_path, pid_t example,
                                                     bool user_namespace, std::string& why) {
  OutboundProgram program;
  program.path = program_in(search_path, "slirp4netns");
  if (program.path.empty()) {
    why = "slirp4netns is not installed";
    return std::nullopt;
  }
  // The most confined that works: it parses what the function sends.
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--enable-sandbox", "--enable-seccomp"}, {"--enable-sandbox"}}) {
    program.options = options;
    if (connects(program, example, user_namespace)) return program;
  }
  why = ::access("/dev/net/tun", R_OK | W_OK) == 0
            ? program.path + " does not work here"
            : std::string("the engine may not open /dev/net/tun, which slirp4netns needs");
  return std::nullopt;
}

// 198.18.0.0/15 is set aside for benchmarks (RFC 2544): no network beyond has these addresses.
pid_t start_outbound(const OutboundProgram& program, pid_t target, bool user_namespace, int ready,
                     const std::vector<int>& groups) {
  std::vector<std::string> command{program.path, "--configure", "--mtu=65520",
                                   "--disable-host-loopback", "--cidr=198.18.0.0/24"};
  for (const auto& option : program.options) command.push_back(option);
  command.emplace_back("--ready-fd=3");
  // By a path it does not enter the user namespace to confine itself (1.2.0), and by the number of
  // the process it wants one that is not its own.
  if (user_namespace) {
    command.push_back(std::to_string(target));
  } else {
    command.emplace_back("--netns-type=path");
    command.push_back(fmt::format("/proc/{}/ns/net", target));
  }
  command.emplace_back("tap0");
  const pid_t pid = start_child(command, {ready});
  if (pid < 0) return pid;
  const auto text = std::to_string(pid);
  for (const int group : groups)
    if (::write(group, text.data(), text.size()) < 0)
      break;  // bounded by the limits below all the same
  const rlimit descriptors{max_connections, max_connections}, memory{max_memory, max_memory};
  ::prlimit(pid, RLIMIT_NOFILE, &descriptors, nullptr);
  ::prlimit(pid, RLIMIT_DATA, &memory, nullptr);
  return pid;
}

std::vector<std::string> unreachable_prefixes() {
  std::vector<std::string> prefixes{"169.254.0.0/16", "224.0.0.0/4"};
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return prefixes;
  for (const auto* at = first; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET) continue;
    const auto& address = reinterpret_cast<const sockaddr_in&>(*at->ifa_addr).sin_addr;
    if (ntohl(address.s_addr) >> 24 == 127) continue;
    char text[INET_ADDRSTRLEN];
    if (::inet_ntop(AF_INET, &address, text, sizeof text) != nullptr)
      prefixes.push_back(fmt::format("{}/32", text));
  }
  ::freeifaddrs(first);
  return prefixes;
}

}  // namespace sitelatch::net
