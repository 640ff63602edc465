// SPDX-License-Identifier: Apache-2.0
// An Account for the form `config`: what a person does, what somebody else's hand does, and an eye
// on DNS every second that passes, also while a command waits.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "account.h"
#include "guard/apply/config_deploy.h"
#include "guard/apply/config_destroy.h"
#include "guard/apply/config_switch_back.h"

namespace sitelatch::guard::test {

struct ProcessEnded {};

class ConfigAccount : public Account {
 public:
  using Account::Account;

  // --- what a person does; nothing: done, else why not
  std::optional<std::string> deploy_config(bool change_records, Duration timeout = 45min,
                                           const std::string& notify = {});
  // Deployed, records and all, Primary serving, nothing left to do.
  void serve();
  std::optional<std::string> destroy_config(bool change_records, Unhold unhold = Unhold::unsaid,
                                            bool logs = true);
  SwitchBackReport release(std::set<std::string> force = {}, Duration window = 40min);
  Result<ConfigTripped, Error> trip();
  ConfigView look_config();
  Phase phase() { return look_config().assessment.phase; }
  std::vector<ConfigWork> work_left_of_config();

  // --- what somebody else does
  void update(const std::string& health_check_id,
              std::initializer_list<std::pair<std::string_view, aws::Value>> members);
  void outage(Duration length);

  // --- what happens
  // Passes so much time, and looks at DNS every second of it.
  void live(Duration d);
  void sleep(Duration d) override { live(d); }
  // From now on DNS may not name Primary.
  bool held_out = false;
  int named_primary = 0;  // seconds in which it did all the same
  std::function<void()> every_second = [] {};
  // The n-th call from here (1: the next) ends the process: ProcessEnded is thrown in its place.
  void kill_at(std::size_t n) { killed_at_ = calls().size() + n; }
  client::Outcome<client::Reply> send(const client::Call& call) override;

  // Checks of this form by their references, alarms by their names, tags and records, sorted.
  std::vector<std::string> pieces();

 protected:
  virtual void second_passed() {}

 private:
  std::size_t killed_at_ = 0;
};

}  // namespace sitelatch::guard::test
