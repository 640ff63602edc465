// SPDX-License-Identifier: Apache-2.0
// A page of a list in the order of its keys: Limit items behind the key that the token carries
// (base64 of the last one), and a token only when more remains (aws-semantics 12.3).
#pragma once

#include <string>
#include <string_view>

#include "aws/value.h"
#include "base/text.h"

namespace sitelatch::events {

class Page {
 public:
  explicit Page(const aws::Value& input)
      : limit_(static_cast<std::size_t>(input["Limit"].integer_or(100))) {
    if (!input.has("NextToken")) return;
    const auto last = unbase64(input["NextToken"].string());
    valid_ = last && last->starts_with("after:");
    if (valid_) after_ = last->substr(6);
  }
  bool valid() const { return valid_; }

  // Items come in the order of their keys.
  void offer(const std::string& key, aws::Value item) {
    if (!after_.empty() && key <= after_) return;
    if (items_.items().size() == limit_) {
      more_ = true;
      return;
    }
    items_.push(std::move(item));
    last_ = key;
  }
  aws::Value answer(std::string_view member) const {
    return aws::Value::structure(
        {{member, items_},
         {"NextToken", more_ ? aws::Value{base64("after:" + last_)} : aws::Value{}}});
  }

 private:
  std::size_t limit_;
  bool valid_ = true, more_ = false;
  std::string after_, last_;
  aws::Value items_ = aws::Value::list();
};

}  // namespace sitelatch::events
