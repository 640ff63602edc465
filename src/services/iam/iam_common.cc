// SPDX-License-Identifier: Apache-2.0
#include "services/iam/iam_common.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/arn.h"
#include "aws/service/paging.h"
#include "base/text.h"

namespace sitelatch::iam {
using aws::Value;

std::string_view name_member(Kind kind) {
  return kind == Kind::role ? "RoleName" : kind == Kind::user ? "UserName" : "GroupName";
}
std::string_view word(Kind kind) {
  return kind == Kind::role ? "role" : kind == Kind::user ? "user" : "group";
}

aws::Outcome<> page(const Value& input, std::string_view list_member,
                    std::vector<std::pair<std::string, Value>> rows, Value rest) {
  auto page = aws::Page::at(list_member, input["Marker"], input["MaxItems"].integer_or(100));
  if (!page) return validation_error("Invalid Marker.");
  for (auto& row : rows)
    if (!page->offer(row.first, [&] { return std::move(row.second); })) break;
  Value out = rest ? std::move(rest) : Value::structure();
  out.set(list_member, page->items());
  out.set("IsTruncated", !page->next_token().is_null());
  out.set("Marker", page->next_token());
  return out;
}

aws::Outcome<> sorted_page(const Value& input, std::string_view list_member,
                           std::vector<std::pair<std::string, Value>> rows, Value rest) {
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return page(input, list_member, std::move(rows), std::move(rest));
}

aws::Outcome<> page_of_tags(const Value& input, const aws::Tags& tags) {
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& tag : tags)
    rows.emplace_back(tag.key, Value::structure({{"Key", tag.key}, {"Value", tag.value}}));
  return sorted_page(input, "Tags", std::move(rows));
}

aws::Outcome<Done> add_tags(aws::Tags& to, const Value& added, aws::TagKeys compared) {
  const aws::TagRules rules{
      [](const std::string&) {
        return aws::refuse("InvalidInput",
                           "Invalid tag key. System tags cannot be added, updated, or removed.");
      },
      [](const std::string&) {
        return aws::refuse(
            "InvalidInput",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
      },
      [] { return limit_exceeded("The number of tags has reached the maximum limit."); }, compared};
  auto tags = aws::with_tags(to, aws::read_tags(added), rules);
  if (!tags) return failure(tags.error());
  to = std::move(*tags);
  return Done{};
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
  // Two blanks, as AWS has it (fact iam-24).
  if (!aws::parse_arn(arn)) return validation_error("Invalid ARN:  Could not be parsed!");
  return Done{};
}

}  // namespace sitelatch::iam
