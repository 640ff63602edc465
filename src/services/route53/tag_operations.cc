// SPDX-License-Identifier: Apache-2.0
// Tags, and what manual resume is asked by them (resume_tags.h).
#include <fmt/format.h>

#include "base/check.h"
#include "base/text.h"
#include "services/route53/ids.h"
#include "services/route53/resume_tags.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

std::string not_latched(const std::string& id, const std::optional<Release>& last) {
  if (!last) return fmt::format("Health check {} is not latched: there is nothing to release.", id);
  return fmt::format(
      "Health check {} is not latched: it was released at {} by {}, at version {}: {}", id,
      iso8601_seconds(last->at), last->who, last->version, last->reason);
}

std::string refusal_of(ReleaseVerdict verdict, const HealthDescription& check,
                       const ReleaseAsked& asked) {
  const auto& latch = check.latch.latch;
  if (!latch) return not_latched(check.id, check.latch.last_release);
  const auto since =
      fmt::format("It is latched since {}: {}.", iso8601_seconds(latch->since), words_of(*latch));
  switch (verdict) {
    case ReleaseVerdict::other_version:
      return fmt::format(
          "Health check {} is not released: its HealthCheckVersion is {}, not {}, so something has "
          "happened that whoever asks may not know of. {} {}",
          check.id, check.version, asked.version, since, how_to_release(check.version));
    case ReleaseVerdict::disabled:
      return fmt::format(
          "Health check {} is not released: it is disabled, so nobody looks whether it is healthy. "
          "Enable it, wait until it is, and ask again. {}",
          check.id, since);
    case ReleaseVerdict::unhealthy:
      return fmt::format(
          "Health check {} is not released: it is unhealthy now ({}) and would latch again at "
          "once. Ask again when it is healthy. {}",
          check.id, check.why_unhealthy, since);
    case ReleaseVerdict::released:
    case ReleaseVerdict::done_before:
    case ReleaseVerdict::not_latched:
      break;
  }
  ENSURE(false, "no refusal");
}

}  // namespace

// An existing resource.
aws::Outcome<Route53::Tagged> Route53::tagged_resource(const aws::Value& type,
                                                       const aws::Value& id) const {
  Tagged out{type.string(), bare_id(id.string())};
  if (out.type == "healthcheck") {
    if (const auto found = health_check(id); !found) return failure(found.error());
  } else if (out.type == "hostedzone") {
    if (const auto found = hosted_zone(id); !found) return failure(found.error());
  } else {
    return aws::refuse("InvalidInput",
                       fmt::format("Invalid parameter : {} is not a type of resource that can be "
                                   "tagged.",
                                   out.type));
  }
  return out;
}

Route53::Out Route53::change_tags_for_resource(const Call& call) {
  const auto& in = call.input;
  const auto resource = tagged_resource(in["ResourceType"], in["ResourceId"]);
  if (!resource) return failure(resource.error());
  if (!in.has("AddTags") && !in.has("RemoveTagKeys"))
    return aws::refuse(
        "InvalidInput",
        "Invalid parameter : At least one of AddTags and RemoveTagKeys must be specified.");
  const TagChange change{aws::read_tags(in["AddTags"]), in["RemoveTagKeys"].strings()};
  if (resource->type == "hostedzone") {
    if (auto ok = judge_zone_tags(change); !ok) return failure(ok.error());
    if (auto ok = tags_.change(resource->key(), change.add, change.remove); !ok)
      return failure(ok.error());
    return aws::Value::structure();
  }
  const auto& id = resource->id;
  const auto asked = judge_check_tags(change, {id, checks_.find(id)->version, checks_.latched(id)});
  if (!asked) return failure(asked.error());
  if (*asked == TagRequest::trip) return trip(id, change.add.front().value, call);
  if (*asked == TagRequest::release) return release(id, change.add.front().value, call);
  if (auto ok = tags_.change(resource->key(), change.add, change.remove); !ok)
    return failure(ok.error());
  checks_.tags_changed(id);
  return aws::Value::structure();
}

Route53::Out Route53::trip(const std::string& id, const std::string& reason, const Call& call) {
  if (!manual_resume_.armed(id))
    return aws::refuse("InvalidInput",
                       fmt::format("Health check {} has no manual resume, so it cannot be latched. "
                                   "Add the tag {} with the value true first.",
                                   id, manual_resume_tag));
  if (trim(reason).empty())
    return aws::refuse("InvalidInput",
                       fmt::format("The value of the tag {} is the reason, in words.", trip_tag));
  checks_.trip(id, words_of_trip(call.caller.arn, std::string{trim(reason)}));
  return aws::Value::structure();
}

Route53::Out Route53::release(const std::string& id, const std::string& text, const Call& call) {
  auto asked = release_asked(text);
  if (!asked)
    return aws::refuse(
        "InvalidInput",
        fmt::format("The value of the tag {} is the HealthCheckVersion that you have seen, a "
                    "blank, and the reason in words, such as \"{} looked at by hand\".",
                    resume_tag, checks_.find(id)->version));
  asked->who = call.caller.arn;
  const auto verdict = checks_.release(id, *asked);
  if (verdict == ReleaseVerdict::released || verdict == ReleaseVerdict::done_before)
    return aws::Value::structure();
  return aws::refuse("InvalidInput", refusal_of(verdict, *checks_.describe(id), *asked));
}

aws::Value Route53::tag_set(const Tagged& resource) const {
  auto tags = tags_.of(resource.key());
  if (resource.type == "healthcheck")
    tags = with_latch_tags(std::move(tags), manual_resume_.of(resource.id),
                           checks_.find(resource.id)->version);
  return aws::Value::structure({{"ResourceType", resource.type},
                                {"ResourceId", resource.id},
                                {"Tags", aws::tag_list(tags)}});
}

Route53::Out Route53::list_tags_for_resource(const Call& call) {
  const auto resource = tagged_resource(call.input["ResourceType"], call.input["ResourceId"]);
  if (!resource) return failure(resource.error());
  return aws::Value::structure({{"ResourceTagSet", tag_set(*resource)}});
}

Route53::Out Route53::list_tags_for_resources(const Call& call) {
  auto sets = aws::Value::list();
  for (const auto& item : call.input["ResourceIds"].items()) {
    const auto resource = tagged_resource(call.input["ResourceType"], item);
    if (!resource) return failure(resource.error());
    sets.push(tag_set(*resource));
  }
  return aws::Value::structure({{"ResourceTagSets", sets}});
}

}  // namespace sitelatch::route53
