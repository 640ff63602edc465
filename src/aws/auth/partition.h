// SPDX-License-Identifier: Apache-2.0
// AWS's partitions: which regions belong together, how hosts are called there, and where the global
// services' requests are signed for (fact client-1: the endpoint rule sets of botocore 1.43).
#pragma once

#include <string_view>

namespace sitelatch::aws {

struct Partition {
  std::string_view name;           // "aws-cn", as in ARNs
  std::string_view region_prefix;  // "cn-"
  std::string_view suffix;         // "amazonaws.com.cn"
  std::string_view dual_stack_suffix;
  std::string_view route53_region;  // what Route 53's requests are signed for there
  std::string_view iam_region;
  std::string_view route53_host;  // in front of the suffix
  std::string_view iam_host;
};

// Regions that fit no other partition's prefix are "aws".
const Partition& partition_of(std::string_view region);
// Names that no partition has are "aws", too.
const Partition& partition_named(std::string_view name);

}  // namespace sitelatch::aws
