// SPDX-License-Identifier: Apache-2.0
// How late AWS is: what reads do not tell yet, what services do not know yet of each other, how
// long things take. Published by AWS where the fact says so, else estimates (facts realism-20 to
// realism-25).
#pragma once

#include "engine/realism/fault.h"
#include "engine/realism/random.h"

namespace sitelatch::realism {

// How old what this read answers may be; zero: it answers what is so now (fact realism-20).
Duration oldest_answer(const Request& request);
// Of any read, and of what services know of IAM.
inline constexpr Duration oldest_of_all = std::chrono::minutes{15};
// Whether the operation reads, and what it reads can be older than it is: the checkers' last
// observations and temporary credentials cannot.
bool may_be_old(const Request& request);

// fact realism-21: a change in IAM, until other services go by it
inline constexpr Range rights_lag{Duration{}, std::chrono::seconds{10}};
// fact realism-22: a function, until it is Active, or its update Successful
inline constexpr Range settling_time{std::chrono::seconds{1}, std::chrono::seconds{8}};
// fact realism-23: a new or changed health check, until the checkers go by it
inline constexpr Range checker_lag{std::chrono::seconds{5}, std::chrono::seconds{60}};
// fact realism-24: a minute of a metric, from its end until alarms and readers see it
inline constexpr Range metric_lateness{std::chrono::seconds{5}, std::chrono::seconds{120}};

}  // namespace sitelatch::realism
