// SPDX-License-Identifier: Apache-2.0
// CloudWatch Logs Insights.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "aws/service/paging.h"
#include "base/text.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::size_t most_groups = 50;                  // of a query
constexpr std::int64_t first_ms_like = 100'000'000'000;  // what is larger is in milliseconds
constexpr std::int64_t most_described_queries = 1'000;
constexpr std::size_t sampled_events = 1'000;

aws::Outcome<> malformed(const QueryProblem& problem) {
  aws::Error error;
  error.code = "MalformedQueryException";
  error.message =
      fmt::format("{} at line {} and position {}", problem.text, problem.line, problem.position);
  error.members = Value::structure(
      {{"queryCompileError",
        Value::structure(
            {{"location",
              Value::structure({{"startCharOffset", static_cast<std::int64_t>(problem.at)},
                                {"endCharOffset", static_cast<std::int64_t>(problem.end)}})},
             {"message", error.message}})}});
  return failure(std::move(error));
}

auto no_such_query() {
  return aws::refuse("ResourceNotFoundException", "The specified query does not exist.");
}

std::vector<std::string> groups_in(const Value& input) {
  std::vector<std::string> out;
  if (input.has("logGroupName")) out.push_back(input["logGroupName"].string());
  for (const auto& name : input["logGroupNames"].strings()) out.push_back(name);
  for (const auto& identifier : input["logGroupIdentifiers"].strings())
    out.push_back(group_name_of(identifier));
  return out;
}

Value describe(const Query& query) {
  return Value::structure({{"queryLanguage", "CWLI"},
                           {"queryId", query.id},
                           {"queryString", query.text},
                           {"status", query.status},
                           {"createTime", query.created_ms},
                           {"logGroupName", query.groups.front()}});
}

}  // namespace

Logs::Question Logs::ask_to_query(const aws::Call& call) const {
  Question out;
  for (const auto& group : groups_in(call.input)) {
    const auto arn = group_arn(call.region, call.account, group);
    out.push_back({action(call), {arn, arn + ":*"}, keys_of(group, call), ""});
  }
  return out.empty() ? ask_of_everything(call) : out;
}

aws::Outcome<> Logs::start_query(const aws::Call& call) {
  const auto& input = call.input;
  int ways = 0;
  for (const auto* way : {"logGroupName", "logGroupNames", "logGroupIdentifiers"})
    ways += input.has(way) ? 1 : 0;
  Query query;
  query.region = call.region;
  query.groups = groups_in(input);
  if (ways != 1 || query.groups.empty())
    return invalid_parameter(
        "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.");
  if (query.groups.size() > most_groups)
    return invalid_parameter("A query can include up to 50 log groups.");
  if (input["queryLanguage"].string_or("CWLI") != "CWLI")
    return invalid_parameter(
        fmt::format("queryLanguage {} is not supported here.", input["queryLanguage"].string()));
  for (const auto& group : query.groups)
    if (!store_.find(call.region, group))  // AWS's own words, down to what it calls itself
      return aws::refuse(
          "ResourceNotFoundException",
          fmt::format("Log group '{}' does not exist for account ID '{}' (Service: AWSLogs; Status "
                      "Code: 400; Error Code: ResourceNotFoundException; Request ID: {}; Proxy: "
                      "null)",
                      group, call.account, call.request_id));
  const auto from = input["startTime"].integer(), to = input["endTime"].integer();
  query.from_ms = from >= first_ms_like ? from : from * 1000;
  query.to_ms = to >= first_ms_like ? to : to * 1000 + 999;
  if (query.to_ms < query.from_ms)
    return invalid_parameter("endTime must not be before startTime.");
  std::string source;
  for (const auto& group : query.groups)
    source += fmt::format("{}\"{}\"", source.empty() ? "" : ",", group);
  query.text = fmt::format("SOURCE {} START={} END={} | ", source, query.from_ms, query.to_ms);
  query.commands_at = query.text.size();
  query.text += input["queryString"].string();
  // The call's limit is one more command (reported by those who ended their query with something
  // that nothing may follow).
  if (input.has("limit")) {
    query.most_rows = std::min(most_query_rows, static_cast<std::size_t>(input["limit"].integer()));
    query.text += fmt::format(" | limit {}", input["limit"].integer());
  }
  auto parsed = parse_query(query.text, query.commands_at);
  if (!parsed) return malformed(parsed.error());
  if (queries_.too_many_running())
    return aws::refuse("LimitExceededException",
                       "Account maximum query concurrency limit of [30] reached.");
  return Value::structure({{"queryId", queries_.start(std::move(query), std::move(*parsed)).id}});
}

aws::Outcome<> Logs::get_query_results(const aws::Call& call) {
  const auto& input = call.input;
  const auto* query = queries_.find(call.region, input["queryId"].string());
  if (!query) return no_such_query();
  auto most = input["maxItems"].integer_or(0);
  if (most == 0) most = static_cast<std::int64_t>(most_query_rows);
  auto page = aws::Page::at("results " + query->id, input["nextToken"], most);
  if (!page) return invalid_token();
  Value rows = Value::list();
  if (query->status == "Complete") rows = queries_.results(*query);
  std::size_t number = 0;
  for (const auto& row : rows.items())
    if (!page->offer(fmt::format("{:08}", number++), [&row] { return row; })) break;
  const auto& statistics = query->statistics;
  return Value::structure(
      {{"queryLanguage", "CWLI"},
       {"results", page->items()},
       {"statistics", Value::structure({{"recordsMatched", statistics.matched},
                                        {"recordsScanned", statistics.scanned},
                                        {"estimatedRecordsSkipped", 0.0},
                                        {"bytesScanned", statistics.bytes},
                                        {"estimatedBytesSkipped", 0.0},
                                        {"logGroupsScanned", statistics.groups}})},
       {"status", query->status},
       {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::stop_query(const aws::Call& call) {
  const auto& id = call.input["queryId"].string();
  const auto* query = queries_.find(call.region, id);
  if (!query) return no_such_query();
  if (query->ended())
    return invalid_parameter(fmt::format("Query {} is not running: it is {}.", id, query->status));
  queries_.stop(call.region, id);
  return Value::structure({{"success", true}});
}

aws::Outcome<> Logs::describe_queries(const aws::Call& call) {
  const auto& input = call.input;
  // The latest first: the order of keys is that of time, from the far end.
  using Order = aws::Page::Order;
  auto page =
      aws::Page::at("queries", input["nextToken"],
                    input["maxResults"].integer_or(most_described_queries), Order::descending);
  if (!page) return invalid_token();
  std::map<std::string, const Query*> found;
  queries_.visit(call.region, [&](const Query& query) {
    const bool of_group = !input.has("logGroupName") ||
                          std::find(query.groups.begin(), query.groups.end(),
                                    input["logGroupName"].string()) != query.groups.end();
    const bool of_status = !input.has("status") || input["status"].string() == query.status;
    const bool of_language = input["queryLanguage"].string_or("CWLI") == "CWLI";
    if (of_group && of_status && of_language)
      found[fmt::format("{:020}/{}", query.created_ms, query.id)] = &query;
    return true;
  });
  for (auto it = found.rbegin(); it != found.rend(); ++it)
    if (!page->offer(it->first, [&it] { return describe(*it->second); })) break;
  return Value::structure({{"queries", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::list_log_groups_for_query(const aws::Call& call) {
  const auto& input = call.input;
  const auto* query = queries_.find(call.region, input["queryId"].string());
  if (!query) return no_such_query();
  auto page = aws::Page::at("groups of " + query->id, input["nextToken"],
                            input["maxResults"].integer_or(most_groups));
  if (!page) return invalid_token();
  auto groups = query->groups;
  std::sort(groups.begin(), groups.end());
  for (const auto& group : groups)
    if (!page->offer(group, [&group] { return group; })) break;
  return Value::structure(
      {{"logGroupIdentifiers", page->items()}, {"nextToken", page->next_token()}});
}

aws::Outcome<> Logs::get_log_record(const aws::Call& call) {
  const auto place = place_of(call.input["logRecordPointer"].string());
  if (!place) return invalid_parameter("The specified logRecordPointer is invalid.");
  const auto* group = store_.find(call.region, place->group);
  const auto no_such_record = [] {
    return aws::refuse("ResourceNotFoundException", "The specified log record does not exist.");
  };
  if (!group) return no_such_record();
  const auto stream = group->streams.find(place->stream);
  if (stream == group->streams.end()) return no_such_record();
  std::optional<Event> event;
  store_.read(*group, *stream->second, place->position, place->position.next(), true,
              [&event](Event&& found) {
                event = std::move(found);
                return false;
              });
  if (!event) return no_such_record();
  event->stream = place->stream;
  const QueryRow row{
      std::move(*event),
      {fmt::format("{}:{}", call.account, group->name), call.input["logRecordPointer"].string(),
       group->name.starts_with("/aws/lambda/")}};
  Value record = Value::structure();
  // Times are milliseconds here.
  for (const auto& [name, cell] : row.all())
    if (cell.present())
      record.set(name, cell.kind == Cell::Kind::time
                           ? std::to_string(static_cast<std::int64_t>(cell.number_value))
                           : cell.text());
  return Value::structure({{"logRecord", std::move(record)}});
}

// Of the last quarter of an hour, or of the eight minutes on both sides of a time.
aws::Outcome<> Logs::get_log_group_fields(const aws::Call& call) {
  const auto& input = call.input;
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  constexpr std::int64_t minute = 60'000;
  auto from = unix_ms(call.now) - 15 * minute, to = unix_ms(call.now);
  if (input.has("time")) {
    const auto time = std::min(input["time"].integer(), unix_ms(latest) / 1000);
    from = std::max<std::int64_t>(time * 1000 - 8 * minute, 0);
    to = time * 1000 + 8 * minute;
  }
  std::map<std::string, std::size_t> counted;
  std::size_t events = 0;
  store_.read_timeline(
      **group, {from, 0}, {to + 1, 0}, [](const Stream&) { return true; },
      [&](Event&& event) {
        const QueryRow row{std::move(event),
                           {(*group)->name, "-", (*group)->name.starts_with("/aws/lambda/")}};
        for (const auto& [name, cell] : row.all())
          if (cell.present()) ++counted[name];
        return ++events < sampled_events;
      });
  std::vector<std::pair<std::size_t, std::string>> sorted;
  for (const auto& [name, times] : counted)
    if (name != "@ptr") sorted.emplace_back(times, name);
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  Value fields = Value::list();
  for (const auto& [times, name] : sorted)
    fields.push(Value::structure(
        {{"name", name}, {"percent", static_cast<std::int64_t>(times * 100 / events)}}));
  return Value::structure({{"logGroupFields", std::move(fields)}});
}

}  // namespace sitelatch::logs
