// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_journal.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/check.h"

namespace sitelatch::store {
namespace {

void bind_bytes(sqlite3_stmt* statement, int at, std::string_view bytes) {
  // An empty blob, not NULL.
  sqlite3_bind_blob64(statement, at, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
}
std::string_view column_bytes(sqlite3_stmt* statement, int column) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
  return {bytes ? bytes : "", static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

// Greater than every key that the services make.
constexpr std::string_view beyond_all_keys{"\xff\xff\xff\xff\xff\xff\xff\xff", 8};

}  // namespace

struct SqliteJournal::Statement {
  Statement(sqlite3* db, const char* sql) {
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr) != SQLITE_OK)
      throw StoreFailure(fmt::format("cannot prepare \"{}\": {}", sql, sqlite3_errmsg(db)));
  }
  ~Statement() { sqlite3_finalize(handle); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Runs a statement without rows; answers SQLite's code.
  int run() {
    const int code = sqlite3_step(handle);
    sqlite3_reset(handle);
    sqlite3_clear_bindings(handle);
    return code;
  }
  sqlite3_stmt* handle = nullptr;
};

SqliteJournal::SqliteJournal(sqlite3* db) : db_(db) {}

SqliteJournal::~SqliteJournal() {
  put_.reset();
  erase_.reset();
  erase_range_.reset();
  sqlite3_close(db_);
}

void SqliteJournal::fail(const char* what) const {
  throw StoreFailure(fmt::format("{}: {}", what, sqlite3_errmsg(db_)));
}

void SqliteJournal::execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::filesystem::path& file) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(
      file.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(db));
  if (code != SQLITE_OK)
    return failure(Problem{fmt::format("cannot open {}: {}", file.string(), sqlite3_errmsg(db))});
  auto ready = journal->prepare_layout(file.string());
  if (!ready) return failure(ready.error());
  return journal;
}

std::unique_ptr<SqliteJournal> SqliteJournal::in_memory() {
  sqlite3* db = nullptr;
  ENSURE(sqlite3_open(":memory:", &db) == SQLITE_OK);
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(db));
  ENSURE(journal->prepare_layout("memory").has_value());
  return journal;
}

Result<Done> SqliteJournal::prepare_layout(const std::string& name) {
  try {
    execute("PRAGMA locking_mode = EXCLUSIVE");  // no shared-memory file; the directory's lock
                                                 // guards us anyway
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = FULL");
    execute("PRAGMA cache_size = -4096");
    int version = 0;
    {
      Statement read(db_, "PRAGMA user_version");
      if (sqlite3_step(read.handle) == SQLITE_ROW) version = sqlite3_column_int(read.handle, 0);
    }
    if (version > layout_version)
      return failure(
          Problem{fmt::format("{} was written by a newer sitelatch (layout {}, this one knows {}); "
                              "use that version, or "
                              "another --data-dir",
                              name, version, layout_version)});
    if (version == 0) {
      execute(
          "BEGIN;"
          "CREATE TABLE IF NOT EXISTS names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
          "CREATE TABLE IF NOT EXISTS rows(t INTEGER NOT NULL, k BLOB NOT NULL, v BLOB NOT NULL,"
          " PRIMARY KEY(t, k)) WITHOUT ROWID;"
          "PRAGMA user_version = 1;"
          "COMMIT");
    }
    put_ = std::make_unique<Statement>(db_, "INSERT OR REPLACE INTO rows(t, k, v) VALUES(?, ?, ?)");
    erase_ = std::make_unique<Statement>(db_, "DELETE FROM rows WHERE t = ? AND k = ?");
    erase_range_ =
        std::make_unique<Statement>(db_, "DELETE FROM rows WHERE t = ? AND k >= ? AND k < ?");
    Statement names(db_, "SELECT id, name FROM names");
    while (sqlite3_step(names.handle) == SQLITE_ROW)
      ids_.emplace(std::string{column_bytes(names.handle, 1)},
                   sqlite3_column_int64(names.handle, 0));
    return Done{};
  } catch (const StoreFailure& error) {
    return failure(Problem{fmt::format("{} is not usable: {}", name, error.what())});
  }
}

void SqliteJournal::begin() {
  if (in_transaction_) return;
  execute("BEGIN IMMEDIATE");
  in_transaction_ = true;
}

std::int64_t SqliteJournal::table_id(std::string_view table) const {
  const auto found = ids_.find(table);
  return found == ids_.end() ? 0 : found->second;
}

std::int64_t SqliteJournal::table_id_for_write(std::string_view table) {
  if (const auto known = table_id(table)) return known;
  Statement insert(db_, "INSERT INTO names(name) VALUES(?)");
  sqlite3_bind_text(insert.handle, 1, table.data(), static_cast<int>(table.size()), SQLITE_STATIC);
  if (insert.run() != SQLITE_DONE) fail("cannot name a table");
  const auto id = sqlite3_last_insert_rowid(db_);
  ids_.emplace(std::string{table}, id);
  return id;
}

void SqliteJournal::put(std::string_view table, std::string_view key, std::string_view value) {
  begin();
  sqlite3_bind_int64(put_->handle, 1, table_id_for_write(table));
  bind_bytes(put_->handle, 2, key);
  bind_bytes(put_->handle, 3, value);
  if (put_->run() != SQLITE_DONE) fail("cannot write");
}

void SqliteJournal::erase(std::string_view table, std::string_view key) {
  const auto id = table_id(table);
  if (!id) return;
  begin();
  sqlite3_bind_int64(erase_->handle, 1, id);
  bind_bytes(erase_->handle, 2, key);
  if (erase_->run() != SQLITE_DONE) fail("cannot erase");
}

void SqliteJournal::erase_range(std::string_view table, std::string_view from,
                                std::string_view to) {
  const auto id = table_id(table);
  if (!id) return;
  begin();
  sqlite3_bind_int64(erase_range_->handle, 1, id);
  bind_bytes(erase_range_->handle, 2, from);
  bind_bytes(erase_range_->handle, 3, to.empty() ? beyond_all_keys : to);
  if (erase_range_->run() != SQLITE_DONE) fail("cannot erase");
}

void SqliteJournal::scan_rows(bool backwards, std::string_view table, std::string_view from,
                              std::string_view to, const Visitor& visit) const {
  const auto id = table_id(table);
  if (!id) return;
  Statement rows(db_, backwards
                          ? "SELECT k, v FROM rows WHERE t = ? AND k >= ? AND k < ? ORDER BY k DESC"
                          : "SELECT k, v FROM rows WHERE t = ? AND k >= ? AND k < ? ORDER BY k");
  sqlite3_bind_int64(rows.handle, 1, id);
  bind_bytes(rows.handle, 2, from);
  bind_bytes(rows.handle, 3, to.empty() ? beyond_all_keys : to);
  int code;
  while ((code = sqlite3_step(rows.handle)) == SQLITE_ROW)
    if (!visit(column_bytes(rows.handle, 0), column_bytes(rows.handle, 1))) return;
  if (code != SQLITE_DONE) fail("cannot read");
}

void SqliteJournal::scan(std::string_view table, std::string_view from, std::string_view to,
                         const Visitor& visit) const {
  scan_rows(false, table, from, to, visit);
}
void SqliteJournal::scan_back(std::string_view table, std::string_view from, std::string_view to,
                              const Visitor& visit) const {
  scan_rows(true, table, from, to, visit);
}

void SqliteJournal::when_durable(std::function<void()> callback) {
  waiting_.push_back(std::move(callback));
}

bool SqliteJournal::commit() {
  if (!in_transaction_ && waiting_.empty()) return false;
  if (in_transaction_) {
    execute("COMMIT");
    in_transaction_ = false;
  }
  const auto callbacks = std::move(waiting_);
  waiting_.clear();
  for (const auto& callback : callbacks) callback();
  return true;
}

}  // namespace sitelatch::store
