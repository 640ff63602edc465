// SPDX-License-Identifier: Apache-2.0
// "Still latched": people are told again one hour, four hours and a day after a latch was set, and
// then daily, as long as it stands (decision 0024). Pure: what is due follows from the latch's note
// and the time alone, so that a tick that comes late or not at all loses nothing, and of several
// marks that passed meanwhile the last is told. Within a maintenance that keeps Backup there is
// none: people have said until when, and marks are counted from its end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/rules/message.h"
#include "guard/rules/transitions.h"

namespace sitelatch::guard {

struct Reminder {
  Reminded mark;
  Instant due{};
  Instant latched_at{};
  bool planned = false;
  LatchedBy by = LatchedBy::alarm;
  std::string key() const;  // the same for whoever sees the same latch at the same mark
  // Who is to tell it: whoever makes all of these, of which each can be made once (log streams).
  // Two runs of one tick never both do. Where one has died over it the mark is free again after ten
  // to twenty minutes, if no tag says that it was told: a name holds for ten minutes, and the one
  // of the ten minutes before must be free, too.
  std::vector<std::string> claims(Instant now) const;
};
// Nothing: none is due, or it was told.
std::optional<Reminder> reminder_due(const Situation& situation, Instant now);

Message message_of(const Reminder& reminder, const std::string& health_check_id,
                   const std::string& dns_name);

}  // namespace sitelatch::guard
