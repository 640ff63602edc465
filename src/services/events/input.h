// SPDX-License-Identifier: Apache-2.0
// What a target gets: the event, or what Input, InputPath or InputTransformer make of it (facts
// events-20 to events-23). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/value.h"
#include "services/events/event.h"

namespace sitelatch::events {

struct RuleName {
  std::string arn, name;
};

// `$`, `$.detail.a`, `$['detail'][0]`. Null where nothing is found.
bool valid_path(std::string_view path);
aws::Value at_path(const aws::Value& event, std::string_view path);

// The names between < and > in a template.
std::vector<std::string> placeholders(std::string_view input_template);
bool is_predefined(std::string_view placeholder);

// The payload of a target as it was put (a Target of the wire).
std::string payload_for(const aws::Value& target, const Event& event, const RuleName& rule);

}  // namespace sitelatch::events
