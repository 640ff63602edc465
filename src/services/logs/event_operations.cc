// SPDX-License-Identifier: Apache-2.0
// Events in and out. Times are milliseconds since the epoch, as integers.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "aws/service/paging.h"
#include "services/logs/filter_pattern.h"
#include "services/logs/logs.h"

namespace sitelatch::logs {
namespace {

using aws::Value;

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::size_t event_overhead = 26;
constexpr std::size_t largest_batch = 1'048'576;
constexpr std::size_t page_bytes = 1'048'576;
constexpr std::size_t most_events = 10'000;
// Of one FilterLogEvents, so that no call blocks the engine: events, and bytes of them, of which
// regular expressions get through fewer in the same time.
constexpr std::size_t most_scanned = 100'000;
constexpr std::size_t most_scanned_bytes = 64u << 20, most_scanned_by_regex = 4u << 20;
constexpr Position beginning{0, 0};
constexpr Position end_of_time{std::numeric_limits<std::int64_t>::max(), 0};

struct Batch {
  std::vector<NewEvent> accepted;
  Value rejected;  // null: none
};

aws::Outcome<std::vector<NewEvent>> batch_of(const Value& list) {
  std::vector<NewEvent> out;
  std::size_t bytes = 0;
  for (const auto& item : list.items()) {
    out.push_back({item["timestamp"].integer_or(0), item["message"].string_or("")});
    const auto size = out.back().message.size() + event_overhead;
    if (size > largest_batch)
      return invalid_parameter(
          fmt::format("Log event too large: {} bytes exceeds limit of {}", size, largest_batch));
    bytes += size;
    if (out.size() > 1 && out.back().timestamp_ms < out[out.size() - 2].timestamp_ms)
      return invalid_parameter(
          "Log events in a single PutLogEvents request must be in chronological order.");
  }
  if (bytes > largest_batch)
    return invalid_parameter(
        fmt::format("Upload too large: {} bytes exceeds limit of {}", bytes, largest_batch));
  return out;
}

// Parts the events that are too old, expired or too new; they are in order of time.
aws::Outcome<Batch> judged(std::vector<NewEvent> events, const Group& group, std::int64_t now) {
  const auto too_old = now - 14 * day_ms;
  const auto expired = group.retention_days ? now - *group.retention_days * day_ms
                                            : std::numeric_limits<std::int64_t>::min();
  const auto too_new = now + 2 * hour_ms;
  std::int64_t old_end = 0, expired_end = 0;
  std::optional<std::int64_t> new_start;
  Batch out;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto at = events[i].timestamp_ms;
    const auto index = static_cast<std::int64_t>(i);
    if (at < too_old) old_end = index + 1;
    if (at < expired) expired_end = index + 1;
    if (at > too_new && !new_start) new_start = index;
    if (at >= too_old && at >= expired && at <= too_new)
      out.accepted.push_back(std::move(events[i]));
  }
  if (!out.accepted.empty() &&
      out.accepted.back().timestamp_ms - out.accepted.front().timestamp_ms > day_ms)
    return invalid_parameter(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.");
  Value rejected = Value::structure();
  if (new_start) rejected.set("tooNewLogEventStartIndex", *new_start);
  if (old_end > 0) rejected.set("tooOldLogEventEndIndex", old_end);
  if (expired_end > 0) rejected.set("expiredLogEventEndIndex", expired_end);
  if (!rejected.members().empty()) out.rejected = std::move(rejected);
  return out;
}

Value output_event(const Event& event) {
  return Value::structure({{"timestamp", event.position.timestamp_ms},
                           {"message", event.message},
                           {"ingestionTime", event.ingestion_ms}});
}

// f/<56 digits>/s: what comes after this position; b/<56 digits>/s: what came before it.
std::string event_token(char direction, Position position) {
  return fmt::format("{}/{}/s", direction, position.digits());
}

struct EventToken {
  bool forward = true;
  Position position;
};
std::optional<EventToken> parse_event_token(std::string_view token) {
  if (token.size() != 60 || (token[0] != 'f' && token[0] != 'b') || token[1] != '/' ||
      token.substr(58) != "/s")
    return std::nullopt;
  const auto position = Position::from_digits(token.substr(2, 56));
  if (!position) return std::nullopt;
  return EventToken{token[0] == 'f', *position};
}

}  // namespace

aws::Outcome<> Logs::put_log_events(const aws::Call& call) {
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  const auto found = (*group)->streams.find(call.input["logStreamName"].string_or(""));
  if (found == (*group)->streams.end()) return no_such_stream();
  auto events = batch_of(call.input["logEvents"]);
  if (!events) return failure(events.error());
  auto batch = judged(std::move(*events), **group, unix_ms(call.now));
  if (!batch) return failure(batch.error());
  auto& stream = *found->second;
  take_in(**group, stream, batch->accepted);
  return Value::structure(
      {{"nextSequenceToken", Position{unix_ms(call.now), stream.last_sequence}.digits()},
       {"rejectedLogEventsInfo", std::move(batch->rejected)}});
}

aws::Outcome<> Logs::get_log_events(const aws::Call& call) {
  const auto& input = call.input;
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  const auto found = (*group)->streams.find(input["logStreamName"].string_or(""));
  if (found == (*group)->streams.end()) return no_such_stream();

  // From startTime, inclusive, to endTime, exclusive.
  Position from = beginning, to = end_of_time;
  if (input.has("startTime")) from = {input["startTime"].integer(), 0};
  if (input.has("endTime")) to = {input["endTime"].integer(), 0};
  bool forward = input["startFromHead"].boolean_or(false);
  std::optional<EventToken> token;
  if (input.has("nextToken")) {
    token = parse_event_token(input["nextToken"].string());
    if (!token) return invalid_token();
    forward = token->forward;
    if (forward)
      from = std::max(from, token->position.next());
    else
      to = std::min(to, token->position);
  }
  const auto most = static_cast<std::size_t>(input["limit"].integer_or(most_events));
  std::vector<Event> events;
  std::size_t bytes = 0;
  store_.read(**group, *found->second, from, to, forward, [&](Event&& event) {
    bytes += event.message.size() + event_overhead;
    if (events.size() == most || (bytes > page_bytes && !events.empty())) return false;
    events.push_back(std::move(event));
    return true;
  });
  if (!forward) std::reverse(events.begin(), events.end());
  // With nothing left, tokens stay where they were: clients stop when a token comes back (fact
  // logs-5).
  const Position here = token     ? token->position
                        : forward ? from
                                  : std::min(to, Position{unix_ms(call.now), 0});
  Value list = Value::list();
  for (const auto& event : events) list.push(output_event(event));
  return Value::structure(
      {{"events", std::move(list)},
       {"nextForwardToken", event_token('f', events.empty() ? here : events.back().position)},
       {"nextBackwardToken", event_token('b', events.empty() ? here : events.front().position)}});
}

aws::Outcome<> Logs::filter_log_events(const aws::Call& call) {
  const auto& input = call.input;
  auto group = asked_group(call);
  if (!group) return failure(group.error());
  const auto names = input["logStreamNames"].strings();
  const auto prefix = input["logStreamNamePrefix"].optional_string();
  if (!names.empty() && prefix)
    return invalid_parameter(
        "Either logStreamNames or logStreamNamePrefix may be specified, but not both.");
  for (const auto& name : names)
    if (!(*group)->streams.contains(name)) return no_such_stream();
  const auto pattern = FilterPattern::parse(input["filterPattern"].string_or(""));
  if (!pattern) return invalid_parameter(pattern.error().text);

  // Both ends inclusive.
  Position from = beginning, to = end_of_time;
  if (input.has("startTime")) from = {input["startTime"].integer(), 0};
  if (input.has("endTime") && input["endTime"].integer() < end_of_time.timestamp_ms)
    to = {input["endTime"].integer() + 1, 0};
  if (input.has("nextToken")) {
    const auto text = aws::page_position("filter", input["nextToken"].string());
    const auto position = text ? Position::from_key(*text) : std::nullopt;
    if (!position) return invalid_token();
    from = std::max(from, position->next());
  }
  const std::set<std::string> chosen{names.begin(), names.end()};
  const auto wanted = [&](const Stream& stream) {
    if (prefix) return stream.name.compare(0, prefix->size(), *prefix) == 0;
    return chosen.empty() || chosen.contains(stream.name);
  };
  const auto most = static_cast<std::size_t>(input["limit"].integer_or(most_events));
  Value events = Value::list();
  std::size_t bytes = 0, scanned = 0, scanned_bytes = 0;
  const auto most_bytes = pattern->regexes() > 0 ? most_scanned_by_regex : most_scanned_bytes;
  std::optional<Position> last;  // seen and settled
  bool more = false;
  store_.read_timeline(**group, from, to, wanted, [&](Event&& event) {
    const bool fits = events.items().size() < most && bytes <= page_bytes &&
                      scanned < most_scanned && scanned_bytes <= most_bytes;
    if (!fits) {
      more = true;
      return false;
    }
    ++scanned;
    scanned_bytes += event.message.size();
    last = event.position;
    if (!pattern->matches(event.message)) return true;
    bytes += event.message.size() + event_overhead;
    auto item = output_event(event);
    item.set("logStreamName", event.stream);
    item.set("eventId", event.position.digits());
    events.push(std::move(item));
    return true;
  });
  Value out =
      Value::structure({{"events", std::move(events)}, {"searchedLogStreams", Value::list()}});
  if (more && last) out.set("nextToken", aws::page_token("filter", last->key()));
  return out;
}

// Fact logs-17.
aws::Outcome<> Logs::test_metric_filter(const aws::Call& call) {
  const auto pattern = FilterPattern::parse(call.input["filterPattern"].string());
  if (!pattern) return invalid_parameter(pattern.error().text);
  Value matches = Value::list();
  std::int64_t number = 0;
  for (const auto& message : call.input["logEventMessages"].strings()) {
    ++number;
    if (!pattern->matches(message)) continue;
    Value values = Value::structure();
    for (const auto& [name, value] : pattern->extract(message)) values.set(name, value);
    matches.push(Value::structure(
        {{"eventNumber", number}, {"eventMessage", message}, {"extractedValues", values}}));
  }
  return Value::structure({{"matches", matches}});
}

}  // namespace sitelatch::logs
