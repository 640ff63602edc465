// SPDX-License-Identifier: Apache-2.0
// The guard's own record: what must not live on the health check alone, which Terraform and people
// also write. It is kept twice (docs/decisions/0010): the function's environment (written by the
// commands, under its RevisionId) holds what a deploy or a release fixed; tags of the notify topic
// hold the present, one tag a writer and purpose, so that no writer can undo another's. Tags win
// over the environment. Absent or garbled parts read as "not there".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "guard/rules/latch.h"

namespace sitelatch::guard {

using Texts = std::map<std::string, std::string>;  // environment variables, or tags

enum class Keep { primary, backup };
std::string_view to_string(Keep keep);
std::optional<Keep> keep(std::string_view text);

// A release is numbered. Evidence that CloudWatch had already given when it was made cannot latch
// again: it is compared on CloudWatch's own clock (`alarm_seen`: the alarm's
// StateTransitionedTimestamp at the release), never with ours.
struct Release {
  std::uint64_t number = 0;
  std::optional<Instant> at;          // when, by the releaser's clock; nothing: never released
  std::optional<Instant> alarm_seen;  // nothing: there was no alarm
  Duration window = std::chrono::minutes{10};  // how long a still failing Primary is not yet news
  bool operator==(const Release&) const = default;
};

struct Maintenance {
  Instant since, until;
  Keep keep = Keep::primary;
  std::string reason;
  bool operator==(const Maintenance&) const = default;
};

enum class LatchedBy { alarm, reconcile, relatch, trip, found, relay };
std::string_view to_string(LatchedBy by);

struct LatchNote {
  std::uint64_t release = 0;  // "latched in release N": stale once there is a newer release
  Instant at;
  LatchedBy by = LatchedBy::alarm;
  bool planned = false;
  std::string path_before;  // the path that the latch replaced, where it was not the recorded one
  bool operator==(const LatchNote&) const = default;
};

// The last reminder of a latch that people were given (reminder.h): stale once there is another.
struct Reminded {
  std::uint64_t release = 0;
  Instant since;  // from when it was counted
  int hours = 0;
  bool operator==(const Reminded&) const = default;
};

struct Record {
  std::optional<std::string> original_path;  // "" : the check had none
  std::optional<LatchKind> latch;
  Release release;
  std::optional<Maintenance> maintenance;
  std::optional<LatchNote> latch_note;
  std::optional<Instant>
      notified_maintenance_end;  // `until` of the window whose end people were told
  std::optional<Reminded> reminded;

  bool latched_in_this_release() const {
    return latch_note && latch_note->release == release.number;
  }
  // What a release gives back.
  std::optional<std::string> path_to_restore() const {
    return latched_in_this_release() && !latch_note->path_before.empty() ? latch_note->path_before
                                                                         : original_path;
  }
  bool in_maintenance(Instant now) const { return maintenance && now < maintenance->until; }
  bool operator==(const Record&) const = default;
};

// Names of the parts. Tag values use only what every AWS service takes in tags; see tag_text().
namespace env {
inline constexpr std::string_view original_path = "SITELATCH_ORIGINAL_PATH";
inline constexpr std::string_view latch = "SITELATCH_LATCH";
inline constexpr std::string_view release = "SITELATCH_RELEASE";
}  // namespace env
namespace tag {
inline constexpr std::string_view guard =
    "sitelatch:guard";  // = health check id, on every resource
inline constexpr std::string_view health_check =
    "HealthCheckId";  // the guide's own, as a pointer for people
inline constexpr std::string_view original_path = "sitelatch:original-path";
inline constexpr std::string_view latch = "sitelatch:latch";
inline constexpr std::string_view release = "sitelatch:release";          // written by commands
inline constexpr std::string_view maintenance = "sitelatch:maintenance";  // written by commands
inline constexpr std::string_view maintenance_reason = "sitelatch:maintenance-reason";
inline constexpr std::string_view latched =
    "sitelatch:latched";  // written by the function and by trip
inline constexpr std::string_view notified = "sitelatch:notified";  // written by the function
// Of deploy alone, beside the record: which holes were accepted (rules/holes.h, on the notify
// topic), and the keys of the tags that people asked for (on the alarm's topic).
inline constexpr std::string_view accepted_holes = "sitelatch:accepted-holes";
inline constexpr std::string_view tag_keys = "sitelatch:tag-keys";
}  // namespace tag

// The variables of the record (original path, latch kind, release) for the function's environment.
Texts record_environment(const Record& record);
// The tags of the record for the notify topic. Parts that are not there have no tag: remove those
// in record_tag_keys().
Texts record_tags(const Record& record);
const std::vector<std::string_view>& record_tag_keys();
// The tags that the function may write (its policy names them): sitelatch:latched,
// sitelatch:notified.
const std::vector<std::string_view>& function_tag_keys();
Record read_record(const Texts& environment, const Texts& tags);

// Any text as a tag value and back: characters beyond letters, digits, blank and _.:/+-@ become
// =XX; cut at 256.
std::string tag_text(std::string_view text);
std::string from_tag_text(std::string_view text);

}  // namespace sitelatch::guard
