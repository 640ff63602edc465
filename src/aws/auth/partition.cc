// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/partition.h"

#include <algorithm>
#include <array>

namespace sitelatch::aws {
namespace {

// The last is what no other prefix fits.
constexpr std::array partitions{
    Partition{"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1",
              "cn-north-1", "route53", "iam.cn-north-1"},
    Partition{"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", "us-gov-west-1", "us-gov-west-1",
              "route53.us-gov", "iam.us-gov"},
    Partition{"aws-iso", "us-iso-", "c2s.ic.gov", "", "us-iso-east-1", "us-iso-east-1", "route53",
              "iam.us-iso-east-1"},
    Partition{"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "", "us-isob-east-1", "us-isob-east-1",
              "route53", "iam.us-isob-east-1"},
    Partition{"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "", "eu-isoe-west-1", "eu-isoe-west-1",
              "route53", "iam.eu-isoe-west-1"},
    Partition{"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "", "us-isof-south-1", "us-isof-south-1",
              "route53", "iam.us-isof-south-1"},
    Partition{"aws-eusc", "eusc-", "amazonaws.eu", "", "eusc-de-east-1", "eusc-de-east-1",
              "route53", "iam.eusc-de-east-1"},
    Partition{"aws", "", "amazonaws.com", "api.aws", "us-east-1", "us-east-1", "route53", "iam"},
};

}  // namespace

const Partition& partition_of(std::string_view region) {
  return *std::find_if(partitions.begin(), partitions.end(),
                       [&](const Partition& p) { return region.starts_with(p.region_prefix); });
}

const Partition& partition_named(std::string_view name) {
  const auto found = std::find_if(partitions.begin(), partitions.end(),
                                  [&](const Partition& p) { return p.name == name; });
  return found == partitions.end() ? partitions.back() : *found;
}

}  // namespace sitelatch::aws
