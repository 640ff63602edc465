// SPDX-License-Identifier: Apache-2.0
// What people need of IAM for a guard of the forms `config` and `engine`, as rights.h has it for
// the guide's: nothing runs in these forms, so there is no role and no function, and what they may
// do is what the commands do. A health check's id is known only after it was made, and Route 53
// knows no conditions on health checks but those of their tags' names: whoever deploys may
// therefore change every health check of the account. The form `hardened` is the guide's and a
// relay: a Scope of rights.h. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "guard/rules/config_form.h"
#include "guard/rules/hardened_form.h"
#include "guard/rules/rights.h"

namespace sitelatch::guard {

// ARNs, or patterns of them.
struct FormScope {
  std::string partition = "aws";
  std::vector<std::string> checks;  // that a viewer sees: the endpoint's, and what the form made
  std::vector<std::string> held;    // that an operator changes
  std::vector<std::string> alarms, audit_groups, notify_topics;
  bool every_guard = false;  // status --all, and drill, whose scratch check has no id before
};
// Of one guard. `made`: the ids of C and H; empty: not known, so every health check is meant.
FormScope scope_of_config(const ConfigPlan& plan, const std::vector<std::string>& made);
FormScope scope_of_engine(std::string_view endpoint, std::string_view partition);
// Of every guard of these two forms.
FormScope every_guard_of(Form form, std::string_view partition);

std::vector<Right> rights_of(Form form, Audience audience, const FormScope& scope);

// What people's commands do beyond looking, for missing_rights(): of everything that a step of
// deploy, a switch back or a removal may need.
std::vector<std::string> actions_to_deploy_config(bool change_records, bool notify);
std::vector<std::string> actions_to_release_config();
std::vector<std::string> actions_to_remove_config(bool change_records, bool notify);

// --- hardened
// Of one guard, as planned. `clock`: its id; empty: not known, so every health check may be seen.
Scope scope_of_hardened(const Plan& guard, std::string_view clock);
// Of every guard of this form, and of the guide's.
Scope every_hardened_guard(std::string_view partition);
// The relay's part of it: who makes or removes that needs no right to the rest.
Scope relay_alone(const Scope& hardened);
std::vector<std::string> actions_to_take(const HardenedWork& work, const Plan& relay);
// Of a drill, beside those of the guide's.
std::vector<std::string> actions_to_drill_hardened();

}  // namespace sitelatch::guard
