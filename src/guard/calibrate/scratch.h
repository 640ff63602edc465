// SPDX-License-Identifier: Apache-2.0
// The scratch resources of a calibration. All bear its prefix and the run's number in their names
// (a health check in its CallerReference), and are noted before they are made, so that what a lost
// answer or a killed run left is found again: by its name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "guard/apply/builder.h"
#include "guard/apply/carry_out.h"

namespace sitelatch::guard {

inline constexpr std::string_view calibration_prefix = "sitelatch-calibrate-";

struct Scratch {
  // In the order of removal: what uses others before these.
  enum class Kind { guard, alarm, topic, function, log_group, role, check } kind = Kind::check;
  std::string name;         // topics: the ARN; checks: the id, or empty (then by its reference);
                            // guards: the id of their check
  std::string region;       // empty: of a global service
  std::string reference{};  // checks: CallerReference
  bool operator==(const Scratch&) const = default;
};
std::string describe(const Scratch& scratch);  // "topic arn:..."
// The command that removes it, for people.
std::string removal_by_hand(const Scratch& scratch);

// What is gone already is no error.
Step remove(Context& context, const Scratch& scratch);
// Each of them, patiently, guards first: one that stays keeps its check, by which the next run
// finds it. Gives a sentence for each that is left, with the command that removes it.
std::vector<std::string> remove_all(Context& context, std::vector<Scratch> all);

struct Remains {
  std::vector<Scratch> found;
  std::vector<std::string> blind;  // where it could not be looked, and why
};
// Whatever calibrations have left, in the order of removal. `regions`: beside `home`.
Result<Remains, Error> find_remains(Context& context, const std::string& home,
                                    const std::vector<std::string>& regions);

}  // namespace sitelatch::guard
