// SPDX-License-Identifier: Apache-2.0
// The journal on SQLite (write-ahead log, synchronous FULL): one transaction a control-loop batch.
// On disk: names(id, name) maps table names to numbers; rows(t, k, v, c) holds everything,
// clustered by (t, k); c is the row's checksum (NULL in rows that layout 1 wrote). PRAGMA
// user_version is the version of this layout; an engine refuses a directory written by a newer one.
//
// Faults of the disk (docs/decisions/0016): whatever cannot be written, read or committed throws
// StoreFailure, whose text is one sentence that names the file and says what to do. From then on
// the journal is broken: every further write and commit throws it again, so that nothing of a batch
// that was lost is acknowledged. The engine stops, and the next one begins at the last commit.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/prometheus.h"
#include "base/result.h"
#include "ports/journal.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sitelatch::store {

struct StoreFailure : std::runtime_error {
  using runtime_error::runtime_error;
};

class SqliteJournal final : public ports::Journal {
 public:
  static constexpr int layout_version = 2;

  static Result<std::unique_ptr<SqliteJournal>> open(const std::filesystem::path& file);
  static std::unique_ptr<SqliteJournal> in_memory();  // --ephemeral
  ~SqliteJournal();

  void put(std::string_view table, std::string_view key, std::string_view value) override;
  void erase(std::string_view table, std::string_view key) override;
  void erase_range(std::string_view table, std::string_view from, std::string_view to) override;
  void scan(std::string_view table, std::string_view from, std::string_view to,
            const Visitor& visit) const override;
  void scan_back(std::string_view table, std::string_view from, std::string_view to,
                 const Visitor& visit) const override;
  void when_durable(std::function<void()> callback) override;

  // Every row of every table goes, in the batch under way.
  void erase_all();

  // How long the commits took so far that had something to write, by the wall.
  const prometheus::Histogram& commit_seconds() const { return commit_seconds_; }

  // Commits what was written and runs the callbacks that waited. Answers whether there was anything
  // to do; the callbacks may have written again, so the loop calls until there is not.
  bool commit();
  bool has_uncommitted() const { return in_transaction_; }

 private:
  struct Statement;
  SqliteJournal(sqlite3* db, std::string name);
  Result<Done> prepare_layout();
  void execute(const char* sql);
  std::int64_t table_id(std::string_view table) const;
  std::int64_t table_id_for_write(std::string_view table);
  void begin();
  void checkpoint_if_due();
  void scan_rows(bool backwards, std::string_view table, std::string_view from, std::string_view to,
                 const Visitor& visit) const;
  void run_or_fail(Statement& statement);
  [[noreturn]] void fail(const char* what) const;
  [[noreturn]] void damaged(const std::string& what) const;
  [[noreturn]] void break_off(std::string sentence) const;

  sqlite3* db_;
  const std::string name_;  // the file's, for people
  bool in_transaction_ = false;
  mutable std::optional<std::string> broken_;  // what every further call throws
  int log_pages_ = 0;                          // in the write-ahead log after the last commit
  int checkpoint_at_pages_;
  mutable std::map<std::string, std::int64_t, std::less<>> ids_;
  std::vector<std::function<void()>> waiting_;
  prometheus::Histogram commit_seconds_;
  std::unique_ptr<Statement> put_, erase_, erase_range_;
};

}  // namespace sitelatch::store
