// SPDX-License-Identifier: Apache-2.0
#include "store/data_directory.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "store/sqlite_journal.h"

using namespace sitelatch;
using namespace sitelatch::store;
namespace fs = std::filesystem;

namespace {

// A directory for one test. Its own mode is 0700, below the machine's temporary directory.
struct Place {
  Place() {
    std::string name = (fs::temp_directory_path() / "data-directory-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Place() { fs::remove_all(path); }
  fs::path path;
};

std::string refusal(const fs::path& path) {
  const auto opened = DataDirectory::open(path);
  return opened ? "opened" : opened.error().text;
}
bool says(const std::string& text, std::initializer_list<const char*> words) {
  for (const auto* word : words)
    if (text.find(word) == std::string::npos) {
      MESSAGE(text);
      return false;
    }
  return true;
}
void make(const fs::path& path, mode_t mode) {
  REQUIRE(::mkdir(path.c_str(), 0700) == 0);
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}
void write(const fs::path& path, const std::string& text, mode_t mode = 0600) {
  std::ofstream(path) << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}
std::string content(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}
unsigned mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

}  // namespace

TEST_CASE("a directory is made, with what is missing above it, for its user alone") {
  const Place place;
  const auto path = place.path / "a/b/data";
  {
    const auto opened = DataDirectory::open(path);
    REQUIRE(opened);
    CHECK(mode_of(path) == 0700);
    CHECK(mode_of(place.path / "a") == 0700);
    CHECK(mode_of(path / "lock") == 0600);
    CHECK(says(refusal(path), {"another engine holds"}));
    CHECK(is_held((*opened)->files()));
  }
  CHECK_FALSE(is_held(PrivateDirectory::open(path).value()));
  CHECK(refusal("/proc/sitelatch") != "opened");
  CHECK(refusal(path) == "opened");
}

TEST_CASE("a directory that is open to others: closed when empty, refused when not") {
  for (const mode_t mode : {0755U, 0750U, 0701U, 0770U, 0777U, 01777U}) {
    const Place place;
    const auto path = place.path / "data";
    make(path, mode);
    CHECK(refusal(path) == "opened");
    CHECK(mode_of(path) == 0700);
    REQUIRE(::chmod(path.c_str(), mode) == 0);  // now there is a lock in it
    CHECK(says(refusal(path), {"open to other users", "chmod 700", path.c_str()}));
    CHECK(says(PrivateDirectory::open(path).error().text, {"open to other users"}));
    REQUIRE(::chmod(path.c_str(), 0700) == 0);
    CHECK(refusal(path) == "opened");
  }
}

TEST_CASE("links: not the directory itself, but on the way to it where we have made them") {
  const Place place;
  make(place.path / "real", 0700);
  fs::create_directory_symlink(place.path / "real", place.path / "link");
  CHECK(says(refusal(place.path / "link"), {"symbolic link"}));
  fs::create_directory_symlink("real", place.path / "relative");
  const auto opened = DataDirectory::open(place.path / "relative/../relative/./data");
  REQUIRE(opened);
  CHECK((*opened)->files().real_path() == fs::canonical(place.path / "real/data"));
  fs::create_directory_symlink("round", place.path / "round");
  CHECK(refusal(place.path / "round/data") != "opened");
  write(place.path / "file", "");
  CHECK(says(refusal(place.path / "file"), {"is not a directory"}));
  CHECK(refusal(place.path / "file/data") != "opened");
  CHECK(refusal("/") != "opened");
}

TEST_CASE("a directory below one that everybody may write to") {
  const Place place;
  make(place.path / "open", 0777);
  CHECK(says(refusal(place.path / "open/data"), {"everybody may write", "chmod o-w"}));
  make(place.path / "open/data", 0700);
  CHECK(says(refusal(place.path / "open/data"), {"everybody may write"}));
  CHECK(says(PrivateDirectory::open(place.path / "open/data").error().text, {"everybody"}));
  REQUIRE(::chmod((place.path / "open").c_str(), 01777) == 0);  // as /tmp is
  CHECK(refusal(place.path / "open/data") == "opened");
}

TEST_CASE("another user's directory, parent, link or file") {
  if (::geteuid() != 0) {
    MESSAGE("SKIPPED: files of other users are made by root");
    return;
  }
  const Place place;
  const auto give = [](const fs::path& path) {
    REQUIRE(::lchown(path.c_str(), 65533, 65533) == 0);
  };
  make(place.path / "theirs", 0700);
  give(place.path / "theirs");
  CHECK(says(refusal(place.path / "theirs"), {"belongs to another user", "chown"}));
  CHECK(says(PrivateDirectory::open(place.path / "theirs").error().text, {"another user"}));
  CHECK(says(refusal(place.path / "theirs/data"), {"belongs to another user"}));
  make(place.path / "real", 0700);
  fs::create_directory_symlink("real", place.path / "link");
  give(place.path / "link");
  CHECK(says(refusal(place.path / "link/data"), {"the link", "another user"}));
  make(place.path / "data", 0700);
  write(place.path / "data/credentials", "secret");
  give(place.path / "data/credentials");
  CHECK(says(refusal(place.path / "data"), {"credentials", "another user"}));
}

TEST_CASE("what was planted in it is refused, and nothing is written through it") {
  for (const auto* name :
       {"lock", "state.db", "state.db-wal", "state.db-shm", "state.db-journal", "credentials",
        "engine.json", "config", "control.sock", "mail", "functions", "bin"}) {
    const Place place;
    const auto path = place.path / "data";
    make(path, 0700);
    write(place.path / "victim", "precious");
    fs::create_symlink(place.path / "victim", path / name);
    CHECK_MESSAGE(says(refusal(path), {name, "symbolic link"}), name);
    fs::remove(path / name);
    fs::create_symlink(place.path / "nowhere", path / name);
    CHECK_MESSAGE(says(refusal(path), {name, "symbolic link"}), name);
    fs::remove(path / name);
    REQUIRE(::mkfifo((path / name).c_str(), 0600) == 0);
    CHECK_MESSAGE(says(refusal(path), {name, "is not"}), name);
    CHECK(content(place.path / "victim") == "precious");
    CHECK(!fs::exists(place.path / "nowhere"));
  }
}

TEST_CASE("files are written beside and renamed, through no link") {
  const Place place;
  write(place.path / "victim", "precious");
  const auto opened = DataDirectory::open(place.path / "data");
  const PrivateDirectory& files = (*opened)->files();
  fs::create_symlink(place.path / "victim", files.path() / "credentials.new");
  fs::create_symlink(place.path / "victim", files.path() / "credentials");
  CHECK(!files.read_file("credentials"));
  REQUIRE(files.write_file("credentials", "secret"));
  CHECK(content(place.path / "victim") == "precious");
  CHECK(files.read_file("credentials").value().value() == "secret");
  CHECK(mode_of(files.path() / "credentials") == 0600);
  CHECK(!files.read_file("absent").value().has_value());
  fs::remove(files.path() / "credentials");
  REQUIRE(::mkfifo((files.path() / "credentials").c_str(), 0600) == 0);
  CHECK(!files.read_file("credentials"));  // and does not wait for a writer
}

TEST_CASE("what earlier versions left open in a private directory is closed") {
  const Place place;
  const auto path = place.path / "data";
  make(path, 0700);
  write(path / "config", "x", 0644);
  write(path / "state.db", "", 0644);
  make(path / "mail", 0755);
  CHECK(refusal(path) == "opened");
  CHECK(mode_of(path / "config") == 0600);
  CHECK(mode_of(path / "state.db") == 0600);
  CHECK(mode_of(path / "mail") == 0700);
  const auto files = PrivateDirectory::open(path);
  REQUIRE(files);
  CHECK(files->subdirectory("bin").value().path() == path / "bin");
}

TEST_CASE("SQLite follows no link to its file") {
  const Place place;
  REQUIRE(SqliteJournal::open(fs::canonical(place.path) / "real.db"));
  fs::create_symlink(place.path / "real.db", place.path / "state.db");
  CHECK(!SqliteJournal::open(fs::canonical(place.path) / "state.db"));
}
