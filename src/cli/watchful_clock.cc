// SPDX-License-Identifier: Apache-2.0
#include "cli/watchful_clock.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/running_engine.h"

namespace sitelatch::cli {
namespace {

// Between two looks at the engine's clock; one costs a request over a socket of this machine.
constexpr auto between_looks = std::chrono::seconds{3};

}  // namespace

void WatchfulClock::sleep(Duration d) {
  const auto end = now() + d;
  for (auto begun = now(); begun < end; begun = now()) {
    const auto slice = std::min<Duration>(end - begun, between_looks);
    inner_->sleep(slice);
    look();
    if (now() < begun + slice) return;  // a signal
  }
}

void WatchfulClock::look() {
  if (!ask_ || (next_look_ && now() < *next_look_)) return;
  next_look_ = now() + between_looks;
  const auto time = ask_();
  if (!time) {
    ask_ = {};
    return;
  }
  if (time->moving || time->now != seen_) {
    seen_ = time->now;
    told_ = false;
  } else if (!told_) {
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
