// SPDX-License-Identifier: Apache-2.0
#include "net/functions/protections.h"

#include <fmt/format.h>

namespace sitelatch::net {
namespace {

void describe_namespaces(const Isolation& isolation, std::vector<std::string>& missing) {
  if (!isolation.namespaces && isolation.root)
    missing.emplace_back(
        "this machine refuses new namespaces to root (a container without CAP_SYS_ADMIN?): "
        "functions see the machine's files and processes as an unprivileged user would, and their "
        "/tmp is the machine's, not limited");
  else if (!isolation.namespaces)
    missing.emplace_back(
        "this machine refuses user namespaces: functions run with the engine's own user, can read "
        "all that it can read, and can end it");
  else if (!isolation.proc)
    missing.emplace_back(
        "this machine refuses a /proc of their own to functions: they run without /proc");
}

void describe_users(const Isolation& isolation, std::vector<std::string>& missing) {
  if (isolation.root && isolation.uid_count == 0)
    missing.emplace_back(
        "the engine is root without the right to change users: functions run as root of this "
        "container");
  if (!isolation.root && isolation.namespaces)
    missing.emplace_back(
        "the engine is not root: functions share its user, so they are kept apart by namespaces "
        "alone");
  if (!isolation.seccomp)
    missing.emplace_back("this kernel has no seccomp: functions may use every system call");
}

void describe_network(const Isolation& isolation, FunctionNetwork network,
                      std::vector<std::string>& missing) {
  if (network == FunctionNetwork::host && !isolation.network)
    missing.emplace_back(
        "this machine refuses a network of their own to functions: they can reach what listens on "
        "this machine and beyond it");
  else if (network == FunctionNetwork::host)
    missing.emplace_back(
        "--function-network host: functions can reach what listens on this machine and beyond it");
  else if (network == FunctionNetwork::isolated && !isolation.outbound)
    missing.push_back(
        fmt::format("functions reach the engine and nothing beyond this machine, because {}",
                    isolation.no_outbound));
}

void describe_groups(const Isolation& isolation, const FunctionCgroups* groups,
                     std::vector<std::string>& missing) {
  if (groups == nullptr || !groups->limits_memory())
    missing.emplace_back(
        "no control group for memory can be made here (as a service with Delegate=yes it could): "
        "the memory of functions is looked at every 10 ms instead, what they hold in pipes and "
        "sockets is not counted, and shared anonymous memory is limited to 64 KB a piece");
  if ((groups == nullptr || !groups->limits_processes()) && !isolation.root)
    missing.emplace_back(
        "no control group for processes can be made here: the number of the functions' processes "
        "is limited together with the engine's user's");
}

}  // namespace

Result<FunctionNetwork> choose_network(std::optional<FunctionNetwork> asked,
                                       const Isolation& isolation) {
  if (!asked)
    return !isolation.network   ? FunctionNetwork::host
           : isolation.outbound ? FunctionNetwork::outbound
                                : FunctionNetwork::isolated;
  if (*asked != FunctionNetwork::host && !isolation.network)
    return failure(Problem{fmt::format(
        "--function-network {}: this machine refuses network namespaces", name_of(*asked))});
  if (*asked == FunctionNetwork::outbound && !isolation.outbound)
    return failure(Problem{fmt::format("--function-network outbound: {}", isolation.no_outbound)});
  return *asked;
}

std::vector<std::string> describe_missing(const Isolation& isolation, FunctionNetwork network,
                                          const FunctionCgroups* groups) {
  std::vector<std::string> missing;
  describe_namespaces(isolation, missing);
  describe_users(isolation, missing);
  describe_network(isolation, network, missing);
  describe_groups(isolation, groups, missing);
  return missing;
}

}  // namespace sitelatch::net
