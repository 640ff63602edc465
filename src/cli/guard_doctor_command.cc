// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_report.h"
#include "cli/guard_safety.h"
#include "guard/apply/doctor.h"

namespace sitelatch::cli {
namespace {

using aws::Value;
using guard::Observation;

Value to_value(const guard::Diagnosis& diagnosis, int status) {
  auto findings = Value::list(), blind = Value::list();
  for (const auto& found : diagnosis.observations)
    findings.push(Value::structure({{"kind", guard::to_string(found.kind)},
                                    {"name", found.name},
                                    {"subject", found.subject},
                                    {"why", found.why},
                                    {"mend", found.mend.empty() ? Value{} : Value{found.mend}},
                                    {"change", found.change}}));
  for (const auto& unseen : diagnosis.blind) blind.push(unseen);
  return Value::structure({{"health_checks", diagnosis.checks},
                           {"guards", diagnosis.guards},
                           {"findings", findings},
                           {"blind", blind},
                           {"exit_code", status}});
}

void print(const guard::Diagnosis& diagnosis) {
  fmt::print("{}, {} with a guard.\n", counted(diagnosis.checks, "health check", "health checks"),
             diagnosis.guards);
  std::string subject;
  for (const auto& found : diagnosis.observations) {
    if (found.subject != subject) fmt::print("\n{}\n", found.subject);
    subject = found.subject;
    fmt::print("  {:8} {}: {}\n", guard::to_string(found.kind), found.name, found.why);
    if (!found.mend.empty()) fmt::print("           mend: {}\n", found.mend);
  }
  for (const auto& unseen : diagnosis.blind) fmt::print("\n{}\n", unseen);
}

}  // namespace

int doctor(const DoctorOptions& options) {
  GuardContext context(options.common);
  auto wish =
      safety_wish(context, options.common, "", options.assumed, guard::SafetyWish::Weigh::all);
  if (!options.outages_file.empty()) {
    const auto year = year_reckoning(options.outages_file);
    if (!year) return fail(options.common, as_sentence(year.error().text), exit_usage);
    wish.reckon_year = *year;
  }
  const auto diagnosis = guard::diagnose(context.context(), {reckoning(), wish});
  if (!diagnosis)
    return fail(options.common, diagnosis.error().text, exit_status_of(diagnosis.error().kind));
  const auto& all = diagnosis->observations;
  const bool problems = std::any_of(all.begin(), all.end(), [](const auto& found) {
    return found.kind == Observation::Kind::problem;
  });
  const int status = problems                   ? exit_findings
                     : diagnosis->blind.empty() ? exit_done
                                                : exit_no_answer;
  if (options.common.output == Output::json)
    fmt::print("{}\n", aws::to_json(to_value(*diagnosis, status)));
  else
    print(*diagnosis);
  return status;
}

}  // namespace sitelatch::cli
