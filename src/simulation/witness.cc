// SPDX-License-Identifier: Apache-2.0
#include "simulation/witness.h"

#include <fmt/format.h>

namespace sitelatch::simulation {

void Witness::begin(Story* story) {
  *this = Witness{};
  story_ = story;
}

void Witness::answer(Ms now, int number, bool backup, bool last_resort) {
  auto& edge = edges_[static_cast<std::size_t>(number)];
  if (edge.backup == backup) return;
  edge.backup = backup;
  backup_count_ += backup ? 1 : -1;
  if (backup) {
    if (edge.leaks) leak_ends(now, edge);
    edge.held = true;
    if (first_backup_ < 0) first_backup_ = now;
    if (number == 0 && failover_ < 0) failover_ = now;
    if (story_) story_->tell(now, fmt::format("edge {} names Backup", number));
  } else if (edge.held) {
    leak_begins(now, edge, number, last_resort);
  } else if (story_) {
    story_->tell(now, fmt::format("edge {} names Primary, after a person's release", number));
  }
}

void Witness::leak_begins(Ms now, Edge& edge, int number, bool last_resort) {
  edge.leaks = true;
  if (first_leak_ < 0) first_leak_ = now;
  if (leaking_++ == 0) leaking_since_ = now;
  if (story_)
    story_->breach(now,
                   fmt::format("edge {} names Primary{}; nobody has switched back ({})", number,
                               last_resort ? ", since Backup is unhealthy too" : " again",
                               last_resort ? "I2" : "I1"));
}

void Witness::leak_ends(Ms now, Edge& edge) {
  edge.leaks = false;
  if (--leaking_ == 0) unsafe_ += now - leaking_since_;
}

void Witness::released(Ms now) {
  for (auto& edge : edges_) {
    if (edge.leaks) leak_ends(now, edge);
    edge.held = false;
  }
}

void Witness::held_again() {
  for (auto& edge : edges_) edge.held = edge.backup;
}

void Witness::end(Ms now) {
  for (auto& edge : edges_)
    if (edge.leaks) leak_ends(now, edge);
}

}  // namespace sitelatch::simulation
