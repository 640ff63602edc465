// SPDX-License-Identifier: Apache-2.0
#include "services/iam/iam_common.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/arn.h"
#include "base/text.h"

namespace sitelatch::iam {
using aws::Value;

std::string_view name_member(Kind kind) {
  return kind == Kind::role ? "RoleName" : kind == Kind::user ? "UserName" : "GroupName";
}
std::string_view word(Kind kind) {
  return kind == Kind::role ? "role" : kind == Kind::user ? "user" : "group";
}

namespace {
constexpr std::string_view marker_prefix = "after:";
}

aws::Outcome<> page(const Value& input, std::string_view list_member,
                    std::vector<std::pair<std::string, Value>> rows, Value rest) {
  auto first = rows.begin();
  if (input.has("Marker")) {
    const auto marker = unbase64(input["Marker"].string());
    if (!marker || !marker->starts_with(marker_prefix)) return validation_error("Invalid Marker.");
    const auto after = marker->substr(marker_prefix.size());
    first =
        std::upper_bound(rows.begin(), rows.end(), after,
                         [](const std::string& key, const auto& row) { return key < row.first; });
  }
  const auto most = input["MaxItems"].integer_or(100);
  const auto left = rows.end() - first;
  const auto last = first + std::min<std::ptrdiff_t>(left, most);
  auto list = Value::list();
  for (auto row = first; row != last; ++row) list.push(std::move(row->second));
  Value out = rest ? std::move(rest) : Value::structure();
  out.set(list_member, std::move(list));
  out.set("IsTruncated", last != rows.end());
  if (last != rows.end() && last != first)
    out.set("Marker", base64(std::string{marker_prefix} + std::prev(last)->first));
  return out;
}

Value tags_value(const std::vector<Tag>& tags) {
  auto list = Value::list();
  for (const auto& tag : tags)
    list.push(Value::structure({{"Key", tag.key}, {"Value", tag.value}}));
  return list;
}

std::vector<Tag> read_tags(const Value& list) {
  std::vector<Tag> tags;
  for (const auto& tag : list.items())
    tags.push_back({tag["Key"].string(), tag["Value"].string_or("")});
  return tags;
}

namespace {
bool same_key(const std::string& a, const std::string& b, TagKeys rule) {
  return rule == TagKeys::exact ? a == b : equal_ignoring_case(a, b);
}
}  // namespace

aws::Outcome<Done> add_tags(std::vector<Tag>& to, const std::vector<Tag>& added, TagKeys rule) {
  auto merged = to;
  for (std::size_t i = 0; i < added.size(); ++i) {
    const auto& tag = added[i];
    if (lower(tag.key).starts_with("aws:"))
      return aws::refuse("InvalidInput",
                         "Invalid tag key. System tags cannot be added, updated, or removed.");
    for (std::size_t j = 0; j < i; ++j)
      if (same_key(added[j].key, tag.key, rule))
        return aws::refuse(
            "InvalidInput",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    const auto known = std::find_if(merged.begin(), merged.end(),
                                    [&](const Tag& t) { return same_key(t.key, tag.key, rule); });
    if (known != merged.end()) {
      *known = tag;
    } else {
      merged.push_back(tag);
    }
  }
  if (merged.size() > 50)
    return limit_exceeded("The number of tags has reached the maximum limit.");
  to = std::move(merged);
  return Done{};
}

void remove_tags(std::vector<Tag>& from, const std::vector<std::string>& keys, TagKeys rule) {
  std::erase_if(from, [&](const Tag& tag) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const std::string& key) { return same_key(tag.key, key, rule); });
  });
}

aws::Outcome<Done> check_document(const std::string& document, aws::PolicyUse use) {
  const auto policy = aws::parse_policy(document, use);
  if (!policy) return aws::refuse("MalformedPolicyDocument", policy.error().text);
  return Done{};
}

std::size_t size_without_blanks(std::string_view document) {
  return static_cast<std::size_t>(std::count_if(document.begin(), document.end(), [](char c) {
    return c != ' ' && c != '\n' && c != '\r' && c != '\t';
  }));
}

aws::Outcome<Done> check_arn(std::string_view arn) {
  if (!aws::parse_arn(arn)) return validation_error("Invalid ARN:  Could not be parsed!");
  return Done{};
}

}  // namespace sitelatch::iam
