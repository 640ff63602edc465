// SPDX-License-Identifier: Apache-2.0
// Who did what to a guard, when and why: JSON lines in a log group of the guard's own, because
// alarm history ends after two weeks. A change is written down twice: before it is made ("asked",
// with what is to change) and when it is done or has failed ("done", "failed", with the version and
// the request id), so that a command that was cut off has still left its name. The function writes
// lines of the same form.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/client.h"
#include "guard/apply/release_evidence.h"
#include "guard/rules/plan.h"
#include "guard/rules/record.h"

namespace sitelatch::guard {

struct AuditEntry {
  Instant at{};
  std::string action;  // "switch-back", "trip", "latch" (the function), ...
  std::string stage;   // "asked", "done", "failed", "refused"; empty: a line that stands for itself
  std::string change_id;                  // the same in "asked" and what follows it
  std::string who;                        // ARN of the caller
  std::string why;                        // the reason given, or the evidence
  std::string before, after;              // of the health check: "ResourcePath=/lb-check"
  std::string version;                    // HealthCheckVersion afterwards
  std::string request_id;                 // of the update
  std::string forced;                     // names of the checks that were overridden
  std::string note;                       // what else people should know
  std::optional<ReleaseEvidence> seen{};  // of a release: what was seen before it
};

std::string audit_line(const AuditEntry& entry, std::string_view health_check_id);
// Nothing: not a line of ours.
std::optional<AuditEntry> read_audit_line(std::string_view line);
// As people read them: an "asked" that was followed by its end says nothing more, but for what was
// seen before it.
std::vector<AuditEntry> without_answered(const std::vector<AuditEntry>& entries);

class AuditLog {
 public:
  // `stream`: one a command run, so that no two writers share one. `group` empty: there is none,
  // write() says so.
  AuditLog(client::Aws& aws, std::string region, std::string group, std::string health_check_id,
           std::string stream);

  // Problem: it could not be written (with AWS's reason).
  Result<Done> write(const AuditEntry& entry);
  // All entries of the last `back`, oldest first; lines of others are left out.
  client::Outcome<std::vector<AuditEntry>> read(Instant from);

 private:
  client::Aws& aws_;
  std::string region_, group_, id_, stream_;
  bool stream_made_ = false;
};

// What stands in for lines of a function that writes none (the guide's Python): each time the alarm
// told its topic that Primary is unhealthy, and with that the function, which latches. As far back
// as CloudWatch keeps an alarm's history, oldest first.
client::Outcome<std::vector<AuditEntry>> latches_by_alarm_history(client::Aws& aws,
                                                                  const AlarmPlan& alarm,
                                                                  Instant from, Instant until);

}  // namespace sitelatch::guard
