// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/status.h"

#include <algorithm>

namespace sitelatch::guard {

Instant aws_now(const Seen& seen, WallInstant ours) {
  auto now = Instant{ours.time_since_epoch()};
  if (seen.observed.alarm) now = std::max(now, seen.observed.alarm->seen.transitioned_at);
  for (const auto& checker : seen.checkers)
    if (checker.at) now = std::max(now, *checker.at);
  return now;
}

Result<View> view(client::Aws& aws, client::Clock& clock, const std::string& health_check_id,
                  const ViewOptions& options) {
  if (!valid_health_check_id(health_check_id))
    return failure(
        Problem{"\"" + health_check_id +
                "\" is not the id of a health check (letters, digits and dashes, at most 48)"});
  Look look;
  look.health_check_id = health_check_id;
  look.records = options.records;
  look.deliveries = options.deliveries;
  auto seen = observe(aws, look);
  if (!seen)
    return failure(Problem{
        client::explain(seen.error(), "look at the guard of health check " + health_check_id)});
  auto plan = make_plan(seen->settings);
  if (!plan) return failure(Problem{plan.error().text});
  View out{std::move(*seen), std::move(*plan), {}, {}, {}};
  out.now = aws_now(out.seen, clock.now());
  out.assessment = assess(out.plan, out.seen.observed, out.now);
  if (options.dns && out.seen.records)
    out.dns = ask_serving(aws, *out.seen.records, options.dns_server);
  return out;
}

}  // namespace sitelatch::guard
