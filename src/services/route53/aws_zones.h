// SPDX-License-Identifier: Apache-2.0
// AWS's own hosted zones: where aliases lead that leave the account (load balancers, CloudFront,
// websites of S3, API Gateway, Global Accelerator, Elastic Beanstalk, App Runner, endpoints of
// VPCs). Their ids are the same for everybody and published Region by Region (fact route53-130);
// whether a name in them is somebody's, only AWS knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sitelatch::route53 {

struct AwsZone {
  enum class Kind {
    load_balancer,  // application and classic
    network_load_balancer,
    website,
    beanstalk,
    api,
    vpc_endpoint,
    app_runner,
    distribution,
    accelerator
  };
  Kind kind = Kind::load_balancer;
  std::string id;
  std::string origin;  // wire: targets are below it, a website's is itself
};

// Nothing: it is none of AWS's.
const AwsZone* aws_zone(std::string_view id);
const AwsZone* aws_zone_holding(std::string_view wire_name);

// What AWS may have there: the name lies in the zone, and is none that cannot be.
bool may_be_target(const AwsZone& zone, std::string_view wire_name, std::uint16_t type);
// The name under which a target is known, whichever of its forms an alias uses: a load balancer's
// is also to be had as `dualstack.NAME` (fact route53-132).
std::string target_name(std::string_view wire_name);

}  // namespace sitelatch::route53
