// SPDX-License-Identifier: Apache-2.0
// Manual resume over the API that AWS has: tags of a health check that this engine gives a meaning
// (facts route53-80, route53-83 to route53-87). Pure.
//
//   sitelatch:manual-resume   "true" arms the check, "false" or no such tag does not; kept
//   sitelatch:trip            "<reason>": a request, latches; not kept
//   sitelatch:resume          "<HealthCheckVersion> <reason>": a request, releases; not kept
//   sitelatch:latched, sitelatch:cause   the engine's own, shown while the check is latched
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/error.h"
#include "services/route53/latch.h"

namespace sitelatch::route53 {

inline constexpr std::string_view manual_resume_tag = "sitelatch:manual-resume";
inline constexpr std::string_view trip_tag = "sitelatch:trip";
inline constexpr std::string_view resume_tag = "sitelatch:resume";
inline constexpr std::string_view latched_tag = "sitelatch:latched";
inline constexpr std::string_view cause_tag = "sitelatch:cause";

bool is_armed(const aws::Tags& tags);

// A ChangeTagsForResource: what it takes away, then what it sets.
struct TagChange {
  aws::Tags add;
  std::vector<std::string> remove;
};
// Whether a key of ours, or one that looks like it, is in it: then IAM is told the keys (fact
// route53-86).
bool names_manual_resume(const TagChange& change);

// A hosted zone has no manual resume: refuses what means to give it one.
aws::Outcome<Done> judge_zone_tags(const TagChange& change);

// What a change of a health check's tags asks for. `ordinary` is for the tag store; what would take
// the latch's tag away, set what is the engine's own, or be mistaken for one of these keys is
// refused.
enum class TagRequest { ordinary, trip, release };
struct TaggedCheck {
  std::string id;
  std::int64_t version = 1;
  bool latched = false;
};
aws::Outcome<TagRequest> judge_check_tags(const TagChange& change, const TaggedCheck& check);

// The tags as lists show them.
aws::Tags with_latch_tags(aws::Tags tags, const LatchState& state, std::int64_t version);

// "by hand of WHO: REASON" of a trip.
std::string words_of_trip(const std::string& who, const std::string& reason);
// Why a check is latched, with a later trip if there was one.
std::string words_of(const Latch& latch);
// What to do about a latched check, for the end of a sentence.
std::string how_to_release(std::int64_t version);
std::string command_to_release(const std::string& id, std::int64_t version);  // of the aws CLI

}  // namespace sitelatch::route53
