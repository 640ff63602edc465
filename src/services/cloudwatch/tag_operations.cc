// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "services/cloudwatch/cloudwatch.h"
#include "services/cloudwatch/tag_rules.h"

namespace sitelatch::cloudwatch {
namespace {

auto no_such_resource(std::string_view arn) {
  return aws::refuse("ResourceNotFoundException", fmt::format("Resource {} does not exist.", arn));
}

}  // namespace

void CloudWatch::set_tags(const aws::Call& call, const std::string& name, aws::Tags tags) {
  if (alarms_.find(call.region, name))
    alarms_.set_tags(call.region, name, std::move(tags));
  else
    composites_.set_tags(call.region, name, std::move(tags));
}

aws::Outcome<> CloudWatch::tag_resource(const aws::Call& call) {
  const auto arn = call.input["ResourceARN"].string_or("");
  const auto name = alarm_name_of(arn, call);
  const auto* alarm = name ? any_alarm(call.region, *name) : nullptr;
  if (!alarm) return no_such_resource(arn);
  auto tags = aws::with_tags(alarm->tags, aws::read_tags(call.input["Tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  set_tags(call, *name, std::move(*tags));
  return aws::Value::structure();
}

aws::Outcome<> CloudWatch::untag_resource(const aws::Call& call) {
  const auto arn = call.input["ResourceARN"].string_or("");
  const auto name = alarm_name_of(arn, call);
  const auto* alarm = name ? any_alarm(call.region, *name) : nullptr;
  if (!alarm) return no_such_resource(arn);
  auto tags = aws::without_tags(alarm->tags, call.input["TagKeys"].strings());
  set_tags(call, *name, std::move(tags));
  return aws::Value::structure();
}

// Of an alarm that is gone: no tags, not an error (LocalStack's record of AWS, 2026-02-17).
aws::Outcome<> CloudWatch::list_tags_for_resource(const aws::Call& call) {
  const auto arn = call.input["ResourceARN"].string_or("");
  const auto name = alarm_name_of(arn, call);
  if (!name)
    return aws::refuse("InvalidParameterValueException",
                       fmt::format("Invalid parameter value for ResourceARN: {}", arn));
  const auto* alarm = any_alarm(call.region, *name);
  return aws::Value::structure({{"Tags", aws::tag_list(alarm ? alarm->tags : aws::Tags{})}});
}

}  // namespace sitelatch::cloudwatch
