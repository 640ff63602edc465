// SPDX-License-Identifier: Apache-2.0
// The control thread: one writer of all control-plane state (ARCHITECTURE.md, idea 3). It takes
// tasks that other threads post, runs due timers, and after each batch commits the journal;
// whatever waits for durability (replies, DNS views, function starts) leaves then. Requests that
// arrive during a commit are the next batch, so commits group by themselves.
//
// Engine time: the wall clock; or `scale` times as fast; or standing still until advance(). It
// never runs back and never stands still because the wall was set: a wall that is put forward is
// followed, one that is put back is not, and time goes on from where it was at the steady clock's
// pace. After a restart it goes on from the later of the wall and the last time that was committed
// (fact engine-1).
//
// advance(): steps from due time to due time; "what runs for real at an instant" (a probe, a
// function, a delivery) is awaited before time goes on: whoever starts such work holds a Loop::Work
// meanwhile.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "ports/timer_queue.h"
#include "ports/wall_clock.h"
#include "store/sqlite_journal.h"

namespace sitelatch::engine {

enum class ClockKind { scaled, manual };

class Loop {
 public:
  Loop(store::SqliteJournal& journal, const ports::WallClock& wall, ClockKind kind, double scale);

  ports::Timers& timers() { return timers_; }
  ClockKind clock_kind() const { return kind_; }

  // From any thread: runs the task on the control thread, soon.
  void post(std::function<void()> task);
  // Until stop(): the calling thread is the control thread. Throws store::StoreFailure.
  void run();
  void stop();  // from any thread or a task; run() returns after committing what was done

  // On the control thread, manual clock only: `done` runs when the time has arrived. Advances queue
  // up.
  void advance(Duration by, std::function<void(Instant)> done);
  // On the control thread: an advance is under way.
  bool being_advanced() const { return !advances_.empty(); }

  // On the control thread: writes down what time it is, for the next start to go on from.
  void write_time();

  // On the control thread: runs the callback once all that was written is durable.
  void when_durable(std::function<void()> callback) { journal_.when_durable(std::move(callback)); }

  // Held while something runs for real: time stands still meanwhile (manual clock).
  class Work {
   public:
    explicit Work(Loop& loop) : loop_(loop) { loop_.outstanding_.fetch_add(1); }
    ~Work() { loop_.end_work(); }  // on any thread
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

   private:
    Loop& loop_;
  };

 private:
  struct Advance {
    Instant target;
    std::function<void(Instant)> done;
  };
  void end_work();
  void move_time();
  void settle();
  bool step_manual_clock();
  std::optional<std::chrono::steady_clock::time_point> wake_at() const;
  Instant wall_now() const;
  Instant steady_now() const;
  Instant scaled_now() const;
  void follow_wall();
  void remember_time();

  store::SqliteJournal& journal_;
  const ports::WallClock& wall_;
  const ClockKind kind_;
  const double scale_;
  ports::TimerQueue timers_;
  Instant origin_;  // engine time at steady_origin_
  std::chrono::steady_clock::time_point steady_origin_;
  Duration wall_ahead_{};  // of engine time, when last looked at
  Instant remembered_{};
  std::atomic<std::size_t> outstanding_ = 0;
  std::vector<Advance> advances_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::function<void()>> posted_;
  bool stopping_ = false;
};

}  // namespace sitelatch::engine
