// SPDX-License-Identifier: Apache-2.0
// What is due, in order: by time, and among equals in the order in which it was put in, so that a
// run repeats. Keeps its memory from run to run. Sorted, not a heap: of the few dozen that are due,
// what is put in is mostly the last or nearly so (each probe puts in its next), so that hardly
// anything moves, and no branch surprises the processor.
#pragma once

#include <vector>

#include "simulation/plan.h"

namespace sitelatch::simulation {

template <class Kind>
class Agenda {
 public:
  struct Entry {
    Ms at = 0;
    Kind kind{};
    std::uint8_t a = 0, b = 0, c = 0;
  };

  void clear() {
    entries_.clear();
    taken_ = 0;
  }
  bool empty() const { return taken_ == entries_.size(); }
  Ms next_at() const { return entries_[taken_].at; }

  void add(Ms at, Kind kind, std::uint8_t a = 0, std::uint8_t b = 0, std::uint8_t c = 0) {
    auto place = entries_.size();
    entries_.emplace_back();
    for (; place > taken_ && entries_[place - 1].at > at; --place)
      entries_[place] = entries_[place - 1];
    entries_[place] = {at, kind, a, b, c};
  }
  Entry take() {
    const auto first = entries_[taken_++];
    if (taken_ == most_taken) {
      entries_.erase(entries_.begin(), entries_.begin() + most_taken);
      taken_ = 0;
    }
    return first;
  }

 private:
  static constexpr std::size_t most_taken = 256;  // so many stay until they are swept out at once
  std::vector<Entry> entries_;
  std::size_t taken_ = 0;  // the first of them
};

}  // namespace sitelatch::simulation
