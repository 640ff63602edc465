// SPDX-License-Identifier: Apache-2.0
// Queries and where they are logged: CloudWatch Logs, as Route 53 needs it. Satisfied in
// engine/bindings.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace sitelatch::route53 {

// One query as it was answered, in words.
struct LoggedQuery {
  std::string name;  // wire, lower case
  std::string type, rcode;
  std::string transport;  // "UDP", "TCP"
  std::string resolver;   // who asked
};

class QueryLogs {
 public:
  // In us-east-1, where the groups of query logs are.
  virtual bool has_group(std::string_view group_name) const = 0;
  // Whether any zone's queries are logged: nobody need tell of queries while none are.
  virtual void want_queries(bool any) = 0;
  virtual void write(const std::string& group_name, const std::string& stream_name, Instant at,
                     std::vector<std::string> lines) = 0;

 protected:
  ~QueryLogs() = default;
};

}  // namespace sitelatch::route53
