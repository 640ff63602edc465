// SPDX-License-Identifier: Apache-2.0
#include "engine/loop.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

namespace sitelatch::engine {
namespace {

constexpr std::string_view clock_table = "engine.clock";
// A step of the wall clock that people are told of.
constexpr Duration clock_jump = std::chrono::seconds{2};
// Timers run in bursts no longer than this before posted tasks get their turn.
constexpr int timers_per_turn = 256;

Instant starting_time(const ports::Journal& journal, const ports::WallClock& wall) {
  Instant last{};
  journal.scan(clock_table, "", "", [&](std::string_view, std::string_view value) {
    if (const auto ns = parse_int(value)) last = Instant{Duration{*ns}};
    return true;
  });
  return std::max(Instant{wall.now().time_since_epoch()}, last);
}

}  // namespace

Loop::Loop(store::SqliteJournal& journal, const ports::WallClock& wall, ClockKind kind,
           double scale)
    : journal_(journal),
      wall_(wall),
      kind_(kind),
      scale_(scale),
      timers_(starting_time(journal, wall)),
      origin_(timers_.now()),
      steady_origin_(std::chrono::steady_clock::now()),
      wall_ahead_(wall_now() - timers_.now()) {
  if (kind == ClockKind::scaled && scale == 1.0 && wall_ahead_ < -clock_jump)
    log(LogLevel::warning, "engine",
        fmt::format("the wall clock is {} behind what this engine has lived through; its time goes "
                    "on from {}",
                    sitelatch::describe(-wall_ahead_), iso8601_seconds(timers_.now())));
}

void Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
    if (posted_.size() > 1) return;  // the first one woke it
  }
  wake_.notify_one();
}

// The last one may go when the control thread has looked already, and sleeps: time goes on by this.
void Loop::end_work() {
  if (outstanding_.fetch_sub(1) == 1 && kind_ == ClockKind::manual) post([] {});
}

void Loop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
}

Instant Loop::wall_now() const { return Instant{wall_.now().time_since_epoch()}; }

Instant Loop::steady_now() const {
  const auto elapsed = std::chrono::steady_clock::now() - steady_origin_;
  return origin_ +
         Duration{static_cast<std::int64_t>(
             static_cast<double>(std::chrono::duration_cast<Duration>(elapsed).count()) * scale_)};
}

Instant Loop::scaled_now() const {
  return scale_ == 1.0 ? std::max(steady_now(), wall_now()) : steady_now();
}

// A wall that went forward (set, or a machine that slept) is where time goes on from: were it only
// looked at, time would stand still, and nothing be probed, once it is put back.
void Loop::follow_wall() {
  const Instant steady = steady_now(), wall = wall_now();
  const Duration ahead = wall - steady;
  if (const auto jump = ahead - wall_ahead_; jump > clock_jump || jump < -clock_jump)
    log(LogLevel::warning, "engine",
        jump > Duration{}
            ? fmt::format("the wall clock went forward by {}; the engine's time is {} now",
                          sitelatch::describe(jump), iso8601_seconds(std::max(steady, wall)))
            : fmt::format("the wall clock went back by {}; the engine's time does not, it goes on "
                          "from {}",
                          sitelatch::describe(-jump), iso8601_seconds(std::max(steady, wall))));
  wall_ahead_ = ahead;
  if (wall <= steady) return;
  origin_ = wall;
  steady_origin_ = std::chrono::steady_clock::now();
  wall_ahead_ = Duration{};
}

void Loop::move_time() {
  if (kind_ != ClockKind::scaled) return;
  if (scale_ == 1.0) follow_wall();
  timers_.move_to(scaled_now());
}

// So that time does not run back after a restart: of what is committed, none is from more than a
// second later than the next engine begins at. Time that is ahead of the wall is remembered when
// nothing else is written, too.
void Loop::remember_time() {
  const auto since = timers_.now() - remembered_;
  if (since < std::chrono::seconds{1}) return;
  const bool due =
      timers_.now() - wall_now() > std::chrono::seconds{1} && since >= std::chrono::seconds{60};
  if (!journal_.has_uncommitted() && !due) return;
  write_time();
}

void Loop::write_time() {
  remembered_ = timers_.now();
  journal_.put(clock_table, "last", std::to_string(remembered_.time_since_epoch().count()));
}

void Loop::settle() {
  do remember_time();
  while (journal_.commit());
}

void Loop::advance(Duration by, std::function<void(Instant)> done) {
  ENSURE(kind_ == ClockKind::manual);
  const Instant from = advances_.empty() ? timers_.now() : advances_.back().target;
  advances_.push_back({from + by, std::move(done)});
}

// One step towards the first advance's target; answers whether it made one.
bool Loop::step_manual_clock() {
  if (advances_.empty() || outstanding_ > 0) return false;
  const auto due = timers_.next_due();
  if (due && *due <= advances_.front().target) {
    timers_.move_to(*due);
    return true;
  }
  timers_.move_to(advances_.front().target);
  const auto advance = std::move(advances_.front());
  advances_.erase(advances_.begin());
  write_time();
  journal_.when_durable([advance, now = timers_.now()] { advance.done(now); });
  return true;
}

std::optional<std::chrono::steady_clock::time_point> Loop::wake_at() const {
  const auto due = timers_.next_due();
  if (!due) return std::nullopt;
  if (kind_ == ClockKind::manual) {
    if (*due <= timers_.now()) return std::chrono::steady_clock::now();
    return std::nullopt;
  }
  const double wait_ns = static_cast<double>((*due - scaled_now()).count()) / scale_;
  // A bounded sleep also notices a wall clock that was put forward.
  const auto wait = Duration{static_cast<std::int64_t>(std::clamp(wait_ns, 0.0, 1e9))};
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(wait);
}

void Loop::run() {
  std::vector<std::function<void()>> tasks;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const auto ready = [this] { return stopping_ || !posted_.empty(); };
      if (const auto until = wake_at())
        wake_.wait_until(lock, *until, ready);
      else
        wake_.wait(lock, ready);
      if (stopping_ && posted_.empty()) break;
      tasks.swap(posted_);
    }
    move_time();
    for (auto& task : tasks) task();
    tasks.clear();
    for (int i = 0; i < timers_per_turn && timers_.run_one_due(); ++i) {
    }
    settle();
    // Manual clock: step as long as nothing outside has to be awaited.
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (!posted_.empty() || stopping_) break;
      }
      if (timers_.next_due() && *timers_.next_due() <= timers_.now()) {
        timers_.run_one_due();
      } else if (!step_manual_clock()) {
        break;
      }
      settle();
    }
  }
  settle();
}

}  // namespace sitelatch::engine
