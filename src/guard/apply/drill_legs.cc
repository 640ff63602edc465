// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/drill_legs.h"

#include <fmt/format.h>

namespace sitelatch::guard {

bool DrillLegs::walk(std::string name, const Walk& walk) {
  const auto begun = context_.clock.now();
  const auto walked = walk();
  const auto took = std::chrono::duration_cast<Duration>(context_.clock.now() - begun);
  Leg done{std::move(name), walked.has_value(), took, walked ? *walked : walked.error().text};
  context_.progress(fmt::format("{} {} ({:.1f} s): {}", done.passed ? "ok    " : "FAILED",
                                done.name, std::chrono::duration<double>(took).count(),
                                done.sentence));
  report_.legs.push_back(done);
  return done.passed || fails(fmt::format("The leg \"{}\" failed: {}", done.name, done.sentence));
}

bool DrillLegs::fails(std::string sentence) {
  report_.sentence = std::move(sentence);
  return false;
}

bool DrillLegs::cannot_begin(const Error& error) {
  report_.not_begun = error.kind;
  return fails(error.text);
}

void write_into_log(Context& context, const View& real, const DrillReport& report) {
  AuditEntry entry;
  entry.at = real.now;
  entry.action = "drill";
  entry.stage = report.passed ? "done" : "failed";
  entry.who = real.snapshot.caller_arn;
  entry.why = why_of(report);
  if (const auto unwritten = note_down(context, real, entry)) context.progress(*unwritten);
}

}  // namespace sitelatch::guard
