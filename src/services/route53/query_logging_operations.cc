// SPDX-License-Identifier: Apache-2.0
// Query logging (fact route53-117).
#include <fmt/format.h>

#include "aws/auth/arn.h"
#include "aws/service/paging.h"
#include "services/route53/ids.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_configs_a_page = 100;

aws::Value to_value(const QueryLoggingConfig& config) {
  return aws::Value::structure({{"Id", config.id},
                                {"HostedZoneId", config.zone_id},
                                {"CloudWatchLogsLogGroupArn", config.log_group_arn}});
}

// The name in "arn:aws:logs:us-east-1:ACCOUNT:log-group:NAME", with or without ":*".
aws::Outcome<std::string> group_of(const std::string& text, const std::string& account) {
  constexpr std::string_view kind = "log-group:";
  const auto arn = aws::parse_arn(text);
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kind))
    return aws::refuse("InvalidInput", "The ARN for the CloudWatch Logs log group is invalid");
  auto name = arn->resource.substr(kind.size());
  if (name.ends_with(":*")) name.resize(name.size() - 2);
  if (name.empty() || name.find(':') != std::string::npos)
    return aws::refuse("InvalidInput", "The ARN for the CloudWatch Logs log group is invalid");
  if (arn->region != "us-east-1" || arn->account != account)
    return aws::refuse("InvalidInput",
                       fmt::format("Invalid parameter : The log group for query logging must be in "
                                   "us-east-1 and in the account {} of the hosted zone.",
                                   account));
  return name;
}

}  // namespace

aws::Outcome<const QueryLoggingConfig*> Route53::query_logging_config(const aws::Value& id) const {
  if (const auto* found = query_logging_.find(id.string())) return found;
  return aws::refuse("NoSuchQueryLoggingConfig", "The query logging configuration does not exist");
}

Route53::Out Route53::create_query_logging_config(const Call& call) {
  const auto& in = call.input;
  const auto zone = hosted_zone(in["HostedZoneId"]);
  if (!zone) return failure(zone.error());
  if ((*zone)->is_private())
    return aws::refuse("InvalidInput",
                       "Invalid parameter : Queries can be logged for public hosted zones only.");
  const auto& arn = in["CloudWatchLogsLogGroupArn"].string();
  const auto group = group_of(arn, call.account);
  if (!group) return failure(group.error());
  if (!options_.query_logs || !options_.query_logs->has_group(*group))
    return aws::refuse("NoSuchCloudWatchLogsLogGroup",
                       "The specified CloudWatch Logs log group doesn't exist.");
  if (query_logging_.of_zone((*zone)->id))
    return aws::refuse("QueryLoggingConfigAlreadyExists",
                       "A query logging configuration already exists for this hosted zone");
  const auto& config = query_logging_.add({ports::uuid(entropy_), (*zone)->id, arn});
  return aws::Value::structure(
      {{"QueryLoggingConfig", to_value(config)},
       {"Location", "https://route53.amazonaws.com/2013-04-01/queryloggingconfig/" + config.id}});
}

Route53::Out Route53::get_query_logging_config(const Call& call) {
  const auto config = query_logging_config(call.input["Id"]);
  if (!config) return failure(config.error());
  return aws::Value::structure({{"QueryLoggingConfig", to_value(**config)}});
}

Route53::Out Route53::delete_query_logging_config(const Call& call) {
  const auto config = query_logging_config(call.input["Id"]);
  if (!config) return failure(config.error());
  query_logging_.remove(std::string{(*config)->id});
  return aws::Value::structure();
}

Route53::Out Route53::list_query_logging_configs(const Call& call) {
  const auto& in = call.input;
  std::string only;
  if (in.has("HostedZoneId")) {
    const auto zone = hosted_zone(in["HostedZoneId"]);
    if (!zone) return failure(zone.error());
    only = (*zone)->id;
  }
  const auto most = max_items(in["MaxResults"], most_configs_a_page, "MaxResults");
  if (!most) return failure(most.error());
  auto page =
      aws::Page::at("query logging " + only, in["NextToken"], static_cast<std::int64_t>(*most));
  if (!page) return bad_token("query logging configurations");
  query_logging_.visit([&](const QueryLoggingConfig& config) {
    if (!only.empty() && config.zone_id != only) return true;
    return page->offer(config.id, [&] { return to_value(config); });
  });
  return aws::Value::structure(
      {{"QueryLoggingConfigs", page->items()}, {"NextToken", page->next_token()}});
}

}  // namespace sitelatch::route53
