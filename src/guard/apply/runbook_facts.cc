// SPDX-License-Identifier: Apache-2.0
// What the page needs to be looked at, and where it can be kept.
#include <fmt/format.h>

#include "guard/apply/runbook.h"

namespace sitelatch::guard {
namespace {

using aws::Value;

ZoneServers read_servers(client::Aws& aws, const RecordsSnapshot& records) {
  ZoneServers servers;
  for (const auto& user : records.users) {
    if (user.private_zone || servers.contains(user.zone_id)) continue;
    const auto zone =
        aws.call("route53", "GetHostedZone", Value::structure({{"Id", user.zone_id}}));
    if (zone) servers[user.zone_id] = (*zone)["DelegationSet"]["NameServers"].strings();
  }
  return servers;
}

std::string all_that_is_unseen(const std::vector<ReadFailure>& all) {
  std::string out;
  for (const auto& blind : all) out += "\n  " + describe(blind);
  return out;
}

Error page_would_be_wrong(const std::string& unseen) {
  return error_of(Error::Kind::no_answer,
                  "The page would be wrong: not all of the guard may be seen from here." + unseen);
}

}  // namespace

Result<Runbook, Error> runbook_of(Context& context, const std::string& health_check_id) {
  auto seen = view(context.aws, context.clock, health_check_id, context.chain_and_dns());
  if (!seen) return failure(seen.error());
  // What cannot be seen reads as "not there", and in that night nobody would know better.
  if (const auto unseen = all_that_is_unseen(seen->snapshot.blind); !unseen.empty())
    return failure(page_would_be_wrong(unseen));
  if (!seen->snapshot.observed.check)
    return failure(
        error_of(Error::Kind::failed, "There is no health check " + health_check_id + "."));
  if (seen->assessment.state == State::not_deployed)
    return failure(
        error_of(Error::Kind::refused,
                 fmt::format("There is no guard of health check {0}: sitelatch deploy {0}",
                             health_check_id)));
  const auto servers =
      seen->snapshot.records ? read_servers(context.aws, *seen->snapshot.records) : ZoneServers{};
  std::optional<HardenedLook> relay;
  if (has_sentinel(seen->snapshot)) {
    HardenedQuery how;
    how.health = false;
    auto look = look_at_hardened(context, seen->snapshot, seen->plan, how);
    if (!look) return failure(look.error());
    if (const auto unseen = all_that_is_unseen(look->blind); !unseen.empty())
      return failure(page_would_be_wrong(unseen));
    relay = std::move(*look);
  }
  auto page = runbook(*seen, servers, relay ? &*relay : nullptr);
  return Runbook{std::move(*seen), std::move(page)};
}

Result<std::string, Error> store_runbook(Context& context, const Runbook& runbook) {
  const auto& group = runbook.view.plan.audit_group;
  const auto at = fmt::format("write to the log group {}", group.name);
  const auto stream = Value::structure(
      {{"logGroupName", group.name}, {"logStreamName", std::string{runbook_stream}}});
  const auto made = context.aws.call("logs", "CreateLogStream", stream, group.region);
  if (!made && !made.error().is("ResourceAlreadyExistsException"))
    return failure(error_of(made.error(), at));
  auto input = stream;
  input.set("logEvents", Value::list({Value::structure({{"timestamp", unix_ms(runbook.view.now)},
                                                        {"message", runbook.page}})}));
  const auto written = context.aws.call("logs", "PutLogEvents", input, group.region);
  if (!written) return failure(error_of(written.error(), at));
  if ((*written)["rejectedLogEventsInfo"])
    return failure(
        error_of(Error::Kind::failed,
                 "The log group " + group.name + " refused the page: the clocks differ too much."));
  return fmt::format("log group {}, stream {}, {}", group.name, runbook_stream, group.region);
}

}  // namespace sitelatch::guard
