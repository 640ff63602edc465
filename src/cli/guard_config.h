// SPDX-License-Identifier: Apache-2.0
// The commands of a guard of the form `config`: the same words as the guide's, on another latch.
#pragma once

#include <string>

#include "cli/guard_report.h"
#include "guard/apply/config_observe.h"
#include "guard/rules/form.h"

namespace sitelatch::cli {

int deploy_config(const DeployOptions& options);
int trip_config(const TripOptions& options);
int switch_back_config(const SwitchBackOptions& options);
int destroy_config(const DestroyOptions& options);

aws::Value to_value(const guard::ConfigView& view);
int status_code(const guard::ConfigView& view);

// Makes the endpoint's check of whichever check of a guard was named, and says which form it has.
// A status: that could not be seen, which ends the command; but who latches goes on (`go_on`),
// with the guide's way, which latches whatever there is.
enum class Unseen { end, go_on };
std::optional<int> make_form(const GuardOptions& options, std::string& id, guard::Form& form,
                             Unseen unseen);
// Whether records follow what this form has made, as far as that can be seen.
bool latches_by(const GuardOptions& options, const std::string& id, guard::Form form);
// The same as make_form() for a connection that is there already.
Result<guard::Form, guard::Error> form_of(GuardContext& context, std::string& id);

// What the plan of another form must say of what is on the same check, and stays. The guide's guard
// latches by itself; nothing: there is none, or it is not to be seen.
std::vector<std::string> beside_the_guide(GuardContext& context, const std::string& health_check_id,
                                          const std::string& region, guard::Form wanted);
// The pieces of config, which no record follows.
std::string beside_config(const std::string& health_check_id);

}  // namespace sitelatch::cli
