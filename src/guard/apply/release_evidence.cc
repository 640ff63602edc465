// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/release_evidence.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sitelatch::guard {
namespace {

constexpr int most_silent = 2;

std::string texts_json(const std::vector<std::string>& texts) {
  std::vector<std::string> quoted;
  for (const auto& text : texts) quoted.push_back(json_text(text));
  return json_array(quoted);
}

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> out;
  for (const auto& element : list.elements()) out.push_back(element.text());
  return out;
}

std::string dns_json(const ReleaseEvidence::Dns& dns) {
  JsonObject out;
  out.add("server", dns.server)
      .add("name", dns.name)
      .add("type", dns.type)
      .raw("answer", texts_json(dns.answer));
  if (!dns.problem.empty()) out.add("problem", dns.problem);
  return out.text();
}

std::string command_json(const ReleaseEvidence::Command& command) {
  JsonObject out;
  out.add("command", command.command)
      .raw("status", std::to_string(command.status))
      .add("output", command.output);
  if (command.left_out > 0) out.raw("left_out", std::to_string(command.left_out));
  if (!command.problem.empty()) out.add("problem", command.problem);
  return out.text();
}

template <class T>
std::string list_json(const std::vector<T>& all, std::string (*one)(const T&)) {
  std::vector<std::string> out;
  for (const auto& element : all) out.push_back(one(element));
  return json_array(out);
}

std::size_t whole(const Json& json) {
  const auto value = parse_int(json.text());
  return value && *value > 0 ? static_cast<std::size_t>(*value) : 0;
}

std::string answer_words(const ReleaseEvidence::Dns& dns) {
  if (!dns.problem.empty()) return dns.problem;
  return dns.answer.empty() ? "nothing" : join(dns.answer, ", ");
}

std::vector<std::string> servers_of(client::Aws& aws, const std::string& zone_id,
                                    std::string& problem) {
  const auto zone =
      aws.call("route53", "GetHostedZone", client::Value::structure({{"Id", zone_id}}));
  if (zone) return (*zone)["DelegationSet"]["NameServers"].strings();
  problem = client::explain(zone.error(), "find the name servers of zone " + zone_id);
  return {};
}

}  // namespace

ReleaseEvidence::Command command_evidence(std::string command, int status, std::string output) {
  ReleaseEvidence::Command out;
  out.command = std::move(command);
  out.status = status;
  if (output.size() > longest_output) {
    const auto cut = output.size() - longest_output;
    const auto line = output.find('\n', cut);
    out.left_out = line == std::string::npos ? cut : line + 1;
    output = output.substr(out.left_out);
  }
  out.output = std::move(output);
  return out;
}

std::string check_words(const Snapshot& snapshot) {
  const auto& check = snapshot.observed.check;
  if (!check) return "the health check is gone";
  const auto& healthy = snapshot.observed.healthy;
  return fmt::format("{}, version {}, {}", describe(*check), check->version,
                     !healthy   ? "health not known"
                     : *healthy ? "healthy"
                                : "unhealthy");
}

std::string alarm_words(const Snapshot& snapshot) {
  const auto& alarm = snapshot.observed.alarm;
  if (!alarm) return "there is no alarm";
  return fmt::format("{} since {}, actions {}", to_string(alarm->snapshot.state),
                     iso8601_seconds(alarm->snapshot.transitioned_at),
                     alarm->snapshot.actions_enabled ? "on" : "OFF");
}

std::vector<ReleaseEvidence::Dns> ask_every_server(client::Aws& aws, const RecordsSnapshot& records,
                                                   const std::string& server, const AskDns& ask) {
  std::vector<ReleaseEvidence::Dns> out;
  for (const auto& user : records.users) {
    if (user.failover != "PRIMARY") continue;
    ReleaseEvidence::Dns dns{"", user.name, user.type, {}, ""};
    if (user.private_zone) {
      dns.problem = "a private zone answers only inside its networks";
      out.push_back(dns);
      continue;
    }
    auto servers = server.empty() ? servers_of(aws, user.zone_id, dns.problem)
                                  : std::vector<std::string>{server};
    if (servers.empty()) out.push_back(dns);
    int silent = 0;
    for (auto& one : servers) {
      auto seen = dns;
      seen.server = std::move(one);
      if (silent == most_silent) {
        seen.problem = "not asked: the servers before did not answer";
        out.push_back(std::move(seen));
        continue;
      }
      const auto answer = ask(seen.server, user.name, user.type);
      silent = answer ? 0 : silent + 1;
      if (!answer)
        seen.problem = answer.error().text;
      else if (answer->rcode != 0)
        seen.problem = fmt::format("rcode {}", answer->rcode);
      else
        seen.answer = answer->values;
      out.push_back(std::move(seen));
    }
  }
  return out;
}

std::string to_json(const ReleaseEvidence& evidence) {
  return JsonObject{}
      .add("at", iso8601_ms(evidence.at))
      .add("check", evidence.check)
      .add("alarm", evidence.alarm)
      .raw("primary", texts_json(evidence.primary))
      .raw("dns", list_json(evidence.dns, dns_json))
      .raw("commands", list_json(evidence.commands, command_json))
      .text();
}

std::optional<ReleaseEvidence> read_evidence(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto at = parse_iso8601(json["at"].text());
  if (!at) return std::nullopt;
  ReleaseEvidence evidence;
  evidence.at = *at;
  evidence.check = json["check"].text();
  evidence.alarm = json["alarm"].text();
  evidence.primary = texts_of(json["primary"]);
  for (const auto& one : json["dns"].elements())
    evidence.dns.push_back({one["server"].text(), one["name"].text(), one["type"].text(),
                            texts_of(one["answer"]), one["problem"].text()});
  for (const auto& one : json["commands"].elements())
    evidence.commands.push_back({one["command"].text(), static_cast<int>(whole(one["status"])),
                                 one["output"].text(), whole(one["left_out"]),
                                 one["problem"].text()});
  return evidence;
}

std::string words_of(const ReleaseEvidence::Dns& dns) {
  return fmt::format("{} {} -> {}{}", dns.name, dns.type, answer_words(dns),
                     dns.server.empty() ? "" : " by " + dns.server);
}

std::vector<std::string> lines_of(const ReleaseEvidence& evidence) {
  std::vector<std::string> out = {"check   " + evidence.check, "alarm   " + evidence.alarm};
  for (const auto& one : evidence.primary) out.push_back("Primary " + one);
  for (const auto& one : evidence.dns) out.push_back("DNS     " + words_of(one));
  for (const auto& one : evidence.commands) {
    out.push_back(
        fmt::format("ran     {}: {}", one.command,
                    one.problem.empty() ? "status " + std::to_string(one.status) : one.problem));
    if (one.left_out > 0) out.push_back(fmt::format("  ({} bytes left out)", one.left_out));
    for (const auto line : split(trim(one.output), '\n'))
      if (!line.empty()) out.push_back("  " + std::string{line});
  }
  return out;
}

}  // namespace sitelatch::guard
