// SPDX-License-Identifier: Apache-2.0
// What tests ask of a drill's report.
#pragma once

#include <string>
#include <vector>

#include "base/text.h"
#include "guard/apply/drill.h"
#include "guard/rules/form.h"

namespace sitelatch::guard::test {

// Of the list of what there is: a drill leaves it on purpose.
inline const std::string tag_of_drill = "tag " + std::string{tag::last_drill};

// "scratch-check sentinel !deploy": a leg that failed has a mark.
inline std::string names_of(const DrillReport& report) {
  std::vector<std::string> names;
  for (const auto& leg : report.legs) names.push_back((leg.passed ? "" : "!") + leg.name);
  return join(names, " ");
}

}  // namespace sitelatch::guard::test
