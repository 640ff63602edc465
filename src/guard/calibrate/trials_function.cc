// SPDX-License-Identifier: Apache-2.0
// Topics, and functions with a role that has just been made.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "guard/apply/hardened_deploy.h"
#include "guard/apply/propagation.h"
#include "guard/calibrate/figures.h"
#include "guard/calibrate/trials.h"

namespace sitelatch::guard::trials {
namespace {

using aws::Value;
using namespace std::chrono_literals;

class TagsReadAfterWrite final : public Trial {
 public:
  explicit TagsReadAfterWrite(Bench& bench) : bench_(bench) {}
  static constexpr int samples = 200, a_look = 5;

  std::vector<Stage> stages() override {
    return {{"a scratch topic",
             [this]() -> Step {
               auto made = bench_.make_topic("tags", bench_.home());
               if (!made) return failure(made.error());
               topic_ = *made;
               return Done{};
             },
             {}},
            {fmt::format("{} tags have been written and read", samples),
             {},
             [this]() -> Result<bool, Error> {
               for (int i = 0; i < a_look && written_ < samples; ++i)
                 if (const auto one = write_and_read(); !one) return failure(one.error());
               return written_ >= samples;
             },
             20min,
             1s}};
  }
  Conclusion judge() override {
    return {stale_ == 0 ? Settled::confirmed : Settled::refuted,
            fmt::format("{} of {} reads by another client right after the write were of before",
                        stale_, written_),
            Value::structure({{"writes", written_}, {"stale_reads", stale_}})};
  }

 private:
  Step write_and_read() {
    const auto wanted = std::to_string(written_ + 1);
    const auto tag = Value::structure({{"Key", std::string{tag::latched}}, {"Value", wanted}});
    const auto tagged =
        bench_.ask({"sns", "TagResource", bench_.home(), "tag the scratch topic"},
                   Value::structure({{"ResourceArn", topic_}, {"Tags", Value::list({tag})}}));
    if (!tagged) return failure(tagged.error());
    ++written_;
    const auto read = bench_.another().call(
        "sns", "ListTagsForResource", Value::structure({{"ResourceArn", topic_}}), bench_.home());
    if (!read) return failure(error_of(read.error(), "read the tags of the scratch topic"));
    std::string found;
    for (const auto& one : (*read)["Tags"].items())
      if (one["Key"].string_or("") == tag::latched) found = one["Value"].string_or("");
    if (found != wanted) ++stale_;
    return Done{};
  }

  Bench& bench_;
  std::string topic_;
  int written_ = 0, stale_ = 0;
};

// A role, a function of it, and its on-failure destination, each asked for as soon as the one
// before is there.
class OnFunction : public Trial {
 public:
  OnFunction(Bench& bench, std::string region) : bench_(bench), region_(std::move(region)) {}

 protected:
  Stage topic_first(std::string what, std::string region, std::string& arn) {
    return {"a scratch topic",
            [this, what = std::move(what), region = std::move(region), &arn]() -> Step {
              auto made = bench_.make_topic(what, region);
              if (!made) return failure(made.error());
              arn = *made;
              return Done{};
            },
            {}};
  }
  Stage role_and_function(const std::string& what, const std::vector<const std::string*>& topics) {
    return {"Lambda takes the new role",
            [this, what, topics]() -> Step {
              std::vector<std::string> arns;
              for (const auto* topic : topics) arns.push_back(*topic);
              auto made = bench_.make_role(what, arns);
              if (!made) return failure(made.error());
              role_ = *made;
              function_ = bench_.name(what);
              function_delay_.begin(bench_.now());
              return Done{};
            },
            [this, what]() -> Result<bool, Error> {
              const auto made = bench_.try_to_make_function(what, role_, region_, program_);
              const bool there = made || made.error().is("ResourceConflictException");
              if (there) function_delay_.end(bench_.now());
              if (there) return true;
              return refused(made.error(), role_not_there_yet, "make a scratch function");
            },
            3min, 1s};
  }
  Stage function_active() {
    return {"the scratch function is Active",
            {},
            [this]() -> Result<bool, Error> {
              const auto now = bench_.ask(
                  {"lambda", "GetFunctionConfiguration", region_, "read the scratch function"},
                  Value::structure({{"FunctionName", function_}}));
              if (!now) return failure(now.error());
              return (*now)["State"].string_or("Active") == "Active" &&
                     (*now)["LastUpdateStatus"].string_or("Successful") == "Successful";
            },
            3min,
            1s};
  }
  client::Outcome<Value> put_destination(const std::string& topic) {
    const auto to = Value::structure({{"OnFailure", Value::structure({{"Destination", topic}})}});
    return bench_.aws().call(
        "lambda", "PutFunctionEventInvokeConfig",
        Value::structure({{"FunctionName", function_}, {"DestinationConfig", to}}), region_);
  }
  Stage destination(const std::string& topic) {
    return {"Lambda takes the destination",
            [this]() -> Step {
              destination_delay_.begin(bench_.now());
              return Done{};
            },
            [this, &topic]() -> Result<bool, Error> {
              const auto put = put_destination(topic);
              if (put) destination_delay_.end(bench_.now());
              if (put) return true;
              return refused(put.error(), destination_not_there_yet, "set its destination");
            },
            3min, 1s};
  }
  // False: it is a refusal of what is new, noted with whether deploy would wait it out.
  Result<bool, Error> refused(const client::Error& error, bool (*passes)(const client::Error&),
                              std::string_view doing) {
    if (error.cause != client::Cause::service || client::is_denied(error))
      return failure(error_of(error, doing));
    refusals_.insert(error.code + ": " + error.message);
    if (!passes(error) && !error.is("ResourceConflictException"))
      unexpected_ = error.code + ": " + error.message;
    return false;
  }

  Bench& bench_;
  const std::string region_;
  Bench::Program program_;
  std::string role_, function_;
  Figures function_delay_, destination_delay_;
  std::set<std::string> refusals_;
  std::string unexpected_;
};

class FreshRole final : public OnFunction {
 public:
  explicit FreshRole(Bench& bench) : OnFunction(bench, bench.home()) {}
  static constexpr int rounds = 5;

  std::vector<Stage> stages() override {
    std::vector<Stage> out = {topic_first("fresh", bench_.home(), topic_)};
    for (int round = 1; round <= rounds; ++round) {
      out.push_back(role_and_function(fmt::format("fresh-{}", round), {&topic_}));
      out.push_back(function_active());
      out.push_back(destination(topic_));
    }
    return out;
  }
  Conclusion judge() override {
    auto texts = Value::list();
    for (const auto& text : refusals_) texts.push(text);
    auto measured = Value::structure({{"function_ms", function_delay_.to_value()},
                                      {"destination_ms", destination_delay_.to_value()},
                                      {"refusals", texts}});
    if (!unexpected_.empty())
      return {Settled::refuted, "deploy would not wait out \"" + unexpected_ + "\"", measured};
    if (refusals_.empty())
      return {Settled::not_settled,
              fmt::format("in {} deploys nothing new was refused, so no text was seen", rounds),
              measured};
    return {
        Settled::confirmed,
        fmt::format("function after {}, destination after {}; {} text(s), each of which deploy "
                    "waits out",
                    function_delay_.in_words(), destination_delay_.in_words(), refusals_.size()),
        measured};
  }

 private:
  std::string topic_;
};

class DestinationRegion final : public OnFunction {
 public:
  explicit DestinationRegion(Bench& bench) : OnFunction(bench, bench.home()) {}

  std::vector<Stage> stages() override {
    return {topic_first("near", bench_.home(), near_),
            topic_first("far", elsewhere, far_),
            role_and_function("destination", {&near_, &far_}),
            function_active(),
            destination(near_),
            // Long enough that what is refused then is not refused for being new.
            {"two minutes are over",
             {},
             [this]() -> Result<bool, Error> {
               const auto put = put_destination(far_);
               if (!put &&
                   (put.error().cause != client::Cause::service || client::is_denied(put.error())))
                 return failure(error_of(put.error(), "set a destination in another region"));
               accepted_ = put.has_value();
               said_ = put ? "" : put.error().code + ": " + put.error().message;
               return accepted_;
             },
             2min,
             10s,
             true}};
  }
  Conclusion judge() override {
    return {accepted_ ? Settled::refuted : Settled::confirmed,
            accepted_ ? "a destination in " + elsewhere + " was accepted"
                      : "a destination in " + elsewhere + " was refused with " + said_,
            Value::structure({{"accepted", accepted_}})};
  }

 private:
  static inline const std::string elsewhere = "eu-west-1";
  std::string near_, far_, said_;
  bool accepted_ = false;
};

// A topic in the control region, a function elsewhere.
class Delivery final : public OnFunction {
 public:
  Delivery(Bench& bench, std::string region, bool expected)
      : OnFunction(bench, std::move(region)), what_("to-" + region_), expected_(expected) {}

  std::vector<Stage> stages() override {
    return {topic_first(what_, bench_.home(), topic_),
            role_and_function(what_, {&topic_}),
            function_active(),
            {"the function has been run", [this]() -> Step { return subscribe_and_publish(); },
             [this]() -> Result<bool, Error> { return look(); }, 15min, 15s, true}};
  }
  Conclusion judge() override {
    auto measured = Value::structure({{"invocations", invocations_}, {"failed", failed_}});
    const auto as_expected = [this](bool delivered) {
      return delivered == expected_ ? Settled::confirmed : Settled::refuted;
    };
    if (invocations_ > 0)
      return {as_expected(true), "a message from " + bench_.home() + " ran it", measured};
    if (failed_ > 0) return {as_expected(false), "SNS gave the message up", measured};
    return {Settled::not_settled, "within a quarter of an hour neither came", measured};
  }

 private:
  Step subscribe_and_publish() {
    const auto arn = fmt::format("arn:{}:lambda:{}:{}:function:{}", bench_.plan().caller.partition,
                                 region_, bench_.plan().caller.account, function_);
    const auto allowed =
        bench_.ask({"lambda", "AddPermission", region_, "let SNS run the scratch function"},
                   Value::structure({{"FunctionName", function_},
                                     {"StatementId", "sns"},
                                     {"Action", "lambda:InvokeFunction"},
                                     {"Principal", "sns.amazonaws.com"},
                                     {"SourceArn", topic_}}));
    if (!allowed) return failure(allowed.error());
    const auto subscribed = bench_.ask(
        {"sns", "Subscribe", bench_.home(), "subscribe the scratch function"},
        Value::structure({{"TopicArn", topic_}, {"Protocol", "lambda"}, {"Endpoint", arn}}));
    if (!subscribed) return failure(subscribed.error());
    const auto sent = bench_.ask({"sns", "Publish", bench_.home(), "publish to the scratch topic"},
                                 Value::structure({{"TopicArn", topic_}, {"Message", "{}"}}));
    if (!sent) return failure(sent.error());
    since_ = bench_.now() - 5min;
    return Done{};
  }
  Result<bool, Error> look() {
    const auto ran = sum("AWS/Lambda", "Invocations", "FunctionName", function_, region_);
    if (!ran) return failure(ran.error());
    const auto failed = sum("AWS/SNS", "NumberOfNotificationsFailed", "TopicName",
                            bench_.name(what_) + "-notify", bench_.home());
    if (!failed) return failure(failed.error());
    invocations_ = *ran;
    failed_ = *failed;
    return invocations_ > 0 || failed_ > 0;
  }
  Result<double, Error> sum(std::string_view name_space, std::string_view metric,
                            std::string_view dimension, const std::string& value,
                            const std::string& region) {
    const auto reply =
        bench_.ask({"cloudwatch", "GetMetricStatistics", region, "read a metric"},
                   Value::structure({{"Namespace", name_space},
                                     {"MetricName", metric},
                                     {"Dimensions", Value::list({Value::structure(
                                                        {{"Name", dimension}, {"Value", value}})})},
                                     {"StartTime", since_},
                                     {"EndTime", bench_.now() + 1min},
                                     {"Period", 60},
                                     {"Statistics", Value::list({"Sum"})}}));
    if (!reply) return failure(reply.error());
    double total = 0;
    for (const auto& point : (*reply)["Datapoints"].items()) total += point["Sum"].number_or(0);
    return total;
  }

  const std::string what_;
  const bool expected_;
  std::string topic_;
  Instant since_{};
  double invocations_ = 0, failed_ = 0;
};

// Lambda freezes a function between two events, longer than a clock that runs on would wait for the
// next one. Whether it was the same environment again, and no new one, its log says.
class ThawedRuntime final : public OnFunction {
 public:
  explicit ThawedRuntime(Bench& bench) : OnFunction(bench, bench.home()) {}

  std::vector<Stage> stages() override {
    return {topic_first("thaw", bench_.home(), topic_),
            role_and_function("thaw", {&topic_}),
            function_active(),
            {"a first event", [this] { return invoke(first_); }, {}},
            {"a quarter of an hour is over",
             {},
             []() -> Result<bool, Error> { return false; },
             15min,
             1min,
             true},
            {"a second event", [this] { return invoke(second_); }, {}}};
  }
  Conclusion judge() override {
    auto measured = Value::structure({{"first", first_.answer}, {"second", second_.answer}});
    if (second_.died)
      return {Settled::refuted, "after the pause the runtime ended: " + second_.answer, measured};
    if (second_.cold)
      return {Settled::not_settled,
              "after the pause Lambda began a new environment, so none was thawed", measured};
    return {Settled::confirmed, "after the pause the same environment took the next event",
            measured};
  }

 private:
  struct Run {
    bool cold = false, died = false;
    std::string answer;
  };
  // It is not configured to guard anything, and says so of each event; that is an answer.
  Step invoke(Run& run) {
    const auto reply = bench_.ask(
        {"lambda", "Invoke", region_, "run the scratch function"},
        Value::structure({{"FunctionName", function_}, {"LogType", "Tail"}, {"Payload", "{}"}}));
    if (!reply) return failure(reply.error());
    run.answer = (*reply)["Payload"].string_or("");
    run.died = run.answer.find("\"Runtime.") != std::string::npos;
    const auto log = unbase64((*reply)["LogResult"].string_or("")).value_or("");
    run.cold = log.find("Init Duration") != std::string::npos;
    return Done{};
  }
  std::string topic_;
  Run first_, second_;
};

// What the clock of the form hardened rests on: a function's URL that everybody may ask, and a
// check of it, made as deploy makes them.
class OnUrl : public OnFunction {
 public:
  OnUrl(Bench& bench, std::string what) : OnFunction(bench, bench.home()), what_(std::move(what)) {
    program_ = {R"PY(import time


def handler(event, context):
    if event.get("rawPath", "").endswith("/slow"):
        time.sleep(10)
        print("sitelatch-went-on")
    return {"statusCode": 200, "body": "ok"}
)PY",
                20};
  }

 protected:
  Stage url() {
    return {"its URL is open to everybody",
            [this]() -> Step {
              const auto made = bench_.ask(
                  {"lambda", "CreateFunctionUrlConfig", region_, "make the scratch function's URL"},
                  Value::structure({{"FunctionName", function_}, {"AuthType", "NONE"}}));
              if (!made) return failure(made.error());
              url_ = (*made)["FunctionUrl"].string_or("");
              for (const auto statement : {url_statement, url_invoke_statement}) {
                const auto open = bench_.ask(
                    {"lambda", "AddPermission", region_, "open the scratch function's URL"},
                    permission_of_everybody(function_, statement));
                if (!open) return failure(open.error());
              }
              return Done{};
            },
            {}};
  }
  Step make_clock(const std::string& path) {
    const auto target = clock_target(url_, path);
    if (!target) return failure(error_of(Error::Kind::failed, "this is no URL: " + url_));
    auto made = bench_.make_check(what_, clock_config(*target));
    if (!made) return failure(made.error());
    check_ = *made;
    return Done{};
  }
  // Whether the checkers' last probes say so; what they say is kept.
  Result<bool, Error> found(bool healthy) {
    const auto reports = bench_.checkers(check_);
    if (!reports) return failure(reports.error());
    for (const auto& report : *reports)
      if (!report.status.empty() && report.success == healthy) said_ = report.status;
    return healthy_by(Check{}, *reports) == healthy;
  }

  const std::string what_;
  std::string url_, check_, said_;
};

class UrlClock final : public OnUrl {
 public:
  explicit UrlClock(Bench& bench) : OnUrl(bench, "url") {}

  std::vector<Stage> stages() override {
    return {role_and_function(what_, {}),
            function_active(),
            url(),
            {"the checkers find the URL healthy",
             [this] {
               healthy_.begin(bench_.now());
               return make_clock("/clock");
             },
             [this] { return comes(true, healthy_); }, 10min, 5s, true},
            {"the checkers find it unhealthy when Lambda answers 429",
             [this]() -> Step {
               if (!healthy_.all_came()) return Done{};
               const auto none = bench_.ask(
                   {"lambda", "PutFunctionConcurrency", region_, "take the function's concurrency"},
                   Value::structure(
                       {{"FunctionName", function_}, {"ReservedConcurrentExecutions", 0}}));
               if (!none) return failure(none.error());
               throttled_.begin(bench_.now());
               return Done{};
             },
             [this]() -> Result<bool, Error> {
               if (!healthy_.all_came()) return true;
               return comes(false, throttled_);
             },
             10min, 5s, true}};
  }
  Conclusion judge() override {
    const auto measured = Value::structure({{"made_to_healthy_ms", healthy_.to_value()},
                                            {"throttled_to_unhealthy_ms", throttled_.to_value()},
                                            {"said", said_}});
    if (!healthy_.all_came())
      return {Settled::refuted, "no majority of checkers got an answer of the URL: " + said_,
              measured};
    if (!throttled_.all_came())
      return {Settled::refuted, "the URL stayed healthy while Lambda could not run the function",
              measured};
    return {Settled::confirmed,
            fmt::format("healthy {} after it was made; with no concurrency unhealthy after {} ({})",
                        healthy_.in_words(), throttled_.in_words(), said_),
            measured};
  }

 private:
  Result<bool, Error> comes(bool healthy, Figures& figures) {
    const auto now = found(healthy);
    if (now && *now) figures.end(bench_.now());
    return now;
  }
  Figures healthy_, throttled_;
};

class SlowProbe final : public OnUrl {
 public:
  explicit SlowProbe(Bench& bench) : OnUrl(bench, "slow") {}

  std::vector<Stage> stages() override {
    return {role_and_function(what_, {}),
            function_active(),
            url(),
            {"its log says that it went on",
             [this]() -> Step {
               // Its role may not make one.
               const auto made = bench_.ask({"logs", "CreateLogGroup", region_, "make a log group"},
                                            Value::structure({{"logGroupName", log()}}));
               if (!made) return failure(made.error());
               went_on_.begin(bench_.now());
               return make_clock("/slow");
             },
             [this]() -> Result<bool, Error> {
               const auto seen = found(false);
               if (!seen) return failure(seen.error());
               gave_up_ = gave_up_ || *seen;
               const auto events =
                   bench_.ask({"logs", "FilterLogEvents", region_, "read the function's log"},
                              Value::structure({{"logGroupName", log()},
                                                {"filterPattern", "\"sitelatch-went-on\""}}));
               if (!events) return failure(events.error());
               const bool did = !(*events)["events"].items().empty();
               if (did) went_on_.end(bench_.now());
               return did && gave_up_;
             },
             8min, 10s, true}};
  }
  Conclusion judge() override {
    const auto measured = Value::structure(
        {{"made_to_log_ms", went_on_.to_value()}, {"checkers_gave_up", gave_up_}, {"said", said_}});
    if (!gave_up_)
      return {Settled::not_settled, "the checkers waited for it, so nobody gave up", measured};
    return {went_on_.all_came() ? Settled::confirmed : Settled::refuted,
            went_on_.all_came() ? "it ended what it did after the checkers had given up: " + said_
                                : "after the checkers had given up it did nothing more: " + said_,
            measured};
  }

 private:
  std::string log() const { return "/aws/lambda/" + function_; }
  Figures went_on_;
  bool gave_up_ = false;
};

}  // namespace

std::unique_ptr<Trial> tags_read_after_write(Bench& bench) {
  return std::make_unique<TagsReadAfterWrite>(bench);
}
std::unique_ptr<Trial> fresh_role(Bench& bench) { return std::make_unique<FreshRole>(bench); }
std::unique_ptr<Trial> destination_region(Bench& bench) {
  return std::make_unique<DestinationRegion>(bench);
}
std::unique_ptr<Trial> delivery_to_europe(Bench& bench) {
  return std::make_unique<Delivery>(bench, "eu-west-1", true);
}
std::unique_ptr<Trial> delivery_to_osaka(Bench& bench) {
  return std::make_unique<Delivery>(bench, "ap-northeast-3", false);
}

std::unique_ptr<Trial> thawed_runtime(Bench& bench) {
  return std::make_unique<ThawedRuntime>(bench);
}

std::unique_ptr<Trial> url_clock(Bench& bench) { return std::make_unique<UrlClock>(bench); }
std::unique_ptr<Trial> slow_probe(Bench& bench) { return std::make_unique<SlowProbe>(bench); }

}  // namespace sitelatch::guard::trials
