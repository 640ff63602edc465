// SPDX-License-Identifier: Apache-2.0
// Where the experiments of one calibration work: makes scratch resources and keeps the list of
// them, reads what several of them want, and tells the time. Everything it makes is removed by
// remove_everything(), the last thing that a calibration does.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "guard/calibrate/calibration.h"

namespace sitelatch::guard {

// One stage of an experiment: something is done, and then something is waited for.
struct Stage {
  std::string what;           // "the scratch check is healthy": what is waited for
  std::function<Step()> act;  // empty: nothing is to be done
  std::function<Result<bool, Error>()> reached;  // empty: at once
  Duration at_most = std::chrono::minutes{10};
  Duration every = std::chrono::seconds{5};
  bool watch = false;  // its end is the end of the time, and no failure
};

// One experiment under way. An error, or a stage that was not reached in time, ends it unsettled.
class Trial {
 public:
  virtual ~Trial() = default;
  virtual std::vector<Stage> stages() = 0;
  virtual Conclusion judge() = 0;  // after the last stage
};

class Bench {
 public:
  Bench(Context& context, const CalibrationPlan& plan, const CalibrationOptions& options);

  Context& context() { return context_; }
  client::Aws& aws() { return context_.aws; }
  client::Aws& another();  // the second client
  const CalibrationPlan& plan() const { return plan_; }
  const CalibrationOptions& options() const { return options_; }
  const std::string& home() const { return home_; }  // the control region
  // AWS's time: our clock as AWS has corrected it, or the newest time that it has told.
  Instant now();
  void told(Instant time) { newest_ = std::max(newest_, time); }
  // "sitelatch-calibrate-0a1b2c3d-<what>"
  std::string name(std::string_view what) const;

  struct Call {
    std::string_view service, operation, region, doing;
  };
  Result<aws::Value, Error> ask(const Call& call, aws::Value input);

  // --- scratch resources
  // Like the site's, neither Disabled nor Inverted, used by no record. Gives its id.
  Result<std::string, Error> make_check(std::string_view what);
  Result<std::string, Error> make_check(std::string_view what, aws::Value config);
  // UpdateHealthCheck without a version: nobody else knows of it.
  Step change_check(const std::string& id, aws::Value members);
  int own_port() const;
  // Of the guard's kind, with no actions. Gives its name.
  Result<std::string, Error> make_alarm(std::string_view what, const std::string& check_id);
  Result<std::string, Error> make_topic(std::string_view what, const std::string& region);  // ARN
  // May publish to these topics. Gives its ARN.
  Result<std::string, Error> make_role(std::string_view what,
                                       const std::vector<std::string>& topics);
  // Noted as made; then asked for once. Gives CreateFunction's own outcome.
  struct Program {
    std::string python{};  // its source; empty: the native function, which guards nothing
    int timeout_s = 3;
  };
  client::Outcome<aws::Value> try_to_make_function(std::string_view what, const std::string& role,
                                                   const std::string& region,
                                                   const Program& program);
  // A guard of the native kind on a scratch check, built and not armed. Takes about a minute, in
  // which nothing else goes on.
  Result<Plan, Error> make_guard(const std::string& check_id);
  void note(Scratch scratch) { made_.push_back(std::move(scratch)); }

  // --- readings
  Result<std::vector<CheckerSnapshot>, Error> checkers(const std::string& id);
  Result<std::optional<bool>, Error> healthy(const std::string& id);
  // HealthCheckStatus of a check in a region from `from` until now, oldest minute first.
  struct Minute {
    Instant begins{};
    double lowest = 0, highest = 0, samples = 0;
  };
  Result<std::vector<Minute>, Error> minutes(const std::string& id, const std::string& region,
                                             Instant from);

  // Sentences of what is left.
  std::vector<std::string> remove_everything();

 private:
  Context& context_;
  const CalibrationPlan& plan_;
  const CalibrationOptions& options_;
  const std::string home_;
  std::unique_ptr<client::Aws> another_;
  std::vector<Scratch> made_;
  Instant newest_{};
};

}  // namespace sitelatch::guard
