// SPDX-License-Identifier: Apache-2.0
// Events: archives and replays.
#include <algorithm>

#include "aws/service/paging.h"
#include "base/check.h"
#include "services/events/events.h"
#include "services/events/refusals.h"

namespace sitelatch::events {
using aws::Value;

namespace {

constexpr std::size_t most_replays = 10, replayed_at_once = 100;
constexpr Duration replay_step = std::chrono::seconds{1};
constexpr std::string_view archived = "events.archived";

Failure<aws::Error> no_archive(const std::string& name) {
  return aws::refuse("ResourceNotFoundException", "Archive " + name + " does not exist.");
}
Failure<aws::Error> no_replay(const std::string& name) {
  return aws::refuse("ResourceNotFoundException", "Replay " + name + " does not exist.");
}

aws::Outcome<Done> one_filter(const Value& input, const std::string& operation) {
  if (input.has("NamePrefix") + input.has("EventSourceArn") + input.has("State") <= 1)
    return Done{};
  return invalid("At most one filter is allowed for " + operation +
                 ". Use either : State, EventSourceArn, or NamePrefix.");
}

// What Create and Update answer.
Value made(const Archive& archive) {
  return Value::structure(
      {{"ArchiveArn", archive.arn}, {"State", "ENABLED"}, {"CreationTime", archive.created}});
}

Value listed(const Archive& archive, const std::string& bus_arn) {
  return Value::structure({{"ArchiveName", archive.name},
                           {"EventSourceArn", bus_arn},
                           {"State", "ENABLED"},
                           {"RetentionDays", archive.retention_days},
                           {"SizeBytes", archive.bytes},
                           {"EventCount", archive.events},
                           {"CreationTime", archive.created}});
}

Value listed(const Replay& replay) {
  const auto time_or_none = [](const std::optional<Instant>& at) {
    return at ? Value{*at} : Value{};
  };
  return Value::structure({{"ReplayName", replay.name},
                           {"EventSourceArn", replay.archive_arn},
                           {"State", replay.state},
                           {"EventStartTime", replay.from},
                           {"EventEndTime", replay.to},
                           {"EventLastReplayedTime", time_or_none(replay.last)},
                           {"ReplayStartTime", replay.started},
                           {"ReplayEndTime", time_or_none(replay.ended)}});
}

std::string after_slash(const std::string& arn) { return arn.substr(arn.rfind('/') + 1); }

}  // namespace

std::string Events::own_arn(const std::string& region, std::string_view kind,
                            std::string_view name) const {
  return "arn:aws:events:" + region + ":" + account_ + ":" + std::string{kind} + "/" +
         std::string{name};
}

aws::Outcome<Archive*> Events::find_archive(const aws::Call& call) {
  const auto& name = call.input["ArchiveName"].string();
  const auto found = archives_.find(own_arn(call.region, "archive", name));
  if (found == archives_.end()) return no_archive(name);
  return &found->second;
}

void Events::save(const Archive& archive) {
  dependencies_.journal.put("events.archives", archive.arn, aws::to_json(to_value(archive)));
}

// The rule that feeds it; made, or changed with it.
void Events::put_archive_rule(const Archive& archive) {
  const auto arn = rule_arn(archive.region, archive.bus, archive.rule_name());
  Entry& entry = rules_[arn];
  Rule& rule = entry.rule;
  rule.region = archive.region;
  rule.bus = archive.bus;
  rule.name = archive.rule_name();
  rule.arn = arn;
  rule.pattern = archive_rule_pattern(archive.pattern);
  rule.managed_by = std::string{archive_manager};
  rule.targets = {Value::structure({{"Id", rule.name}, {"Arn", archive_target(rule.region)}})};
  auto pattern = EventPattern::parse(rule.pattern);
  ENSURE(pattern.has_value(), rule.pattern);
  entry.pattern = std::move(*pattern);
  save(rule);
}

aws::Outcome<Done> Events::take_archive_settings(const Value& input, Archive& archive) const {
  if (input.has("EventPattern") && !input["EventPattern"].string().empty()) {
    const auto& text = input["EventPattern"].string();
    if (const auto parsed = EventPattern::parse(text); !parsed) return bad_pattern(parsed.error());
    // The rule's pattern is read from what is JSON throughout.
    if (!aws::from_json(text) || !EventPattern::parse(archive_rule_pattern(text)))
      return bad_pattern("it is no JSON document");
    archive.pattern = text;
  }
  if (input.has("Description")) archive.description = input["Description"].optional_string();
  if (input.has("KmsKeyIdentifier")) archive.kms_key = input["KmsKeyIdentifier"].optional_string();
  if (input.has("RetentionDays")) archive.retention_days = input["RetentionDays"].integer();
  return Done{};
}

aws::Outcome<> Events::create_archive(const aws::Call& call) {
  auto bus = find_bus(call, "EventSourceArn");
  if (!bus) return failure(bus.error());
  Archive archive;
  archive.region = call.region;
  archive.name = call.input["ArchiveName"].string();
  archive.arn = own_arn(call.region, "archive", archive.name);
  archive.bus = *bus;
  if (archives_.contains(archive.arn))
    return aws::refuse("ResourceAlreadyExistsException",
                       "Archive " + archive.name + " already exists.");
  if (rules_.contains(rule_arn(call.region, *bus, archive.rule_name())))
    return aws::refuse("ResourceAlreadyExistsException",
                       "Rule " + archive.rule_name() + " already exists.");
  if (auto ok = take_archive_settings(call.input, archive); !ok) return failure(ok.error());
  archive.created = dependencies_.timers.now();
  archive.number = ++last_archive_;
  put_archive_rule(archive);
  save(archive);
  Value out = made(archive);
  archives_.emplace(archive.arn, std::move(archive));
  return out;
}

aws::Outcome<> Events::update_archive(const aws::Call& call) {
  auto found = find_archive(call);
  if (!found) return failure(found.error());
  Archive changed = **found;
  if (auto ok = take_archive_settings(call.input, changed); !ok) return failure(ok.error());
  **found = std::move(changed);
  put_archive_rule(**found);
  save(**found);
  return made(**found);
}

aws::Outcome<> Events::delete_archive(const aws::Call& call) {
  auto found = find_archive(call);
  if (!found) return failure(found.error());
  const Archive archive = **found;
  const auto rule = rule_arn(archive.region, archive.bus, archive.rule_name());
  dependencies_.journal.erase("events.rules", rule);
  rules_.erase(rule);
  dependencies_.journal.erase_range(archived, archive.key(Instant{}, 0), archive.key(latest, 0));
  dependencies_.journal.erase("events.archives", archive.arn);
  archives_.erase(archive.arn);
  return Value::structure();
}

aws::Outcome<> Events::describe_archive(const aws::Call& call) {
  auto found = find_archive(call);
  if (!found) return failure(found.error());
  Archive& archive = **found;
  expire(archive);
  Value out = listed(archive, bus_arn(archive.region, archive.bus));
  out.set("ArchiveArn", archive.arn);
  out.set("Description", archive.description);
  out.set("KmsKeyIdentifier", archive.kms_key);
  if (!archive.pattern.empty()) out.set("EventPattern", archive.pattern);
  return out;
}

aws::Outcome<> Events::list_archives(const aws::Call& call) {
  const Value& input = call.input;
  if (auto ok = one_filter(input, "ListArchives"); !ok) return failure(ok.error());
  auto page = aws::Page::at("archives", input["NextToken"], input["Limit"].integer_or(100));
  if (!page) return invalid("Parameter NextToken is not valid.");
  std::string bus;
  if (input.has("EventSourceArn")) {
    auto found = find_bus(call, "EventSourceArn");
    if (!found) return failure(found.error());
    bus = *found;
  }
  const auto prefix = own_arn(call.region, "archive", input["NamePrefix"].string_or(""));
  for (auto at = archives_.lower_bound(prefix);
       at != archives_.end() && at->first.starts_with(prefix); ++at) {
    Archive& archive = at->second;
    if (!bus.empty() && archive.bus != bus) continue;
    if (input["State"].string_or("ENABLED") != "ENABLED") continue;
    expire(archive);
    if (!page->offer(archive.name,
                     [&] { return listed(archive, bus_arn(archive.region, archive.bus)); }))
      break;
  }
  return Value::structure({{"Archives", page->items()}, {"NextToken", page->next_token()}});
}

// --- what is kept

aws::DispatchOutcome Events::keep_in_archive(const Handover& handover) {
  const auto found = std::find_if(archives_.begin(), archives_.end(), [&](const auto& entry) {
    return entry.second.region == handover.region && entry.second.rule_name() == handover.rule_name;
  });
  if (found == archives_.end())
    return {aws::DispatchOutcome::Kind::refused, "", "there is no such archive", "NO_RESOURCE"};
  Archive& archive = found->second;
  constexpr Duration now_and_then = std::chrono::hours{1};
  if (dependencies_.timers.now() - archive.looked_through > now_and_then) expire(archive);
  const auto event = aws::from_json(handover.event);
  const auto time = event ? parse_iso8601((*event)["time"].string_or("")) : std::nullopt;
  dependencies_.journal.put(archived, archive.key(time.value_or(handover.ingested), archive.next++),
                            archived_row(handover.ingested, handover.event));
  ++archive.events;
  archive.bytes += static_cast<std::int64_t>(handover.event.size());
  save(archive);
  return {aws::DispatchOutcome::Kind::accepted, handover.event_id, "", ""};
}

// What has been kept for longer than the retention goes: when somebody looks, and now and then.
void Events::expire(Archive& archive) {
  archive.looked_through = dependencies_.timers.now();
  if (archive.retention_days == 0 || archive.events == 0) return;
  constexpr std::int64_t longest_days = 36'500;
  const auto cutoff = dependencies_.timers.now() -
                      std::chrono::hours{24} * std::min(archive.retention_days, longest_days);
  std::vector<std::string> old;
  std::int64_t bytes = 0;
  dependencies_.journal.scan(archived, archive.key(Instant{}, 0), archive.key(latest, 0),
                             [&](std::string_view key, std::string_view row) {
                               if (ingestion_of(row) < cutoff) {
                                 old.emplace_back(key);
                                 bytes += static_cast<std::int64_t>(event_in(row).size());
                               }
                               return true;
                             });
  if (old.empty()) return;
  for (const auto& key : old) dependencies_.journal.erase(archived, key);
  archive.events -= static_cast<std::int64_t>(old.size());
  archive.bytes -= bytes;
  save(archive);
}

// --- replays

void Events::save(const Replay& replay) {
  dependencies_.journal.put("events.replays", replay.arn, aws::to_json(to_value(replay)));
}

aws::Outcome<Events::Replaying*> Events::find_replay(const aws::Call& call) {
  const auto& name = call.input["ReplayName"].string();
  const auto found = replays_.find(own_arn(call.region, "replay", name));
  if (found == replays_.end()) return no_replay(name);
  return &found->second;
}

aws::Outcome<> Events::start_replay(const aws::Call& call) {
  const Value& input = call.input;
  Replay replay;
  replay.region = call.region;
  replay.name = input["ReplayName"].string();
  replay.arn = own_arn(call.region, "replay", replay.name);
  replay.archive_arn = input["EventSourceArn"].string();
  replay.description = input["Description"].optional_string();
  replay.destination = input["Destination"];
  replay.from = input["EventStartTime"].timestamp();
  replay.to = input["EventEndTime"].timestamp();
  replay.started = dependencies_.timers.now();
  const auto& target = replay.destination["Arn"].string();
  if (!target.starts_with("arn:") || target_kind(target) != TargetKind::bus)
    return invalid(
        "Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.");
  replay.bus = bus_name(call.region, replay.destination["Arn"]);
  if (!has_bus(call.region, replay.bus)) return no_bus(after_slash(target));
  const auto archive = archives_.find(replay.archive_arn);
  if (archive == archives_.end() || archive->second.region != call.region)
    return invalid("Parameter EventSourceArn is not valid. Reason: Archive " +
                   after_slash(replay.archive_arn) + " does not exist.");
  if (archive->second.bus != replay.bus)
    return invalid(
        "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.");
  if (replay.from >= replay.to)
    return invalid(
        "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.");
  if (replays_.contains(replay.arn))
    return aws::refuse("ResourceAlreadyExistsException",
                       "Replay " + replay.name + " already exists.");
  std::size_t active = 0;
  for (const auto& [arn, other] : replays_)
    active += other.replay.region == call.region && other.replay.active();
  if (active >= most_replays) return too_many();
  save(replay);
  Value out = Value::structure(
      {{"ReplayArn", replay.arn}, {"State", replay.state}, {"ReplayStartTime", replay.started}});
  Replaying& running = replays_[replay.arn];
  running.replay = std::move(replay);
  arm(running);
  return out;
}

aws::Outcome<> Events::describe_replay(const aws::Call& call) {
  auto found = find_replay(call);
  if (!found) return failure(found.error());
  const Replay& replay = (*found)->replay;
  Value out = listed(replay);
  out.set("ReplayArn", replay.arn);
  out.set("Description", replay.description);
  out.set("Destination", replay.destination);
  return out;
}

aws::Outcome<> Events::list_replays(const aws::Call& call) {
  const Value& input = call.input;
  if (auto ok = one_filter(input, "ListReplays"); !ok) return failure(ok.error());
  auto page = aws::Page::at("replays", input["NextToken"], input["Limit"].integer_or(100));
  if (!page) return invalid("Parameter NextToken is not valid.");
  const auto prefix = own_arn(call.region, "replay", input["NamePrefix"].string_or(""));
  for (auto at = replays_.lower_bound(prefix);
       at != replays_.end() && at->first.starts_with(prefix); ++at) {
    const Replay& replay = at->second.replay;
    if (input.has("State") && input["State"] != Value{replay.state}) continue;
    if (input.has("EventSourceArn") && input["EventSourceArn"] != Value{replay.archive_arn})
      continue;
    if (!page->offer(replay.name, [&] { return listed(replay); })) break;
  }
  return Value::structure({{"Replays", page->items()}, {"NextToken", page->next_token()}});
}

aws::Outcome<> Events::cancel_replay(const aws::Call& call) {
  auto found = find_replay(call);
  if (!found) return failure(found.error());
  Replay& replay = (*found)->replay;
  if (replay.state != "STARTING" && replay.state != "RUNNING")
    return aws::refuse("IllegalStatusException",
                       "Replay " + replay.name + " is not in a valid state for this operation.");
  replay.state = "CANCELLING";
  save(replay);
  return Value::structure({{"ReplayArn", replay.arn}, {"State", replay.state}});
}

void Events::arm(Replaying& running) {
  running.timer.set(dependencies_.timers, dependencies_.timers.now() + replay_step,
                    [this, arn = running.replay.arn] { go_on(arn); });
}

// A hundred events at a time, in one journal batch with where the next ones begin.
void Events::go_on(const std::string& arn) {
  Replaying& running = replays_.at(arn);
  Replay& replay = running.replay;
  const auto archive = archives_.find(replay.archive_arn);
  const auto end = [&](std::string state) {
    replay.state = std::move(state);
    replay.ended = dependencies_.timers.now();
    save(replay);
  };
  if (replay.state == "CANCELLING") return end("CANCELLED");
  if (archive == archives_.end()) return end("FAILED");
  replay.state = "RUNNING";
  std::vector<Event> events;
  const auto from = std::max(replay.next, archive->second.key(replay.from, 0));
  std::string next;
  dependencies_.journal.scan(
      archived, from, archive->second.key(replay.to, 0),
      [&](std::string_view key, std::string_view row) {
        if (events.size() == replayed_at_once) {
          next = key;
          return false;
        }
        const auto json = event_in(row);
        if (json.empty()) return true;
        std::string text{json.substr(0, json.size() - 1)};
        text += R"(,"replay-name":)" + aws::to_json(Value{replay.name}) + "}";
        events.push_back(event_of(std::move(text), dependencies_.timers.now()));
        replay.last = time_of_key(key);
        return true;
      });
  const auto wanted = replay.destination["FilterArns"].strings();
  for (const auto& event : events) route(event, replay.region, replay.bus, wanted);
  if (next.empty()) return end("COMPLETED");
  replay.next = next;
  save(replay);
  arm(running);
}

}  // namespace sitelatch::events
