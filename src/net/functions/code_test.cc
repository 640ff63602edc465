// SPDX-License-Identifier: Apache-2.0
#include "net/functions/code.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "net/functions/test_zip.h"

namespace {

using namespace sitelatch;
using test::make_zip;
namespace fs = std::filesystem;

struct Place {
  Place() { fs::create_directories(root + "/code"); }
  ~Place() { fs::remove_all(root); }
  Result<Done> unpack(const std::string& zip, const net::UnpackLimits& limits = {}) {
    return net::unpack_function_code(zip, root + "/code", std::nullopt, limits);
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(root + "/code/" + name).rdbuf();
    return text.str();
  }
  // Nothing may ever appear beside the directory.
  bool nothing_outside() const {
    return std::distance(fs::directory_iterator(root), fs::directory_iterator()) == 1;
  }
  std::string root = [] {
    std::string name = "/tmp/function-code-test-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    return name;
  }();
};

}  // namespace

TEST_CASE("code is unpacked with its directories and permissions") {
  Place place;
  REQUIRE(place.unpack(make_zip({{"bootstrap", "run", 0755},
                                 {"a/b/c.py", "deep", 0640},
                                 {"d/", "", S_IFDIR | 0755},
                                 {"setuid", "x", 06755}})));
  CHECK(place.read("bootstrap") == "run");
  CHECK(place.read("a/b/c.py") == "deep");
  CHECK(fs::is_directory(place.root + "/code/d"));
  struct stat stat {};
  REQUIRE(::stat((place.root + "/code/bootstrap").c_str(), &stat) == 0);
  CHECK((stat.st_mode & 07777) == 0755);
  REQUIRE(::stat((place.root + "/code/a/b/c.py").c_str(), &stat) == 0);
  CHECK((stat.st_mode & 07777) == 0644);
  REQUIRE(::stat((place.root + "/code/setuid").c_str(), &stat) == 0);
  CHECK((stat.st_mode & 07777) == 0755);
}

TEST_CASE("an entry with permissions and no type is a file that its function can read") {
  Place place;
  auto zip = make_zip({{"lambda.py", "def", 0600}});
  // As Python's zipfile.writestr has it: the upper half of the external attributes without S_IFREG.
  const std::string typed{"\x80\x81", 2};
  const auto at = zip.rfind(typed);
  REQUIRE(at != std::string::npos);
  zip.replace(at, 2, std::string{"\x80\x01", 2});
  REQUIRE(place.unpack(zip));
  CHECK(place.read("lambda.py") == "def");
  struct stat stat {};
  REQUIRE(::stat((place.root + "/code/lambda.py").c_str(), &stat) == 0);
  CHECK((stat.st_mode & 07777) == 0644);
}

TEST_CASE("names that leave the directory are refused") {
  for (const char* name : {"../x", "a/../../x", "/etc/x", "a/..", "..", "./../x"}) {
    CAPTURE(name);
    Place place;
    CHECK_FALSE(place.unpack(make_zip({{name, "evil", 0644}})));
    CHECK(place.nothing_outside());
  }
}

TEST_CASE("nothing is written through a link") {
  Place place;
  SUBCASE("to a directory outside") {
    CHECK_FALSE(place.unpack(make_zip({{"link", "..", S_IFLNK | 0777}, {"link/x", "evil", 0644}})));
  }
  SUBCASE("to a file outside: the link is replaced") {
    std::ofstream(place.root + "/victim") << "whole";
    CHECK(place.unpack(make_zip({{"x", "../victim", S_IFLNK | 0777}, {"./x", "evil", 0644}})));
    std::ostringstream text;
    text << std::ifstream(place.root + "/victim").rdbuf();
    CHECK(text.str() == "whole");
    CHECK(place.read("x") == "evil");
    fs::remove(place.root + "/victim");
  }
  SUBCASE("a link over a directory") {
    CHECK_FALSE(place.unpack(make_zip({{"d/x", "x", 0644}, {"d", "/etc", S_IFLNK | 0777}})));
  }
  CHECK(place.nothing_outside());
}

TEST_CASE("a link inside is kept, the last of two equal names counts") {
  Place place;
  REQUIRE(place.unpack(make_zip(
      {{"real", "content", 0644}, {"link", "real", S_IFLNK | 0777}, {"./real", "later", 0644}})));
  CHECK(fs::read_symlink(place.root + "/code/link") == "real");
  CHECK(place.read("link") == "later");
}

TEST_CASE("bombs, devices and rubbish are refused") {
  Place place;
  CHECK_FALSE(place.unpack(make_zip({{"big", std::string(5000000, '\0'), 0644}}),
                           {.bytes = 4000000, .entries = 10}));
  CHECK_FALSE(place.unpack(
      make_zip({{"a", std::string(3000000, '\0'), 0644}, {"b", std::string(3000000, '\0'), 0644}}),
      {.bytes = 4000000, .entries = 10}));
  CHECK_FALSE(place.unpack(make_zip({{"1", "", 0644}, {"2", "", 0644}, {"3", "", 0644}}),
                           {.bytes = 1000, .entries = 2}));
  CHECK_FALSE(place.unpack(make_zip({{"fifo", "", S_IFIFO | 0644}})));
  CHECK_FALSE(place.unpack(make_zip({{"device", "", S_IFCHR | 0644}})));
  CHECK_FALSE(place.unpack("PK\x03\x04 not really"));
  CHECK_FALSE(place.unpack(""));
  auto damaged = make_zip({{"file", std::string(1000, 'x') + "tail", 0644}});
  damaged[45] = static_cast<char>(damaged[45] ^ 0x55);
  CHECK_FALSE(place.unpack(damaged));
}
