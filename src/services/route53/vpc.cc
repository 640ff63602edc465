// SPDX-License-Identifier: Apache-2.0
#include "services/route53/vpc.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace sitelatch::route53 {
namespace {
constexpr std::string_view vpc_prefix = "vpc-";

bool names_vpc(std::string_view id) {
  if (!id.starts_with(vpc_prefix) || id.size() == vpc_prefix.size() || id.size() > 64) return false;
  id.remove_prefix(vpc_prefix.size());
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}
}  // namespace

aws::Outcome<Vpc> parse_vpc(const aws::Value& value) {
  Vpc out{value["VPCRegion"].string_or(""), value["VPCId"].string_or("")};
  if (!names_vpc(out.id))
    return aws::refuse("InvalidVPCId",
                       fmt::format("The VPC ID '{}' is not valid: it is vpc- and letters and "
                                   "digits, as in vpc-0a1b2c3d4e5f60718.",
                                   out.id));
  if (out.region.empty())
    return aws::refuse("InvalidInput", "Invalid parameter : VPCRegion is required with VPCId.");
  return out;
}

aws::Value to_value(const Vpc& vpc) {
  return aws::Value::structure({{"VPCRegion", vpc.region}, {"VPCId", vpc.id}});
}

std::string vpc_key(const aws::Value& value) {
  return fmt::format("VPCId={},VPCRegion={}", value["VPCId"].string_or(""),
                     value["VPCRegion"].string_or(""));
}

}  // namespace sitelatch::route53
