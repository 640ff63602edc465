// SPDX-License-Identifier: Apache-2.0
// PutCompositeAlarm, and which alarms rest on which.
#include <fmt/format.h>

#include "aws/service/paging.h"
#include "base/text.h"
#include "services/cloudwatch/alarm_request.h"
#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/refusals.h"
#include "services/cloudwatch/tag_rules.h"

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;

constexpr std::size_t most_parents = 150;

}  // namespace

aws::Outcome<> CloudWatch::put_composite_alarm(const aws::Call& call) {
  auto alarm = requested_composite(call);
  if (!alarm) return failure(alarm.error());
  auto tags = aws::with_tags({}, aws::read_tags(call.input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  alarm->tags = std::move(*tags);  // of a new alarm; one that exists keeps its own
  if (alarms_.find(call.region, alarm->name))
    return invalid(
        fmt::format("Could not save the composite alarm as a metric alarm with the name {} exists",
                    alarm->name));
  std::vector<std::string> absent;
  for (const auto& child : alarm->rule.children()) {
    const auto name = name_of_reference(*alarm, child);
    if (!any_alarm(call.region, name)) {
      absent.push_back(child);
      continue;
    }
    const auto parents = composites_.parents(call.region, name);
    if (parents.size() >= most_parents && parents.count(alarm->name) == 0)
      return aws::refuse("LimitExceeded",
                         fmt::format("The alarm {} is in the rules of {} composite alarms, which "
                                     "is the limit.",
                                     name, most_parents));
  }
  if (!absent.empty())
    return invalid(fmt::format(
        "Could not save the composite alarm as alarms [{}] in the alarm rule do not exist",
        join(absent, ", ")));
  if (alarm->suppressor && !any_alarm(call.region, name_of_reference(*alarm, *alarm->suppressor)))
    return invalid(
        fmt::format("Could not save the composite alarm as the actions suppressor alarm {} does "
                    "not exist",
                    *alarm->suppressor));
  composites_.put(std::move(*alarm));
  return Value::structure();
}

// DescribeAlarms of an alarm's children (who they are and how they stand) or parents (who they
// are).
aws::Outcome<> CloudWatch::related_alarms(const aws::Call& call) const {
  const auto& input = call.input;
  for (const auto& [name, value] : input.members()) {
    const bool alone = name == "MaxRecords" || name == "NextToken";
    const bool asked = name == "ChildrenOfAlarmName" || name == "ParentsOfAlarmName";
    if ((!alone && !asked) || (input.has("ChildrenOfAlarmName") && input.has("ParentsOfAlarmName")))
      return invalid(
          "ChildrenOfAlarmName and ParentsOfAlarmName cannot be specified with any other parameter "
          "but MaxRecords and NextToken.");
  }
  const bool of_children = input.has("ChildrenOfAlarmName");
  const auto of = input[of_children ? "ChildrenOfAlarmName" : "ParentsOfAlarmName"].string_or("");
  std::set<std::string> names;
  if (!of_children) names = composites_.parents(call.region, of);
  if (const auto* composite = composites_.find(call.region, of); composite && of_children)
    for (const auto& child : composite->rule.children())
      names.insert(name_of_reference(*composite, child));
  auto page = aws::Page::at("related", input["NextToken"], input["MaxRecords"].integer_or(50));
  if (!page) return aws::refuse("InvalidNextToken", "Invalid token");
  Value composite = Value::list(), metric = Value::list();
  for (const auto& name : names) {
    const auto* alarm = any_alarm(call.region, name);
    if (!alarm) continue;
    const auto described = [&] {
      Value out = Value::structure({{"AlarmName", alarm->name}, {"AlarmArn", alarm->arn}});
      if (!of_children) return out;
      out.set("StateValue", state_name(alarm->state));
      out.set("StateUpdatedTimestamp", alarm->state_updated);
      return out;
    };
    const auto shown = page->items().items().size();
    if (!page->offer(name, described)) break;
    if (page->items().items().size() > shown)
      (composites_.find(call.region, name) ? composite : metric).push(page->items().items().back());
  }
  return Value::structure({{"CompositeAlarms", std::move(composite)},
                           {"MetricAlarms", std::move(metric)},
                           {"LogAlarms", Value::list()},
                           {"NextToken", page->next_token()}});
}

}  // namespace sitelatch::cloudwatch
