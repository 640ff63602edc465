// SPDX-License-Identifier: Apache-2.0
// What the guard takes for granted of AWS and no document settles, measured in the user's own
// account: a table of experiments, each with the place in our code that rests on it, what is done
// on scratch resources, what it costs, and how its outcome is judged. The experiments run beside
// each other, so that all take as long as the longest. Nothing that anybody uses is touched; what
// was made is removed at the end, also after an error or an interrupt, and what a killed run left
// is found by the next (scratch.h).
//   auto plan = plan_calibration(context, options);      // reads; say what it costs, ask
//   const auto results = calibrate(context, *plan, options);
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "guard/apply/carry_out.h"
#include "guard/apply/deploy.h"
#include "guard/calibrate/scratch.h"

namespace sitelatch::guard {

enum class Settled { confirmed, refuted, not_settled, not_run };
std::string_view to_string(Settled settled);  // "confirmed", "refuted", "not settled", "not run"

struct Conclusion {
  Settled settled = Settled::not_settled;
  std::string sentence;                           // what was seen; without a full stop
  aws::Value measured = aws::Value::structure();  // figures, in seconds where they are times
};

class Bench;
class Trial;

struct Experiment {
  std::string_view name;        // "disabled-status"
  std::string_view assumption;  // what our code takes for granted, with its figure
  std::string_view relies;      // "src/guard/rules/health.cc: longest_lag"; or a planned form
  std::string_view done;        // what is done
  std::string_view judged;      // what confirms it
  Duration takes{};             // on AWS, about
  double cost_usd = 0;          // at most, where AWS charges parts of a month in part
  std::string_view not_run{};   // why it cannot be run from here; empty: it is run
  std::unique_ptr<Trial> (*start)(Bench&) = nullptr;
};
const std::vector<Experiment>& experiments();

struct CalibrationOptions {
  std::vector<std::string> only;  // names; empty: all
  std::string like;               // the health check to copy; empty: one that is found
  // A client of its own, with connections of its own: what one has written the other reads.
  std::function<std::unique_ptr<client::Aws>()> another_client;
  Codes codes;  // of the scratch functions
  // Called before the removal at the end: a second interrupt must not leave half of it.
  std::function<void()> ignore_interrupts = [] {};
};

struct CalibrationPlan {
  Caller caller;
  std::string run;   // of this run, in the names of all that it makes
  std::string site;  // the health check whose address and path the scratch checks ask
  aws::Value site_config;
  std::vector<const Experiment*> to_run, not_run;
  std::vector<Scratch> remains;    // of earlier runs; removed first
  std::vector<std::string> notes;  // where it could not be looked
  Duration takes{};
  double cost_usd = 0;
};
// Changes nothing. Refused: an unknown name, or no health check to copy.
Result<CalibrationPlan, Error> plan_calibration(Context& context,
                                                const CalibrationOptions& options);

struct Measurement {
  const Experiment* experiment = nullptr;
  Conclusion conclusion;
  Duration took{};
};
struct Calibration {
  Instant begun{}, ended{};
  bool interrupted = false;
  std::vector<Measurement> results;  // in the table's order, those that were not run too
  std::vector<std::string> left;     // what could not be removed, and how to remove it
};
Calibration calibrate(Context& context, const CalibrationPlan& plan,
                      const CalibrationOptions& options);

// The dated document, and the same for people.
aws::Value to_value(const CalibrationPlan& plan, const Calibration& calibration);
std::string text_of(const Calibration& calibration);

}  // namespace sitelatch::guard
