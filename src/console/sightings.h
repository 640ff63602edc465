// SPDX-License-Identifier: Apache-2.0
// What has changed from one look at a guard to the next, as moments for its story: DNS that moved,
// a site that stopped answering or answers again. AWS keeps no such history; whoever has the page
// open sees it, to the seconds between two looks. Pure.
#pragma once

#include <optional>
#include <vector>

#include "console/view.h"

namespace sitelatch::console {

class Sightings {
 public:
  // Compares with the look before, and remembers this one.
  void note(const GuardView& view);
  const std::vector<Moment>& moments() const { return moments_; }

 private:
  void add(Instant at, std::string kind, std::string words);
  void note_answer(std::optional<bool>& before, const std::optional<Said>& now, Instant at,
                   const std::string& role);

  std::optional<guard::Serving> serving_;
  std::optional<bool> primary_answers_, backup_answers_;
  std::vector<Moment> moments_;
};

}  // namespace sitelatch::console
