// SPDX-License-Identifier: Apache-2.0
// What should exist for the guard of one health check: names, ARNs, documents, settings. A value:
// deploy compares it with what is there (state.h: differences()), the drill makes a second one for
// a scratch check, destroy takes it backwards. Policies hold exactly what the function calls, on
// exactly these resources (docs/facts/guard.md).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guard/rules/decision.h"
#include "guard/rules/holes.h"
#include "guard/rules/latch.h"
#include "guard/rules/record.h"
#include "guard/rules/right.h"

namespace sitelatch::guard {

// How long an audit log keeps its lines: ten years, the longest that Logs has short of for
// ever.
inline constexpr int audit_retention_days = 3653;

enum class FunctionKind { native, python };
std::string_view to_string(FunctionKind kind);
std::optional<FunctionKind> function_kind(std::string_view text);

// Where health checks report and are changed: us-east-1; China: cn-northwest-1; GovCloud:
// us-gov-west-1 (aws/auth/partition.h).
std::string_view control_region(std::string_view partition);
// The regions that every account of the partition aws has, without asking for them.
std::span<const std::string_view> default_regions();
// Regions that accounts must opt in to: every other region of the partition aws.
bool opt_in_region(std::string_view region);
// Why an alarm's message may not reach a function in `region` (fact guard-11); nothing: it does.
std::optional<std::string> delivery_doubt(std::string_view partition, std::string_view region);

bool valid_health_check_id(std::string_view id);  // letters, digits, dashes; at most 48

// Names of the resources; deploy replaces them with those of adopted resources (the guide calls all
// of them by the check's id).
// The policy of a topic that these alarms alone publish to. (People of the account need no
// statement: their own policies suffice.)
std::string only_alarms_may_publish(std::string_view sid, const std::string& topic_arn,
                                    const std::vector<std::string>& alarm_arns,
                                    const std::string& account);

struct Names {
  std::string alarm, alarm_topic, notify_topic, function, role, role_policy, rule, audit_group;
  std::string sns_statement =
      "sitelatch-sns";  // statement ids of the function's policy; the guide's: function-with-sns
  std::string events_statement = "sitelatch-schedule";
};
Names default_names(std::string_view health_check_id);  // sitelatch-<id>, ..., /sitelatch/<id>
Names guide_names(
    std::string_view health_check_id);  // what the guide makes; the rest as default_names

struct Settings {
  std::string health_check_id;
  std::string partition = "aws";
  std::string account;
  std::string function_region = "us-east-1";
  LatchKind latch = LatchKind::path;
  FunctionKind function = FunctionKind::native;
  std::string notify_endpoint;  // "mail@example.org", "https://...", an ARN of a function or queue;
                                // empty: none
  // ARNs of keys that encrypt the topics: one a region of theirs, or one multi-region key; empty:
  // none (rules/kms.h).
  std::vector<std::string> kms_keys;
  std::string function_sha256;        // CodeSha256 of the zip (base64); empty: not compared
  std::string function_architecture;  // of the native code: "x86_64", "arm64"; empty: not compared
  std::string role_path = "/";        // of the function's role; begins and ends with a slash
  std::string permissions_boundary;   // ARN of the role's; empty: as it is, or none
  Texts extra_tags;                   // of people: on every resource, beside the guard's own
  HoleNames accepted_holes;           // ways past the latch that a person has accepted
  std::string dns_name;               // what users look up, for messages; empty: not known
  Texts endpoint_variables{};  // AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, where deploy
                               // has them: for the function too
  int log_retention_days = 90;
  Names names;    // empty members are filled with default_names
  Record record;  // as it shall be in environment and tags
};

struct TopicPlan {
  std::string name, arn, region;
  std::string kms_key;
  std::string policy;  // document; empty: SNS's default stays
  Texts tags;
};
struct AlarmPlan {
  std::string name, arn, region, description, topic_arn, health_check_id;
  Texts tags;
  // The guide's settings, which deploy keeps where an adopted alarm has stricter ones.
  static constexpr std::string_view metric_namespace = "AWS/Route53", metric = "HealthCheckStatus",
                                    dimension = "HealthCheckId", statistic = "Minimum",
                                    comparison = "LessThanThreshold", missing_data = "notBreaching";
  static constexpr int period_s = 60, evaluation_periods = 1;
  static constexpr double threshold = 1.0;
};
struct RolePlan {
  std::string name, arn, path, trust;         // trust: document
  std::string permissions_boundary;           // ARN; empty: stays as it is
  std::string policy_name, policy;            // one inline policy
  std::vector<std::string> managed_policies;  // to attach; native: none
  Texts tags;
};
struct FunctionPlan {
  std::string name, arn, region, runtime, handler, role_arn, sha256;
  FunctionKind kind = FunctionKind::native;
  int timeout_s = 30, memory_mb = 128;
  std::string architecture;  // empty: stays as it is
  Texts environment;         // of ours; other variables that are there stay
  Texts tags;
  // One for an alarm and one for the tick: the latch waits behind nobody. (fact guard-26)
  int reserved_concurrency = 2;
  std::string failure_destination;  // notify topic
  int retries = 2, event_age_s = 21600;
};
struct PermissionPlan {
  std::string statement_id, principal, source_arn, source_account;
};
struct SchedulePlan {
  std::string name, arn, region, expression, target_id, target_arn;
  Texts tags;
};
struct SubscriptionPlan {
  std::string topic_arn, region, protocol, endpoint;
};
struct LogGroupPlan {
  std::string name, arn, region;
  int retention_days = 0;
  Texts tags;
};

struct Plan {
  Settings settings;  // names filled in
  std::string health_check_arn;
  TopicPlan notify_topic;
  std::optional<SubscriptionPlan> notify_subscription;
  TopicPlan alarm_topic;
  AlarmPlan alarm;
  LogGroupPlan audit_group, function_group;
  RolePlan role;
  FunctionPlan function;
  PermissionPlan sns_permission, events_permission;
  SubscriptionPlan function_subscription;
  SchedulePlan schedule;  // native only: has_schedule
  bool has_schedule = true;
};
// Refused: an id, account, region, key, path or tag that cannot be, an original path that is a
// latch value. A region that SNS does not deliver to is no refusal here: what is there must be seen
// and removed (delivery_doubt()).
Result<Plan> make_plan(Settings settings);

// What a person asks of the role and of the tags, before it goes into settings. Refused: a path
// that does not begin and end with a slash, a boundary that is no policy's ARN, a tag that AWS
// would not take, or that is the guard's own.
Result<Done> check_role_wishes(std::string_view role_path, std::string_view permissions_boundary);
Result<Done> check_extra_tags(const Texts& tags);

// "email", "https", "http", "sqs", "lambda" by the endpoint's form.
std::optional<std::string> subscription_protocol(std::string_view endpoint);

// The environment that make_plan gives the native function: SITELATCH_HEALTH_CHECK_ID, _ALARM_ARN,
// _ALARM_TOPIC_ARN, _NOTIFY_TOPIC_ARN, _RULE_ARN, _AUDIT_GROUP, _DNS_NAME, and the record's.
Texts function_environment(const Arrangement& arrangement, const Record& record);

// The role's permissions, one statement each, so that a missing one can be named.
std::vector<Right> function_rights(const Plan& plan);

}  // namespace sitelatch::guard
