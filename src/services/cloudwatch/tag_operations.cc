// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/tags.h"

namespace sitelatch::cloudwatch {
namespace {

auto no_such_resource(std::string_view arn) {
  return aws::refuse("ResourceNotFoundException", fmt::format("Resource {} does not exist.", arn));
}

}  // namespace

aws::Outcome<> CloudWatch::tag_resource(const aws::Call& call) {
  const auto arn = call.input["ResourceARN"].string_or("");
  const auto name = alarm_name_of(arn, call);
  const auto* alarm = name ? alarms_.find(call.region, *name) : nullptr;
  if (!alarm) return no_such_resource(arn);
  auto tags = merged_tags(alarm->tags, call.input["Tags"]);
  if (!tags) return failure(tags.error());
  alarms_.set_tags(call.region, *name, std::move(*tags));
  return aws::Value::structure();
}

aws::Outcome<> CloudWatch::untag_resource(const aws::Call& call) {
  const auto arn = call.input["ResourceARN"].string_or("");
  const auto name = alarm_name_of(arn, call);
  const auto* alarm = name ? alarms_.find(call.region, *name) : nullptr;
  if (!alarm) return no_such_resource(arn);
  auto tags = alarm->tags;
  for (const auto& key : call.input["TagKeys"].strings())
    tags.erase(std::remove_if(tags.begin(), tags.end(),
                              [&key](const auto& tag) { return tag.first == key; }),
               tags.end());
  alarms_.set_tags(call.region, *name, std::move(tags));
  return aws::Value::structure();
}

// Of an alarm that is gone: no tags, not an error (LocalStack's record of AWS, 2026-02-17).
aws::Outcome<> CloudWatch::list_tags_for_resource(const aws::Call& call) {
  aws::Value tags = aws::Value::list();
  const auto arn = call.input["ResourceARN"].string_or("");
  const auto name = alarm_name_of(arn, call);
  if (!name)
    return aws::refuse("InvalidParameterValueException",
                       fmt::format("Invalid parameter value for ResourceARN: {}", arn));
  if (const auto* alarm = alarms_.find(call.region, *name))
    for (const auto& [key, value] : alarm->tags)
      tags.push(aws::Value::structure({{"Key", key}, {"Value", value}}));
  return aws::Value::structure({{"Tags", std::move(tags)}});
}

}  // namespace sitelatch::cloudwatch
