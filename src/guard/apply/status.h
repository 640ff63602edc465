// SPDX-License-Identifier: Apache-2.0
// One look at one guard: everything that status shows and that the other commands decide on.
#pragma once

#include <string>
#include <vector>

#include "client/client.h"
#include "guard/apply/error.h"
#include "guard/apply/observe.h"
#include "guard/apply/status_dns.h"
#include "guard/rules/form.h"
#include "guard/rules/state.h"

namespace sitelatch::guard {

struct View {
  Snapshot snapshot;
  Plan plan;
  Instant now{};  // see aws_now()
  Assessment assessment;
  std::vector<DnsSnapshot> dns;
  Form form = Form::guide;   // hardened: its links are among the others (hardened_observe.h)
  std::string last_drill{};  // of hardened: what it came to (form_drill.h); empty: none is noted

  const std::string& id() const { return plan.settings.health_check_id; }
};

// What the guide's last drill came to (drill.h); empty: none is noted.
std::string last_drill(const View& view);

// Whether there is anything of the guide's chain beside the check.
bool has_guide_guard(const View& view);

// Our clock as AWS has corrected it, or the newest time that AWS has told where that is later: a
// clock here that is wrong, or an engine that runs ahead.
Instant aws_now(const Snapshot& snapshot, WallInstant ours);

struct ViewOptions {
  std::string dns_server;  // in place of the zone's own
  bool dns = true;         // ask who serves; needs `records`
  bool records = true;
  bool deliveries = true;
  AskDns ask_dns = guard::ask_dns;
  bool probes = true;                 // what each of Route 53's checkers says (once a second)
  AllRecords* all_records = nullptr;  // where records are read from; nothing: anew. Borrowed
};
// Error: nothing could be read (the sentence says why), this is no id (usage), or no guard can be
// planned for it.
Result<View, Error> view(client::Aws& aws, client::Clock& clock, const std::string& health_check_id,
                         const ViewOptions& options);

}  // namespace sitelatch::guard
