// SPDX-License-Identifier: Apache-2.0
// Watches what every edge answers and holds it against the numbered invariants:
//
//   I1  an edge that has named Backup because Primary failed names Primary only after a person has
//       released (a leak; its seconds are counted, as long as any edge is in it)
//   I2  also when both sites are unhealthy
//   I3  where Primary fails long enough to be seen, every edge names Backup
//   I4  after a release and with Primary well, every edge names Primary
//
// I1 and I2 are judged at every change of an answer, I3 and I4 by whoever knows what happened
// (Witness::all_name). That edges hear of a failover one after the other is no leak: an edge that
// has not yet named Backup names Primary rightly by what it knows.
#pragma once

#include <array>
#include <string_view>

#include "simulation/plan.h"
#include "simulation/story.h"

namespace sitelatch::simulation {

class Witness {
 public:
  void begin(Story* story);

  // `last_resort`: Primary is named although it is unhealthy, because Backup is too.
  void answer(Ms now, int edge, bool backup, bool last_resort);
  // A person gives Primary back: from now on edges may name it, until they name Backup anew.
  void released(Ms now);
  // What was given back is held again: whoever names Backup by now may not name Primary.
  void held_again();
  void end(Ms now);

  bool all_name_backup() const { return backup_count_ == edge_count; }
  bool all_name_primary() const { return backup_count_ == 0; }
  bool failed_over() const { return first_backup_ >= 0; }
  bool leaked() const { return first_leak_ >= 0; }
  Ms first_backup() const { return first_backup_; }
  Ms failover() const { return failover_; }  // of edge 0, a client's; -1: never
  Ms first_leak() const { return first_leak_; }
  Ms unsafe() const { return unsafe_; }

 private:
  struct Edge {
    bool backup = false, held = false, leaks = false;
  };
  void leak_begins(Ms now, Edge& edge, int number, bool last_resort);
  void leak_ends(Ms now, Edge& edge);

  std::array<Edge, edge_count> edges_{};
  int backup_count_ = 0, leaking_ = 0;
  Ms first_backup_ = -1, failover_ = -1, first_leak_ = -1, leaking_since_ = 0, unsafe_ = 0;
  Story* story_ = nullptr;
};

}  // namespace sitelatch::simulation
