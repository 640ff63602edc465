// SPDX-License-Identifier: Apache-2.0
// Lookup tables, which are kept (no query of ours looks into them, fact logs-41), and what is not
// here and so is not found: scheduled queries, imports, transformers, tables of S3.
#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/service/paging.h"
#include "base/text.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::string_view table_kind = "lookup-table";
constexpr std::int64_t tables_page = 100;
constexpr std::size_t most_tables = 100;

auto no_such_table() {
  return aws::refuse("ResourceNotFoundException", "The specified lookup table does not exist.");
}

std::string table_name_of(const Value& input) {
  const auto arn = aws::parse_arn(input["lookupTableArn"].string_or(""));
  const std::string prefix = std::string{table_kind} + ':';
  return arn && arn->resource.starts_with(prefix) ? arn->resource.substr(prefix.size()) : "";
}

// The fields of the first line of a CSV; quoted ones may hold commas, and quotes doubled.
std::vector<std::string> header_of(std::string_view csv) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (std::size_t i = 0; i < csv.size() && (quoted || csv[i] != '\n'); ++i) {
    if (csv[i] == '"' && quoted && csv.substr(i + 1, 1) == "\"")
      out.back() += csv[++i];
    else if (csv[i] == '"')
      quoted = !quoted;
    else if (csv[i] == ',' && !quoted)
      out.emplace_back();
    else if (csv[i] != '\r')
      out.back() += csv[i];
  }
  return out;
}
std::int64_t records_of(std::string_view csv) {
  bool quoted = false, content = false;
  std::int64_t lines = 0;
  for (const char c : csv) {
    if (c == '"') quoted = !quoted;
    if (c == '\n' && !quoted) {
      lines += content ? 1 : 0;
      content = false;
    } else if (c != '\r') {
      content = true;
    }
  }
  return std::max<std::int64_t>(lines + (content ? 1 : 0) - 1, 0);
}

Value table_shown(const Value& stored, bool whole) {
  const auto& body = stored["tableBody"].string();
  Value out = stored;
  out.set("tags", Value{});
  out.set("sizeBytes", static_cast<std::int64_t>(body.size()));
  if (whole) return out;
  Value fields = Value::list();
  for (const auto& field : header_of(body)) fields.push(field);
  out.set("tableFields", std::move(fields));
  out.set("recordsCount", records_of(body));
  out.set("tableBody", Value{});
  return out;
}

bool is_table(const std::string& body) {
  const auto header = header_of(body);
  return std::none_of(header.begin(), header.end(),
                      [](const std::string& field) { return trim(field).empty(); });
}

}  // namespace

Logs::Question Logs::ask_of_table(const aws::Call& call) const {
  auto name = call.input["lookupTableName"].string_or("");
  if (name.empty()) name = table_name_of(call.input);
  aws::ConditionKeys keys;
  if (call.input.has("tags")) aws::add_request_tags(aws::read_tags(call.input["tags"]), {}, keys);
  if (const auto* table = documents_.find(table_kind, call.region, name))
    aws::add_resource_tags(aws::read_tags((*table)["tags"]), keys);
  return {{action(call), {resource_arn(call, table_kind, name.empty() ? "*" : name)}, keys, ""}};
}

aws::Outcome<> Logs::create_lookup_table(const aws::Call& call) {
  const auto& input = call.input;
  const auto name = input["lookupTableName"].string();
  if (documents_.find(table_kind, call.region, name))
    return aws::refuse("ResourceAlreadyExistsException",
                       "The specified lookup table already exists.");
  if (!is_table(input["tableBody"].string()))
    return aws::refuse("ValidationException", "tableBody is no CSV with a name for each column.");
  if (documents_.count(table_kind, call.region) >= most_tables)
    return aws::refuse("LimitExceededException", "Resource limit exceeded.");
  auto tags = aws::with_tags({}, aws::read_tags(input["tags"]), tag_rules);
  if (!tags) return failure(tags.error());
  const auto arn = resource_arn(call, table_kind, name);
  documents_.put(table_kind, call.region, name,
                 Value::structure({{"lookupTableArn", arn},
                                   {"lookupTableName", name},
                                   {"description", input["description"]},
                                   {"tableBody", input["tableBody"]},
                                   {"lastUpdatedTime", unix_ms(call.now)},
                                   {"kmsKeyId", input["kmsKeyId"]},
                                   {"tags", aws::tag_map(*tags)}}));
  return Value::structure({{"lookupTableArn", arn}, {"createdAt", unix_ms(call.now)}});
}

aws::Outcome<> Logs::update_lookup_table(const aws::Call& call) {
  const auto& input = call.input;
  const auto name = table_name_of(input);
  const auto* present = documents_.find(table_kind, call.region, name);
  if (!present) return no_such_table();
  if (!is_table(input["tableBody"].string()))
    return aws::refuse("ValidationException", "tableBody is no CSV with a name for each column.");
  Value table = *present;
  for (const auto* member : {"description", "tableBody", "kmsKeyId"})
    if (input.has(member)) table.set(member, input[member]);
  table.set("lastUpdatedTime", unix_ms(call.now));
  documents_.put(table_kind, call.region, name, std::move(table));
  return Value::structure({{"lookupTableArn", resource_arn(call, table_kind, name)},
                           {"lastUpdatedTime", unix_ms(call.now)}});
}

aws::Outcome<> Logs::get_lookup_table(const aws::Call& call) {
  const auto* table = documents_.find(table_kind, call.region, table_name_of(call.input));
  if (!table) return no_such_table();
  return table_shown(*table, true);
}

aws::Outcome<> Logs::describe_lookup_tables(const aws::Call& call) {
  const auto& input = call.input;
  auto page = aws::Page::at("lookup tables", input["nextToken"],
                            input["maxResults"].integer_or(tables_page));
  if (!page) return invalid_token();
  const auto prefix = input["lookupTableNamePrefix"].string_or("");
  documents_.visit(table_kind, call.region, [&](const std::string& name, const Value& table) {
    if (!name.starts_with(prefix)) return true;
    return page->offer(name, [&table] { return table_shown(table, false); });
  });
  return Value::structure({{"lookupTables", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::delete_lookup_table(const aws::Call& call) {
  if (!documents_.erase(table_kind, call.region, table_name_of(call.input))) return no_such_table();
  return Value::structure();
}

// --- what is not here

aws::Outcome<> Logs::list_scheduled_queries(const aws::Call& call) {
  if (call.input.has("nextToken"))
    return aws::refuse("ValidationException", "The specified nextToken is invalid.");
  return Value::structure({{"scheduledQueries", Value::list()}});
}
aws::Outcome<> Logs::no_such_scheduled_query(const aws::Call&) {
  return aws::refuse("ResourceNotFoundException", "The specified scheduled query does not exist.");
}
aws::Outcome<> Logs::no_such_data_source(const aws::Call&) {
  return aws::refuse("ResourceNotFoundException", "The specified data source does not exist.");
}
aws::Outcome<> Logs::list_aggregate_log_group_summaries(const aws::Call& call) {
  // No group here has a data source.
  if (call.input.has("nextToken")) return invalid_token();
  return Value::structure({{"aggregateLogGroupSummaries", Value::list()}});
}

}  // namespace sitelatch::logs
