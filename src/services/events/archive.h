// SPDX-License-Identifier: Apache-2.0
// Archives keep the events of a bus, replays send them again. An archive is fed by a rule of its
// own, as on AWS (fact events-80). Journal:
//   events.archives  <arn>                                    -> JSON
//   events.archived  <archive:8 hex><event's ms:16 hex><n:16 hex>
//                                      -> <ingested ms:16 hex><the event's JSON>
//   events.replays   <arn>                                    -> JSON
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::events {

struct Archive {
  std::string region, name, arn, bus;
  std::optional<std::string> description, kms_key;
  std::string pattern;              // empty: every event
  std::int64_t retention_days = 0;  // 0: for ever
  Instant created{};
  std::uint32_t number = 0;
  std::uint64_t next = 0;  // of its events
  std::int64_t events = 0, bytes = 0;
  Instant looked_through{};  // for what is older than the retention; not kept

  std::string rule_name() const { return "Events-Archive-" + name; }
  // Where an event of this time stands, and what is before or behind all of a time.
  std::string key(Instant time, std::uint64_t n) const;
};
// Of a row of an event.
std::string archived_row(Instant ingested, std::string_view json);
Instant ingestion_of(std::string_view row);
std::string_view event_in(std::string_view row);
aws::Value to_value(const Archive& archive);
Archive archive_from(const aws::Value& value);
Instant time_of_key(std::string_view key);

// Who manages an archive's rule, and the rule's target and pattern.
inline constexpr std::string_view archive_manager = "prod.vhs.events.aws.internal";
std::string archive_target(const std::string& region);
std::string archive_rule_pattern(const std::string& pattern);

struct Replay {
  std::string region, name, arn, archive_arn, bus;
  std::optional<std::string> description;
  aws::Value destination;  // as given
  std::string state = "STARTING";
  Instant from{}, to{}, started{};
  std::optional<Instant> ended, last;
  std::string next;  // the key to go on from; empty: from the beginning

  bool active() const { return state == "STARTING" || state == "RUNNING" || state == "CANCELLING"; }
};
aws::Value to_value(const Replay& replay);
Replay replay_from(const aws::Value& value);

}  // namespace sitelatch::events
