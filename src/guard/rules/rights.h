// SPDX-License-Identifier: Apache-2.0
// What people need of IAM to look at a guard, to work it, and to make and remove it: once, as data.
// `sitelatch policy` prints it, commands ask IAM about it before they change anything, and tests
// show that each policy is enough and that no statement of it is idle. Resources are exact ARNs for
// one guard, patterns over the names that deploy and the guide give otherwise. (The function's own
// rights: plan.h.)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/rules/plan.h"
#include "guard/rules/right.h"
#include "guard/rules/state.h"

namespace sitelatch::guard {

enum class Audience {
  viewer,    // status, log, doctor, deploy --plan, destroy --plan
  operate,   // "operator": viewer, and trip, disarm, arm, reconcile, switch-back
  deployer,  // operator, and deploy, destroy, drill
};
std::string_view to_string(Audience audience);
std::optional<Audience> audience(std::string_view text);  // "viewer", "operator", "deployer"

// ARNs, or patterns of them.
struct Arns {
  std::vector<std::string> checks, alarms, alarm_topics, notify_topics, functions, roles, rules,
      function_groups, audit_groups, policies;
};
struct Scope {
  std::string partition = "aws";
  Arns own;                          // what is made and changed
  Arns looked;                       // what is looked for besides: the names that the guide gives
  Arns relay;                        // of the form `hardened`: the relay's, and its clock (checks)
  std::vector<std::string> keys;     // of the topics; ARNs
  std::string permissions_boundary;  // of the role; empty: none is set
  bool every_guard =
      false;  // what only commands over all guards need belongs in: status --all, doctor
              // and drill, whose second guard has an id that nobody knows before
};
// Of one guard, as planned.
Scope scope_of(const Plan& plan);
// Of every guard of the partition, in whichever account and region.
Scope every_guard(std::string_view partition);

std::vector<Right> rights_of(Audience audience, const Scope& scope);
std::string health_check_arn(std::string_view partition, std::string_view id);
// Of those, what these actions need.
std::vector<Right> only(const std::vector<Right>& rights, const std::vector<std::string>& actions);

// Policies of log groups speak of the group in two forms, and AWS's pages do not agree on which
// action asks for which.
std::vector<std::string> with_streams(const std::vector<std::string>& groups);
std::vector<std::string> streams_of(const std::vector<std::string>& groups);

// The actions of one step of deploy. `there`: the resource exists already.
std::vector<std::string> actions_to_make(Resource resource, bool there, const Plan& plan);
// Of a change of the check, its record and its alarm's actions, and of writing it down.
std::vector<std::string> actions_to_apply(const Change& change, const Record& before);
// The one without which no latch can be set; the others only say what was done.
inline constexpr std::string_view latch_action = "route53:UpdateHealthCheck";
// Of a drill: its second guard is made, worked and removed.
std::vector<std::string> actions_to_drill(const Plan& second_guard);

}  // namespace sitelatch::guard
