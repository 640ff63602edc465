// SPDX-License-Identifier: Apache-2.0
// The form `engine`: the manual resume of Sitelatch's engine, spoken to by the tags of the
// endpoint's check. An armed check that turns unhealthy is latched in the commit of its failover;
// only a release ends that. AWS keeps such a tag and does nothing by it, so whoever deploys asks
// first whether it is an engine that answers. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "guard/rules/config_steps.h"
#include "guard/rules/transitions.h"

namespace sitelatch::guard {

namespace resume_tag {
inline constexpr std::string_view armed = "sitelatch:manual-resume";  // "true"
inline constexpr std::string_view latched = "sitelatch:latched";      // shown by the engine
inline constexpr std::string_view cause = "sitelatch:cause";          // the same
inline constexpr std::string_view trip = "sitelatch:trip";            // a request: the reason
inline constexpr std::string_view resume = "sitelatch:resume";        // a request: version, reason
}  // namespace resume_tag
// A value of `armed` that the engine refuses and AWS would keep.
inline constexpr std::string_view engine_question = "is-this-an-engine";

struct EngineLatch {
  std::optional<Instant> since;
  std::uint64_t version = 0;  // that a release names
  std::string cause;
};
// "2026-11-28T10:42:21Z version 7". Nothing: it is none.
std::optional<EngineLatch> read_engine_latch(const Texts& tags);
// "7 the reason", and the reason alone: at most 256 bytes, cut between characters.
std::string resume_request(std::uint64_t version, std::string_view reason);
std::string trip_request(std::string_view reason);

struct EngineObserved {
  std::optional<Check> endpoint;
  std::optional<bool> probes_well;  // what the checkers' last probes say, latched or not
  std::optional<bool> healthy;      // by the metric, which a latch makes unhealthy
  bool armed = false;
  std::optional<EngineLatch> latch;
  std::optional<FormRecords> records;
  std::optional<bool> dns_primary;
  std::string unseen;
};
ConfigAssessment assess_engine(const std::string& endpoint, const EngineObserved& observed);

std::vector<Refusal> against_engine(const std::string& endpoint, const EngineObserved& observed);
std::vector<Refusal> against_engine_release(const EngineObserved& observed,
                                            const ConfigRelease& wish);

}  // namespace sitelatch::guard
