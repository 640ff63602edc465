// SPDX-License-Identifier: Apache-2.0
// Notifications on their way: one journal row each until it has arrived or is given up, re-armed at
// construction.
//   add -> (durable) attempt -> finish            the row is gone
//                       |  ^--- due --- retry     the row counts the failures
//                       '-> park -> wake_parked   waits for something other than time
// A crash between an attempt and its finish makes the attempt again: at least once. What happens in
// an attempt within one journal batch with finish (handing over to a function) happens once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "ports/journal.h"
#include "ports/lifetime.h"
#include "ports/timers.h"
#include "services/sns/notification.h"

namespace sitelatch::sns {

struct Delivery {
  std::uint64_t id = 0;
  Notification notification;
  int failures = 0;  // attempts that failed so far
};

class DeliveryQueue {
 public:
  using Attempt = std::function<void(const Delivery&)>;
  DeliveryQueue(ports::Journal& journal, ports::Timers& timers, Attempt attempt);

  void add(Notification notification);  // its first attempt comes once it is durable
  void add_failed(Notification notification, Instant due);  // its first attempt was made and failed
  const Delivery* find(std::uint64_t id) const;             // nullptr: finished meanwhile
  void retry(std::uint64_t id, Instant due);
  void park(std::uint64_t id);
  void wake_parked();
  void finish(std::uint64_t id);
  // Is one of the same subscription and message group there, that came before `id` (0: any)?
  bool waits_for(const Notification& notification, std::uint64_t id = 0) const;
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    Delivery delivery;
    ports::Timer timer;
    bool parked = false;
  };
  Waiting& insert(Notification notification, int failures);
  void load();
  void write(const Delivery& delivery, Instant due);
  void attempt_at(Waiting& waiting, Instant due);
  void attempt_now(std::uint64_t id);

  ports::Journal& journal_;
  ports::Timers& timers_;
  Attempt attempt_;
  std::uint64_t last_id_ = 0;
  std::map<std::uint64_t, Waiting> waiting_;
  ports::Lifetime lifetime_;
};

}  // namespace sitelatch::sns
