// SPDX-License-Identifier: Apache-2.0
// Amazon Resource Names: arn:partition:service:region:account:resource. The resource keeps its
// colons and slashes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sitelatch::aws {

struct Arn {
  std::string partition, service, region, account, resource;

  std::string text() const;
  friend bool operator==(const Arn&, const Arn&) = default;
};

// Six parts, a partition of AWS's, a service and a resource that are not empty; nothing otherwise.
std::optional<Arn> parse_arn(std::string_view text);

bool is_partition(std::string_view text);   // aws, aws-cn, aws-us-gov
bool is_account_id(std::string_view text);  // 12 digits

}  // namespace sitelatch::aws
