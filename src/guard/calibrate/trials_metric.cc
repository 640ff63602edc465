// SPDX-License-Identifier: Apache-2.0
// HealthCheckStatus and the alarm on it.
#include <fmt/format.h>

#include <algorithm>

#include "guard/apply/drill_scratch.h"
#include "guard/calibrate/figures.h"
#include "guard/calibrate/trials.h"

namespace sitelatch::guard::trials {
namespace {

using aws::Value;
using namespace std::chrono_literals;

// A healthy copy of the site's check whose metric has begun.
class OnMetric : public Trial {
 public:
  OnMetric(Bench& bench, std::string what) : bench_(bench), what_(std::move(what)) {}

 protected:
  Stage healthy_first() {
    return {"HealthCheckStatus of a healthy scratch check has begun",
            [this]() -> Step {
              auto made = bench_.make_check(what_);
              if (!made) return failure(made.error());
              id_ = *made;
              begun_ = bench_.now();
              return Done{};
            },
            [this]() -> Result<bool, Error> {
              const auto healthy = bench_.healthy(id_);
              if (!healthy) return failure(healthy.error());
              if (!healthy->value_or(false)) return false;
              const auto seen = bench_.minutes(id_, bench_.home(), begun_ - 1min);
              if (!seen) return failure(seen.error());
              return !seen->empty() && seen->back().highest >= 1;
            },
            20min, 10s};
  }
  // The metric has begun, so that it is OK for the minutes to come, whatever its reason names.
  Stage alarm_first() {
    return {"the scratch alarm is OK",
            [this]() -> Step {
              auto made = bench_.make_alarm(what_, id_);
              if (!made) return failure(made.error());
              alarm_ = *made;
              return Done{};
            },
            [this]() -> Result<bool, Error> {
              const auto now = alarm();
              if (!now) return failure(now.error());
              return now->snapshot.state == AlarmState::ok;
            },
            20min, 10s};
  }
  Result<ObservedAlarm, Error> alarm() {
    auto there = read_alarm(bench_.aws(), bench_.home(), alarm_);
    if (!there) return failure(error_of(there.error(), "read the scratch alarm"));
    if (!*there)
      return failure(error_of(Error::Kind::failed, "the scratch alarm is not there yet"));
    bench_.told((*there)->snapshot.transitioned_at);
    // Tells the time where an engine runs ahead.
    if (const auto reports = bench_.checkers(id_); !reports) return failure(reports.error());
    return std::move(**there);
  }

  Bench& bench_;
  const std::string what_;
  std::string id_, alarm_;
  Instant begun_{};
};

class MetricRegion final : public OnMetric {
 public:
  using OnMetric::OnMetric;
  std::vector<Stage> stages() override {
    return {healthy_first(),
            {"the metric elsewhere",
             [this]() -> Step {
               if (bench_.plan().caller.partition != "aws") return Done{};
               const auto seen = bench_.minutes(id_, elsewhere, begun_ - 1min);
               if (!seen) return failure(seen.error());
               elsewhere_ = seen->size();
               return Done{};
             },
             {}}};
  }
  Conclusion judge() override {
    return {elsewhere_ == 0 ? Settled::confirmed : Settled::refuted,
            fmt::format("HealthCheckStatus is in {}{}", bench_.home(),
                        elsewhere_ == 0 ? "" : " and in " + elsewhere),
            Value::structure({{"region", bench_.home()}})};
  }

 private:
  static inline const std::string elsewhere = "us-west-2";
  std::size_t elsewhere_ = 0;
};

// How old the newest minute is that can be read.
class StatusLag final : public OnMetric {
 public:
  using OnMetric::OnMetric;
  static constexpr Duration taken_for_granted = 5min;

  std::vector<Stage> stages() override {
    return {healthy_first(),
            {"ten minutes are over",
             {},
             [this]() -> Result<bool, Error> {
               if (const auto reports = bench_.checkers(id_); !reports)
                 return failure(reports.error());
               const auto seen = bench_.minutes(id_, bench_.home(), begun_ - 1min);
               if (!seen) return failure(seen.error());
               if (seen->empty()) return false;
               longest_ = std::max(longest_, bench_.now() - seen->back().begins);
               ++looks_;
               return false;
             },
             10min,
             20s,
             true}};
  }
  Conclusion judge() override {
    return {looks_ == 0                     ? Settled::not_settled
            : longest_ <= taken_for_granted ? Settled::confirmed
                                            : Settled::refuted,
            fmt::format("in {} looks the newest minute had begun at most {} before", looks_,
                        in_words(longest_)),
            Value::structure({{"looks", looks_}, {"longest_lag_s", seconds_of(longest_)}})};
  }

 private:
  Duration longest_{};
  int looks_ = 0;
};

class AlarmDelay final : public OnMetric {
 public:
  using OnMetric::OnMetric;
  static constexpr Duration seen_after = 3min, at_the_latest = 10min;

  std::vector<Stage> stages() override {
    std::vector<Stage> out = {healthy_first(), alarm_first()};
    for (int round = 0; round < 3; ++round) {
      out.push_back({"the middle of a minute",
                     {},
                     [this]() -> Result<bool, Error> {
                       const auto second = unix_seconds(bench_.now()) % 60;
                       return second >= 25 && second <= 40;
                     },
                     2min,
                     5s,
                     true});
      out.push_back(port("the alarm is in ALARM", dead_port, AlarmState::alarm, to_alarm_));
      out.push_back(port("the alarm is OK", bench_.own_port(), AlarmState::ok, to_ok_));
    }
    return out;
  }
  Conclusion judge() override {
    const auto slowest = std::max(to_alarm_.longest(), to_ok_.longest());
    const bool came = to_alarm_.all_came() && to_ok_.all_came();
    const auto verdict = !came || slowest > at_the_latest
                             ? "later than ten minutes: healthy_before_freeze is too short"
                         : slowest > seen_after
                             ? "later than three minutes: alarm_settles is too short"
                             : "within three minutes";
    return {came && slowest <= seen_after ? Settled::confirmed : Settled::refuted,
            fmt::format("failing to ALARM {}, answering again to OK {}: {}", to_alarm_.in_words(),
                        to_ok_.in_words(), verdict),
            Value::structure({{"failing_to_alarm_s", to_alarm_.to_value()},
                              {"unhealthy_to_alarm_s", after_reports_.to_value()},
                              {"answering_to_ok_s", to_ok_.to_value()}})};
  }

 private:
  Stage port(std::string what, int number, AlarmState wanted, Figures& figures) {
    return {std::move(what),
            [this, number, &figures] {
              changed_ = bench_.now();
              unhealthy_.reset();
              figures.begin(changed_);
              return bench_.change_check(id_, Value::structure({{"Port", number}}));
            },
            [this, wanted, &figures]() -> Result<bool, Error> {
              const auto now = alarm();
              if (!now) return failure(now.error());
              const auto healthy = bench_.healthy(id_);
              if (!healthy) return failure(healthy.error());
              if (wanted == AlarmState::alarm && *healthy == false && !unhealthy_)
                unhealthy_ = bench_.now();
              const auto& snapshot = now->snapshot;
              if (snapshot.state != wanted || snapshot.transitioned_at < changed_) return false;
              figures.end(snapshot.transitioned_at);
              if (unhealthy_)
                after_reports_.add(std::max(Duration{}, snapshot.transitioned_at - *unhealthy_));
              return true;
            },
            25min,
            5s,
            true};
  }
  Figures to_alarm_, to_ok_, after_reports_;
  Instant changed_{};
  std::optional<Instant> unhealthy_;
};

// An alarm whose state stays: does its StateReason stay too?
class SameStateReason final : public OnMetric {
 public:
  using OnMetric::OnMetric;
  std::vector<Stage> stages() override {
    return {healthy_first(),
            alarm_first(),
            {"half an hour is over",
             {},
             [this]() -> Result<bool, Error> {
               const auto now = alarm();
               if (!now) return failure(now.error());
               const auto at = now->snapshot.transitioned_at;
               if (reason_.empty() || at != transitioned_) {
                 reason_ = now->state_reason;
                 transitioned_ = at;
               } else if (now->state_reason != reason_) {
                 other_ = now->state_reason;
               }
               ++looks_;
               return false;
             },
             30min,
             1min,
             true}};
  }
  Conclusion judge() override {
    auto measured = Value::structure({{"looks", looks_}, {"reason", reason_}});
    if (!other_.empty()) measured.set("other_reason", other_);
    return {other_.empty() ? Settled::confirmed : Settled::refuted,
            other_.empty() ? fmt::format("in {} looks of half an hour StateReason stayed", looks_)
                           : fmt::format("StateReason changed from \"{}\" to \"{}\" in one state",
                                         reason_, other_),
            measured};
  }

 private:
  std::string reason_, other_;
  Instant transitioned_{};
  int looks_ = 0;
};

}  // namespace

std::unique_ptr<Trial> metric_region(Bench& bench) {
  return std::make_unique<MetricRegion>(bench, "region");
}
std::unique_ptr<Trial> status_lag(Bench& bench) {
  return std::make_unique<StatusLag>(bench, "lag");
}
std::unique_ptr<Trial> alarm_delay(Bench& bench) {
  return std::make_unique<AlarmDelay>(bench, "alarm");
}
std::unique_ptr<Trial> same_state_reason(Bench& bench) {
  return std::make_unique<SameStateReason>(bench, "reason");
}

}  // namespace sitelatch::guard::trials
