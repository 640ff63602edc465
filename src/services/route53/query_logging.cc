// SPDX-License-Identifier: Apache-2.0
#include "services/route53/query_logging.h"

#include <string_view>

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "base/check.h"
#include "ports/rows.h"

namespace sitelatch::route53 {
namespace {
constexpr std::string_view logging_table = "route53.query_logging";
}

QueryLogging::QueryLogging(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, logging_table, [&](std::string_view key, std::string_view row) {
    const auto value = aws::stored_value(row);
    QueryLoggingConfig config{ports::text_of_key(key), value["zone"].string(),
                              value["group"].string()};
    ports::expect_of_row(by_zone_.emplace(config.zone_id, config.id).second,
                         "its zone has another");
    configs_.emplace(config.id, config);
  });
}

const QueryLoggingConfig* QueryLogging::find(const std::string& id) const {
  const auto found = configs_.find(id);
  return found == configs_.end() ? nullptr : &found->second;
}

const QueryLoggingConfig* QueryLogging::of_zone(const std::string& zone_id) const {
  const auto found = by_zone_.find(zone_id);
  return found == by_zone_.end() ? nullptr : find(found->second);
}

void QueryLogging::visit(const std::function<bool(const QueryLoggingConfig&)>& visitor) const {
  for (const auto& [id, config] : configs_)
    if (!visitor(config)) return;
}

const QueryLoggingConfig& QueryLogging::add(QueryLoggingConfig config) {
  journal_.put(logging_table, config.id,
               aws::to_json(aws::Value::structure(
                   {{"zone", config.zone_id}, {"group", config.log_group_arn}})));
  ENSURE(by_zone_.emplace(config.zone_id, config.id).second, "a zone's queries logged twice");
  const auto id = config.id;
  return configs_.emplace(id, std::move(config)).first->second;
}

void QueryLogging::remove(const std::string& id) {
  journal_.erase(logging_table, id);
  by_zone_.erase(configs_.at(id).zone_id);
  configs_.erase(id);
}

void QueryLogging::forget_zone(const std::string& zone_id) {
  if (const auto* config = of_zone(zone_id)) remove(std::string{config->id});
}

}  // namespace sitelatch::route53
