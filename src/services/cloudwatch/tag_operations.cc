// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/tag_rules.h"

namespace sitelatch::cloudwatch {
namespace {

auto no_such_resource(std::string_view arn) {
  return aws::refuse("ResourceNotFoundException", fmt::format("Resource {} does not exist.", arn));
}

}  // namespace

std::optional<aws::Tags> CloudWatch::tags_of(const aws::Call& call, const std::string& arn) const {
  const auto part = [&](const std::string& of_all) -> std::optional<std::string> {
    if (arn.size() <= of_all.size() || !arn.starts_with(of_all)) return std::nullopt;
    return arn.substr(of_all.size());
  };
  const auto of_row = [](const aws::Value* row) -> std::optional<aws::Tags> {
    if (!row) return std::nullopt;
    return aws::read_tags((*row)["Tags"]);
  };
  if (const auto name = part(alarm_arn(call, ""))) {
    const auto* alarm = any_alarm(call.region, *name);
    if (alarm) return alarm->tags;
  }
  if (const auto name = part(mute_rule_arn(call, ""))) {
    const auto* rule = mutes_.find(call.region, *name);
    if (rule) return rule->tags;
  }
  if (const auto name = part(dashboard_arn(call, ""))) return of_row(dashboards_.find(*name));
  if (const auto name = part(insight_rule_arn(call, "")))
    return of_row(insight_rules_.find(alarm_key(call.region, *name)));
  return std::nullopt;
}

// Of something that tags_of() knows.
void CloudWatch::set_tags(const aws::Call& call, const std::string& arn, aws::Tags tags) {
  const auto name = [&](const std::string& of_all) { return arn.substr(of_all.size()); };
  const auto to_row = [&](StoredRows& rows, const std::string& key) {
    auto row = *rows.find(key);
    row.set("Tags", aws::tag_list(tags));
    rows.put(key, std::move(row));
  };
  if (const auto all = alarm_arn(call, ""); arn.starts_with(all)) {
    if (alarms_.find(call.region, name(all)))
      alarms_.set_tags(call.region, name(all), std::move(tags));
    else
      composites_.set_tags(call.region, name(all), std::move(tags));
  } else if (const auto rules = mute_rule_arn(call, ""); arn.starts_with(rules)) {
    mutes_.set_tags(call.region, name(rules), std::move(tags));
  } else if (const auto boards = dashboard_arn(call, ""); arn.starts_with(boards)) {
    to_row(dashboards_, name(boards));
  } else {
    to_row(insight_rules_, alarm_key(call.region, name(insight_rule_arn(call, ""))));
  }
}

aws::Outcome<> CloudWatch::tag_resource(const aws::Call& call) {
  const auto arn = call.input["ResourceARN"].string_or("");
  auto present = tags_of(call, arn);
  if (!present) return no_such_resource(arn);
  auto tags = aws::with_tags(std::move(*present), aws::read_tags(call.input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  set_tags(call, arn, std::move(*tags));
  return aws::Value::structure();
}

aws::Outcome<> CloudWatch::untag_resource(const aws::Call& call) {
  const auto arn = call.input["ResourceARN"].string_or("");
  auto present = tags_of(call, arn);
  if (!present) return no_such_resource(arn);
  set_tags(call, arn, aws::without_tags(std::move(*present), call.input["TagKeys"].strings()));
  return aws::Value::structure();
}

// Of an alarm that is gone: no tags, not an error (LocalStack's record of AWS, 2026-02-17).
aws::Outcome<> CloudWatch::list_tags_for_resource(const aws::Call& call) {
  const auto arn = call.input["ResourceARN"].string_or("");
  const auto known = tags_of(call, arn);
  const auto begins = {alarm_arn(call, ""), mute_rule_arn(call, ""), dashboard_arn(call, ""),
                       insight_rule_arn(call, "")};
  const bool of_ours = std::any_of(begins.begin(), begins.end(), [&](const std::string& prefix) {
    return arn.size() > prefix.size() && arn.starts_with(prefix);
  });
  if (!of_ours)
    return aws::refuse("InvalidParameterValueException",
                       fmt::format("Invalid parameter value for ResourceARN: {}", arn));
  return aws::Value::structure({{"Tags", aws::tag_list(known.value_or(aws::Tags{}))}});
}

}  // namespace sitelatch::cloudwatch
