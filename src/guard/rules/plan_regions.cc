// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

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
  if (partition == "aws-cn") return "cn-northwest-1";
  if (partition == "aws-us-gov") return "us-gov-west-1";
  return "us-east-1";
}

std::string_view partition_of(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  if (region.starts_with("us-gov-")) return "aws-us-gov";
  return "aws";
}

bool opt_in_region(std::string_view region) {
  return std::find(opt_in_regions.begin(), opt_in_regions.end(), region) != opt_in_regions.end();
}

}  // namespace sitelatch::guard
