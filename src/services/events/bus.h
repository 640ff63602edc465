// SPDX-License-Identifier: Apache-2.0
// An event bus: what was set for it, and its policy. Every region has the bus `default`, which is
// kept once something was set for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/service/tags.h"
#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::events {

struct EventBus {
  std::string region, name, arn;
  std::optional<std::string> description, kms_key;
  aws::Value dead_letters, logs;  // DeadLetterConfig and LogConfig, as given
  std::string policy;             // JSON; empty: none
  aws::Tags tags;
  std::optional<Instant> created, modified;  // none: the default bus as it always was
};

aws::Value to_value(const EventBus& bus);
EventBus bus_from(const aws::Value& value);

inline constexpr std::size_t longest_policy = 10'240;

// A statement of PutPermission's parameters, in place of one with the same Sid; the policy with it.
std::string with_statement(const EventBus& bus, const aws::Value& permission);
// The policy without it, empty where nothing is left; nothing: there is no such statement.
std::optional<std::string> without_statement(const EventBus& bus, const std::string& sid);

}  // namespace sitelatch::events
