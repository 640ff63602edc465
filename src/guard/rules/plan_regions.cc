// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "aws/auth/partition.h"
#include "guard/rules/plan.h"

namespace sitelatch::guard {
namespace {
// fact guard-23. Every region launched since 20 March 2019 must be opted in to (but for Osaka), so
// that a region which this list does not know yet is one of those.
constexpr std::array<std::string_view, 17> enabled_everywhere = {
    "us-east-1",      "us-east-2",      "us-west-1",      "us-west-2",      "eu-west-1",
    "eu-west-2",      "eu-west-3",      "eu-central-1",   "eu-north-1",     "ap-northeast-1",
    "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2", "ap-south-1",
    "ca-central-1",   "sa-east-1"};

// Enabled everywhere, and on SNS's own list of opt-in regions all the same.
constexpr std::string_view osaka = "ap-northeast-3";

}  // namespace

std::string_view control_region(std::string_view partition) {
  return aws::partition_named(partition).route53_region;
}

std::span<const std::string_view> default_regions() { return enabled_everywhere; }

bool opt_in_region(std::string_view region) {
  return aws::partition_of(region).name == "aws" &&
         std::find(enabled_everywhere.begin(), enabled_everywhere.end(), region) ==
             enabled_everywhere.end();
}

std::optional<std::string> delivery_doubt(std::string_view partition, std::string_view region) {
  const auto home = control_region(partition);
  if (region == home) return std::nullopt;
  if (opt_in_region(region))
    return "SNS in " + std::string{home} + " does not deliver to functions in the opt-in region " +
           std::string{region} + ": the alarm would reach nobody";
  if (region == osaka)
    return "AWS's guide to SNS counts " + std::string{region} +
           " among the opt-in regions, and SNS in " + std::string{home} +
           " does not deliver to functions in those: the alarm may reach nobody";
  return std::nullopt;
}

}  // namespace sitelatch::guard
