// SPDX-License-Identifier: Apache-2.0
// The commands that change something, as the matrix runs them: each on an account that is prepared
// for it, as the program's own command does it (src/cli), but for its questions and its printing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "wired_account.h"

namespace sitelatch::guard::test {

struct End {
  bool done = false;
  std::string text;  // why not
};

// What a Primary that fails after the command meets.
enum class Afterwards {
  guarded,    // it leaves DNS, and does not come back by itself
  unguarded,  // it leaves DNS: there is no guard, by what was asked
  frozen,     // nothing: a person has taken it out of service
};

struct Command {
  std::string name;
  std::function<void(WiredAccount&)> prepare;
  std::function<End(WiredAccount&)> run;
  // What the command is for is so: whoever did it.
  std::function<bool(WiredAccount&)> achieved;
  Afterwards afterwards = Afterwards::guarded;
  bool holds_latch = false;  // latched before, and whatever happens still latched afterwards
};
const std::vector<Command>& commands();

}  // namespace sitelatch::guard::test
