// SPDX-License-Identifier: Apache-2.0
// An Account for the form `hardened`: sixteen checkers, the guard's own function and its relay (run
// by the probes of its URL), and four name servers that hear of a change at different times.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "config_account.h"
#include "guard/apply/hardened_deploy.h"
#include "guard/apply/hardened_destroy.h"

namespace sitelatch::guard::test {

class HardenedAccount : public ConfigAccount {
 public:
  explicit HardenedAccount(std::size_t checkers = 16);

  // --- what a person does; nothing: done, else why not
  std::optional<std::string> deploy_hardened(bool change_records, DeployOptions wish = {});
  HardenedDeployPlan plan_hardened();
  // Deployed, records and all, armed, every link ok.
  void serve_hardened();
  View look_hardened();
  // All of it; or the relay alone, to the guide's form.
  std::optional<std::string> destroy_hardened();
  std::optional<std::string> back_to_guide();
  SwitchBackReport switch_back_now(std::set<std::string> force = {});

  // --- what is there
  std::int64_t threshold();
  // Everything of a guard and its relay, sorted.
  std::vector<std::string> everything();

  // --- the world
  // How late each name server is, in whole seconds.
  std::array<int, 4> behind_s = {0, 1, 3, 5};
  // What a name server says now.
  std::string says(std::size_t server, const std::string& type = "A");
  bool relay_is_dead = false;  // that of a drill too, as far as probes run it
  int relay_runs = 0;
  // From the first Backup of a server on, until a release: seconds in which it named Primary again.
  int leaked_s = 0;
  void released() { named_backup_ = {}; }
  // Tells `leaked_s` from now on.
  bool watches = false;

 protected:
  void second_passed() override;

 private:
  struct Second {
    std::string user, sentinel;
  };
  Second now_said();
  std::string at_once(std::string name, const std::string& type) const;
  Look see(const RelaySettings& settings, Duration waited);
  std::size_t server_of(const std::string& name);

  std::vector<Second> history_;
  std::array<bool, 4> named_backup_{};
  std::vector<std::string> servers_;
};

}  // namespace sitelatch::guard::test
