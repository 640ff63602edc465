// SPDX-License-Identifier: Apache-2.0
// The legs of a rehearsal: each walked, timed by the caller's clock, told as it ends, and kept in
// the report. Borrows context and report.
#pragma once

#include <functional>
#include <string>

#include "guard/apply/drill.h"

namespace sitelatch::guard {

class DrillLegs {
 public:
  using Walk = std::function<Result<std::string>()>;  // what came, or why it did not

  DrillLegs(Context& context, DrillReport& report) : context_(context), report_(report) {}
  // Whether it came.
  bool walk(std::string name, const Walk& walk);
  bool fails(std::string sentence);  // false
  // Nothing was rehearsed, so that no leg of the chain has failed. False.
  bool cannot_begin(const Error& error);

 private:
  Context& context_;
  DrillReport& report_;
};

// Into the real guard's audit log, so that people see when it was last rehearsed.
void write_into_log(Context& context, const View& real, const DrillReport& report);

}  // namespace sitelatch::guard
