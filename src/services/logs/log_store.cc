// SPDX-License-Identifier: Apache-2.0
#include "services/logs/log_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "base/log.h"
#include "base/text.h"
#include "ports/rows.h"

namespace sitelatch::logs {
namespace {

using aws::Value;
constexpr std::string_view groups_table = "logs.groups", streams_table = "logs.streams",
                           events_table = "logs.events", timeline_table = "logs.timeline",
                           sequence_table = "logs.sequence";
constexpr std::size_t position_length = 32;

std::string hex16(std::uint64_t value) { return fmt::format("{:016x}", value); }
std::string hex8(std::uint32_t value) { return fmt::format("{:08x}", value); }
std::optional<std::uint64_t> from_hex(std::string_view text) {
  std::uint64_t out = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9')
      out = out << 4 | static_cast<std::uint64_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      out = out << 4 | static_cast<std::uint64_t>(c - 'a' + 10);
    else
      return std::nullopt;
  }
  return out;
}

std::string group_key(std::string_view region, std::string_view name) {
  std::string out{region};
  out += '/';
  out += name;
  return out;
}
std::string stream_prefix(const Group& group) { return group_key(group.region, group.name) + '\0'; }
// The key after every key that begins with `prefix` (of hexadecimal digits).
std::string end_of(const std::string& prefix) { return prefix + "g"; }

std::optional<std::int64_t> optional_integer(const Value& value) {
  if (value.is_null()) return std::nullopt;
  return value.integer();
}

Value to_value(const Group& group) {
  return Value::structure({{"number", std::int64_t{group.number}},
                           {"created", group.created_ms},
                           {"retention", group.retention_days},
                           {"class", group.log_class},
                           {"kms", group.kms_key},
                           {"protected", group.deletion_protected},
                           {"tags", aws::tag_map(group.tags)}});
}
Value to_value(const Stream& stream) {
  return Value::structure({{"number", std::int64_t{stream.number}},
                           {"created", stream.created_ms},
                           {"first", stream.first_ms},
                           {"last", stream.last_ms},
                           {"ingested", stream.last_ingestion_ms},
                           {"sequence", static_cast<std::int64_t>(stream.last_sequence)}});
}

}  // namespace

std::string Position::key() const {
  return hex16(static_cast<std::uint64_t>(std::max<std::int64_t>(timestamp_ms, 0))) +
         hex16(sequence);
}
std::optional<Position> Position::from_key(std::string_view key) {
  if (key.size() != position_length) return std::nullopt;
  const auto timestamp = from_hex(key.substr(0, 16)), sequence = from_hex(key.substr(16));
  if (!timestamp || !sequence) return std::nullopt;
  return Position{static_cast<std::int64_t>(*timestamp), *sequence};
}
std::string Position::digits() const {
  return fmt::format("{:036}{:020}", std::max<std::int64_t>(timestamp_ms, 0), sequence);
}
std::optional<Position> Position::from_digits(std::string_view digits) {
  if (digits.size() != 56) return std::nullopt;
  const auto timestamp = parse_int(digits.substr(16, 20)), sequence = parse_int(digits.substr(36));
  if (digits.substr(0, 16).find_first_not_of('0') != std::string_view::npos || !timestamp ||
      !sequence || *timestamp < 0 || *sequence < 0)
    return std::nullopt;
  return Position{*timestamp, static_cast<std::uint64_t>(*sequence)};
}

LogStore::LogStore(ports::Journal& journal, ports::Timers& timers)
    : journal_(journal), timers_(timers) {
  load();
  age();
}

void LogStore::load() {
  ports::take_rows(journal_, groups_table, [this](std::string_view key, std::string_view json) {
    const auto row = aws::stored_value(json);
    const auto slash = key.find('/');
    ports::expect_of_row(slash != std::string_view::npos, "its key names no region");
    auto group = std::make_unique<Group>();
    group->number = static_cast<std::uint32_t>(row["number"].integer_or(0));
    group->region = key.substr(0, slash);
    group->name = ports::text_of_key(key).substr(slash + 1);
    group->created_ms = row["created"].integer_or(0);
    group->retention_days = optional_integer(row["retention"]);
    group->log_class = row["class"].string_or("STANDARD");
    group->kms_key = row["kms"].optional_string();
    group->deletion_protected = row["protected"].boolean_or(false);
    group->tags = aws::read_tags(row["tags"]);
    last_number_ = std::max(last_number_, group->number);
    groups_.emplace(key, std::move(group));
  });
  ports::take_rows(journal_, streams_table, [this](std::string_view key, std::string_view json) {
    const auto row = aws::stored_value(json);
    const auto cut = key.find('\0');
    ports::expect_of_row(cut != std::string_view::npos, "its key names no stream");
    const auto group = groups_.find(key.substr(0, cut));
    if (group == groups_.end()) return;
    auto stream = std::make_unique<Stream>();
    stream->number = static_cast<std::uint32_t>(row["number"].integer_or(0));
    stream->name = ports::text_of_key(key).substr(cut + 1);
    stream->created_ms = row["created"].integer_or(0);
    stream->first_ms = optional_integer(row["first"]);
    stream->last_ms = optional_integer(row["last"]);
    stream->last_ingestion_ms = optional_integer(row["ingested"]);
    stream->last_sequence = static_cast<std::uint64_t>(row["sequence"].integer_or(0));
    last_number_ = std::max(last_number_, stream->number);
    auto name = stream->name;
    group->second->streams.emplace(std::move(name), std::move(stream));
  });
  journal_.scan(sequence_table, "", "", [this](std::string_view, std::string_view value) {
    last_sequence_ = from_hex(value).value_or(0);
    return false;
  });
}

Group* LogStore::find(std::string_view region, std::string_view name) {
  const auto found = groups_.find(group_key(region, name));
  return found == groups_.end() ? nullptr : found->second.get();
}
const Group* LogStore::find(std::string_view region, std::string_view name) const {
  const auto found = groups_.find(group_key(region, name));
  return found == groups_.end() ? nullptr : found->second.get();
}

void LogStore::visit(std::string_view region, std::string_view after,
                     const std::function<bool(const Group&)>& visit) const {
  const auto prefix = group_key(region, "");
  auto at = after.empty() ? groups_.lower_bound(prefix)
                          : groups_.upper_bound(prefix + std::string{after});
  for (; at != groups_.end() && at->second->region == region; ++at)
    if (!visit(*at->second)) return;
}

Group& LogStore::create_group(const std::string& region, const std::string& name) {
  auto group = std::make_unique<Group>();
  group->number = ++last_number_;
  group->region = region;
  group->name = name;
  group->created_ms = unix_ms(timers_.now());
  auto& out = *group;
  groups_[group_key(region, name)] = std::move(group);
  write(out);
  return out;
}
Stream& LogStore::create_stream(Group& group, const std::string& name) {
  auto stream = std::make_unique<Stream>();
  stream->number = ++last_number_;
  stream->name = name;
  stream->created_ms = unix_ms(timers_.now());
  auto& out = *stream;
  group.streams[name] = std::move(stream);
  write_stream(group, out);
  return out;
}

void LogStore::write(const Group& group) {
  journal_.put(groups_table, group_key(group.region, group.name), aws::to_json(to_value(group)));
}
void LogStore::write_stream(const Group& group, const Stream& stream) {
  journal_.put(streams_table, stream_prefix(group) + stream.name, aws::to_json(to_value(stream)));
}

void LogStore::erase_group(Group& group) {
  const auto number = hex8(group.number);
  journal_.erase_range(events_table, number, end_of(number));
  journal_.erase_range(timeline_table, number, end_of(number));
  for (const auto& [name, stream] : group.streams)
    journal_.erase(streams_table, stream_prefix(group) + name);
  const auto key = group_key(group.region, group.name);
  journal_.erase(groups_table, key);
  groups_.erase(key);
}

void LogStore::erase_stream(Group& group, const std::string& name) {
  const auto found = group.streams.find(name);
  if (found == group.streams.end()) return;
  const auto prefix = hex8(group.number) + hex8(found->second->number);
  std::vector<std::string> positions;
  journal_.scan(events_table, prefix, end_of(prefix),
                [&positions](std::string_view key, std::string_view) {
                  positions.emplace_back(key.substr(16));
                  return true;
                });
  for (const auto& position : positions)
    journal_.erase(timeline_table, hex8(group.number) + position);
  journal_.erase_range(events_table, prefix, end_of(prefix));
  journal_.erase(streams_table, stream_prefix(group) + name);
  group.streams.erase(found);
}

std::uint64_t LogStore::append(const Group& group, Stream& stream,
                               const std::vector<NewEvent>& events) {
  const auto first = last_sequence_ + 1;
  if (events.empty()) return first;
  const auto now = unix_ms(timers_.now());
  const auto prefix = hex8(group.number);
  const auto stream_key = hex8(stream.number);
  for (const auto& event : events) {
    const Position position{event.timestamp_ms, ++last_sequence_};
    journal_.put(events_table, prefix + stream_key + position.key(),
                 hex16(static_cast<std::uint64_t>(now)) + event.message);
    journal_.put(timeline_table, prefix + position.key(), stream_key);
    stream.first_ms = std::min(stream.first_ms.value_or(event.timestamp_ms), event.timestamp_ms);
    stream.last_ms = std::max(stream.last_ms.value_or(event.timestamp_ms), event.timestamp_ms);
  }
  stream.last_ingestion_ms = now;
  stream.last_sequence = last_sequence_;
  write_stream(group, stream);
  journal_.put(sequence_table, "last", hex16(last_sequence_));
  return first;
}

namespace {

std::optional<Event> event_from(std::string_view position, std::string_view row) {
  const auto at = Position::from_key(position);
  if (!at || row.size() < 16) return std::nullopt;
  return Event{*at, static_cast<std::int64_t>(from_hex(row.substr(0, 16)).value_or(0)),
               std::string{row.substr(16)}, ""};
}

}  // namespace

void LogStore::read(const Group& group, const Stream& stream, Position from, Position to,
                    bool ascending, const Visitor& visit) const {
  if (from >= to) return;
  const auto prefix = hex8(group.number) + hex8(stream.number);
  const auto row = [&visit](std::string_view key, std::string_view value) {
    auto event = event_from(key.substr(16), value);
    return !event || visit(std::move(*event));
  };
  if (ascending)
    journal_.scan(events_table, prefix + from.key(), prefix + to.key(), row);
  else
    journal_.scan_back(events_table, prefix + from.key(), prefix + to.key(), row);
}

void LogStore::read_timeline(const Group& group, Position from, Position to,
                             const std::function<bool(const Stream&)>& wanted,
                             const Visitor& visit) const {
  constexpr std::size_t batch = 512;
  std::map<std::string, const Stream*, std::less<>> by_number;
  for (const auto& [name, stream] : group.streams)
    if (wanted(*stream)) by_number[hex8(stream->number)] = stream.get();
  const auto prefix = hex8(group.number);
  auto at = prefix + from.key();
  const auto end = prefix + to.key();
  for (bool more = !by_number.empty(); more && at < end;) {
    std::vector<std::pair<std::string, std::string>> rows;  // position, stream
    std::size_t seen = 0;
    journal_.scan(timeline_table, at, end, [&](std::string_view key, std::string_view stream) {
      ++seen;
      at = std::string{key} + '\0';
      if (by_number.find(stream) != by_number.end()) rows.emplace_back(key.substr(8), stream);
      return seen < batch;
    });
    more = seen == batch;
    for (const auto& [position, number] : rows) {
      std::optional<Event> event;
      const auto key = prefix + number + position;
      journal_.scan(events_table, key, key + '\0',
                    [&event, &key](std::string_view found, std::string_view value) {
                      if (found == key) event = event_from(found.substr(16), value);
                      return false;
                    });
      if (!event) continue;
      event->stream = by_number.find(number)->second->name;
      if (!visit(std::move(*event))) return;
    }
  }
}

void LogStore::expire(const Group& group) {
  const auto prefix = hex8(group.number);
  const Position oldest{unix_ms(timers_.now()) - *group.retention_days * day_ms, 0};
  std::vector<std::string> events;
  journal_.scan(timeline_table, prefix, prefix + oldest.key(),
                [&](std::string_view key, std::string_view stream) {
                  events.push_back(prefix + std::string{stream} + std::string{key.substr(8)});
                  return true;
                });
  for (const auto& event : events) journal_.erase(events_table, event);
  if (!events.empty()) journal_.erase_range(timeline_table, prefix, prefix + oldest.key());
}

// Once an hour, what is older than its group keeps goes (fact logs-7).
void LogStore::age() {
  for (const auto& [key, group] : groups_)
    if (group->retention_days) expire(*group);
  ageing_.set(timers_, timers_.now() + std::chrono::hours{1}, [this] { age(); });
}

}  // namespace sitelatch::logs
