// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/audit_group.h"

#include <fmt/format.h>

#include "guard/apply/wire_forms.h"

namespace sitelatch::guard {

using aws::Value;

AuditGroup find_audit_group(Context& context, std::string region,
                            const std::string& health_check_id) {
  AuditGroup out{std::move(region), default_names(health_check_id).audit_group, health_check_id};
  const auto groups =
      context.aws.call_all("logs", "DescribeLogGroups",
                           Value::structure({{"logGroupNamePrefix", out.name}}), out.region);
  out.there = !groups;
  if (!groups) out.unseen = error_of(groups.error(), "look for log group " + out.name).text;
  if (groups)
    for (const auto& group : (*groups)["logGroups"].items())
      out.there = out.there || group["logGroupName"].string_or("") == out.name;
  return out;
}

Step make_audit_group(Context& context, const AuditGroup& group, const Texts& tags) {
  const auto made = context.aws.call(
      "logs", "CreateLogGroup",
      Value::structure({{"logGroupName", group.name}, {"tags", text_map(tags)}}), group.region);
  if (!made && !made.error().is("ResourceAlreadyExistsException"))
    return failure(error_of(made.error(), "make log group " + group.name));
  const auto kept = context.aws.call(
      "logs", "PutRetentionPolicy",
      Value::structure({{"logGroupName", group.name}, {"retentionInDays", audit_retention_days}}),
      group.region);
  if (!kept) return failure(error_of(kept.error(), "set the retention of log group " + group.name));
  return Done{};
}

Step remove_audit_group(Context& context, const AuditGroup& group) {
  const auto gone = context.aws.call(
      "logs", "DeleteLogGroup", Value::structure({{"logGroupName", group.name}}), group.region);
  if (gone || client::is_absent(gone.error())) return Done{};
  return failure(error_of(gone.error(), "delete log group " + group.name));
}

std::optional<std::string> note_down(Context& context, const AuditGroup& group,
                                     const AuditEntry& entry) {
  AuditLog log(context.aws, group.region, group.there ? group.name : "", group.health_check_id,
               fmt::format("{}/{}", iso8601_seconds(entry.at).substr(0, 10),
                           ports::random_hex(context.entropy, 12)));
  const auto written = log.write(entry);
  if (!written) return written.error().text;
  return std::nullopt;
}

}  // namespace sitelatch::guard
