// SPDX-License-Identifier: Apache-2.0
// Single changes to a guard of the form `config`, each under the version of what was seen. Whoever
// was faster makes a conflict of it: look and decide again. A lost answer is looked up. A check is
// made under a CallerReference of its own, so that one whose answer was lost is found and not made
// twice.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/wire/value.h"
#include "guard/apply/builder.h"
#include "guard/apply/config_observe.h"

namespace sitelatch::guard {

// One UpdateHealthCheck; `members` as on the wire.
using CheckMembers = std::vector<std::pair<std::string_view, aws::Value>>;
Step update_under_version(Context& context, const std::string& check_id, std::uint64_t version,
                          const CheckMembers& members);

// Gives the id. `config`: as it is made each time, whatever it becomes afterwards.
Result<std::string, Error> make_config_check(Context& context, ConfigReference reference,
                                             const aws::Value& config);
// The same of another form: `reference` gives the CallerReference of the N-th.
Result<std::string, Error> make_check_once(Context& context,
                                           const std::function<std::string(int)>& reference,
                                           const aws::Value& config);

Step add_check_tags(Context& context, const std::string& check_id, const Texts& tags);
Step remove_check_tags(Context& context, const std::string& check_id,
                       const std::vector<std::string_view>& keys);

// A line of the guard's audit log; a failure becomes a sentence.
std::optional<std::string> note_down(Context& context, const ConfigView& view,
                                     const AuditEntry& entry);
// "version 3, Inverted, Disabled": the hold, for people and the audit log.
std::string describe(const HoldCheck& hold);

// trip: latches by hand (rules/config_steps.h). Gives what it did, a sentence.
struct ConfigTripped {
  std::string sentence;
  std::vector<std::string> notes;
  std::uint64_t version = 0;
  bool changed = false;
};
Result<ConfigTripped, Error> trip_config(Context& context, ConfigView view,
                                         const std::string& reason);

}  // namespace sitelatch::guard
