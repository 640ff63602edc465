// SPDX-License-Identifier: Apache-2.0
// Removing a guard of the form `config`: the records go back to the endpoint's check first, where a
// person has asked for that; then what nothing follows any more. What is gone already is no error,
// so that a second run finishes what was cut off.
#pragma once

#include <string>
#include <vector>

#include "guard/apply/config_change.h"
#include "guard/apply/form_records.h"

namespace sitelatch::guard {

struct ConfigRemoval {
  ConfigView view;
  std::vector<RecordsBatch> batches;  // that give the records back
  std::vector<std::string> removals;  // in words, in order
  std::vector<std::string> left;      // what stays
};
struct ConfigRemovalOptions {
  std::string endpoint;
  bool change_records = false, logs = false;
  Unhold unhold = Unhold::unsaid;
};
// Refused: the rules say no (rules/config_steps.h).
Result<ConfigRemoval, Error> plan_config_removal(Context& context,
                                                 const ConfigRemovalOptions& options);
Step carry_out(Context& context, const ConfigRemoval& removal, const ConfigRemovalOptions& options);

}  // namespace sitelatch::guard
