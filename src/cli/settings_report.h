// SPDX-License-Identifier: Apache-2.0
// What a configuration file says, for people and for programs: each value, the line it comes from,
// and what of the environment wins over it.
#pragma once

#include <string>

#include "aws/wire/value.h"
#include "settings/settings.h"

namespace sitelatch::cli {

// `guard`: of this one alone, with what holds for all; null: everything that the file says.
std::string settings_text(const settings::Settings& settings, const settings::Guard* guard);
aws::Value settings_value(const settings::Settings& settings, const settings::Guard* guard);

}  // namespace sitelatch::cli
