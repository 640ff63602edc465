// SPDX-License-Identifier: Apache-2.0
#include "native_function.h"

#include <algorithm>
#include <map>
#include <memory>

#include "base/text.h"
#include "client/client.h"
#include "function/handler.h"
#include "guard/apply/observe.h"
#include "guard/apply/wire_forms.h"

namespace sitelatch::guard::test {
namespace {

using aws::Value;
using function::CallError;
using function::CallResult;

std::string arn_part(std::string_view arn, std::size_t n) {
  const auto parts = split(arn, ':');
  return n < parts.size() ? std::string{parts[n]} : std::string{};
}

// What goes wrong on the way is sent again, as the function's client does; without its pauses, for
// which the world would have to go on while the function runs.
constexpr int attempts = 4;

bool is_worth_another(const aws::Error& error) {
  return error.code == "ConnectionLost" || error.code == "Throttling" ||
         error.code == "TooManyRequestsException" || error.code.starts_with("ServiceUnavailable");
}

// The account as the function's role reaches it, for the reading that the guard's commands have.
struct RoleAws final : client::Aws {
  scenario::Running* running = nullptr;

  client::Outcome<client::Reply> send(const client::Call& call) override {
    for (int n = 1;; ++n) {
      const auto outcome = running->ask(call.service, call.operation, call.input, call.region);
      if (outcome) return client::Reply{*outcome, "request"};
      if (is_worth_another(outcome.error()) && n < attempts) continue;
      client::Error error;
      error.code = outcome.error().code;
      error.message = outcome.error().message;
      error.status = outcome.error().status;
      return failure(std::move(error));
    }
  }
  std::string region() override { return running->region; }
};

Failure<CallError> refused(const client::Error& error) {
  const bool unheard = error.code == "ConnectionLost";
  return failure(CallError{unheard ? "" : error.code, error.message, error.status});
}

class CallsInMemory final : public function::GuardCalls {
 public:
  explicit CallsInMemory(Arrangement ours) : ours_(std::move(ours)) {}
  void use(scenario::Running& running) { aws_.running = &running; }

  CallResult<Check> read_check() override {
    const auto read = guard::read_check(aws_, ours_.health_check_id);
    if (!read) return refused(read.error());
    if (!*read) return failure(CallError{"NoSuchHealthCheck", "", 404});
    return (*read)->check;
  }
  CallResult<std::optional<AlarmSnapshot>> read_alarm() override {
    const auto read =
        guard::read_alarm(aws_, arn_part(ours_.alarm_arn, 3), arn_part(ours_.alarm_arn, 6));
    if (!read) return refused(read.error());
    return *read ? std::optional{(*read)->snapshot} : std::nullopt;
  }
  CallResult<std::vector<StatusMinute>> read_status(Instant from, Instant until) override {
    const auto dimension =
        Value::structure({{"Name", "HealthCheckId"}, {"Value", ours_.health_check_id}});
    const auto read =
        aws_.call("cloudwatch", "GetMetricStatistics",
                  Value::structure({{"Namespace", "AWS/Route53"},
                                    {"MetricName", "HealthCheckStatus"},
                                    {"Dimensions", Value::list({dimension})},
                                    {"StartTime", from},
                                    {"EndTime", until},
                                    {"Period", 60},
                                    {"Statistics", Value::list({"Minimum", "Maximum"})}}),
                  arn_part(ours_.alarm_arn, 3));
    if (!read) return refused(read.error());
    std::vector<StatusMinute> minutes;
    for (const auto& point : (*read)["Datapoints"].items())
      minutes.push_back({point["Timestamp"].timestamp(), point["Minimum"].number() < 1,
                         point["Maximum"].number() >= 1});
    std::sort(minutes.begin(), minutes.end(),
              [](const auto& a, const auto& b) { return a.begins < b.begins; });
    return minutes;
  }
  CallResult<Texts> read_tags() override {
    const auto read = sns("ListTagsForResource", {{"ResourceArn", ours_.notify_topic_arn}});
    if (!read) return failure(read.error());
    Texts tags;
    for (const auto& each : (*read)["Tags"].items())
      tags[each["Key"].string_or("")] = each["Value"].string_or("");
    return tags;
  }
  CallResult<function::Updated> update_check(const CheckChange& change,
                                             std::uint64_t version) override {
    auto input = Value::structure({{"HealthCheckId", ours_.health_check_id},
                                   {"HealthCheckVersion", static_cast<std::int64_t>(version)}});
    if (change.path) input.set("ResourcePath", *change.path);
    if (change.disabled) input.set("Disabled", *change.disabled);
    if (change.inverted) input.set("Inverted", *change.inverted);
    if (change.reset_path) input.set("ResetElements", Value::list({"ResourcePath"}));
    const auto reply = aws_.call("route53", "UpdateHealthCheck", std::move(input));
    if (!reply) return refused(reply.error());
    return function::Updated{
        static_cast<std::uint64_t>((*reply)["HealthCheck"]["HealthCheckVersion"].integer()),
        "request"};
  }
  CallResult<Done> write_tags(const Texts& tags) override {
    return only_done(
        sns("TagResource", {{"ResourceArn", ours_.notify_topic_arn}, {"Tags", tag_list(tags)}}));
  }
  CallResult<Done> tell(std::string_view subject, std::string_view message) override {
    return only_done(
        sns("Publish",
            {{"TopicArn", ours_.notify_topic_arn}, {"Subject", subject}, {"Message", message}}));
  }
  CallResult<Done> write_audit(std::string_view line, Instant at) override {
    if (ours_.audit_group.empty()) return Done{};
    const auto stream =
        Value::structure({{"logGroupName", ours_.audit_group}, {"logStreamName", "function"}});
    if (const auto made = claim("function"); !made) return failure(made.error());
    if (line.empty()) return Done{};
    auto events = stream;
    events.set("logEvents",
               Value::list({Value::structure({{"timestamp", unix_ms(at)}, {"message", line}})}));
    const auto put = aws_.call("logs", "PutLogEvents", std::move(events));
    if (!put) return refused(put.error());
    return Done{};
  }
  CallResult<bool> claim(std::string_view name) override {
    if (ours_.audit_group.empty()) return true;
    const auto made =
        aws_.call("logs", "CreateLogStream",
                  Value::structure({{"logGroupName", ours_.audit_group}, {"logStreamName", name}}));
    if (made) return true;
    if (made.error().code == "ResourceAlreadyExistsException") return false;
    return refused(made.error());
  }
  CallResult<Done> try_to_tell() override {
    const auto tried = sns("Publish", {{"TopicArn", ours_.notify_topic_arn},
                                       {"MessageStructure", "json"},
                                       {"Message", R"({"self-test":"of the guard"})"}});
    if (!tried && tried.error().code != "InvalidParameter") return failure(tried.error());
    return Done{};
  }

 private:
  CallResult<Value> sns(std::string_view operation,
                        std::initializer_list<std::pair<std::string_view, Value>> input) {
    auto reply =
        aws_.call("sns", operation, Value::structure(input), arn_part(ours_.notify_topic_arn, 3));
    if (!reply) return refused(reply.error());
    return std::move(*reply);
  }
  static CallResult<Done> only_done(const CallResult<Value>& reply) {
    if (!reply) return failure(reply.error());
    return Done{};
  }

  Arrangement ours_;
  RoleAws aws_;
};

// A function runs in no time here: what it waits is told with its next question.
class SentinelInMemory final : public function::Sentinel {
 public:
  SentinelInMemory(RelaySettings settings, SeeSentinel see)
      : settings_(std::move(settings)), see_(std::move(see)) {}
  void begin() { waited_ = {}; }
  guard::Look look(function::Deadline) override { return see_(settings_, waited_); }
  void wait(Duration length) override { waited_ += length; }

 private:
  RelaySettings settings_;
  SeeSentinel see_;
  Duration waited_{};
};

std::unique_ptr<SentinelInMemory> sentinel_for(const Texts& variables, const SeeSentinel& see) {
  const auto settings = read_relay(variables);
  if (!see || !settings || !*settings) return nullptr;
  return std::make_unique<SentinelInMemory>(**settings, see);
}

struct Environment {
  Environment(Arrangement ours, const Texts& variables, const SeeSentinel& see)
      : calls(ours),
        sentinel(sentinel_for(variables, see)),
        handler(std::move(ours), variables, calls, sentinel.get()) {}
  CallsInMemory calls;
  std::unique_ptr<SentinelInMemory> sentinel;
  function::Handler handler;
};

}  // namespace

scenario::Function native_function() { return native_relay(nullptr); }

scenario::Function native_relay(SeeSentinel see) {
  const auto environments = std::make_shared<std::map<Texts, std::unique_ptr<Environment>>>();
  return [environments, see = std::move(see)](scenario::Running& running) {
    const Texts variables{running.variables.begin(), running.variables.end()};
    auto& environment = (*environments)[variables];
    if (!environment) {
      auto ours = read_arrangement(variables);
      if (!ours) throw scenario::FunctionError{"Sitelatch.NotConfigured", ours.error().text};
      environment = std::make_unique<Environment>(std::move(*ours), variables, see);
    }
    environment->calls.use(running);
    if (environment->sentinel) environment->sentinel->begin();
    const auto event = aws::to_json(running.event);
    auto outcome = environment->handler.handle({event, "request", running.now, {}});
    for (auto& line : outcome.log) running.print(std::move(line));
    if (outcome.failed) throw scenario::FunctionError{"Sitelatch.NotDone", outcome.error};
    running.response = std::move(outcome.response);
  };
}

}  // namespace sitelatch::guard::test
