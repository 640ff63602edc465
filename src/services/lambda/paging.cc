// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/paging.h"

#include <algorithm>

#include "aws/service/paging.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {

aws::Outcome<> page_of(const std::map<std::string, aws::Value>& items, const aws::Value& input,
                       std::string_view member, std::int64_t cap) {
  const auto marker = input["Marker"].string_or("");
  auto page = aws::Page::at(member, marker.empty() ? aws::Value{} : aws::Value{marker},
                            std::min(cap, input["MaxItems"].integer_or(cap)));
  if (!page) return invalid_parameter("Invalid marker: " + marker);
  for (const auto& item : items)
    if (!page->offer(item.first, [&] { return item.second; })) break;
  return aws::Value::structure({{member, page->items()}, {"NextMarker", page->next_token()}});
}

}  // namespace sitelatch::lambda
