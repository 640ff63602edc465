// SPDX-License-Identifier: Apache-2.0
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

aws::Value answer_of(const Group& group) {
  return aws::Value::structure({{"tags", aws::tag_map(group.tags)}});
}

}  // namespace

const aws::TagRules tag_rules{
    [](const std::string&) {
      return invalid_parameter("Tag keys starting with 'aws:' are reserved for system use");
    },
    nullptr,
    [] {
      return aws::refuse("TooManyTagsException", "A resource can have no more than 50 tags.");
    }};

// Shared by the operations of today and the older ones by a group's name.
aws::Outcome<> Logs::add_tags(aws::Outcome<Group*> group, const aws::Value& added) {
  if (!group) return failure(group.error());
  auto tags = aws::with_tags((*group)->tags, aws::read_tags(added), tag_rules);
  if (!tags) return failure(tags.error());
  (*group)->tags = std::move(*tags);
  store_.write(**group);
  return aws::Value::structure();
}
aws::Outcome<> Logs::remove_tags(aws::Outcome<Group*> group, const aws::Value& keys) {
  if (!group) return failure(group.error());
  (*group)->tags = aws::without_tags((*group)->tags, keys.strings());
  store_.write(**group);
  return aws::Value::structure();
}

aws::Outcome<Group*> Logs::tagged_group(const aws::Call& call) {
  const auto arn = call.input["resourceArn"].string_or("");
  if (arn.rfind("arn:", 0) != 0) return invalid_parameter("The specified resourceArn is invalid.");
  const auto name = group_name_of(arn);
  const auto bare = group_arn(call.region, call.account, name);
  if (name.empty() || (arn != bare && arn != bare + ":*"))
    return aws::refuse("ResourceNotFoundException", "The specified resource does not exist.");
  return existing_group(call, name);
}

aws::Outcome<> Logs::tag_resource(const aws::Call& call) {
  return add_tags(tagged_group(call), call.input["tags"]);
}
aws::Outcome<> Logs::untag_resource(const aws::Call& call) {
  return remove_tags(tagged_group(call), call.input["tagKeys"]);
}
aws::Outcome<> Logs::list_tags_for_resource(const aws::Call& call) {
  const auto group = tagged_group(call);
  if (!group) return failure(group.error());
  return answer_of(**group);
}

aws::Outcome<> Logs::tag_log_group(const aws::Call& call) {
  return add_tags(asked_group(call), call.input["tags"]);
}
aws::Outcome<> Logs::untag_log_group(const aws::Call& call) {
  return remove_tags(asked_group(call), call.input["tags"]);
}
aws::Outcome<> Logs::list_tags_log_group(const aws::Call& call) {
  const auto group = asked_group(call);
  if (!group) return failure(group.error());
  return answer_of(**group);
}

}  // namespace sitelatch::logs
