// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/carry_out.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

constexpr int most_tries = 5;

AuditEntry entry_of(const View& view, const Errand& errand, const Change& change,
                    const std::string& change_id) {
  AuditEntry entry;
  entry.at = view.now;
  entry.action = errand.action;
  entry.stage = "asked";
  entry.change_id = change_id;
  entry.who = view.seen.caller_arn;
  entry.why = errand.why.empty() ? change.says : errand.why;
  entry.forced = errand.forced;
  const auto& check = *view.seen.observed.check;
  entry.before = describe_check(check);
  entry.after = describe_check(apply(change.check, check));
  return entry;
}

AuditEntry done_entry(AuditEntry entry, const Applied& applied) {
  entry.stage = "done";
  entry.version = std::to_string(applied.after.version);
  entry.request_id = applied.request_id;
  entry.note = join(applied.notes, " ");
  return entry;
}

NotCarried from(std::vector<Refusal> refusals) { return {std::move(refusals), "", false}; }
NotCarried from(std::string failed, bool check_changed = false) {
  return {{}, std::move(failed), check_changed};
}

}  // namespace

std::optional<std::string> note_down(Desk& desk, const View& view, AuditEntry entry) {
  const auto& group = view.plan.audit_group;
  if (!view.seen.observed.audit_group) return "Not written to an audit log: the guard has none.";
  AuditLog log(desk.aws, group.region, group.name, view.id(),
               fmt::format("{}/{}", iso8601_seconds(view.now).substr(0, 10),
                           ports::random_hex(desk.entropy, 12)));
  const auto written = log.write(entry);
  if (!written) return written.error().text;
  return std::nullopt;
}

Result<Done> tell(Desk& desk, const View& view, const std::string& subject,
                  const std::string& text) {
  const auto& topic = view.seen.observed.notify_topic;
  if (!topic) return failure(Problem{"nobody could be told: the guard has no topic for people"});
  const auto sent = desk.aws.call(
      "sns", "Publish",
      client::Value::structure(
          {{"TopicArn", topic->arn}, {"Subject", subject.substr(0, 99)}, {"Message", text}}),
      view.plan.notify_topic.region);
  if (!sent) return failure(Problem{client::explain(sent.error(), "tell people")});
  return Done{};
}

Result<Carried, NotCarried> carry_out(Desk& desk, View current, const Errand& errand,
                                      const Decide& decide) {
  const auto change_id = ports::random_hex(desk.entropy, 16);
  for (int attempt = 1;; ++attempt) {
    if (!current.seen.observed.check)
      return failure(from(fmt::format("there is no health check {}", current.id())));
    const auto decision = decide(current);
    if (!decision) return failure(from(decision.error()));
    const auto asked = entry_of(current, errand, *decision, change_id);
    if (auto problem = note_down(desk, current, asked)) {
      if (errand.must_be_audited) return failure(from("nothing was changed: " + *problem));
      desk.progress(*problem);
    }
    auto applied =
        apply_change(desk.aws, desk.clock, current.plan, current.seen.observed, *decision);
    if (applied) {
      if (auto problem = note_down(desk, current, done_entry(asked, *applied)))
        applied->notes.push_back(*problem);
      if (!errand.subject.empty()) {
        const auto text = fmt::format(
            "{}\n\nHealth check: {}\nBy: {}\nReason: {}\nBefore: {}\nAfter: {}\n", decision->says,
            current.id(), current.seen.caller_arn, errand.why, asked.before, asked.after);
        if (const auto told = tell(desk, current, errand.subject, text); !told)
          applied->notes.push_back(told.error().text);
      }
      return Carried{std::move(current), *decision, std::move(*applied)};
    }
    const auto& why_not = applied.error();
    if (!why_not.moved_on || attempt == most_tries) {
      auto failed = asked;
      failed.stage = "failed";
      failed.note = why_not.why;
      (void)note_down(desk, current, failed);
      return failure(from(why_not.why, why_not.check_changed));
    }
    desk.progress(fmt::format("Looking again: {}.", why_not.why));
    auto again = view(desk.aws, desk.clock, current.id(), {desk.dns_server, false, false, false});
    if (!again) return failure(from(again.error().text));
    current = std::move(*again);
  }
}

}  // namespace sitelatch::guard
