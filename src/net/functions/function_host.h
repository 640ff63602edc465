// SPDX-License-Identifier: Apache-2.0
// The real FunctionHost: every environment is a sandboxed process tree (net/functions/sandbox.h)
// that fetches its events from a Runtime API listener of its own. One thread with epoll serves them
// all, a second one carries what they send to the engine (relay.h), and workers unpack code and
// look for Pythons. Nothing here outlives the object, nor the engine, however that ends.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/functions/network.h"
#include "net/io/endpoint.h"
#include "ports/function_host.h"

namespace sitelatch::net {

class ProcessFunctionHost final : public ports::FunctionHost {
 public:
  struct Options {
    std::string work_dir;  // ours alone; emptied at the start
    // What functions are told where they share the machine's network; in one of their own it is
    // http://127.0.0.1 with the port of `api`, to where it is carried.
    std::string api_endpoint = "http://127.0.0.1:4566";
    Endpoint api{"127.0.0.1", 4566}, dns{"127.0.0.1", 0};  // DNS port 0: none
    std::optional<FunctionNetwork> network;  // outbound where that works, else isolated
    std::string self_exe;     // run as `self_exe function-sandbox`; /proc/self/exe when empty
    std::string search_path;  // where to look for Python; the PATH of this process when empty
    std::string home;         // of pyenv; HOME of this process when empty
    Duration idle_limit = std::chrono::minutes(10);
    Duration init_limit = std::chrono::seconds(10);
    std::size_t max_environments = 64;  // of all functions; beyond it invocations wait
    std::size_t max_waiting = 1000;
    std::uint32_t memory_headroom_mb = 8;  // over the function's own memory before it is killed
    std::uint32_t max_processes = 1024;
    enum class Sandboxing {
      all_there_is,
      no_namespaces
    } sandboxing = Sandboxing::all_there_is;  // for tests
    enum class Accounting { groups_where_possible, sampling };
    Accounting accounting = Accounting::groups_where_possible;  // for tests
  };
  // `post` runs a task later on the control thread; called from other threads. Throws
  // std::runtime_error when work_dir cannot be used or the network asked for cannot be had.
  ProcessFunctionHost(Options options, std::function<void(std::function<void()>)> post);
  // Kills what still runs. Outcomes not yet posted are dropped.
  ~ProcessFunctionHost();

  void invoke(ports::FunctionSpec spec, ports::Invocation invocation,
              std::function<void(ports::InvocationOutcome)> done) override;
  void retire(const std::string& function_arn) override;
  // Whatever runs, or waits to, ends now (host_error), and no environment serves again; what is
  // invoked afterwards runs. On return all are told to end, their processes killed or about to be.
  void end_all();
  // Takes nothing new (host_error), gives running functions `grace`, kills the rest, then posts
  // `stopped`. Does not block: the functions may still be calling the engine.
  void stop(Duration grace, const std::function<void()>& stopped);

  // What this machine lacks, a sentence each, as it is logged when it has been tried (beside the
  // first calls: the start does not wait for it).
  std::vector<std::string> missing_protections();

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace sitelatch::net
