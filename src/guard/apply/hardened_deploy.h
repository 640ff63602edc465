// SPDX-License-Identifier: Apache-2.0
// deploy --form hardened: the guide's guard by its own deploy, and beside it the relay, its URL,
// its clock and the sentinel (rules/hardened_form.h), a step at a time, each of which may be the
// last. What changes an answer of DNS, or when it changes (SECONDARY's check, targets' health,
// FailureThreshold), is done only where a person has asked for it, and only while Primary serves
// and is healthy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/apply/deploy.h"
#include "guard/apply/form_records.h"
#include "guard/apply/hardened_observe.h"

namespace sitelatch::guard {

struct ThresholdChange {
  int from = 0, to = 0;
};
// As commands of the aws CLI, for people.
std::string command_of(const std::string& endpoint, int threshold);

// What a URL of AuthType NONE needs, twice (fact lambda-49): AddPermission's input.
aws::Value permission_of_everybody(const std::string& function, std::string_view statement);
// The HealthCheckConfig of a clock.
aws::Value clock_config(const ClockTarget& target);

struct HardenedDeployPlan {
  DeployPlan guide;
  HardenedLook look;
  std::vector<HardenedWork> work;
  std::vector<RecordsBatch> batches;
  std::optional<ThresholdChange> threshold;
  std::vector<Refusal> refusals;        // against anything being made
  std::vector<Refusal> not_changeable;  // against records and threshold changing now
  // The caller's, for all of this work (those of `guide` are here too), as far as IAM says.
  std::vector<MissingRight> missing;

  bool hardens() const { return !batches.empty() || threshold; }
};

class HardenedDeployment {
 public:
  struct Options {
    bool change_records = false;
    Duration timeout = std::chrono::minutes{15};
  };
  HardenedDeployment(Context& context, DeployOptions guide, Codes codes, Options options);

  // Reads everything; changes nothing.
  Result<HardenedDeployPlan, Error> plan();
  // Refused: and then nothing is made.
  Step permitted(const HardenedDeployPlan& plan) const;
  // Until nothing of it is left; then `plan` is what there is. The same again goes on where it was
  // cut off.
  Step build(HardenedDeployPlan& plan);
  Step arm(HardenedDeployPlan& plan);
  // The relay's self-test, where this run built something of it: its role's rights, and that it
  // sees its sentinel. The guide's guard latches whether or not it passes.
  Step prove_relay(const HardenedDeployPlan& plan);

 private:
  Result<HardenedDeployPlan, Error> around(DeployPlan guide);
  void look_for_missing_rights(HardenedDeployPlan& plan) const;
  Step rules_permit(const HardenedDeployPlan& plan) const;
  Step look_again(HardenedDeployPlan& plan);
  Step harden(const HardenedDeployPlan& plan);
  Step build_relay(HardenedDeployPlan& plan);
  Step take(const HardenedWork& work, const HardenedDeployPlan& plan);
  Step put_sentinel(const HardenedLook& look);
  Step make_piece(Resource resource, const HardenedLook& look);
  Step reserve(const HardenedLook& look);
  Step free_concurrency(const HardenedLook& look);
  Step put_url(const HardenedLook& look);
  Step permit_everybody(const HardenedLook& look);
  Step make_clock(const HardenedLook& look);
  Step mend_clock(const HardenedLook& look);
  Step tag(const HardenedLook& look);
  void audit(const HardenedDeployPlan& plan, const std::string& note);
  void say(const std::string& sentence) { context_.progress(sentence); }

  Context& context_;
  DeployOptions wish_;
  FunctionCode code_;
  Options options_;
  Deployment guide_;
  WallInstant deadline_;
  std::string path_;  // of a relay that is not there yet
  bool reservation_was_tried_ = false, built_ = false;
};

}  // namespace sitelatch::guard
