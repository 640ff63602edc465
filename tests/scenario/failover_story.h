// SPDX-License-Identifier: Apache-2.0
// FailoverStory: a TestEngine with two sites behind one name, as the guide presupposes them, the
// guide's ten steps as API calls, and what a person looks at afterwards. Every test file tells one
// story with it.
#pragma once

#include <set>
#include <string>

#include "test_engine.h"

namespace sitelatch::scenario {

inline const std::string client_name = "client.example.test";
inline const std::string primary_address = "192.0.2.1", backup_address = "192.0.2.2";
inline const std::string healthy_path = "/lb-check", latch_path = "/lb-check-failed-over";
// Long enough for the slowest chain: a probe (30 s), a sample (20 s), the minute's end, its
// evaluation (30 s).
inline constexpr auto time_to_latch = std::chrono::minutes{4};

class FailoverStory : public TestEngine {
 public:
  struct Setting {
    int failure_threshold = 1;
    int request_interval_s = 30;
    std::uint64_t seed = 1;
    std::size_t checkers = 1;
  };
  // Two sites, their health checks, a zone with a failover pair.
  FailoverStory() : FailoverStory(Setting{}) {}
  explicit FailoverStory(const Setting& setting);

  Site& primary() { return site("primary"); }
  Site& backup() { return site("backup"); }

  // The guide's ten steps, or all of them but some.
  enum class Step {
    topic = 1,
    alarm,
    role,
    policy,
    attach_policy,
    attach_logs,
    zip,
    function,
    permission,
    subscription
  };
  void follow_the_guide(const std::set<Step>& leave_out = {});
  void follow(Step step);
  // The ten steps, and the two minutes after which the alarm knows that Primary is well.
  void arm();
  // Primary fails and is latched: `arm` and what follows, all of it checked.
  void lose_primary();
  void switch_back_by_hand();

  std::string dns() const { return TestEngine::dns(client_name); }
  std::string path();                                 // ResourcePath of Primary's health check
  std::int64_t version();                             // HealthCheckVersion of the same
  std::string alarm();                                // its state
  std::string history(const std::string& item_type);  // summaries, oldest first, a line each
  std::string log();                                  // all that the function logged
  double metric(const std::string& name_space, const std::string& name,
                const std::string& dimension, const std::string& value,
                const std::string& region);  // its sum over the last three hours
  // All that a crash must not change, in one text.
  std::string outcome();

  std::string primary_check, backup_check, zone;
  std::string name;  // of topic, alarm, role, policy and function: Primary's health check id, as in
                     // the guide
  std::string topic_arn, role_arn, policy_arn, function_arn;
  static inline const std::string function_region = "eu-west-1";

 private:
  std::string make_check(const std::string& reference, const std::string& address,
                         const Setting& setting);
  void make_records();
};

}  // namespace sitelatch::scenario
