// SPDX-License-Identifier: Apache-2.0
// The operations, and what each asks of IAM (fact logs-16). Policies in the field name a group both
// as `log-group:name` and as `log-group:name:*`; either grants (fact logs-12).
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

// The group's name, however the operation calls it.
std::string named_group(const aws::Value& input) {
  std::string name;
  for (const auto* member : {"logGroupName", "logGroupIdentifier", "resourceArn"})
    if (input.has(member)) name = group_name_of(input[member].string());
  return name;
}

// Tags to set come as a map, keys of tags to take away as a list: `tags` is either.
aws::ConditionKeys request_keys(const aws::Value& input) {
  aws::ConditionKeys keys;
  aws::add_request_tags(input["tags"].is_struct() ? aws::read_tags(input["tags"]) : aws::Tags{},
                        input["tagKeys"].strings(), keys);
  if (input["tags"].is_list()) aws::add_request_tags({}, input["tags"].strings(), keys);
  return keys;
}

}  // namespace

const aws::OperationTable<Logs>& Logs::operation_table() {
  static const aws::OperationTable<Logs> table{
      "logs",
      {
          {"CreateLogGroup", &Logs::create_log_group, &Logs::ask_to_create_group},
          {"DeleteLogGroup", &Logs::delete_log_group, &Logs::ask_of_group},
          {"DescribeLogGroups", &Logs::describe_log_groups, &Logs::ask_of_everything},
          {"ListLogGroups", &Logs::list_log_groups, &Logs::ask_of_everything},
          {"CreateLogStream", &Logs::create_log_stream, &Logs::ask_of_stream},
          {"DeleteLogStream", &Logs::delete_log_stream, &Logs::ask_of_stream},
          {"DescribeLogStreams", &Logs::describe_log_streams, &Logs::ask_of_group},
          {"PutRetentionPolicy", &Logs::put_retention_policy, &Logs::ask_of_group},
          {"DeleteRetentionPolicy", &Logs::delete_retention_policy, &Logs::ask_of_group},
          {"PutLogGroupDeletionProtection", &Logs::put_log_group_deletion_protection,
           &Logs::ask_of_group},
          {"PutLogEvents", &Logs::put_log_events, &Logs::ask_of_stream},
          {"GetLogEvents", &Logs::get_log_events, &Logs::ask_of_stream},
          {"FilterLogEvents", &Logs::filter_log_events, &Logs::ask_of_group},
          {"TestMetricFilter", &Logs::test_metric_filter, &Logs::ask_of_everything},
          {"TagResource", &Logs::tag_resource, &Logs::ask_of_group},
          {"UntagResource", &Logs::untag_resource, &Logs::ask_of_group},
          {"ListTagsForResource", &Logs::list_tags_for_resource, &Logs::ask_of_group},
          {"TagLogGroup", &Logs::tag_log_group, &Logs::ask_of_group},
          {"UntagLogGroup", &Logs::untag_log_group, &Logs::ask_of_group},
          {"ListTagsLogGroup", &Logs::list_tags_log_group, &Logs::ask_of_group},
      }};
  return table;
}

aws::ConditionKeys Logs::keys_of(const std::string& group, const aws::Call& call) const {
  auto keys = request_keys(call.input);
  if (const auto* found = store_.find(call.region, group))
    aws::add_resource_tags(found->tags, keys);
  return keys;
}

Logs::Question Logs::ask_of_group(const aws::Call& call) const {
  const auto group = named_group(call.input);
  const auto arn = group_arn(call.region, call.account, group);
  return {{action(call), {arn, arn + ":*"}, keys_of(group, call), ""}};
}

Logs::Question Logs::ask_to_create_group(const aws::Call& call) const {
  auto out = ask_of_group(call);
  if (!call.input.has("tags")) return out;
  out.push_back(out.front());
  out.back().action = operation_table().action("TagResource");
  return out;
}

Logs::Question Logs::ask_of_stream(const aws::Call& call) const {
  const auto group = named_group(call.input);
  const auto arn = group_arn(call.region, call.account, group) +
                   ":log-stream:" + call.input["logStreamName"].string_or("");
  return {{action(call), {arn}, keys_of(group, call), ""}};
}

}  // namespace sitelatch::logs
