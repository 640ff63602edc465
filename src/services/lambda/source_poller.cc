// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/source_poller.h"

#include <algorithm>
#include <utility>

#include "services/lambda/verdict.h"

namespace sitelatch::lambda {
using aws::Value;
using namespace std::chrono_literals;

namespace {

constexpr auto idle = 20s;               // a long poll of AWS's, and then the next
constexpr auto pause = 1s;               // where the function has no room, or the queue fails
constexpr std::size_t most_running = 5;  // without a ScalingConfig: where AWS begins
constexpr std::size_t a_receive = 10;    // what SQS gives at a time
constexpr std::size_t event_limit =
    6'000'000;  // of a batch as an event, with room for what is around

std::size_t size_of(const std::vector<Value>& batch) {
  std::size_t bytes = 0;
  for (const auto& record : batch) bytes += record["body"].string_or("").size() + 1000;
  return bytes;
}

}  // namespace

void SourcePoller::begin_all() {
  for (const auto* mapping : mappings_.all()) begin(mapping->uuid);
}

void SourcePoller::begin(const std::string& uuid) {
  auto& source = sources_[uuid];
  if (source.resting) return;
  source.next.set(world_.timers, world_.timers.now(),
                  lifetime_.guard([this, uuid] { look(uuid); }));
}

void SourcePoller::rest(const std::string& uuid, Source& source) {
  source.resting = true;
  source.next.set(world_.timers, world_.timers.now() + pause, lifetime_.guard([this, uuid] {
    if (const auto at = sources_.find(uuid); at != sources_.end()) at->second.resting = false;
    look(uuid);
  }));
}

// A FIFO queue's messages are given one batch after the other, so that they keep their order.
bool SourcePoller::may_run(const EventSourceMapping& mapping, const Source& source) const {
  const auto most = mapping.is_fifo() ? 1
                    : mapping.maximum_concurrency
                        ? static_cast<std::size_t>(*mapping.maximum_concurrency)
                        : most_running;
  return source.running < most;
}

void SourcePoller::look(const std::string& uuid) {
  const auto at = sources_.find(uuid);
  const auto* mapping = mappings_.find(uuid);
  if (at == sources_.end() || !mapping || !mapping->enabled) return;
  auto& source = at->second;
  while (!source.resting && may_run(*mapping, source)) {
    const auto* function = functions_.lookup(mapping->region, mapping->function);
    const bool runnable = function && function->latest.state == Version::State::active &&
                          invoker_.runnable_version(*function, mapping->qualifier);
    // Nobody is told when a function comes, or has room again.
    if (!runnable || !invoker_.has_room_for(*function)) return rest(uuid, source);
    collect(*mapping, source);
    const bool full = source.batch.size() >= static_cast<std::size_t>(mapping->batch_size) ||
                      size_of(source.batch) >= event_limit;
    if (source.batch.empty() || (!full && mapping->window_s > 0)) break;
    invoke(*mapping, source);
  }
}

// Fills the batch from the queue; where that is empty, waits to be told of more.
void SourcePoller::collect(const EventSourceMapping& mapping, Source& source) {
  const auto uuid = mapping.uuid;
  const auto wanted_now = static_cast<std::size_t>(mapping.batch_size);
  while (source.batch.size() < wanted_now && size_of(source.batch) < event_limit) {
    const auto got = world_.queues.receive(mapping.source_arn,
                                           std::min(a_receive, wanted_now - source.batch.size()));
    if (!got) {  // the queue is gone, perhaps to come again
      rest(uuid, source);
      break;
    }
    if (got->empty()) {
      // A queue that was deleted meanwhile tells nobody anything.
      source.next.set(world_.timers, world_.timers.now() + idle,
                      lifetime_.guard([this, uuid] { look(uuid); }));
      if (!std::exchange(source.waiting, true))
        world_.queues.when_available(mapping.source_arn, lifetime_.guard([this, uuid] {
          if (const auto at = sources_.find(uuid); at != sources_.end()) at->second.waiting = false;
          look(uuid);
        }));
      break;
    }
    for (const auto& message : *got) {
      auto record = event_record(message, mapping);
      if (wanted(mapping, record))
        source.batch.push_back(std::move(record));
      else
        world_.queues.remove(mapping.source_arn, record["receiptHandle"].string_or(""));
    }
  }
  const bool open = !source.batch.empty() && source.batch.size() < wanted_now;
  if (open && mapping.window_s > 0 && !source.window_is_open) open_window(mapping, source);
}

void SourcePoller::open_window(const EventSourceMapping& mapping, Source& source) {
  source.window_is_open = true;
  source.window.set(world_.timers, world_.timers.now() + std::chrono::seconds{mapping.window_s},
                    lifetime_.guard([this, uuid = mapping.uuid] {
                      const auto at = sources_.find(uuid);
                      const auto* now = mappings_.find(uuid);
                      if (at == sources_.end() || !now) return;
                      at->second.window_is_open = false;
                      if (!at->second.batch.empty()) invoke(*now, at->second);
                      look(uuid);
                    }));
}

bool SourcePoller::wanted(const EventSourceMapping& mapping, const Value& record) const {
  if (mapping.filters.empty() || !world_.patterns) return true;
  const auto event = filtered_record(record);
  return std::any_of(
      mapping.filters.begin(), mapping.filters.end(),
      [&](const std::string& pattern) { return world_.patterns->matches(pattern, event); });
}

void SourcePoller::invoke(const EventSourceMapping& mapping, Source& source) {
  auto batch = std::exchange(source.batch, {});
  source.window.cancel();
  source.window_is_open = false;
  const auto* function = functions_.lookup(mapping.region, mapping.function);
  const auto* version =
      function ? invoker_.runnable_version(*function, mapping.qualifier) : nullptr;
  if (!version) return;  // its messages come again
  Value records = Value::list();
  for (const auto& record : batch) records.push(record);
  auto event = aws::to_json(Value::structure({{"Records", std::move(records)}}));
  ++source.running;
  invoker_.start(
      *function, mapping.qualifier, *version, {ports::uuid(world_.entropy), std::move(event), ""},
      lifetime_.guard([this, uuid = mapping.uuid, mapping,
                       batch = std::move(batch)](const aws::Outcome<Execution>& outcome) {
        invoked(uuid, mapping, batch, outcome);
      }));
}

void SourcePoller::invoked(const std::string& uuid, const EventSourceMapping& mapping,
                           const std::vector<Value>& batch,
                           const aws::Outcome<Execution>& outcome) {
  if (outcome && outcome->verdict.kind == Verdict::Kind::success) {
    std::vector<std::string> ids, failed;
    for (const auto& record : batch) ids.push_back(record["messageId"].string_or(""));
    if (mapping.reports_failures) failed = failed_messages(outcome->verdict.payload, ids);
    for (const auto& record : batch)
      if (std::find(failed.begin(), failed.end(), record["messageId"].string_or("")) ==
          failed.end())
        world_.queues.remove(mapping.source_arn, record["receiptHandle"].string_or(""));
  }
  const auto at = sources_.find(uuid);
  if (at == sources_.end()) return;
  if (at->second.running > 0) --at->second.running;
  const bool ran = outcome && outcome->verdict.kind != Verdict::Kind::host_error;
  if (ran)
    begin(uuid);
  else
    rest(uuid, at->second);
}

}  // namespace sitelatch::lambda
