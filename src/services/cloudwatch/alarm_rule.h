// SPDX-License-Identifier: Apache-2.0
// The AlarmRule of a composite alarm, as AWS documents it (fact cloudwatch-33):
//   rule   = term { "OR" term }           term = factor { "AND" factor }
//   factor = { "NOT" } ( "(" rule ")" | "TRUE" | "FALSE" | state "(" alarm ")"
//                        | "AT_LEAST" "(" count ["%"] "," ["NOT"] state "," "(" alarm {"," alarm}
//                        ")" ")" )
//   state  = "ALARM" | "OK" | "INSUFFICIENT_DATA"    alarm = a name or an ARN, quoted or not
// Pure: what state an alarm is in is asked of the caller.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/error.h"
#include "services/cloudwatch/alarm.h"

namespace sitelatch::cloudwatch {

class AlarmRule {
 public:
  static constexpr std::size_t most_children = 100, most_elements = 500;

  // The refusal is AWS's: `Error in AlarmRule [Unsupported token ')' at char 1, must be: ...]`.
  static aws::Outcome<AlarmRule> parse(std::string_view text);

  // The alarms that are named, as they are written, once each, in order.
  const std::vector<std::string>& children() const { return children_; }

  // Nothing: there is no such alarm, and it is in no state.
  using StateOf = std::function<std::optional<State>(const std::string& child)>;
  bool holds(const StateOf& state_of) const;

 private:
  friend class AlarmRuleParser;
  enum class Step { constant, in_state, at_least, negate, both, either };
  struct Instruction {
    Step step = Step::constant;
    bool value = false;  // constant; at_least: the state is negated
    State state = State::alarm;
    std::size_t count = 0;  // at_least: so many of these
    std::vector<std::size_t> children;
  };
  std::vector<std::string> children_;
  std::vector<Instruction> program_;  // in postfix order
};

}  // namespace sitelatch::cloudwatch
