// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "aws/auth/partition.h"
#include "guard/rules/plan.h"

namespace sitelatch::guard {
namespace {
// Opt-in regions as of 2026 (AWS General Reference, "Regions and Zones"); SNS's lambda-prereq page.
constexpr std::array<std::string_view, 18> opt_in_regions = {
    "af-south-1",     "ap-east-1",      "ap-east-2",      "ap-south-2",     "ap-southeast-3",
    "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1",
    "eu-central-2",   "eu-south-1",     "eu-south-2",     "il-central-1",   "me-central-1",
    "me-south-1",     "mx-central-1",   "ap-northeast-4"};

}  // namespace

std::string_view control_region(std::string_view partition) {
  return aws::partition_named(partition).route53_region;
}

bool opt_in_region(std::string_view region) {
  return std::find(opt_in_regions.begin(), opt_in_regions.end(), region) != opt_in_regions.end();
}

}  // namespace sitelatch::guard
