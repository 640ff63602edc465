// SPDX-License-Identifier: Apache-2.0
// Insights queries: those that run, a slice at a time between other events of the control thread,
// and what came of the others for seven days (fact logs-35). One that a restart interrupted begins
// again. Journal:
//   logs.queries        <region>/<id>  -> JSON
//   logs.query_results  <region>/<id>  -> JSON: the rows
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aws/wire/error.h"
#include "services/logs/dependencies.h"
#include "services/logs/query_run.h"

namespace sitelatch::logs {

struct Query {
  std::string id, region, text;  // `text` as AWS shows it, with its SOURCE
  std::size_t commands_at = 0;   // where the commands begin in it
  std::vector<std::string> groups;
  std::int64_t from_ms = 0, to_ms = 0, created_ms = 0;
  std::size_t most_rows = most_query_rows;
  std::string status = "Scheduled";
  QueryRun::Statistics statistics;
  std::size_t result_bytes = 0;
  std::unique_ptr<QueryRun> run;  // while it runs
  bool written = false;           // that it runs
  ports::Timer timer;

  bool ended() const { return status != "Scheduled" && status != "Running"; }
};

class QueryBook {
 public:
  QueryBook(const Dependencies& dependencies, const LogStore& store, std::string account);

  bool too_many_running() const;
  // Its first slice is run at once, so that small queries are complete when they are asked for.
  Query& start(Query query, ParsedQuery parsed);
  // nullptr: there is none, or it is forgotten.
  const Query* find(std::string_view region, std::string_view id) const;
  // In the order of their ids.
  void visit(std::string_view region, const std::function<bool(const Query&)>& visit) const;
  aws::Value results(const Query& query) const;
  void stop(std::string_view region, std::string_view id);

 private:
  void load();
  void run(Query& query, ParsedQuery parsed);
  void step(Query& query);
  void save(const Query& query);
  void forget_old();
  void erase(const std::string& key);

  Dependencies dependencies_;
  const LogStore& store_;
  std::string account_;
  std::map<std::string, std::unique_ptr<Query>, std::less<>> queries_;  // by "<region>/<id>"
};

}  // namespace sitelatch::logs
