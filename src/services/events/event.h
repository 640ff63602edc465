// SPDX-License-Identifier: Apache-2.0
// An event on a bus: as a value for patterns and paths, and as the text that targets get, with the
// numbers of its detail as they were written. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::events {

struct Event {
  aws::Value value;
  std::string json;
  Instant ingested{};  // when EventBridge got it
  int hops = 0;        // buses that it went through before this one
};

struct EventParts {
  std::string id, account, region, source, detail_type;
  Instant time;
  std::vector<std::string> resources;
  std::string detail = "{}";     // a JSON object
  std::string replay_name = {};  // empty: it is no replay
};

// Precondition: the detail is JSON.
Event make_event(const EventParts& parts, Instant ingested);
// As it was stored.
Event event_of(std::string json, Instant ingested);

// JSON without the blanks between its tokens.
std::string minified(std::string_view json);

}  // namespace sitelatch::events
