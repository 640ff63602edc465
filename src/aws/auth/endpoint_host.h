// SPDX-License-Identifier: Apache-2.0
// How the host of a service is called: one rule for the client and for the guard's function (facts
// client-1 and client-2).
#pragma once

#include <string>
#include <string_view>

#include "aws/auth/partition.h"

namespace sitelatch::aws {

struct EndpointVariant {
  bool fips = false;
  bool dual_stack = false;
};

// `service`: "route53" and "iam", which are one in a partition; of the others what their hosts
// begin with ("monitoring"). `region`: what it is signed for. A partition without dual-stack hosts
// has none: ask its dual_stack_suffix.
std::string endpoint_host(const Partition& partition, std::string_view service,
                          std::string_view region, EndpointVariant variant);

}  // namespace sitelatch::aws
