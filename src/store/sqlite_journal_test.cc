// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_journal.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>

#include "store/write_ahead_log.h"

using namespace sitelatch;
using namespace sitelatch::store;
namespace fs = std::filesystem;

namespace {
struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string pattern = (fs::temp_directory_path() / "sitelatch-store-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { fs::remove_all(path); }
  fs::path path;
};
std::string all(const ports::Journal& journal, std::string_view table, std::string_view from = "",
                std::string_view to = "") {
  std::string out;
  journal.scan(table, from, to, [&](std::string_view key, std::string_view value) {
    out += std::string{key} + "=" + std::string{value} + " ";
    return true;
  });
  return out;
}
}  // namespace

TEST_CASE("rows come back in key order, within bounds, in both directions") {
  auto journal = SqliteJournal::in_memory();
  journal->put("t", "b", "2");
  journal->put("t", "a", "1");
  journal->put("t", "c", "");
  journal->put("other", "a", "x");
  journal->put("t", "b", "two");
  CHECK(all(*journal, "t") == "a=1 b=two c= ");
  CHECK(all(*journal, "t", "b") == "b=two c= ");
  CHECK(all(*journal, "t", "a", "c") == "a=1 b=two ");
  std::string back;
  journal->scan_back("t", "", "c", [&](std::string_view key, std::string_view) {
    back += key;
    return true;
  });
  CHECK(back == "ba");
  journal->erase_range("t", "b", "");
  journal->erase("t", "absent");
  CHECK(all(*journal, "t") == "a=1 ");
  CHECK(all(*journal, "never written") == "");
}

TEST_CASE("everything goes at once, and with what is written after it or not at all") {
  TemporaryDirectory directory;
  const auto file = directory.path / "state.db";
  {
    auto journal = SqliteJournal::open(file).value();
    journal->put("t", "a", "1");
    journal->put("other", "b", "2");
    journal->commit();
    journal->erase_all();
    journal->put("t", "c", "3");
    CHECK(all(*journal, "t") == "c=3 ");
  }  // ends before it is committed
  {
    auto journal = SqliteJournal::open(file).value();
    CHECK(all(*journal, "t") == "a=1 ");
    CHECK(all(*journal, "other") == "b=2 ");
    journal->erase_all();
    journal->put("t", "c", "3");
    journal->commit();
    const auto counts = journal->commit_seconds().counts();
    CHECK(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) == 1);
    journal->commit();  // nothing to write
    CHECK(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}) == 1);
  }
  auto journal = SqliteJournal::open(file).value();
  CHECK(all(*journal, "t") == "c=3 ");
  CHECK(all(*journal, "other") == "");
}

TEST_CASE("keys may hold any byte") {
  auto journal = SqliteJournal::in_memory();
  const std::string key{"a\0b\xfe", 4};
  journal->put("t", key, "v");
  std::string seen;
  journal->scan("t", "", "", [&](std::string_view k, std::string_view) {
    seen = k;
    return true;
  });
  CHECK(seen == key);
}

TEST_CASE("callbacks wait for the commit and run in order; what they write is committed next") {
  auto journal = SqliteJournal::in_memory();
  std::string order;
  journal->put("t", "k", "v");
  journal->when_durable([&] {
    order += "1";
    CHECK_FALSE(journal->has_uncommitted());
    journal->put("t", "later", "v");
  });
  journal->when_durable([&] { order += "2"; });
  CHECK(order.empty());
  CHECK(journal->commit());
  CHECK(order == "12");
  CHECK(journal->has_uncommitted());
  CHECK(journal->commit());
  CHECK_FALSE(journal->commit());
}

TEST_CASE("what was committed survives a process that dies at once; what was not is gone whole") {
  TemporaryDirectory dir;
  const auto file = dir.path / "state.db";
  if (const pid_t child = ::fork(); child == 0) {
    auto journal = SqliteJournal::open(file);
    (*journal)->put("t", "kept", "1");
    (*journal)->commit();
    (*journal)->put("t", "lost", "1");
    (*journal)->put("t", "kept", "2");
    ::_exit(9);
  } else {
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WEXITSTATUS(status) == 9);
  }
  auto journal = SqliteJournal::open(file);
  REQUIRE(journal);
  CHECK(all(**journal, "t") == "kept=1 ");
}

// The disk of a child that may write no further than a file has come, as a full one does.
TEST_CASE("once a write has failed nothing of the journal is acknowledged any more") {
  TemporaryDirectory dir;
  const auto file = dir.path / "state.db";
  if (const pid_t child = ::fork(); child == 0) {
    auto journal = SqliteJournal::open(file);
    (*journal)->put("t", "kept", "1");
    (*journal)->commit();
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit no_more{16384, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &no_more);
    bool told = false;
    (*journal)->when_durable([&] { told = true; });
    const auto throws = [](auto act) {
      try {
        act();
      } catch (const StoreFailure& failure) {
        return std::string{failure.what()}.find("state.db") != std::string::npos;
      }
      return false;
    };
    const std::string large(100'000, 'x');
    const bool failed = throws([&] {
      (*journal)->put("t", "lost", large);
      (*journal)->commit();
    });
    ::setrlimit(RLIMIT_FSIZE, &before);  // there is room again, and that changes nothing
    const bool stays = throws([&] { (*journal)->commit(); }) &&
                       throws([&] { (*journal)->put("t", "small", "1"); }) &&
                       throws([&] { (*journal)->commit(); });
    ::_exit(failed && stays && !told ? 9 : 1);
  } else {
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WEXITSTATUS(status) == 9);
  }
  auto journal = SqliteJournal::open(file);
  REQUIRE(journal);
  CHECK(all(**journal, "t") == "kept=1 ");
}

TEST_CASE("a row that is not as it was written is not read; the sentence names file and table") {
  TemporaryDirectory dir;
  const auto file = dir.path / "state.db";
  {
    auto journal = SqliteJournal::open(file);
    (*journal)->put("some.table", "k", "value");
    (*journal)->put("another.table", "k", "value");
    (*journal)->commit();
  }
  for (const char* damage :
       {"UPDATE rows SET v = x'00' WHERE t = 1", "UPDATE rows SET k = x'4b' WHERE t = 1",
        "UPDATE rows SET t = 3 WHERE t = 1; UPDATE rows SET t = 1 WHERE t = 2"}) {
    CAPTURE(damage);
    const auto copy = dir.path / "copy.db";
    fs::copy_file(file, copy, fs::copy_options::overwrite_existing);
    sqlite3* db = nullptr;
    sqlite3_open(copy.c_str(), &db);
    REQUIRE(sqlite3_exec(db, damage, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
    auto journal = SqliteJournal::open(copy);
    REQUIRE(journal);
    std::string said;
    try {
      all(**journal, "some.table");
    } catch (const StoreFailure& failure) {
      said = failure.what();
    }
    CHECK(said.find(copy.string()) != std::string::npos);
    CHECK(said.find("some.table") != std::string::npos);
  }
}

TEST_CASE("a directory of layout 1, without checksums, is read and goes on with them") {
  TemporaryDirectory dir;
  const auto file = dir.path / "state.db";
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  REQUIRE(sqlite3_exec(db,
                       "CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
                       "CREATE TABLE rows(t INTEGER NOT NULL, k BLOB NOT NULL, v BLOB NOT NULL,"
                       " PRIMARY KEY(t, k)) WITHOUT ROWID;"
                       "INSERT INTO names VALUES(1, 't'); INSERT INTO rows VALUES(1, x'61', "
                       "CAST('old' AS BLOB));"
                       "PRAGMA user_version = 1",
                       nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
  {
    auto journal = SqliteJournal::open(file);
    REQUIRE(journal);
    CHECK(all(**journal, "t") == "a=old ");
    (*journal)->put("t", "b", "new");
    (*journal)->commit();
  }
  auto journal = SqliteJournal::open(file);
  REQUIRE(journal);
  CHECK(all(**journal, "t") == "a=old b=new ");
}

TEST_CASE("a log that was left is written again as it is") {
  TemporaryDirectory dir;
  const auto file = dir.path / "state.db";
  CHECK(write_log_again(file));  // none
  const std::string content = [] {
    std::string bytes;
    for (int i = 0; i < 3'000'000; ++i) bytes += static_cast<char>(i * 7 + i / 251);
    return bytes;
  }();
  std::ofstream(dir.path / "state.db-wal", std::ios::binary) << content;
  CHECK(write_log_again(file));
  std::ifstream log(dir.path / "state.db-wal", std::ios::binary);
  CHECK(std::string{std::istreambuf_iterator<char>{log}, {}} == content);
  fs::remove(dir.path / "state.db-wal");
  fs::create_symlink("/etc/passwd", dir.path / "state.db-wal");
  const auto refused = write_log_again(file);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("state.db-wal") != std::string::npos);
}

TEST_CASE("a directory from a newer version is refused with a sentence that says what to do") {
  TemporaryDirectory dir;
  const auto file = dir.path / "state.db";
  { REQUIRE(SqliteJournal::open(file)); }
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  sqlite3_exec(db, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  const auto journal = SqliteJournal::open(file);
  REQUIRE_FALSE(journal);
  CHECK(journal.error().text.find("newer sitelatch") != std::string::npos);
}

TEST_CASE("a file that is no database is refused") {
  TemporaryDirectory dir;
  std::ofstream(dir.path / "state.db") << std::string(4096, 'x');
  CHECK_FALSE(SqliteJournal::open(dir.path / "state.db"));
}
