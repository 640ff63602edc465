// SPDX-License-Identifier: Apache-2.0
// Brings the messages of queues to functions, for each mapping that is enabled (fact lambda-57):
//
//   look --nothing there--> told by the queue --> look
//    |--messages--> batch --full, or its window over--> invoke --answer--> what succeeded is
//                                                                          deleted, look
//
// What is not deleted (a failure, an engine that ended meanwhile) comes again when its visibility
// timeout is over, by the queue's own means. Nothing of this is kept: after a restart each mapping
// looks again.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "ports/entropy.h"
#include "ports/lifetime.h"
#include "ports/timers.h"
#include "services/lambda/dependencies.h"
#include "services/lambda/event_source.h"
#include "services/lambda/functions.h"
#include "services/lambda/invoker.h"

namespace sitelatch::lambda {

class SourcePoller {
 public:
  struct World {
    ports::Timers& timers;
    ports::Entropy& entropy;
    MessageQueues& queues;
    const EventPatterns* patterns;  // nullptr: there are none, and no mapping has any
  };
  SourcePoller(World world, const EventSourceMappings& mappings, const Functions& functions,
               Invoker& invoker)
      : world_(world), mappings_(mappings), functions_(functions), invoker_(invoker) {}

  // Later, and from then on: a mapping was made, changed, or is there at the start.
  void begin(const std::string& uuid);
  void begin_all();
  // It was deleted. What runs for it is finished.
  void forget(const std::string& uuid) { sources_.erase(uuid); }

 private:
  struct Source {
    std::vector<aws::Value> batch;  // records, collected
    ports::Timer window, next;
    std::size_t running = 0;
    bool waiting = false;         // for the queue to tell of something
    bool window_is_open = false;  // it ends the batch when it closes
    bool resting = false;         // for a while after something could not be had
  };
  void look(const std::string& uuid);
  void rest(const std::string& uuid, Source& source);
  void open_window(const EventSourceMapping& mapping, Source& source);
  bool may_run(const EventSourceMapping& mapping, const Source& source) const;
  void collect(const EventSourceMapping& mapping, Source& source);
  bool wanted(const EventSourceMapping& mapping, const aws::Value& record) const;
  void invoke(const EventSourceMapping& mapping, Source& source);
  void invoked(const std::string& uuid, const EventSourceMapping& mapping,
               const std::vector<aws::Value>& batch, const aws::Outcome<Execution>& outcome);

  World world_;
  const EventSourceMappings& mappings_;
  const Functions& functions_;
  Invoker& invoker_;
  std::map<std::string, Source> sources_;  // by UUID
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::lambda
