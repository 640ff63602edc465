// SPDX-License-Identifier: Apache-2.0
// A subscription's filter policy: which messages it wants, by their attributes or by their body
// (facts sns-50 ff). Values are pure; parse() refuses what AWS refuses, in its words.
#pragma once

#include <memory>
#include <string>

#include "aws/wire/value.h"
#include "base/result.h"
#include "services/sns/notification.h"

namespace sitelatch::sns {

enum class FilterScope { message_attributes, message_body };

enum class FilterVerdict {
  wanted,
  mismatch,       // attributes or body are there and do not match
  no_attributes,  // a policy on attributes, and a message without any
  invalid_body,   // a policy on the body, and a body that is no JSON object
};

class FilterPolicy {
 public:
  // The refusal's text goes behind "Invalid parameter: " or "Invalid parameter: Attributes Reason:
  // ".
  static Result<FilterPolicy, std::string> parse(const std::string& json, FilterScope scope);

  FilterVerdict judge(const MessageAttributes& attributes, const std::string& message) const;

 private:
  FilterPolicy(aws::Value rules, FilterScope scope) : rules_(std::move(rules)), scope_(scope) {}
  aws::Value rules_;
  FilterScope scope_;
};

}  // namespace sitelatch::sns
