// SPDX-License-Identifier: Apache-2.0
// The durable queue of asynchronous invocations: a journal row per event from before it is
// acknowledged until its fate is told. Each waiting event has one alarm in engine time; an event
// that was running when the engine ended is found here again and is tried again (at least once, as
// on AWS). What an attempt is, the owner says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "ports/journal.h"
#include "ports/lifetime.h"
#include "ports/timers.h"
#include "services/lambda/async_event.h"

namespace sitelatch::lambda {

class AsyncQueue {
 public:
  using Attempt = std::function<void(const AsyncEvent&)>;

  // Reads the rows and arms every event. `attempt` is called for an event that is due, never inside
  // a call to the queue, and once until the event is rescheduled or removed.
  AsyncQueue(ports::Journal& journal, ports::Timers& timers, Attempt attempt);

  void add(AsyncEvent event);
  void reschedule(AsyncEvent event);  // to event.due, with its new counters
  void remove(const AsyncEvent& event);
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    AsyncEvent event;
    ports::Timer timer;
  };
  void write(const AsyncEvent& event);
  void arm(const std::string& key);
  void attempt(const std::string& key);

  ports::Journal& journal_;
  ports::Timers& timers_;
  Attempt attempt_;
  std::map<std::string, Waiting> waiting_;
  // Callbacks that wait for durability hold this weakly: a queue that is gone is not called.
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::lambda
