// SPDX-License-Identifier: Apache-2.0
// Witness: sees every view that is published, and what is durable at that instant, and holds the
// invariants of a failover pair in every scenario:
//   W1  no answer rests on an undurable status: what DNS says is what Route 53's failover rule
//       makes of the journal
//   W2  a status turns healthy only after as many good probes in a row as the threshold asks, by
//       the engine that lives;
//       so no restart makes an unhealthy Primary healthy
//   W3  between the latch and the switch back no answer names Primary (but where a test says
//       `both_down_is_known`:
//       by Route 53's rule Primary is answered when nobody is healthy)
//   W4  under manual resume failover and latch are one batch: at every commit an armed Primary
//   whose
//       own status is unhealthy has its latch; a latch ends in the batch that notes its release, or
//       with its check
//   W5  from such a failover to its release no answer names Primary (with W3's exception)
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/view.h"
#include "ports/sim/world.h"

namespace sitelatch::scenario {

class Witness {
 public:
  Witness(const ports::Timers& timers, const ports::sim::MemoryJournal& journal)
      : timers_(timers), journal_(journal) {}

  struct Pair {
    std::string name;
    std::string primary_check, primary_address;
    std::string backup_check, backup_address;  // no check: Backup counts as healthy
  };
  // From now on: these records exist and are answered by failover.
  void watch(Pair pair) { pair_ = std::move(pair); }
  void watch_no_more() { pair_.reset(); }
  bool both_down_is_known = false;  // W3's exception

  void published(const dns::View& view);
  void committed();  // at the instant of durability
  void probed(const std::string& health_check_id, bool success);
  void crashed();

  // Every change of what DNS answers for the watched name, in order: "192.0.2.1 192.0.2.2".
  std::string answers() const;
  bool latched() const { return latched_; }
  bool held() const { return held_; }  // by manual resume
  std::size_t failovers() const { return failovers_; }

 private:
  struct Health {
    bool real = true, own = true, effective = true;
    bool probed = true;  // else it rests on other checks or on a metric, and W2 says nothing
    int threshold = 1;
    std::string path;
  };
  struct Parsed {
    std::string row;
    Health health;
    bool disabled = false, inverted = false;
  };
  std::optional<Health> durable_health(const std::string& health_check_id) const;
  void hold_manual_resume();
  std::string expected() const;  // by the failover rule, of what is durable
  std::string when() const;

  const ports::Timers& timers_;
  const ports::sim::MemoryJournal& journal_;
  std::optional<Pair> pair_;
  std::map<std::string, int> good_in_a_row_;
  std::map<std::string, bool> real_;              // as last committed
  mutable std::map<std::string, Parsed> parsed_;  // the last row of each check, read once
  std::vector<std::string> answers_;
  bool latched_ = false;
  bool held_ = false;
  std::string last_release_;
  std::size_t failovers_ = 0;
};

}  // namespace sitelatch::scenario
