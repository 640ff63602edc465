// SPDX-License-Identifier: Apache-2.0
// What happened in one run, line by line, for people: when, and what.
#pragma once

#include <string>
#include <vector>

#include "simulation/plan.h"

namespace sitelatch::simulation {

class Story {
 public:
  struct Line {
    Ms at = 0;
    std::string text;
    bool breach = false;  // what must never happen
  };
  void tell(Ms at, std::string text) { lines_.push_back({at, std::move(text), false}); }
  void breach(Ms at, std::string text) { lines_.push_back({at, std::move(text), true}); }
  const std::vector<Line>& lines() const { return lines_; }

 private:
  std::vector<Line> lines_;
};

// "+  12.4 s  ...", a breach marked.
std::string text_of(const Story& story);

}  // namespace sitelatch::simulation
