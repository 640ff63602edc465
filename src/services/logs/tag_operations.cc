// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/arn.h"
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

std::optional<Logs::Place> Logs::tagged_document(const aws::Call& call) {
  const auto arn = aws::parse_arn(call.input["resourceArn"].string_or(""));
  if (!arn || arn->service != "logs" || arn->region != call.region || arn->account != call.account)
    return std::nullopt;
  for (const std::string_view kind : {"destination", "delivery-source", "delivery-destination",
                                      "delivery", "anomaly-detector", "lookup-table"})
    if (arn->resource.starts_with(kind) && arn->resource.substr(kind.size(), 1) == ":")
      return Place{kind, arn->resource.substr(kind.size() + 1)};
  return std::nullopt;
}

Logs::Question Logs::ask_of_tagged(const aws::Call& call) const {
  const auto place = tagged_document(call);
  if (!place) return ask_of_group(call);
  auto keys = keys_of("", call);
  if (const auto* document = documents_.find(place->kind, call.region, place->name))
    aws::add_resource_tags(aws::read_tags((*document)["tags"]), keys);
  return {{action(call), {resource_arn(call, place->kind, place->name)}, keys, ""}};
}

aws::Outcome<> Logs::change_tags(const aws::Call& call, const Place& place,
                                 const std::function<aws::Outcome<aws::Tags>(aws::Tags)>& change) {
  const auto* present = documents_.find(place.kind, call.region, place.name);
  if (!present)
    return aws::refuse("ResourceNotFoundException", "The specified resource does not exist.");
  auto tags = change(aws::read_tags((*present)["tags"]));
  if (!tags) return failure(tags.error());
  aws::Value document = *present;
  document.set("tags", aws::tag_map(*tags));
  documents_.put(place.kind, call.region, place.name, std::move(document));
  return aws::Value::structure();
}

aws::Outcome<> Logs::tag_resource(const aws::Call& call) {
  if (const auto place = tagged_document(call))
    return change_tags(call, *place, [&call](aws::Tags tags) {
      return aws::with_tags(std::move(tags), aws::read_tags(call.input["tags"]), tag_rules);
    });
  return add_tags(tagged_group(call), call.input["tags"]);
}
aws::Outcome<> Logs::untag_resource(const aws::Call& call) {
  if (const auto place = tagged_document(call))
    return change_tags(call, *place, [&call](aws::Tags tags) -> aws::Outcome<aws::Tags> {
      return aws::without_tags(std::move(tags), call.input["tagKeys"].strings());
    });
  return remove_tags(tagged_group(call), call.input["tagKeys"]);
}
aws::Outcome<> Logs::list_tags_for_resource(const aws::Call& call) {
  if (const auto place = tagged_document(call)) {
    const auto* document = documents_.find(place->kind, call.region, place->name);
    if (!document)
      return aws::refuse("ResourceNotFoundException", "The specified resource does not exist.");
    return aws::Value::structure({{"tags", aws::tag_map(aws::read_tags((*document)["tags"]))}});
  }
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
