// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/latch_notes.h"

namespace sitelatch::guard {

Change latch_change(const Situation& s, bool planned, LatchedBy by, Instant now) {
  const auto kind = s.record.latch.value_or(LatchKind::path);
  Change change;
  change.check = latching(s.check, kind, planned);
  change.expected_version = s.check.version;
  change.record = s.record;
  LatchNote note{s.record.release.number, now, by, planned, ""};
  const auto path = s.check.path.value_or("");
  if (!is_latch_path(path)) {
    if (!change.record.original_path)
      change.record.original_path = path;
    else if (path != *change.record.original_path)
      note.path_before = path;
  }
  // Latched again: what stood there before the first latch is what a release gives back.
  if (s.record.latched_in_this_release() && !s.record.latch_note->path_before.empty())
    note.path_before = s.record.latch_note->path_before;
  change.record.latch_note = note;
  change.record.maintenance.reset();
  return change;
}

Record held_after_failed_release(const Situation& before, const Record& released, Instant now) {
  auto held = released;
  held.latch_note = before.record.latched_in_this_release()
                        ? *before.record.latch_note
                        : LatchNote{0, now, LatchedBy::found, planned_latch(before), ""};
  held.latch_note->release = released.release.number;
  held.maintenance = before.record.maintenance;
  return held;
}

}  // namespace sitelatch::guard
