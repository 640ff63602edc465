// SPDX-License-Identifier: Apache-2.0
// Event patterns: parse() takes what EventBridge takes and refuses in its words; matches() says
// what EventBridge says (facts events-40 to events-50). Values; pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/value.h"
#include "base/result.h"

namespace sitelatch::events {

struct PatternBranch;

class EventPattern {
 public:
  // The refusal's text goes behind "Event pattern is not valid. Reason: ".
  static Result<EventPattern, std::string> parse(std::string_view json);

  bool matches(const aws::Value& event) const;

  // The plain strings that it asks for at a path of the event, for policies: "detail-type".
  std::vector<std::string> plain_values(std::string_view path) const;

 private:
  explicit EventPattern(std::shared_ptr<const std::vector<PatternBranch>> branches)
      : branches_(std::move(branches)) {}
  // One for each way through the $or's: all of a branch has to hold, of one branch.
  std::shared_ptr<const std::vector<PatternBranch>> branches_;
};

}  // namespace sitelatch::events
