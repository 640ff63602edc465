// SPDX-License-Identifier: Apache-2.0
#include "cli/practice_stage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "cli/lookups.h"
#include "cli/settings_use.h"

namespace sitelatch::cli {
namespace fs = std::filesystem;

Result<fs::path> PracticeStage::temporary_directory(const std::string& prefix) {
  std::string pattern = (fs::temp_directory_path() / (prefix + "-XXXXXX")).string();
  if (!::mkdtemp(pattern.data()))
    return failure(
        Problem{fmt::format("cannot make a directory in {}", fs::temp_directory_path().string())});
  return fs::path{pattern};
}

void PracticeStage::start_sites(std::uint16_t port) {
  auto primary = start_site("primary", fmt::format("{}:{}", primary_address, port));
  const auto site =
      net::parse_endpoint(primary.ready_line().substr(primary.ready_line().rfind('/') + 1));
  if (!site) throw NotSeen{"the site's address"};
  site_port_ = site->port;
  primary_ = std::move(primary);
  backup_ = start_site("backup", fmt::format("{}:{}", backup_address, site_port_));
}

void PracticeStage::start_primary() {
  primary_ = start_site("primary", fmt::format("{}:{}", primary_address, site_port_));
}

BackgroundProgram PracticeStage::start_site(const std::string& name, const std::string& listen) {
  auto site = BackgroundProgram::start({self_, "site", "--name", name, "--listen", listen},
                                       (directory_ / (name + ".log")).string());
  if (!site) throw NotSeen{site.error().text};
  return std::move(*site);
}

void PracticeStage::start_engine(const std::vector<std::string>& options) {
  std::vector<std::string> words = {self_, "engine", "--data-dir", engine_directory().string()};
  words.insert(words.end(), options.begin(), options.end());
  auto engine = BackgroundProgram::start(words, (directory_ / "engine.log").string());
  if (!engine) throw NotSeen{engine.error().text};
  engine_ = std::move(*engine);
  const auto found = find_engine({engine_directory()});
  if (!found) throw NotSeen{found.error().text};
  found_ = *found;
  auto tools = tool_environment(*found, "us-east-1", environ);
  environment_ = tools.set;
  // Told alike everywhere, whatever the machine's configuration file says.
  environment_.emplace_back(config_variable, no_config);
  unset_ = tools.unset;
  dns_ = *net::parse_endpoint(found->dns);
  for (const auto& name : unset_) ::unsetenv(name.c_str());
  for (const auto& [name, value] : environment_) ::setenv(name.c_str(), value.c_str(), 1);
  aws_ = client::connect({});
}

int PracticeStage::stop_engine() { return engine_ ? engine_->terminate() : 0; }

aws::Value PracticeStage::call(std::string_view service, std::string_view operation,
                               aws::Value input) {
  auto reply = aws_->call(service, operation, std::move(input), "us-east-1");
  if (!reply) throw NotSeen{fmt::format("success of {}: {}", operation, reply.error().message)};
  return std::move(*reply);
}

std::string PracticeStage::sitelatch(const std::vector<std::string>& words,
                                     const std::function<bool()>& give_up) {
  std::vector<std::string> command{self_};
  command.insert(command.end(), words.begin(), words.end());
  auto run = run_program(command, environment_, unset_, give_up);
  if (run.status != 0)
    throw NotSeen{fmt::format("success of `sitelatch {}` (exit status {}): {}{}", words[0],
                              run.status, run.err, run.out)};
  return run.out;
}

std::string PracticeStage::create_check(int request_interval_s) {
  const auto config = aws::Value::structure({{"Type", "HTTP"},
                                             {"IPAddress", primary_address},
                                             {"Port", std::int64_t{site_port_}},
                                             {"ResourcePath", "/lb-check"},
                                             {"RequestInterval", request_interval_s},
                                             {"FailureThreshold", 1}});
  const auto made =
      call("route53", "CreateHealthCheck",
           aws::Value::structure({{"CallerReference", "primary"}, {"HealthCheckConfig", config}}));
  return made["HealthCheck"]["Id"].string();
}

void PracticeStage::make_pair(int request_interval_s) {
  check_ = create_check(request_interval_s);
  const auto zone_path =
      call("route53", "CreateHostedZone",
           aws::Value::structure(
               {{"Name", zone_name}, {"CallerReference", "practice"}}))["HostedZone"]["Id"]
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
      {{"Changes", aws::Value::list({change("PRIMARY", primary_address, check_),
                                     change("SECONDARY", backup_address, {})})}});
  call("route53", "ChangeResourceRecordSets",
       aws::Value::structure({{"HostedZoneId", zone}, {"ChangeBatch", batch}}));
}

std::string PracticeStage::resource_path() {
  return call("route53", "GetHealthCheck",
              aws::Value::structure(
                  {{"HealthCheckId", check_}}))["HealthCheck"]["HealthCheckConfig"]["ResourcePath"]
      .string_or("none");
}

std::string PracticeStage::guard_state() {
  const auto run = run_program({self_, "status", check_, "--output", "json"}, environment_, unset_);
  const auto answer = aws::from_json(run.out);
  if (!answer) throw NotSeen{"JSON from `sitelatch status`: " + run.out + run.err};
  return (*answer)["state"].string_or("none");
}

std::string PracticeStage::served_by() {
  const auto reply = ask_a(dns_, client_name);
  if (!reply) return "no DNS reply";
  if (reply->addresses.size() != 1)
    return counted(static_cast<std::int64_t>(reply->addresses.size()), "address", "addresses");
  const auto page = fetch({reply->addresses[0], site_port_}, "/");
  return fmt::format("{}{}", reply->addresses[0] == primary_address ? "Primary" : "Backup",
                     page && page->status == 200 ? "" : " (not answering)");
}

}  // namespace sitelatch::cli
