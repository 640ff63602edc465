// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_journal.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/check.h"
#include "base/log.h"
#include "store/write_ahead_log.h"

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

constexpr std::array<double, 9> commit_bounds = {0.0001, 0.0005, 0.001, 0.0025, 0.005,
                                                 0.01,   0.05,   0.25,  1};

// The write-ahead log goes into the file whenever it has this many pages (4 MB).
constexpr int pages_between_checkpoints = 1000;

// SQLite's pages have no checksums once they are out of the log: a bit that the disk turned is seen
// here. Of the whole row, so that one in another's place is seen too.
std::int64_t checksum(std::int64_t table, std::string_view key, std::string_view value) {
  const std::array<std::uint64_t, 2> head = {static_cast<std::uint64_t>(table), key.size()};
  auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(head.data()), sizeof head);
  if (!key.empty()) sum = crc32_z(sum, reinterpret_cast<const Bytef*>(key.data()), key.size());
  if (!value.empty())
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(value.data()), value.size());
  return static_cast<std::int64_t>(sum);
}

// What a person does about it.
std::string_view remedy(int code, int system_error) {
  if (system_error == ENOSPC || system_error == EDQUOT) code = SQLITE_FULL;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "free some space on its disk, then start the engine again; what was acknowledged is "
             "kept";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      // A read that failed once may come as this, too.
      return "it reads as damaged: start the engine again, and if it says so again put back a copy "
             "of the data directory, or start with another --data-dir";
    case SQLITE_NOMEM:
      return "give the engine more memory and start it again; what was acknowledged is kept";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return "see that the engine may open and write it, then start it again";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program has it open: end that one, then start the engine again";
    default:
      return "see to the disk and its file system, then start the engine again; what was "
             "acknowledged is kept";
  }
}

// SQLite's words, and the system's where there are any.
std::string reason(sqlite3* db) {
  const int code = sqlite3_extended_errcode(db), system_error = sqlite3_system_errno(db);
  const int kind = code & 0xff;
  if (system_error != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN))
    return fmt::format("{}, {}", sqlite3_errmsg(db), std::strerror(system_error));
  return sqlite3_errmsg(db);
}

}  // namespace

struct SqliteJournal::Statement {
  Statement(const SqliteJournal& journal, const char* sql) {
    if (sqlite3_prepare_v3(journal.db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr) !=
        SQLITE_OK)
      journal.fail("read");
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

SqliteJournal::SqliteJournal(sqlite3* db, std::string name)
    : db_(db),
      name_(std::move(name)),
      checkpoint_at_pages_(pages_between_checkpoints),
      commit_seconds_(commit_bounds) {
  const auto note_pages = [](void* self, sqlite3*, const char*, int pages) {
    static_cast<SqliteJournal*>(self)->log_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(db_, note_pages, this);  // in place of SQLite's checkpoints, which fail silently
}

SqliteJournal::~SqliteJournal() {
  put_.reset();
  erase_.reset();
  erase_range_.reset();
  sqlite3_close(db_);
}

void SqliteJournal::break_off(std::string sentence) const {
  if (!broken_) broken_ = std::move(sentence);
  throw StoreFailure(*broken_);
}

void SqliteJournal::fail(const char* what) const {
  const int code = sqlite3_extended_errcode(db_), system_error = sqlite3_system_errno(db_);
  const bool of_the_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  break_off(fmt::format("cannot {} {} ({}): {}", what, name_, reason(db_),
                        remedy(code, of_the_system ? system_error : 0)));
}

void SqliteJournal::damaged(const std::string& what) const {
  break_off(fmt::format("cannot read {} ({}): {}", name_, what, remedy(SQLITE_CORRUPT, 0)));
}

void SqliteJournal::execute(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail("write");
}

void SqliteJournal::run_or_fail(Statement& statement) {
  if (statement.run() != SQLITE_DONE) fail("write");
}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::filesystem::path& file) {
  if (auto honest = write_log_again(file); !honest) return failure(honest.error());
  sqlite3* db = nullptr;
  // No link anywhere in the path: the caller gives the directory's real one.
  const int code = sqlite3_open_v2(
      file.c_str(), &db,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
      nullptr);
  if (db == nullptr)
    return failure(Problem{
        fmt::format("cannot open {} (out of memory): {}", file.string(), remedy(SQLITE_NOMEM, 0))});
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(db, file.string()));
  if (code != SQLITE_OK)
    return failure(Problem{fmt::format("cannot open {} ({}): {}", file.string(), reason(db),
                                       remedy(code, sqlite3_system_errno(db)))});
  auto ready = journal->prepare_layout();
  if (!ready) return failure(ready.error());
  return journal;
}

std::unique_ptr<SqliteJournal> SqliteJournal::in_memory() {
  sqlite3* db = nullptr;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK) throw std::bad_alloc();
  std::unique_ptr<SqliteJournal> journal(new SqliteJournal(db, "memory"));
  ENSURE(journal->prepare_layout().has_value());
  return journal;
}

Result<Done> SqliteJournal::prepare_layout() {
  try {
    execute("PRAGMA locking_mode = EXCLUSIVE");  // no shared-memory file; the directory's lock
                                                 // guards us anyway
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = FULL");
    execute(
        "PRAGMA journal_size_limit = 16777216");  // what one large function made it is given back
    execute("PRAGMA cache_size = -4096");
    int version = 0;
    {
      Statement read(*this, "PRAGMA user_version");
      if (sqlite3_step(read.handle) != SQLITE_ROW) fail("read");
      version = sqlite3_column_int(read.handle, 0);
    }
    if (version > layout_version)
      return failure(
          Problem{fmt::format("{} was written by a newer sitelatch (layout {}, this one knows {}); "
                              "use that version, or "
                              "another --data-dir",
                              name_, version, layout_version)});
    if (version == 0) {
      execute(
          "BEGIN;"
          "CREATE TABLE IF NOT EXISTS names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
          "CREATE TABLE IF NOT EXISTS rows(t INTEGER NOT NULL, k BLOB NOT NULL, v BLOB NOT NULL,"
          " c INTEGER, PRIMARY KEY(t, k)) WITHOUT ROWID;"
          "PRAGMA user_version = 2;"
          "COMMIT");
    } else if (version == 1) {
      execute("BEGIN; ALTER TABLE rows ADD COLUMN c INTEGER; PRAGMA user_version = 2; COMMIT");
    }
    put_ = std::make_unique<Statement>(
        *this, "INSERT OR REPLACE INTO rows(t, k, v, c) VALUES(?, ?, ?, ?)");
    erase_ = std::make_unique<Statement>(*this, "DELETE FROM rows WHERE t = ? AND k = ?");
    erase_range_ =
        std::make_unique<Statement>(*this, "DELETE FROM rows WHERE t = ? AND k >= ? AND k < ?");
    Statement names(*this, "SELECT id, name FROM names");
    int code = SQLITE_OK;
    while ((code = sqlite3_step(names.handle)) == SQLITE_ROW)
      ids_.emplace(std::string{column_bytes(names.handle, 1)},
                   sqlite3_column_int64(names.handle, 0));
    if (code != SQLITE_DONE) fail("read");
    return Done{};
  } catch (const StoreFailure& error) {
    return failure(Problem{error.what()});
  }
}

void SqliteJournal::begin() {
  if (broken_) throw StoreFailure(*broken_);
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
  Statement insert(*this, "INSERT INTO names(name) VALUES(?)");
  sqlite3_bind_text(insert.handle, 1, table.data(), static_cast<int>(table.size()), SQLITE_STATIC);
  run_or_fail(insert);
  const auto id = sqlite3_last_insert_rowid(db_);
  ids_.emplace(std::string{table}, id);
  return id;
}

void SqliteJournal::put(std::string_view table, std::string_view key, std::string_view value) {
  begin();
  const auto id = table_id_for_write(table);
  sqlite3_bind_int64(put_->handle, 1, id);
  bind_bytes(put_->handle, 2, key);
  bind_bytes(put_->handle, 3, value);
  sqlite3_bind_int64(put_->handle, 4, checksum(id, key, value));
  run_or_fail(*put_);
}

void SqliteJournal::erase(std::string_view table, std::string_view key) {
  const auto id = table_id(table);
  if (!id) return;
  begin();
  sqlite3_bind_int64(erase_->handle, 1, id);
  bind_bytes(erase_->handle, 2, key);
  run_or_fail(*erase_);
}

void SqliteJournal::erase_range(std::string_view table, std::string_view from,
                                std::string_view to) {
  const auto id = table_id(table);
  if (!id) return;
  begin();
  sqlite3_bind_int64(erase_range_->handle, 1, id);
  bind_bytes(erase_range_->handle, 2, from);
  bind_bytes(erase_range_->handle, 3, to.empty() ? beyond_all_keys : to);
  run_or_fail(*erase_range_);
}

void SqliteJournal::erase_all() {
  begin();
  execute("DELETE FROM rows");
}

void SqliteJournal::scan_rows(bool backwards, std::string_view table, std::string_view from,
                              std::string_view to, const Visitor& visit) const {
  const auto id = table_id(table);
  if (!id) return;
  Statement rows(*this, backwards ? "SELECT k, v, c FROM rows WHERE t = ? AND k >= ? AND k < ? "
                                    "ORDER BY k DESC"
                                  : "SELECT k, v, c FROM rows WHERE t = ? AND k >= ? AND k < ? "
                                    "ORDER BY k");
  sqlite3_bind_int64(rows.handle, 1, id);
  bind_bytes(rows.handle, 2, from);
  bind_bytes(rows.handle, 3, to.empty() ? beyond_all_keys : to);
  int code = SQLITE_OK;
  while ((code = sqlite3_step(rows.handle)) == SQLITE_ROW) {
    const auto key = column_bytes(rows.handle, 0), value = column_bytes(rows.handle, 1);
    const bool summed = sqlite3_column_type(rows.handle, 2) != SQLITE_NULL;
    if (summed && sqlite3_column_int64(rows.handle, 2) != checksum(id, key, value))
      damaged(fmt::format("a row of {} is not as it was written", table));
    if (!visit(key, value)) return;
  }
  if (code != SQLITE_DONE) fail("read");
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
  if (broken_) throw StoreFailure(*broken_);
  if (!in_transaction_ && waiting_.empty()) return false;
  if (in_transaction_) {
    const auto begun = std::chrono::steady_clock::now();
    execute("COMMIT");
    in_transaction_ = false;
    commit_seconds_.record(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    checkpoint_if_due();
  }
  const auto callbacks = std::move(waiting_);
  waiting_.clear();
  for (const auto& callback : callbacks) callback();
  return true;
}

// A disk with no space for the file's growth may still have some in the log: that goes on, and says
// so. Whatever else fails here is a disk that loses what it was given.
void SqliteJournal::checkpoint_if_due() {
  if (log_pages_ < checkpoint_at_pages_) return;
  const int code =
      sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK) {
    checkpoint_at_pages_ = pages_between_checkpoints;
    return;
  }
  const int system_error = sqlite3_system_errno(db_);
  const bool full =
      (code & 0xff) == SQLITE_FULL || ((code & 0xff) == SQLITE_IOERR && system_error == ENOSPC);
  if (!full) fail("write");
  checkpoint_at_pages_ = log_pages_ + pages_between_checkpoints;
  log(LogLevel::warning, "store",
      fmt::format("the disk of {} is full: what is written stays in its write-ahead log, now {} "
                  "MB, until there is space",
                  name_, log_pages_ / 256));
}

}  // namespace sitelatch::store
