// SPDX-License-Identifier: Apache-2.0
// Latch: what manual resume does to a health check's status. A failover is its own latch: an armed
// check that turns unhealthy stays so, whatever it would say of itself, until somebody releases it
// (decision 0019, facts route53-80 to route53-87). Pure.
//
//             armed by its tag              unhealthy, or tripped
//   plain --------------------->  armed  -------------------------->  latched: unhealthy
//         <---------------------         <--------------------------
//             its tag taken away            released
//
//   armed   -> latched   the check's own status is unhealthy, at whatever event that shows; or a
//                        trip by hand
//   latched -> latched   a trip by hand: a release must know of it
//   latched -> armed     a release that names the check's version and a reason, while the check's
//                        own status is healthy and somebody looks (not Disabled). Nothing else
//
// Invariants: (L1) armed and unhealthy is latched; (L2) only a release ends a latch; (L3) each
// latch, trip and release counts HealthCheckVersion up, so that no release succeeds by what was
// known before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "services/route53/aggregation.h"

namespace sitelatch::route53 {

struct Latch {
  Instant since{};
  std::string cause;    // in words
  std::string tripped;  // in words: the last trip by hand since; empty: none
};

// The last one is kept, so that a caller whose answer was lost can ask again.
struct Release {
  std::int64_t version = 0;  // that it named
  std::string reason, who;   // `who`: the caller's ARN
  Instant at{};
};

// What is kept of one check. Neither: as if there were no manual resume.
struct LatchState {
  std::optional<Latch> latch;
  std::optional<Release> last_release;
};

// What a check is at the moment of an event, without its latch.
struct Situation {
  bool armed = false;
  Status own = Status::healthy;  // of the checkers, children or data, Disabled, Inverted and force
  bool disabled = false;
  std::int64_t version = 1;  // HealthCheckVersion
  Instant now{};
};

// What DNS, parents and metrics rest on.
Status status_of(const LatchState& state, Status own);

// L1. True: it has latched now, and the version counts up. Asked after every event.
bool latch_if_due(LatchState& state, const Situation& now, std::string cause);

// By hand, of an armed check. True: the version counts up; false: it is latched by these words
// already (a caller whose answer was lost asks again).
bool trip(LatchState& state, const Situation& now, std::string words);

struct ReleaseAsked {
  std::int64_t version = 0;
  std::string reason, who;
};
enum class ReleaseVerdict {
  released,     // and the version counts up
  done_before,  // by this very request, and nothing has latched since
  not_latched,
  other_version,  // what the caller knows is not the latest
  disabled,       // nobody looks whether it is healthy
  unhealthy       // it would latch again at once
};
// Refuses in the order of the list above; only `released` changes the state.
ReleaseVerdict release(LatchState& state, const Situation& now, const ReleaseAsked& asked);

// "7 looked at by hand": the version and the reason of a release. Nothing for other text.
std::optional<ReleaseAsked> release_asked(std::string_view text);

// How the journal keeps them (tables route53.latches and route53.releases).
std::string to_row(const Latch& latch);
std::string to_row(const Release& release);
Latch latch_from_row(std::string_view row);
Release release_from_row(std::string_view row);

}  // namespace sitelatch::route53
