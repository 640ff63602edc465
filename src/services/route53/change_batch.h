// SPDX-License-Identifier: Apache-2.0
// A change batch against a zone: either the groups that it leaves behind, or AWS's refusal; the
// zone itself is not touched (facts route53-31, route53-74, route53-75). Pure. All errors of a
// batch are reported together, `[one, two]`.
//
// Existence (created twice, deleted what is not there, alias targets) is judged change by change in
// their order; whether records get along (CNAME, routing policies, SOA and NS at the apex) by what
// the whole batch leaves (fact route53-31).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "aws/wire/error.h"
#include "services/route53/hosted_zone.h"

namespace sitelatch::route53 {

struct BatchWorld {
  std::function<bool(const std::string& id)> health_check_exists;
  std::function<const HostedZone*(const std::string& id)> zone;
  // A target in a zone that is neither ours nor known as AWS's: a person has said that it is there.
  std::function<bool(const std::string& zone_id, const std::string& name)> target_declared =
      nullptr;
  // What there is not, in words; empty: all there.
  std::function<std::string(const CidrLocation& location)> missing_cidr = nullptr;
};

// By listing_key: the touched groups as they are afterwards; an empty one is gone.
using TouchedGroups = std::map<std::string, Group, std::less<>>;

// All that is wrong with a batch, as one refusal.
aws::Error invalid_batch(const std::vector<std::string>& faults);

aws::Outcome<TouchedGroups> apply(const HostedZone& zone, const std::vector<Change>& changes,
                                  const BatchWorld& world);

}  // namespace sitelatch::route53
