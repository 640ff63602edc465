// SPDX-License-Identifier: Apache-2.0
#include "services/sns/topics.h"

#include <algorithm>

#include "aws/wire/stored.h"
#include "ports/rows.h"

namespace sitelatch::sns {
namespace {
constexpr std::string_view topic_table = "sns.topics";
}  // namespace

Topics::Topics(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, topic_table, [this](std::string_view key, std::string_view text) {
    auto topic = topic_from(aws::stored_value(text));
    ports::expect_of_row(key == topic.arn, "another topic's");
    topics_[topic.arn] = std::move(topic);
  });
}

const Topic* Topics::find(const std::string& arn) const {
  const auto found = topics_.find(arn);
  return found == topics_.end() ? nullptr : &found->second;
}

void Topics::visit(const std::string& prefix, const std::string& after,
                   const std::function<bool(const Topic&)>& visitor) const {
  for (auto at = topics_.upper_bound(std::max(prefix, after));
       at != topics_.end() && at->first.starts_with(prefix); ++at)
    if (!visitor(at->second)) return;
}

void Topics::save(Topic topic) {
  journal_.put(topic_table, topic.arn, aws::to_json(to_value(topic)));
  topics_[topic.arn] = std::move(topic);
}

void Topics::erase(const std::string& arn) {
  journal_.erase(topic_table, arn);
  topics_.erase(arn);
}

}  // namespace sitelatch::sns
