// SPDX-License-Identifier: Apache-2.0
// Two sites, an engine, a zone whose failover pair names them: real processes on this machine's own
// addresses, in one directory. What `demo` tells its story on and `playground` lets people play
// with. All of it ends with this object, and with this process however that ends.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/value.h"
#include "cli/child_process.h"
#include "cli/running_engine.h"
#include "client/client.h"
#include "net/http/http_server.h"

namespace sitelatch::cli {

// Thrown: what was expected did not come.
struct NotSeen {
  std::string what;
};

class PracticeStage {
 public:
  static constexpr auto zone_name = "example.test", client_name = "client.example.test";
  static constexpr auto primary_address = "127.0.1.1", backup_address = "127.0.1.2";

  // Problem: none can be made. Its name begins with `prefix`.
  static Result<std::filesystem::path> temporary_directory(const std::string& prefix);

  explicit PracticeStage(std::filesystem::path directory) : directory_(std::move(directory)) {}

  void start_sites(std::uint16_t port);  // 0: a free one, the same of both
  // `options`: of `sitelatch engine`, beside the data directory. From here on this process and what
  // it runs speak to that engine and to nothing else.
  void start_engine(const std::vector<std::string>& options);
  int stop_engine();  // its exit status
  // The zone, Primary's health check, and the pair.
  void make_pair(int request_interval_s);
  void kill_primary() { primary_->kill(); }
  void start_primary();
  // By itself, or killed by somebody.
  bool engine_has_ended() { return engine_ && engine_->has_ended(); }
  bool primary_has_ended() { return primary_ && primary_->has_ended(); }

  aws::Value call(std::string_view service, std::string_view operation, aws::Value input);
  // `sitelatch WORDS`, to its end; thrown where that is not 0. Gives its stdout.
  std::string sitelatch(const std::vector<std::string>& words,
                        const std::function<bool()>& give_up = {});
  std::string resource_path();  // of Primary's check
  std::string guard_state();    // what `sitelatch status` says: "armed"
  std::string served_by();      // what a user of client.example.test gets: "Primary"

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path engine_directory() const { return directory_ / "engine"; }
  const RunningEngine& engine() const { return found_; }
  const std::string& engine_ready_line() const { return engine_->ready_line(); }
  std::uint16_t site_port() const { return site_port_; }
  pid_t primary_pid() const { return primary_->pid(); }
  const std::string& check() const { return check_; }
  const std::string& self() const { return self_; }

 private:
  BackgroundProgram start_site(const std::string& name, const std::string& listen);
  std::string create_check(int request_interval_s);

  std::filesystem::path directory_;
  std::string self_ = std::filesystem::read_symlink("/proc/self/exe").string();
  Environment environment_;
  std::vector<std::string> unset_;
  std::optional<BackgroundProgram> engine_, primary_, backup_;
  RunningEngine found_;
  net::Endpoint dns_;
  std::uint16_t site_port_ = 0;
  std::unique_ptr<client::Aws> aws_;
  std::string check_;
};

}  // namespace sitelatch::cli
