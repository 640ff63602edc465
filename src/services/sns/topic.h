// SPDX-License-Identifier: Apache-2.0
// A topic: its settings as AWS names them, its access policy, its tags. Facts sns-1 to sns-9.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/error.h"
#include "aws/wire/value.h"

namespace sitelatch::sns {

struct Topic {
  std::string region, name, arn, owner;
  std::map<std::string, std::string>
      settings;  // attributes that were set, by AWS's names; Policy among them
  aws::Tags tags;
  std::string data_protection = {};  // a policy that is kept, and inspects nothing (fact sns-9)

  std::string setting(std::string_view name_of) const;  // or ""
  std::string policy() const;                           // the one that was set, or the default one
  int signature_version() const;
  bool fifo() const { return name.ends_with(".fifo"); }
};

std::string topic_arn(const std::string& region, const std::string& account,
                      const std::string& name);
std::string default_topic_policy(const std::string& arn, const std::string& owner);
bool valid_topic_name(std::string_view name);  // ".fifo" apart

// Refuses an attribute that no topic has or a value that it cannot have. For CreateTopic and
// SetTopicAttributes.
aws::Outcome<Done> check_topic_attribute(const std::string& name, const std::string& value,
                                         bool fifo);

aws::Value to_value(const Topic& topic);
Topic topic_from(const aws::Value& value);

extern const aws::TagRules tag_rules;

// AddPermission and RemovePermission on a policy document; the new document as text.
struct PermissionGrant {
  std::string label;
  std::vector<std::string> accounts, actions;
};
aws::Outcome<std::string> with_permission(const Topic& topic, const PermissionGrant& grant);
aws::Outcome<std::string> without_permission(const Topic& topic, const std::string& label);

}  // namespace sitelatch::sns
