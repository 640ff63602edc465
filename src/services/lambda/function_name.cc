// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/function_name.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::lambda {

std::string FunctionName::arn() const {
  return "arn:aws:lambda:" + region + ":" + account + ":function:" + name;
}
std::string FunctionName::qualified_arn() const {
  return qualifier.empty() ? arn() : arn() + ":" + qualifier;
}

namespace {

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
// "eu-west-1", "us-gov-west-1"
bool is_region(std::string_view text) {
  const auto parts = split(text, '-');
  return parts.size() >= 3 && parts[0].size() == 2 && parts.back().size() == 1 &&
         parts.back()[0] >= '0' && parts.back()[0] <= '9';
}

}  // namespace

aws::Outcome<FunctionName> parse_function_name(std::string_view text, std::string_view qualifier,
                                               CallPlace place) {
  auto parts = split(text, ':');
  std::size_t next = 0;
  const auto more_after = [&](std::size_t n) { return parts.size() > next + n; };

  FunctionName out{std::string{place.region}, std::string{place.account}, "", ""};
  if (more_after(2) && parts[0] == "arn") next = 3;  // arn:aws:lambda
  if (more_after(1) && is_region(parts[next])) out.region = parts[next++];
  if (more_after(1) && is_account(parts[next])) out.account = parts[next++];
  if (more_after(1) && parts[next] == "function") ++next;
  if (more_after(0)) out.name = parts[next++];
  if (more_after(0)) out.qualifier = parts[next++];
  if (out.name.empty() || more_after(0))
    return aws::refuse("InvalidParameterValueException",
                       "Invalid function name: " + std::string{text}, 400);
  if (!qualifier.empty()) {
    if (!out.qualifier.empty() && out.qualifier != qualifier)
      return aws::refuse(
          "InvalidParameterValueException",
          "The derived qualifier from the function name does not match the specified qualifier.");
    out.qualifier = qualifier;
  }
  return out;
}

}  // namespace sitelatch::lambda
