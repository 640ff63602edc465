// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_config.h"
#include "cli/guard_engine.h"
#include "cli/guard_hardened.h"
#include "cli/guard_safety.h"
#include "function/zip.h"
#include "guard/apply/deploy.h"
#include "guard/apply/python_function.h"
#include "guard/apply/runbook.h"

namespace sitelatch::cli {
namespace {

using aws::Value;
using guard::Finding;

guard::DeployOptions wish_of(const DeployOptions& options) {
  guard::DeployOptions request;
  request.health_check_id = options.health_check_id;
  request.function_region = options.function_region;
  request.latch = guard::latch_kind(options.latch);
  request.function = guard::function_kind(options.function);
  request.notify_endpoint = options.notify;
  request.kms_keys = options.kms_keys;
  request.accept_holes.insert(options.accept_holes.begin(), options.accept_holes.end());
  request.permissions_boundary = options.permissions_boundary;
  request.role_path = options.role_path;
  for (const auto& tag : options.tags) {
    const auto equals = tag.find('=');
    request.tags[tag.substr(0, equals)] = tag.substr(equals + 1);
  }
  return request;
}

Value list_of(const std::vector<std::string>& texts) {
  auto list = Value::list();
  for (const auto& text : texts) list.push(text);
  return list;
}

Value guard_of(const guard::Plan& plan) {
  auto out = Value::structure({{"alarm", plan.alarm.arn},
                               {"alarm_topic", plan.alarm_topic.arn},
                               {"notify_topic", plan.notify_topic.arn},
                               {"function", plan.function.arn},
                               {"function_kind", guard::to_string(plan.settings.function)},
                               {"role", plan.role.arn},
                               {"audit_group", plan.audit_group.name},
                               {"latch", guard::to_string(plan.settings.latch)},
                               {"original_path", plan.settings.record.original_path}});
  if (plan.has_schedule) out.set("rule", plan.schedule.arn);
  return out;
}

}  // namespace

guard::Codes codes() {
  return {{function::function_zip(), function::function_sha256(),
           std::string{function::function_architecture()}},
          {guard::python_function_zip(), {}, {}}};
}

Value details_of(const guard::DeployPlan& deployment_plan) {
  auto changes = Value::list();
  for (const auto& work : deployment_plan.work)
    changes.push(Value::structure({{"resource", guard::to_string(work.resource)},
                                   {"verb", guard::to_string(work.verb)},
                                   {"name", work.name},
                                   {"why", list_of(work.why)}}));
  auto findings = Value::list();
  for (const auto& finding : deployment_plan.findings) {
    auto one = Value::structure({{"name", finding.name},
                                 {"verdict", guard::to_string(finding.kind)},
                                 {"why", finding.why}});
    if (!finding.mend.empty()) one.set("mend", finding.mend);
    if (finding.may_pass) one.set("may_pass", true);
    if (finding.change) one.set("record_change", finding.change);
    if (finding.rollback) one.set("record_rollback", finding.rollback);
    findings.push(one);
  }
  auto missing = Value::list();
  for (const auto& right : deployment_plan.missing)
    missing.push(Value::structure({{"action", right.action}, {"resource", right.resource}}));
  auto holes = Value::list();
  for (const auto& name : deployment_plan.plan.settings.accepted_holes) holes.push(name);
  return Value::structure({{"health_check_id", deployment_plan.plan.settings.health_check_id},
                           {"guard", guard_of(deployment_plan.plan)},
                           {"changes", changes},
                           {"preflight", findings},
                           {"accepted_holes", holes},
                           {"missing_rights", missing}});
}

namespace {

// What a finding does to this deploy, in a word. What waiting may mend is waited for.
std::string_view verdict_of(const Finding& finding, bool will_arm) {
  if (finding.kind == Finding::Kind::accepted) return "accepted";
  if (finding.kind != Finding::Kind::refusal || !will_arm) return "warning";
  return finding.may_pass ? "waits" : "REFUSES";
}

void print(const Finding& finding, bool will_arm) {
  fmt::print("  {:<8} {}: {}\n           To mend it: {}.\n", verdict_of(finding, will_arm),
             finding.name, finding.why, finding.mend);
  if (!finding.change) return;
  const auto zone = finding.change["HostedZoneId"].string_or("");
  fmt::print("           In zone {}, the change batch that closes it:\n             {}\n", zone,
             aws::to_json(finding.change["ChangeBatch"]));
  fmt::print("           and the one that takes it back:\n             {}\n",
             aws::to_json(finding.rollback["ChangeBatch"]));
}

}  // namespace

void print(const guard::DeployPlan& deployment_plan) {
  const auto& check = *deployment_plan.snapshot.observed.check;
  fmt::print("Health check {}: {} {}, {}\n", check.id, check.type, check.path.value_or("(no path)"),
             guard::latched(check) ? "latched" : "not latched");
  if (deployment_plan.work.empty())
    fmt::print("Everything that makes the guard is as it should be.\n");
  for (const auto& work : deployment_plan.work)
    fmt::print("  {:<8} {}\n           {}\n", guard::to_string(work.verb), work.name,
               join(work.why, "\n           "));
  for (const auto& finding : deployment_plan.findings)
    if (finding.kind != Finding::Kind::sound) print(finding, deployment_plan.will_arm);
}

namespace {

// `removals`: of another form's pieces, which this one has not.
Value details_with(const guard::DeployPlan& deployment_plan, const Value& removals) {
  auto details = cli::details_of(deployment_plan);
  details.set("removals", removals);
  return details;
}

int report_plan(const DeployOptions& options, const guard::DeployPlan& deployment_plan,
                const Value& removals, const guard::Step& permitted,
                const std::optional<guard::Safety>& safety) {
  auto details = details_with(deployment_plan, removals);
  if (safety) details.set("safety", cli::to_value(*safety));
  const auto& notes = deployment_plan.notes;
  if (!permitted && permitted.error().kind == guard::Error::Kind::refused)
    return finish(options.common, {"refused", permitted.error().text, details, {}, notes},
                  exit_refused);
  auto more = notes;
  if (!permitted) more.push_back(permitted.error().text);
  return finish(options.common,
                {"plan",
                 deployment_plan.work.empty() && removals.items().empty()
                     ? "Nothing would be changed."
                     : "Nothing was changed: this is the plan.",
                 details,
                 {},
                 more},
                exit_done);
}

}  // namespace

// The page for the night without this program, of the guard as it is now; or where to get it. A
// page that could not be written is a note: the guard stands.
std::string keep_runbook(guard::Context& context, const DeployOptions& options) {
  const auto& id = options.health_check_id;
  if (options.runbook.empty())
    return "For the night on which sitelatch is not at hand: sitelatch runbook " + id +
           " > runbook.md";
  const auto found = guard::runbook_of(context, id);
  const auto kept = found ? write_file(options.runbook, found->page)
                          : Result<Done>{failure(Problem{found.error().text})};
  return kept ? "The page for the night without sitelatch is in " + options.runbook + "."
              : "The runbook was not written: " + kept.error().text;
}

namespace {

// How the deploy ended, once nothing more was to be made. `changed`: what was made; `removed`: of
// another form's pieces.
int report(guard::Context& context, const DeployOptions& options, Value changed,
           const Value& removed, const guard::DeployPlan& now, const guard::Step& armed) {
  const bool unchanged = changed.items().empty() && removed.items().empty();
  const auto assessment = guard::assess(now.plan, now.snapshot.observed, now.now);
  const auto state = std::string{guard::to_string(assessment.state)};
  auto details = details_with(now, removed);
  details.set("changes", std::move(changed));
  details.set("state", state);
  auto notes = now.notes;
  if (!unchanged || !options.runbook.empty()) notes.push_back(keep_runbook(context, options));
  if (!armed)
    return finish(options.common, {"not-armed", armed.error().text, details, {}, notes},
                  exit_status_of(armed.error().kind));
  const auto sentence =
      fmt::format("{}he guard of health check {} is {}.", unchanged ? "Nothing to change: t" : "T",
                  options.health_check_id, state);
  return finish(options.common, {unchanged ? "unchanged" : "done", sentence, details, {}, notes},
                exit_done);
}

// Options that nothing of the other forms would read.
std::optional<std::string> meant_for_the_guide(const DeployOptions& options, guard::Form form) {
  const auto name = "--form " + std::string{guard::to_string(form)};
  const bool any = !options.function_region.empty() || !options.latch.empty() ||
                   !options.function.empty() || !options.kms_keys.empty() ||
                   !options.accept_holes.empty() || !options.permissions_boundary.empty() ||
                   !options.role_path.empty() || !options.tags.empty() || !options.runbook.empty();
  if (any)
    return name +
           " has no function: it takes --plan, --change-records, --notify (config alone), "
           "--dns-server, --timeout and --yes.";
  if (!options.notify.empty() && form == guard::Form::engine)
    return "--notify is not for --form engine, which makes nothing: an alarm of your own on "
           "HealthCheckStatus of the check (below 1) tells people of a latch.";
  return std::nullopt;
}

}  // namespace

int deploy(const DeployOptions& options) {
  const auto wanted =
      options.wanted_form.empty() ? options.form : *guard::form_named(options.wanted_form);
  if (const auto why = guard::not_built_yet(wanted))
    return fail(options.common, *why, exit_refused);
  const bool of_the_guide =
      options.form == guard::Form::guide || options.form == guard::Form::hardened;
  if (options.form == guard::Form::hardened &&
      (wanted == guard::Form::config || wanted == guard::Form::engine))
    return fail(options.common,
                fmt::format("Health check {0} has a guard of the form hardened: sitelatch deploy "
                            "{0} --form guide first, which removes the relay and leaves the "
                            "guide's guard; then deploy --form {1}.",
                            options.health_check_id, guard::to_string(wanted)),
                exit_refused);
  if (wanted != options.form && !of_the_guide &&
      latches_by(options.common, options.health_check_id, options.form))
    return fail(
        options.common,
        fmt::format("Health check {0} has a guard of the form {1}: sitelatch destroy {0}{2} "
                    "first, then deploy --form {3}. Between the two nothing latches.",
                    options.health_check_id, guard::to_string(options.form),
                    options.form == guard::Form::config ? " --change-records" : "",
                    guard::to_string(wanted)),
        exit_refused);
  if (wanted == guard::Form::config || wanted == guard::Form::engine)
    if (const auto wrong = meant_for_the_guide(options, wanted))
      return fail(options.common, *wrong, exit_usage);
  if (wanted == guard::Form::config) return deploy_config(options);
  if (wanted == guard::Form::engine) return deploy_engine(options);
  if (wanted == guard::Form::hardened) return deploy_hardened(options, wish_of(options), codes());
  if (options.change_records)
    return fail(
        options.common,
        "--change-records is for --form config and hardened; the guide's plan shows the changes of "
        "records that close its holes.",
        exit_usage);
  const auto relay = options.form == guard::Form::hardened ? remove_relay(options) : RelayRemoval{};
  if (relay.ended) return *relay.ended;
  const auto& removals = relay.removals;
  GuardContext context(options.common);
  guard::Deployment deployment(
      {context.context(), options.timeout.value_or(std::chrono::minutes{10})}, wish_of(options),
      codes());
  auto deployment_plan = deployment.plan();
  if (!deployment_plan)
    return fail(options.common, deployment_plan.error().text,
                exit_status_of(deployment_plan.error().kind));
  if (options.form == guard::Form::config)
    deployment_plan->notes.push_back(beside_config(options.health_check_id));
  const bool text = options.common.output == Output::text;
  const auto safety = safety_of_plan(context, options, guard::safety_ground(*deployment_plan),
                                     deployment_plan->work.empty() && removals.items().empty());
  if (text) print(*deployment_plan);
  if (text && safety) print_whole(*safety);
  const auto permitted = deployment.permitted(*deployment_plan);
  if (options.plan) return report_plan(options, *deployment_plan, removals, permitted, safety);
  if (!permitted)
    return finish(options.common,
                  {"refused",
                   permitted.error().text,
                   details_with(*deployment_plan, removals),
                   {},
                   deployment_plan->notes},
                  exit_status_of(permitted.error().kind));
  const auto changes = deployment_plan->work.size();
  if (changes != 0 &&
      !confirmed(options.common, changes == 1 ? std::string{"Make this change?"}
                                              : fmt::format("Make these {} changes?", changes)))
    return finish(options.common,
                  {"refused",
                   removals.items().empty()
                       ? "Nothing was changed."
                       : "The relay was removed; of the guide's guard nothing was changed.",
                   details_with(*deployment_plan, removals),
                   {},
                   {}},
                  exit_refused);
  const auto details = details_with(*deployment_plan, removals);
  const auto built = deployment.build(*deployment_plan);
  if (!built)
    return finish(options.common,
                  {"failed",
                   built.error().text + " The alarm's actions were not switched on.",
                   details,
                   {},
                   deployment_plan->notes},
                  exit_status_of(built.error().kind));
  return report(context.context(), options, details["changes"], removals, *deployment_plan,
                deployment_plan->will_arm ? deployment.arm(*deployment_plan)
                                          : deployment.prove(*deployment_plan));
}

}  // namespace sitelatch::cli
