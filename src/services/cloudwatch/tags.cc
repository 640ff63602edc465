// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/tags.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace sitelatch::cloudwatch {

aws::Outcome<Tags> merged_tags(Tags tags, const aws::Value& added) {
  constexpr std::size_t most_tags = 50;
  std::set<std::string> seen;
  for (const auto& tag : added.items()) {
    const auto key = tag["Key"].string_or("");
    if (equal_ignoring_case(std::string_view{key}.substr(0, 4), "aws:"))
      return aws::refuse("InvalidParameterValueException",
                         "System tags cannot be added/updated by requester");
    if (!seen.insert(key).second)
      return aws::refuse("InvalidParameterValueException", "Duplicate tag keys are not allowed.");
    const auto at = std::find_if(tags.begin(), tags.end(),
                                 [&key](const auto& old) { return old.first == key; });
    if (at == tags.end())
      tags.emplace_back(key, tag["Value"].string_or(""));
    else
      at->second = tag["Value"].string_or("");
  }
  if (tags.size() > most_tags)
    return aws::refuse("InvalidParameterValueException",
                       "The number of tags exceeds the limit of 50 per resource.");
  return tags;
}

}  // namespace sitelatch::cloudwatch
