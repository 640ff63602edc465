// SPDX-License-Identifier: Apache-2.0
// The whole story with real processes: an engine on scaled time, two sites, the guard deployed by
// `sitelatch deploy`, an outage, the latch, the return of Primary, and a person's `sitelatch
// switch-back`. Every ✓ was asked, none assumed.
#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/lookups.h"
#include "cli/narrator.h"
#include "cli/practice_stage.h"
#include "cli/terminal.h"

namespace sitelatch::cli {
namespace fs = std::filesystem;
namespace {

constexpr auto latch_path = "/lb-check-failed-over";

class Demo {
 public:
  Demo(const DemoOptions& options, fs::path directory)
      : options_(options),
        stage_(std::move(directory)),
        narrator_(options.time_scale, !options.plain && colours_wanted()) {}

  void tell() {
    set_the_stage();
    arm();
    lose_primary();
    bring_primary_back();
    switch_back();
  }
  const Narrator& narrator() const { return narrator_; }
  Narrator& narrator() { return narrator_; }

 private:
  void set_the_stage();
  void arm();
  void lose_primary();
  void bring_primary_back();
  void switch_back();

  // Runs `sitelatch WORDS`, shown as it would be typed; gives its stdout.
  std::string sitelatch(const std::vector<std::string>& words, const std::string& shown);
  std::string guard_state() { return stage_.guard_state(); }
  std::string served_by() { return stage_.served_by(); }
  // Polls until `now` gives `wanted`; each change on the way is told.
  void expect(const std::string& what, const std::string& wanted,
              const std::function<std::string()>& now, const std::string& verified,
              std::chrono::seconds limit = std::chrono::seconds{25});
  void hold(const std::string& wanted, const std::function<std::string()>& now,
            double story_seconds, const std::string& verified);

  DemoOptions options_;
  PracticeStage stage_;
  Narrator narrator_;
};

std::string Demo::sitelatch(const std::vector<std::string>& words, const std::string& shown) {
  narrator_.command(shown);
  return stage_.sitelatch(words);
}

void Demo::expect(const std::string& what, const std::string& wanted,
                  const std::function<std::string()>& now, const std::string& verified,
                  std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  std::string seen;
  while ((seen = now()) != wanted) {
    if (std::chrono::steady_clock::now() > end)
      throw NotSeen{fmt::format("{}: {} was expected, {} is what there is", what, wanted, seen)};
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  narrator_.verified(verified);
}

// The opposite of waiting: for that long nothing else may be seen.
void Demo::hold(const std::string& wanted, const std::function<std::string()>& now,
                double story_seconds, const std::string& verified) {
  const double end = narrator_.story_seconds() + story_seconds;
  int asked = 0;
  while (narrator_.story_seconds() < end) {
    const auto seen = now();
    ++asked;
    if (seen != wanted) throw NotSeen{fmt::format("{} throughout: {} was seen", wanted, seen)};
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  narrator_.verified(fmt::format("{} (asked {})", verified, counted(asked, "time", "times")));
}

void Demo::set_the_stage() {
  narrator_.chapter("Two sites, one name");
  stage_.start_sites(0);
  narrator_.say(fmt::format("Primary serves on {}, Backup on {} (port {}); both answer /lb-check.",
                            stage_.primary_address, stage_.backup_address, stage_.site_port()));
  stage_.start_engine({"--api", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--time-scale",
                       fmt::format("{}", options_.time_scale)});
  narrator_.say(
      fmt::format("The engine runs Route 53, CloudWatch, SNS, Lambda and IAM at {}, DNS at {}.",
                  stage_.engine().api_url, stage_.engine().dns));
  stage_.make_pair(30);
  expect(
      "DNS", "Primary", [this] { return served_by(); },
      fmt::format("{} names Primary, and Primary answers.", stage_.client_name));
}

void Demo::arm() {
  narrator_.chapter("The guide's ten steps, as one command");
  const auto plan = sitelatch({"deploy", stage_.check(), "--plan"}, "sitelatch deploy ID --plan");
  for (const auto line : split(plan, '\n'))
    if (!line.empty()) narrator_.say(replace_all(std::string{line}, stage_.check(), "ID"));
  sitelatch({"deploy", stage_.check(), "--yes"}, "sitelatch deploy ID");
  expect(
      "the guard", "armed", [this] { return guard_state(); },
      "`sitelatch status` says: armed. Whoever fails now is latched.");
}

void Demo::lose_primary() {
  narrator_.chapter("Primary fails");
  stage_.kill_primary();
  narrator_.say("Primary's process is killed.");
  expect(
      "DNS", "Backup", [this] { return served_by(); }, "DNS names Backup: failover.");
  expect(
      "the health check's path", latch_path, [this] { return stage_.resource_path(); },
      fmt::format("The alarm told the topic, the topic ran the function, and the function has "
                  "rewritten the health "
                  "check's path to {}: Primary is latched.",
                  latch_path));
  expect(
      "the guard", "tripped", [this] { return guard_state(); },
      "`sitelatch status` says: tripped.");
}

void Demo::bring_primary_back() {
  narrator_.chapter("Primary comes back, with stale sessions");
  stage_.start_primary();
  const auto page = fetch({stage_.primary_address, stage_.site_port()}, "/lb-check");
  if (!page || page->status != 200) throw NotSeen{"Primary answering /lb-check with 200"};
  narrator_.verified("Primary runs again and answers /lb-check with 200.");
  hold(
      "Backup", [this] { return served_by(); }, 120,
      "For two minutes DNS never named Primary: Backup still serves.");
}

void Demo::switch_back() {
  narrator_.chapter("A person has synchronised the sites, and switches back");
  sitelatch({"switch-back", stage_.check(), "--reason", "the sites are synchronised", "--check",
             "true", "--yes"},
            "sitelatch switch-back ID --reason \"the sites are synchronised\" --check "
            "./sites-are-in-sync");
  expect(
      "DNS", "Primary", [this] { return served_by(); }, "DNS names Primary, and Primary serves.");
  expect(
      "the guard", "armed", [this] { return guard_state(); },
      "`sitelatch status` says: armed, for the next time.");
  const int status = stage_.stop_engine();
  if (status != 0) throw NotSeen{fmt::format("a good end of the engine: exit status {}", status)};
}

}  // namespace

int run_demo(const DemoOptions& options) {
  const auto made = PracticeStage::temporary_directory("sitelatch-demo");
  if (!made) {
    fmt::print(stderr, "sitelatch: {}\n", made.error().text);
    return exit_failed;
  }
  const fs::path& directory = *made;
  int status = exit_done;
  {
    Demo demo(options, directory);
    fmt::print("Times are the story's, told {:g} times faster than life.\n", options.time_scale);
    try {
      demo.tell();
      fmt::print(
          "\nThat is the story. What resolvers cached before the failover is outside anybody's "
          "reach; all else was verified.\n");
    } catch (const NotSeen& missing) {
      demo.narrator().failed("Not seen: " + missing.what);
      status = exit_failed;
    }
  }
  std::error_code ignored;
  if (status != exit_done || options.keep)
    fmt::print("The demo's directory is left for a look: {}\n", directory.string());
  else
    fs::remove_all(directory, ignored);
  return status;
}

}  // namespace sitelatch::cli
