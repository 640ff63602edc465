// SPDX-License-Identifier: Apache-2.0
// A guard as code that reviewers can read (`sitelatch export`): its resources as plain values, in
// an order in which each names only earlier ones, for printers of Terraform (code_terraform.cc),
// CloudFormation and the shell. Pure.
//
// Names, ARNs and documents are the account's own texts. A printer replaces what they say of the
// account, of the health check and of earlier resources by references (References), so that the
// same code makes another guard in another account. A form adds its resources and nothing else.
//
// The present of a guard is left out: a latch, a maintenance, releases. What they change on a
// resource is `held`: the code makes it, and leaves it alone from then on.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "aws/wire/value.h"
#include "guard/rules/config_steps.h"
#include "guard/rules/form.h"
#include "guard/rules/hardened_form.h"
#include "guard/rules/state.h"

namespace sitelatch::guard::code {

// What the guard or its people change while the code stays as it is.
enum class Held { path, disabled, inverted, children, tags };

// `label` is unique, letters, digits and underscores; `there`: it exists in the account.
struct HealthCheck {
  std::string label, id;  // id: of the one that is there; empty: there is none
  std::string type, address, name, path, search, insufficient_data;
  int port = 0, interval_s = 0, failure_threshold = 0, health_threshold = 0;
  bool measures_latency = false, inverted = false, disabled = false;
  std::optional<bool> sni{};
  std::vector<std::string> regions{}, children{};  // children: ids
  std::string alarm_name{}, alarm_region{};
  Texts tags{};
  std::string reference{};  // CallerReference for who must give one
  // It asks the relay's URL at its path: type, name, port and path are that URL's, wherever it is.
  bool asks_relay = false;
  std::vector<Held> held{};
};
struct Topic {
  std::string label, name, arn, region, display_name, kms_key;
  Texts tags;
  std::vector<std::string_view> held_tags;  // keys
  bool there = false;
};
// After the alarm that it speaks of.
struct TopicPolicy {
  std::string label, topic, region, document;  // topic: ARN
  bool there = false;
};
struct Subscription {
  std::string label, topic, region, protocol, endpoint, filter_policy;
  std::string arn;       // of the one that is there
  bool pending = false;  // it is there, and nobody has confirmed it: it has no ARN
};
struct Alarm {
  std::string label, name, arn, region, description, metric_namespace, metric, statistic,
      comparison, missing_data;
  std::vector<std::pair<std::string, std::string>> dimensions;
  double threshold = 0;
  int period_s = 0, evaluation_periods = 0, datapoints_to_alarm = 0;
  std::vector<std::string> actions, ok_actions, insufficient_data_actions;
  bool acts = true;  // else its actions are never on
  Texts tags;
  bool there = false;
};
struct LogGroup {
  std::string label, name, arn, region;
  int retention_days = 0;  // 0: for good
  Texts tags;
  bool there = false;
};
struct Role {
  std::string label, name, arn, path, description, boundary, trust, role_id;
  Texts tags;
  bool there = false;
};
struct RolePolicy {
  std::string label, role, name, document;
  bool there = false;
};
struct AttachedPolicy {
  std::string label, role, arn;
  bool there = false;
};
struct Function {
  std::string label, name, arn, region, description, runtime, handler, role_arn, architecture;
  int timeout_s = 0, memory_mb = 0;
  std::optional<int> reserved_concurrency;
  Texts environment, tags;
  std::vector<std::string_view> held_variables;  // names
  std::vector<std::string> layers, subnets, security_groups;
  bool there = false;
};
struct Invocation {  // how Lambda tries again, and whom it tells
  std::string label, function, region, failure_destination;
  std::optional<int> retries, event_age_s;
  bool there = false;
};
struct Permission {
  std::string label, function, region, statement_id, action, principal, source_arn, source_account;
  bool there = false;
  bool of_open_url = false;  // FunctionUrlAuthType is NONE
  bool via_url = false;      // InvokedViaFunctionUrl: of a URL's requests, and of no others
};
struct FunctionUrl {  // which asks for no signature
  std::string label, function, function_arn, region, url;
  bool there = false;
};
struct Schedule {
  std::string label, name, arn, region, description, expression;
  Texts tags;
  bool there = false;
};
struct ScheduleTarget {  // `schedule`: the rule's name
  std::string label, schedule, region, id, arn;
  bool there = false;
};
struct Record {
  std::string label, zone_id, zone_name, name, type, set_identifier, failover, health_check_id;
  std::int64_t ttl_s = 0;
  std::vector<std::string> values{};
  struct Alias {
    std::string zone_id, name;
    bool evaluate_target_health = false;
  };
  std::optional<Alias> alias{};
  bool held_check = false;  // which check it follows is a command's to change
  bool of_guard = false;    // a piece of the guard: nobody looks it up
  bool there = true;
};
using Part = std::variant<HealthCheck, Topic, TopicPolicy, Subscription, Alarm, LogGroup, Role,
                          RolePolicy, AttachedPolicy, Function, Invocation, Permission, FunctionUrl,
                          Schedule, ScheduleTarget, Record>;

// Of the form `hardened`: what of its relay no code may say. The path is a secret, and the name
// servers are another zone's elsewhere; both are begun anew where there is no relay, and its own
// where there is one.
struct Relay {
  std::string path, name_servers;  // as they stand in its variables
  std::string zone_id;             // whose name servers it asks
};

struct Guard {
  Form form = Form::guide;
  std::string health_check_id, account, region;  // region: where health checks report
  std::vector<Part> parts;
  std::optional<Relay> relay{};
  std::vector<std::string> left_out;  // sentences: what of the guard is not in the code
  bool imports = true;                // Terraform: adopt what is there
  bool has_function() const;
  bool has_records() const;
};
// What other texts of a guard call a health check: its id, or a stand-in where it is not there yet.
std::string called(const HealthCheck& check);
// Regions that its resources are in, that of health checks first, others by name.
std::vector<std::string> regions_of(const Guard& guard);

// HealthCheckConfig as Route 53 gives it.
HealthCheck health_check(std::string label, std::string id, const aws::Value& config);

// The form `guide`. `check`: of Primary, as it is in the account; its own path goes in its stead
// while it is latched. A resource that is not there is as deploy would make it.
Guard guide(const Plan& plan, const Observed& observed, HealthCheck check);
// The form `config`. Its loop (C asks for H, whose alarm watches C) has no beginning that code can
// say: C begins as deploy begins it, and deploy closes it after fifteen good minutes. Its records
// begin with the endpoint's check, for until then H would keep Primary out.
Guard config(const ConfigPlan& plan, const ConfigObserved& observed, const ConfigThere& there,
             std::string account, HealthCheck check);
Guard engine(std::string account, std::string region, HealthCheck check);
// The form `hardened`: the guide's, and its relay after it. `clock`: as it is in the account, or
// nothing. The tags of Primary's check lead to the clock, which needs the function, whose name has
// the check's id: deploy writes them, where no script can.
Guard hardened(const Plan& plan, const Observed& observed, const HardenedPlan& relay,
               const HardenedObserved& there, HealthCheck check, std::optional<HealthCheck> clock);

// One text with what it says of others taken out: `reference` empty is literal text.
struct Piece {
  std::string text;       // literal
  std::string reference;  // an expression of the format
};
// The texts that have become references, each with the expression that stands for it. Of several
// that fit the longest is taken; never a part of a longer word or number.
class References {
 public:
  void add(std::string text, std::string expression);
  std::vector<Piece> pieces(std::string_view text) const;

 private:
  std::vector<std::pair<std::string, std::string>> known_;  // longest first
};

// Printers. Deterministic: the same guard, the same bytes.
std::string terraform(const Guard& guard);
std::string shell(const Guard& guard);
// Refused: what a stack cannot hold.
Result<std::string> cloudformation(const Guard& guard);

}  // namespace sitelatch::guard::code
