// SPDX-License-Identifier: Apache-2.0
// What is asked before any release, whatever the form of the latch: does Primary answer from here,
// and do the person's own checks pass. Each answer goes into the evidence, and is told as it comes.
#pragma once

#include <string>
#include <vector>

#include "guard/apply/carry_out.h"
#include "guard/apply/release_evidence.h"

namespace sitelatch::guard {

// Several times, a second apart; false at the first that is not 2xx or 3xx.
bool primary_answers(Context& context, const aws::Value& check_config, const std::string& path,
                     int probes, ReleaseEvidence& seen);

// Shell commands, in order; false at the first that does not exit 0, cannot be run, or takes longer
// than `limit`.
bool checks_pass(Context& context, const std::string& health_check_id,
                 const std::vector<std::string>& checks, Duration limit, ReleaseEvidence& seen);

}  // namespace sitelatch::guard
