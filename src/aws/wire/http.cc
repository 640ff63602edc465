// SPDX-License-Identifier: Apache-2.0
#include "aws/wire/http.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::aws {

const std::string* Headers::find(std::string_view name) const {
  for (const auto& [key, value] : *this)
    if (equal_ignoring_case(key, name)) return &value;
  return nullptr;
}
std::string Headers::get(std::string_view name) const {
  const auto* value = find(name);
  return value ? *value : std::string{};
}
void Headers::set(std::string_view name, std::string value) {
  erase(std::remove_if(begin(), end(),
                       [&](const auto& header) { return equal_ignoring_case(header.first, name); }),
        end());
  add(name, std::move(value));
}
void Headers::add(std::string_view name, std::string value) {
  emplace_back(std::string{name}, std::move(value));
}

std::string_view HttpRequest::path() const {
  return std::string_view{target}.substr(0, target.find('?'));
}
std::string_view HttpRequest::query() const {
  const auto at = target.find('?');
  return at == std::string::npos ? std::string_view{} : std::string_view{target}.substr(at + 1);
}

}  // namespace sitelatch::aws
