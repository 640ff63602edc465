// SPDX-License-Identifier: Apache-2.0
// The commands of a guard of the form `hardened` where they are more than the guide's: deploy and
// destroy. All others are the guide's, on the same check.
#pragma once

#include "cli/guard_report.h"
#include "guard/apply/deploy.h"
#include "guard/apply/destroy.h"

namespace sitelatch::cli {

int deploy_hardened(const DeployOptions& options, guard::DeployOptions wish, guard::Codes codes);
// To the guide's form: the relay and its pieces go, the guide's guard stays.
struct RelayRemoval {
  std::optional<int> ended;                  // the command's exit status; nothing: it goes on
  aws::Value removals = aws::Value::list();  // what went, or with --plan would go
};
RelayRemoval remove_relay(const DeployOptions& options);

// Of the guide's deploy and destroy, which these are built on.
void print(const guard::DeployPlan& deployment_plan);
aws::Value details_of(const guard::DeployPlan& deployment_plan);
guard::Codes codes();  // of the functions
std::string keep_runbook(guard::Context& context, const DeployOptions& options);
void print(const guard::RemovalPlan& ending);
aws::Value removals_of(const guard::RemovalPlan& ending);

}  // namespace sitelatch::cli
