// SPDX-License-Identifier: Apache-2.0
// Whether a drill reaches a person: it sends a code by the way by which a latch would be told, and
// somebody has to give it back, by `sitelatch acknowledge` or at the drill's own terminal. Only a
// digest of the code is kept (in a tag of the topic that the message went to), so that nobody can
// give back what he has not read. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "guard/rules/message.h"

namespace sitelatch::guard {

namespace tag {
inline constexpr std::string_view asked = "sitelatch:asked";                // by the drill
inline constexpr std::string_view acknowledged = "sitelatch:acknowledged";  // by acknowledge
}  // namespace tag

// Without letters and digits that are taken for each other: eight of them, "K7Q4-2MXD" for people.
inline constexpr std::string_view code_letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
std::string shown_code(std::string_view code);
// As somebody has typed it: blanks, hyphens and capitals do not matter.
std::string digest_of_code(std::string_view typed);

// A drill that waits: for which code, since when, and until when.
struct Asked {
  std::string digest;
  Instant at, until;
  bool operator==(const Asked&) const = default;
};
std::string tag_text(const Asked& asked);
std::optional<Asked> read_asked(std::string_view text);

// Who has given a code back, and when.
struct Acknowledged {
  std::string digest;
  Instant at;
  std::string who;  // ARN; empty: typed where the drill runs
  bool operator==(const Acknowledged&) const = default;
};
std::string tag_text(const Acknowledged& given);
std::optional<Acknowledged> read_acknowledged(std::string_view text);

// Nothing: that code is waited for. Else why not, in a sentence.
std::optional<std::string> not_waited_for(const std::optional<Asked>& asked, std::string_view typed,
                                          Instant now);

Message message_of(const Asked& asked, std::string_view code, const std::string& health_check_id,
                   const std::string& dns_name);

}  // namespace sitelatch::guard
