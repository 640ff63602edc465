// SPDX-License-Identifier: Apache-2.0
// deploy --form config: look, decide the next step (rules/config_steps.h), take it, look again.
// Every step may be the last. All is made unattached; no record changes before the hold has been
// healthy by fifteen good minutes, and then only where a person has asked for it.
#pragma once

#include <string>
#include <vector>

#include "guard/apply/config_change.h"
#include "guard/apply/form_records.h"

namespace sitelatch::guard {

struct ConfigDeployPlan {
  ConfigView view;
  // `attach`, and what comes after it, is in it whether or not it was asked for.
  std::vector<ConfigWork> work;
  std::vector<RecordsBatch> batches;    // known once there is a hold check
  std::vector<Refusal> refusals;        // against anything being made
  std::vector<Refusal> not_attachable;  // against the records changing now
};

class ConfigDeployment {
 public:
  struct Options {
    std::string endpoint;
    bool change_records = false;
    Duration timeout = std::chrono::minutes{45};
    std::string notify{};  // whom to tell (plan.h: subscription_protocol()); empty: nobody new
  };
  ConfigDeployment(Context& context, Options options)
      : context_(context), options_(std::move(options)) {}

  // Reads everything; changes nothing.
  Result<ConfigDeployPlan, Error> plan();
  // Until nothing of it is left but, where nobody asked for it, `attach`. Not in time: the same
  // again goes on. Refused, with nothing made: IAM can say that the caller lacks rights.
  Result<ConfigDeployPlan, Error> run(ConfigDeployPlan plan);

 private:
  Step take(const ConfigWork& work, const ConfigDeployPlan& plan);
  std::optional<std::string> rights_missing(const ConfigDeployPlan& plan) const;
  Step put_alarm(const ConfigView& view);
  Step put_notify_topic(const ConfigView& view);
  Step subscribe(const ConfigView& view);
  Step put_people_alarms(const ConfigView& view);
  Step mend_hold(const ConfigView& view);
  Step tag_all(const ConfigView& view);
  Step wait_for_hold(const ConfigView& view);
  void wait_for_good_news(const ConfigView& view);
  Step attach(const ConfigDeployPlan& plan);
  Step dns_stays(const ConfigView& view);
  void say(const std::string& sentence) { context_.progress(sentence); }

  Context& context_;
  Options options_;
  WallInstant deadline_{};
  bool subscribed_ = false;
};

}  // namespace sitelatch::guard
