// SPDX-License-Identifier: Apache-2.0
// A rule with its targets, and what may be put into them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "base/time.h"
#include "services/events/schedule.h"

namespace sitelatch::events {

extern const aws::TagRules tag_rules;

inline constexpr std::string_view default_bus = "default";

struct Rule {
  std::string region, bus{default_bus}, name, arn;
  std::string expression, pattern;  // of one or both; empty: none
  std::string state = "ENABLED";    // or DISABLED, or ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS
  std::optional<std::string> description, role_arn, managed_by;
  aws::Tags tags;
  std::vector<aws::Value> targets;  // as they were put
  Instant countdown_start{};        // of a rate
  std::optional<Instant> due;  // the next tick; none while disabled, or when it never comes again

  bool enabled() const { return state != "DISABLED"; }
};

aws::Value to_value(const Rule& rule);
Rule rule_from(const aws::Value& value);

// What a target is, by its ARN (fact events-32).
enum class TargetKind { function, topic, queue, log_group, bus };
std::optional<TargetKind> target_kind(std::string_view arn);

// A target's fields in AWS's words (facts events-20, events-31 and events-32).
aws::Outcome<Done> check_target(const aws::Value& target);

// How often and how long a failed dispatch is tried again (fact events-30).
struct TargetRetry {
  std::int64_t most_retries = 185;
  Duration longest = std::chrono::hours{24};
};
TargetRetry retry_of(const aws::Value& target);
// The wait after the n-th failed attempt (1 = the first).
Duration retry_delay(int failures);

}  // namespace sitelatch::events
