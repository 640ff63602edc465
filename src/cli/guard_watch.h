// SPDX-License-Identifier: Apache-2.0
// `status --watch`: looks again and again, until a signal ends it with the status of the last look.
// At a terminal one screen is drawn over and over in place; elsewhere, and where TERM is dumb, what
// is news is printed below what was there. What a look shows is guard_screen.h's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/guard_commands.h"
#include "cli/guard_report.h"
#include "cli/guard_screen.h"

namespace sitelatch::cli {

struct WatchTarget {
  GuardContext* context;
  std::string id_or_name;
  std::string shown;  // as it was asked for
};

// One look at one guard, by its id.
using LookAtGuard = std::function<Result<Screen, guard::Error>(
    const WatchTarget& target, const std::string& id, const guard::ViewOptions& how)>;

// `how`: of each look; an account's records are read anew for each round of looks.
int watch(const StatusOptions& options, const std::vector<WatchTarget>& wanted,
          guard::ViewOptions how, const LookAtGuard& look);

}  // namespace sitelatch::cli
