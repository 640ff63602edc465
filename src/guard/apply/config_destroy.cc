// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/config_destroy.h"

#include <fmt/format.h>

#include "base/text.h"
#include "client/wait.h"
#include "guard/apply/missing_rights.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

Step delete_check(Context& context, const std::string& id) {
  const auto gone =
      context.aws.call("route53", "DeleteHealthCheck", Value::structure({{"HealthCheckId", id}}));
  if (gone || client::is_absent(gone.error())) return Done{};
  return failure(error_of(gone.error(), "delete health check " + id));
}

std::vector<std::string> alarms_of(const ConfigObserved& o) {
  std::vector<std::string> names;
  for (const auto* alarm : {&o.people.latched, &o.people.failing, &o.alarm})
    if (*alarm) names.push_back((*alarm)->name);
  return names;
}

// Nobody deletes what a record follows: AWS calls what DNS answers then unpredictable.
Step nothing_follows(Context& context, const std::string& hold) {
  client::Backoff backoff;
  backoff.every = std::chrono::seconds{1};
  backoff.growth = 2;
  backoff.at_most = std::chrono::seconds{20};
  Waiting waiting(context);
  const auto free =
      client::wait_for<Done>(context.clock, backoff, [&]() -> client::Outcome<std::optional<Done>> {
        const auto records = read_records(context.aws, hold);
        if (!records) return failure(records.error());
        if (records->users.empty()) return std::optional{Done{}};
        waiting.until({"no record follows hold check " + hold, "seconds", backoff.at_most});
        return std::optional<Done>{};
      });
  if (!free) return failure(error_of(free.error(), "see whether a record follows the hold check"));
  if (*free) return Done{};
  return failure(error_of(Error::Kind::failed,
                          "Records follow hold check " + hold + " still; nothing was deleted."));
}

}  // namespace

Result<ConfigRemoval, Error> plan_config_removal(Context& context,
                                                 const ConfigRemovalOptions& options) {
  auto seen = look_at_config(context, options.endpoint, {});
  if (!seen) return failure(seen.error());
  ConfigRemoval out{std::move(*seen), {}, {}, {}};
  const auto& view = out.view;
  const auto& o = view.observed;
  auto against = against_removal(view.plan, o, options.change_records, options.unhold, view.now);
  if (!against.empty()) {
    const bool blind = !o.unseen.empty() || !o.records;
    auto error = error_of(std::move(against));
    if (blind) error.kind = Error::Kind::no_answer;
    return failure(std::move(error));
  }
  // What may not be seen would stay, and nobody would know.
  if (const auto* silence = first_silence(view.blind))
    return failure(error_of(Error::Kind::no_answer, describe(*silence)));
  if (!view.blind.empty())
    return failure(
        error_of(Error::Kind::no_answer, describe(missing_rights(view.blind), view.caller_arn,
                                                  Audience::deployer, view.id(), Form::config)));
  if (o.hold && view.records)
    out.batches = batches_to_give_back(*view.records, view.id(), o.hold->id);
  for (const auto& batch : out.batches)
    for (const auto& change : batch.says) out.removals.push_back(change);
  if (o.combined) out.removals.push_back("delete   calculated check " + o.combined->id);
  if (o.hold) out.removals.push_back("delete   hold check " + o.hold->id);
  for (const auto& alarm : alarms_of(o)) out.removals.push_back("delete   alarm " + alarm);
  if (o.people.topic) out.removals.push_back("delete   topic " + view.plan.notify_topic);
  if (view.endpoint_tags.contains(std::string{tag::form}))
    out.removals.push_back("untag    health check " + view.id());
  if (view.there.audit_group && options.logs)
    out.removals.push_back("delete   log group " + view.plan.audit_group);
  else if (view.there.audit_group)
    out.left.push_back("log group " + view.plan.audit_group + " (--logs removes it too)");
  return out;
}

Step carry_out(Context& context, const ConfigRemoval& shown, const ConfigRemovalOptions& options) {
  // Somebody has thought about it meanwhile, and Primary may have failed.
  const auto again = shown.batches.empty() ? Result<ConfigRemoval, Error>{shown}
                                           : plan_config_removal(context, options);
  if (!again) return failure(again.error());
  const auto& removal = *again;
  const auto& view = removal.view;
  const auto& o = view.observed;
  if (const auto lacks = rights_against(
          context, view, Audience::deployer,
          actions_to_remove_config(!removal.batches.empty(), o.people.topic.has_value())))
    return failure(error_of(Error::Kind::no_answer, "Nothing was changed: " + *lacks));
  for (const auto& batch : removal.batches) {
    for (const auto& change : batch.says) context.progress(change);
    const auto made = carry_out(context.aws, batch, "sitelatch destroy");
    if (!made) return made;
  }
  if (o.hold) {
    const auto free = nothing_follows(context, o.hold->id);
    if (!free) return free;
  }
  AuditEntry entry;
  entry.at = view.now;
  entry.action = "destroy";
  entry.stage = "done";
  entry.who = view.caller_arn;
  if (!options.logs && view.there.audit_group)
    if (const auto problem = note_down(context, view, entry)) context.progress(*problem);
  // The parent before its child, the check before the alarm that it follows; the tags of the
  // endpoint's check, which lead here, last.
  for (const auto* id : {o.combined ? &o.combined->id : nullptr, o.hold ? &o.hold->id : nullptr}) {
    if (!id) continue;
    context.progress("delete health check " + *id);
    const auto gone = delete_check(context, *id);
    if (!gone) return gone;
  }
  if (const auto alarms = alarms_of(o); !alarms.empty()) {
    const auto names = join(alarms, ", ");
    context.progress("delete alarm " + names);
    auto list = Value::list();
    for (const auto& alarm : alarms) list.push(alarm);
    const auto gone = context.aws.call("cloudwatch", "DeleteAlarms",
                                       Value::structure({{"AlarmNames", list}}), view.plan.region);
    if (!gone && !client::is_absent(gone.error()))
      return failure(error_of(gone.error(), "delete alarm " + names));
  }
  if (o.people.topic) {
    context.progress("delete topic " + view.plan.notify_topic);
    const auto gone =
        context.aws.call("sns", "DeleteTopic",
                         Value::structure({{"TopicArn", view.plan.notify_arn}}), view.plan.region);
    if (!gone && !client::is_absent(gone.error()))
      return failure(error_of(gone.error(), "delete topic " + view.plan.notify_topic));
  }
  if (options.logs && view.there.audit_group) {
    const auto gone = remove_audit_group(context, view.audit());
    if (!gone) return gone;
  }
  if (o.endpoint && view.endpoint_tags.contains(std::string{tag::form}))
    return remove_check_tags(context, view.id(),
                             {tag::form, tag::combined_check, tag::hold_check, tag::last_drill});
  return Done{};
}

}  // namespace sitelatch::guard
