// SPDX-License-Identifier: Apache-2.0
#include "cli/watchful_clock.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/running_engine.h"

namespace sitelatch::cli {
namespace {

// Between two looks at the engine's clock; one costs a request over a socket of this machine.
constexpr auto between_looks = std::chrono::milliseconds{100};
// How long it may stand still before somebody is told.
constexpr auto patience = std::chrono::seconds{3};

}  // namespace

void WatchfulClock::sleep(Duration d) { sleep(d, {}); }

void WatchfulClock::sleep(Duration d, const std::function<void()>& between) {
  struct Ticks {
    const std::function<void(Asleep)>& tick;
    ~Ticks() {
      if (tick) tick(Asleep::no_more);
    }
  } ticks{tick_};
  if (between) between();
  const auto end = now() + d;
  if (!time_) look();
  const auto goal = time_ ? std::optional{*time_ + d} : std::nullopt;
  while (now() < end) {
    const auto begun = now();
    const auto left = std::chrono::duration_cast<Duration>(end - begun);
    const bool in_slices = ask_ || between || tick_;
    const auto slice = in_slices ? std::min<Duration>(left, between_looks) : left;
    if (tick_) tick_(Asleep::still);
    inner_->sleep(slice);
    if (between) between();
    look();
    if (has_reached(goal)) return;
    // A signal; but not a wall clock that is being slowed down.
    if (!between && now() < begun + (slice - slice / 10)) return;
  }
}

bool WatchfulClock::has_reached(const std::optional<Instant>& goal) const {
  return goal && time_ && *time_ >= *goal;
}

void WatchfulClock::look() {
  if (!ask_) return;
  const auto time = ask_();
  if (!time) {
    ask_ = {};
    time_.reset();
    return;
  }
  if (!standing_since_ || time->moving || time->now != seen_) {
    seen_ = time->now;
    time_ = parse_iso8601(seen_);
    standing_since_ = now();
    told_ = false;
  } else if (!told_ && now() - *standing_since_ >= patience) {
    say_(
        fmt::format("The engine's clock is manual and stands still at {}: nothing happens there "
                    "until somebody moves it. In another terminal: {}",
                    time->now, time->command));
    told_ = true;
  }
}

AskManualTime clock_of_engine(const client::Environment& environment,
                              const std::string& endpoint_url) {
  const auto endpoint =
      endpoint_url.empty() ? environment.variable("AWS_ENDPOINT_URL").value_or("") : endpoint_url;
  if (endpoint.empty()) return {};
  const EngineChoice where{environment.variable(data_dir_variable).value_or("")};
  return [where, endpoint]() -> std::optional<ManualTime> {
    const auto engine = find_engine(where);
    if (!engine || engine->api_url != endpoint) return std::nullopt;
    const auto clock = ask_engine(where, aws::Value::structure({{"command", "clock"}}));
    if (!clock || (*clock)["clock"].string_or("") != "manual") return std::nullopt;
    const auto chosen =
        where.data_dir.empty() ? "" : " --data-dir " + shell_quoted(where.data_dir.string());
    return ManualTime{(*clock)["now"].string_or(""), "sitelatch advance" + chosen + " 1m",
                      (*clock)["advancing"].boolean_or(false)};
  };
}

}  // namespace sitelatch::cli
