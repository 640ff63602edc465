// SPDX-License-Identifier: Apache-2.0
// The whole story with real processes: an engine on scaled time, two sites, the guard deployed by
// `sitelatch deploy`, an outage, the latch, the return of Primary, and a person's `sitelatch
// switch-back`. Every ✓ was asked, none assumed.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "aws/wire/value.h"
#include "base/text.h"
#include "cli/child_process.h"
#include "cli/commands.h"
#include "cli/lookups.h"
#include "cli/narrator.h"
#include "cli/running_engine.h"
#include "cli/terminal.h"
#include "client/client.h"

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

  aws::Value call(std::string_view service, std::string_view operation, aws::Value input);
  // Runs `sitelatch WORDS`, shown as it would be typed; gives its stdout.
  std::string sitelatch(const std::vector<std::string>& words, const std::string& shown);
  std::string create_check(const std::string& address, const std::string& reference);
  std::string resource_path();
  std::string guard_state();
  BackgroundProgram start_site(const std::string& name, const std::string& listen);
  std::string served_by();  // what a user of client.example.test gets
  // Polls until `now` gives `wanted`; each change on the way is told.
  void expect(const std::string& what, const std::string& wanted,
              const std::function<std::string()>& now, const std::string& verified,
              std::chrono::seconds limit = std::chrono::seconds{25});
  void hold(const std::string& wanted, const std::function<std::string()>& now,
            double story_seconds, const std::string& verified);

  DemoOptions options_;
  fs::path directory_;
  Narrator narrator_;
  std::string self_ = fs::read_symlink("/proc/self/exe").string();
  Environment environment_;
  std::vector<std::string> unset_;
  std::optional<BackgroundProgram> engine_, primary_, backup_;
  net::Endpoint dns_;
  std::uint16_t site_port_ = 0;
  std::unique_ptr<client::Aws> aws_;
  std::string check_;
};

aws::Value Demo::call(std::string_view service, std::string_view operation, aws::Value input) {
  auto reply = aws_->call(service, operation, std::move(input), "us-east-1");
  if (!reply) throw NotSeen{fmt::format("success of {}: {}", operation, reply.error().message)};
  return std::move(*reply);
}

std::string Demo::sitelatch(const std::vector<std::string>& words, const std::string& shown) {
  if (!shown.empty()) narrator_.command(shown);
  std::vector<std::string> command{self_};
  command.insert(command.end(), words.begin(), words.end());
  auto run = run_program(command, environment_, unset_);
  if (run.status != 0)
    throw NotSeen{fmt::format("success of `sitelatch {}` (exit status {}): {}{}", words[0],
                              run.status, run.err, run.out)};
  return run.out;
}

BackgroundProgram Demo::start_site(const std::string& name, const std::string& listen) {
  auto site = BackgroundProgram::start({self_, "site", "--name", name, "--listen", listen},
                                       (directory_ / (name + ".log")).string());
  if (!site) throw NotSeen{site.error().text};
  return std::move(*site);
}

std::string Demo::create_check(const std::string& address, const std::string& reference) {
  const auto config = aws::Value::structure({{"Type", "HTTP"},
                                             {"IPAddress", address},
                                             {"Port", std::int64_t{site_port_}},
                                             {"ResourcePath", "/lb-check"},
                                             {"RequestInterval", 30},
                                             {"FailureThreshold", 1}});
  const auto made =
      call("route53", "CreateHealthCheck",
           aws::Value::structure({{"CallerReference", reference}, {"HealthCheckConfig", config}}));
  return made["HealthCheck"]["Id"].string();
}

std::string Demo::resource_path() {
  return call("route53", "GetHealthCheck",
              aws::Value::structure(
                  {{"HealthCheckId", check_}}))["HealthCheck"]["HealthCheckConfig"]["ResourcePath"]
      .string_or("none");
}

// What `sitelatch status` says, by its own words: armed, tripped, ...
std::string Demo::guard_state() {
  const auto run = run_program({self_, "status", check_, "--output", "json"}, environment_, unset_);
  const auto answer = aws::from_json(run.out);
  if (!answer) throw NotSeen{"JSON from `sitelatch status`: " + run.out + run.err};
  const auto& guards = (*answer)["guards"];
  return (guards.is_list() && !guards.items().empty() ? guards.items()[0] : *answer)["state"]
      .string_or("none");
}

std::string Demo::served_by() {
  const auto reply = ask_a(dns_, client_name);
  if (!reply) return "no DNS reply";
  if (reply->addresses.size() != 1)
    return counted(static_cast<std::int64_t>(reply->addresses.size()), "address", "addresses");
  const auto page = fetch({reply->addresses[0], site_port_}, "/");
  return fmt::format("{}{}", reply->addresses[0] == "127.0.1.1" ? "Primary" : "Backup",
                     page && page->status == 200 ? "" : " (not answering)");
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
  auto primary = start_site("primary", "127.0.1.1:0");
  const auto site =
      net::parse_endpoint(primary.ready_line().substr(primary.ready_line().rfind('/') + 1));
  if (!site) throw NotSeen{"the site's address"};
  site_port_ = site->port;
  primary_ = std::move(primary);
  backup_ = start_site("backup", fmt::format("127.0.1.2:{}", site_port_));
  narrator_.say(fmt::format(
      "Primary serves on 127.0.1.1, Backup on 127.0.1.2 (port {}); both answer /lb-check.",
      site_port_));

  auto engine = BackgroundProgram::start(
      {self_, "engine", "--data-dir", (directory_ / "engine").string(), "--api", "127.0.0.1:0",
       "--dns", "127.0.0.1:0", "--time-scale", fmt::format("{}", options_.time_scale)},
      (directory_ / "engine.log").string());
  if (!engine) throw NotSeen{engine.error().text};
  engine_ = std::move(*engine);
  const auto found = find_engine({directory_ / "engine"});
  if (!found) throw NotSeen{found.error().text};
  auto tools = tool_environment(*found, "us-east-1", environ);
  environment_ = tools.set;
  unset_ = tools.unset;
  dns_ = *net::parse_endpoint(found->dns);
  narrator_.say(
      fmt::format("The engine runs Route 53, CloudWatch, SNS, Lambda and IAM at {}, DNS at {}.",
                  found->api_url, found->dns));

  for (const auto& name : unset_) ::unsetenv(name.c_str());
  for (const auto& [name, value] : environment_) ::setenv(name.c_str(), value.c_str(), 1);
  aws_ = client::connect({});

  check_ = create_check("127.0.1.1", "primary");
  const auto zone_path =
      call("route53", "CreateHostedZone",
           aws::Value::structure(
               {{"Name", zone_name}, {"CallerReference", "demo"}}))["HostedZone"]["Id"]
          .string();
  const auto zone = zone_path.substr(zone_path.rfind('/') + 1);  // "/hostedzone/Z..."
  const auto change = [&](std::string_view role, std::string_view address,
                          const aws::Value& check) {
    const auto record = aws::Value::structure(
        {{"Name", client_name},
         {"Type", "A"},
         {"SetIdentifier", role},
         {"Failover", role},
         {"TTL", 60},
         {"ResourceRecords", aws::Value::list({aws::Value::structure({{"Value", address}})})},
         {"HealthCheckId", check}});
    return aws::Value::structure({{"Action", "CREATE"}, {"ResourceRecordSet", record}});
  };
  // Backup has no health check of its own: were both sites unhealthy, Route 53 would otherwise
  // answer Primary.
  const auto batch = aws::Value::structure(
      {{"Changes", aws::Value::list({change("PRIMARY", "127.0.1.1", check_),
                                     change("SECONDARY", "127.0.1.2", {})})}});
  call("route53", "ChangeResourceRecordSets",
       aws::Value::structure({{"HostedZoneId", zone}, {"ChangeBatch", batch}}));
  expect(
      "DNS", "Primary", [this] { return served_by(); },
      fmt::format("{} names Primary, and Primary answers.", client_name));
}

void Demo::arm() {
  narrator_.chapter("The guide's ten steps, as one command");
  const auto plan = sitelatch({"deploy", check_, "--plan"}, "sitelatch deploy ID --plan");
  for (const auto line : split(plan, '\n'))
    if (!line.empty()) narrator_.say(replace_all(std::string{line}, check_, "ID"));
  sitelatch({"deploy", check_, "--yes"}, "sitelatch deploy ID");
  expect(
      "the guard", "armed", [this] { return guard_state(); },
      "`sitelatch status` says: armed. Whoever fails now is latched.");
}

void Demo::lose_primary() {
  narrator_.chapter("Primary fails");
  primary_->kill();
  narrator_.say("Primary's process is killed.");
  expect(
      "DNS", "Backup", [this] { return served_by(); }, "DNS names Backup: failover.");
  expect(
      "the health check's path", latch_path, [this] { return resource_path(); },
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
  primary_ = start_site("primary", fmt::format("127.0.1.1:{}", site_port_));
  const auto page = fetch({"127.0.1.1", site_port_}, "/lb-check");
  if (!page || page->status != 200) throw NotSeen{"Primary answering /lb-check with 200"};
  narrator_.verified("Primary runs again and answers /lb-check with 200.");
  hold(
      "Backup", [this] { return served_by(); }, 120,
      "For two minutes DNS never named Primary: Backup still serves.");
}

void Demo::switch_back() {
  narrator_.chapter("A person has synchronised the sites, and switches back");
  sitelatch(
      {"switch-back", check_, "--reason", "the sites are synchronised", "--check", "true", "--yes"},
      "sitelatch switch-back ID --reason \"the sites are synchronised\" --check "
      "./sites-are-in-sync");
  expect(
      "DNS", "Primary", [this] { return served_by(); }, "DNS names Primary, and Primary serves.");
  expect(
      "the guard", "armed", [this] { return guard_state(); },
      "`sitelatch status` says: armed, for the next time.");
  const int status = engine_->terminate();
  if (status != 0) throw NotSeen{fmt::format("a good end of the engine: exit status {}", status)};
}

}  // namespace

int run_demo(const DemoOptions& options) {
  std::string pattern = (fs::temp_directory_path() / "sitelatch-demo-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) {
    fmt::print(stderr, "sitelatch: cannot make a directory in {}\n",
               fs::temp_directory_path().string());
    return exit_failed;
  }
  const fs::path directory = pattern;
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
