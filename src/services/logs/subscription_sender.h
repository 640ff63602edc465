// SPDX-License-Identifier: Apache-2.0
// What subscription filters send of events that come in: Lambda's event with the gzipped batch
// (fact logs-27). What Lambda cannot take for now is tried again for a day, durably; what it will
// not take is dropped, and the filter sends nothing for ten minutes (fact logs-28). Journal:
//   logs.deliveries  <number:20 digits>  -> JSON: an event that waits to be tried again
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "services/logs/dependencies.h"
#include "services/logs/filters.h"
#include "services/logs/log_store.h"

namespace sitelatch::logs {

class SubscriptionSender {
 public:
  SubscriptionSender(const Dependencies& dependencies, std::string account);

  // `first_sequence` is the first event's number of arrival; the others' follow it.
  void send(const GroupFilters& filters, const std::string& stream,
            const std::vector<NewEvent>& events, std::uint64_t first_sequence);

 private:
  struct Delivery {
    std::string filter_key, function_arn, group_arn, payload;
    int failures = 0;
    Instant first;
    ports::Timer timer;
  };
  void send_batch(const std::string& filter_key, const SubscriptionFilter& filter,
                  const std::string& group_arn, const aws::Value& batch);
  void deliver(Delivery delivery);
  void try_again(std::uint64_t number);
  void retry_later(std::uint64_t number, Delivery& delivery);
  void give_up(const Delivery& delivery, const std::string& why);
  void drop(std::uint64_t number);

  Dependencies dependencies_;
  std::string account_;
  std::map<std::uint64_t, Delivery> retries_;
  std::uint64_t last_number_ = 0;
  std::map<std::string, Instant> disabled_until_;  // by filter
};

}  // namespace sitelatch::logs
