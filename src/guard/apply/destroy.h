// SPDX-License-Identifier: Apache-2.0
// Removing a guard: exactly the resources whose tag sitelatch:guard is this health check's id, in
// an order that leaves no moment in which half a guard could fire, and that a second run can finish
// from wherever the first was cut off. What is gone already is no error; what stands there without
// the tag is left and named.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "guard/apply/builder.h"
#include "guard/apply/carry_out.h"
#include "guard/apply/missing_rights.h"
#include "guard/apply/observe.h"

namespace sitelatch::guard {

// What becomes of a latched check.
enum class Latch { unsaid, keep, restore };

struct Removal {
  std::string verb, name;            // "delete", "role sitelatch-..."
  std::vector<std::string> actions;  // of IAM: "iam:DeleteRole"
  std::function<client::Outcome<Done>(Context&)> act;
};

// Calls of AWS, each of which may find nothing to do; IAM's delays are waited out.
struct RemovalCall {
  std::string service, operation, region;
  client::Value input;
};
Removal removal_of(std::string verb, std::string name, std::vector<RemovalCall> all);
// Whether a resource's tags say that it is this guard's.
bool is_tagged_for(const Texts& tags, const std::string& health_check_id);

struct RemovalPlan {
  Snapshot snapshot;
  Plan plan;
  std::vector<Removal> removals;      // in order
  std::vector<std::string> left;      // what is there and not ours, or kept
  std::vector<std::string> notes;     // what this means for the check
  std::vector<MissingRight> missing;  // the caller's, for these removals, as far as IAM says
  Form form = Form::guide;            // or hardened: the relay's are among them
};

struct RemovalOptions {
  std::string health_check_id;
  Latch latch = Latch::unsaid;
  bool logs = false;
  bool ask_rights = true;  // false: what can be removed is, whatever IAM would say
};

// Reads everything; changes nothing. Refused: the check is latched and nobody said what becomes of
// it.
Result<RemovalPlan, Error> plan_removal(Context& context, const RemovalOptions& options);
// Nothing is removed where `missing` says that not all of it could be.
Step carry_out(Context& context, const RemovalPlan& ending);

}  // namespace sitelatch::guard
