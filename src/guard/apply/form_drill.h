// SPDX-License-Identifier: Apache-2.0
// A drill of the forms `config`, `engine` and `hardened`: a whole guard of the form on a scratch
// health check, with a pair of records of its own (drill_sentinel.h), so that DNS is asked too. The
// scratch check is let fail, DNS must hand over to Backup, the check comes back, and from the first
// Backup on no answer may name Primary until the drill has switched back. Each leg is timed;
// everything is removed, also after an interrupt, and what a killed drill left is removed by the
// next.
//
//   self-test, message, scratch-check, sentinel, deploy, attach, outage | trip, failover, recovery,
//   latched, stays-latched, switch-back, person
//
// self-test and latched are of `hardened`, whose latch is an event of its own: Primary is back as
// soon as DNS has failed over, which is the worst case, and the relay must be what latches.
#pragma once

#include "guard/apply/drill.h"
#include "guard/rules/form.h"

namespace sitelatch::guard {

struct FormDrillOptions {
  std::string health_check_id;
  Form form = Form::config;                       // or engine, hardened
  Scenario scenario = Scenario::outage;           // or blip, trip
  Duration leg_limit = std::chrono::minutes{15};  // those that wait for good minutes have longer
  Codes codes;                                    // of the second guard's functions
  ReachOptions reach{};
  std::function<void()> ignore_interrupts = [] {};
};
// How long it takes on AWS, reckoned and not measured.
std::string_view time_on_aws(Form form, Scenario scenario);

// What it came to, and whether a person was reached, is noted in a tag of Primary's check, which
// `status` shows, and in the audit log.
DrillReport drill_form(Context& context, const FormDrillOptions& options);

}  // namespace sitelatch::guard
