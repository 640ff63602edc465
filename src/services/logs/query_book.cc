// SPDX-License-Identifier: Apache-2.0
#include "services/logs/query_book.h"

#include <algorithm>

#include "aws/wire/stored.h"
#include "ports/rows.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::string_view queries_table = "logs.queries", results_table = "logs.query_results";
constexpr std::size_t most_running = 30;
constexpr std::size_t most_kept = 1'000;
constexpr std::size_t most_result_bytes = 256u << 20;
constexpr std::int64_t kept_ms = 7 * day_ms;

std::string key_of_query(std::string_view region, std::string_view id) {
  std::string out{region};
  out += '/';
  out += id;
  return out;
}

}  // namespace

QueryBook::QueryBook(const Dependencies& dependencies, const LogStore& store, std::string account)
    : dependencies_(dependencies), store_(store), account_(std::move(account)) {
  load();
}

void QueryBook::load() {
  ports::take_rows(
      dependencies_.journal, queries_table, [this](std::string_view key, std::string_view json) {
        const auto row = aws::stored_value(json);
        auto query = std::make_unique<Query>();
        query->id = row["id"].string();
        query->region = row["region"].string();
        ports::expect_of_row(key == key_of_query(query->region, query->id), "another query's");
        query->text = row["text"].string();
        query->commands_at = static_cast<std::size_t>(row["at"].integer());
        ports::expect_of_row(query->commands_at <= query->text.size(), "it has no commands");
        query->groups = row["groups"].strings();
        query->from_ms = row["from"].integer();
        query->to_ms = row["to"].integer();
        query->created_ms = row["created"].integer();
        query->most_rows = static_cast<std::size_t>(row["most"].integer());
        query->status = row["status"].string();
        query->result_bytes = static_cast<std::size_t>(row["bytes"].integer_or(0));
        const auto& statistics = row["statistics"];
        query->statistics = {statistics["matched"].number_or(0), statistics["scanned"].number_or(0),
                             statistics["bytes"].number_or(0), statistics["groups"].number_or(0)};
        auto& kept = *(queries_[std::string{key}] = std::move(query));
        if (kept.ended()) return;
        auto parsed = parse_query(kept.text, kept.commands_at);
        ports::expect_of_row(parsed.has_value(), "its query is none");
        run(kept, std::move(*parsed));
        kept.timer.set(dependencies_.timers, dependencies_.timers.now(),
                       [this, &kept] { step(kept); });
      });
}

bool QueryBook::too_many_running() const {
  const auto running = std::count_if(queries_.begin(), queries_.end(),
                                     [](const auto& each) { return !each.second->ended(); });
  return static_cast<std::size_t>(running) >= most_running;
}

void QueryBook::run(Query& query, ParsedQuery parsed) {
  QueryRun::Question question;
  question.region = query.region;
  question.account = account_;
  question.groups = query.groups;
  question.from_ms = query.from_ms;
  question.to_ms = query.to_ms;
  question.query = std::move(parsed);
  question.most_rows = query.most_rows;
  question.now_ms = static_cast<double>(unix_ms(dependencies_.timers.now()));
  query.run = std::make_unique<QueryRun>(std::move(question));
}

Query& QueryBook::start(Query query, ParsedQuery parsed) {
  forget_old();
  query.id = ports::uuid(dependencies_.entropy);
  query.created_ms = unix_ms(dependencies_.timers.now());
  query.status = "Running";
  const auto key = key_of_query(query.region, query.id);
  auto& kept = *(queries_[key] = std::make_unique<Query>(std::move(query)));
  run(kept, std::move(parsed));
  step(kept);
  return kept;
}

void QueryBook::step(Query& query) {
  const auto state = query.run->step(store_);
  query.statistics = query.run->statistics();
  if (state == QueryRun::State::running) {
    if (!query.written) save(query);
    query.written = true;
    query.timer.set(dependencies_.timers, dependencies_.timers.now(),
                    [this, &query] { step(query); });
    return;
  }
  query.status = state == QueryRun::State::complete   ? "Complete"
                 : state == QueryRun::State::too_long ? "Timeout"
                                                      : "Failed";
  const auto rows = aws::to_json(query.run->results());
  query.result_bytes = rows.size();
  dependencies_.journal.put(results_table, key_of_query(query.region, query.id), rows);
  query.run.reset();
  save(query);
}

void QueryBook::save(const Query& query) {
  Value groups = Value::list();
  for (const auto& group : query.groups) groups.push(group);
  const auto& statistics = query.statistics;
  dependencies_.journal.put(
      queries_table, key_of_query(query.region, query.id),
      aws::to_json(
          Value::structure({{"id", query.id},
                            {"region", query.region},
                            {"text", query.text},
                            {"at", static_cast<std::int64_t>(query.commands_at)},
                            {"groups", std::move(groups)},
                            {"from", query.from_ms},
                            {"to", query.to_ms},
                            {"created", query.created_ms},
                            {"most", static_cast<std::int64_t>(query.most_rows)},
                            {"status", query.status},
                            {"bytes", static_cast<std::int64_t>(query.result_bytes)},
                            {"statistics", Value::structure({{"matched", statistics.matched},
                                                             {"scanned", statistics.scanned},
                                                             {"bytes", statistics.bytes},
                                                             {"groups", statistics.groups}})}})));
}

const Query* QueryBook::find(std::string_view region, std::string_view id) const {
  const auto found = queries_.find(key_of_query(region, id));
  if (found == queries_.end()) return nullptr;
  const bool old = found->second->created_ms + kept_ms < unix_ms(dependencies_.timers.now());
  return old ? nullptr : found->second.get();
}

void QueryBook::visit(std::string_view region,
                      const std::function<bool(const Query&)>& visit) const {
  const auto oldest = unix_ms(dependencies_.timers.now()) - kept_ms;
  for (auto it = queries_.lower_bound(key_of_query(region, "")); it != queries_.end(); ++it) {
    if (it->second->region != region) return;
    if (it->second->created_ms >= oldest && !visit(*it->second)) return;
  }
}

Value QueryBook::results(const Query& query) const {
  Value out = Value::list();
  const auto key = key_of_query(query.region, query.id);
  dependencies_.journal.scan(results_table, key, key + '\0',
                             [&](std::string_view found, std::string_view json) {
                               if (found == key) out = aws::stored_value(json);
                               return false;
                             });
  return out;
}

void QueryBook::stop(std::string_view region, std::string_view id) {
  const auto found = queries_.find(key_of_query(region, id));
  if (found == queries_.end()) return;
  auto& query = *found->second;
  query.timer.cancel();
  query.run.reset();
  query.status = "Cancelled";
  save(query);
}

void QueryBook::erase(const std::string& key) {
  dependencies_.journal.erase(queries_table, key);
  dependencies_.journal.erase(results_table, key);
  queries_.erase(key);
}

// The oldest go where they are too many, or what they found is too much.
void QueryBook::forget_old() {
  std::vector<std::pair<std::int64_t, std::string>> by_age;
  std::size_t bytes = 0;
  for (const auto& [key, query] : queries_) {
    if (query->ended()) by_age.emplace_back(query->created_ms, key);
    bytes += query->result_bytes;
  }
  std::sort(by_age.begin(), by_age.end());
  const auto oldest = unix_ms(dependencies_.timers.now()) - kept_ms;
  auto left = queries_.size();
  for (const auto& [created, key] : by_age) {
    if (created >= oldest && left < most_kept && bytes <= most_result_bytes) return;
    bytes -= queries_.at(key)->result_bytes;
    --left;
    erase(key);
  }
}

}  // namespace sitelatch::logs
