// SPDX-License-Identifier: Apache-2.0
// Every metric's aggregates: a minute each for 15 days, a second each for 3 hours where data came
// at that resolution (fact cloudwatch-1). The last hours are in memory (as runs, see chunk.h), the
// rest is read from the journal when asked. Journal:
//   cloudwatch.series   <id:8 hex>                    -> JSON: what the id names, last seen
//   cloudwatch.hours    <hour:8 hex><id>              -> Chunk of minutes
//   cloudwatch.minutes  <minute:8 hex><id>            -> Chunk of seconds
// Time leads the keys, so that ageing is one range and a series is read by point.
// What PutMetricData brings is written at once, with the reply's batch. What the engine measures
// itself (every 20 s for every health check) is written within a minute: a crash may lose that, and
// it is measured again (fact cloudwatch-2).
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ports/journal.h"
#include "ports/timers.h"
#include "services/cloudwatch/chunk.h"
#include "services/cloudwatch/conditions.h"
#include "services/cloudwatch/metric.h"

namespace sitelatch::cloudwatch {

class MetricStore {
 public:
  // `conditions` may be null: the default ones.
  MetricStore(ports::Journal& journal, ports::Timers& timers,
              const Conditions* conditions = nullptr);
  MetricStore(const MetricStore&) = delete;
  MetricStore& operator=(const MetricStore&) = delete;

  enum class Write { at_once, within_a_minute };
  enum class Resolution { minute, second };
  struct Datum {
    Aggregate aggregate;
    Unit unit = Unit::none;
    Instant at;
    Resolution resolution = Resolution::minute;
  };
  void add(const MetricId& id, const Datum& datum, Write write);

  struct Series {
    std::uint32_t number = 0;
    MetricId id;
    Instant last_seen;
  };
  // nullptr: never seen, or forgotten. The pointer holds until time goes on.
  const Series* find(const MetricId& id) const;
  // Every series that the visitor should see, by key (region, namespace, name, dimensions).
  void visit_series(const std::string& region,
                    const std::function<void(const std::string& key, const Series&)>& visit) const;

  // Equal stretches of time, one after the other, from an even second.
  struct Window {
    Instant from;
    Duration period;
    std::size_t count;
  };
  // One aggregate a stretch (empty ones included). Without a unit: of all units together (fact
  // cloudwatch-5).
  std::vector<Aggregate> read(const Series& series, std::optional<Unit> unit,
                              const Window& window) const;
  std::vector<Unit> units(const Series& series, const Window& window) const;

  // Writes what waits (an orderly end).
  void flush();

 private:
  struct Kept : Series {
    std::map<std::int64_t, Chunk> recent;  // by hour since the epoch
    bool waits = false;                    // for its turn to be written
    Instant last_seen_written;
  };
  using SlotVisitor = std::function<void(Instant start, Unit unit, const Aggregate& aggregate)>;

  Kept& series_of(const MetricId& id, Instant at);
  void write_series(Kept& series);
  void write_chunk(const Kept& series, std::int64_t hour);
  void wait_to_write(Kept& series);
  void write_waiting(std::size_t second);
  void arm_writer();
  void add_second(const Kept& series, const Datum& datum);
  Chunk load(std::string_view table, std::int64_t chunk, std::uint32_t number) const;
  void visit_slots(const Series& series, const Window& window, const SlotVisitor& visit) const;
  void visit_minute(const Series& series, std::int64_t minute, const SlotVisitor& visit) const;
  bool seen(const Series& series, Instant slot) const;
  void age();
  void load_all();

  ports::Journal& journal_;
  ports::Timers& timers_;
  const Conditions* conditions_;
  std::unordered_map<std::string, std::unique_ptr<Kept>> series_;
  std::unordered_map<std::uint32_t, Kept*> by_number_;
  std::uint32_t last_number_ = 0;
  std::int64_t memory_from_hour_ = 0;  // chunks from here on are complete in memory
  std::array<std::vector<std::uint32_t>, 60>
      waiting_;  // by the second of the minute at which they are written
  std::size_t waiting_count_ = 0;
  ports::Timer writer_, ageing_;
};

}  // namespace sitelatch::cloudwatch
