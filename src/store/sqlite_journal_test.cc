// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite_journal.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "store/data_directory.h"

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

TEST_CASE("a data directory is held by one engine at a time") {
  TemporaryDirectory dir;
  auto first = DataDirectory::open(dir.path / "data");
  REQUIRE(first);
  CHECK(is_held(dir.path / "data"));
  const auto second = DataDirectory::open(dir.path / "data");
  REQUIRE_FALSE(second);
  CHECK(second.error().text.find("another engine holds") != std::string::npos);
  first->reset();
  CHECK_FALSE(is_held(dir.path / "data"));
  CHECK(DataDirectory::open(dir.path / "data"));
}

TEST_CASE("files in the data directory are private and replaced whole") {
  TemporaryDirectory dir;
  auto data = DataDirectory::open(dir.path / "data");
  REQUIRE((*data)->write_file("credentials", "one"));
  REQUIRE((*data)->write_file("credentials", "two"));
  CHECK(read_file(dir.path / "data/credentials") == "two");
  const auto mode = fs::status(dir.path / "data/credentials").permissions();
  CHECK((mode & fs::perms::all) == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK_FALSE(DataDirectory::open("/proc/sitelatch"));
}
