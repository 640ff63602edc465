// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/form_on_scratch.h"

#include <algorithm>

#include "base/text.h"
#include "guard/apply/config_deploy.h"
#include "guard/apply/config_switch_back.h"
#include "guard/apply/engine_form.h"
#include "guard/rules/form_rights.h"

namespace sitelatch::guard {
namespace {

// In place of the scratch check's, which nobody knows before it is made.
constexpr std::string_view unmade_id = "00000000-0000-4000-8000-000000000000";

// IAM is asked about the zone that is meant: a caller's policy may allow that one alone.
std::vector<Right> in_zone(std::vector<Right> rights,
                           const std::optional<RecordsSnapshot>& records) {
  if (!records || records->users.empty()) return rights;
  for (auto& right : rights)
    for (auto& resource : right.resources)
      if (resource.ends_with(":hostedzone/*"))
        resource = replace_all(resource, "/*", "/" + records->users.front().zone_id);
  return rights;
}

Result<std::string> ended(const SwitchBackReport& report, std::string well) {
  if (report.end == SwitchBackEnd::done) return well;
  std::vector<std::string> why{report.sentence};
  for (const auto& refusal : report.refusals) why.push_back(refusal.why);
  return failure(Problem{join(why, " ")});
}

class ConfigOnScratch final : public FormOnScratch {
 public:
  explicit ConfigOnScratch(Context& context) : context_(context) {}

  Result<Rehearsed, Error> look_at_primary(const std::string& id) override {
    ConfigLook how;
    how.dns = false;
    auto seen = look_at_config(context_, id, how);
    if (!seen) return failure(seen.error());
    auto actions = actions_to_deploy_config(true, false);
    for (const auto& more :
         {actions_to_release_config(), actions_to_remove_config(true, false),
          std::vector<std::string>{"route53:ListHealthChecks", "logs:DeleteLogGroup"}})
      actions.insert(actions.end(), more.begin(), more.end());
    const auto scratch = plan_config(unmade_id, seen->plan.partition, seen->plan.account);
    auto rights =
        only(rights_of(Form::config, Audience::deployer, scope_of_config(scratch, {})), actions);
    return Rehearsed{seen->observed.endpoint,
                     seen->endpoint_config,
                     endpoint_is_healthy(seen->observed),
                     seen->records,
                     seen->caller_arn,
                     seen->observed.unseen,
                     in_zone(std::move(rights), seen->records),
                     seen->audit()};
  }

  Result<State> state(const std::string& scratch) override {
    const auto seen = look(scratch);
    if (!seen) return failure(Problem{seen.error().text});
    const auto held = hold_is_healthy(seen->plan, seen->observed, seen->now);
    return State{endpoint_is_healthy(seen->observed), held == false, seen->now};
  }
  Result<std::string> build(const std::string& scratch, Duration limit) override {
    const auto built = deploy(scratch, false, limit);
    if (!built) return failure(built.error());
    return std::string{"all of the form, and fifteen good minutes of it"};
  }
  Result<std::string> attach(const std::string& scratch, Duration limit) override {
    const auto attached = deploy(scratch, true, limit);
    if (!attached) return failure(attached.error());
    return std::string{
        "the drill's PRIMARY record follows the hold check, and DNS still says Primary"};
  }
  Result<std::string> trip(const std::string& scratch) override {
    auto seen = look(scratch);
    if (!seen) return failure(Problem{seen.error().text});
    const auto tripped = trip_config(context_, std::move(*seen), "drill");
    if (!tripped) return failure(Problem{tripped.error().text});
    return tripped->sentence;
  }
  Result<std::string> release(const std::string& scratch, Duration limit) override {
    ConfigSwitchBackOptions options;
    options.health_check_id = scratch;
    options.reason = "drill";
    options.window = limit;
    // Route 53's checkers reach it, which need not be so from here.
    options.force = {"primary", "audit"};
    options.confirm = [](const ConfigView&, const std::string&) { return true; };
    return ended(config_switch_back(context_, options),
                 "fifteen good minutes, DNS says Primary, and the failover is the latch again");
  }

 private:
  // With what the checkers' last probes say: a blip is over before the metric shows it.
  Result<ConfigView, Error> look(const std::string& scratch) {
    ConfigLook how;
    how.records = how.dns = false;
    return look_at_config(context_, scratch, how);
  }
  Result<Done> deploy(const std::string& scratch, bool change_records, Duration limit) {
    ConfigDeployment deployment(context_, {scratch, change_records, limit});
    auto plan = deployment.plan();
    if (!plan) return failure(Problem{plan.error().text});
    const auto done = deployment.run(std::move(*plan));
    if (!done) return failure(Problem{done.error().text});
    return Done{};
  }

  Context& context_;
};

class EngineOnScratch final : public FormOnScratch {
 public:
  explicit EngineOnScratch(Context& context) : context_(context) {}

  Result<Rehearsed, Error> look_at_primary(const std::string& id) override {
    const auto seen = look_at_engine(context_, id);
    if (!seen) return failure(seen.error());
    auto scope = scope_of_engine(unmade_id, "aws");
    scope.every_guard = true;
    const auto healthy = seen->observed.probes_well;
    return Rehearsed{
        seen->observed.endpoint,
        seen->endpoint_config,
        healthy,
        seen->records,
        seen->caller_arn,
        seen->observed.unseen,
        in_zone(only(rights_of(Form::engine, Audience::deployer, scope),
                     {"route53:CreateHealthCheck", "route53:ListHealthChecks",
                      std::string{latch_action}, "route53:DeleteHealthCheck",
                      "route53:ChangeTagsForResource", "route53:ChangeResourceRecordSets"}),
                seen->records),
        find_audit_group(context_, seen->region, id)};
  }

  Result<State> state(const std::string& scratch) override {
    const auto seen = look_at_engine(context_, scratch);
    if (!seen) return failure(Problem{seen.error().text});
    return State{seen->observed.probes_well, seen->observed.latch.has_value(), seen->now};
  }
  Result<std::string> build(const std::string& scratch, Duration) override {
    const auto plan = plan_engine(context_, scratch);
    if (!plan) return failure(Problem{plan.error().text});
    const auto done = carry_out(context_, *plan, false);
    if (!done) return failure(Problem{done.error().text});
    return std::string{"the scratch check is under manual resume"};
  }
  Result<std::string> attach(const std::string&, Duration) override {
    return std::string{"the drill's PRIMARY record is on that check already"};
  }
  Result<std::string> trip(const std::string& scratch) override {
    const auto seen = look_at_engine(context_, scratch);
    if (!seen) return failure(Problem{seen.error().text});
    const auto tripped = trip_engine(context_, *seen, "drill");
    if (!tripped) return failure(Problem{tripped.error().text});
    return tripped->sentence;
  }
  Result<std::string> release(const std::string& scratch, Duration limit) override {
    EngineSwitchBackOptions options;
    options.health_check_id = scratch;
    options.reason = "drill";
    options.window = limit;
    options.force = {"primary", "audit"};
    options.confirm = [](const EngineView&, const std::string&) { return true; };
    return ended(engine_switch_back(context_, options),
                 "released, DNS says Primary, and the failover is the latch again");
  }

 private:
  Context& context_;
};

}  // namespace

std::unique_ptr<FormOnScratch> form_on_scratch(Form form, Context& context) {
  if (form == Form::engine) return std::make_unique<EngineOnScratch>(context);
  return std::make_unique<ConfigOnScratch>(context);
}

}  // namespace sitelatch::guard
