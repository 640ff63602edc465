// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/form_on_scratch.h"

#include <algorithm>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/config_deploy.h"
#include "guard/apply/config_switch_back.h"
#include "guard/apply/drill_legs.h"
#include "guard/apply/drill_scratch.h"
#include "guard/apply/engine_form.h"
#include "guard/apply/hardened_deploy.h"
#include "guard/apply/self_testing.h"
#include "guard/apply/switch_back.h"
#include "guard/rules/form_rights.h"

namespace sitelatch::guard {
namespace {

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

// The guide's guard with a relay of its own, whose sentinel is beside the drill's pair.
class HardenedOnScratch final : public FormOnScratch {
 public:
  HardenedOnScratch(Context& context, Codes codes) : context_(context), codes_(std::move(codes)) {}

  Result<Rehearsed, Error> look_at_primary(const std::string& id) override {
    auto real = view(context_.aws, context_.clock, id, context_.chain_and_records());
    if (!real) return failure(real.error());
    real_ = std::move(*real);
    const auto& seen = real_->snapshot;
    Rehearsed out;
    out.check = seen.observed.check;
    out.config = seen.check_config;
    out.healthy = healthy(*real_);
    out.records = seen.records;
    out.caller_arn = seen.caller_arn;
    if (const auto* silence = first_silence(seen.blind))
      out.unseen = describe(*silence);
    else if (!seen.blind.empty())
      out.unseen = describe(missing_rights(seen.blind), seen.caller_arn, Audience::deployer, "",
                            Form::hardened);
    if (const auto like_real = plan_like(real_->plan)) {
      auto scope = scope_of_hardened(*like_real, "");
      scope.every_guard = true;
      auto actions = actions_to_drill(*like_real);
      for (auto& one : actions_to_drill_hardened()) actions.push_back(std::move(one));
      std::erase(actions, "cloudwatch:SetAlarmState");
      out.rights = in_zone(only(rights_of(Audience::deployer, scope), actions), out.records);
    }
    return out;
  }

  bool failover_is_latch() const override { return false; }

  // Of the real guard's function and of its relay, each with its own role.
  std::optional<Result<std::string>> self_test() override {
    const auto& guard = real_->snapshot.observed.function;
    if (!guard)
      return std::string{
          "no function is deployed yet: the rehearsal shows what a deploy would give"};
    HardenedQuery how;
    how.health = how.search = false;
    const auto look = look_at_hardened(context_, real_->snapshot, real_->plan, how);
    if (!look) return failure(Problem{look.error().text});
    std::vector<const FunctionPlan*> all;
    if (guard->runtime.starts_with("provided")) all.push_back(&real_->plan.function);
    if (look->observed.relay.function) all.push_back(&look->plan.relay.function);
    std::vector<std::string> passed;
    for (const auto* function : all) {
      const auto test = run_self_test(context_.aws, *function);
      if (!test)
        return failure(Problem{
            client::explain(test.error(), "run the self-test of function " + function->name)});
      if (!test->passed)
        return failure(
            Problem{"function " + function->name + " failed its self-test: " + test->sentence});
      passed.push_back(function->name);
    }
    if (passed.empty()) return std::string{"the function is the guide's Python: it has none"};
    return "passed: " + join(passed, ", ");
  }

  Result<State> state(const std::string& scratch) override {
    const auto seen = view(context_.aws, context_.clock, scratch, context_.chain());
    if (!seen) return failure(Problem{seen.error().text});
    const auto& observed = seen->snapshot.observed;
    if (!observed.check) return failure(Problem{"the scratch health check is gone"});
    State out{healthy(*seen), latched(*observed.check), seen->now, {}};
    if (const auto note = record_of(observed).latch_note; out.latched && note) out.by = note->by;
    return out;
  }

  Result<std::string> build(const std::string& scratch, Duration limit) override {
    auto wish = deploy_like(*real_, scratch);
    wish.function = FunctionKind::native;
    HardenedDeployment deployment(context_, std::move(wish), codes_, {true, limit});
    auto plan = deployment.plan();
    // What changes with the check's threshold waits until the metric shows it healthy.
    std::string why;
    const bool ready = client::wait_until(context_.clock, patience(limit), [&] {
      why = !plan ? plan.error().text : all_reasons(plan->not_changeable);
      if (!plan || plan->not_changeable.empty()) return true;
      plan = deployment.plan();
      return false;
    });
    if (!plan || !ready) return failure(Problem{why});
    auto done = deployment.permitted(*plan);
    if (done) done = deployment.build(*plan);
    if (done) done = deployment.arm(*plan);
    if (done) done = deployment.prove_relay(*plan);
    if (!done) return failure(Problem{done.error().text});
    return std::string{"a second guard from the same plan, its relay, clock and sentinel; armed"};
  }

  // The records are there already; what is waited for is that the probes run the relay.
  Result<std::string> attach(const std::string& scratch, Duration limit) override {
    std::string why;
    const bool well = client::wait_until(context_.clock, patience(limit), [&] {
      why = what_is_wrong(scratch);
      return why.empty();
    });
    if (!well) return failure(Problem{why});
    return std::string{"Route 53's probes run the relay, and it sees who serves"};
  }

  Result<std::string> trip(const std::string& scratch) override {
    auto seen = view(context_.aws, context_.clock, scratch, context_.chain());
    if (!seen) return failure(Problem{seen.error().text});
    Request request;
    request.action = "trip";
    request.why = "drill";
    const auto carried = carry_out(context_, std::move(*seen), request, [](const View& now) {
      return guard::trip(situation_of(now.snapshot.observed), {false, "drill"}, now.now);
    });
    if (!carried) return failure(Problem{carried.error().text});
    return "latched by hand: " + describe(carried->applied.after);
  }

  Result<std::string> release(const std::string& scratch, Duration limit) override {
    SwitchBackOptions options;
    options.health_check_id = scratch;
    options.reason = "drill";
    options.window = limit;
    options.force = {"primary", "audit"};
    options.confirm = [](const View&, const std::string&) { return true; };
    return ended(switch_back(context_, options),
                 "every name server had named Backup; released: healthy, alarm OK, armed again, "
                 "DNS says Primary, and the relay let it");
  }

  void write_down(const DrillReport& report) override {
    if (real_ && real_->snapshot.observed.function) write_into_log(context_, *real_, report);
  }

 private:
  static client::Backoff patience(Duration limit) {
    client::Backoff out;
    out.every = std::chrono::seconds{1};
    out.growth = 1.3;
    out.longest = std::chrono::seconds{5};
    out.at_most = limit;
    return out;
  }

  // By the checkers' last probes too: a blip is over before the metric shows it.
  static std::optional<bool> healthy(const View& seen) {
    const auto& observed = seen.snapshot.observed;
    return observed.probes_fail ? std::optional{false} : observed.healthy;
  }

  // The first of the relay's links that is not sound; empty: none.
  std::string what_is_wrong(const std::string& scratch) {
    const auto seen = view(context_.aws, context_.clock, scratch, context_.chain_and_records());
    if (!seen) return seen.error().text;
    const auto look = look_at_hardened(context_, seen->snapshot, seen->plan, {});
    if (!look) return look.error().text;
    for (const auto& link : hardened_links(look->plan, look->observed))
      if (link.health == Link::Health::broken || link.health == Link::Health::unknown)
        return link.name + ": " + link.why;
    return {};
  }

  Context& context_;
  const Codes codes_;
  std::optional<View> real_;
};

}  // namespace

std::unique_ptr<FormOnScratch> form_on_scratch(Form form, Context& context, const Codes& codes) {
  if (form == Form::hardened) return std::make_unique<HardenedOnScratch>(context, codes);
  if (form == Form::engine) return std::make_unique<EngineOnScratch>(context);
  return std::make_unique<ConfigOnScratch>(context);
}

}  // namespace sitelatch::guard
