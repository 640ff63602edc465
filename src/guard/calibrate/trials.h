// SPDX-License-Identifier: Apache-2.0
// The experiments by what they ask; calibration.cc has the table. `Given` a bench, each starts.
#pragma once

#include <memory>

#include "guard/calibrate/bench.h"

namespace sitelatch::guard::trials {

// --- the health check (trials_check.cc)
std::unique_ptr<Trial> stale_version(Bench& bench);
std::unique_ptr<Trial> disabled_status(Bench& bench);
std::unique_ptr<Trial> inverted_latch_status(Bench& bench);
std::unique_ptr<Trial> disabled_reports(Bench& bench);
std::unique_ptr<Trial> latch_delay(Bench& bench);
std::unique_ptr<Trial> calculated_status(Bench& bench);
std::unique_ptr<Trial> metric_check_refusal(Bench& bench);
std::unique_ptr<Trial> threshold_holds(Bench& bench);

// --- its metric and its alarm (trials_metric.cc)
std::unique_ptr<Trial> metric_region(Bench& bench);
std::unique_ptr<Trial> status_lag(Bench& bench);
std::unique_ptr<Trial> alarm_delay(Bench& bench);
std::unique_ptr<Trial> same_state_reason(Bench& bench);

// --- topics and the function (trials_function.cc)
std::unique_ptr<Trial> tags_read_after_write(Bench& bench);
std::unique_ptr<Trial> fresh_role(Bench& bench);
std::unique_ptr<Trial> destination_region(Bench& bench);
std::unique_ptr<Trial> delivery_to_europe(Bench& bench);
std::unique_ptr<Trial> delivery_to_osaka(Bench& bench);
std::unique_ptr<Trial> thawed_runtime(Bench& bench);
std::unique_ptr<Trial> url_clock(Bench& bench);
std::unique_ptr<Trial> slow_probe(Bench& bench);

// --- the hold check of the form config (trials_hold.cc)
std::unique_ptr<Trial> hold_gap(Bench& bench);
std::unique_ptr<Trial> hold_short_window(Bench& bench);
std::unique_ptr<Trial> hold_without_alarm(Bench& bench);
std::unique_ptr<Trial> hold_tripped(Bench& bench);
std::unique_ptr<Trial> hold_loop(Bench& bench);

// --- a whole guard (trials_guard.cc)
std::unique_ptr<Trial> self_test(Bench& bench);

}  // namespace sitelatch::guard::trials
