// SPDX-License-Identifier: Apache-2.0
// A queue: its settings as AWS names them, checked one by one (facts sqs-10 to sqs-19), its tags.
// Pure. What needs the other queues (does a dead-letter queue exist) is Sqs's.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/tags.h"
#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::sqs {

struct RedrivePolicy {
  std::string target_arn;
  int max_receive_count = 0;
};

struct Queue {
  std::string region, name, arn, account;
  std::map<std::string, std::string, std::less<>> settings;  // that were set, by AWS's names
  aws::Tags tags;
  Instant created{}, modified{};
  std::optional<Instant> purged;

  bool fifo() const { return name.ends_with(".fifo"); }
  // What was set, else the default; "" where there is neither.
  std::string setting(std::string_view name_of) const;
  std::int64_t number(std::string_view name_of) const;
  Duration seconds(std::string_view name_of) const;
  bool is_true(std::string_view name_of) const { return setting(name_of) == "true"; }
  std::optional<RedrivePolicy> redrive() const;
  // Does this queue take the dead letters of that one?
  bool takes_dead_letters_of(const std::string& source_arn) const;
};

std::string queue_arn(const std::string& region, const std::string& account,
                      const std::string& name);
// Nothing: an address that names no queue.
struct QueueAddress {
  std::string account, name;
};
std::optional<QueueAddress> read_address(std::string_view url);

aws::Outcome<Done> check_queue_name(const std::string& name, bool fifo);
// An attribute that can be set and the value that it gets. Empty values take some of them away.
aws::Outcome<std::string> checked_setting(const std::string& name, const std::string& value,
                                          bool fifo);
// What several settings together must keep.
aws::Outcome<Done> check_together(const Queue& queue);
bool is_attribute(std::string_view name);  // of GetQueueAttributes; "All" too

// AddPermission and RemovePermission: the new document; empty: none is left.
struct PermissionGrant {
  std::string label;
  std::vector<std::string> accounts, actions;
};
aws::Outcome<std::string> with_permission(const Queue& queue, const PermissionGrant& grant);
aws::Outcome<std::string> without_permission(const Queue& queue, const std::string& label);

aws::Value to_value(const Queue& queue);
Queue queue_from(const aws::Value& value);

}  // namespace sitelatch::sqs
