// SPDX-License-Identifier: Apache-2.0
// The engine's own page: what one looks at and does in a rehearsal. Health checks, records, alarms
// with their datapoints, topics and their deliveries, functions with their last lines, the clock,
// faults, the mail that was sent. Read over the engine's API like any account, and over its control
// socket what no API tells; acts upon it go over the socket, and refuse as the commands do.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/value.h"
#include "base/result.h"
#include "client/client.h"

namespace sitelatch::console {

struct Rehearsal {
  client::Aws& aws;  // borrowed
  // Sends a command over the control socket. Problem: the engine's refusal.
  std::function<Result<aws::Value>(const aws::Value& request)> control;
  std::filesystem::path mail;  // the folder
};
aws::Value look_at_engine(const Rehearsal& engine);

// What the page may send on, put together anew: {"do": "advance", "by": "5m"},
// {"do": "health", "id": ..., "status": "up|down|auto"}, {"do": "fault", "kind": ..., ...},
// {"do": "checkers", "id": ..., "cutOff": ..., "loss": ..., "for": ...}, {"do": "clear", "id": 3}.
Result<aws::Value> control_request(const aws::Value& wish);

// Subject, to, date and body of a mail as the engine keeps it.
aws::Value read_mail(std::string_view text);

// Health checks under manual resume: guards that no alarm tells of.
std::vector<std::string> manually_resumed(const Rehearsal& engine);

}  // namespace sitelatch::console
