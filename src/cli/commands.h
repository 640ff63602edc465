// SPDX-License-Identifier: Apache-2.0
// The commands, each a function of its options: what it prints goes to stdout, what went wrong to
// stderr, the exit status is its answer (0 done, 1 refused or failed, 2 wrong usage).
// command_line.cc fills the options in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace sitelatch::cli {

constexpr int exit_done = 0, exit_failed = 1, exit_usage = 2;

// Where a command finds its engine.
struct EngineChoice {
  std::filesystem::path data_dir;  // empty: the default one
};

struct EngineOptions {
  EngineChoice where;
  std::string api = "127.0.0.1:4566", dns = "127.0.0.1:5300";
  std::string console;  // ADDR:PORT or off; empty: the usual place, or a free port
  double time_scale = 1;
  bool manual_clock = false;
  std::string account_id = "000000000000";
  bool ephemeral = false, accept_any_credentials = false, allow_link_local = false;
  bool realistic = false;  // as late and as strict as AWS
  std::uint64_t seed = 1;  // of chance then
  std::size_t checkers = 1;
  std::string target_lookups = "on";  // or off
  bool strict_names = false;
  std::filesystem::path places;  // of askers; empty: nobody is anywhere
  std::string log_level = "info";
  std::string smtp;            // smtp://host:port, or empty: mail goes to a folder
  std::string dns_rate_limit;  // off, or a number; empty: as the engine sees fit
  std::vector<std::string> allowed_hosts;
  std::string signing_cert_url;
  std::vector<std::string> oidc_keys;  // https://ISSUER=FILE
  std::string metrics;                 // ADDR:PORT of /metrics for others; empty: none
  bool allow_reset = false;
  std::string function_network;  // host, outbound, isolated; empty: what this machine allows
};
int run_engine(const EngineOptions& options);
int print_coverage();  // what `engine --coverage` prints

struct EnvOptions {
  EngineChoice where;
  std::string region = "us-east-1";
};
int print_env(const EnvOptions& options);
// What `env` prints where it cannot point at an engine, for a shell that evaluates it all the same.
void print_closed_env();
int exec_command(const EnvOptions& options, const std::vector<std::string>& command);

int advance_clock(const EngineChoice& where, Duration by);
int reset_engine(const EngineChoice& where);
int force_health(const EngineChoice& where, const std::string& id, const std::string& status);
int list_health(const EngineChoice& where, bool json);

// What is behind aliases that leave the account.
struct TargetOptions {
  EngineChoice where;
  std::string name, status;            // up, down, or empty: as it was
  std::vector<std::string> addresses;  // "resolver" alone: looked up again
  std::optional<std::int64_t> ttl;
  std::string zone;
};
int say_of_target(const TargetOptions& options);
int remove_target(const EngineChoice& where, const std::string& name);
int list_targets(const EngineChoice& where, bool json);

struct FaultOptions {
  EngineChoice where;
  std::string kind, service, operation, region;
  std::optional<std::int64_t> count;
  std::optional<Duration> lasts, behind;
};
int set_fault(const FaultOptions& options);

struct CheckerFaultOptions {
  EngineChoice where;
  std::string check, cut_off;  // an id or "all"; "13", "eu-west-1,us-east-1/2", or empty
  std::string loss;            // "40%", or empty
  std::optional<Duration> lasts;
};
int set_checker_fault(const CheckerFaultOptions& options);

struct ScpOptions {
  EngineChoice where;
  std::string file;
};
int attach_scp(const ScpOptions& options);

struct ListFaultsOptions {
  EngineChoice where;
  bool json = false;
};
int list_faults(const ListFaultsOptions& options);

struct ClearFaultsOptions {
  EngineChoice where;
  std::optional<std::int64_t> id;  // none: all
};
int clear_faults(const ClearFaultsOptions& options);

struct SiteOptions {
  std::string listen = "127.0.1.1:8080";
  std::string name = "primary";
};
int run_site(const SiteOptions& options);

struct DemoOptions {
  double time_scale = 30;
  bool plain = false;  // no colours whatever the output is
  bool keep = false;   // leave the demo's directory for a look
};
int run_demo(const DemoOptions& options);

struct PlaygroundOptions {
  std::string form = "guide";
  double time_scale = 1;
  std::string api = "127.0.0.1:0", dns = "127.0.0.1:0", console = "127.0.0.1:0";
  std::uint16_t site_port = 0;      // of both sites; 0: a free one
  std::filesystem::path directory;  // --keep DIR; empty: a temporary one, removed at the end
};
int run_playground(const PlaygroundOptions& options);

// Parses argv and runs the command it names.
int run(int argc, char** argv);

}  // namespace sitelatch::cli
