// SPDX-License-Identifier: Apache-2.0
// ManualResume: the latches of all health checks, and the last release of each, written through to
// route53.latches and route53.releases. The rules are latch.h's; whether a check is armed is its
// tag's to say. What counts the version up is for the caller to count, in the same batch.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "ports/journal.h"
#include "services/route53/latch.h"
#include "services/route53/tag_store.h"

namespace sitelatch::route53 {

class ManualResume {
 public:
  ManualResume(ports::Journal& journal, const TagStore& tags);

  bool armed(const std::string& health_check_id) const;
  const LatchState& of(const std::string& health_check_id) const;
  bool latched(const std::string& health_check_id) const {
    return of(health_check_id).latch.has_value();
  }

  // As in latch.h, with what changes written.
  bool latch_if_due(const std::string& health_check_id, const Situation& now, std::string cause);
  bool trip(const std::string& health_check_id, const Situation& now, std::string words);
  ReleaseVerdict release(const std::string& health_check_id, const Situation& now,
                         const ReleaseAsked& asked);
  void drop(const std::string& health_check_id);  // it is gone

 private:
  void write(const std::string& health_check_id, const LatchState& state);

  ports::Journal& journal_;
  const TagStore& tags_;
  std::unordered_map<std::string, LatchState> by_check_;
};

}  // namespace sitelatch::route53
