// SPDX-License-Identifier: Apache-2.0
#include "services/logs/logs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sitelatch::logs {

Logs::Logs(const Dependencies& dependencies, std::string account)
    : dependencies_(dependencies),
      account_(std::move(account)),
      store_(dependencies.journal, dependencies.timers),
      filters_(dependencies.journal),
      documents_(dependencies.journal),
      publisher_(dependencies.metrics, dependencies.timers),
      sender_(dependencies, account_),
      queries_(dependencies, store_, account_) {}

void Logs::take_in(const Group& group, Stream& stream, const std::vector<NewEvent>& events) {
  const auto first = store_.append(group, stream, events);
  const auto* filters = filters_.of(group.region, group.name);
  if (!filters) return;
  publisher_.publish(*filters, events);
  sender_.send(*filters, stream.name, events, first);
}

void Logs::append(const std::string& region, const std::string& group_name,
                  const std::string& stream_name, std::vector<Line> lines) {
  constexpr std::size_t longest = 1'048'576 - 26;
  auto* group = store_.find(region, group_name);
  if (!group) group = &store_.create_group(region, group_name);
  const auto found = group->streams.find(stream_name);
  auto& stream =
      found == group->streams.end() ? store_.create_stream(*group, stream_name) : *found->second;
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.at < b.at; });
  std::vector<NewEvent> events;
  for (auto& line : lines) {
    if (line.message.empty()) continue;
    line.message.resize(std::min(line.message.size(), longest));
    events.push_back({unix_ms(line.at), std::move(line.message)});
  }
  take_in(*group, stream, events);
}

aws::Outcome<Group*> Logs::existing_group(const aws::Call& call, std::string_view name) {
  auto* group = store_.find(call.region, name);
  if (!group)
    return aws::refuse("ResourceNotFoundException", "The specified log group does not exist.");
  return group;
}

aws::Outcome<Group*> Logs::asked_group(const aws::Call& call) {
  const auto name = call.input["logGroupName"].optional_string();
  const auto identifier = call.input["logGroupIdentifier"].optional_string();
  if (name && identifier)
    return aws::refuse("ValidationException",
                       "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  if (!name && !identifier) return invalid_parameter("LogGroup name or LogGroup ARN is required.");
  return existing_group(call, name ? *name : group_name_of(*identifier));
}

std::string group_arn(std::string_view region, std::string_view account, std::string_view name) {
  return fmt::format("arn:aws:logs:{}:{}:log-group:{}", region, account, name);
}

std::string group_name_of(std::string_view identifier) {
  if (identifier.substr(0, 4) != "arn:") return std::string{identifier};
  const auto parts = split(identifier, ':');
  return parts.size() >= 7 && parts[5] == "log-group" ? std::string{parts[6]} : std::string{};
}

}  // namespace sitelatch::logs
