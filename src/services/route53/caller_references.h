// SPDX-License-Identifier: Apache-2.0
// The CallerReferences of health checks: of those that exist, and of deleted ones for a week after
// (fact route53-2). Table route53.deleted_references; those of existing checks are in their own
// rows.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "ports/journal.h"

namespace sitelatch::route53 {

class CallerReferences {
 public:
  explicit CallerReferences(ports::Journal& journal);

  void add(const std::string& reference, const std::string& health_check_id) {
    live_[reference] = health_check_id;
  }
  void retire(const std::string& reference, Instant now);

  const std::string* find(const std::string& reference) const;  // the id of the check that has it
  bool remembered(const std::string& reference, Instant now);   // of a deleted check

 private:
  void remember(const std::string& reference, Instant since);
  void forget_before(Instant t);

  ports::Journal& journal_;
  std::unordered_map<std::string, std::string> live_;
  std::unordered_map<std::string, Instant> deleted_;
  std::multimap<Instant, std::string> oldest_first_;
};

}  // namespace sitelatch::route53
