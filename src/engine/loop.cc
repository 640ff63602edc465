// SPDX-License-Identifier: Apache-2.0
#include "engine/loop.h"

#include "base/check.h"
#include "base/text.h"

namespace sitelatch::engine {
namespace {

constexpr std::string_view clock_table = "engine.clock";
// Timers run in bursts no longer than this before posted tasks get their turn.
constexpr int timers_per_turn = 256;

Instant wall_now() {
  return Instant{
      std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

Instant starting_time(const ports::Journal& journal) {
  Instant last{};
  journal.scan(clock_table, "", "", [&](std::string_view, std::string_view value) {
    if (const auto ns = parse_int(value)) last = Instant{Duration{*ns}};
    return true;
  });
  return std::max(wall_now(), last);
}

}  // namespace

Loop::Loop(store::SqliteJournal& journal, ClockKind kind, double scale)
    : journal_(journal),
      kind_(kind),
      scale_(scale),
      timers_(starting_time(journal)),
      origin_(timers_.now()),
      steady_origin_(std::chrono::steady_clock::now()) {}

void Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(task));
    if (posted_.size() > 1) return;  // the first one woke it
  }
  wake_.notify_one();
}

void Loop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
}

Instant Loop::scaled_now() const {
  const auto elapsed = std::chrono::steady_clock::now() - steady_origin_;
  const Instant steady =
      origin_ +
      Duration{static_cast<std::int64_t>(
          static_cast<double>(std::chrono::duration_cast<Duration>(elapsed).count()) * scale_)};
  // At scale 1 the wall is followed when it is put forward (a laptop that slept), never back.
  return scale_ == 1.0 ? std::max(steady, wall_now()) : steady;
}

void Loop::move_time() {
  if (kind_ == ClockKind::scaled) timers_.move_to(scaled_now());
}

// Time that ran ahead of the wall must not run back after a restart; a second of it may be lived
// twice.
void Loop::remember_time() {
  const bool ahead = kind_ == ClockKind::manual || scale_ != 1.0;
  if (!ahead || timers_.now() - remembered_ < std::chrono::seconds{1}) return;
  if (!journal_.has_uncommitted() && timers_.now() - remembered_ < std::chrono::seconds{60}) return;
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
  journal_.put(clock_table, "last", std::to_string(timers_.now().time_since_epoch().count()));
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
