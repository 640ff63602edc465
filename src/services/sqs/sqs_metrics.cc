// SPDX-License-Identifier: Apache-2.0
// Sqs: the metrics that say every minute how a queue stands. Those of what is done are counted
// where it is done. A queue that nobody has used for six hours and that is empty says nothing
// (fact sqs-80).
#include "services/sqs/sqs.h"

namespace sitelatch::sqs {
using namespace std::chrono_literals;

namespace {
constexpr Duration active_for = 6h;
}  // namespace

void Sqs::use(Held& held) {
  const auto now = timers_.now();
  const bool first = !held.active;
  held.active = now;
  if (!first) return;
  const auto minute = std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()) + 1min;
  minute_.set(timers_, Instant{minute}, [this] { measure(); });
}

void Sqs::measure() {
  const auto now = timers_.now();
  bool any = false;
  for (auto& [arn, held] : queues_) {
    if (!held->active) continue;
    if (now - *held->active > active_for && held->backlog.empty()) {
      held->active.reset();
      continue;
    }
    any = true;
    const auto& backlog = held->backlog;
    const auto number = [](std::size_t n) { return static_cast<double>(n); };
    count(*held, "ApproximateNumberOfMessagesVisible", number(backlog.visible()));
    count(*held, "ApproximateNumberOfMessagesNotVisible", number(backlog.in_flight()));
    count(*held, "ApproximateNumberOfMessagesDelayed", number(backlog.delayed()));
    const auto oldest = backlog.oldest();
    const auto age = oldest ? std::chrono::floor<std::chrono::seconds>(now - *oldest) : 0s;
    count(*held, "ApproximateAgeOfOldestMessage", static_cast<double>(age.count()), "Seconds");
    if (held->queue.fifo())
      count(*held, "ApproximateNumberOfGroupsWithInflightMessages",
            number(backlog.groups_in_flight()));
  }
  if (any) minute_.set(timers_, now + 1min, [this] { measure(); });
}

}  // namespace sitelatch::sqs
