// SPDX-License-Identifier: Apache-2.0
// The log group of a guard's audit log (audit_log.h), for forms that have no chain to make it by:
// found, made, written to and removed. Writing never stands in the way of a latch; whoever releases
// asks whether it was written.
#pragma once

#include <optional>
#include <string>

#include "guard/apply/audit_log.h"
#include "guard/apply/builder.h"
#include "guard/apply/carry_out.h"

namespace sitelatch::guard {

struct AuditGroup {
  std::string region, name, health_check_id;
  bool there = false;    // or not to be seen: it may be written to all the same
  std::string unseen{};  // why; empty: it was looked for
};
AuditGroup find_audit_group(Context& context, std::string region,
                            const std::string& health_check_id);

// What is there already stays as it is, but for how long its lines are kept.
Step make_audit_group(Context& context, const AuditGroup& group, const Texts& tags);
// With all that was written down. Absent is done.
Step remove_audit_group(Context& context, const AuditGroup& group);
// One line; a failure becomes a sentence.
std::optional<std::string> note_down(Context& context, const AuditGroup& group,
                                     const AuditEntry& entry);

}  // namespace sitelatch::guard
