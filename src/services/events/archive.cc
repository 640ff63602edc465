// SPDX-License-Identifier: Apache-2.0
#include "services/events/archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sitelatch::events {
namespace {
using aws::Value;

constexpr std::size_t number_digits = 8, time_digits = 16;

Value ms_or_none(const std::optional<Instant>& at) { return at ? Value{unix_ms(*at)} : Value{}; }
std::optional<Instant> from_ms(const Value& ms) {
  if (ms.is_null()) return std::nullopt;
  return from_unix_ms(ms.integer());
}

std::string time_text(Instant time) {
  return fmt::format("{:016x}", std::max<std::int64_t>(0, unix_ms(time)));
}
Instant time_from(std::string_view digits) {
  std::int64_t ms = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), ms, 16);
  return from_unix_ms(ms);
}

}  // namespace

std::string Archive::key(Instant time, std::uint64_t n) const {
  return fmt::format("{:08x}{}{:016x}", number, time_text(time), n);
}

Instant time_of_key(std::string_view key) {
  return time_from(key.substr(std::min(key.size(), number_digits), time_digits));
}

std::string archived_row(Instant ingested, std::string_view json) {
  return time_text(ingested) + std::string{json};
}
Instant ingestion_of(std::string_view row) { return time_from(row.substr(0, time_digits)); }
std::string_view event_in(std::string_view row) {
  return row.substr(std::min(row.size(), time_digits));
}

Value to_value(const Archive& archive) {
  return Value::structure({{"region", archive.region},
                           {"name", archive.name},
                           {"arn", archive.arn},
                           {"bus", archive.bus},
                           {"description", archive.description},
                           {"kms_key", archive.kms_key},
                           {"pattern", archive.pattern},
                           {"retention_days", archive.retention_days},
                           {"created_ms", unix_ms(archive.created)},
                           {"number", archive.number},
                           {"next", static_cast<std::int64_t>(archive.next)},
                           {"events", archive.events},
                           {"bytes", archive.bytes}});
}

Archive archive_from(const Value& value) {
  Archive out;
  out.region = value["region"].string();
  out.name = value["name"].string();
  out.arn = value["arn"].string();
  out.bus = value["bus"].string();
  out.description = value["description"].optional_string();
  out.kms_key = value["kms_key"].optional_string();
  out.pattern = value["pattern"].string_or("");
  out.retention_days = value["retention_days"].integer_or(0);
  out.created = from_unix_ms(value["created_ms"].integer());
  out.number = static_cast<std::uint32_t>(value["number"].integer());
  out.next = static_cast<std::uint64_t>(value["next"].integer());
  out.events = value["events"].integer();
  out.bytes = value["bytes"].integer();
  return out;
}

std::string archive_target(const std::string& region) { return "arn:aws:events:" + region + ":::"; }

std::string archive_rule_pattern(const std::string& pattern) {
  Value rule = aws::from_json(pattern).value_or(Value::structure());
  rule.set("replay-name", Value::list({Value::structure({{"exists", false}})}));
  return aws::to_json(rule);
}

Value to_value(const Replay& replay) {
  return Value::structure({{"region", replay.region},
                           {"name", replay.name},
                           {"arn", replay.arn},
                           {"archive", replay.archive_arn},
                           {"bus", replay.bus},
                           {"description", replay.description},
                           {"destination", replay.destination},
                           {"state", replay.state},
                           {"from_ms", unix_ms(replay.from)},
                           {"to_ms", unix_ms(replay.to)},
                           {"started_ms", unix_ms(replay.started)},
                           {"ended_ms", ms_or_none(replay.ended)},
                           {"last_ms", ms_or_none(replay.last)},
                           {"next", replay.next}});
}

Replay replay_from(const Value& value) {
  Replay out;
  out.region = value["region"].string();
  out.name = value["name"].string();
  out.arn = value["arn"].string();
  out.archive_arn = value["archive"].string();
  out.bus = value["bus"].string();
  out.description = value["description"].optional_string();
  out.destination = value["destination"];
  out.state = value["state"].string();
  out.from = from_unix_ms(value["from_ms"].integer());
  out.to = from_unix_ms(value["to_ms"].integer());
  out.started = from_unix_ms(value["started_ms"].integer());
  out.ended = from_ms(value["ended_ms"]);
  out.last = from_ms(value["last_ms"]);
  out.next = value["next"].string_or("");
  return out;
}

}  // namespace sitelatch::events
