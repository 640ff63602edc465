// SPDX-License-Identifier: Apache-2.0
// For tests: a Lambda on virtual time with dependencies that record what they are asked, and a way
// to crash it.
#pragma once

#include <zip.h>

#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "doctest/doctest.h"
#include "ports/sim/world.h"
#include "services/lambda/lambda.h"

namespace sitelatch::lambda::test {
using aws::Value;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// One zip with these files.
inline std::string zip_with(const std::vector<std::pair<std::string, std::string>>& files) {
  zip_error_t error;
  zip_source_t* sink = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_t* archive = zip_open_from_source(sink, ZIP_TRUNCATE, &error);
  zip_source_keep(sink);
  for (const auto& [name, content] : files)
    zip_file_add(archive, name.c_str(),
                 zip_source_buffer(archive, content.data(), content.size(), 0), 0);
  zip_close(archive);
  zip_source_open(sink);
  zip_source_seek(sink, 0, SEEK_END);
  std::string out(static_cast<std::size_t>(zip_source_tell(sink)), '\0');
  zip_source_seek(sink, 0, SEEK_SET);
  zip_source_read(sink, out.data(), out.size());
  zip_source_close(sink);
  zip_source_free(sink);
  return out;
}
inline const std::string& small_zip() {
  static const auto zip = zip_with({{"lambda.py", "def handler(e, c):\n    return None\n"}});
  return zip;
}

struct FakeRoles final : Roles {
  aws::Outcome<ports::Credentials> assume(const std::string& role, const std::string& session,
                                          Duration length) override {
    ++assumed;
    last_session = session;
    if (auto may = assumable(role); !may) return failure(may.error());
    ports::Credentials out;
    out.access_key_id = "ASIA" + std::to_string(assumed);
    out.expiration = wall->now() + length;
    return out;
  }
  aws::Outcome<Done> assumable(const std::string&) override {
    if (!trusted) return aws::refuse("AccessDenied", "no trust", 403);
    return Done{};
  }
  ports::WallClock* wall = nullptr;
  bool trusted = true;
  int assumed = 0;
  std::string last_session;
};
struct FakeLogs final : FunctionLogs {
  void write(const std::string& region, const std::string& group, const std::string& stream,
             const std::vector<LogLine>& written, const std::string&) override {
    where = region + " " + group + " " + stream;
    for (const auto& line : written) lines.push_back(line.text);
  }
  std::string where;
  std::vector<std::string> lines;
};
struct FakeDestinations final : Destinations {
  aws::Outcome<> send(const std::string& arn, const std::string& record, const std::string&,
                      const std::string&) override {
    if (!works) return aws::refuse("AuthorizationError", "no", 403);
    sent.emplace_back(arn, record);
    return Value{};
  }
  aws::Outcome<> send_dead_letter(const std::string& arn, const DeadLetter& letter,
                                  const std::string&, const std::string&) override {
    if (!works) return aws::refuse("AuthorizationError", "no", 403);
    letters.emplace_back(arn, letter);
    return Value{};
  }
  bool permitted(const std::string& arn, const std::string&) override {
    return works && (takes_queues || !arn.starts_with("arn:aws:sqs:"));
  }
  bool works = true, takes_queues = false;
  std::vector<std::pair<std::string, std::string>> sent;
  std::vector<std::pair<std::string, DeadLetter>> letters;
};
struct FakeMetrics final : FunctionMetrics {
  void count(const std::string&, std::string_view name, const std::string& function, double value,
             std::string_view, Instant) override {
    if (!function.empty()) sums[std::string{name}] += value;
  }
  std::map<std::string, double> sums;
};

// Queues in memory, without time: what is received and not removed is in flight until it is given
// back.
struct FakeQueues final : MessageQueues {
  struct Queue {
    std::vector<Value> ready, in_flight;
    std::vector<std::function<void()>> callbacks;
    std::int64_t visibility_s = 30;
  };
  std::optional<std::int64_t> visibility_timeout_s(const std::string& arn) const override {
    const auto at = queues.find(arn);
    return at == queues.end() ? std::nullopt : std::optional(at->second.visibility_s);
  }
  bool permitted(const std::string&, const std::string& action, const std::string&) const override {
    return action != refused;
  }
  aws::Outcome<std::vector<Value>> receive(const std::string& arn, std::size_t most) override {
    const auto at = queues.find(arn);
    if (at == queues.end()) return aws::refuse("AWS.SimpleQueueService.NonExistentQueue", "gone");
    CHECK(most <= 10);
    auto& queue = at->second;
    std::vector<Value> out;
    while (!queue.ready.empty() && out.size() < most) {
      out.push_back(queue.ready.front());
      queue.in_flight.push_back(queue.ready.front());
      queue.ready.erase(queue.ready.begin());
    }
    return out;
  }
  void remove(const std::string& arn, const std::string& receipt) override {
    auto& queue = queues[arn];
    std::erase_if(queue.in_flight, [&](const Value& message) {
      return message["ReceiptHandle"].string() == receipt;
    });
    removed.push_back(receipt);
  }
  void when_available(const std::string& arn, std::function<void()> callback) override {
    queues[arn].callbacks.push_back(std::move(callback));
  }
  void send(const std::string& arn, const std::string& body) {
    const auto id = "m" + std::to_string(++sent);
    queues[arn].ready.push_back(
        Value::structure({{"MessageId", id},
                          {"ReceiptHandle", "r-" + id},
                          {"MD5OfBody", "md5"},
                          {"Body", body},
                          {"Attributes", Value::structure({{"ApproximateReceiveCount", "1"}})}}));
    tell(arn);
  }
  // The visibility timeout of all is over.
  void give_back(const std::string& arn) {
    auto& queue = queues[arn];
    for (auto& message : std::exchange(queue.in_flight, {})) queue.ready.push_back(message);
    tell(arn);
  }
  void tell(const std::string& arn) {
    for (auto& callback : std::exchange(queues[arn].callbacks, {})) callback();
  }
  std::map<std::string, Queue> queues;
  std::vector<std::string> removed;
  std::string refused;
  int sent = 0;
};
// "NAME": the body has a member of that name.
struct FakePatterns final : EventPatterns {
  bool valid(const std::string& pattern) const override { return pattern != "{"; }
  bool matches(const std::string& pattern, const Value& event) const override {
    return event["body"].is_struct() && event["body"].has(pattern);
  }
};

inline const std::string role_arn = "arn:aws:iam::000000000000:role/r";
inline const std::string function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:f";
inline const std::string topic_arn = "arn:aws:sns:us-east-1:000000000000:t";

struct LambdaWorld {
  ports::sim::World world;
  FakeRoles roles;
  FakeLogs logs;
  FakeDestinations destinations;
  FakeMetrics metrics;
  FakeQueues queues;
  FakePatterns patterns;
  Lambda::Options options;
  std::unique_ptr<Lambda> lambda;
  aws::Caller root;
  int calls = 0;

  LambdaWorld() {
    roles.wall = &world.wall;
    root.kind = aws::Caller::Kind::root;
    root.account = options.account;
    start();
  }
  void start() {
    lambda = std::make_unique<Lambda>(
        Lambda::Ports{world.journal, world.timers, world.wall, world.entropy, world.functions},
        Lambda::Dependencies{roles, logs, destinations, metrics, queues, &patterns}, options);
  }
  // kill -9: what was not committed is gone, and a new engine starts on what was.
  void crash() {
    lambda.reset();
    world.journal.crash();
    start();
  }

  aws::Call call_of(std::string_view operation, const Value& input) {
    char id[37];
    std::snprintf(id, sizeof id, "00000000-0000-4000-8000-%012d", ++calls);
    return {
        operation,         input, root, "eu-west-1", options.account, id, "http://127.0.0.1:4566",
        world.timers.now()};
  }
  // Gives the call and does not let the world go on.
  std::shared_ptr<std::optional<aws::Outcome<>>> begin(std::string_view operation,
                                                       const Value& input) {
    auto answer = std::make_shared<std::optional<aws::Outcome<>>>();
    const auto call = call_of(operation, input);
    lambda->handle(call, [answer](aws::Outcome<> outcome) {
      CHECK_FALSE(answer->has_value());
      *answer = std::move(outcome);
    });
    return answer;
  }
  aws::Outcome<> call(std::string_view operation, const Value& input) {
    const auto answer = begin(operation, input);
    world.settle();
    REQUIRE(answer->has_value());
    return **answer;
  }
  Value ok(std::string_view operation, const Value& input) {
    const auto outcome = call(operation, input);
    INFO(operation, ": ", outcome ? "" : outcome.error().code + " " + outcome.error().message);
    REQUIRE(outcome.has_value());
    return *outcome;
  }
  // "Code: message"
  std::string refusal(std::string_view operation, const Value& input) {
    const auto outcome = call(operation, input);
    REQUIRE_FALSE(outcome.has_value());
    return outcome.error().code + ": " + outcome.error().message;
  }

  static Value function_input(const std::string& name = "f") {
    return Value::structure({{"FunctionName", name},
                             {"Runtime", "python3.11"},
                             {"Role", role_arn},
                             {"Handler", "lambda.handler"},
                             {"Code", Value::structure({{"ZipFile", small_zip()}})}});
  }
  void make_function(const std::string& name = "f") { ok("CreateFunction", function_input(name)); }
  Value configuration(const std::string& name = "f") {
    return ok("GetFunctionConfiguration", Value::structure({{"FunctionName", name}}));
  }
  void allow_sns() {
    ok("AddPermission", Value::structure({{"FunctionName", "f"},
                                          {"StatementId", "function-with-sns"},
                                          {"Action", "lambda:InvokeFunction"},
                                          {"Principal", "sns.amazonaws.com"},
                                          {"SourceArn", topic_arn}}));
  }
  void send_event(const std::string& payload = R"({"n":1})") {
    const auto out = ok(
        "Invoke", Value::structure(
                      {{"FunctionName", "f"}, {"InvocationType", "Event"}, {"Payload", payload}}));
    CHECK(out["StatusCode"].integer() == 202);
  }
  // Every invocation ends so.
  void functions_answer(ports::InvocationOutcome outcome) {
    world.functions.run = [outcome = std::move(outcome)](const auto&, const auto&,
                                                         const auto& done) { done(outcome); };
  }
};

// What Lambda is made of, without its API: for the tests of each.
struct PartsWorld {
  struct Parts {
    explicit Parts(PartsWorld& w)
        : code(w.world.journal, w.world.entropy),
          functions({w.world.journal, w.world.timers, w.world.entropy, w.world.functions}, code),
          executor({w.world.journal, w.world.timers, w.world.wall, w.world.functions, w.roles,
                    w.logs, w.metrics},
                   code),
          invoker({w.world.timers, w.world.entropy}, functions, executor, 1000),
          async({w.world.journal, w.world.timers, w.destinations}, functions, invoker) {}
    CodeStore code;
    Functions functions;
    Executor executor;
    Invoker invoker;
    AsyncInvoker async;
  };
  ports::sim::World world;
  FakeRoles roles;
  FakeLogs logs;
  FakeDestinations destinations;
  FakeMetrics metrics;
  std::unique_ptr<Parts> parts;

  PartsWorld() {
    roles.wall = &world.wall;
    parts = std::make_unique<Parts>(*this);
  }
  // As if the engine had ended, with everything committed, and started again.
  void restart() {
    world.journal.commit();
    parts.reset();
    parts = std::make_unique<Parts>(*this);
  }
  Functions& functions() { return parts->functions; }
  // Saved and settled, with a deployment package of these bytes.
  Function& make(const std::string& name, const std::string& zip = "zip",
                 const std::string& region = "eu-west-1") {
    Function function;
    function.region = region;
    function.account = "000000000000";
    function.name = name;
    function.latest.configuration.runtime = "python3.11";
    function.latest.configuration.role = role_arn;
    function.latest.configuration.code_sha256 = base64(zip);  // any name of it will do
    function.latest.configuration.code_size = static_cast<std::int64_t>(zip.size());
    parts->code.keep(base64(zip), zip);
    auto& kept = functions().add(std::move(function));
    functions().save(kept);
    functions().settle_soon(kept);
    world.settle();
    return kept;
  }
};

inline ports::InvocationOutcome outcome_of(ports::InvocationOutcome::Kind kind,
                                           std::string payload = "", std::string reason = "") {
  auto out = ports::sim::success_outcome(std::move(payload));
  out.kind = kind;
  out.reason = std::move(reason);
  return out;
}
inline ports::InvocationOutcome handler_error() {
  return outcome_of(ports::InvocationOutcome::Kind::function_error,
                    R"({"errorMessage":"Handler fails","errorType":"Exception"})");
}

}  // namespace sitelatch::lambda::test
