// SPDX-License-Identifier: Apache-2.0
#include "cli/replace_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sitelatch::cli {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "sitelatch-replace-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string at(const char* name) const { return (path / name).string(); }
  std::ptrdiff_t entries() const {
    return std::distance(fs::directory_iterator(path), fs::directory_iterator{});
  }
  fs::path path;
};

std::string text_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

TEST_CASE("a file is replaced as a whole: who has the old one open reads the old one to its end") {
  const Folder folder;
  const auto path = folder.at("a.prom");
  const auto before = ::umask(077);
  CHECK(replace_file(path, "first\n"));
  fs::create_hard_link(path, folder.at("held"));
  CHECK(replace_file(path, "second\n"));
  ::umask(before);
  CHECK(text_of(path) == "second\n");
  CHECK(text_of(folder.at("held")) == "first\n");
  CHECK((fs::status(path).permissions() & fs::perms::all) == fs::perms{0644});
  CHECK(folder.entries() == 2);  // and nothing beside them
}

TEST_CASE("what is no plain file stays what it is, and what cannot be written is told") {
  const Folder folder;
  const auto device = replace_file("/dev/null", "x");
  REQUIRE(!device);
  CHECK(device.error().text == "/dev/null is no plain file, and is not replaced by one");
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(!replace_file(folder.path.string(), "x"));
  CHECK(fs::is_directory(folder.path));
  const auto nowhere = replace_file(folder.at("none/a.prom"), "x");
  REQUIRE(!nowhere);
  CHECK(nowhere.error().text.ends_with("cannot be written: No such file or directory"));
  CHECK(folder.entries() == 0);
}

}  // namespace
}  // namespace sitelatch::cli
