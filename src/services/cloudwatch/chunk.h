// SPDX-License-Identifier: Apache-2.0
// A stretch of one metric's time cut into equal slots: an hour of minutes, or a minute of seconds.
// Runs of slots with the same aggregate are kept once, so a check that is healthy all hour is one
// run. Also the form of rows in the journal:
//   chunk = track*   track = unit:u8 runs:varint run*
//   run = first_slot:varint length:varint flags:u8 count:f64 [sum:f64 maximum:f64] minimum:f64
//     [n:varint (value:f64 count:f64)*]
// flags: 1 all samples are equal (no sum, no maximum), 2 the values follow, 4 values unknown. f64
// is little endian.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/cloudwatch/aggregate.h"
#include "services/cloudwatch/metric.h"

namespace sitelatch::cloudwatch {

class Chunk {
 public:
  static constexpr std::uint16_t slots = 60;

  void add(std::uint16_t slot, Unit unit, const Aggregate& aggregate);
  // Slots in [from, to), in order within each unit.
  using Visitor = std::function<void(std::uint16_t slot, Unit unit, const Aggregate& aggregate)>;
  void visit(std::uint16_t from, std::uint16_t to, const Visitor& visit) const;
  bool empty() const { return tracks_.empty(); }
  std::size_t runs() const;

  std::string encode() const;
  static std::optional<Chunk> decode(std::string_view bytes);  // nothing: not such bytes

 private:
  struct Run {
    std::uint16_t first = 0, length = 1;
    Aggregate aggregate;
    std::uint16_t end() const { return static_cast<std::uint16_t>(first + length); }
  };
  struct Track {
    Unit unit = Unit::none;
    std::vector<Run> runs;  // by first, not overlapping
  };
  Track& track(Unit unit);
  static void join_neighbours(std::vector<Run>& runs, std::size_t at);

  std::vector<Track> tracks_;
};

}  // namespace sitelatch::cloudwatch
