// SPDX-License-Identifier: Apache-2.0
// The service-linked roles of AWS's services: what they are called and which of AWS's policies they
// have. Data only (fact iam-33).
#pragma once

#include <string_view>

namespace sitelatch::iam {

struct ServiceRole {
  std::string_view service;  // "ecs.amazonaws.com"
  std::string_view suffix;   // of the name, behind "AWSServiceRoleFor"
  std::string_view policy;   // below policy/aws-service-role/, or empty: not among ours
  bool takes_suffix = false;
};

const ServiceRole* service_role(std::string_view service);  // nullptr: the service has none

}  // namespace sitelatch::iam
