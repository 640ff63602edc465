// SPDX-License-Identifier: Apache-2.0
#include "services/route53/tags.h"

#include <fmt/format.h>

#include "aws/stored.h"
#include "aws/value.h"
#include "ports/rows.h"

namespace sitelatch::route53 {
namespace {
constexpr std::string_view table = "route53.tags";
constexpr std::size_t most_tags = 50;
const Tags::TagMap no_tags;
}  // namespace

Tags::Tags(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, table, [&](std::string_view resource, std::string_view row) {
    const auto value = aws::stored_value(row);
    auto& tags = by_resource_[std::string{resource}];
    for (const auto& [key, text] : value.members()) tags.emplace(key, text.string());
  });
}

const Tags::TagMap& Tags::of(const std::string& resource) const {
  const auto found = by_resource_.find(resource);
  return found == by_resource_.end() ? no_tags : found->second;
}

aws::Outcome<Done> Tags::change(const std::string& resource, const TagMap& add,
                                const std::vector<std::string>& remove) {
  auto tags = of(resource);
  for (const auto& key : remove) tags.erase(key);
  for (const auto& [key, value] : add) {
    if (key.empty()) return aws::refuse("InvalidInput", "Tag keys must not be empty.");
    if (key.compare(0, 4, "aws:") == 0)
      return aws::refuse("InvalidInput", fmt::format("Tag key {} must not begin with aws:.", key));
    tags[key] = value;
  }
  if (tags.size() > most_tags)
    return aws::refuse("InvalidInput",
                       fmt::format("A resource must not have more than {} tags.", most_tags));
  auto row = aws::Value::structure();
  for (const auto& [key, value] : tags) row.set(key, value);
  if (tags.empty())
    journal_.erase(table, resource);
  else
    journal_.put(table, resource, aws::to_json(row));
  by_resource_[resource] = std::move(tags);
  return Done{};
}

void Tags::drop(const std::string& resource) {
  if (by_resource_.erase(resource) > 0) journal_.erase(table, resource);
}

}  // namespace sitelatch::route53
