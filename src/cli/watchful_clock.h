// SPDX-License-Identifier: Apache-2.0
// A clock for commands that wait for an engine with `--clock manual`: it notices that they wait for
// nothing where nobody moves that time, and lets them look again at once where somebody does.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/environment.h"

namespace sitelatch::cli {

// The time of an engine whose clock is moved by hand, and how to move it.
struct ManualTime {
  std::string now;      // as the engine tells it
  std::string command;  // "sitelatch advance 1m"
  bool moving = false;  // it is being advanced, and waits for what runs for real
};
// Nothing: what is spoken to is no such engine, or does not say.
using AskManualTime = std::function<std::optional<ManualTime>()>;

enum class Asleep { still, no_more };

class WatchfulClock final : public client::Clock {
 public:
  // `say`: one sentence for people. `tick`: called several times a second of all sleep, and at its
  // end.
  WatchfulClock(std::unique_ptr<client::Clock> inner, AskManualTime ask,
                std::function<void(const std::string&)> say, std::function<void(Asleep)> tick = {})
      : inner_(std::move(inner)),
        ask_(std::move(ask)),
        say_(std::move(say)),
        tick_(std::move(tick)) {}

  WallInstant now() const override { return inner_->now(); }
  // Over too as soon as the engine's time has moved that far since it was last looked at: what was
  // waited for has had its time there. Who has waited for some seconds in which it stood still is
  // told once, and again when it has stood still anew.
  void sleep(Duration d) override;
  // The same, without an early end on a signal: `between` is called several times a second, and may
  // throw.
  void sleep(Duration d, const std::function<void()>& between);

 private:
  void look();
  bool has_reached(const std::optional<Instant>& goal) const;

  std::unique_ptr<client::Clock> inner_;
  AskManualTime ask_;
  std::function<void(const std::string&)> say_;
  std::function<void(Asleep)> tick_;
  std::string seen_;                             // the engine's time at the last look
  std::optional<Instant> time_;                  // the same
  std::optional<WallInstant> standing_since_{};  // when it was first seen so
  bool told_ = false;
};

// Of the engine that commands in this environment speak to (its data directory is the one that
// `sitelatch env` exports, else the default). `endpoint_url`: --endpoint-url, or empty.
AskManualTime clock_of_engine(const client::Environment& environment,
                              const std::string& endpoint_url);

}  // namespace sitelatch::cli
