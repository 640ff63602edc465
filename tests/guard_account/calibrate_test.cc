// SPDX-License-Identifier: Apache-2.0
// calibrate against an account whose answers are known: the engine as it is, and with one answer
// changed, so that each experiment is seen to confirm and to refute. And that it leaves nothing
// behind, whatever goes wrong.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "account.h"
#include "base/text.h"
#include "guard/apply/doctor.h"
#include "guard/calibrate/calibration.h"
#include "services/lambda/test_world.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using namespace sitelatch::guard::test;
using aws::Value;
using client::Call;
using client::Reply;

namespace {

struct Killed {};

// A second client of the same account.
class Second final : public client::Aws {
 public:
  explicit Second(client::Aws& first) : first_(first) {}
  std::function<client::Outcome<Reply>(client::Outcome<Reply>)> twist;
  client::Outcome<Reply> send(const Call& call) override {
    auto reply = first_.send(call);
    return twist ? twist(std::move(reply)) : std::move(reply);
  }
  std::string region() override { return first_.region(); }

 private:
  client::Aws& first_;
};

struct Lab : Account {
  Lab() {
    options.codes = codes();
    story.any_function = [this](scenario::Running& running) {
      if (running.event["sitelatch"].string_or("") == "self-test") return self_test(running);
      if (running.event["rawPath"]) return answer_probe(running);
      scenario::guide_function(running);
    };
    options.another_client = [this] {
      auto second = std::make_unique<Second>(*this);
      second->twist = second_twist;
      return second;
    };
    options.ignore_interrupts = [this] { interrupt_after = 0; };
  }
  CalibrationOptions options;

  // --- what AWS answers otherwise, beside Account's `instead`
  // What becomes of the account's answer.
  std::function<void(const Call&, Value&)> twist;
  std::function<client::Outcome<Reply>(client::Outcome<Reply>)> second_twist;
  std::size_t kill_at = 0;          // this call is made, and the process ends
  std::size_t interrupt_after = 0;  // sleeps
  bool url_answers = true, goes_on = true;

  client::Outcome<Reply> send(const Call& call) override {
    auto reply = Account::send(call);
    if (reply && call.operation == "CreateHealthCheck" &&
        call.input["CallerReference"].string_or("").ends_with("-guard"))
      guarded_ = reply->output["HealthCheck"]["Id"].string_or("");
    if (reply && twist) twist(call, reply->output);
    if (kill_at != 0 && calls().size() >= kill_at) throw Killed{};
    return reply;
  }
  void sleep(Duration d) override {
    story.wait(d);
    if (interrupt_after != 0 && ++slept_ >= interrupt_after) throw Interrupted{};
  }

  CalibrationPlan planned(std::vector<std::string> only) {
    options.only = std::move(only);
    auto plan = plan_calibration(context(), options);
    INFO("plan: ", plan ? "" : plan.error().text);
    REQUIRE(plan);
    return std::move(*plan);
  }
  Calibration run(std::vector<std::string> only = {}) {
    const auto plan = planned(std::move(only));
    return calibrate(context(), plan, options);
  }
  Conclusion find(const std::string& experiment) {
    const auto calibration = run({experiment});
    INFO("left: ", calibration.left.empty() ? "" : calibration.left.front());
    CHECK(calibration.left.empty());
    REQUIRE(calibration.results.size() == 1);
    return calibration.results.front().conclusion;
  }

  // Everything of the account that a calibration could leave.
  std::vector<std::string> everything() {
    std::vector<std::string> found;
    const auto gather = [&](const char* service, const char* operation, const char* list,
                            const char* member, const std::string& region = "us-east-1") {
      const auto reply = story.ok(service, operation, Value::structure(), region);
      for (const auto& item : reply[list].items())
        found.push_back(fmt::format("{} {} {}", service, region, item[member].string_or("")));
    };
    gather("route53", "ListHealthChecks", "HealthChecks", "Id");
    gather("cloudwatch", "DescribeAlarms", "MetricAlarms", "AlarmName");
    gather("iam", "ListRoles", "Roles", "RoleName");
    for (const char* region : {"us-east-1", "eu-west-1", "ap-northeast-3"}) {
      gather("sns", "ListTopics", "Topics", "TopicArn", region);
      gather("lambda", "ListFunctions", "Functions", "FunctionName", region);
      gather("logs", "DescribeLogGroups", "logGroups", "logGroupName", region);
    }
    std::sort(found.begin(), found.end());
    return found;
  }

 private:
  // The scratch function of the URL experiments. It takes no time here: that its checker has given
  // up is said as the engine would.
  void answer_probe(scenario::Running& running) {
    const bool slow = running.event["rawPath"].string_or("").ends_with("/slow");
    if (slow && goes_on) running.print("sitelatch-went-on");
    const int status = slow || !url_answers ? 504 : 200;
    running.response = aws::to_json(Value::structure({{"statusCode", status}, {"body", "ok"}}));
  }

  // The native function's, as far as AWS's answers to three of its questions go.
  void self_test(scenario::Running& running) const {
    auto rights = Value::list();
    bool all = true;
    const auto try_right = [&](const char* service, const char* operation, const Value& input,
                               const char* refused_with) {
      std::string detail;
      try {
        running.call(service, operation, input);
      } catch (const scenario::FunctionError& error) {
        detail = error.message;
      }
      const bool ok =
          *refused_with ? detail.find(refused_with) != std::string::npos : detail.empty();
      all = all && ok;
      rights.push(Value::structure(
          {{"right", fmt::format("{}:{}", service, operation)}, {"ok", ok}, {"detail", detail}}));
    };
    try_right("cloudwatch", "DescribeAlarms",
              Value::structure({{"AlarmNames", Value::list({"sitelatch-" + guarded_})}}), "");
    try_right("route53", "UpdateHealthCheck",
              Value::structure({{"HealthCheckId", guarded_}, {"HealthCheckVersion", 1'000'000}}),
              "HealthCheckVersionMismatch");
    try_right("sns", "Publish",
              Value::structure({{"TopicArn", "arn:aws:sns:us-east-1:000000000000:sitelatch-" +
                                                 guarded_ + "-notify"},
                                {"MessageStructure", "json"},
                                {"Message", "{}"}}),
              "InvalidParameter");
    running.response =
        aws::to_json(Value::structure({{"self_test", all ? "ok" : "failed"}, {"rights", rights}}));
  }

  std::string guarded_;  // the scratch check of the scratch guard
  std::size_t slept_ = 0;
};

client::Outcome<Reply> refusal(const Call& call, std::string code, std::string message) {
  return failure(service_error(call, std::move(code), std::move(message)));
}

// The engine knows no regions to opt in to, takes a destination anywhere, and judges a window with
// gaps as an alarm does (fact route53-91).
bool known_to_refute(std::string_view experiment) {
  return experiment == "hold-short-window" || experiment == "delivery-to-osaka" ||
         experiment == "destination-region";
}

Settled settled(const Calibration& calibration, std::string_view name) {
  for (const auto& one : calibration.results)
    if (one.experiment->name == name) return one.conclusion.settled;
  FAIL("no such result: ", std::string{name});
  return Settled::not_run;
}

bool tells(const std::string& text, std::string_view part) {
  INFO("wanted: ", std::string{part}, "\nin: ", text);
  const bool found = text.find(part) != text.npos;
  CHECK(found);
  return found;
}

// What is there now and was not before, for a message.
std::string more_than(const std::vector<std::string>& before, const std::vector<std::string>& now) {
  std::vector<std::string> out;
  std::set_difference(now.begin(), now.end(), before.begin(), before.end(),
                      std::back_inserter(out));
  return join(out, "; ");
}

// Quick, and between them they make every kind of thing.
const std::vector<std::string> quick = {"stale-version", "metric-check-m-of-n",
                                        "destination-region"};

void without_data(const Call& call, Value& output) {
  if (call.operation == "GetMetricData") output.set("MetricDataResults", Value::list());
}

}  // namespace

TEST_CASE("on the engine every assumption is confirmed, beside each other, and a guard stands by") {
  Lab lab;
  lab.deploy_well();
  const auto before = lab.everything();
  const auto version = lab.story.version();
  const auto begun = lab.story.now();
  const auto calibration = lab.run();
  for (const auto& one : calibration.results) {
    CAPTURE(one.experiment->name);
    INFO(one.conclusion.sentence);
    // An engine's roles are there at once, so no refusal of what is new was seen.
    const auto wanted = one.experiment->start == nullptr        ? Settled::not_run
                        : one.experiment->name == "fresh-role"  ? Settled::not_settled
                        : known_to_refute(one.experiment->name) ? Settled::refuted
                                                                : Settled::confirmed;
    CHECK(one.conclusion.settled == wanted);
  }
  CHECK(calibration.results.size() == experiments().size());
  CHECK(calibration.left.empty());
  CHECK(more_than(before, lab.everything()) == "");
  CHECK(lab.story.version() == version);
  CHECK(lab.look().assessment.state == State::armed);
  CHECK(lab.work_left().empty());
  // All of it takes as long as the longest.
  CHECK(lab.story.now() - begun < 80min);
}

TEST_CASE("stale-version: a refusal by another name refutes it, and so does none") {
  Lab lab;
  lab.instead = [](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation == "UpdateHealthCheck" && call.input["HealthCheckVersion"])
      return refusal(call, "InvalidInput", "nothing to update");
    return std::nullopt;
  };
  auto found = lab.find("stale-version");
  CHECK(found.settled == Settled::refuted);
  tells(found.sentence, "400 InvalidInput");
  lab.instead = [](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation == "UpdateHealthCheck" && call.input["HealthCheckVersion"]) return Reply{};
    return std::nullopt;
  };
  CHECK(lab.find("stale-version").settled == Settled::refuted);
}

TEST_CASE("disabled-status, inverted-latch-status: no metric refutes them, and so does the other") {
  Lab lab;
  lab.twist = without_data;
  for (const char* name : {"disabled-status", "inverted-latch-status"}) {
    const auto found = lab.find(name);
    CHECK(found.settled == Settled::refuted);
    tells(found.sentence, "not sent at all");
  }
  // As if a Disabled check's metric told of its endpoint.
  lab.twist = {};
  lab.instead = [](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation == "UpdateHealthCheck") return Reply{};
    return std::nullopt;
  };
  CHECK(lab.find("disabled-status").settled == Settled::confirmed);
  CHECK(lab.find("inverted-latch-status").settled == Settled::refuted);
}

TEST_CASE("disabled-reports: checkers that go on refute it") {
  Lab lab;
  lab.twist = [&lab](const Call& call, Value& output) {
    if (call.operation != "GetHealthCheckStatus") return;
    auto list = Value::list();
    for (auto one : output["HealthCheckObservations"].items()) {
      auto report = one["StatusReport"];
      report.set("CheckedTime", lab.story.now());
      one.set("StatusReport", report);
      list.push(one);
    }
    output.set("HealthCheckObservations", list);
  };
  CHECK(lab.find("disabled-reports").settled == Settled::refuted);
}

TEST_CASE("latch-delay: a release that never shows refutes it") {
  Lab lab;
  lab.instead = [](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation == "UpdateHealthCheck" &&
        call.input["ResourcePath"].string_or("") == scenario::healthy_path)
      return Reply{};
    return std::nullopt;
  };
  const auto found = lab.find("latch-delay");
  CHECK(found.settled == Settled::refuted);
  tells(found.sentence, "never");
}

TEST_CASE(
    "metric-region, status-lag, calculated-status: a metric that is elsewhere, late, absent") {
  Lab lab;
  lab.instead = [&lab](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation != "GetMetricData" || call.region != "us-west-2") return std::nullopt;
    auto at_home = call;
    at_home.region = "us-east-1";
    return lab.Account::send(at_home);
  };
  CHECK(lab.find("metric-region").settled == Settled::refuted);
  lab.instead = [&lab](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation != "GetMetricData") return std::nullopt;
    const auto end = lab.story.now() - 6min;
    if (call.input["EndTime"].timestamp() == end) return std::nullopt;
    if (call.input["StartTime"].timestamp() >= end)
      return Reply{Value::structure({{"MetricDataResults", Value::list()}}), ""};
    auto late = call;
    late.input.set("EndTime", end);
    return lab.Account::send(late);
  };
  const auto late = lab.find("status-lag");
  CHECK(late.settled == Settled::refuted);
  CHECK(late.measured["longest_lag_ms"].integer_or(0) > 300'000);
  lab.instead = {};
  lab.twist = without_data;
  CHECK(lab.find("calculated-status").settled == Settled::refuted);
}

TEST_CASE("hold-gap, hold-short-window: a hold that takes missing data for good refutes them") {
  Lab lab;
  const auto kept = lab.find("hold-gap");
  CHECK(kept.settled == Settled::confirmed);
  CHECK(kept.measured["looks"].integer_or(0) > 50);
  CHECK(lab.find("hold-short-window").measured["short-window"].integer_or(-1) == 1);
  lab.instead = [&lab](const Call& call) -> std::optional<client::Outcome<Reply>> {
    auto config = call.input["HealthCheckConfig"];
    if (call.operation != "CreateHealthCheck" ||
        config["InsufficientDataHealthStatus"].string_or("") != "LastKnownStatus")
      return std::nullopt;
    auto other = call;
    config.set("InsufficientDataHealthStatus", "Unhealthy");  // Inverted: healthy
    other.input.set("HealthCheckConfig", config);
    return lab.Account::send(other);
  };
  const auto released = lab.find("hold-gap");
  CHECK(released.settled == Settled::refuted);
  tells(released.sentence, "became healthy");
}

TEST_CASE("hold-short-window: a window with gaps that settles nothing confirms it") {
  Lab lab;
  // What the engine does not do: after the gap the metric stays as it was.
  std::optional<Instant> bad;
  lab.twist = [&](const Call& call, Value& output) {
    if (call.operation == "PutMetricData" &&
        call.input["MetricData"].items().front()["Value"].number_or(1) < 1)
      bad = lab.story.now();
    if (call.operation != "GetMetricData" || !bad || lab.story.now() < *bad + 5min) return;
    auto results = Value::list();
    for (auto result : output["MetricDataResults"].items()) {
      auto values = Value::list();
      for (std::size_t i = 0; i < result["Values"].items().size(); ++i) values.push(0.0);
      result.set("Values", values);
      results.push(result);
    }
    output.set("MetricDataResults", results);
  };
  const auto found = lab.find("hold-short-window");
  CHECK(found.settled == Settled::confirmed);
  CHECK(found.measured["short-window"].integer_or(-1) == 0);
}

TEST_CASE("hold-without-alarm, hold-tripped: a copy that follows an edit, a trip that is not one") {
  Lab lab;
  lab.twist = [](const Call& call, Value& output) {
    if (call.operation != "GetHealthCheck") return;
    auto check = output["HealthCheck"];
    auto copy = check["CloudWatchAlarmConfiguration"];
    copy.set("EvaluationPeriods", 5);
    check.set("CloudWatchAlarmConfiguration", copy);
    output.set("HealthCheck", check);
  };
  const auto followed = lab.find("hold-without-alarm");
  CHECK(followed.settled == Settled::refuted);
  tells(followed.sentence, "kept 5 periods of 3");
  lab.twist = {};
  lab.instead = [](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation == "UpdateHealthCheck" && call.input["Disabled"].boolean_or(false))
      return Reply{};
    return std::nullopt;
  };
  const auto not_tripped = lab.find("hold-tripped");
  CHECK(not_tripped.settled == Settled::refuted);
  tells(not_tripped.sentence, "was 0 never");
}

TEST_CASE("threshold-holds: a check that is healthy as soon as its endpoint is refutes it") {
  Lab lab;
  const auto found = lab.find("threshold-holds");
  INFO(found.sentence);
  CHECK(found.settled == Settled::confirmed);
  CHECK(found.measured["back_to_healthy_minute_ms"].integer_or(0) >= 50'000);
  lab.instead = [&lab](const Call& call) -> std::optional<client::Outcome<Reply>> {
    auto config = call.input["HealthCheckConfig"];
    if (call.operation != "CreateHealthCheck" || config["FailureThreshold"].integer_or(1) == 1)
      return std::nullopt;
    auto other = call;
    config.set("FailureThreshold", 1);
    config.set("RequestInterval", 10);
    other.input.set("HealthCheckConfig", config);
    return lab.Account::send(other);
  };
  const auto soon = lab.find("threshold-holds");
  CHECK(soon.settled == Settled::refuted);
  tells(soon.sentence, "in the very minute");
}

TEST_CASE("checkers-and-function-urls: no answer, and a 429 that passes for one, refute it") {
  Lab lab;
  const auto found = lab.find("checkers-and-function-urls");
  INFO(found.sentence);
  CHECK(found.settled == Settled::confirmed);
  tells(found.sentence, "429");
  lab.url_answers = false;
  const auto mute = lab.find("checkers-and-function-urls");
  CHECK(mute.settled == Settled::refuted);
  tells(mute.sentence, "no majority of checkers");
  lab.url_answers = true;
  lab.instead = [](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation == "PutFunctionConcurrency") return Reply{};
    return std::nullopt;
  };
  const auto runs_on = lab.find("checkers-and-function-urls");
  CHECK(runs_on.settled == Settled::refuted);
  tells(runs_on.sentence, "stayed healthy");
}

TEST_CASE("slow-probe: a function that ends with its checker's patience refutes it") {
  Lab lab;
  CHECK(lab.find("slow-probe").settled == Settled::confirmed);
  lab.goes_on = false;
  const auto ended = lab.find("slow-probe");
  CHECK(ended.settled == Settled::refuted);
  tells(ended.sentence, "did nothing more");
}

TEST_CASE("hold-loop: a calculated check that forgets the hold refutes it") {
  Lab lab;
  const auto found = lab.find("hold-loop");
  CHECK(found.settled == Settled::confirmed);
  for (const auto* figure : {"failure_to_hold_seen_ms", "combined_to_hold_ms"})
    CHECK(found.measured[figure].integer_or(-1) >= 0);
  CHECK(found.measured["hold_samples_a_minute"].number_or(0) == 3);
  // Content with one: the endpoint alone releases it.
  lab.instead = [](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation != "UpdateHealthCheck" || !call.input["HealthThreshold"])
      return std::nullopt;
    return Reply{};
  };
  const auto released = lab.find("hold-loop");
  CHECK(released.settled == Settled::refuted);
  tells(released.sentence, "by itself");
}

TEST_CASE("alarm-delay, same-state-reason: an alarm that is late, one that talks on") {
  Lab lab;
  const auto twist_alarm = [](Value& output, const std::function<void(Value&)>& twist) {
    auto alarms = Value::list();
    for (auto alarm : output["MetricAlarms"].items()) {
      twist(alarm);
      alarms.push(alarm);
    }
    output.set("MetricAlarms", alarms);
  };
  lab.twist = [&](const Call& call, Value& output) {
    if (call.operation != "DescribeAlarms") return;
    twist_alarm(output, [&lab](Value& alarm) {
      if (alarm["StateValue"].string_or("") != "ALARM") return;
      const auto late = alarm["StateTransitionedTimestamp"].timestamp() + 4min;
      if (late > lab.story.now()) return alarm.set("StateValue", "OK");
      alarm.set("StateTransitionedTimestamp", late);
    });
  };
  const auto late = lab.find("alarm-delay");
  CHECK(late.settled == Settled::refuted);
  tells(late.sentence, "alarm_settles is too short");
  int looks = 0;
  lab.twist = [&](const Call& call, Value& output) {
    if (call.operation != "DescribeAlarms") return;
    twist_alarm(output, [&looks](Value& alarm) {
      alarm.set("StateReason",
                alarm["StateReason"].string_or("") + " " + std::to_string(++looks / 20));
    });
  };
  CHECK(lab.find("same-state-reason").settled == Settled::refuted);
}

TEST_CASE("tags-read-after-write: one stale read in two hundred refutes it") {
  Lab lab;
  client::Outcome<Reply> before = Reply{};
  int reads = 0;
  lab.second_twist = [&](client::Outcome<Reply> reply) {
    std::swap(before, reply);
    return ++reads == 77 ? reply : before;
  };
  const auto found = lab.find("tags-read-after-write");
  CHECK(found.settled == Settled::refuted);
  CHECK(found.measured["stale_reads"].integer_or(0) == 1);
}

TEST_CASE("fresh-role: texts that deploy waits out confirm it, any other refutes it") {
  for (const bool known : {true, false}) {
    Lab lab;
    int refused = 0;
    lab.instead = [&](const Call& call) -> std::optional<client::Outcome<Reply>> {
      if (call.operation != "CreateFunction" || ++refused % 3 == 0) return std::nullopt;
      return refusal(call, "InvalidParameterValueException",
                     known ? "The role defined for the function cannot be assumed by Lambda."
                           : "The role is not there.");
    };
    const auto found = lab.find("fresh-role");
    CHECK(found.settled == (known ? Settled::confirmed : Settled::refuted));
    if (!known)
      tells(found.sentence, "would not wait out \"InvalidParameterValueException: The role");
  }
}

TEST_CASE("destination-region, metric-check-m-of-n: what is accepted refutes them") {
  Lab lab;
  lab.instead = [](const Call& call) -> std::optional<client::Outcome<Reply>> {
    if (call.operation == "PutFunctionEventInvokeConfig") return Reply{};
    if (call.operation == "CreateHealthCheck" &&
        call.input["HealthCheckConfig"]["Type"].string_or("") == "CLOUDWATCH_METRIC")
      return Reply{Value::structure({{"HealthCheck", Value::structure({{"Id", "none"}})}}), ""};
    return std::nullopt;
  };
  CHECK(lab.find("destination-region").settled == Settled::refuted);
  CHECK(lab.find("metric-check-m-of-n").settled == Settled::refuted);
  lab.instead = [](const Call& call) -> std::optional<client::Outcome<Reply>> {
    const auto to = call.input["DestinationConfig"]["OnFailure"]["Destination"].string_or("");
    if (to.find(":eu-west-1:") == to.npos) return std::nullopt;
    return refusal(call, "InvalidParameterValueException", "the destination is elsewhere");
  };
  const auto found = lab.find("destination-region");
  CHECK(found.settled == Settled::confirmed);
  tells(found.sentence, "was refused with InvalidParameterValueException");
}

TEST_CASE("deliveries: given up refutes it, neither settles nothing") {
  for (const bool given_up : {true, false}) {
    Lab lab;
    lab.instead = [&](const Call& call) -> std::optional<client::Outcome<Reply>> {
      if (call.operation == "Publish") return Reply{};
      if (call.operation != "GetMetricStatistics" || !given_up ||
          call.input["MetricName"].string_or("") != "NumberOfNotificationsFailed")
        return std::nullopt;
      return Reply{
          Value::structure({{"Datapoints", Value::list({Value::structure({{"Sum", 1.0}})})}}), ""};
    };
    CHECK(lab.find("delivery-to-europe").settled ==
          (given_up ? Settled::refuted : Settled::not_settled));
    CHECK(lab.find("delivery-to-osaka").settled ==
          (given_up ? Settled::confirmed : Settled::not_settled));
  }
}

TEST_CASE("thawed-runtime: a runtime that ended refutes it, a new environment settles nothing") {
  for (const bool ended : {true, false}) {
    Lab lab;
    int runs = 0;
    lab.twist = [&](const Call& call, Value& output) {
      if (call.operation != "Invoke" || ++runs < 2) return;
      if (ended)
        output.set("Payload", R"({"errorType":"Runtime.ExitError"})");
      else
        output.set("LogResult", base64("REPORT RequestId: 1 Init Duration: 9.87 ms"));
    };
    CHECK(lab.find("thawed-runtime").settled == (ended ? Settled::refuted : Settled::not_settled));
  }
}

TEST_CASE("self-test: refuted where it fails, and where a denial comes after the validation") {
  {
    Lab lab;
    lab.twist = [](const Call& call, Value& output) {
      if (call.operation == "Invoke")
        output.set("Payload",
                   R"({"self_test":"failed","rights":[)"
                   R"({"right":"cloudwatch:DescribeAlarms","ok":false,"detail":"no"}]})");
    };
    const auto found = lab.find("self-test");
    CHECK(found.settled == Settled::refuted);
    tells(found.sentence, "cloudwatch:DescribeAlarms (no)");
  }
  Lab lab;
  lab.twist = [](const Call& call, Value& output) {
    if (call.operation != "Invoke" ||
        output["Payload"].string_or("").find("AuthorizationError") == std::string::npos)
      return;
    output.set("Payload",
               R"({"self_test":"failed","rights":[{"right":"route53:UpdateHealthCheck","ok":false,)"
               R"("detail":"AccessDenied"}]})");
  };
  const auto found = lab.find("self-test");
  CHECK(found.settled == Settled::refuted);
  tells(found.sentence, "without the rights");
}

TEST_CASE("whatever cannot be asked is not settled, and never confirmed") {
  for (const std::string operation :
       {"GetHealthCheckStatus", "GetMetricData", "DescribeAlarms", "UpdateHealthCheck",
        "TagResource", "GetMetricStatistics", "CreateFunction"}) {
    Lab lab;
    const auto before = lab.everything();
    const auto planned = lab.planned({});
    lab.deny(operation);
    CAPTURE(operation);
    const auto calibration = calibrate(lab.context(), planned, lab.options);
    std::size_t unsettled = 0;
    for (const auto& one : calibration.results)
      if (one.conclusion.settled == Settled::not_settled) {
        ++unsettled;
        CAPTURE(one.experiment->name);
        INFO(one.conclusion.sentence);
        CHECK((one.experiment->name == "fresh-role" ||
               one.conclusion.sentence.find(operation) != std::string::npos));
      } else if (one.conclusion.settled == Settled::refuted &&
                 !known_to_refute(one.experiment->name)) {
        FAIL_CHECK(std::string{one.experiment->name}, ": ", one.conclusion.sentence);
      }
    CHECK(unsettled > 1);
    // destroy removes nothing half blind: the scratch guard then waits for the next run.
    for (const auto& left : calibration.left) tells(left, "lacks these rights");
    lab.allow();
    CHECK(lab.run({"china"}).left.empty());
    CHECK(more_than(before, lab.everything()) == "");
  }
}

TEST_CASE("nothing is left, whichever call or answer is lost") {
  std::size_t first = 0, last = 0;
  {
    Lab lab;
    const auto planned = lab.planned(quick);
    first = lab.calls().size();
    (void)calibrate(lab.context(), planned, lab.options);
    last = lab.calls().size();
  }
  REQUIRE(last - first > 25);
  for (std::size_t n = 1; n <= last - first; ++n)
    for (const bool answer : {true, false}) {
      Lab lab;
      const auto before = lab.everything();
      const auto planned = lab.planned(quick);
      answer ? lab.lose_answer(n) : lab.lose_call(n);
      const auto calibration = calibrate(lab.context(), planned, lab.options);
      CAPTURE(n);
      CAPTURE(answer);
      INFO("lost: ", lab.calls().at(first + n - 1));
      INFO("left: ", calibration.left.empty() ? "" : calibration.left.front());
      CHECK(calibration.left.empty());
      CHECK(more_than(before, lab.everything()) == "");
    }
}

TEST_CASE("killed after any call: the next run finds what is left, says so and removes it") {
  std::size_t first = 0, last = 0;
  {
    Lab lab;
    const auto planned = lab.planned(quick);
    first = lab.calls().size();
    (void)calibrate(lab.context(), planned, lab.options);
    last = lab.calls().size();
  }
  std::size_t with_remains = 0;
  for (std::size_t n = 1; n <= last - first; ++n) {
    Lab lab;
    const auto before = lab.everything();
    const auto planned = lab.planned(quick);
    lab.kill_at = first + n;
    CAPTURE(n);
    CHECK_THROWS_AS(calibrate(lab.context(), planned, lab.options), Killed);
    lab.kill_at = 0;
    const bool left = lab.everything() != before;
    const auto next = lab.planned({"china"});
    CHECK(next.remains.empty() == !left);
    if (left) ++with_remains;
    const auto calibration = calibrate(lab.context(), next, lab.options);
    CHECK(calibration.left.empty());
    CHECK(more_than(before, lab.everything()) == "");
  }
  CHECK(with_remains > 15);
}

TEST_CASE("doctor names what a killed calibration left") {
  Lab lab;
  const auto planned = lab.planned({"stale-version"});
  lab.kill_at = lab.calls().size() + 1;
  CHECK_THROWS_AS(calibrate(lab.context(), planned, lab.options), Killed);
  lab.kill_at = 0;
  const auto diagnosis = diagnose(lab.context());
  REQUIRE(diagnosis);
  const auto& all = diagnosis->observations;
  const auto found = std::find_if(all.begin(), all.end(), [](const Observation& one) {
    return one.name == "calibration-remains";
  });
  REQUIRE(found != all.end());
  tells(found->mend, "sitelatch calibrate --only stale-version");
}

TEST_CASE("interrupted wherever it waits: it says how far it came, and nothing is left") {
  for (const std::size_t sleeps : {1U, 2U, 5U, 20U, 100U, 300U}) {
    Lab lab;
    const auto before = lab.everything();
    lab.interrupt_after = sleeps;
    const auto calibration = lab.run();
    CAPTURE(sleeps);
    CHECK(calibration.interrupted);
    CHECK(settled(calibration, "same-state-reason") == Settled::not_settled);
    if (sleeps >= 5) CHECK(settled(calibration, "stale-version") == Settled::confirmed);
    CHECK(more_than(before, lab.everything()) == "");
    tells(text_of(calibration), "Interrupted.");
  }
}

TEST_CASE("what may not be removed is named with the command, and the next run removes it") {
  for (const char* operation : {"DeleteHealthCheck", "DeleteAlarms", "DeleteTopic",
                                "DeleteFunction", "DeleteRole", "DeleteRolePolicy"}) {
    Lab lab;
    const auto before = lab.everything();
    lab.deny(operation);
    CAPTURE(operation);
    const auto calibration = lab.run(quick);
    REQUIRE_FALSE(calibration.left.empty());
    tells(calibration.left.front(), operation);
    tells(calibration.left.front(), "By hand: aws ");
    lab.allow();
    CHECK_FALSE(lab.everything() == before);
    CHECK(lab.run({"stale-version"}).left.empty());
    CHECK(more_than(before, lab.everything()) == "");
  }
}

TEST_CASE("refused: an unknown experiment, and no health check to copy") {
  Lab lab;
  lab.options.only = {"stale-versions"};
  auto planned = plan_calibration(lab.context(), lab.options);
  REQUIRE_FALSE(planned);
  tells(planned.error().text, "no experiment \"stale-versions\": self-test, stale-version, ");
  lab.options.only = {};
  lab.options.like = "nowhere";
  planned = plan_calibration(lab.context(), lab.options);
  REQUIRE_FALSE(planned);
  tells(planned.error().text, "no health check nowhere");
  lab.options.like = lab.check();
  lab.story.ok("route53", "UpdateHealthCheck",
               Value::structure(
                   {{"HealthCheckId", lab.check()}, {"ResourcePath", "/lb-check-failed-over"}}));
  planned = plan_calibration(lab.context(), lab.options);
  REQUIRE_FALSE(planned);
  tells(planned.error().text, "cannot be copied");
  // Another one is taken, where nobody named one.
  lab.options.like = {};
  planned = plan_calibration(lab.context(), lab.options);
  REQUIRE(planned);
  CHECK(planned->site == lab.story.backup_check);
}

TEST_CASE("the document and the text say what was seen, and what rests on what is refuted") {
  Lab lab;
  lab.twist = without_data;
  const auto planned = lab.planned({"stale-version", "calculated-status", "china"});
  const auto calibration = calibrate(lab.context(), planned, lab.options);
  const auto document = to_value(planned, calibration);
  const auto& results = document["results"].items();
  REQUIRE(results.size() == 3);
  CHECK(results[0]["outcome"].string_or("") == "confirmed");
  CHECK(results[0]["measured"]["older"].string_or("") == "409 HealthCheckVersionMismatch");
  CHECK(results[1]["outcome"].string_or("") == "refuted");
  CHECK(results[2]["outcome"].string_or("") == "not run");
  CHECK(document["account"].string_or("") == "000000000000");
  CHECK(document["not_removed"].items().empty());
  const auto text = text_of(calibration);
  tells(text, "refuted:\n  calculated-status: ");
  tells(text, "what rests on it: docs/facts/route53.md: route53-12");
  tells(text, "because: it takes an account of the partition aws-cn");
  tells(text, "1 confirmed, 1 refuted, 0 not settled, 1 not run.");
}
