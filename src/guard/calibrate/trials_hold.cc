// SPDX-License-Identifier: Apache-2.0
// What the form `config` rests on (rules/config_form.h): a CLOUDWATCH_METRIC check that is
// Inverted, keeps its last status without data, and follows what it has copied of its alarm.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "guard/apply/drill_scratch.h"
#include "guard/calibrate/figures.h"
#include "guard/calibrate/trials.h"
#include "guard/rules/config_form.h"

namespace sitelatch::guard::trials {
namespace {

using aws::Value;
using namespace std::chrono_literals;

constexpr auto until_healthy = 45min;
// The worst loop from the endpoint to the hold (fact guard-53): the window of fifteen minutes must
// be longer.
constexpr Duration longest_loop = 9min;

Value dimensions_of(const AlarmRule& rule) {
  auto list = Value::list();
  for (const auto& [name, value] : rule.dimensions)
    list.push(Value::structure({{"Name", name}, {"Value", value}}));
  return list;
}

// A hold check of its own on an alarm by this rule.
class OnHold : public Trial {
 public:
  OnHold(Bench& bench, std::string what) : bench_(bench), what_(std::move(what)) {}

 protected:
  Step put_alarm(const AlarmRule& rule) {
    alarm_ = bench_.name(what_);
    bench_.note({Scratch::Kind::alarm, alarm_, bench_.home()});
    const auto put = bench_.ask(
        {"cloudwatch", "PutMetricAlarm", bench_.home(), "put a scratch alarm"},
        Value::structure({{"AlarmName", alarm_},
                          {"AlarmDescription", "sitelatch calibrate, removed at its end"},
                          {"ActionsEnabled", false},
                          {"Namespace", rule.metric_namespace},
                          {"MetricName", rule.metric},
                          {"Dimensions", dimensions_of(rule)},
                          {"Statistic", rule.statistic},
                          {"ComparisonOperator", rule.comparison},
                          {"Threshold", rule.threshold},
                          {"Period", rule.period_s},
                          {"EvaluationPeriods", rule.periods},
                          {"TreatMissingData", "ignore"}}));
    if (!put) return failure(put.error());
    return Done{};
  }
  Step make_hold() {
    const auto made = bench_.make_check(
        what_ + "-hold",
        Value::structure(
            {{"Type", "CLOUDWATCH_METRIC"},
             {"AlarmIdentifier", Value::structure({{"Region", bench_.home()}, {"Name", alarm_}})},
             {"InsufficientDataHealthStatus", "LastKnownStatus"},
             {"Inverted", true}}));
    if (!made) return failure(made.error());
    hold_ = *made;
    made_at_ = bench_.now();
    return Done{};
  }
  // By its metric, the newest minute; nothing: there is none of the last five. Notes it.
  Result<std::optional<bool>, Error> held() {
    const auto seen = bench_.minutes(hold_, bench_.home(), bench_.now() - 6min);
    if (!seen) return failure(seen.error());
    if (seen->empty()) return std::optional<bool>{};
    for (const auto& minute : *seen) samples_ = std::max(samples_, minute.samples);
    return std::optional{seen->back().lowest >= 1};
  }
  Result<bool, Error> is(bool healthy) {
    const auto now = held();
    if (!now) return failure(now.error());
    return *now == healthy;
  }

  Bench& bench_;
  const std::string what_;
  std::string alarm_, hold_;
  Instant made_at_{};
  double samples_ = 0;  // of HealthCheckStatus of the hold, in its newest minute
};

// On data that it publishes itself, a minute at a time.
class OnOwnData : public OnHold {
 public:
  OnOwnData(Bench& bench, std::string what, int periods)
      : OnHold(bench, std::move(what)), periods_(periods) {}

 protected:
  AlarmRule rule() const {
    auto rule = good_minutes_rule("");
    rule.metric_namespace = "Sitelatch/Calibrate";
    rule.metric = "Permit";
    rule.dimensions = {{"Scratch", bench_.name(what_)}};
    rule.periods = periods_;
    return rule;
  }
  // Once in each minute of AWS's; a minute that has passed is left out.
  Step publish(double value) {
    const auto minute = unix_seconds(bench_.now()) / 60;
    if (minute == published_) return Done{};
    const auto put = bench_.ask(
        {"cloudwatch", "PutMetricData", bench_.home(), "publish a scratch metric"},
        Value::structure(
            {{"Namespace", rule().metric_namespace},
             {"MetricData", Value::list({Value::structure({{"MetricName", rule().metric},
                                                           {"Dimensions", dimensions_of(rule())},
                                                           {"Timestamp", bench_.now()},
                                                           {"Value", value}})})}}));
    if (!put) return failure(put.error());
    published_ = minute;
    ++count_;
    return Done{};
  }
  bool is_new_minute() { return unix_seconds(bench_.now()) / 60 != published_; }

  Stage healthy_first() {
    return {fmt::format("a hold on {} good minutes of its own data is healthy", periods_),
            [this]() -> Step {
              if (const auto put = put_alarm(rule()); !put) return put;
              return make_hold();
            },
            [this]() -> Result<bool, Error> {
              if (const auto put = publish(1); !put) return failure(put.error());
              return is(true);
            },
            until_healthy, 10s};
  }
  // One bad minute, and then nothing.
  Stage bad_minute() {
    return {"one bad minute has made it unhealthy",
            [this]() -> Step {
              count_ = 0;
              return Done{};
            },
            [this]() -> Result<bool, Error> {
              if (count_ == 0 && is_new_minute())
                if (const auto put = publish(0); !put) return failure(put.error());
              return is(false);
            },
            15min, 10s};
  }
  Stage watched(std::string what, Duration how_long) {
    return {std::move(what),
            {},
            [this]() -> Result<bool, Error> {
              const auto now = held();
              if (!now) return failure(now.error());
              ++looks_;
              if (*now == true && !released_) released_ = bench_.now();
              return released_.has_value();
            },
            how_long,
            30s,
            true};
  }

  const int periods_;
  std::int64_t published_ = 0;
  int count_ = 0, looks_ = 0;
  std::optional<Instant> released_;
};

// One bad minute, and half an hour without any.
class HoldGap final : public OnOwnData {
 public:
  explicit HoldGap(Bench& bench) : OnOwnData(bench, "gap", good_minutes_asked) {}
  std::vector<Stage> stages() override {
    return {healthy_first(), bad_minute(), watched("half an hour without data is over", 30min)};
  }
  Conclusion judge() override {
    return {looks_ == 0 ? Settled::not_settled
            : released_ ? Settled::refuted
                        : Settled::confirmed,
            released_ ? "without data it became healthy: a latch ends by itself"
                      : fmt::format("after one bad minute it stayed unhealthy in {} looks of half "
                                    "an hour without data",
                                    looks_),
            Value::structure({{"looks", looks_}, {"samples_a_minute", samples_}})};
  }
};

// The bad minute has left the window, and two good ones stand in it alone.
class HoldShortWindow final : public OnOwnData {
 public:
  explicit HoldShortWindow(Bench& bench) : OnOwnData(bench, "window", good_minutes_asked) {}
  std::vector<Stage> stages() override {
    return {healthy_first(),
            bad_minute(),
            watched("twenty minutes without data are over", 20min),
            {"two good minutes are published",
             [this]() -> Step {
               count_ = 0;
               return Done{};
             },
             [this]() -> Result<bool, Error> {
               if (released_) return true;
               if (const auto put = publish(1); !put) return failure(put.error());
               return count_ == 2;
             },
             5min, 10s},
            watched("twenty minutes more are over", 20min)};
  }
  Conclusion judge() override {
    const int value = released_ ? 1 : 0;
    return {looks_ == 0 ? Settled::not_settled
            : released_ ? Settled::refuted
                        : Settled::confirmed,
            fmt::format("a window of two good minutes and thirteen gaps {}: sitelatch simulate "
                        "--assume short-window={}",
                        released_ ? "made it healthy, as an alarm's rule does" : "settled nothing",
                        value),
            Value::structure({{"short-window", value}})};
  }
};

// The alarm is edited and then deleted under it.
class HoldWithoutAlarm final : public OnOwnData {
 public:
  explicit HoldWithoutAlarm(Bench& bench) : OnOwnData(bench, "no-alarm", 3) {}
  std::vector<Stage> stages() override {
    return {healthy_first(),
            {"the alarm is edited, and gone",
             [this]() -> Step {
               auto edited = rule();
               edited.periods = 5;
               edited.threshold = 0;
               if (const auto put = put_alarm(edited); !put) return put;
               const auto gone = bench_.ask(
                   {"cloudwatch", "DeleteAlarms", bench_.home(), "delete a scratch alarm"},
                   Value::structure({{"AlarmNames", Value::list({alarm_})}}));
               if (!gone) return failure(gone.error());
               const auto check =
                   bench_.ask({"route53", "GetHealthCheck", {}, "read a scratch health check"},
                              Value::structure({{"HealthCheckId", hold_}}));
               if (!check) return failure(check.error());
               const auto& copy = (*check)["HealthCheck"]["CloudWatchAlarmConfiguration"];
               periods_copied_ = copy["EvaluationPeriods"].integer_or(0);
               return Done{};
             },
             {}},
            {"a bad minute turns it all the same",
             [this]() -> Step {
               count_ = 0;
               return Done{};
             },
             [this]() -> Result<bool, Error> {
               if (const auto put = publish(0); !put) return failure(put.error());
               const auto now = is(false);
               if (now) turned_ = *now;
               return now;
             },
             15min, 10s, true}};
  }
  Conclusion judge() override {
    const bool kept = periods_copied_ == periods_;
    return {kept && turned_ ? Settled::confirmed : Settled::refuted,
            fmt::format("of an alarm that was edited and deleted the check kept {} periods of {}, "
                        "and a bad minute {}",
                        periods_copied_, periods_,
                        turned_ ? "turned it" : "did not turn it in fifteen minutes"),
            Value::structure({{"periods_copied", periods_copied_}, {"turned", turned_}})};
  }

 private:
  std::int64_t periods_copied_ = 0;
  bool turned_ = false;
};

// Disabled, as trip does it, while all its data are good; and enabled again.
class HoldTripped final : public OnOwnData {
 public:
  explicit HoldTripped(Bench& bench) : OnOwnData(bench, "trip", 3) {}
  std::vector<Stage> stages() override {
    return {healthy_first(),
            {"Disabled, it is unhealthy",
             [this] {
               tripped_at_ = bench_.now();
               return bench_.change_check(hold_, Value::structure({{"Disabled", true}}));
             },
             [this]() -> Result<bool, Error> {
               if (const auto put = publish(1); !put) return failure(put.error());
               const auto now = is(false);
               if (now && *now) took_ = bench_.now() - tripped_at_;
               return now;
             },
             10min, 10s, true},
            {"ten minutes of good data are over",
             {},
             [this]() -> Result<bool, Error> {
               if (!took_) return true;
               if (const auto put = publish(1); !put) return failure(put.error());
               const auto now = is(true);
               if (now && *now) released_ = bench_.now();
               return now;
             },
             10min,
             10s,
             true},
            {"enabled again, it is healthy by its data",
             [this] {
               enabled_at_ = bench_.now();
               return bench_.change_check(hold_, Value::structure({{"Disabled", false}}));
             },
             [this]() -> Result<bool, Error> {
               if (const auto put = publish(1); !put) return failure(put.error());
               const auto now = is(true);
               if (now && *now) back_ = bench_.now() - enabled_at_;
               return now;
             },
             15min, 10s, true}};
  }
  Conclusion judge() override {
    const auto words = [](const std::optional<Duration>& d) {
      return d ? "after " + in_words(*d) : std::string{"never"};
    };
    return {took_ && !released_ ? Settled::confirmed : Settled::refuted,
            fmt::format("Disabled, with good data, its metric was 0 {}{}; enabled again, 1 {}",
                        words(took_), released_ ? ", and then 1" : "", words(back_)),
            Value::structure({{"disabled_to_0_ms", took_ ? Value{ms_of(*took_)} : Value{}},
                              {"enabled_to_1_ms", back_ ? Value{ms_of(*back_)} : Value{}}})};
  }

 private:
  Instant tripped_at_{}, enabled_at_{};
  std::optional<Duration> took_, back_;
};

// The whole loop of the form on a copy of the site's check: endpoint, calculated check, alarm,
// hold.
class HoldLoop final : public OnHold {
 public:
  explicit HoldLoop(Bench& bench) : OnHold(bench, "loop") {}
  std::vector<Stage> stages() override {
    return {
        {"fifteen good minutes have made the hold healthy", [this] { return make_all(); },
         [this] { return is(true); }, until_healthy, 10s},
        {"the endpoint fails, and the hold is unhealthy",
         [this]() -> Step {
           const auto both = bench_.change_check(
               combined_, Value::structure({{"ChildHealthChecks", Value::list({endpoint_, hold_})},
                                            {"HealthThreshold", 2}}));
           if (!both) return both;
           failed_at_ = bench_.now();
           return bench_.change_check(endpoint_, Value::structure({{"Port", dead_port}}));
         },
         [this] { return is(false); }, 25min, 5s},
        {"the endpoint is back, and twenty minutes are over",
         [this]() -> Step {
           unhealthy_at_ = bench_.now();
           return bench_.change_check(endpoint_, Value::structure({{"Port", bench_.own_port()}}));
         },
         [this]() -> Result<bool, Error> {
           const auto now = is(true);
           if (now && *now) released_ = true;
           return now;
         },
         20min, 30s, true},
        {"the metrics of all three",
         [this]() -> Step {
           for (auto [id, first] :
                {std::pair{&endpoint_, &endpoint_0_}, std::pair{&combined_, &combined_0_},
                 std::pair{&hold_, &hold_0_}}) {
             const auto seen = bench_.minutes(*id, bench_.home(), failed_at_ - 1min);
             if (!seen) return failure(seen.error());
             for (const auto& minute : *seen)
               if (minute.lowest < 1 && minute.begins > failed_at_ - 1min && !*first)
                 *first = minute.begins;
             if (id == &combined_)
               for (const auto& minute : *seen)
                 combined_samples_ = std::max(combined_samples_, minute.samples);
           }
           return Done{};
         },
         {}}};
  }
  Conclusion judge() override {
    if (!endpoint_0_ || !combined_0_ || !hold_0_)
      return {Settled::not_settled, "not all three metrics showed a 0", Value::structure()};
    const auto loop = *hold_0_ - *combined_0_;
    auto measured =
        Value::structure({{"failure_to_hold_seen_ms", ms_of(unhealthy_at_ - failed_at_)},
                          {"endpoint_to_combined_ms", ms_of(*combined_0_ - *endpoint_0_)},
                          {"combined_to_hold_ms", ms_of(loop)},
                          {"combined_samples_a_minute", combined_samples_},
                          {"hold_samples_a_minute", samples_}});
    return {!released_ && loop <= longest_loop ? Settled::confirmed : Settled::refuted,
            fmt::format("the first minute with a 0 of the hold began {} after that of the "
                        "calculated check; with the endpoint back it {}",
                        in_words(loop),
                        released_ ? "became healthy by itself" : "stayed unhealthy for 20 min"),
            measured};
  }

 private:
  Step make_all() {
    const auto endpoint = bench_.make_check(what_ + "-endpoint");
    if (!endpoint) return failure(endpoint.error());
    endpoint_ = *endpoint;
    const auto combined = bench_.make_check(
        what_ + "-both", Value::structure({{"Type", "CALCULATED"},
                                           {"HealthThreshold", 1},
                                           {"ChildHealthChecks", Value::list({endpoint_})}}));
    if (!combined) return failure(combined.error());
    combined_ = *combined;
    if (const auto put = put_alarm(good_minutes_rule(combined_)); !put) return put;
    return make_hold();
  }

  std::string endpoint_, combined_;
  Instant failed_at_{}, unhealthy_at_{};
  std::optional<Instant> endpoint_0_, combined_0_, hold_0_;
  double combined_samples_ = 0;
  bool released_ = false;
};

}  // namespace

std::unique_ptr<Trial> hold_gap(Bench& bench) { return std::make_unique<HoldGap>(bench); }
std::unique_ptr<Trial> hold_short_window(Bench& bench) {
  return std::make_unique<HoldShortWindow>(bench);
}
std::unique_ptr<Trial> hold_without_alarm(Bench& bench) {
  return std::make_unique<HoldWithoutAlarm>(bench);
}
std::unique_ptr<Trial> hold_tripped(Bench& bench) { return std::make_unique<HoldTripped>(bench); }
std::unique_ptr<Trial> hold_loop(Bench& bench) { return std::make_unique<HoldLoop>(bench); }

}  // namespace sitelatch::guard::trials
