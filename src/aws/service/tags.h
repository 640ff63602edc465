// SPDX-License-Identifier: Apache-2.0
// Tags of a resource, and the rules that every service has for them: at most 50, no key of AWS's
// own ("aws:", in any case), mostly no key twice in one request. Services differ in the words of
// their refusals, which they bring along.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/condition_keys.h"
#include "aws/wire/error.h"

namespace sitelatch::aws {

struct Tag {
  std::string key, value;
  friend bool operator==(const Tag&, const Tag&) = default;
};
using Tags = std::vector<Tag>;  // keys once each, in the order of their making

// Whether two spellings of a key are one key.
enum class TagKeys { exact, any_case };

// What a service says of tags that it does not take.
struct TagRules {
  using OfKey = Failure<Error> (*)(const std::string& key);
  OfKey reserved = nullptr;
  OfKey twice = nullptr;  // the last one counts
  Failure<Error> (*too_many)() = nullptr;
  TagKeys keys = TagKeys::exact;
};

inline constexpr std::size_t most_tags = 50;

// Either form of the wire: [{"Key": ..., "Value": ...}] or {key: value}; null: none.
Tags read_tags(const Value& wire);
Value tag_list(const Tags& tags);
Value tag_map(const Tags& tags);

const std::string* find_tag(const Tags& tags, std::string_view key);  // exact; nullptr: none
// `present` with `added`: what is there already gets the new value (and spelling). All or nothing.
Outcome<Tags> with_tags(Tags present, const Tags& added, const TagRules& rules);
Tags without_tags(Tags present, const std::vector<std::string>& keys,
                  TagKeys compared = TagKeys::exact);

// aws:ResourceTag/KEY of what is there already.
void add_resource_tags(const Tags& tags, ConditionKeys& keys);
// aws:RequestTag/KEY and aws:TagKeys of what a request sets, aws:TagKeys of what it takes away.
void add_request_tags(const Tags& set, const std::vector<std::string>& taken, ConditionKeys& keys);

}  // namespace sitelatch::aws
