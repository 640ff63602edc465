// SPDX-License-Identifier: Apache-2.0
// Delays, measured several times: kept one by one, in seconds, with those that never came.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::guard {

double seconds_of(Duration d);
std::string in_words(Duration d);  // "4.0 s", "12 min"

class Figures {
 public:
  void begin(Instant at) { all_.push_back({at, std::nullopt}); }
  void end(Instant at) {
    if (!all_.empty() && !all_.back().took) all_.back().took = at - all_.back().begun;
  }
  void add(Duration took) { all_.push_back({Instant{}, took}); }

  bool all_came() const;
  Duration longest() const;      // of those that came
  std::string in_words() const;  // "31.0, 28.0 and 30.0 s", "never"
  aws::Value to_value() const;   // a list of seconds; null: it never came

 private:
  struct One {
    Instant begun;
    std::optional<Duration> took;
  };
  std::vector<One> all_;
};

}  // namespace sitelatch::guard
