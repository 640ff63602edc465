// SPDX-License-Identifier: Apache-2.0
#include "net/functions/environment.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

namespace sitelatch::net {
namespace {

using Kind = ports::InvocationOutcome::Kind;
using namespace std::chrono_literals;

constexpr std::size_t max_connections = 32;
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
      output_(settings_.mark) {}

FunctionEnvironment::~FunctionEnvironment() {
  stop_timers();
  if (sandbox_.pid > 0) {
    kill_sandbox(sandbox_.pid, settings_.plan);
    ::waitpid(sandbox_.pid, nullptr, 0);
  }
}

Result<Done> FunctionEnvironment::start() {
  if (!open_listener())
    return failure(Problem{fmt::format("Runtime API listener: {}", std::strerror(errno))});
  settings_.plan.environment.push_back(fmt::format("AWS_LAMBDA_RUNTIME_API=127.0.0.1:{}", port_));
  started_ = Clock::now();
  auto sandbox = spawn_sandbox(settings_.self_exe, settings_.plan, settings_.isolation);
  settings_.plan.environment.clear();  // holds credentials
  if (!sandbox) return failure(sandbox.error());
  sandbox_ = std::move(sandbox.value());
  output_pipe_ = WatchedFd(std::move(sandbox_.output));
  status_pipe_ = WatchedFd(std::move(sandbox_.status));
  if (!output_pipe_.watch(loop_.epoll(), EPOLLIN,
                          [this](std::uint32_t) { read_output(256 * 1024); }) ||
      !status_pipe_.watch(loop_.epoll(), EPOLLIN, [this](std::uint32_t) { read_status(); }))
    return failure(Problem{fmt::format("epoll: {}", std::strerror(errno))});
  begin_clock(job_->init_again ? Duration(std::chrono::seconds(job_->spec.timeout_s))
                               : settings_.init_limit);
  return Done{};
}

void FunctionEnvironment::fail_start(const std::string& why) {
  state_ = State::ended;
  listener_.reset();
  complete(Kind::host_error, {}, why);
  events_.gone();
}

bool FunctionEnvironment::open_listener() {
  listener_ = WatchedFd(Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (!listener_ || ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_.get(), 16) != 0 ||
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return false;
  port_ = ntohs(address.sin_port);
  return listener_.watch(loop_.epoll(), EPOLLIN, [this](std::uint32_t) { accept_connection(); });
}

// Every process of the machine can connect; only this environment's are served (decision 0007).
bool FunctionEnvironment::is_ours(int socket) const {
  const auto peer = peer_of_loopback(socket);
  if (!peer) return false;
  if (settings_.plan.own_user) return peer->uid == settings_.plan.uid;
  const auto pids = sandbox_processes(sandbox_.pid);
  return std::any_of(pids.begin(), pids.end(),
                     [&](pid_t pid) { return holds_socket(pid, peer->inode); });
}

void FunctionEnvironment::accept_connection() {
  Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket || connections_.size() >= max_connections) return;
  if (!is_ours(socket.get())) {
    if (!std::exchange(stranger_seen_, true))
      log(LogLevel::warning, "functions",
          fmt::format("{}: a stranger connected to the Runtime API and was refused",
                      function_arn_));
    return;
  }
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  auto connection = std::make_shared<Connection>();
  connection->socket = WatchedFd(std::move(socket));
  const std::weak_ptr<Connection> weak = connection;
  const auto ready = [this, weak](std::uint32_t events) {
    if (const auto held = weak.lock()) serve(*held, events);
  };
  if (!connection->socket.watch(loop_.epoll(), EPOLLIN, ready)) return;
  connections_.push_back(connection);
  serve(*connection, EPOLLIN);
}

void FunctionEnvironment::drop(Connection& connection) {
  if (connection.closed) return;
  connection.closed = true;
  if (waiting_ == &connection) waiting_ = nullptr;
  connection.socket.reset();
  connections_.remove_if([&](const auto& held) { return held.get() == &connection; });
}

void FunctionEnvironment::serve(Connection& connection, std::uint32_t events) {
  if (events & EPOLLOUT) {
    if (!flush(connection)) return drop(connection);
    if (!connection.out.empty()) return;
    connection.socket.change(EPOLLIN);
  }
  read_requests(connection);
}

void FunctionEnvironment::read_requests(Connection& connection) {
  std::array<char, 65536> buffer;
  for (int round = 0; round < 16 && !connection.closed; ++round) {
    const auto size = ::recv(connection.socket.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (size <= 0) return drop(connection);
    connection.reader.feed({buffer.data(), static_cast<std::size_t>(size)});
    while (auto request = connection.reader.take()) {
      connection.keep_alive = request->keep_alive;
      handle(connection, std::move(*request));
      if (connection.closed) return;
    }
    if (connection.reader.take_expectation()) {
      connection.out += "HTTP/1.1 100 Continue\r\n\r\n";
      if (!flush(connection)) return drop(connection);
    }
    if (connection.reader.broken()) {
      connection.keep_alive = false;
      return answer(connection,
                    runtime_error(400, "InvalidRequest", "not a request of the Runtime API"));
    }
  }
}

bool FunctionEnvironment::flush(Connection& connection) {
  while (!connection.out.empty()) {
    const auto size =
        ::send(connection.socket.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      connection.socket.change(EPOLLOUT);
      return true;
    }
    if (size <= 0) return false;
    connection.out.erase(0, static_cast<std::size_t>(size));
  }
  return !connection.close_after;
}

void FunctionEnvironment::answer(Connection& connection, const RuntimeAnswer& answer) {
  connection.out += to_bytes(answer, connection.keep_alive);
  connection.close_after = !connection.keep_alive;
  if (!flush(connection)) drop(connection);
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

void FunctionEnvironment::read_output(std::size_t at_most) {
  if (!output_pipe_) return;
  static thread_local std::array<char, 65536> buffer;
  for (std::size_t total = 0; total < at_most;) {
    const auto size = ::read(output_pipe_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size == 0) {
      output_pipe_.reset();
    }
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
  if (!settings_.plan.namespaces) kill_sandbox(sandbox_.pid, settings_.plan);
  int status = 0;
  while (::waitpid(sandbox_.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status_.empty() && WIFEXITED(status) && WEXITSTATUS(status) >= 124)
    status_ = fmt::format("setup the sandbox could not be started ({})",
                          WEXITSTATUS(status) == 124 ? settings_.self_exe : "user namespace");
  sandbox_.pid = -1;
  stop_timers();
  listener_.reset();
  while (!connections_.empty()) drop(*connections_.front());
  read_output(8 * 1024 * 1024);
  output_pipe_.reset();
  state_ = State::ended;
  if (job_) settle_ended_job();
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

void FunctionEnvironment::sample_now() {
  const auto pids = sandbox_processes(sandbox_.pid);
  auto used = memory_of(pids, MemoryCount::resident);
  // Pages that processes share are counted once for each; count again, exactly, before it matters.
  if (used > settings_.memory_limit_bytes && pids.size() > 1)
    used = memory_of(pids, MemoryCount::proportional);
  peak_bytes_ = std::max(peak_bytes_, used);
  if (used > settings_.memory_limit_bytes) kill(Kind::out_of_memory, "signal: killed");
}

void FunctionEnvironment::sample() {
  loop_.cancel(sample_timer_);
  if (sandbox_.pid <= 0 || state_ == State::ending || state_ == State::ended) return;
  sample_now();
  const bool working = state_ == State::running || state_ == State::starting;
  sample_timer_ =
      loop_.at(Clock::now() + (working ? sample_running : sample_idle), [this] { sample(); });
}

void FunctionEnvironment::kill(Kind kind, std::string reason, Retry retry) {
  if (sandbox_.pid <= 0 || verdict_) return;
  if (!init_error_ || kind != Kind::init_error) verdict_ = Verdict{kind, std::move(reason), retry};
  state_ = State::ending;
  kill_sandbox(sandbox_.pid, settings_.plan);
}

void FunctionEnvironment::end(std::string_view why) { kill(Kind::host_error, std::string(why)); }

void FunctionEnvironment::end_after_job() {
  end_after_job_ = true;
  if (!job_) end("retired");
}

void FunctionEnvironment::stop_timers() {
  for (auto* timer : {&limit_timer_, &sample_timer_, &pickup_timer_}) loop_.cancel(*timer);
}

}  // namespace sitelatch::net
