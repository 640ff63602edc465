// SPDX-License-Identifier: Apache-2.0
// Log groups and streams (in memory) and their events (only in the journal). Journal:
//   logs.groups    <region>/<group>             -> JSON
//   logs.streams   <region>/<group>\0<stream>   -> JSON
//   logs.events    <group:8 hex><stream:8 hex><position>  -> <ingestion ms:16 hex><message>
//   logs.timeline  <group:8 hex><position>                -> <stream:8 hex>
//   logs.sequence  last                          -> <16 hex>
// A position is <timestamp ms:16 hex><sequence:16 hex>: events are in order of time, then of
// arrival, and a position never changes, so it makes event ids and page tokens. One stream is read
// by `events`, a whole group by `timeline`.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/service/tags.h"
#include "ports/journal.h"
#include "ports/timers.h"

namespace sitelatch::logs {

inline constexpr std::int64_t day_ms = 86'400'000;

struct Position {
  std::int64_t timestamp_ms = 0;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
  std::string key() const;
  static std::optional<Position> from_key(std::string_view key);
  // 56 digits, as AWS's event ids have.
  std::string digits() const;
  static std::optional<Position> from_digits(std::string_view digits);
  Position next() const { return {timestamp_ms, sequence + 1}; }
};

struct NewEvent {
  std::int64_t timestamp_ms = 0;
  std::string message;
};

struct Event {
  Position position;
  std::int64_t ingestion_ms = 0;
  std::string message;
  std::string stream;  // only from a timeline
};

struct Stream {
  std::uint32_t number = 0;
  std::string name;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> first_ms, last_ms, last_ingestion_ms;
  std::uint64_t last_sequence = 0;
};

struct Group {
  std::uint32_t number = 0;
  std::string region, name;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> retention_days;
  std::string log_class = "STANDARD";
  std::optional<std::string> kms_key;
  bool deletion_protected = false;
  aws::Tags tags;
  std::map<std::string, std::unique_ptr<Stream>, std::less<>> streams;
};

class LogStore {
 public:
  LogStore(ports::Journal& journal, ports::Timers& timers);
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;

  Group& create_group(const std::string& region, const std::string& name);
  Stream& create_stream(Group& group, const std::string& name);
  Group* find(std::string_view region, std::string_view name);
  const Group* find(std::string_view region, std::string_view name) const;
  void visit(std::string_view region, std::string_view after,
             const std::function<bool(const Group&)>& visit) const;
  void write(const Group& group);  // after a change of its members
  void erase_group(Group& group);
  void erase_stream(Group& group, const std::string& name);

  // Gives the first event's sequence; the others' follow it.
  std::uint64_t append(const Group& group, Stream& stream, const std::vector<NewEvent>& events);

  // Positions in [from, to), until the visitor answers false. Ascending, or from the far end.
  using Visitor = std::function<bool(Event&&)>;
  void read(const Group& group, const Stream& stream, Position from, Position to, bool ascending,
            const Visitor& visit) const;
  // All streams' events in order of time; `wanted` says by stream number which.
  void read_timeline(const Group& group, Position from, Position to,
                     const std::function<bool(const Stream&)>& wanted, const Visitor& visit) const;

 private:
  void load();
  void write_stream(const Group& group, const Stream& stream);
  void age();
  void expire(const Group& group);

  ports::Journal& journal_;
  ports::Timers& timers_;
  std::map<std::string, std::unique_ptr<Group>, std::less<>> groups_;  // by "<region>/<name>"
  std::uint32_t last_number_ = 0;                                      // of groups and streams
  std::uint64_t last_sequence_ = 0;
  ports::Timer ageing_;
};

}  // namespace sitelatch::logs
