// SPDX-License-Identifier: Apache-2.0
// Deploying a guard: look, plan, make what differs, look again, and arm only when it can fire. Made
// of steps that may each be the last (a crash, a denial) and that the next deploy goes on from; the
// alarm's actions stay off until the end, and a check that is latched stays latched throughout.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/apply/builder.h"
#include "guard/apply/carry_out.h"
#include "guard/apply/missing_rights.h"
#include "guard/apply/observe.h"
#include "guard/apply/preflight.h"

namespace sitelatch::guard {

// What a person asked for; what is left out stays as deployed, or is the usual.
struct DeployOptions {
  std::string health_check_id;
  std::string function_region;
  std::optional<LatchKind> latch;
  std::optional<FunctionKind> function;
  std::string notify_endpoint;
  std::vector<std::string> kms_keys;  // ARNs (rules/kms.h)
  HoleNames accept_holes;             // beside those that were accepted before (rules/holes.h)
  std::string role_path;              // of a role that is to be made
  std::string permissions_boundary;   // ARN of a policy
  Texts tags;                         // on every resource
  bool reserve_concurrency = true;
  Form form = Form::guide;  // or hardened, of which this is a part: whose policy is named
};

struct Codes {
  FunctionCode native, python;
};

// What is done to a resource. `disable` is the alarm's actions', `remove` the schedule's.
enum class Verb { create, change, disable, remove };
std::string_view to_string(Verb verb);

// One resource to be made or changed.
struct ResourceChange {
  Resource resource = Resource::notify_topic;
  Verb verb = Verb::create;
  std::string name;  // of the resource: "role sitelatch-..."
  std::vector<std::string> why;
};

struct DeployPlan {
  Snapshot snapshot;
  Plan plan;
  Instant now{};
  std::vector<ResourceChange> work;   // in order; empty: everything is as it should be
  std::vector<Finding> findings;      // preflight
  std::vector<MissingRight> missing;  // the caller's, for this work, as far as IAM says
  std::vector<std::string> notes;     // assumptions, and what a person should know
  bool will_arm = false;              // unless a finding refuses
  bool reserves = false;              // concurrency, for the function
};

class Deployment {
 public:
  struct Dependencies {
    Context& context;
    Duration timeout;
  };
  Deployment(Dependencies dependencies, DeployOptions options, Codes codes);

  // Reads everything; changes nothing.
  Result<DeployPlan, Error> plan();
  // The same without records and preflight: for a guard that is not to be armed by deploy.
  Result<DeployPlan, Error> plan_resources();
  // Refused: a finding stands against arming, and then nothing is made. No answer: the caller lacks
  // rights, all of which are named. Asked before anybody confirms.
  Step permitted(const DeployPlan& deployment_plan) const;
  // Carries the work out until nothing differs; then `deployment_plan` is what there is now.
  Step build(DeployPlan& deployment_plan);
  // The function's self-test, and preflight; then waits until the guard can fire, and arms. Not
  // called while latched or in maintenance. `deployment_plan` has the check and the alarm as they
  // were seen last.
  Step arm(DeployPlan& deployment_plan);
  // The self-test alone, where this run built something or the alarm's actions are off.
  Step prove(const DeployPlan& deployment_plan);

 private:
  Result<Settings, Error> settle(const Snapshot& snapshot, std::vector<std::string>& notes) const;
  void work_out(DeployPlan& deployment_plan) const;
  void look_for_missing_rights(DeployPlan& deployment_plan);
  Step look_again(DeployPlan& deployment_plan);
  Step look_at_records();
  Step carry_out(const DeployPlan& deployment_plan, std::string& noted);
  void audit(const DeployPlan& deployment_plan, const std::string& note);
  bool may_arm(DeployPlan& deployment_plan, std::optional<Error>& stopped,
               std::string& waiting_for);
  Step switch_on(DeployPlan& deployment_plan);
  FunctionCode code(FunctionKind kind) const {
    return kind == FunctionKind::native ? codes_.native : codes_.python;
  }
  void say(const std::string& sentence) { dependencies_.context.progress(sentence); }
  Duration left() const;

  Dependencies dependencies_;
  DeployOptions options_;
  Codes codes_;
  WallInstant deadline_;
  // What this run knows of itself: AWS may not show it yet.
  std::optional<HoleNames> accepted_holes_;
  bool built_ = false, people_were_asked_ = false, concurrency_was_tried_ = false;
  bool wants_records_ = false;
  std::optional<RecordsSnapshot> records_;
  std::string dns_name_;  // of the PRIMARY record; empty: not known
};

// The work between what is there and what should be.
std::vector<ResourceChange> work_between(const Plan& plan, const Observed& observed);

}  // namespace sitelatch::guard
