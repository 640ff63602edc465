// SPDX-License-Identifier: Apache-2.0
// Events: what comes onto a bus, and the trying of patterns.
#include <array>

#include "services/events/events.h"
#include "services/events/refusals.h"

namespace sitelatch::events {
using aws::Value;

namespace {

constexpr std::size_t largest_request = 1u << 20, bytes_of_time = 14;

// As AWS counts them (fact events-62).
std::size_t size_of(const Value& entry) {
  std::size_t out = entry.has("Time") ? bytes_of_time : 0;
  for (const char* part : {"Source", "DetailType", "Detail"})
    out += entry[part].string_or("").size();
  for (const auto& resource : entry["Resources"].items()) out += resource.string().size();
  return out;
}

struct EntryProblem {
  std::string code, message;
};

std::optional<EntryProblem> problem_of(const Value& entry) {
  for (const char* needed : {"Source", "DetailType", "Detail"})
    if (entry[needed].string_or("").empty())
      return EntryProblem{"InvalidArgument", std::string{"Parameter "} + needed +
                                                 " is not valid. Reason: " + needed +
                                                 " is a required argument."};
  if (entry["Source"].string().starts_with("aws."))
    return EntryProblem{"NotAuthorizedForSourceException", "Not authorized for the source."};
  // Within the event it stands a level deeper.
  const auto detail = aws::from_json("[" + entry["Detail"].string() + "]");
  if (!detail || detail->items().size() != 1 || !detail->items().front().is_struct())
    return EntryProblem{"MalformedDetail", "Detail is malformed."};
  return std::nullopt;
}

}  // namespace

void Events::publish(const ServiceEvent& event) {
  EventParts parts;
  parts.id = ports::uuid(dependencies_.entropy);
  parts.account = account_;
  parts.region = event.region;
  parts.source = event.source;
  parts.detail_type = event.detail_type;
  parts.time = event.time;
  parts.resources = event.resources;
  parts.detail = event.detail;
  route(make_event(parts, dependencies_.timers.now()), event.region, std::string{default_bus});
}

aws::Outcome<> Events::put_events(const aws::Call& call) {
  const auto now = dependencies_.timers.now();
  const auto& entries = call.input["Entries"].items();
  std::size_t bytes = 0;
  for (const auto& entry : entries) bytes += size_of(entry);
  const auto counted = [&](std::string_view metric, double value, std::string_view unit = "Count") {
    dependencies_.metrics.count({call.region, "", ""}, metric, value, unit, now);
  };
  counted("PutEventsApproximateCallCount", 1);
  if (bytes > largest_request) {
    counted("PutEventsApproximateFailedCount", 1);
    return invalid("Total size of the entries in the request is over the limit.");
  }
  counted("PutEventsApproximateSuccessCount", 1);
  counted("PutEventsEntriesCount", static_cast<double>(entries.size()));
  counted("PutEventsRequestSize", static_cast<double>(bytes), "Bytes");
  Value results = Value::list();
  int failed = 0;
  for (const auto& entry : entries) {
    if (const auto problem = problem_of(entry)) {
      ++failed;
      results.push(
          Value::structure({{"ErrorCode", problem->code}, {"ErrorMessage", problem->message}}));
      continue;
    }
    EventParts parts;
    parts.id = ports::uuid(dependencies_.entropy);
    parts.account = account_;
    parts.region = call.region;
    parts.source = entry["Source"].string();
    parts.detail_type = entry["DetailType"].string();
    parts.time = entry.has("Time") ? entry["Time"].timestamp() : now;
    parts.resources = entry["Resources"].strings();
    parts.detail = entry["Detail"].string();
    results.push(Value::structure({{"EventId", parts.id}}));
    // A bus that is not there swallows events (fact events-61).
    const auto bus = bus_name(call.region, entry["EventBusName"]);
    if (has_bus(call.region, bus)) route(make_event(parts, now), call.region, bus);
  }
  if (failed > 0) counted("PutEventsFailedEntriesCount", failed);
  return Value::structure({{"FailedEntryCount", failed}, {"Entries", results}});
}

aws::Outcome<> Events::test_event_pattern(const aws::Call& call) {
  const auto pattern = EventPattern::parse(call.input["EventPattern"].string());
  if (!pattern) return bad_pattern(pattern.error());
  const auto event = aws::from_json(call.input["Event"].string());
  constexpr std::array needed{"id", "account", "source", "time", "region", "detail-type"};
  if (!event || !event->is_struct()) return invalid("Parameter Event is not valid.");
  for (const char* name : needed)
    if (!event->has(name)) return invalid("Parameter Event is not valid.");
  return Value::structure({{"Result", pattern->matches(*event)}});
}

}  // namespace sitelatch::events
