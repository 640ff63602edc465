// SPDX-License-Identifier: Apache-2.0
// What each operation asks of IAM (section 13 of the semantics reference). Policies in the field
// name a group both as `log-group:name` and as `log-group:name:*`; either grants (fact logs-12).
#include <algorithm>

#include "services/logs/logs.h"

namespace sitelatch::logs {

std::vector<aws::Permission> Logs::authorisation(const aws::Call& call) const {
  const auto& input = call.input;
  const auto operation = call.operation;
  const auto action = "logs:" + std::string{operation};
  const auto is_one_of = [operation](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), operation) != names.end();
  };
  if (is_one_of({"DescribeLogGroups", "ListLogGroups"})) return {{action, {"*"}, {}, ""}};

  aws::ConditionKeys keys;
  for (const auto& [key, value] :
       input["tags"].is_struct() ? input["tags"].members() : aws::Value::Struct{}) {
    keys.add_tag("aws:RequestTag", key, value.string_or(""));
    keys.add("aws:TagKeys", key);
  }
  for (const auto* member : {"tagKeys", "tags"})
    if (input[member].is_list())
      for (const auto& key : input[member].strings()) keys.add("aws:TagKeys", key);

  std::string name;
  for (const auto* member : {"logGroupName", "logGroupIdentifier", "resourceArn"})
    if (input.has(member)) name = group_name_of(input[member].string());
  if (const auto* group = store_.find(call.region, name))
    for (const auto& [key, value] : group->tags) keys.add_tag("aws:ResourceTag", key, value);
  const auto arn = group_arn(call.region, call.account, name);
  if (is_one_of({"CreateLogStream", "DeleteLogStream", "PutLogEvents", "GetLogEvents"}))
    return {{action,
             {arn + ":log-stream:" + input["logStreamName"].string_or("")},
             std::move(keys),
             ""}};

  std::vector<aws::Permission> out{{action, {arn, arn + ":*"}, keys, ""}};
  if (operation == "CreateLogGroup" && input.has("tags"))
    out.push_back({"logs:TagResource", {arn, arn + ":*"}, std::move(keys), ""});
  return out;
}

}  // namespace sitelatch::logs
