// SPDX-License-Identifier: Apache-2.0
#include "services/route53/changes.h"

#include <algorithm>

#include "aws/wire/stored.h"
#include "ports/rows.h"
#include "services/route53/ids.h"

namespace sitelatch::route53 {
namespace {
constexpr std::string_view changes_table = "route53.changes";
constexpr std::chrono::hours kept{24};
}  // namespace

Changes::Changes(ports::Journal& journal, ports::Entropy& entropy)
    : journal_(journal), entropy_(entropy) {
  ports::take_rows(journal_, changes_table, [&](std::string_view id, std::string_view row) {
    const auto value = aws::stored_value(row);
    const auto text = ports::text_of_key(id);
    by_id_.emplace(text, Record{text, value["comment"].string_or(""),
                                from_unix_ms(value["submitted"].integer()), true});
    oldest_first_.push_back(text);
  });
  std::sort(oldest_first_.begin(), oldest_first_.end(),
            [&](const std::string& a, const std::string& b) {
              return by_id_.at(a).submitted < by_id_.at(b).submitted;
            });
}

Changes::Record Changes::add(std::string comment, Instant now) {
  forget_before(now - kept);
  Record record{new_id(entropy_, 'C'), std::move(comment), now, false};
  journal_.put(changes_table, record.id,
               aws::to_json(aws::Value::structure(
                   {{"comment", record.comment}, {"submitted", unix_ms(now)}})));
  by_id_.emplace(record.id, record);
  oldest_first_.push_back(record.id);
  return record;
}

void Changes::forget_before(Instant t) {
  while (!oldest_first_.empty() && by_id_.at(oldest_first_.front()).submitted < t) {
    journal_.erase(changes_table, oldest_first_.front());
    by_id_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
}

void Changes::set_in_sync(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found != by_id_.end()) found->second.in_sync = true;
}

const Changes::Record* Changes::find(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

aws::Value to_value(const Changes::Record& change) {
  return aws::Value::structure(
      {{"Id", "/change/" + change.id},
       {"Status", change.in_sync ? "INSYNC" : "PENDING"},
       {"SubmittedAt", change.submitted},
       {"Comment", change.comment.empty() ? aws::Value{} : aws::Value{change.comment}}});
}

}  // namespace sitelatch::route53
