// SPDX-License-Identifier: Apache-2.0
// Reading what the form `hardened` has beside a guard (rules/hardened_form.h): the relay by its
// name, its URL, the clock by the tag of the endpoint's check or by its CallerReference, the
// sentinel among the records. What may not be seen is told. Changes nothing.
#pragma once

#include <string>
#include <vector>

#include "guard/apply/builder.h"
#include "guard/apply/carry_out.h"
#include "guard/rules/hardened_form.h"

namespace sitelatch::guard {

struct HardenedLook {
  HardenedPlan plan;
  HardenedObserved observed;
  Texts endpoint_tags;
  aws::Value clock_config;  // HealthCheckConfig
  std::vector<RecordSnapshot> sentinels;
  std::vector<ReadFailure> blind;
};
struct HardenedQuery {
  std::string path;    // of a relay that is not there yet
  bool health = true;  // the clock's
  bool search = true;  // the clock by its reference, where no tag leads to it
};
// `snapshot` with its records, `plan` of the guard.
Result<HardenedLook, Error> look_at_hardened(Context& context, const Snapshot& snapshot,
                                             const Plan& plan, const HardenedQuery& how);

// What a command says that must see all of it and does not: each right that is missing, or the
// service that does not answer.
Error unseen_of(const std::vector<ReadFailure>& blind, std::string_view must,
                const std::string& caller_arn, const std::string& health_check_id);

// Whether there is any of it: by the records that were read.
bool has_sentinel(const Snapshot& snapshot);
// Adds its links to those of a guard that was looked at. Error: nothing of it could be read.
Step add_hardened(Context& context, View& view);

}  // namespace sitelatch::guard
