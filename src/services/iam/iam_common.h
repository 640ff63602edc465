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

// The same of rows in any order.
aws::Outcome<> sorted_page(const aws::Value& input, std::string_view list_member,
                           std::vector<std::pair<std::string, aws::Value>> rows,
                           aws::Value rest = {});
aws::Outcome<> page_of_tags(const aws::Value& input, const aws::Tags& tags);

Failure<aws::Error> no_such_device(const std::string& serial);
Failure<aws::Error> no_oidc_provider(const std::string& arn);
Failure<aws::Error> no_saml_provider(const std::string& arn);
std::string oidc_provider_arn(std::string_view account, std::string_view url);  // no "https://"

// Of a service-linked role its service; empty: it is none.
std::string service_of(const Entity& role);
std::string service_role_name(std::string_view service, std::string_view suffix);

// The document is GetPolicyVersion's and GetAccountAuthorizationDetails' alone.
aws::Value version_value(const ManagedPolicy& policy, const PolicyVersion& version,
                         bool with_document);

// Keys of users and roles are equal without regard to case. InvalidInput, LimitExceeded.
aws::Outcome<Done> add_tags(aws::Tags& to, const aws::Value& added, aws::TagKeys compared);

// MalformedPolicyDocument unless it is a policy.
aws::Outcome<Done> check_document(const std::string& document, aws::PolicyUse use);
// What the quotas of policies count (fact iam-14).
std::size_t size_without_blanks(std::string_view document);

// "arn:aws:iam::123456789012:role/a/b" and the like; ValidationError for what is no ARN.
aws::Outcome<Done> check_arn(std::string_view arn);

}  // namespace sitelatch::iam
