// SPDX-License-Identifier: Apache-2.0
// What people are told by mail or pager, the same from the function and from the commands: the
// subject says who serves which name since when, the text why, and the next command with all that
// it needs. Pure.
#pragma once

#include <optional>
#include <string>

#include "guard/rules/transitions.h"

namespace sitelatch::guard {

// As SNS takes them: a subject of printable ASCII, at most 99 characters.
struct Message {
  std::string subject, text;
};

// With the name cut where it would be too long.
std::string subject_with(const std::string& before_name, std::string name,
                         const std::string& after_name = {});

// What happened: a change of `before` at `now`, or (without one) something that people must know.
struct News {
  const Situation& before;
  const std::optional<Change>& change;
  Instant now{};
  std::string why;       // one sentence, without its full stop
  std::string by;        // ARN of who changed it; empty: the function
  std::string reason{};  // the person's own
};
// `dns_name`: what users look up; empty: not known, the check's id stands for it.
Message message_of(const News& news, const std::string& health_check_id,
                   const std::string& dns_name);

}  // namespace sitelatch::guard
