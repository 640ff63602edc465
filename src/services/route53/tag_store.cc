// SPDX-License-Identifier: Apache-2.0
#include "services/route53/tag_store.h"

#include <fmt/format.h>

#include "aws/wire/stored.h"
#include "aws/wire/value.h"
#include "ports/rows.h"

namespace sitelatch::route53 {
namespace {
constexpr std::string_view table = "route53.tags";
const aws::Tags no_tags;
constexpr aws::TagRules tag_rules{
    [](const std::string& key) {
      return aws::refuse("InvalidInput", fmt::format("Tag key {} must not begin with aws:.", key));
    },
    [](const std::string& key) {
      return aws::refuse(
          "InvalidInput",
          fmt::format("Invalid parameter : Tag key {} is specified more than once.", key));
    },
    [] {
      return aws::refuse("InvalidInput", fmt::format("A resource must not have more than {} tags.",
                                                     aws::most_tags));
    }};
}  // namespace

TagStore::TagStore(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, table, [&](std::string_view resource, std::string_view row) {
    const auto value = aws::stored_value(row);
    by_resource_[ports::text_of_key(resource)] = aws::read_tags(value);
  });
}

const aws::Tags& TagStore::of(const std::string& resource) const {
  const auto found = by_resource_.find(resource);
  return found == by_resource_.end() ? no_tags : found->second;
}

aws::Outcome<Done> TagStore::change(const std::string& resource, const aws::Tags& add,
                                    const std::vector<std::string>& remove) {
  for (const auto& [key, value] : add)
    if (key.empty()) return aws::refuse("InvalidInput", "Tag keys must not be empty.");
  auto tags = aws::with_tags(aws::without_tags(of(resource), remove), add, tag_rules);
  if (!tags) return failure(tags.error());
  if (tags->empty())
    journal_.erase(table, resource);
  else
    journal_.put(table, resource, aws::to_json(aws::tag_map(*tags)));
  by_resource_[resource] = std::move(*tags);
  return Done{};
}

void TagStore::drop(const std::string& resource) {
  if (by_resource_.erase(resource) > 0) journal_.erase(table, resource);
}

}  // namespace sitelatch::route53
