// SPDX-License-Identifier: Apache-2.0
// A clock for commands that wait, which notices that they wait for nothing: an engine with
// `--clock manual` does nothing until somebody moves its time.
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

class WatchfulClock final : public client::Clock {
 public:
  // `say`: one sentence for people.
  WatchfulClock(std::unique_ptr<client::Clock> inner, AskManualTime ask,
                std::function<void(const std::string&)> say)
      : inner_(std::move(inner)), ask_(std::move(ask)), say_(std::move(say)) {}

  WallInstant now() const override { return inner_->now(); }
  // Who has waited for some seconds in which the engine's time stood still is told once, and again
  // when it has stood still anew.
  void sleep(Duration d) override;

 private:
  void look();

  std::unique_ptr<client::Clock> inner_;
  AskManualTime ask_;
  std::function<void(const std::string&)> say_;
  std::optional<WallInstant> next_look_;
  std::string seen_;  // the engine's time at the last look
  bool told_ = false;
};

// Of the engine that commands in this environment speak to (its data directory is the one that
// `sitelatch env` exports, else the default). `endpoint_url`: --endpoint-url, or empty.
AskManualTime clock_of_engine(const client::Environment& environment,
                              const std::string& endpoint_url);

}  // namespace sitelatch::cli
