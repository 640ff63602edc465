// SPDX-License-Identifier: Apache-2.0
// Small things that every part of the IAM API needs: names of members by kind, pages, tags,
// documents.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/auth/policy.h"
#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "services/iam/directory.h"

namespace sitelatch::iam {

std::string_view name_member(Kind kind);  // "RoleName"
std::string_view word(Kind kind);         // "role"

inline auto no_such_entity(std::string message) {
  return aws::refuse("NoSuchEntity", std::move(message));
}
inline auto validation_error(std::string message) {
  return aws::refuse("ValidationError", std::move(message), 400);
}
inline auto limit_exceeded(std::string message) {
  return aws::refuse("LimitExceeded", std::move(message));
}
inline auto delete_conflict_error(std::string message) {
  return aws::refuse("DeleteConflict", std::move(message));
}

// One page of rows in the order of their keys: Marker and MaxItems in, list, IsTruncated and Marker
// out. Rows must be sorted by key. A Marker that this engine did not make is a ValidationError.
aws::Outcome<> page(const aws::Value& input, std::string_view list_member,
                    std::vector<std::pair<std::string, aws::Value>> rows, aws::Value rest = {});

// Keys of users and roles are equal without regard to case. InvalidInput, LimitExceeded.
aws::Outcome<Done> add_tags(aws::Tags& to, const aws::Value& added, aws::TagKeys compared);

// MalformedPolicyDocument unless it is a policy.
aws::Outcome<Done> check_document(const std::string& document, aws::PolicyUse use);
// What the quotas of policies count (fact iam-14).
std::size_t size_without_blanks(std::string_view document);

// "arn:aws:iam::123456789012:role/a/b" and the like; ValidationError for what is no ARN.
aws::Outcome<Done> check_arn(std::string_view arn);

}  // namespace sitelatch::iam
