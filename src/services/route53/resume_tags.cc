// SPDX-License-Identifier: Apache-2.0
#include "services/route53/resume_tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sitelatch::route53 {
namespace {

constexpr std::array our_keys{manual_resume_tag, trip_tag, resume_tag, latched_tag, cause_tag};
constexpr std::size_t longest_value = 256;  // of a tag, in characters

bool contains(const std::vector<std::string>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// One of ours by an eye that does not look twice; empty: none.
std::string_view looks_like(std::string_view key) {
  const auto plain = replace_all(lower(trim(key)), "_", "-");
  const auto found = std::find(our_keys.begin(), our_keys.end(), plain);
  return found == our_keys.end() ? std::string_view{} : *found;
}

Failure<aws::Error> refuse_tag(std::string text) {
  return aws::refuse("InvalidInput", std::move(text));
}

aws::Outcome<Done> judge_key(std::string_view key) {
  if (key == latched_tag || key == cause_tag)
    return refuse_tag(fmt::format(
        "The tag {} is the engine's own, shown while a health check is latched: it cannot be set.",
        key));
  const auto ours = looks_like(key);
  if (!ours.empty() && ours != key)
    return refuse_tag(
        fmt::format("The tag key {} could be mistaken for {}, which has a meaning here. "
                    "Write it as that, or choose another.",
                    key, ours));
  return Done{};
}

// At most as many characters as a tag's value may have.
std::string cut(std::string text) {
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (begins && ++characters > longest_value) {
      text.resize(at);
      break;
    }
  }
  return text;
}

}  // namespace

bool is_armed(const aws::Tags& tags) {
  const auto* value = aws::find_tag(tags, manual_resume_tag);
  return value != nullptr && *value == "true";
}

bool names_manual_resume(const TagChange& change) {
  return std::any_of(change.add.begin(), change.add.end(),
                     [](const aws::Tag& tag) { return !looks_like(tag.key).empty(); }) ||
         std::any_of(change.remove.begin(), change.remove.end(),
                     [](const std::string& key) { return !looks_like(key).empty(); });
}

aws::Outcome<Done> judge_zone_tags(const TagChange& change) {
  for (const auto& [key, value] : change.add)
    if (!looks_like(key).empty())
      return refuse_tag(fmt::format(
          "Manual resume is a property of health checks: a hosted zone has no tag {}.", key));
  return Done{};
}

aws::Outcome<TagRequest> judge_check_tags(const TagChange& change, const TaggedCheck& check) {
  for (const auto& [key, value] : change.add) {
    if (auto ok = judge_key(key); !ok) return failure(ok.error());
    if (key == manual_resume_tag && value != "true" && value != "false")
      return refuse_tag(
          fmt::format("The tag {} is true or false, not \"{}\".", manual_resume_tag, value));
  }
  for (const auto& request : {trip_tag, resume_tag}) {
    if (aws::find_tag(change.add, request) == nullptr) continue;
    if (change.add.size() > 1 || !change.remove.empty())
      return refuse_tag(
          fmt::format("The tag {} is a request and comes alone: without other tags, and "
                      "without RemoveTagKeys.",
                      request));
    return request == trip_tag ? TagRequest::trip : TagRequest::release;
  }
  if (!check.latched) return TagRequest::ordinary;
  for (const auto& own : {latched_tag, cause_tag})
    if (contains(change.remove, own))
      return refuse_tag(
          fmt::format("The tag {} is the engine's own and stays while health check {} is "
                      "latched. {}",
                      own, check.id, how_to_release(check.version)));
  const auto* asked = aws::find_tag(change.add, manual_resume_tag);
  if (asked != nullptr ? *asked != "true" : contains(change.remove, manual_resume_tag))
    return refuse_tag(
        fmt::format("Health check {} is latched, so its tag {} stays: taking it away is "
                    "no release. {}",
                    check.id, manual_resume_tag, how_to_release(check.version)));
  return TagRequest::ordinary;
}

aws::Tags with_latch_tags(aws::Tags tags, const LatchState& state, std::int64_t version) {
  if (!state.latch) return tags;
  std::erase_if(tags,
                [](const aws::Tag& tag) { return tag.key == latched_tag || tag.key == cause_tag; });
  tags.push_back({std::string{latched_tag},
                  fmt::format("{} version {}", iso8601_seconds(state.latch->since), version)});
  tags.push_back({std::string{cause_tag}, cut(words_of(*state.latch))});
  return tags;
}

std::string words_of_trip(const std::string& who, const std::string& reason) {
  return fmt::format("by hand of {}: {}", who, reason);
}

std::string words_of(const Latch& latch) {
  return latch.tripped.empty() ? latch.cause
                               : fmt::format("{}; later {}", latch.cause, latch.tripped);
}

std::string how_to_release(std::int64_t version) {
  return fmt::format("To release it, add the tag {} with the value \"{} <reason>\".", resume_tag,
                     version);
}

std::string command_to_release(const std::string& id, std::int64_t version) {
  return fmt::format(
      "aws route53 change-tags-for-resource --resource-type healthcheck --resource-id {} "
      "--add-tags 'Key={},Value={} <reason>'",
      id, resume_tag, version);
}

}  // namespace sitelatch::route53
