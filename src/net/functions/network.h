// SPDX-License-Identifier: Apache-2.0
// What a function reaches. In a network namespace of its own (isolated, outbound) that is the
// engine's API and DNS and its Runtime API, on 127.0.0.1 as its clients expect: the warden makes
// the listening sockets inside (network_inside.cc) and hands them to the engine, which accepts on
// them (environment.cc, relay.h). There is nothing else in such a namespace, so no other port,
// abstract socket or address of the machine is to be had.
// `outbound` adds the world beyond the machine through slirp4netns, a process for each environment:
// the machine's own addresses and link-local ones (169.254.169.254) stay unreachable.
// `host` is the machine's network, unfiltered. Decision 0008.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace sitelatch::net {

enum class FunctionNetwork { host, isolated, outbound };
std::string_view name_of(FunctionNetwork network);
std::optional<FunctionNetwork> function_network_named(std::string_view name);

// What the warden sets up inside.
struct NetworkPlan {
  FunctionNetwork kind = FunctionNetwork::host;
  std::uint16_t runtime_port = 0;  // of the Runtime API
  std::uint16_t api_port = 0;
  std::uint16_t dns_port = 0;            // besides 53; 0: no DNS
  std::vector<std::string> unreachable;  // "169.254.0.0/16": outbound only
  std::string nameserver;                // for resolv.conf; empty: the machine's
};

// The sockets that live inside. All non-blocking.
struct NetworkSockets {
  Fd runtime, api;
  std::vector<Fd> dns_streams, dns_datagrams;
};

// --- In the warden. Throw std::system_error.
// Brings up lo, closes what is to be unreachable, and sends the listening sockets over `channel`.
void open_network(const NetworkPlan& plan, int channel);
// Blocks until the world beyond is connected.
void await_outbound(int ready);

// --- In the engine.
// The sockets that the warden sent (descriptors.h, 'n'); nothing when they are not those.
std::optional<NetworkSockets> network_sockets(std::vector<Fd> sent, const NetworkPlan& plan);

// slirp4netns, where there is one that works: its path and the options that it understands here.
struct OutboundProgram {
  std::string path;
  std::vector<std::string> options;
};
// Tried on the namespaces of `example`, a process. `why` says what was in the way.
std::optional<OutboundProgram> find_outbound_program(const std::string& search_path, pid_t example,
                                                     bool user_namespace, std::string& why);
// Connects the network namespace of `target`; writes one byte to `ready` when that is done. What it
// holds is limited, and counted in `groups` (open cgroup.procs). Ends with the calling thread.
pid_t start_outbound(const OutboundProgram& program, pid_t target, bool user_namespace, int ready,
                     const std::vector<int>& groups);
// Addresses that outbound functions must not reach: the machine's own, link-local.
std::vector<std::string> unreachable_prefixes();
constexpr const char* outbound_nameserver = "198.18.0.3";

}  // namespace sitelatch::net
