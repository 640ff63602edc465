// SPDX-License-Identifier: Apache-2.0
// Every port on virtual time, seeded, in one process: what unit tests, scenarios and the simulation
// run on. World keeps them and moves time: advance() runs what is due in order, commits the journal
// after every step and lets "later, never inside this call" callbacks run between steps, as the
// engine's loop does.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ports/courier.h"
#include "ports/entropy.h"
#include "ports/function_host.h"
#include "ports/journal.h"
#include "ports/prober.h"
#include "ports/timer_queue.h"
#include "ports/wall_clock.h"

namespace sitelatch::ports::sim {

// Callbacks that run between steps. The seam through which simulated ports answer.
class Later {
 public:
  void post(std::function<void()> task) { tasks_.push_back(std::move(task)); }
  bool run_one();
  void clear() { tasks_.clear(); }

 private:
  std::deque<std::function<void()>> tasks_;
};

class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<unsigned char> bytes) override;

 private:
  std::mt19937_64 random_;
};

class VirtualWallClock final : public WallClock {
 public:
  explicit VirtualWallClock(const TimerQueue& timers) : timers_(timers) {}
  WallInstant now() const override { return WallInstant{timers_.now().time_since_epoch() + skew}; }
  Duration skew{};

 private:
  const TimerQueue& timers_;
};

// What was committed survives crash(); what was not is gone, callbacks included.
class MemoryJournal final : public Journal {
 public:
  void put(std::string_view table, std::string_view key, std::string_view value) override;
  void erase(std::string_view table, std::string_view key) override;
  void scan(std::string_view table, std::string_view from, std::string_view to,
            const Visitor& visit) const override;
  void scan_back(std::string_view table, std::string_view from, std::string_view to,
                 const Visitor& visit) const override;
  void erase_range(std::string_view table, std::string_view from, std::string_view to) override;
  void when_durable(std::function<void()> callback) override;

  // Commits and runs the callbacks that waited for it (and those that they add need another
  // commit). Answers whether there was anything to do.
  bool commit();
  void crash();
  std::size_t commits() const { return commits_; }
  std::vector<std::string> tables() const;  // that were ever written
  // The row as a crash would leave it; nothing: there would be none.
  std::optional<std::string> durable(std::string_view table, std::string_view key) const;

  // Looks on at every commit that wrote something: when it is durable and nobody has been told yet,
  // and when everybody has been. It may throw, which is how a test ends the engine at exactly that
  // point; crash() then clears up.
  enum class Moment { durable, told };
  std::function<void(Moment)> on_commit;

 private:
  using Table = std::map<std::string, std::string, std::less<>>;
  using Tables = std::map<std::string, Table, std::less<>>;
  using Place = std::pair<std::string, std::string>;  // table and key
  // Called before a row is changed.
  void remember(std::string_view table, std::string_view key, const std::string* row);

  Tables working_;
  std::map<Place, std::optional<std::string>>
      before_;  // the durable rows that uncommitted writes have changed
  bool dirty_ = false;
  std::vector<std::function<void()>> waiting_;
  std::size_t commits_ = 0;
};

// Answers every probe by asking `judge`, between steps; without one, every site is up. What
// `carry` takes it answers itself, later.
class ScriptedProber final : public Prober {
 public:
  explicit ScriptedProber(Later& later) : later_(later) {}
  void probe(ProbeRequest request, std::function<void(Observation)> done) override;
  std::function<Observation(const ProbeRequest&)> judge;
  std::function<bool(const ProbeRequest&, const std::function<void(Observation)>& done)> carry;
  std::size_t probes = 0;

 private:
  Later& later_;
};
Observation healthy_observation();
Observation failed_observation();

// Answers every invocation by calling `run`, between steps; without one, functions answer null.
class ScriptedFunctionHost final : public FunctionHost {
 public:
  explicit ScriptedFunctionHost(Later& later) : later_(later) {}
  void invoke(FunctionSpec spec, Invocation invocation,
              std::function<void(InvocationOutcome)> done) override;
  void retire(const std::string& function_arn) override { retired.push_back(function_arn); }
  // May answer at once through `done`, or keep it and answer later.
  std::function<void(const FunctionSpec&, const Invocation&,
                     std::function<void(InvocationOutcome)> done)>
      run;
  std::vector<std::string> retired;
  std::size_t invocations = 0;

 private:
  Later& later_;
};
InvocationOutcome success_outcome(std::string payload = "null");

class RecordingCourier final : public Courier {
 public:
  explicit RecordingCourier(Later& later) : later_(later) {}
  void post(Post post, std::function<void(Receipt)> done) override;
  void mail(Mail mail, std::function<void(Receipt)> done) override;
  std::function<Receipt(const Post&)> answer;  // without one: 200
  std::vector<Post> posts;
  std::vector<Mail> mails;

 private:
  Later& later_;
};

class World {
 public:
  // 2026-01-01T00:00:00Z unless told otherwise.
  explicit World(std::uint64_t seed = 1, Instant start = from_civil(2026, 1, 1, 0, 0, 0));

  TimerQueue timers;
  VirtualWallClock wall{timers};
  SeededEntropy entropy;
  MemoryJournal journal;
  Later later;
  ScriptedProber prober{later};
  ScriptedFunctionHost functions{later};
  RecordingCourier courier{later};

  // Runs everything that can happen without time going on: later tasks, due timers, commits.
  void settle();
  // The same with time going on by `d`; everything due in between happens in order.
  void advance(Duration d);
  void advance_to(Instant t);
  // As kill -9 leaves it: what was not durable is gone, and whoever was about to answer never does.
  // What lived in this world has to be destroyed before.
  void crash();
};

}  // namespace sitelatch::ports::sim
