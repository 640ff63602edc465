// SPDX-License-Identifier: Apache-2.0
// Guards of the configuration file as commands meet them: by name, by what they guard, and all of
// them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/guard_report.h"
#include "cli/settings_use.h"

namespace sitelatch::cli {

// The guard that a word on the command line means, of which is told (which health check, in which
// profile, by which line of which file). Null: the file has none. Problem: several are meant, or
// the word is neither a guard nor the form of an id or name, and looks mistyped.
Result<const settings::Guard*> guard_of_word(const SettingsUse& file, const std::string& word);

// What was named by an id or a DNS name the file may know by the other. `everywhere`: of each guard
// with checks AWS is asked whether it is this one, because a check that is not run is worse than a
// look. `ids`: what the word has led to.
enum class Look { no, everywhere };
Result<const settings::Guard*, guard::Error> guard_of_check(const SettingsUse& file,
                                                            const GuardOptions& common,
                                                            const std::vector<std::string>& ids,
                                                            Look look);

// What `status` looks at. A status: wrong usage, which was told.
std::optional<int> find_targets(StatusOptions& options, const SettingsUse& file);

}  // namespace sitelatch::cli
