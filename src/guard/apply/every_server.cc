// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/every_server.h"

#include <fmt/format.h>

#include <set>

namespace sitelatch::guard {
namespace {

// The records of one zone.
RecordsSnapshot within(const RecordsSnapshot& records, const std::string& zone_id) {
  RecordsSnapshot out;
  const auto take = [&zone_id](const auto& from, auto& to) {
    for (const auto& record : from)
      if (record.zone_id == zone_id) to.push_back(record);
  };
  take(records.users, out.users);
  take(records.secondaries, out.secondaries);
  take(records.targets, out.targets);
  take(records.secondary_targets, out.secondary_targets);
  return out;
}

std::string by(const std::string& server, const DnsSnapshot& answer) {
  if (answer.serving == Serving::unknown || answer.serving == Serving::neither)
    return fmt::format("{} by {}: {}", answer.name, server, answer.problem);
  return fmt::format("{} answers {} with Primary", server, answer.name);
}

}  // namespace

std::string not_on_backup(Context& context, const RecordsSnapshot& records) {
  std::set<std::string> zones;
  for (const auto& user : records.users)
    // A private zone answers only inside its networks, where no relay asks either.
    if (user.failover == "PRIMARY" && !user.private_zone) zones.insert(user.zone_id);
  for (const auto& zone : zones) {
    std::vector<std::string> servers{context.dns_server};
    if (context.dns_server.empty()) {
      const auto reply =
          context.aws.call("route53", "GetHostedZone", client::Value::structure({{"Id", zone}}));
      if (!reply) return client::explain(reply.error(), "find the name servers of zone " + zone);
      servers = (*reply)["DelegationSet"]["NameServers"].strings();
    }
    const auto of_zone = within(records, zone);
    for (const auto& server : servers)
      for (const auto& answer : ask_serving(context.aws, of_zone, server, context.ask_dns))
        // Where the two sites cannot be told apart there is nothing to wait for.
        if (answer.serving != Serving::backup && answer.serving != Serving::both)
          return by(server, answer);
  }
  return {};
}

}  // namespace sitelatch::guard
