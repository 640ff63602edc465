// SPDX-License-Identifier: Apache-2.0
#include "ports/sim/world.h"

#include "base/check.h"

namespace sitelatch::ports::sim {

bool Later::run_one() {
  if (tasks_.empty()) return false;
  const auto task = std::move(tasks_.front());
  tasks_.pop_front();
  task();
  return true;
}

void SeededEntropy::fill(std::span<unsigned char> bytes) {
  for (auto& byte : bytes) byte = static_cast<unsigned char>(random_() >> 32 & 0xff);
}

void MemoryJournal::remember(std::string_view table, std::string_view key, const std::string* row) {
  dirty_ = true;
  Place place{table, key};
  if (before_.contains(place)) return;
  before_.emplace(std::move(place), row ? std::optional{*row} : std::nullopt);
}
void MemoryJournal::put(std::string_view table, std::string_view key, std::string_view value) {
  auto& rows = working_[std::string{table}];
  const auto found = rows.find(key);
  remember(table, key, found == rows.end() ? nullptr : &found->second);
  if (found == rows.end())
    rows.emplace(key, value);
  else
    found->second = value;
}
void MemoryJournal::erase(std::string_view table, std::string_view key) {
  const auto found = working_.find(table);
  if (found == working_.end()) return;
  const auto row = found->second.find(key);
  if (row == found->second.end()) return;
  remember(table, key, &row->second);
  found->second.erase(row);
}
void MemoryJournal::erase_range(std::string_view table, std::string_view from,
                                std::string_view to) {
  const auto found = working_.find(table);
  if (found == working_.end()) return;
  auto& rows = found->second;
  const auto end = to.empty() ? rows.end() : rows.lower_bound(to);
  auto row = rows.lower_bound(from);
  while (row != end) {
    remember(table, row->first, &row->second);
    row = rows.erase(row);
  }
}
std::vector<std::string> MemoryJournal::tables() const {
  std::vector<std::string> out;
  for (const auto& [table, rows] : working_) out.push_back(table);
  return out;
}
std::optional<std::string> MemoryJournal::durable(std::string_view table,
                                                  std::string_view key) const {
  if (const auto changed = before_.find(Place{table, key}); changed != before_.end())
    return changed->second;
  const auto rows = working_.find(table);
  if (rows == working_.end()) return std::nullopt;
  const auto row = rows->second.find(key);
  return row == rows->second.end() ? std::nullopt : std::optional{row->second};
}
void MemoryJournal::scan(std::string_view table, std::string_view from, std::string_view to,
                         const Visitor& visit) const {
  const auto found = working_.find(table);
  if (found == working_.end()) return;
  const auto& rows = found->second;
  const auto end = to.empty() ? rows.end() : rows.lower_bound(to);
  for (auto row = rows.lower_bound(from); row != end; ++row)
    if (!visit(row->first, row->second)) return;
}
void MemoryJournal::scan_back(std::string_view table, std::string_view from, std::string_view to,
                              const Visitor& visit) const {
  const auto found = working_.find(table);
  if (found == working_.end()) return;
  const auto& rows = found->second;
  const auto begin = rows.lower_bound(from);
  auto row = to.empty() ? rows.end() : rows.lower_bound(to);
  while (row != begin) {
    --row;
    if (!visit(row->first, row->second)) return;
  }
}
void MemoryJournal::when_durable(std::function<void()> callback) {
  waiting_.push_back(std::move(callback));
}
bool MemoryJournal::commit() {
  if (!dirty_ && waiting_.empty()) return false;
  const bool wrote = dirty_;
  before_.clear();
  dirty_ = false;
  if (wrote) ++commits_;
  if (wrote && on_commit) on_commit(Moment::durable);
  const auto callbacks = std::move(waiting_);
  waiting_.clear();
  for (const auto& callback : callbacks) callback();
  if (wrote && on_commit) on_commit(Moment::told);
  return true;
}
void MemoryJournal::crash() {
  for (auto& [place, row] : before_) {
    auto& rows = working_[place.first];
    if (row)
      rows[place.second] = std::move(*row);
    else
      rows.erase(place.second);
  }
  before_.clear();
  dirty_ = false;
  waiting_.clear();
}

Observation healthy_observation() {
  Observation out;
  out.success = true;
  out.status = "Success: HTTP Status Code 200, OK";
  return out;
}
Observation failed_observation() {
  Observation out;
  out.status = "Failure: HTTP Status Code 503, Service Unavailable";
  return out;
}
void ScriptedProber::probe(ProbeRequest request, std::function<void(Observation)> done) {
  ++probes;
  later_.post([this, request = std::move(request), done = std::move(done)] {
    if (carry && carry(request, done)) return;
    done(judge ? judge(request) : healthy_observation());
  });
}

InvocationOutcome success_outcome(std::string payload) {
  InvocationOutcome out;
  out.kind = InvocationOutcome::Kind::success;
  out.payload = std::move(payload);
  out.duration = std::chrono::milliseconds{2};
  out.max_memory_mb = 36;
  out.environment_id = std::string(32, 'a');
  return out;
}
void ScriptedFunctionHost::invoke(FunctionSpec spec, Invocation invocation,
                                  std::function<void(InvocationOutcome)> done) {
  ++invocations;
  later_.post(
      [this, spec = std::move(spec), invocation = std::move(invocation), done = std::move(done)] {
        if (run)
          run(spec, invocation, done);
        else
          done(success_outcome());
      });
}

void RecordingCourier::post(Post post, std::function<void(Receipt)> done) {
  posts.push_back(post);
  later_.post([this, post = std::move(post), done = std::move(done)] {
    done(answer ? answer(post) : Receipt{200, ""});
  });
}
void RecordingCourier::mail(Mail mail, std::function<void(Receipt)> done) {
  mails.push_back(std::move(mail));
  later_.post([done = std::move(done)] { done(Receipt{}); });
}

World::World(std::uint64_t seed, Instant start) : timers(start), entropy(seed) {}

void World::settle() {
  // A step that never ends is a bug in what is tested: say so instead of hanging.
  for (int steps = 0; steps < 10'000'000; ++steps) {
    const bool ran = later.run_one() || timers.run_one_due();
    const bool committed = journal.commit();
    if (!ran && !committed) return;
  }
  ENSURE(false, "the simulated world does not come to rest");
}

void World::advance_to(Instant t) {
  settle();
  for (auto due = timers.next_due(); due && *due <= t; due = timers.next_due()) {
    timers.move_to(*due);
    settle();
  }
  timers.move_to(t);
  settle();
}
void World::crash() {
  journal.crash();
  later.clear();
}
void World::advance(Duration d) { advance_to(timers.now() + d); }

}  // namespace sitelatch::ports::sim
