// SPDX-License-Identifier: Apache-2.0
// Who may invoke a function (fact lambda-33): an ordered list of statements, made one by one by
// AddPermission.
#pragma once

#include <string>
#include <string_view>

#include "aws/wire/error.h"
#include "aws/wire/value.h"

namespace sitelatch::lambda {

class ResourcePolicy {
 public:
  static constexpr std::size_t size_limit = 20'480;

  ResourcePolicy() = default;
  explicit ResourcePolicy(aws::Value statements) : statements_(std::move(statements)) {}

  bool empty() const { return statements_.items().empty(); }
  const aws::Value& statements() const { return statements_; }
  const aws::Value* find(std::string_view sid) const;  // nullptr: none such
  void add(aws::Value statement) { statements_.push(std::move(statement)); }
  void remove(std::string_view sid);
  std::string document() const;  // the JSON text that GetPolicy shows

 private:
  aws::Value statements_ = aws::Value::list();
};

// The statement that an AddPermission input makes, for a function, version or alias of that ARN.
// Refused: a principal that is none, a condition on function URLs with another action (fact
// lambda-44).
aws::Outcome<> make_statement(const aws::Value& add_permission, const std::string& resource_arn);

// Another service calls on behalf of one of the account's resources; only the function's policy
// speaks (fact lambda-4).
struct ServiceCaller {
  std::string principal;       // "sns.amazonaws.com"
  std::string source_arn;      // of the topic, the rule, ...
  std::string source_account;  // empty: not said
};
bool allows_invocation(const ResourcePolicy& policy, const ServiceCaller& caller,
                       const std::string& resource_arn);

}  // namespace sitelatch::lambda
