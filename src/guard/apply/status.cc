// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/status.h"

#include <algorithm>

namespace sitelatch::guard {

Instant aws_now(const Snapshot& snapshot, WallInstant ours) {
  auto now = Instant{ours.time_since_epoch()} + snapshot.clock_offset;
  if (snapshot.observed.alarm)
    now = std::max(now, snapshot.observed.alarm->snapshot.transitioned_at);
  for (const auto& checker : snapshot.checkers)
    if (checker.at) now = std::max(now, *checker.at);
  return now;
}

Result<View, Error> view(client::Aws& aws, client::Clock& clock, const std::string& health_check_id,
                         const ViewOptions& options) {
  if (!valid_health_check_id(health_check_id))
    return failure(error_of(
        Error::Kind::usage,
        "\"" + health_check_id +
            "\" is neither the id of a health check (letters, digits and dashes, at most 48) nor a "
            "DNS name."));
  Query look;
  look.health_check_id = health_check_id;
  look.records = options.records;
  look.deliveries = options.deliveries;
  look.status_minutes = options.status_minutes;
  auto snapshot = observe(aws, look, Instant{clock.now().time_since_epoch()});
  if (!snapshot)
    return failure(
        error_of(snapshot.error(), "look at the guard of health check " + health_check_id));
  auto plan = make_plan(snapshot->settings);
  if (!plan) return failure(error_of(Error::Kind::failed, plan.error().text));
  View out{std::move(*snapshot), std::move(*plan), {}, {}, {}};
  out.now = aws_now(out.snapshot, clock.now());
  out.assessment = assess(out.plan, out.snapshot.observed, out.now);
  if (options.dns && out.snapshot.records)
    out.dns = ask_serving(aws, *out.snapshot.records, options.dns_server, options.ask_dns);
  return out;
}

}  // namespace sitelatch::guard
