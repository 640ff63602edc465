// SPDX-License-Identifier: Apache-2.0
// What Route 53 makes of a health check that is changed.
#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/drill_scratch.h"
#include "guard/calibrate/figures.h"
#include "guard/calibrate/trials.h"

namespace sitelatch::guard::trials {
namespace {

using aws::Value;
using namespace std::chrono_literals;

constexpr auto watched = 30min;

// A healthy copy of the site's check.
class OnCheck : public Trial {
 public:
  OnCheck(Bench& bench, std::string what) : bench_(bench), what_(std::move(what)) {}

 protected:
  Stage healthy_first() {
    return {"the scratch check is healthy",
            [this]() -> Step {
              auto made = bench_.make_check(what_);
              if (!made) return failure(made.error());
              id_ = *made;
              return Done{};
            },
            [this] { return found(true); }, 10min};
  }
  Result<bool, Error> found(bool healthy) {
    const auto now = bench_.healthy(id_);
    if (!now) return failure(now.error());
    return *now == healthy;
  }

  Bench& bench_;
  const std::string what_;
  std::string id_;
};

class StaleVersion final : public OnCheck {
 public:
  using OnCheck::OnCheck;
  std::vector<Stage> stages() override {
    return {{"a scratch check, changed once",
             [this]() -> Step {
               auto made = bench_.make_check(what_);
               if (!made) return failure(made.error());
               id_ = *made;
               return bench_.change_check(
                   id_, Value::structure({{"ResourcePath", std::string{failed_over_path}}}));
             },
             {}},
            {"its version",
             [this]() -> Step {
               const auto there = read_check(bench_.aws(), id_);
               if (!there) return failure(error_of(there.error(), "read a scratch check"));
               if (!*there) return failure(error_of(Error::Kind::failed, "it is gone"));
               version_ = (*there)->check.version;
               older_ = asked_with(version_ - 1);
               newer_ = asked_with(version_ + 1000);
               return Done{};
             },
             {}}};
  }
  Conclusion judge() override {
    auto measured = Value::structure(
        {{"version", static_cast<std::int64_t>(version_)}, {"older", older_}, {"newer", newer_}});
    const bool as_taken = older_ == mismatch && newer_ == mismatch;
    return {as_taken ? Settled::confirmed : Settled::refuted,
            fmt::format("version {} was refused with {}, version {} with {}", version_ - 1, older_,
                        version_ + 1000, newer_),
            measured};
  }

 private:
  static inline const std::string mismatch = "409 HealthCheckVersionMismatch";

  std::string asked_with(std::uint64_t version) {
    client::Call call;
    call.service = "route53";
    call.operation = "UpdateHealthCheck";
    call.input = Value::structure(
        {{"HealthCheckId", id_}, {"HealthCheckVersion", static_cast<std::int64_t>(version)}});
    const auto reply = bench_.aws().send(call);
    return reply ? "nothing: it was accepted"
                 : fmt::format("{} {}", reply.error().status, reply.error().code);
  }
  std::uint64_t version_ = 0;
  std::string older_, newer_;
};

// A check that is Disabled, and Inverted or not, looked at for half an hour.
class Frozen : public OnCheck {
 public:
  Frozen(Bench& bench, std::string what, bool inverted)
      : OnCheck(bench, std::move(what)), inverted_(inverted) {}

  std::vector<Stage> stages() override {
    return {healthy_first(),
            {"half an hour is over",
             [this] {
               frozen_at_ = bench_.now();
               return bench_.change_check(
                   id_, Value::structure({{"Disabled", true}, {"Inverted", inverted_}}));
             },
             [this]() -> Result<bool, Error> {
               const auto reports = bench_.checkers(id_);
               if (!reports) return failure(reports.error());
               std::optional<Instant> newest;
               for (const auto& report : *reports)
                 if (report.at) newest = std::max(newest.value_or(*report.at), *report.at);
               age_ = newest ? std::optional{bench_.now() - *newest} : std::nullopt;
               return false;
             },
             watched, 1min, true},
            {"the metric of the last twenty minutes",
             [this]() -> Step {
               // The first minutes still hold what came before.
               auto seen = bench_.minutes(id_, bench_.home(), frozen_at_ + 5min);
               if (!seen) return failure(seen.error());
               minutes_ = std::move(*seen);
               until_ = bench_.now();
               return Done{};
             },
             {}}};
  }

 protected:
  int minutes_watched() const {
    return static_cast<int>((until_ - frozen_at_ - 5min) / std::chrono::minutes{1});
  }
  Value measured() const {
    Value out = Value::structure({{"minutes_watched", minutes_watched()},
                                  {"minutes_with_data", static_cast<int>(minutes_.size())}});
    out.set("minutes_with_0", with(0));
    out.set("minutes_with_1", with(1));
    out.set("newest_report_age_ms", age_ ? Value{ms_of(*age_)} : Value{});
    return out;
  }
  int with(int value) const {
    return static_cast<int>(
        std::count_if(minutes_.begin(), minutes_.end(), [value](const auto& minute) {
          return value == 0 ? minute.lowest < 1 : minute.highest >= 1;
        }));
  }
  Conclusion judge_status(int wanted) const {
    const auto seen = static_cast<int>(minutes_.size());
    if (seen == 0)
      return {Settled::refuted,
              fmt::format("HealthCheckStatus was not sent at all in {} minutes", minutes_watched()),
              measured()};
    const auto other = with(1 - wanted);
    // A gap of a third is more than the metric's lag.
    const bool steady = seen * 3 >= minutes_watched() * 2;
    return {other == 0 && steady ? Settled::confirmed : Settled::refuted,
            fmt::format("HealthCheckStatus was sent in {} of {} minutes, and was {} in {} of them",
                        seen, minutes_watched(), wanted, with(wanted)),
            measured()};
  }
  std::optional<Duration> age_;

 private:
  const bool inverted_;
  Instant frozen_at_{}, until_{};
  std::vector<Bench::Minute> minutes_;
};

class DisabledStatus final : public Frozen {
 public:
  explicit DisabledStatus(Bench& bench) : Frozen(bench, "disabled", false) {}
  Conclusion judge() override { return judge_status(1); }
};
class InvertedLatchStatus final : public Frozen {
 public:
  explicit InvertedLatchStatus(Bench& bench) : Frozen(bench, "inverted", true) {}
  Conclusion judge() override { return judge_status(0); }
};
class DisabledReports final : public Frozen {
 public:
  explicit DisabledReports(Bench& bench) : Frozen(bench, "reports", false) {}
  Conclusion judge() override {
    if (!age_)
      return {Settled::confirmed, "GetHealthCheckStatus had no reports of it any more", measured()};
    // Not older than the check's own interval, by far: the checkers go on.
    const bool stands_still = *age_ >= watched - 5min;
    return {stands_still ? Settled::confirmed : Settled::refuted,
            fmt::format("half an hour after it was Disabled the newest report was {} old",
                        in_words(*age_)),
            measured()};
  }
};

class LatchDelay final : public OnCheck {
 public:
  using OnCheck::OnCheck;
  std::vector<Stage> stages() override {
    std::vector<Stage> out = {healthy_first()};
    for (int round = 0; round < 3; ++round) {
      out.push_back(turn("the reports say that the latched check is unhealthy",
                         std::string{failed_over_path}, false, latched_));
      out.push_back(
          turn("the reports say that the released check is healthy", own_path(), true, released_));
    }
    return out;
  }
  Conclusion judge() override {
    const auto window = std::chrono::duration_cast<Duration>(Release{}.window);
    const bool all = latched_.all_came() && released_.all_came();
    auto measured = Value::structure({{"latch_to_unhealthy_ms", latched_.to_value()},
                                      {"release_to_healthy_ms", released_.to_value()},
                                      {"failure_threshold", threshold()},
                                      {"request_interval_s", interval()}});
    return {all && released_.longest() <= window ? Settled::confirmed : Settled::refuted,
            fmt::format("by the checkers' reports: latched to unhealthy {}; released to healthy {} "
                        "(threshold {}, every {} s)",
                        latched_.in_words(), released_.in_words(), threshold(), interval()),
            measured};
  }

 private:
  std::string own_path() const {
    const auto path = bench_.plan().site_config["ResourcePath"].string_or("");
    return path.empty() ? "/" : path;
  }
  std::int64_t threshold() const {
    return bench_.plan().site_config["FailureThreshold"].integer_or(3);
  }
  std::int64_t interval() const {
    return bench_.plan().site_config["RequestInterval"].integer_or(30);
  }
  Stage turn(std::string what, std::string path, bool to, Figures& figures) {
    return {std::move(what),
            [this, path = std::move(path), &figures] {
              figures.begin(bench_.now());
              return bench_.change_check(id_, Value::structure({{"ResourcePath", path}}));
            },
            [this, to, &figures]() -> Result<bool, Error> {
              const auto now = found(to);
              if (now && *now) figures.end(bench_.now());
              return now;
            },
            15min,
            2s,
            true};
  }
  Figures latched_, released_;
};

// A check of FailureThreshold 3 whose endpoint comes back: how soon it is healthy again, to the
// minute of its metric.
class ThresholdHolds final : public OnCheck {
 public:
  using OnCheck::OnCheck;
  static constexpr int threshold = 3, interval_s = 30;

  std::vector<Stage> stages() override {
    return {{"the metric of the scratch check is 1",
             [this]() -> Step {
               auto config = bench_.plan().site_config;
               config.set("Disabled", false);
               config.set("Inverted", false);
               config.set("RequestInterval", interval_s);
               config.set("FailureThreshold", threshold);
               begun_ = bench_.now();
               auto made = bench_.make_check(what_, std::move(config));
               if (!made) return failure(made.error());
               id_ = *made;
               return Done{};
             },
             [this] { return newest_is(1); }, 12min},
            {"it is 0, for a whole minute",
             [this] {
               return bench_.change_check(id_, Value::structure({{"Port", dead_port}}));
             },
             [this] { return newest_is(0); }, 12min},
            // So that the metric tells a minute from less.
            {"a minute begins",
             {},
             [this]() -> Result<bool, Error> { return bench_.now().time_since_epoch() % 60s < 8s; },
             5min,
             2s},
            {"six minutes are over since its endpoint is back",
             [this] {
               back_at_ = bench_.now();
               return bench_.change_check(id_, Value::structure({{"Port", bench_.own_port()}}));
             },
             []() -> Result<bool, Error> { return false; }, 6min, 30s, true},
            {"its metric",
             [this]() -> Step {
               const auto first = Instant{back_at_.time_since_epoch() / 60s * 60s};
               auto seen = bench_.minutes(id_, bench_.home(), first);
               if (!seen) return failure(seen.error());
               for (const auto& minute : *seen) {
                 if (minute.begins == first) first_ = minute;
                 if (minute.highest >= 1 && !healthy_in_) healthy_in_ = minute.begins;
               }
               return Done{};
             },
             {}}};
  }
  Conclusion judge() override {
    auto measured =
        Value::structure({{"failure_threshold", threshold}, {"request_interval_s", interval_s}});
    measured.set(
        "back_to_healthy_minute_ms",
        healthy_in_ ? Value{ms_of(std::max(Duration{0}, *healthy_in_ - back_at_))} : Value{});
    if (!first_)
      return {Settled::not_settled, "the metric has no data of the minute that matters", measured};
    const bool soon = first_->highest >= 1;
    return {soon ? Settled::refuted : Settled::confirmed,
            soon ? std::string{"it was healthy in the very minute in which its endpoint came back"}
            : healthy_in_
                ? fmt::format("its first minute with a 1 began {} after its endpoint was back",
                              in_words(*healthy_in_ - back_at_))
                : std::string{"it was not healthy within six minutes of its endpoint's return"},
            measured};
  }

 private:
  Result<bool, Error> newest_is(int value) {
    const auto now = found(value == 1);  // tells the time
    if (!now) return failure(now.error());
    const auto seen = bench_.minutes(id_, bench_.home(), begun_);
    if (!seen) return failure(seen.error());
    if (seen->empty()) return false;
    return value == 1 ? seen->back().lowest >= 1 : seen->back().highest < 1;
  }

  Instant begun_{}, back_at_{};
  std::optional<Bench::Minute> first_;
  std::optional<Instant> healthy_in_;
};

// Whether checks that no endpoint stands behind have the metric that alarms are made of.
class CalculatedStatus final : public OnCheck {
 public:
  using OnCheck::OnCheck;
  std::vector<Stage> stages() override {
    return {healthy_first(),
            {"eight minutes are over",
             [this]() -> Step {
               const auto made = bench_.make_check(
                   "parent", Value::structure({{"Type", "CALCULATED"},
                                               {"HealthThreshold", 1},
                                               {"ChildHealthChecks", Value::list({id_})}}));
               if (!made) return failure(made.error());
               parent_ = *made;
               since_ = bench_.now();
               return Done{};
             },
             [this]() -> Result<bool, Error> {
               const auto child = found(true);  // tells the time
               if (!child) return failure(child.error());
               return false;
             },
             8min, 1min, true},
            {"its metric",
             [this]() -> Step {
               auto seen = bench_.minutes(parent_, bench_.home(), since_);
               if (!seen) return failure(seen.error());
               minutes_ = std::move(*seen);
               return Done{};
             },
             {}}};
  }
  Conclusion judge() override {
    auto samples = Value::list();
    for (const auto& minute : minutes_) samples.push(minute.samples);
    return {
        minutes_.empty() ? Settled::refuted : Settled::confirmed,
        fmt::format("a CALCULATED check had HealthCheckStatus in {} of 8 minutes", minutes_.size()),
        Value::structure({{"samples_a_minute", samples}})};
  }

 private:
  std::string parent_;
  Instant since_{};
  std::vector<Bench::Minute> minutes_;
};

// A CLOUDWATCH_METRIC check on an alarm of two datapoints of three.
class MetricCheckRefusal final : public OnCheck {
 public:
  using OnCheck::OnCheck;
  std::vector<Stage> stages() override {
    return {{"a health check on an alarm of M of N",
             [this]() -> Step {
               const auto alarm = make_alarm();
               if (!alarm) return failure(alarm.error());
               const auto made = bench_.make_check(
                   what_, Value::structure(
                              {{"Type", "CLOUDWATCH_METRIC"},
                               {"InsufficientDataHealthStatus", "LastKnownStatus"},
                               {"AlarmIdentifier",
                                Value::structure({{"Region", bench_.home()}, {"Name", *alarm}})}}));
               if (!made && made.error().kind == Error::Kind::no_answer)
                 return failure(made.error());
               refused_ = !made;
               said_ = made ? "it was accepted" : made.error().text;
               return Done{};
             },
             {}}};
  }
  Conclusion judge() override {
    return {refused_ ? Settled::confirmed : Settled::refuted,
            refused_ ? "it was refused: " + said_ : said_,
            Value::structure({{"refused", refused_}})};
  }

 private:
  Result<std::string, Error> make_alarm() {
    auto name = bench_.name(what_);
    bench_.note({Scratch::Kind::alarm, name, bench_.home()});
    const auto made =
        bench_.ask({"cloudwatch", "PutMetricAlarm", bench_.home(), "make a scratch alarm"},
                   Value::structure({{"AlarmName", name},
                                     {"ActionsEnabled", false},
                                     {"Namespace", "Sitelatch/Calibrate"},
                                     {"MetricName", "Permit"},
                                     {"Statistic", "Minimum"},
                                     {"ComparisonOperator", "GreaterThanOrEqualToThreshold"},
                                     {"Threshold", 1.0},
                                     {"Period", 60},
                                     {"EvaluationPeriods", 3},
                                     {"DatapointsToAlarm", 2}}));
    if (!made) return failure(made.error());
    return name;
  }
  bool refused_ = false;
  std::string said_;
};

}  // namespace

std::unique_ptr<Trial> stale_version(Bench& bench) {
  return std::make_unique<StaleVersion>(bench, "version");
}
std::unique_ptr<Trial> disabled_status(Bench& bench) {
  return std::make_unique<DisabledStatus>(bench);
}
std::unique_ptr<Trial> inverted_latch_status(Bench& bench) {
  return std::make_unique<InvertedLatchStatus>(bench);
}
std::unique_ptr<Trial> disabled_reports(Bench& bench) {
  return std::make_unique<DisabledReports>(bench);
}
std::unique_ptr<Trial> latch_delay(Bench& bench) {
  return std::make_unique<LatchDelay>(bench, "latch");
}
std::unique_ptr<Trial> calculated_status(Bench& bench) {
  return std::make_unique<CalculatedStatus>(bench, "child");
}
std::unique_ptr<Trial> metric_check_refusal(Bench& bench) {
  return std::make_unique<MetricCheckRefusal>(bench, "m-of-n");
}

std::unique_ptr<Trial> threshold_holds(Bench& bench) {
  return std::make_unique<ThresholdHolds>(bench, "threshold");
}

}  // namespace sitelatch::guard::trials
