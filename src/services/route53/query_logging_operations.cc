// SPDX-License-Identifier: Apache-2.0
// Query logging (fact route53-117).
#include <fmt/format.h>

#include <map>

#include "aws/auth/arn.h"
#include "aws/service/paging.h"
#include "dns/name.h"
#include "services/route53/ids.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_configs_a_page = 100;
constexpr std::string_view edge_location = "LCL1";  // AWS: an airport and a number

aws::Value to_value(const QueryLoggingConfig& config) {
  return aws::Value::structure({{"Id", config.id},
                                {"HostedZoneId", config.zone_id},
                                {"CloudWatchLogsLogGroupArn", config.log_group_arn}});
}

// The name in "arn:aws:logs:us-east-1:ACCOUNT:log-group:NAME", with or without ":*".
aws::Outcome<std::string> group_of(const std::string& text) {
  constexpr std::string_view kind = "log-group:";
  const auto arn = aws::parse_arn(text);
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kind))
    return aws::refuse("InvalidInput", "The ARN for the CloudWatch Logs log group is invalid");
  auto name = arn->resource.substr(kind.size());
  if (name.ends_with(":*")) name.resize(name.size() - 2);
  if (name.empty() || name.find(':') != std::string::npos)
    return aws::refuse("InvalidInput", "The ARN for the CloudWatch Logs log group is invalid");
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
  const auto group = group_of(arn);
  if (!group) return failure(group.error());
  if (const auto parsed = aws::parse_arn(arn);
      parsed->region != "us-east-1" || parsed->account != call.account)
    return aws::refuse("InvalidInput",
                       fmt::format("Invalid parameter : The log group for query logging must be in "
                                   "us-east-1 and in the account {} of the hosted zone.",
                                   call.account));
  if (!options_.query_logs || !options_.query_logs->has_group(*group))
    return aws::refuse("NoSuchCloudWatchLogsLogGroup",
                       "The specified CloudWatch Logs log group doesn't exist.");
  if (query_logging_.of_zone((*zone)->id))
    return aws::refuse("QueryLoggingConfigAlreadyExists",
                       "A query logging configuration already exists for this hosted zone");
  const auto& config = query_logging_.add({ports::uuid(entropy_), (*zone)->id, arn});
  want_queries();
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
  want_queries();
  return aws::Value::structure();
}

void Route53::want_queries() {
  if (options_.query_logs) options_.query_logs->want_queries(!query_logging_.empty());
}

// A line each, as documented, in the stream of the zone and of the one place that answers here.
void Route53::log_queries(const std::vector<LoggedQuery>& queries) {
  const auto now = timers_.now();
  std::map<const QueryLoggingConfig*, std::vector<std::string>> lines;
  for (const auto& query : queries) {
    const auto* config = logging_of(query.name);
    if (!config) continue;
    auto name = dns::name_to_text(query.name);
    if (name.size() > 1) name.pop_back();
    lines[config].push_back(fmt::format("1.0 {} {} {} {} {} {} {} {} -", iso8601_ms(now),
                                        config->zone_id, name, query.type, query.rcode,
                                        query.transport, edge_location, query.resolver));
  }
  for (auto& [config, of_zone] : lines) {
    const auto group = group_of(config->log_group_arn);
    if (group && options_.query_logs->has_group(*group))
      options_.query_logs->write(*group, config->zone_id + "/" + std::string{edge_location}, now,
                                 std::move(of_zone));
  }
}

// The zone that DNS answers from for this name, if its queries are logged.
const QueryLoggingConfig* Route53::logging_of(std::string_view wire_name) const {
  for (;; wire_name = dns::parent_name(wire_name)) {
    if (const auto* zone = zones_.served(std::string{wire_name}))
      return query_logging_.of_zone(zone->id);
    if (wire_name.size() <= 1) return nullptr;
  }
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
