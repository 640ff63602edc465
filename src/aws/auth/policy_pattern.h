// SPDX-License-Identifier: Apache-2.0
// Texts in policies: with the wildcards * and ?, and with variables (${aws:username}) that the
// request fills in. What a variable brings is literal: a star in a user's tag is a star. ARNs match
// part by part, so that no wildcard reaches over a colon before the resource part (IAM User Guide,
// "Resource" element).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "aws/auth/condition_keys.h"

namespace sitelatch::aws {

enum class Wildcards { honoured, literal };
enum class Variables { honoured, literal };  // literal: documents older than 2012-10-17

class PolicyText {
 public:
  PolicyText() = default;
  PolicyText(std::string_view text, Wildcards wildcards, Variables variables);

  // False also when a variable has no value in this request.
  bool matches(std::string_view text, const ConditionKeys& keys) const;
  // The text with its variables filled in; wildcards are marked. Nothing when one has no value.
  std::optional<std::string> filled(const ConditionKeys& keys) const;
  const std::string& marked() const { return marked_; }

 private:
  std::string marked_;  // wildcards as \x01 (run) and \x02 (one)
  bool variable_ = false;
};

class ArnPattern {
 public:
  ArnPattern() = default;
  // "*", or an ARN; missing parts at the end stand for anything (arn:aws:sqs is arn:aws:sqs:*:*:*).
  ArnPattern(std::string_view text, Variables variables);
  bool matches(std::string_view arn, const ConditionKeys& keys) const;

 private:
  bool everything_ = false;
  std::array<PolicyText, 6> parts_;
};

}  // namespace sitelatch::aws
