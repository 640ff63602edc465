// SPDX-License-Identifier: Apache-2.0
// The journal on SQLite (write-ahead log, synchronous FULL): one transaction a control-loop batch.
// On disk: names(id, name) maps table names to numbers; rows(t, k, v) holds everything, clustered
// by (t, k). PRAGMA user_version is the version of this layout; an engine refuses a directory
// written by a newer one. A disk that fails (full, broken) throws StoreFailure: the engine stops
// rather than acknowledge what it cannot keep.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

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
  static constexpr int layout_version = 1;

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

  // Commits what was written and runs the callbacks that waited. Answers whether there was anything
  // to do; the callbacks may have written again, so the loop calls until there is not.
  bool commit();
  bool has_uncommitted() const { return in_transaction_; }

 private:
  struct Statement;
  explicit SqliteJournal(sqlite3* db);
  Result<Done> prepare_layout(const std::string& name);
  void execute(const char* sql);
  std::int64_t table_id(std::string_view table) const;
  std::int64_t table_id_for_write(std::string_view table);
  void begin();
  void scan_rows(bool backwards, std::string_view table, std::string_view from, std::string_view to,
                 const Visitor& visit) const;
  [[noreturn]] void fail(const char* what) const;

  sqlite3* db_;
  bool in_transaction_ = false;
  mutable std::map<std::string, std::int64_t, std::less<>> ids_;
  std::vector<std::function<void()>> waiting_;
  std::unique_ptr<Statement> put_, erase_, erase_range_;
};

}  // namespace sitelatch::store
