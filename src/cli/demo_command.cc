// SPDX-License-Identifier: Apache-2.0
// The whole story with real processes: an engine on scaled time, two sites, the guide's ten steps typed into the aws CLI,
// an outage, the latch, the return of Primary, and a person's switch back. Every ✓ was asked, none assumed.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <thread>

#include "aws/value.h"
#include "base/text.h"
#include "cli/child_process.h"
#include "cli/commands.h"
#include "cli/guide_steps.h"
#include "cli/lookups.h"
#include "cli/narrator.h"
#include "cli/running_engine.h"

namespace sitelatch::cli {
namespace fs = std::filesystem;
namespace {

constexpr auto zone_name = "example.test", client_name = "client.example.test";
constexpr auto latch_path = "/lb-check-failed-over";

// Ends the demo: what was expected did not come.
struct NotSeen {
  std::string what;
};

class Demo {
 public:
  Demo(const DemoOptions& options, fs::path directory)
      : options_(options),
        directory_(std::move(directory)),
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

  std::string aws(const std::vector<std::string>& arguments);
  aws::Value aws_json(std::vector<std::string> arguments);
  std::string create_check(const std::string& address, const std::string& reference);
  std::string resource_path();
  std::string alarm_state();
  BackgroundProgram start_site(const std::string& name, const std::string& listen);
  std::string served_by();  // what a user of client.example.test gets
  // Polls until `now` gives `wanted`; each change on the way is told.
  void expect(const std::string& what, const std::string& wanted, const std::function<std::string()>& now,
              const std::string& verified, std::chrono::seconds limit = std::chrono::seconds{25});
  void hold(const std::string& wanted, const std::function<std::string()>& now, double story_seconds,
            const std::string& verified);

  DemoOptions options_;
  fs::path directory_;
  Narrator narrator_;
  std::string self_ = fs::read_symlink("/proc/self/exe").string();
  Environment environment_;
  std::vector<std::string> unset_;
  std::optional<BackgroundProgram> engine_, primary_, backup_;
  net::Endpoint dns_;
  std::uint16_t site_port_ = 0;
  std::string check_;
};

std::string Demo::aws(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"aws"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto run = run_program(command, environment_, unset_);
  if (run.status == 127)
    throw NotSeen{"the aws CLI, which plays the person's part in this demo (apt-get install awscli)"};
  if (run.status != 0)
    throw NotSeen{fmt::format("success of `aws {}`: {}", join(arguments, " "), std::string{trim(run.err)})};
  return run.out;
}

aws::Value Demo::aws_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--output", "json"});
  const auto parsed = sitelatch::aws::from_json(aws(arguments));
  if (!parsed) throw NotSeen{fmt::format("JSON from `aws {}`", join(arguments, " "))};
  return *parsed;
}

BackgroundProgram Demo::start_site(const std::string& name, const std::string& listen) {
  auto site = BackgroundProgram::start({self_, "site", "--name", name, "--listen", listen},
                                       (directory_ / (name + ".log")).string());
  if (!site) throw NotSeen{site.error().text};
  return std::move(*site);
}

std::string Demo::create_check(const std::string& address, const std::string& reference) {
  const std::string config = fmt::format(
      R"({{"Type":"HTTP","IPAddress":"{}","Port":{},"ResourcePath":"/lb-check","RequestInterval":30,"FailureThreshold":1}})",
      address, site_port_);
  return aws_json({"route53", "create-health-check", "--caller-reference", reference, "--health-check-config",
                   config})["HealthCheck"]["Id"]
      .string();
}

std::string Demo::resource_path() {
  return aws_json({"route53", "get-health-check", "--health-check-id", check_})["HealthCheck"]["HealthCheckConfig"]
                 ["ResourcePath"]
                     .string_or("none");
}

std::string Demo::alarm_state() {
  const auto answer =
      aws_json({"cloudwatch", "describe-alarms", "--alarm-names", check_, "--region", "us-east-1"});
  const auto& alarms = answer["MetricAlarms"].items();
  return alarms.empty() ? "none" : alarms[0]["StateValue"].string_or("none");
}

std::string Demo::served_by() {
  const auto reply = ask_a(dns_, client_name);
  if (!reply) return "no DNS reply";
  if (reply->addresses.size() != 1) return fmt::format("{} addresses", reply->addresses.size());
  const auto page = fetch({reply->addresses[0], site_port_}, "/");
  return fmt::format("{}{}", reply->addresses[0] == "127.0.1.1" ? "Primary" : "Backup",
                     page && page->status == 200 ? "" : " (not answering)");
}

void Demo::expect(const std::string& what, const std::string& wanted, const std::function<std::string()>& now,
                  const std::string& verified, std::chrono::seconds limit) {
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
void Demo::hold(const std::string& wanted, const std::function<std::string()>& now, double story_seconds,
                const std::string& verified) {
  const double end = narrator_.story_seconds() + story_seconds;
  int asked = 0;
  while (narrator_.story_seconds() < end) {
    const auto seen = now();
    ++asked;
    if (seen != wanted) throw NotSeen{fmt::format("{} throughout: {} was seen", wanted, seen)};
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  narrator_.verified(fmt::format("{} (asked {} times)", verified, asked));
}

void Demo::set_the_stage() {
  narrator_.chapter("Two sites, one name");
  auto primary = start_site("primary", "127.0.1.1:0");
  const auto site = net::parse_endpoint(primary.ready_line().substr(primary.ready_line().rfind('/') + 1));
  if (!site) throw NotSeen{"the site's address"};
  site_port_ = site->port;
  primary_ = std::move(primary);
  backup_ = start_site("backup", fmt::format("127.0.1.2:{}", site_port_));
  narrator_.say(fmt::format("Primary serves on 127.0.1.1, Backup on 127.0.1.2 (port {}); both answer /lb-check.", site_port_));

  auto engine = BackgroundProgram::start(
      {self_, "engine", "--data-dir", (directory_ / "engine").string(), "--api", "127.0.0.1:0", "--dns", "127.0.0.1:0",
       "--time-scale", fmt::format("{}", options_.time_scale)},
      (directory_ / "engine.log").string());
  if (!engine) throw NotSeen{engine.error().text};
  engine_ = std::move(*engine);
  const auto found = find_engine({directory_ / "engine"});
  if (!found) throw NotSeen{found.error().text};
  auto tools = tool_environment(*found, "us-east-1", environ);
  environment_ = tools.set;
  unset_ = tools.unset;
  dns_ = *net::parse_endpoint(found->dns);
  narrator_.say(fmt::format("The engine runs Route 53, CloudWatch, SNS, Lambda and IAM at {}, DNS at {}.", found->api_url, found->dns));

  check_ = create_check("127.0.1.1", "primary");
  const auto backup_check = create_check("127.0.1.2", "backup");
  const auto zone =
      aws_json({"route53", "create-hosted-zone", "--name", zone_name, "--caller-reference", "demo"})["HostedZone"]["Id"]
          .string();
  const auto record = [&](std::string_view role, std::string_view address, const std::string& check) {
    return fmt::format(
        R"({{"Action":"CREATE","ResourceRecordSet":{{"Name":"{}","Type":"A","TTL":60,"SetIdentifier":"{}","Failover":"{}","HealthCheckId":"{}","ResourceRecords":[{{"Value":"{}"}}]}}}})",
        client_name, role, role, check, address);
  };
  aws_json({"route53", "change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch",
            fmt::format(R"({{"Changes":[{},{}]}})", record("PRIMARY", "127.0.1.1", check_),
                        record("SECONDARY", "127.0.1.2", backup_check))});
  expect("DNS", "Primary", [this] { return served_by(); },
         fmt::format("{} names Primary, and Primary answers.", client_name));
}

void Demo::arm() {
  narrator_.chapter("The guide's ten steps");
  GuideSteps steps(check_, (directory_ / "lambda").string());
  for (const auto& step : steps.all()) {
    narrator_.command(step.shown);
    auto run = run_program({"sh", "-euc", steps.preamble() + step.script}, environment_, unset_);
    if (run.status != 0)
      throw NotSeen{fmt::format("success of step {}: {}", step.number, std::string{trim(run.err)})};
    steps.keep(step, std::string{trim(run.out)});
  }
  expect("the alarm", "OK", [this] { return alarm_state(); },
         "The alarm is OK: whoever fails now is latched.");
}

void Demo::lose_primary() {
  narrator_.chapter("Primary fails");
  primary_->kill();
  narrator_.say("Primary's process is killed.");
  expect("DNS", "Backup", [this] { return served_by(); }, "DNS names Backup: failover.");
  expect("the alarm", "ALARM", [this] { return alarm_state(); }, "The alarm has fired: it tells the topic, the topic runs the function.");
  expect("the health check's path", latch_path, [this] { return resource_path(); },
         fmt::format("The function has rewritten the health check's path to {}: Primary is latched.", latch_path));
}

void Demo::bring_primary_back() {
  narrator_.chapter("Primary comes back, with stale sessions");
  primary_ = start_site("primary", fmt::format("127.0.1.1:{}", site_port_));
  const auto page = fetch({"127.0.1.1", site_port_}, "/lb-check");
  if (!page || page->status != 200) throw NotSeen{"Primary answering /lb-check with 200"};
  narrator_.verified("Primary runs again and answers /lb-check with 200.");
  hold("Backup", [this] { return served_by(); }, 120, "For two minutes DNS never named Primary: Backup still serves.");
}

void Demo::switch_back() {
  narrator_.chapter("A person has synchronised the sites, and switches back");
  narrator_.command(fmt::format("aws route53 update-health-check --health-check-id {} --resource-path /lb-check", check_));
  aws_json({"route53", "update-health-check", "--health-check-id", check_, "--resource-path", "/lb-check"});
  expect("DNS", "Primary", [this] { return served_by(); }, "DNS names Primary, and Primary serves.");
  expect("the alarm", "OK", [this] { return alarm_state(); }, "The alarm is OK again: the guard is armed for the next time.");
  const int status = engine_->terminate();
  if (status != 0) throw NotSeen{fmt::format("a good end of the engine: exit status {}", status)};
}

}  // namespace

int run_demo(const DemoOptions& options) {
  std::string pattern = (fs::temp_directory_path() / "sitelatch-demo-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) {
    fmt::print(stderr, "sitelatch: cannot make a directory in {}\n", fs::temp_directory_path().string());
    return exit_failed;
  }
  const fs::path directory = pattern;
  int status = exit_done;
  {
    Demo demo(options, directory);
    fmt::print("Times are the story's, told {:g} times faster than life.\n", options.time_scale);
    try {
      demo.tell();
      fmt::print("\nThat is the story. What resolvers cached before the failover is outside anybody's reach; all else was verified.\n");
    } catch (const NotSeen& missing) {
      demo.narrator().failed("Not seen: " + missing.what);
      status = exit_failed;
    }
  }
  std::error_code ignored;
  if (status != exit_done || options.keep) fmt::print("The demo's directory is left for a look: {}\n", directory.string());
  else fs::remove_all(directory, ignored);
  return status;
}

}  // namespace sitelatch::cli
