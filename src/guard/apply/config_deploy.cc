// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/config_deploy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/wire_forms.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

constexpr int most_steps = 40;  // a deploy takes eleven; others may be at work

Value combined_config(const std::string& endpoint) {
  return Value::structure({{"Type", "CALCULATED"},
                           {"HealthThreshold", 1},
                           {"ChildHealthChecks", Value::list({endpoint})}});
}

Value alarm_identifier(const ConfigPlan& plan) {
  return Value::structure({{"Region", plan.region}, {"Name", plan.alarm}});
}

Value hold_config(const ConfigPlan& plan) {
  return Value::structure({{"Type", "CLOUDWATCH_METRIC"},
                           {"AlarmIdentifier", alarm_identifier(plan)},
                           {"InsufficientDataHealthStatus", "LastKnownStatus"},
                           {"Inverted", true}});
}

Error refused_by(const std::vector<Refusal>& refusals, std::string_view before) {
  auto error = error_of(refusals);
  error.text = std::string{before} + error.text;
  return error;
}

const ConfigWork* next_step(const ConfigDeployPlan& plan, bool change_records) {
  for (const auto& work : plan.work)
    if (work.step != ConfigStep::attach || change_records) return &work;
  return nullptr;
}

}  // namespace

Result<ConfigDeployPlan, Error> ConfigDeployment::plan() {
  auto seen = look_at_config(context_, options_.endpoint, {});
  if (!seen) return failure(seen.error());
  ConfigDeployPlan out{std::move(*seen), {}, {}, {}, {}};
  const auto& view = out.view;
  out.work = config_work(view.plan, view.observed, view.there, view.now);
  out.refusals = against_config(view.plan, view.observed);
  out.not_attachable = against_attaching(view.plan, view.observed, view.now);
  if (view.records && view.observed.hold)
    out.batches = batches_to_attach(*view.records, view.id(), view.observed.hold->id);
  return out;
}

Result<ConfigDeployPlan, Error> ConfigDeployment::run(ConfigDeployPlan current) {
  deadline_ = context_.clock.now() + options_.timeout;
  for (int steps = 0;; ++steps) {
    if (!current.refusals.empty())
      return failure(refused_by(current.refusals, steps == 0 ? "" : "It was not finished: "));
    const auto* work = next_step(current, options_.change_records);
    if (!work) return current;
    if (steps == most_steps)
      return failure(error_of(Error::Kind::failed,
                              "AWS still shows this as before; somebody else may be changing it: " +
                                  work->what + " (" + work->why + ")"));
    if (work->step == ConfigStep::attach && steps == 0) {
      // Somebody has thought about what was shown, and Primary may have failed meanwhile.
      auto fresh = plan();
      if (!fresh) return failure(fresh.error());
      current = std::move(*fresh);
      continue;
    }
    if (work->step == ConfigStep::attach && !current.not_attachable.empty())
      return failure(refused_by(current.not_attachable, "The records were not changed: "));
    say(fmt::format("{} {}", to_string(work->step), work->what));
    const auto done = take(*work, current);
    if (!done && done.error().kind != Error::Kind::conflict) return failure(done.error());
    if (!done) say("Looking again: " + done.error().text + ".");
    auto next = plan();
    if (!next) return failure(next.error());
    current = std::move(*next);
  }
}

Step ConfigDeployment::take(const ConfigWork& work, const ConfigDeployPlan& current) {
  const auto& view = current.view;
  const auto& o = view.observed;
  switch (work.step) {
    case ConfigStep::make_combined: {
      const auto made =
          make_config_check(context_, {view.id(), false, 1}, combined_config(view.id()));
      if (!made) return failure(made.error());
      return add_check_tags(context_, *made, tags_of_config(view.plan, "combined"));
    }
    case ConfigStep::put_alarm:
      return put_alarm(view);
    case ConfigStep::make_hold: {
      const auto made = make_config_check(context_, {view.id(), true, 1}, hold_config(view.plan));
      if (!made) return failure(made.error());
      return add_check_tags(context_, *made, tags_of_config(view.plan, "hold"));
    }
    case ConfigStep::mend_hold:
      return mend_hold(view);
    case ConfigStep::tag:
      return tag_all(view);
    case ConfigStep::audit_group:
      return make_audit_group(view);
    case ConfigStep::open_window:
      return update_under_version(
          context_, o.combined->id, o.combined->version,
          {{"ChildHealthChecks", Value::list({view.id()})}, {"HealthThreshold", 1}});
    case ConfigStep::wait:
      return wait_for_hold(view);
    case ConfigStep::close:
      return update_under_version(
          context_, o.combined->id, o.combined->version,
          {{"ChildHealthChecks", Value::list({view.id(), o.hold->id})}, {"HealthThreshold", 2}});
    case ConfigStep::attach:
      return attach(current);
  }
  return Done{};
}

Step ConfigDeployment::put_alarm(const ConfigView& view) {
  if (!view.observed.combined) return Done{};  // made a moment ago, and not seen yet: look again
  const auto rule = good_minutes_rule(view.observed.combined->id);
  auto dimensions = Value::list();
  for (const auto& [name, value] : rule.dimensions)
    dimensions.push(Value::structure({{"Name", name}, {"Value", value}}));
  const auto made = context_.aws.call(
      "cloudwatch", "PutMetricAlarm",
      Value::structure(
          {{"AlarmName", view.plan.alarm},
           {"AlarmDescription",
            "Sitelatch, form config, of health check " + view.id() +
                ": ALARM means fifteen good minutes. The hold check follows its settings; it needs "
                "no actions."},
           {"Namespace", rule.metric_namespace},
           {"MetricName", rule.metric},
           {"Dimensions", dimensions},
           {"Statistic", rule.statistic},
           {"ComparisonOperator", rule.comparison},
           {"Threshold", rule.threshold},
           {"Period", rule.period_s},
           {"EvaluationPeriods", rule.periods},
           {"ActionsEnabled", false},
           {"TreatMissingData", "ignore"},  // as the hold, which keeps its last status
           {"Tags", tag_list(tags_of_config(view.plan, "alarm"))}}),
      view.plan.region);
  if (!made) return failure(error_of(made.error(), "put alarm " + view.plan.alarm));
  return Done{};
}

// A trip stays: only a switch back takes it. Disabled and not Inverted is none, it is healthy
// whatever happens; both in one update, or the one would trip it.
Step ConfigDeployment::mend_hold(const ConfigView& view) {
  const auto& hold = *view.observed.hold;
  CheckMembers members = {{"Inverted", true},
                          {"InsufficientDataHealthStatus", "LastKnownStatus"},
                          {"AlarmIdentifier", alarm_identifier(view.plan)}};
  if (hold.disabled && !hold.inverted) members.emplace_back("Disabled", false);
  return update_under_version(context_, hold.id, hold.version, members);
}

Step ConfigDeployment::tag_all(const ConfigView& view) {
  const auto& o = view.observed;
  if (!o.combined || !o.hold || !o.alarm) return Done{};
  for (const auto& [id, tags] :
       {std::pair{o.combined->id, tags_of_config(view.plan, "combined")},
        std::pair{o.hold->id, tags_of_config(view.plan, "hold")},
        std::pair{view.id(), Texts{{std::string{tag::form}, std::string{to_string(Form::config)}},
                                   {std::string{tag::combined_check}, o.combined->id},
                                   {std::string{tag::hold_check}, o.hold->id}}}}) {
    const auto tagged = add_check_tags(context_, id, tags);
    if (!tagged) return tagged;
  }
  const auto tagged =
      context_.aws.call("cloudwatch", "TagResource",
                        Value::structure({{"ResourceARN", o.alarm->arn},
                                          {"Tags", tag_list(tags_of_config(view.plan, "alarm"))}}),
                        view.plan.region);
  if (!tagged) return failure(error_of(tagged.error(), "tag alarm " + o.alarm->name));
  return Done{};
}

Step ConfigDeployment::make_audit_group(const ConfigView& view) {
  constexpr int retention_days = 3653;
  const auto& name = view.plan.audit_group;
  const auto made =
      context_.aws.call("logs", "CreateLogGroup",
                        Value::structure({{"logGroupName", name},
                                          {"tags", text_map(tags_of_config(view.plan, "audit"))}}),
                        view.plan.region);
  if (!made && !made.error().is("ResourceAlreadyExistsException"))
    return failure(error_of(made.error(), "make log group " + name));
  const auto kept = context_.aws.call(
      "logs", "PutRetentionPolicy",
      Value::structure({{"logGroupName", name}, {"retentionInDays", retention_days}}),
      view.plan.region);
  if (!kept) return failure(error_of(kept.error(), "set the retention of log group " + name));
  return Done{};
}

Step ConfigDeployment::wait_for_hold(const ConfigView& view) {
  client::Backoff backoff;
  backoff.every = std::chrono::seconds{1};
  backoff.growth = 1.5;
  backoff.longest = std::chrono::seconds{10};
  backoff.at_most = std::max(Duration{0}, Duration{deadline_ - context_.clock.now()});
  std::optional<Error> stopped;
  std::string said;
  ConfigLook how;
  how.records = how.dns = how.probes = false;
  const auto tell = [&](const std::string& sentence) {
    if (sentence != said) say(sentence);
    said = sentence;
  };
  const auto ended = client::wait_until(context_.clock, backoff, [&] {
    auto seen = look_at_config(context_, view.id(), how);
    if (!seen) {
      if (seen.error().kind != Error::Kind::no_answer) stopped = seen.error();
      return stopped.has_value();
    }
    const auto& o = seen->observed;
    if (!o.combined || !o.hold || !window_is_open(seen->plan, o)) return true;  // look and decide
    if (hold_is_healthy(seen->plan, o, seen->now) == true) return true;
    tell(fmt::format("{} of {} good minutes{}", seen->assessment.good_minutes, good_minutes_asked,
                     endpoint_is_healthy(o) == false ? "; Primary is not healthy now" : ""));
    return false;
  });
  if (stopped) return failure(*stopped);
  if (ended) return Done{};
  return failure(error_of(Error::Kind::not_in_time,
                          "The hold check did not become healthy in time (" + said +
                              "). Nothing follows it, so nothing has changed for users. The same "
                              "command again goes on from here."));
}

Step ConfigDeployment::attach(const ConfigDeployPlan& current) {
  const auto& view = current.view;
  std::vector<std::string> says;
  for (const auto& batch : current.batches) {
    for (const auto& change : batch.says) say("  " + change);
    says.insert(says.end(), batch.says.begin(), batch.says.end());
    const auto made = carry_out(context_.aws, batch, "sitelatch deploy --form config");
    if (!made) return made;
  }
  AuditEntry entry;
  entry.at = view.now;
  entry.action = "deploy";
  entry.stage = "done";
  entry.who = view.caller_arn;
  entry.note = join(says, "; ").substr(0, 4000);
  if (const auto problem = note_down(context_, view, entry)) say(*problem);
  return view.observed.dns_primary == true ? dns_stays(view) : Step{Done{}};
}

// Primary is what the name servers say before and after; a failover in these seconds is told.
Step ConfigDeployment::dns_stays(const ConfigView& view) {
  constexpr int most_questions = 4;
  for (int question = 0; question < most_questions; ++question) {
    context_.clock.sleep(std::chrono::seconds{5});
    const auto answers =
        ask_serving(context_.aws, *view.records, context_.dns_server, context_.ask_dns);
    for (const auto& answer : answers)
      if (answer.serving == Serving::backup)
        return failure(error_of(
            Error::Kind::failed,
            fmt::format(
                "The records follow the hold, and {} answers Backup now: Primary has failed "
                "in this minute, and is latched. sitelatch status {}",
                answer.name, view.id())));
  }
  return Done{};
}

}  // namespace sitelatch::guard
