// SPDX-License-Identifier: Apache-2.0
// Where a service is: partitions, host names, and the region that requests are signed for. A pure
// table, after the endpoint rules of the SDKs (facts client-1 ff.).
#pragma once

#include <string>
#include <string_view>

#include "aws/auth/endpoint_host.h"
#include "aws/wire/model.h"
#include "client/error.h"

namespace sitelatch::client {

struct Place {
  std::string origin;          // "https://route53.amazonaws.com", without a slash at the end
  std::string base_path;       // of configured endpoints: "/prefix"; else empty
  std::string signing_region;  // "us-east-1"
  bool real = false;           // AWS's own host, not a configured one
};

using aws::EndpointVariant;

// The region may be empty for global services (route53, iam: partition aws) and for sts
// (us-east-1).
Outcome<Place> endpoint_of(const aws::ServiceModel& service, std::string_view region,
                           EndpointVariant variant = {});

// A configured endpoint ("http://127.0.0.1:4566", "https://proxy.example/aws") in place of AWS's
// own; the signing region stays as above.
Outcome<Place> configured_endpoint(const aws::ServiceModel& service, std::string_view region,
                                   std::string_view url);

std::string host_of(
    std::string_view origin);  // "127.0.0.1:4566": as in Host, the scheme's own port left out
bool is_loopback_origin(std::string_view origin);  // localhost, 127.0.0.0/8, [::1]

// The service's name in settings: "route_53", "cloudwatch_logs", "eventbridge"; upper case in
// variables.
std::string settings_name(const aws::ServiceModel& service);

}  // namespace sitelatch::client
