// SPDX-License-Identifier: Apache-2.0
// The keys that encrypt the guard's topics. A key lives in one region, and a topic takes a key of
// its own region, so that topics in two regions need two keys, or one multi-region key and its
// replica. CloudWatch publishes to the alarm's topic only with a key whose policy lets it (fact
// guard-24).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sitelatch::guard {

struct KeyArn {
  std::string partition, region, account, id;
  bool multi_region() const { return id.starts_with("mrk-"); }
};
// "arn:aws:kms:us-east-1:000000000000:key/ID"; nothing: it is no key's ARN (an alias is none).
std::optional<KeyArn> parse_key_arn(std::string_view text);

// The key for a topic in `region`: the one of that region, else the replica that a multi-region key
// has there. Empty: there is none.
std::string key_in(const std::vector<std::string>& keys, std::string_view region);

// Refused: what is no ARN of a key, two keys of one region, and topics' regions without a key.
Result<Done> check_keys(const std::vector<std::string>& keys,
                        const std::vector<std::string>& regions);

// AWS's own key of SNS, by any spelling: its policy cannot let CloudWatch publish.
bool is_sns_own_key(std::string_view key);

// Whether a key's policy lets CloudWatch publish to a topic that the key encrypts: kms:Decrypt and
// kms:GenerateDataKey for cloudwatch.amazonaws.com. Conditions are not judged.
bool lets_cloudwatch_publish(std::string_view key_policy);
// The statement that does, for people to add.
std::string cloudwatch_statement();

}  // namespace sitelatch::guard
