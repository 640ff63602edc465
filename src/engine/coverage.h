// SPDX-License-Identifier: Apache-2.0
// Which operations of AWS's models the engine handles: of its own tables, so that no page can say
// otherwise. What it leaves out is answered with AWS's error for an unknown operation; why, stands
// here, where a service that is not there is the reason.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sitelatch::engine {

struct Coverage {
  std::string_view service;                // "route53"
  std::vector<std::string_view> handled;   // by name
  std::vector<std::string_view> left_out;  // could be, and are not
  struct Need {
    std::string_view operation, what;  // "CreateKeySigningKey", "KMS"
  };
  std::vector<Need> needs;  // left out for want of another service
};
std::vector<Coverage> coverage();

// docs/coverage.md, in Markdown.
std::string coverage_page();

}  // namespace sitelatch::engine
