// SPDX-License-Identifier: Apache-2.0
#include "settings/settings.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/text.h"
#include "settings/files.h"

namespace sitelatch::settings {
namespace {

Settings sound(std::string_view text, const std::string& file = "f.toml") {
  auto parsed = parse(text, file);
  for (const auto& fault : parsed.faults) FAIL(to_string(fault));
  return std::move(parsed.settings);
}

// "2: no secrets ...", one for each fault.
std::vector<std::string> faults_of(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& fault : parse(text, "f").faults)
    out.push_back(std::to_string(fault.origin.line) + ": " + fault.sentence);
  return out;
}

bool says(const std::vector<std::string>& faults, std::string_view begin, std::string_view part) {
  for (const auto& fault : faults)
    if (fault.starts_with(begin) && fault.find(part) != std::string::npos) return true;
  return false;
}

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "settings.XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const std::string& text, mode_t mode) const {
    const auto name = (path / "sitelatch.toml").string();
    std::ofstream{name} << text;
    ::chmod(name.c_str(), mode);
    return name;
  }
};

TEST_CASE("settings: guards, what holds for all, the console, each with its line") {
  const auto settings = sound(
      "profile = \"prod\"\n"
      "check = 'a'\n"
      "\n"
      "[guards.shop]\n"
      "health-check = \"client.example.com\"\n"
      "check = [\"one\", \"two\"]\n"
      "[guards.\"bank.example.com\"]\n"
      "[console]\n"
      "profile = [\"prod\", \"staging\"]\n");
  REQUIRE(settings.guards.size() == 2);
  CHECK(settings.guards[0].name == "shop");
  CHECK(settings.guards[0].health_check() == "client.example.com");
  CHECK(settings.guards[1].health_check() == "bank.example.com");
  CHECK(to_string(settings.guards[0].table.at("check").origin) == "f.toml:6");
  CHECK(settings.console.at("profile").values == std::vector<std::string>{"prod", "staging"});
  CHECK(unfinished(settings).empty());

  const auto* checks = setting_of(settings, &settings.guards[0], "check");
  REQUIRE(checks);
  CHECK(checks->values == std::vector<std::string>{"one", "two"});
  CHECK(setting_of(settings, &settings.guards[1], "check")->values.front() == "a");
  CHECK(setting_of(settings, nullptr, "check")->values.front() == "a");
  CHECK(setting_of(settings, &settings.guards[0], "window") == nullptr);
}

TEST_CASE("settings: the later file wins key by key; a guard's own wins over what is for all") {
  auto settings = sound(
      "profile = \"prod\"\nregion = \"eu-west-1\"\n[guards.shop]\nhealth-check = \"c.example\"\n"
      "check = [\"a\", \"b\"]\nnotify = \"x@example.com\"\n",
      "below");
  lay_over(settings, sound("profile = \"mine\"\n[guards.shop]\ncheck = \"c\"\n[guards.other]\n"
                           "health-check = \"o.example\"\n",
                           "above"));
  const auto& shop = settings.guards.front();
  CHECK(setting_of(settings, nullptr, "profile")->values.front() == "mine");
  CHECK(setting_of(settings, nullptr, "region")->origin.file == "below");
  CHECK(setting_of(settings, &shop, "check")->values == std::vector<std::string>{"c"});
  CHECK(to_string(setting_of(settings, &shop, "check")->origin) == "above:3");
  CHECK(setting_of(settings, &shop, "notify")->origin.file == "below");
  CHECK(settings.guards.size() == 2);
}

TEST_CASE("settings: a guard is meant by its name, its id, its DNS name however written") {
  const auto settings = sound(
      "[guards.shop]\nhealth-check = \"Client.Example.com.\"\n"
      "[guards.bank]\nhealth-check = \"233E180F-F023-45A3-954E-415303F21EAB\"\n"
      "[guards.bank-too]\nhealth-check = \"233e180f-f023-45a3-954e-415303f21eab\"\n");
  const auto meant = [&](std::string_view word) {
    std::vector<std::string> names;
    for (const auto* guard : guards_meant(settings, word)) names.push_back(guard->name);
    return join(names, " ");
  };
  CHECK(meant("shop") == "shop");
  CHECK(meant("client.example.com") == "shop");
  CHECK(meant("233e180f-f023-45a3-954e-415303f21eab") == "bank bank-too");
  CHECK(meant("SHOP").empty());
  CHECK(meant("example.com").empty());
}

TEST_CASE("settings: faults name the line and what is allowed, all of them at once") {
  const auto faults = faults_of(
      "profle = \"x\"\n"
      "window = 15\n"
      "check = [\"a\", 1]\n"
      "health-check = \"a.example\"\n"
      "secret_access_key = \"AKIA\"\n"
      "yes = true\n"
      "notify = \"https://me:word@example.com/\"\n"
      "region = \"\"\n"
      "[guards.\"a b\"]\n"
      "[guards.shop]\n"
      "output = \"json\"\n"
      "health_check = \"a.example\"\n"
      "profile = [\"a\"]\n"
      "[gards.shop]\n"
      "[console]\n"
      "check = \"x\"\n");
  CHECK(faults.size() == 14);
  CHECK(says(faults, "1: ", "Did you mean profile?"));
  CHECK(says(faults, "2: window takes a string (DURATION), such as window = \"15m\"",
             "not an integer"));
  CHECK(says(faults, "3: check takes a string or an array of strings", "an array of anything"));
  CHECK(says(faults, "4: health-check does not stand at the top", "[guards.shop]"));
  CHECK(says(faults, "5: no secrets", "secret_access_key is not read"));
  CHECK(says(faults, "6: yes is a person's word", ""));
  CHECK(says(faults, "7: notify has a password", ""));
  CHECK(says(faults, "8: region is empty", "\"eu-west-1\""));
  CHECK(says(faults, "9: \"a b\" is no name", ""));
  CHECK(says(faults, "11: output does not stand in [guards.shop]", "at the top"));
  CHECK(says(faults, "12: there is no key \"health_check\"", "Did you mean health-check?"));
  CHECK(says(faults, "13: profile takes a string", "not an array"));
  CHECK(says(faults, "14: ", "Did you mean guards?"));
  CHECK(says(faults, "16: check does not stand in [console]", ""));
}

TEST_CASE("settings: what is no TOML, or no table where one is due, is one fault") {
  CHECK(says(faults_of("a = \n"), "1: this is not TOML", ""));
  CHECK(says(faults_of("profile = \"a\"\nprofile = \"b\"\n"), "2: this is not TOML", ""));
  CHECK(says(faults_of("profile = \"\xff\"\n"), "1: this is not TOML", ""));
  CHECK(says(faults_of("guards = \"shop\"\n"), "1: guards are tables", "a string"));
  CHECK(says(faults_of("[[guards]]\nname = \"shop\"\n"), "", "guards are tables"));
  CHECK(says(faults_of("[guards]\nshop = \"c.example\"\n"), "2: [guards.shop] is a table", ""));
  CHECK(says(faults_of("console = 1\n"), "1: [console] is a table", ""));
  CHECK(faults_of("").empty());
  const std::string deep(100'000, '[');
  CHECK(!faults_of("a = " + deep).empty());
}

TEST_CASE("settings: only the whole tells that nobody says which health check a guard is") {
  auto settings = sound("[guards.shop]\nprofile = \"a\"\n[guards.\"c.example\"]\n");
  REQUIRE(unfinished(settings).size() == 1);
  CHECK(unfinished(settings).front().origin.line == 1);
  CHECK(unfinished(settings).front().sentence.starts_with("guard shop has no health-check"));
  lay_over(settings, sound("[guards.shop]\nhealth-check = \"c.example\"\n"));
  CHECK(unfinished(settings).empty());
}

TEST_CASE("settings: the example names every key, and is sound with its marks taken away") {
  const auto text = example();
  CHECK(faults_of(text).empty());
  std::string used;
  std::set<std::string_view> seen;
  for (const auto line : split(text, '\n')) {
    CHECK(utf8_length(line) <= 100);
    const bool is_words = line.starts_with("# ") || line == "#";
    if (is_words || line.empty()) continue;
    used += std::string{line.substr(1)} + "\n";
    seen.insert(line.substr(1, line.find(' ') - 1));
  }
  for (const auto& key : keys()) CHECK_MESSAGE(seen.count(key.name) == 1, key.name);
  const auto settings = sound(used);
  CHECK(settings.guards.size() == 1);
  CHECK(settings.console.size() == 3);
}

TEST_CASE("settings: files are looked for in /etc, then where XDG says") {
  const auto with = [](const char* folder) {
    return usual_files(
        [=](std::string_view name) -> std::optional<std::string> {
          if (name == "XDG_CONFIG_HOME" && folder) return folder;
          return std::nullopt;
        },
        "/home/me");
  };
  const std::string system = "/etc/sitelatch/sitelatch.toml";
  const std::string home = "/home/me/.config/sitelatch/sitelatch.toml";
  CHECK(with(nullptr) == std::vector{system, home});
  CHECK(with("/conf") == std::vector<std::string>{system, "/conf/sitelatch/sitelatch.toml"});
  CHECK(with("relative") == std::vector{system, home});
  CHECK(usual_files([](std::string_view) { return std::nullopt; }, "") == std::vector{system});
}

TEST_CASE("settings: a file that others can write is refused, and one that is none") {
  const Folder folder;
  const auto path = folder.file("profile = \"a\"\n", 0644);
  CHECK(read_file(path).value() == "profile = \"a\"\n");
  for (const mode_t mode : {0664U, 0646U, 0666U}) {
    ::chmod(path.c_str(), mode);
    const auto refused = read_file(path);
    REQUIRE(!refused);
    CHECK(refused.error().text.find("chmod go-w " + path) != std::string::npos);
  }
  CHECK(!read_file(folder.path.string()));
  CHECK(!read_file((folder.path / "nothing").string()).value());
  const auto pipe = (folder.path / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(!read_file(pipe));
  if (::geteuid() == 0) {
    ::chmod(path.c_str(), 0644);
    REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
    const auto refused = read_file(path);
    REQUIRE(!refused);
    CHECK(refused.error().text.find("it belongs to user 12345") != std::string::npos);
  }
  folder.file(std::string(2 << 20, '#'), 0600);
  CHECK(!read_file(path));
}

}  // namespace
}  // namespace sitelatch::settings
