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

}  // namespace

Result<Runbook, Error> runbook_of(Context& context, const std::string& health_check_id) {
  auto seen = view(context.aws, context.clock, health_check_id, context.chain_and_dns());
  if (!seen) return failure(error_of(Error::Kind::no_answer, seen.error().text));
  if (!seen->snapshot.observed.check) {
    const auto& blind = seen->snapshot.blind;
    if (!blind.empty()) return failure(error_of(Error::Kind::no_answer, describe(blind.front())));
    return failure(
        error_of(Error::Kind::failed, "There is no health check " + health_check_id + "."));
  }
  if (seen->assessment.state == State::not_deployed)
    return failure(
        error_of(Error::Kind::refused,
                 fmt::format("There is no guard of health check {0}: sitelatch deploy {0}",
                             health_check_id)));
  const auto servers =
      seen->snapshot.records ? read_servers(context.aws, *seen->snapshot.records) : ZoneServers{};
  auto page = runbook(*seen, servers);
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
