// SPDX-License-Identifier: Apache-2.0
// Vpc: a network that a private hosted zone answers in. There is no EC2 here, so a VPC is its name:
// whatever is written like one is one of this account (fact route53-110).
#pragma once

#include <string>

#include "aws/wire/error.h"
#include "aws/wire/value.h"

namespace sitelatch::route53 {

struct Vpc {
  std::string region, id;
  friend bool operator==(const Vpc&, const Vpc&) = default;
  friend auto operator<=>(const Vpc&, const Vpc&) = default;
};

// AWS's shape VPC. InvalidVPCId for what is no id, InvalidInput without a Region.
aws::Outcome<Vpc> parse_vpc(const aws::Value& value);
aws::Value to_value(const Vpc& vpc);

// As the condition key route53:VPCs has it: "VPCId=vpc-1,VPCRegion=us-east-1".
std::string vpc_key(const aws::Value& value);

}  // namespace sitelatch::route53
