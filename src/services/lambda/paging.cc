// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/paging.h"

#include <algorithm>

#include "base/text.h"
#include "services/lambda/refusals.h"

namespace sitelatch::lambda {
namespace {
constexpr std::string_view magic = "after:";
}

aws::Outcome<> page_of(const std::map<std::string, aws::Value>& items, const aws::Value& input,
                       std::string_view member, std::size_t cap) {
  auto at = items.begin();
  if (const auto marker = input["Marker"].string_or(""); !marker.empty()) {
    const auto text = unbase64(marker);
    if (!text || !text->starts_with(magic)) return invalid_parameter("Invalid marker: " + marker);
    at = items.upper_bound(text->substr(magic.size()));
  }
  const auto asked = input["MaxItems"].integer_or(static_cast<std::int64_t>(cap));
  const auto most = std::min(cap, static_cast<std::size_t>(std::max<std::int64_t>(asked, 1)));
  aws::Value list = aws::Value::list();
  std::string last;
  for (; at != items.end() && list.items().size() < most; ++at) {
    list.push(at->second);
    last = at->first;
  }
  aws::Value out = aws::Value::structure({{member, list}});
  if (at != items.end()) out.set("NextMarker", base64(std::string{magic} + last));
  return out;
}

}  // namespace sitelatch::lambda
