// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and its like between two steps of a command, never within one: signals set a flag, and the
// command's clock and progress throw guard::Interrupted when they are next used.
#pragma once

#include <string>
#include <string_view>

#include "cli/watchful_clock.h"
#include "guard/apply/carry_out.h"

namespace sitelatch::cli {

// From here on SIGINT, SIGTERM and SIGHUP no longer end the process.
void listen_for_interrupts();

// For commands that only look and can be ended anywhere: from here on those signals end the process
// at once with that status, after `farewell` (which lives on) has gone to stdout. May be called
// again.
void end_on_interrupts(int status, std::string_view farewell);

// `inner`, which wakes up when a person has had enough.
class ImpatientClock final : public client::Clock {
 public:
  explicit ImpatientClock(WatchfulClock& inner) : inner_(inner) {}
  WallInstant now() const override { return inner_.now(); }
  void sleep(Duration d) override;
  void check() const;  // throws guard::Interrupted
  void stop_listening() { listening_ = false; }

 private:
  WatchfulClock& inner_;
  bool listening_ = true;
};

// `plain` with that clock, and with progress that minds it too. Borrows both.
guard::Context impatient(guard::Context& plain, ImpatientClock& clock);

}  // namespace sitelatch::cli
