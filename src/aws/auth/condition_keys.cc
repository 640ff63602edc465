// SPDX-License-Identifier: Apache-2.0
#include "aws/auth/condition_keys.h"

#include <algorithm>

#include "base/text.h"

namespace sitelatch::aws {

ConditionKeys::ConditionKeys(std::initializer_list<std::pair<std::string_view, Values>> keys) {
  for (const auto& [name, values] : keys) set(name, values);
}

void ConditionKeys::set(std::string_view name, Values values) {
  values_.insert_or_assign(lower(name), std::move(values));
}
void ConditionKeys::set(std::string_view name, std::string value) {
  set(name, Values{std::move(value)});
}

void ConditionKeys::add(std::string_view name, std::string value) {
  auto& values = values_[lower(name)];
  if (std::find(values.begin(), values.end(), value) == values.end())
    values.push_back(std::move(value));
}

void ConditionKeys::add_tag(std::string_view prefix, std::string_view tag_key, std::string value) {
  add(std::string{prefix} + "/" + std::string{tag_key}, std::move(value));
}

void ConditionKeys::add_missing(const ConditionKeys& others) {
  values_.insert(others.values_.begin(), others.values_.end());
}

const ConditionKeys::Values* ConditionKeys::find(std::string_view name) const {
  const auto found = values_.find(lower(name));
  return found == values_.end() ? nullptr : &found->second;
}

const ConditionKeys::Values& ConditionKeys::at(std::string_view name) const {
  static const Values none;
  const auto* values = find(name);
  return values ? *values : none;
}

}  // namespace sitelatch::aws
