// SPDX-License-Identifier: Apache-2.0
#include "aws/service/tags.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::aws {
namespace {

bool same_key(std::string_view one, std::string_view other, TagKeys compared) {
  return compared == TagKeys::exact ? one == other : equal_ignoring_case(one, other);
}

}  // namespace

Tags read_tags(const Value& wire) {
  Tags tags;
  if (wire.is_struct()) {
    for (const auto& [key, value] : wire.members())
      tags.push_back({std::string{key}, value.string_or("")});
  } else {
    for (const auto& tag : wire.items())
      tags.push_back({tag["Key"].string_or(""), tag["Value"].string_or("")});
  }
  return tags;
}

Value tag_list(const Tags& tags) {
  auto list = Value::list();
  for (const auto& [key, value] : tags)
    list.push(Value::structure({{"Key", key}, {"Value", value}}));
  return list;
}

Value tag_map(const Tags& tags) {
  auto map = Value::structure();
  for (const auto& [key, value] : tags) map.members_mut().push_back({key, value});
  return map;
}

const std::string* find_tag(const Tags& tags, std::string_view key) {
  for (const auto& tag : tags)
    if (tag.key == key) return &tag.value;
  return nullptr;
}

Outcome<Tags> with_tags(Tags present, const Tags& added, const TagRules& rules) {
  for (auto tag = added.begin(); tag != added.end(); ++tag) {
    const auto same = [&](const Tag& other) { return same_key(other.key, tag->key, rules.keys); };
    if (rules.twice != nullptr && std::any_of(added.begin(), tag, same))
      return rules.twice(tag->key);
    if (equal_ignoring_case(std::string_view{tag->key}.substr(0, 4), "aws:"))
      return rules.reserved(tag->key);
    const auto known = std::find_if(present.begin(), present.end(), same);
    if (known != present.end())
      *known = *tag;
    else
      present.push_back(*tag);
  }
  if (present.size() > most_tags) return rules.too_many();
  return present;
}

Tags without_tags(Tags present, const std::vector<std::string>& keys, TagKeys compared) {
  std::erase_if(present, [&](const Tag& tag) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const std::string& key) { return same_key(tag.key, key, compared); });
  });
  return present;
}

void add_resource_tags(const Tags& tags, ConditionKeys& keys) {
  for (const auto& [key, value] : tags) keys.add_tag("aws:ResourceTag", key, value);
}

void add_request_tags(const Tags& set, const std::vector<std::string>& taken, ConditionKeys& keys) {
  for (const auto& [key, value] : set) {
    keys.add_tag("aws:RequestTag", key, value);
    keys.add("aws:TagKeys", key);
  }
  for (const auto& key : taken) keys.add("aws:TagKeys", key);
}

}  // namespace sitelatch::aws
