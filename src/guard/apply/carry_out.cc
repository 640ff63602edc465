// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/carry_out.h"

#include <fmt/format.h>

#include "base/text.h"
#include "guard/apply/sight.h"

namespace sitelatch::guard {
namespace {

constexpr int most_tries = 5;

AuditEntry entry_of(const View& view, const Request& request, const Change& change,
                    const std::string& change_id) {
  AuditEntry entry;
  entry.at = view.now;
  entry.action = request.action;
  entry.stage = "asked";
  entry.change_id = change_id;
  entry.who = view.snapshot.caller_arn;
  entry.why = request.why.empty() ? change.says : request.why;
  entry.forced = request.forced;
  entry.seen = request.seen;
  const auto& check = *view.snapshot.observed.check;
  entry.before = describe(check);
  entry.after = describe(apply(change.check, check));
  return entry;
}

AuditEntry done_entry(AuditEntry entry, const Applied& applied) {
  entry.stage = "done";
  entry.seen.reset();  // "asked" has it
  entry.version = std::to_string(applied.after.version);
  entry.request_id = applied.request_id;
  entry.note = join(applied.notes, " ");
  return entry;
}

Error failed_with(std::string text) { return error_of(Error::Kind::failed, std::move(text)); }

}  // namespace

void Waiting::until(const Wait& wait) {
  if (wait.what == what_) return;
  what_ = wait.what;
  if (context_.waiting)
    context_.waiting(wait);
  else
    context_.progress("Waiting until " + wait.what + " ...");
}

std::string all_reasons(const std::vector<Refusal>& refusals) {
  std::vector<std::string> reasons;
  for (const auto& refusal : refusals) reasons.push_back(refusal.why);
  return join(reasons, "; ");
}

std::string site_name(const View& view) {
  const auto found = view.snapshot.records ? primary_name(*view.snapshot.records) : std::string{};
  return found.empty() ? view.plan.settings.dns_name : found;
}

SiteAnswer ask_primary(Context& context, const View& view) {
  const auto& check = view.snapshot.observed.check;
  return ask_site(context.ask_site, view.snapshot.check_config,
                  check ? check->path.value_or("/") : "/");
}

bool changes_nothing(const View& view, const Change& change) {
  return change.check.empty() && !change.alarm_actions &&
         change.record == record_of(view.snapshot.observed);
}

std::optional<std::string> note_down(Context& context, const View& view, const AuditEntry& entry) {
  const auto& group = view.plan.audit_group;
  // What cannot be seen may be written to all the same.
  if (!view.snapshot.observed.audit_group && !audit_is_hidden(view))
    return "Not written to an audit log: the guard has none.";
  // Whoever latches in an outage does not wait for the attempts at it.
  if (const auto silence = audit_is_silent(view))
    return "Not written to the audit log: " + *silence;
  AuditLog log(context.aws, group.region, group.name, view.id(),
               fmt::format("{}/{}", iso8601_seconds(view.now).substr(0, 10),
                           ports::random_hex(context.entropy, 12)));
  const auto written = log.write(entry);
  if (!written) return written.error().text;
  return std::nullopt;
}

Result<Done> publish(Context& context, const std::string& topic_arn, std::string_view region,
                     const Message& message) {
  const auto sent = context.aws.call(
      "sns", "Publish",
      client::Value::structure(
          {{"TopicArn", topic_arn}, {"Subject", message.subject}, {"Message", message.text}}),
      region);
  if (!sent) return failure(Problem{client::explain(sent.error(), "tell people")});
  return Done{};
}

Result<Done> tell(Context& context, const View& view, const Message& message) {
  if (!view.snapshot.observed.notify_topic && !record_is_hidden(view))
    return failure(Problem{"nobody could be told: the guard has no topic for people"});
  return publish(context, view.plan.notify_topic.arn, view.plan.notify_topic.region, message);
}

Result<Carried, Error> carry_out(Context& context, View current, const Request& request,
                                 const Decide& decide) {
  const auto change_id = ports::random_hex(context.entropy, 16);
  for (int attempt = 1;; ++attempt) {
    if (!current.snapshot.observed.check) {
      if (auto unseen = cannot_be_decided(current, request.unaudited))
        return failure(error_of(Error::Kind::no_answer, std::move(*unseen)));
      return failure(failed_with(fmt::format("there is no health check {}", current.id())));
    }
    const auto decision = decide(current);
    if (!decision) return failure(error_of(decision.error()));
    if (!only_latches(current, *decision))
      if (auto unseen = cannot_be_decided(current, request.unaudited))
        return failure(error_of(Error::Kind::no_answer, std::move(*unseen)));
    if (attempt > 1 && changes_nothing(current, *decision)) {  // whoever was faster has done it
      const auto check = *current.snapshot.observed.check;
      return Carried{std::move(current), *decision, {check, check, "", {}}};
    }
    const auto asked = entry_of(current, request, *decision, change_id);
    if (auto problem = note_down(context, current, asked)) {
      if (request.must_be_audited) return failure(failed_with("nothing was changed: " + *problem));
      context.progress(*problem);
    }
    auto applied =
        apply_change(context.aws, context.clock, current.plan, writable(current), *decision);
    if (applied) {
      if (auto problem = note_down(context, current, done_entry(asked, *applied)))
        applied->notes.push_back(*problem);
      if (request.tells) {
        const auto situation = situation_of(current.snapshot.observed);
        const std::optional<Change> change = *decision;
        const auto message = message_of({situation, change, current.now, decision->says,
                                         current.snapshot.caller_arn, request.why},
                                        current.id(), site_name(current));
        if (const auto notified = tell(context, current, message); !notified)
          applied->notes.push_back(notified.error().text);
      }
      return Carried{std::move(current), *decision, std::move(*applied)};
    }
    const auto& why_not = applied.error();
    if (why_not.kind != Error::Kind::conflict || attempt == most_tries) {
      auto failed = asked;
      failed.stage = "failed";
      failed.seen.reset();
      failed.note = why_not.text;
      (void)note_down(context, current, failed);
      return failure(why_not);
    }
    context.progress(fmt::format("Looking again: {}.", why_not.text));
    auto again = view(context.aws, context.clock, current.id(), context.chain());
    if (!again) return failure(again.error());
    current = std::move(*again);
  }
}

}  // namespace sitelatch::guard
