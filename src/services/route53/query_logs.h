// SPDX-License-Identifier: Apache-2.0
// Where the queries of a zone are logged: CloudWatch Logs, as Route 53 needs it. Satisfied in
// engine/bindings.cc.
#pragma once

#include <string_view>

namespace sitelatch::route53 {

class QueryLogs {
 public:
  // In us-east-1, where the groups of query logs are.
  virtual bool has_group(std::string_view group_name) const = 0;

 protected:
  ~QueryLogs() = default;
};

}  // namespace sitelatch::route53
