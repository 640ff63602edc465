// SPDX-License-Identifier: Apache-2.0
// How safe a latch is, as status, deploy and doctor say it: the guard's rule asks
// (guard/rules/safety.h), the simulation reckons, anew each time: settings, calibrated assumptions
// and forms make too many worlds for a table, and one takes less than a tenth of a second. The seed
// is fixed, so the same setup is told the same each time and on every machine.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/guard_report.h"
#include "guard/apply/safety_ground.h"

namespace sitelatch::cli {

// Keeps what it has reckoned: guards of an account are mostly set up alike.
guard::Reckon reckoning();

// Of the outages in that file (simulation/profile.h). Problem: it cannot be read, or what is wrong
// in it.
Result<guard::ReckonYear> year_reckoning(const std::string& file);

guard::SafetyWish safety_wish(GuardContext& context, const GuardOptions& options,
                              const std::string& health_check_id,
                              const std::vector<std::string>& assumed,
                              guard::SafetyWish::Weigh weigh);

// Nothing without a ground.
std::optional<guard::Safety> safety_of(const std::optional<guard::SafetyGround>& ground,
                                       const guard::SafetyWish& wish, const guard::Reckon& reckon);

// Of a deploy: of a plan that is asked for, or that would change something and is shown.
std::optional<guard::Safety> safety_of_plan(GuardContext& context, const DeployOptions& options,
                                            const std::optional<guard::SafetyGround>& ground,
                                            bool changes_nothing);

// Two or three lines; or all of it, with the price and the command that gives the same figures.
void print_brief(const guard::Safety& safety);
void print_whole(const guard::Safety& safety);
aws::Value to_value(const guard::Safety& safety);
aws::Value to_value(const guard::Bill& bill);

// Words in lines of at most `width` columns, each line behind `indent` blanks.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace sitelatch::cli
