// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/sight.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

bool about(const ReadFailure& blind, std::string_view service, std::string_view operation) {
  return blind.why.service == service && blind.why.operation == operation;
}
bool names(const ReadFailure& blind, const std::string& what) {
  return blind.what.find(what) != std::string::npos;
}

// The notify topic's tags are the record.
bool hides_record(const View& view, const ReadFailure& blind) {
  return (about(blind, "sns", "GetTopicAttributes") ||
          about(blind, "sns", "ListTagsForResource")) &&
         names(blind, view.plan.notify_topic.arn);
}

// The alarm's topic says by its tags and subscriptions in which region all the rest is.
bool hides_place(const View& view, const ReadFailure& blind) {
  if (view.snapshot.observed.function || hides_record(view, blind)) return false;
  return blind.why.service == "sns" && names(blind, view.plan.alarm_topic.arn) &&
         !names(blind, view.plan.notify_topic.arn);
}

bool hides_audit(const View& view, const ReadFailure& blind) {
  return about(blind, "logs", "DescribeLogGroups") && names(blind, view.plan.audit_group.name);
}

bool hides_decision(const ReadFailure& blind) {
  return about(blind, "route53", "GetHealthCheck") ||
         about(blind, "route53", "GetHealthCheckStatus") ||
         about(blind, "cloudwatch", "DescribeAlarms") ||
         about(blind, "cloudwatch", "GetMetricData") || about(blind, "lambda", "GetFunction");
}

}  // namespace

std::optional<std::string> cannot_be_decided(const View& view, bool unaudited) {
  std::vector<std::string> unseen;  // in the order of reading; asked twice, told once
  for (const auto& blind : view.snapshot.blind)
    if (hides_decision(blind) || hides_record(view, blind) || hides_place(view, blind) ||
        (!unaudited && hides_audit(view, blind)))
      if (auto line = describe(blind);
          std::find(unseen.begin(), unseen.end(), line) == unseen.end())
        unseen.push_back(std::move(line));
  if (unseen.empty()) return std::nullopt;
  return "Nothing was changed: what must be known for that cannot be seen from here.\n  " +
         join(unseen, "\n  ");
}

bool only_latches(const View& view, const Change& change) {
  return latched(apply(change.check, *view.snapshot.observed.check));
}

bool record_is_hidden(const View& view) {
  const auto& blind = view.snapshot.blind;
  return std::any_of(blind.begin(), blind.end(),
                     [&view](const ReadFailure& one) { return hides_record(view, one); });
}

bool audit_is_hidden(const View& view) {
  const auto& blind = view.snapshot.blind;
  return std::any_of(blind.begin(), blind.end(),
                     [&view](const ReadFailure& one) { return hides_audit(view, one); });
}

std::optional<std::string> audit_is_silent(const View& view) {
  for (const auto& blind : view.snapshot.blind)
    if (hides_audit(view, blind) && is_silence(blind.why)) return client::explain(blind.why);
  return std::nullopt;
}

Observed writable(const View& view) {
  auto observed = view.snapshot.observed;
  if (record_is_hidden(view)) observed.notify_topic.reset();
  return observed;
}

}  // namespace sitelatch::guard
