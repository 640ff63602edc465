// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/arn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sitelatch::aws {

std::string Arn::text() const {
  return fmt::format("arn:{}:{}:{}:{}:{}", partition, service, region, account, resource);
}

std::optional<Arn> parse_arn(std::string_view text) {
  std::array<std::string_view, 5> part;
  for (auto& p : part) {
    const auto colon = text.find(':');
    if (colon == text.npos) return std::nullopt;
    p = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (part[0] != "arn" || !is_partition(part[1]) || part[2].empty() || text.empty())
    return std::nullopt;
  return Arn{std::string{part[1]}, std::string{part[2]}, std::string{part[3]}, std::string{part[4]},
             std::string{text}};
}

bool is_partition(std::string_view text) {
  return text == "aws" || text == "aws-cn" || text == "aws-us-gov";
}

bool is_account_id(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace sitelatch::aws
