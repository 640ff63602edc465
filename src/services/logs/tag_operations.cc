// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "services/logs/logs.h"
#include "services/logs/tags.h"

namespace sitelatch::logs {
namespace {

aws::Value tag_map(const Group& group) {
  aws::Value out = aws::Value::structure();
  for (const auto& [key, value] : group.tags) out.set(key, value);
  return aws::Value::structure({{"tags", std::move(out)}});
}

}  // namespace

aws::Outcome<Done> add_tags(Group& group, const aws::Value& tags) {
  constexpr std::size_t most_tags = 50;
  auto all = group.tags;
  for (const auto& [key, value] : tags.members()) {
    if (lower(std::string_view{key}.substr(0, 4)) == "aws:")
      return invalid_parameter("Tag keys starting with 'aws:' are reserved for system use");
    all[key] = value.string();
  }
  if (all.size() > most_tags)
    return aws::refuse("TooManyTagsException", "A resource can have no more than 50 tags.");
  group.tags = std::move(all);
  return Done{};
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
  auto group = tagged_group(call);
  if (!group) return failure(group.error());
  const auto added = add_tags(**group, call.input["tags"]);
  if (!added) return failure(added.error());
  store_.write(**group);
  return aws::Value::structure();
}
aws::Outcome<> Logs::untag_resource(const aws::Call& call) {
  auto group = tagged_group(call);
  if (!group) return failure(group.error());
  for (const auto& key : call.input["tagKeys"].strings()) (*group)->tags.erase(key);
  store_.write(**group);
  return aws::Value::structure();
}
aws::Outcome<> Logs::list_tags_for_resource(const aws::Call& call) {
  auto group = tagged_group(call);
  if (!group) return failure(group.error());
  return tag_map(**group);
}

aws::Outcome<> Logs::tag_log_group(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  const auto added = add_tags(**group, call.input["tags"]);
  if (!added) return failure(added.error());
  store_.write(**group);
  return aws::Value::structure();
}
aws::Outcome<> Logs::untag_log_group(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  for (const auto& key : call.input["tags"].strings()) (*group)->tags.erase(key);
  store_.write(**group);
  return aws::Value::structure();
}
aws::Outcome<> Logs::list_tags_log_group(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  return tag_map(**group);
}

}  // namespace sitelatch::logs
