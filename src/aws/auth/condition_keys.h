// SPDX-License-Identifier: Apache-2.0
// Condition keys of one request: names to values, several for a multivalued key. Names are the same
// in any case ("aws:ResourceTag/Environment"), which holds here and nowhere else: they are lowered
// on their way in and when they are looked for, so no caller can get it wrong.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sitelatch::aws {

class ConditionKeys {
 public:
  using Values = std::vector<std::string>;

  ConditionKeys() = default;
  ConditionKeys(std::initializer_list<std::pair<std::string_view, Values>> keys);

  void set(std::string_view name, Values values);
  void set(std::string_view name, std::string value);
  // One value more, unless it is there.
  void add(std::string_view name, std::string value);
  // Tags by prefix ("aws:ResourceTag"). Two tags whose keys differ in case only are two values of
  // one key, so that neither hides the other from a Deny (fact iam-18).
  void add_tag(std::string_view prefix, std::string_view tag_key, std::string value);
  // What is not here yet.
  void add_missing(const ConditionKeys& others);

  const Values* find(std::string_view name) const;  // nullptr: none
  const Values& at(std::string_view name) const;    // none: empty
  bool empty() const { return values_.empty(); }

 private:
  std::map<std::string, Values, std::less<>> values_;  // by lower-case name
};

}  // namespace sitelatch::aws
