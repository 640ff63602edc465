// SPDX-License-Identifier: Apache-2.0
// The program: Lambda's Runtime API on one side (fact lambda-40), AWS on the other. Static; the
// first line of main matters: in a root with another glibc a static getaddrinfo aborts on name
// services beyond files and DNS.
#include <openssl/crypto.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"
#include "function/handler.h"
#include "guard/rules/json.h"

// GNU, undocumented, and in every glibc since 2.0.
// NOLINTNEXTLINE(readability-identifier-naming): its name
extern "C" int __nss_configure_lookup(const char* database, const char* services);

namespace sitelatch::function {
namespace {
constexpr std::size_t most_event_bytes = 8'000'000;
constexpr auto margin =
    std::chrono::milliseconds{700};  // of an invocation's time, kept for the answer
constexpr auto longest_report = std::chrono::minutes{1};  // of an answer to the Runtime API

guard::Texts environment() {
  guard::Texts texts;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view line{*entry};
    const auto equals = line.find('=');
    if (equals != line.npos)
      texts[std::string{line.substr(0, equals)}] = std::string{line.substr(equals + 1)};
  }
  return texts;
}

std::chrono::milliseconds wall_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

class RuntimeApi {
 public:
  explicit RuntimeApi(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  // The next event. Asked once and without a limit of time, as AWS demands: a frozen environment's
  // timer would fire when it thaws, and a second question is refused (fact guard-15). A connection
  // that ended while it was idle is opened anew: nothing was asked on it.
  Result<aws::HttpResponse> next() {
    if (connection_ && connection_->closed_by_peer()) connection_.reset();
    return attempt(request_of("GET", "/2018-06-01/runtime/invocation/next", "", ""), no_deadline);
  }
  void respond(const std::string& request_id, const std::string& body) {
    report(
        exchange("POST", "/2018-06-01/runtime/invocation/" + request_id + "/response", body, ""));
  }
  void fail(const std::string& request_id, const std::string& type, const std::string& message) {
    report(exchange("POST", "/2018-06-01/runtime/invocation/" + request_id + "/error",
                    error_body(type, message), type));
  }
  void fail_init(const std::string& type, const std::string& message) {
    report(exchange("POST", "/2018-06-01/runtime/init/error", error_body(type, message), type));
  }

 private:
  static std::string error_body(const std::string& type, const std::string& message) {
    return guard::JsonObject{}
        .add("errorMessage", message)
        .add("errorType", type)
        .raw("stackTrace", "[]")
        .text();
  }
  static void report(const Result<aws::HttpResponse>& answer) {
    if (!answer) std::printf("sitelatch error: the Runtime API: %s\n", answer.error().text.c_str());
  }

  aws::HttpRequest request_of(std::string method, std::string target, std::string body,
                              const std::string& error_type) const {
    aws::HttpRequest request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.headers.set("Host", endpoint_.host_header());
    request.headers.set("User-Agent", "sitelatch-guard");
    if (!request.body.empty()) request.headers.set("Content-Type", "application/json");
    if (!error_type.empty()) request.headers.set("Lambda-Runtime-Function-Error-Type", error_type);
    return request;
  }

  Result<aws::HttpResponse> attempt(const aws::HttpRequest& request, Deadline deadline) {
    if (!connection_) {
      auto opened = Connection::open(endpoint_, deadline);
      if (!opened) return failure(opened.error());
      connection_ = std::move(*opened);
    }
    if (const auto written = connection_->write(http_bytes(request), deadline); !written) {
      connection_.reset();
      return failure(written.error());
    }
    auto reading = read_response(*connection_, most_event_bytes, deadline);
    if (!reading || !reading->keep) connection_.reset();
    if (!reading) return failure(Problem{"the connection was lost"});
    return std::move(reading->response);
  }

  // A report, which may be sent twice.
  Result<aws::HttpResponse> exchange(std::string method, std::string target, std::string body,
                                     const std::string& error_type) {
    const auto request =
        request_of(std::move(method), std::move(target), std::move(body), error_type);
    const auto deadline = std::chrono::steady_clock::now() + longest_report;
    auto answer = attempt(request, deadline);
    return answer ? std::move(answer) : attempt(request, deadline);
  }

  Endpoint endpoint_;
  std::unique_ptr<Connection> connection_;
};

Invocation invocation_of(const aws::HttpResponse& next) {
  Invocation invocation;
  invocation.event = next.body;
  invocation.request_id = next.headers.get("Lambda-Runtime-Aws-Request-Id");
  const auto now = wall_now();
  invocation.now = from_unix_ms(now.count());
  auto left = std::chrono::milliseconds{20'000};
  if (const auto until = parse_int(next.headers.get("Lambda-Runtime-Deadline-Ms")))
    left = std::chrono::milliseconds{*until} - now - margin;
  // A deadline that is all but over, or out of this world: try all the same, for a little.
  left = std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds{300},
                                               std::chrono::milliseconds{900'000});
  invocation.deadline = std::chrono::steady_clock::now() + left;
  return invocation;
}

class Program {
 public:
  Program() : environment_(environment()), arrangement_(guard::read_arrangement(environment_)) {
    if (!arrangement_) return;
    calls_ = std::make_unique<AwsGuardCalls>(*arrangement_);
    const auto relay = guard::read_relay(environment_);
    if (relay && *relay) {
      // A relay has seconds, and getaddrinfo no deadline: resolv.conf(5), unless somebody has said
      // otherwise.
      setenv("RES_OPTIONS", "timeout:1 attempts:2", 0);
      sentinel_ = std::make_unique<DnsSentinel>(**relay);
    }
    handler_ = std::make_unique<Handler>(*arrangement_, environment_, *calls_, sentinel_.get());
    // The first event then finds its connection open. Lambda gives the init phase 10 seconds and a
    // whole CPU.
    calls_->connect_early(std::chrono::steady_clock::now() + std::chrono::seconds{3});
  }

  void handle(const aws::HttpResponse& next, RuntimeApi& runtime) {
    const auto invocation = invocation_of(next);
    if (!arrangement_)
      return runtime.fail(invocation.request_id, "Sitelatch.NotConfigured",
                          arrangement_.error().text);
    calls_->use_until(invocation.deadline);
    const auto outcome = handler_->handle(invocation);
    for (const auto& line : outcome.log) std::printf("%s\n", line.c_str());
    std::fflush(stdout);
    if (outcome.failed)
      runtime.fail(invocation.request_id, "Sitelatch.NotDone", outcome.error);
    else
      runtime.respond(invocation.request_id, outcome.response);
  }

 private:
  guard::Texts environment_;
  Result<guard::Arrangement> arrangement_;
  std::unique_ptr<AwsGuardCalls> calls_;
  std::unique_ptr<Sentinel> sentinel_;
  std::unique_ptr<Handler> handler_;
};

int run() {
  const char* api = std::getenv("AWS_LAMBDA_RUNTIME_API");
  const auto endpoint = parse_endpoint("http://" + std::string{api ? api : ""});
  if (!endpoint) {
    std::fprintf(stderr,
                 "This is the function of a Sitelatch guard: it runs on AWS Lambda "
                 "(AWS_LAMBDA_RUNTIME_API is not set).\n");
    return 2;
  }
  RuntimeApi runtime{*endpoint};
  Program program;
  for (;;) {
    const auto next = runtime.next();
    if (!next) {
      std::fprintf(stderr, "sitelatch: the Runtime API: %s\n", next.error().text.c_str());
      return 1;
    }
    if (next->status != 200) {
      std::fprintf(stderr, "sitelatch: the Runtime API answered %d\n", next->status);
      return 1;
    }
    program.handle(*next, runtime);
  }
}
}  // namespace
}  // namespace sitelatch::function

// What is thrown ends the runtime. NOLINTNEXTLINE(bugprone-exception-escape)
int main() {
  __nss_configure_lookup("hosts", "files dns");
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return sitelatch::function::run();
}
