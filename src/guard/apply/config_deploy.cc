// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/config_deploy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/missing_rights.h"
#include "guard/apply/wire_forms.h"
#include "guard/rules/config_notify.h"

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

Error not_attachable(const ConfigDeployPlan& plan) {
  auto error = refused_by(plan.not_attachable, "The records were not changed: ");
  const auto& dns = plan.view.dns;
  const auto silent =
      std::find_if(dns.begin(), dns.end(), [](const auto& one) { return !one.problem.empty(); });
  if (plan.view.observed.dns_primary != true && silent != dns.end())
    error.text += fmt::format(". {} {}: {}", silent->name, silent->type, silent->problem);
  return error;
}

// Why not all may be seen; a deploy that is under way goes on where a service is only silent.
enum class Silence { counts, ok };
std::optional<std::string> unseen_of(const ConfigView& view, Silence silence) {
  std::vector<ReadFailure> denied;
  for (const auto& blind : view.blind) {
    if (!is_silence(blind.why))
      denied.push_back(blind);
    else if (silence == Silence::counts)
      return describe(blind);
  }
  if (denied.empty()) return std::nullopt;
  return describe(missing_rights(denied), view.caller_arn, Audience::deployer, view.id(),
                  Form::config);
}

Error not_to_be_told(const std::string& endpoint) {
  return error_of(Error::Kind::usage,
                  "'" + endpoint +
                      "' is nobody whom SNS could tell: a mail address, an https URL, the ARN of "
                      "a queue or a function.");
}

const ConfigWork* next_step(const ConfigDeployPlan& plan, bool change_records) {
  if (plan.work.empty()) return nullptr;
  const auto& next = plan.work.front();
  return next.step != ConfigStep::attach || change_records ? &next : nullptr;
}

}  // namespace

Result<ConfigDeployPlan, Error> ConfigDeployment::plan() {
  if (!options_.notify.empty() && !subscription_protocol(options_.notify))
    return failure(not_to_be_told(options_.notify));
  auto seen = look_at_config(context_, options_.endpoint, {});
  if (!seen) return failure(seen.error());
  ConfigDeployPlan out{std::move(*seen), {}, {}, {}, {}};
  const auto& view = out.view;
  if (!subscribed_) out.view.there.notify = options_.notify;
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
    const auto lacks = steps == 0 ? rights_missing(current) : unseen_of(current.view, Silence::ok);
    if (lacks)
      return failure(
          error_of(Error::Kind::no_answer,
                   (steps == 0 ? "Nothing was made: " : "It was not finished: ") + *lacks));
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
      return failure(not_attachable(current));
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
      return make_audit_group(context_, view.audit(), tags_of_config(view.plan, "audit"));
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
    case ConfigStep::notify_topic:
      return put_notify_topic(view);
    case ConfigStep::subscribe:
      return subscribe(view);
    case ConfigStep::notify_alarms:
      return put_people_alarms(view);
  }
  return Done{};
}

Step ConfigDeployment::put_alarm(const ConfigView& view) {
  if (!view.observed.combined) return Done{};  // made a moment ago, and not seen yet: look again
  const auto rule = good_minutes_rule(view.observed.combined->id);
  auto dimensions = Value::list();
  for (const auto& [name, value] : rule.dimensions)
    dimensions.push(Value::structure({{"Name", name}, {"Value", value}}));
  const auto made =
      context_.aws.call("cloudwatch", "PutMetricAlarm",
                        Value::structure({{"AlarmName", view.plan.alarm},
                                          {"AlarmDescription", config_alarm_description(view.id())},
                                          {"Namespace", rule.metric_namespace},
                                          {"MetricName", rule.metric},
                                          {"Dimensions", dimensions},
                                          {"Statistic", rule.statistic},
                                          {"ComparisonOperator", rule.comparison},
                                          {"Threshold", rule.threshold},
                                          {"Period", rule.period_s},
                                          {"EvaluationPeriods", rule.periods},
                                          {"ActionsEnabled", false},
                                          {"TreatMissingData", config_alarm_missing_data},
                                          {"Tags", tag_list(tags_of_config(view.plan, "alarm"))}}),
                        view.plan.region);
  if (!made) return failure(error_of(made.error(), "put alarm " + view.plan.alarm));
  return Done{};
}

std::optional<std::string> ConfigDeployment::rights_missing(const ConfigDeployPlan& plan) const {
  const auto& view = plan.view;
  if (auto unseen = unseen_of(view, Silence::counts)) return unseen;
  const bool records = options_.change_records && !plan.batches.empty();
  const bool tells = view.observed.people.any() || !options_.notify.empty();
  return rights_against(context_, view, Audience::deployer,
                        actions_to_deploy_config(records, tells));
}

Step ConfigDeployment::put_notify_topic(const ConfigView& view) {
  const auto policy = notify_policy(view.plan);
  const auto& region = view.plan.region;
  if (view.observed.people.topic) {
    const auto set = context_.aws.call("sns", "SetTopicAttributes",
                                       Value::structure({{"TopicArn", view.plan.notify_arn},
                                                         {"AttributeName", "Policy"},
                                                         {"AttributeValue", policy}}),
                                       region);
    if (set) return Done{};
    return failure(error_of(set.error(), "set the policy of topic " + view.plan.notify_topic));
  }
  const auto made =
      context_.aws.call("sns", "CreateTopic",
                        Value::structure({{"Name", view.plan.notify_topic},
                                          {"Attributes", Value::structure({{"Policy", policy}})},
                                          {"Tags", tag_list(tags_of_config(view.plan, "notify"))}}),
                        region);
  // It is there all the same, with other attributes (fact sns-2): the next look sees it.
  if (!made && made.error().message.find("already exists") == std::string::npos)
    return failure(error_of(made.error(), "create topic " + view.plan.notify_topic));
  return Done{};
}

Step ConfigDeployment::subscribe(const ConfigView& view) {
  const auto protocol = subscription_protocol(options_.notify);
  if (!protocol) return failure(not_to_be_told(options_.notify));
  const auto made = context_.aws.call("sns", "Subscribe",
                                      Value::structure({{"TopicArn", view.plan.notify_arn},
                                                        {"Protocol", *protocol},
                                                        {"Endpoint", options_.notify}}),
                                      view.plan.region);
  if (!made)
    return failure(
        error_of(made.error(), "subscribe " + options_.notify + " to " + view.plan.notify_topic));
  subscribed_ = true;
  return Done{};
}

Step ConfigDeployment::put_people_alarms(const ConfigView& view) {
  const auto& o = view.observed;
  if (!o.hold) return Done{};
  if (hold_was_unhealthy(view.plan, o, view.now)) wait_for_good_news(view);
  const auto topic = Value::list({view.plan.notify_arn});
  for (const auto& alarm : {alarm_of_latch(view.plan, o.hold->id, o.people.site),
                            alarm_of_failure(view.plan, o.people.site)}) {
    const auto dimension =
        Value::structure({{"Name", "HealthCheckId"}, {"Value", alarm.health_check}});
    const auto put = context_.aws.call(
        "cloudwatch", "PutMetricAlarm",
        Value::structure({{"AlarmName", alarm.name},
                          {"AlarmDescription", alarm.description},
                          {"Namespace", "AWS/Route53"},
                          {"MetricName", "HealthCheckStatus"},
                          {"Dimensions", Value::list({dimension})},
                          {"Statistic", "Minimum"},
                          {"ComparisonOperator", "LessThanThreshold"},
                          {"Threshold", 1.0},
                          {"Period", 60},
                          {"EvaluationPeriods", 1},
                          {"TreatMissingData", "ignore"},  // a gap is news to nobody
                          {"ActionsEnabled", true},
                          {"AlarmActions", topic},
                          {"OKActions", topic},
                          {"Tags", tag_list(tags_of_config(view.plan, "notify"))}}),
        view.plan.region);
    if (!put) return failure(error_of(put.error(), "put alarm " + alarm.name));
  }
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

void ConfigDeployment::wait_for_good_news(const ConfigView& view) {
  client::Backoff backoff;
  backoff.every = backoff.longest = std::chrono::seconds{10};
  backoff.at_most =
      std::clamp<Duration>(deadline_ - context_.clock.now(), Duration{0}, std::chrono::minutes{6});
  ConfigLook how;
  how.records = how.dns = how.probes = false;
  Waiting waiting(context_);
  client::wait_until(context_.clock, backoff, [&] {
    const auto seen = look_at_config(context_, view.id(), how);
    if (seen && !hold_was_unhealthy(seen->plan, seen->observed, seen->now)) return true;
    waiting.until(
        {"the hold's bad minutes are over, which the alarms would tell of", "4m", backoff.at_most});
    return false;
  });
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
  Waiting waiting(context_);
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
    waiting.until({"the hold is healthy", "18m from the first good minute", backoff.at_most});
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
