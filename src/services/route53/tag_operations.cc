// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "services/route53/ids.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

aws::Value tag_set(const std::string& type, const std::string& id, const aws::Tags& tags) {
  return aws::Value::structure(
      {{"ResourceType", type}, {"ResourceId", id}, {"Tags", aws::tag_list(tags)}});
}

}  // namespace

// The key in Tags of an existing resource: "healthcheck/<id>".
aws::Outcome<std::string> Route53::tagged_resource(const std::string& type,
                                                   const std::string& id) const {
  const auto bare = bare_id(id);
  if (type == "healthcheck") {
    if (const auto found = health_check(bare); !found) return failure(found.error());
  } else if (type == "hostedzone") {
    if (const auto found = hosted_zone(bare); !found) return failure(found.error());
  } else {
    return aws::refuse(
        "InvalidInput",
        fmt::format("Invalid parameter : {} is not a type of resource that can be tagged.", type));
  }
  return type + "/" + bare;
}

Route53::Out Route53::change_tags_for_resource(const Call& call) {
  const auto& in = call.input;
  const auto resource = tagged_resource(in["ResourceType"].string(), in["ResourceId"].string());
  if (!resource) return failure(resource.error());
  if (!in.has("AddTags") && !in.has("RemoveTagKeys"))
    return aws::refuse(
        "InvalidInput",
        "Invalid parameter : At least one of AddTags and RemoveTagKeys must be specified.");
  const auto add = aws::read_tags(in["AddTags"]);
  if (auto ok = tags_.change(*resource, add, in["RemoveTagKeys"].strings()); !ok)
    return failure(ok.error());
  return aws::Value::structure();
}

Route53::Out Route53::list_tags_for_resource(const Call& call) {
  const auto type = call.input["ResourceType"].string();
  const auto id = bare_id(call.input["ResourceId"].string());
  const auto resource = tagged_resource(type, id);
  if (!resource) return failure(resource.error());
  return aws::Value::structure({{"ResourceTagSet", tag_set(type, id, tags_.of(*resource))}});
}

Route53::Out Route53::list_tags_for_resources(const Call& call) {
  const auto type = call.input["ResourceType"].string();
  auto sets = aws::Value::list();
  for (const auto& item : call.input["ResourceIds"].items()) {
    const auto id = bare_id(item.string());
    const auto resource = tagged_resource(type, id);
    if (!resource) return failure(resource.error());
    sets.push(tag_set(type, id, tags_.of(*resource)));
  }
  return aws::Value::structure({{"ResourceTagSets", sets}});
}

}  // namespace sitelatch::route53
