// SPDX-License-Identifier: Apache-2.0
// Asynchronous invocations from the queue to their fate (facts lambda-37, lambda-38, lambda-41):
// attempts while there is room and a role, and in the end the word to destination and dead letter
// target. The event, when it is tried again and when no more is async_event.h's (pure); its row and
// its alarm are the queue's. Whether a caller may, and what he hands over, was checked before.
#pragma once

#include <cstddef>
#include <string>

#include "ports/journal.h"
#include "ports/lifetime.h"
#include "ports/timers.h"
#include "services/lambda/async_queue.h"
#include "services/lambda/dependencies.h"
#include "services/lambda/functions.h"
#include "services/lambda/invocation_record.h"
#include "services/lambda/invoker.h"

namespace sitelatch::lambda {

class AsyncInvoker {
 public:
  struct World {
    ports::Journal& journal;
    ports::Timers& timers;
    Destinations& destinations;
  };

  // Takes up the events of the journal; throws ports::BadRow. None is tried before the next commit.
  AsyncInvoker(World world, const Functions& functions, Invoker& invoker);

  // `qualifier` as the caller gave it; empty: none. The event is in the journal, to be committed
  // with the batch; its first attempt comes after that. A function that is deleted meanwhile takes
  // its events along, each when it is due.
  void enqueue(const Function& function, const std::string& qualifier, InvocationRequest request);

  std::size_t queued() const { return queue_.size(); }  // those under way included

 private:
  void attempt(const AsyncEvent& event);
  void attempted(AsyncEvent event, const aws::Outcome<Execution>& outcome);
  void throttled(AsyncEvent event, const std::string& why);
  void go_on(AsyncEvent event, const NextStep& next, const Fate& fate, const DeadLetter& letter);
  void give_up(const AsyncEvent& event, const Fate& fate, const DeadLetter& letter);
  void tell(const Function& function, const AsyncEvent& event, const std::string& destination,
            const Fate& fate);
  void count(const AsyncEvent& event, std::string_view metric_name) const {
    invoker_.count(event.region, event.function, metric_name);
  }

  World world_;
  const Functions& functions_;
  Invoker& invoker_;
  AsyncQueue queue_;
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::lambda
