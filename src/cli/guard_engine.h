// SPDX-License-Identifier: Apache-2.0
// The commands of a health check under the engine's manual resume (form `engine`).
#pragma once

#include "cli/guard_report.h"
#include "guard/apply/engine_form.h"

namespace sitelatch::cli {

int deploy_engine(const DeployOptions& options);
int trip_engine(const TripOptions& options);
int switch_back_engine(const SwitchBackOptions& options);
int destroy_engine(const DestroyOptions& options);

aws::Value to_value(const guard::EngineView& view);
int status_code(const guard::EngineView& view);

// The changes of records that a form wants, with the ones that take them back.
void print(const std::vector<guard::RecordsBatch>& batches);
aws::Value to_value(const std::vector<guard::RecordsBatch>& batches);

}  // namespace sitelatch::cli
