// SPDX-License-Identifier: Apache-2.0
// A configuration file: parsed, told about, laid over itself; a guard is found by its own name.
#include "settings/settings.h"

#include "target.h"

using namespace sitelatch;

FUZZ_TARGET(settings) {
  const auto parsed = settings::parse(input.rest(), "f");
  for (const auto& fault : parsed.faults) require(!fault.sentence.empty(), "a fault is told");
  auto whole = parsed.settings;
  settings::lay_over(whole, parsed.settings);
  require(whole.guards.size() == parsed.settings.guards.size(), "over itself it is the same");
  (void)settings::unfinished(whole);
  for (const auto& guard : whole.guards) {
    require(settings::guards_meant(whole, guard.name).size() == 1, "a name is one guard's");
    (void)settings::guards_meant(whole, guard.health_check());
    for (const auto& [key, setting] : guard.table)
      require(settings::setting_of(whole, &guard, key) == &setting, "a guard's own comes first");
  }
}
