// SPDX-License-Identifier: Apache-2.0
// QueryLogging: which zone's queries go to which log group, one at most a zone (fact route53-117).
// Table route53.query_logging, a row each.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "ports/journal.h"

namespace sitelatch::route53 {

struct QueryLoggingConfig {
  std::string id, zone_id, log_group_arn;
};

class QueryLogging {
 public:
  explicit QueryLogging(ports::Journal& journal);

  bool empty() const { return configs_.empty(); }
  const QueryLoggingConfig* find(const std::string& id) const;
  const QueryLoggingConfig* of_zone(const std::string& zone_id) const;
  // In the order of ids, until the visitor answers false.
  void visit(const std::function<bool(const QueryLoggingConfig&)>& visitor) const;

  const QueryLoggingConfig& add(QueryLoggingConfig config);
  void remove(const std::string& id);
  void forget_zone(const std::string& zone_id);

 private:
  ports::Journal& journal_;
  std::map<std::string, QueryLoggingConfig> configs_;
  std::map<std::string, std::string> by_zone_;  // ids
};

}  // namespace sitelatch::route53
