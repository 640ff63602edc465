// SPDX-License-Identifier: Apache-2.0
// Changes: what GetChange tells. A change is PENDING until DNS answers by it, then INSYNC; what was
// loaded from the journal is INSYNC (fact route53-40). Kept for a day, in route53.changes.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "aws/wire/value.h"
#include "ports/entropy.h"
#include "ports/journal.h"

namespace sitelatch::route53 {

class Changes {
 public:
  Changes(ports::Journal& journal, ports::Entropy& entropy);

  struct Record {
    std::string id, comment;
    Instant submitted{};
    bool in_sync = false;
  };
  // Written down; returned as it is now. Forgets what is older than a day.
  Record add(std::string comment, Instant now);
  void set_in_sync(const std::string& id);
  const Record* find(const std::string& id) const;

 private:
  void forget_before(Instant t);

  ports::Journal& journal_;
  ports::Entropy& entropy_;
  std::map<std::string, Record> by_id_;
  std::deque<std::string> oldest_first_;
};

aws::Value to_value(const Changes::Record& change);  // AWS's shape ChangeInfo

}  // namespace sitelatch::route53
