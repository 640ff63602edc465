// SPDX-License-Identifier: Apache-2.0
// What is due, in order: by time, and among equals in the order in which it was put in, so that a
// run repeats. Keeps its memory from run to run.
#pragma once

#include <algorithm>
#include <vector>

#include "simulation/plan.h"

namespace sitelatch::simulation {

template <class Kind>
class Agenda {
 public:
  struct Entry {
    Ms at = 0;
    std::uint32_t order = 0;
    Kind kind{};
    std::uint8_t a = 0, b = 0, c = 0;
  };

  void clear() {
    entries_.clear();
    order_ = 0;
  }
  bool empty() const { return entries_.empty(); }

  void add(Ms at, Kind kind, std::uint8_t a = 0, std::uint8_t b = 0, std::uint8_t c = 0) {
    entries_.push_back({at, order_++, kind, a, b, c});
    std::push_heap(entries_.begin(), entries_.end(), later);
  }
  Entry take() {
    std::pop_heap(entries_.begin(), entries_.end(), later);
    const auto first = entries_.back();
    entries_.pop_back();
    return first;
  }

 private:
  static bool later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }
  std::vector<Entry> entries_;
  std::uint32_t order_ = 0;
};

}  // namespace sitelatch::simulation
