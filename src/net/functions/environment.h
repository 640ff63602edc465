// SPDX-License-Identifier: Apache-2.0
// One execution environment: its process tree, control group and network, its Runtime API, the
// invocation it is working on.
//
//   starting --first next--> idle --give--> running --response|error--> answered --next--> idle
//      |                                       |
//      +---- exit, limit, memory --> ending <--+ (and from everywhere on end())  --all processes
//                                                                                gone--> gone()
//
// Lives on the function host's thread. Invariants: at most one job; a job ends exactly once, by
// `finished`, or goes back to the pool by `returned` when the environment ended before the job
// reached it.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "net/functions/cgroup.h"
#include "net/functions/host_loop.h"
#include "net/functions/output.h"
#include "net/functions/relay.h"
#include "net/functions/runtime_api.h"
#include "net/functions/runtime_server.h"
#include "net/functions/sandbox.h"
#include "ports/function_host.h"

namespace sitelatch::net {

struct FunctionJob {
  ports::FunctionSpec spec;
  ports::Invocation invocation;
  std::function<void(ports::InvocationOutcome)> done;
  bool init_again =
      false;  // the first init took too long: this one counts against the function's own timeout
};
using FunctionJobPointer = std::unique_ptr<FunctionJob>;

class FunctionEnvironment {
 public:
  struct Events {
    std::function<void(FunctionJobPointer, ports::InvocationOutcome)> finished;
    std::function<void(FunctionJobPointer)> returned;
    std::function<void()> idle;  // ready for a job
    std::function<void()> gone;  // last call; the owner may destroy it after returning to the loop
  };
  struct Settings {
    std::string id, self_exe, mark;
    SandboxPlan plan;  // without AWS_LAMBDA_RUNTIME_API, which is added here
    Isolation isolation;
    Duration init_limit{};
    std::uint64_t memory_limit_bytes = 0;
    const FunctionCgroups* groups = nullptr;  // where there are none: nullptr
    FunctionRelay* relay = nullptr;           // with a network of its own
    FunctionRelay::Key relay_key = 0;
  };
  FunctionEnvironment(FunctionHostLoop& loop, Settings settings, FunctionJobPointer first,
                      Events events);
  ~FunctionEnvironment();

  Result<Done> start();
  void fail_start(
      const std::string& why);  // after a start that failed: the job ends with host_error
  bool is_idle() const { return state_ == State::idle && !job_; }
  // Between an answer and the next request: a job given now is delivered with it.
  bool is_answered() const { return state_ == State::answered && !job_; }
  void give(FunctionJobPointer job);
  void end_after_job();            // at once when there is none
  void end(std::string_view why);  // a job under way fails with host_error

  const std::string& key() const { return key_; }
  const std::string& function_arn() const { return function_arn_; }
  WallInstant credentials_expire() const { return credentials_expire_; }
  FunctionHostLoop::Clock::time_point idle_since() const { return idle_since_; }

 private:
  using Clock = FunctionHostLoop::Clock;
  enum class State { starting, idle, running, answered, ending, ended };
  using Connection = RuntimeServer::Connection;

  Result<Done> open_listener();
  void join_group();
  void receive_descriptors_from_inside();
  void open_doors(NetworkSockets sockets);
  bool is_ours(int socket);
  void answer(Connection& connection, const RuntimeAnswer& answer) {
    server_.answer(connection, answer);
  }
  void handle(Connection& connection, RuntimeRequest request);
  void handle_next(Connection& connection);
  void handle_result(Connection& connection, const RuntimeRequest& request,
                     const RuntimeCall& call);
  void handle_init_error(Connection& connection, RuntimeRequest& request);
  void deliver();
  void begin_clock(Duration limit);
  void complete(ports::InvocationOutcome::Kind kind, std::string payload, std::string reason);
  void read_output(std::size_t at_most);
  bool watch_output();
  void read_status();
  void warden_ended();
  void sample();
  void sample_now();
  std::uint64_t memory_used() const;
  std::uint64_t tmp_bytes() const;
  void end_outbound();
  void end_all();
  enum class Retry { never, init_again };
  void kill(ports::InvocationOutcome::Kind kind, std::string reason, Retry retry = Retry::never);
  void settle_ended_job();
  void stop_timers();

  FunctionHostLoop& loop_;
  Settings settings_;
  Events events_;
  FunctionJobPointer job_;
  std::string key_, function_arn_;
  WallInstant credentials_expire_{};
  State state_ = State::starting;
  Sandbox sandbox_;  // its descriptors are in the next lines once it runs
  WatchedFd output_pipe_, status_pipe_, channel_;
  Fd tmp_;  // its /tmp
  std::unique_ptr<FunctionCgroup> group_;
  RuntimeServer server_;
  Connection* waiting_ = nullptr;
  FunctionOutput output_;
  std::string status_;
  FunctionHostLoop::Token limit_timer_ = 0, sample_timer_ = 0, pickup_timer_ = 0, output_timer_ = 0;
  WorkAllowance output_allowance_;
  Clock::time_point started_{}, begun_{}, idle_since_{};
  std::optional<Duration> init_duration_;
  std::uint64_t peak_bytes_ = 0;
  bool job_delivered_ = false, end_after_job_ = false, stranger_seen_ = false;
  std::optional<std::string> init_error_;
  struct Verdict {
    ports::InvocationOutcome::Kind kind;
    std::string reason;
    Retry retry = Retry::never;
  };
  std::optional<Verdict> verdict_;  // why we killed it
};

}  // namespace sitelatch::net
