// SPDX-License-Identifier: Apache-2.0
// The single rules in the lists of a filter policy: plain values, prefix, suffix,
// equals-ignore-case, anything-but, numeric, exists, cidr, wildcard. Used by filter_policy.cc only.
#pragma once

#include <string>

#include "aws/wire/value.h"
#include "base/result.h"

namespace sitelatch::sns {

// Whether a list under "$or" holds alternatives (objects of attribute names); otherwise it is an
// attribute of that name.
bool is_alternatives(const aws::Value& list);

Result<Done, std::string> check_filter_rule(const aws::Value& rule);

// Whether one of the values satisfies one of the rules. `values` is nullptr where the attribute or
// member is absent.
bool matches_any_rule(const aws::Value& rules, const aws::Value::List* values);

}  // namespace sitelatch::sns
