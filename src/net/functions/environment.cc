// SPDX-License-Identifier: Apache-2.0
#include "net/functions/environment.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "net/functions/descriptors.h"

namespace sitelatch::net {
namespace {

using Kind = ports::InvocationOutcome::Kind;
using namespace std::chrono_literals;

constexpr std::size_t output_a_turn = 64 * 1024;
// Over what a function may use of memory and /tmp together: what the warden and slirp4netns use.
constexpr std::uint64_t group_headroom = 24 << 20;
// What the kernel keeps for a file on /tmp, besides its pages.
constexpr std::uint64_t inode_bytes = 1400;
constexpr auto sample_running = 10ms, sample_idle = 100ms;
constexpr auto exit_after_init_error = 1s;
constexpr auto pickup_limit =
    500ms;  // an answered runtime that does not come back is not waited for

std::string join_or(const std::vector<std::vector<std::string>>& commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.push_back(command.front());
  return join(names, " ");
}

}  // namespace

FunctionEnvironment::FunctionEnvironment(FunctionHostLoop& loop, Settings settings,
                                         FunctionJobPointer first, Events events)
    : loop_(loop),
      settings_(std::move(settings)),
      events_(std::move(events)),
      job_(std::move(first)),
      key_(job_->spec.environment_key),
      function_arn_(job_->spec.function_arn),
      credentials_expire_(job_->invocation.credentials.expiration),
      server_(loop, {[this](int socket) { return is_ours(socket); },
                     [this](Connection& connection, RuntimeRequest request) {
                       handle(connection, std::move(request));
                     },
                     [this](Connection& connection) {
                       if (waiting_ == &connection) waiting_ = nullptr;
                     }}),
      output_(settings_.mark) {}

FunctionEnvironment::~FunctionEnvironment() {
  stop_timers();
  if (sandbox_.pid > 0) {
    end_all();
    ::waitpid(sandbox_.pid, nullptr, 0);
  }
  end_outbound();
  if (settings_.relay != nullptr) settings_.relay->close(settings_.relay_key);
}

Result<Done> FunctionEnvironment::start() {
  if (auto open = open_listener(); !open) return open;
  join_group();
  started_ = Clock::now();
  auto sandbox = spawn_sandbox(settings_.self_exe, settings_.plan, settings_.isolation,
                               group_ ? group_->doors() : std::vector<int>());
  settings_.plan.environment.clear();  // holds credentials
  if (!sandbox) return failure(sandbox.error());
  sandbox_ = std::move(sandbox.value());
  output_pipe_ = WatchedFd(std::move(sandbox_.output));
  status_pipe_ = WatchedFd(std::move(sandbox_.status));
  channel_ = WatchedFd(std::move(sandbox_.channel));
  if (!watch_output() ||
      !status_pipe_.watch(loop_.epoll(), EPOLLIN, [this](std::uint32_t) { read_status(); }) ||
      !channel_.watch(loop_.epoll(), EPOLLIN,
                      [this](std::uint32_t) { receive_descriptors_from_inside(); }))
    return failure(Problem{fmt::format("epoll: {}", std::strerror(errno))});
  begin_clock(job_->init_again ? Duration(std::chrono::seconds(job_->spec.timeout_s))
                               : settings_.init_limit);
  return Done{};
}

void FunctionEnvironment::fail_start(const std::string& why) {
  state_ = State::ended;
  server_.close();
  complete(Kind::host_error, {}, why);
  events_.gone();
}

// With a network of its own the listener comes from inside, on a port that is known before.
Result<Done> FunctionEnvironment::open_listener() {
  auto port = settings_.plan.network.runtime_port;
  if (settings_.plan.network.kind == FunctionNetwork::host) {
    Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (!listener || ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener.get(), 16) != 0 ||
        ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        !server_.listen(std::move(listener)))
      return failure(Problem{fmt::format("Runtime API listener: {}", std::strerror(errno))});
    port = ntohs(address.sin_port);
  }
  settings_.plan.environment.push_back(fmt::format("AWS_LAMBDA_RUNTIME_API=127.0.0.1:{}", port));
  return Done{};
}

void FunctionEnvironment::join_group() {
  if (settings_.groups == nullptr) return;
  const auto& plan = settings_.plan;
  CgroupLimits limits;
  limits.memory_bytes =
      settings_.memory_limit_bytes + (std::uint64_t{plan.tmp_mb} << 20) + group_headroom;
  limits.processes = plan.max_processes;
  group_ = settings_.groups->make(settings_.id, limits);
  settings_.plan.memory_group = group_ && settings_.groups->limits_memory();
}

void FunctionEnvironment::receive_descriptors_from_inside() {
  bool ended = false;
  while (auto sent = receive_descriptors(channel_.get(), ended)) {
    if (sent->what == 't' && sent->descriptors.size() == 1) tmp_ = std::move(sent->descriptors[0]);
    if (sent->what != 'n') continue;
    if (auto sockets = network_sockets(std::move(sent->descriptors), settings_.plan.network))
      open_doors(std::move(*sockets));
  }
  if (ended) channel_.reset();
}

void FunctionEnvironment::open_doors(NetworkSockets sockets) {
  if (!server_.listen(std::move(sockets.runtime)))
    return kill(Kind::host_error, "the Runtime API cannot be served");
  settings_.relay->open(settings_.relay_key, std::move(sockets.api), std::move(sockets.dns_streams),
                        std::move(sockets.dns_datagrams));
}

// Every process of the machine can connect; only this environment's are served (decision 0007).
bool FunctionEnvironment::is_ours(int socket) {
  if (settings_.plan.network.kind != FunctionNetwork::host) return true;  // nobody else gets there
  const auto peer = peer_of_loopback(socket);
  const auto holds = [&] {
    const auto pids = sandbox_processes(sandbox_.pid);
    return std::any_of(pids.begin(), pids.end(),
                       [&](pid_t pid) { return holds_socket(pid, peer->inode); });
  };
  if (peer && (settings_.plan.own_user ? peer->uid == settings_.plan.uid : holds())) return true;
  if (!std::exchange(stranger_seen_, true))
    log(LogLevel::warning, "functions",
        fmt::format("{}: a stranger connected to the Runtime API and was refused", function_arn_));
  return false;
}

void FunctionEnvironment::handle(Connection& connection, RuntimeRequest request) {
  const auto call = recognise_runtime_call(request);
  switch (call.kind) {
    case RuntimeCall::Kind::next:
      return handle_next(connection);
    case RuntimeCall::Kind::response:
    case RuntimeCall::Kind::error:
      return handle_result(connection, request, call);
    case RuntimeCall::Kind::init_error:
      return handle_init_error(connection, request);
    case RuntimeCall::Kind::wrong_method:
      return answer(connection, runtime_error(405, "MethodNotAllowed", "Method Not Allowed"));
    case RuntimeCall::Kind::unknown_path:
      return answer(connection, runtime_error(404, "NotFound", "404 page not found"));
  }
}

void FunctionEnvironment::handle_next(Connection& connection) {
  if (state_ == State::starting && !init_error_) {
    init_duration_ = Clock::now() - started_;
    loop_.cancel(limit_timer_);
  } else if (state_ != State::answered && !(state_ == State::idle && waiting_ == nullptr)) {
    return answer(connection, runtime_error(403, "InvalidStateTransition",
                                            "Transition from Running to Ready is not allowed"));
  }
  state_ = State::idle;
  idle_since_ = Clock::now();
  waiting_ = &connection;
  loop_.cancel(pickup_timer_);
  if (job_) return deliver();
  events_.idle();
}

void FunctionEnvironment::give(FunctionJobPointer job) {
  ENSURE(!job_ && (state_ == State::idle || state_ == State::answered),
         "an environment serves one job at a time");
  job_ = std::move(job);
  job_->init_again = false;  // this one has initialised
  if (state_ == State::idle && waiting_ != nullptr) return deliver();
  pickup_timer_ = loop_.at(Clock::now() + pickup_limit, [this] {
    pickup_timer_ = 0;
    kill(Kind::host_error, "the runtime did not come back");
  });
}

void FunctionEnvironment::deliver() {
  const auto& invocation = job_->invocation;
  const auto timeout = std::chrono::seconds(job_->spec.timeout_s);
  begun_ = job_->init_again ? started_ : Clock::now();
  const auto left = timeout - (Clock::now() - begun_);
  const auto deadline = std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::system_clock::duration>(left);
  RuntimeAnswer event;
  // A line break would begin a header of the caller's own.
  const auto header = [&](const char* name, const std::string& value) {
    if (!value.empty() && value.find_first_of("\r\n") == std::string::npos)
      event.headers.emplace_back(name, value);
  };
  header("Lambda-Runtime-Aws-Request-Id", invocation.request_id);
  header("Lambda-Runtime-Deadline-Ms",
         std::to_string(
             std::chrono::duration_cast<std::chrono::milliseconds>(deadline.time_since_epoch())
                 .count()));
  header("Lambda-Runtime-Invoked-Function-Arn", invocation.invoked_function_arn.empty()
                                                    ? job_->spec.function_arn
                                                    : invocation.invoked_function_arn);
  header("Lambda-Runtime-Trace-Id", invocation.trace_id);
  header("Lambda-Runtime-Client-Context", invocation.client_context);
  event.body = invocation.payload;
  state_ = State::running;
  job_delivered_ = true;
  begin_clock(std::max(Duration(1ms), Duration(left)));
  if (Connection* connection = std::exchange(waiting_, nullptr)) answer(*connection, event);
}

void FunctionEnvironment::begin_clock(Duration limit) {
  loop_.cancel(limit_timer_);
  limit_timer_ = loop_.at(Clock::now() + limit, [this] {
    limit_timer_ = 0;
    if (state_ == State::starting && !job_->init_again)
      return kill(Kind::init_error, "init took too long", Retry::init_again);
    kill(Kind::timed_out, {});
  });
  loop_.cancel(sample_timer_);
  sample_timer_ = loop_.at(Clock::now() + sample_running, [this] { sample(); });
}

void FunctionEnvironment::handle_result(Connection& connection, const RuntimeRequest& request,
                                        const RuntimeCall& call) {
  if (state_ == State::starting || state_ == State::idle)
    return answer(connection,
                  runtime_error(403, "InvalidStateTransition", "there is no invocation to answer"));
  if (state_ != State::running || call.request_id != job_->invocation.request_id)
    return answer(connection, runtime_error(400, "InvalidRequestID", "Invalid request ID"));
  const auto header = [&](const char* name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
  };
  if (request.too_large) {
    const auto text = fmt::format("payload size exceeded maximum allowed payload size ({} bytes).",
                                  max_runtime_payload);
    answer(connection,
           runtime_error(413, "RequestEntityTooLarge",
                         "Exceeded maximum allowed " + text.substr(text.find("payload", 8))));
    return complete(
        Kind::function_error,
        fmt::format(
            R"({{"errorMessage":"Response {}","errorType":"Function.ResponseSizeTooLarge"}})",
            text),
        {});
  }
  answer(connection, runtime_accepted());
  if (call.kind == RuntimeCall::Kind::error)
    return complete(Kind::function_error, request.body, {});
  // A streamed answer may fail after its first bytes; it says so in a trailer.
  if (!header("lambda-runtime-function-error-type").empty()) {
    const auto body = unbase64(header("lambda-runtime-function-error-body"));
    return complete(Kind::function_error, body.value_or(std::string()), {});
  }
  complete(Kind::success, request.body, {});
}

void FunctionEnvironment::handle_init_error(Connection& connection, RuntimeRequest& request) {
  if (state_ != State::starting)
    return answer(connection, runtime_error(403, "InvalidStateTransition",
                                            "the runtime has initialised already"));
  init_error_ = std::move(request.body);
  answer(connection, runtime_accepted());
  loop_.cancel(limit_timer_);  // it exits now; if not, it is made to
  limit_timer_ = loop_.at(Clock::now() + exit_after_init_error, [this] {
    limit_timer_ = 0;
    kill(Kind::init_error, {});
  });
}

void FunctionEnvironment::complete(Kind kind, std::string payload, std::string reason) {
  loop_.cancel(limit_timer_);
  loop_.cancel(pickup_timer_);
  read_output(256 * 1024);  // what it wrote before it answered
  if (state_ == State::running) {
    sample_now();
    if (!verdict_) state_ = State::answered;
  }
  ports::InvocationOutcome outcome;
  outcome.kind = kind;
  outcome.payload = std::move(payload);
  outcome.reason = std::move(reason);
  const auto timeout = Duration(std::chrono::seconds(job_->spec.timeout_s));
  if (kind == Kind::timed_out)
    outcome.duration = timeout;
  else if (job_delivered_)
    outcome.duration = Clock::now() - begun_;
  if (init_duration_)
    outcome.init_duration = std::exchange(init_duration_, std::nullopt);
  else if (state_ == State::ended && !job_delivered_ && kind != Kind::host_error)
    outcome.init_duration = Clock::now() - started_;
  outcome.max_memory_mb = static_cast<std::uint32_t>((peak_bytes_ + (1U << 20) - 1) >> 20);
  if (kind != Kind::out_of_memory)
    outcome.max_memory_mb = std::min(outcome.max_memory_mb, job_->spec.memory_mb);
  outcome.environment_id = settings_.id;
  outcome.lines = output_.take();
  outcome.dropped_bytes = output_.take_dropped();
  job_delivered_ = false;
  auto job = std::move(job_);
  events_.finished(std::move(job), std::move(outcome));
  if (end_after_job_) end("retired");
}

// A flood of output gets its share of this thread's time; then it waits in the pipe.
bool FunctionEnvironment::watch_output() {
  return output_pipe_.watch(loop_.epoll(), EPOLLIN, [this](std::uint32_t) {
    const auto begin = Clock::now();
    read_output(output_a_turn);
    output_allowance_.spend(begin, Clock::now());
    if (!output_allowance_.exhausted() || !output_pipe_) return;
    output_pipe_.unwatch();
    output_timer_ = loop_.at(output_allowance_.restored_at(), [this] {
      output_timer_ = 0;
      if (output_pipe_) watch_output();
    });
  });
}

void FunctionEnvironment::read_output(std::size_t at_most) {
  if (!output_pipe_) return;
  static thread_local std::array<char, 65536> buffer;
  for (std::size_t total = 0; total < at_most;) {
    const auto size = ::read(output_pipe_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size == 0) output_pipe_.reset();
    if (size <= 0) return;
    output_.feed({buffer.data(), static_cast<std::size_t>(size)});
    total += static_cast<std::size_t>(size);
  }
}

void FunctionEnvironment::read_status() {
  std::array<char, 4096> buffer;
  for (;;) {
    const auto size = ::read(status_pipe_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;
    if (size == 0) break;
    if (status_.size() < 16384) status_.append(buffer.data(), static_cast<std::size_t>(size));
  }
  status_pipe_.reset();
  warden_ended();
}

// With namespaces the kernel reports the warden's end only when all processes of the sandbox are
// gone.
void FunctionEnvironment::warden_ended() {
  if (!settings_.plan.namespaces) end_all();
  int status = 0;
  while (::waitpid(sandbox_.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status_.empty() && WIFEXITED(status) && WEXITSTATUS(status) >= 124)
    status_ = fmt::format("setup the sandbox could not be started ({})",
                          WEXITSTATUS(status) == 124 ? settings_.self_exe : "user namespace");
  sandbox_.pid = -1;
  stop_timers();
  end_outbound();
  server_.close();
  channel_.reset();
  tmp_.reset();
  if (settings_.relay != nullptr) settings_.relay->close(settings_.relay_key);
  read_output(8 * 1024 * 1024);
  output_pipe_.reset();
  state_ = State::ended;
  if (job_) settle_ended_job();
  group_.reset();
  events_.gone();
}

void FunctionEnvironment::settle_ended_job() {
  const bool reached = job_delivered_;
  const bool warm =
      !reached && started_ != Clock::time_point{} && idle_since_ != Clock::time_point{};
  if (warm) {  // it ended between two invocations: nobody has seen this one
    auto job = std::move(job_);
    return events_.returned(std::move(job));
  }
  if (verdict_ && verdict_->retry == Retry::init_again) {
    auto job = std::move(job_);
    job->init_again = true;
    return events_.returned(std::move(job));
  }
  if (init_error_) return complete(Kind::init_error, *init_error_, {});
  if (verdict_) return complete(verdict_->kind, {}, verdict_->reason);
  if (group_ && group_->memory_exhausted()) {
    peak_bytes_ = std::max(peak_bytes_, settings_.memory_limit_bytes);
    return complete(Kind::out_of_memory, {}, "signal: killed");
  }
  const auto word = status_.substr(0, status_.find(' '));
  const auto rest = status_.substr(std::min(status_.size(), word.size() + 1));
  if (word == "setup") return complete(Kind::host_error, {}, rest);
  if (word == "exec") {
    const auto error =
        static_cast<int>(parse_int(rest.substr(0, rest.find('\n'))).value_or(ENOENT));
    const auto missing = error == ENOENT || error == EACCES;
    return complete(Kind::no_bootstrap, {},
                    missing
                        ? fmt::format("Couldn't find valid bootstrap(s): [{}]",
                                      join_or(settings_.plan.commands))
                        : fmt::format("fork/exec {}: {}", settings_.plan.commands.front().front(),
                                      lower(std::strerror(error))));
  }
  std::string reason;
  const auto number = static_cast<int>(parse_int(rest.substr(0, rest.find('\n'))).value_or(0));
  if (word == "exit" && number != 0) reason = fmt::format("exit status {}", number);
  if (word == "signal") reason = fmt::format("signal: {}", lower(::strsignal(number)));
  complete(reached ? Kind::exited : Kind::init_error, {}, reason);
}

std::uint64_t FunctionEnvironment::tmp_bytes() const {
  struct statfs64 disk {};
  if (!tmp_ || ::fstatfs64(tmp_.get(), &disk) != 0) return 0;
  return (disk.f_blocks - disk.f_bfree) * static_cast<std::uint64_t>(disk.f_bsize) +
         (disk.f_files - disk.f_ffree) * inode_bytes;
}

// The group's count is exact and one look, however many processes there are. Without one, resident
// sizes are added up; pages that processes share are counted once for each, and again, exactly,
// before it matters.
std::uint64_t FunctionEnvironment::memory_used() const {
  if (settings_.plan.memory_group) {
    const auto all = group_->memory_bytes(), tmp = tmp_bytes();
    return all > tmp ? all - tmp : 0;
  }
  const auto pids = sandbox_processes(sandbox_.pid);
  const auto used = memory_of(pids, MemoryCount::resident);
  return used > settings_.memory_limit_bytes && pids.size() > 1
             ? memory_of(pids, MemoryCount::proportional)
             : used;
}

void FunctionEnvironment::sample_now() {
  auto used = memory_used();
  // The kernel has acted first; what is left of the tree is of no use.
  if (group_ && group_->memory_exhausted()) used = settings_.memory_limit_bytes + 1;
  peak_bytes_ = std::max(peak_bytes_, used);
  if (used > settings_.memory_limit_bytes) kill(Kind::out_of_memory, "signal: killed");
}

void FunctionEnvironment::sample() {
  loop_.cancel(sample_timer_);
  if (sandbox_.pid <= 0 || state_ == State::ending || state_ == State::ended) return;
  const auto begin = Clock::now();
  sample_now();
  const bool working = state_ == State::running || state_ == State::starting;
  // A look at thousands of processes takes its time: never more than a part of this thread's.
  const auto pause = std::max<Clock::duration>(working ? sample_running : sample_idle,
                                               (Clock::now() - begin) * WorkAllowance::part);
  sample_timer_ = loop_.at(Clock::now() + pause, [this] { sample(); });
}

void FunctionEnvironment::kill(Kind kind, std::string reason, Retry retry) {
  if (sandbox_.pid <= 0 || verdict_) return;
  if (!init_error_ || kind != Kind::init_error) verdict_ = Verdict{kind, std::move(reason), retry};
  state_ = State::ending;
  end_all();
}

// With namespaces the kernel ends all with the warden.
void FunctionEnvironment::end_all() {
  if (!settings_.plan.namespaces && group_) group_->kill();
  kill_sandbox(sandbox_.pid, settings_.plan);
}

void FunctionEnvironment::end_outbound() {
  if (sandbox_.outbound <= 0) return;
  ::kill(sandbox_.outbound, SIGKILL);
  while (::waitpid(sandbox_.outbound, nullptr, 0) < 0 && errno == EINTR) {
  }
  sandbox_.outbound = -1;
}

void FunctionEnvironment::end(std::string_view why) { kill(Kind::host_error, std::string(why)); }

void FunctionEnvironment::end_after_job() {
  end_after_job_ = true;
  if (!job_) end("retired");
}

void FunctionEnvironment::stop_timers() {
  for (auto* timer : {&limit_timer_, &sample_timer_, &pickup_timer_, &output_timer_})
    loop_.cancel(*timer);
}

}  // namespace sitelatch::net
