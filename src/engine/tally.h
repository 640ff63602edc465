// SPDX-License-Identifier: Apache-2.0
// What an account has done since the engine started, or was reset, as numbers for /metrics: calls,
// probes, deliveries, functions. On the control thread. However many things there are and whatever
// they are called, it keeps a bounded number of series: calls by operations that AWS's models
// have, functions up to `most_functions`, those beyond under one name.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/prometheus.h"

namespace sitelatch::engine {

class Tally {
 public:
  static constexpr std::size_t most_functions = 200;

  // An answer of the gateway: the model's and the operation's name ("unknown": none of ours), the
  // HTTP status, and the seconds until it could leave.
  void call(std::string_view service, std::string_view operation, int status, double seconds);
  void probe(bool success, double seconds);
  // One attempt at an HTTP subscriber, or one mail.
  enum class Courier { http, email };
  void attempt(Courier kind, bool arrived);
  // What SNS, Lambda and schedules tell CloudWatch of themselves (bindings.h), by its names.
  void topic_metric(std::string_view metric_name, double value);
  void function_metric(const std::string& region, std::string_view metric_name,
                       const std::string& function_name, double value);

  void add_to(prometheus::Exposition& out) const;

 private:
  struct Calls {
    std::map<int, std::uint64_t> by_status;
    prometheus::Histogram seconds;
  };
  struct Function {
    std::uint64_t invocations = 0, errors = 0, throttles = 0;
    prometheus::Histogram seconds;
  };
  using Two = std::pair<std::string, std::string>;
  Function& function(const std::string& region, const std::string& name);

  std::map<Two, Calls> calls_;         // by service and operation
  std::map<Two, Function> functions_;  // by region and name
  std::uint64_t probes_well_ = 0, probes_failed_ = 0;
  prometheus::Histogram probe_seconds_{probe_bounds};
  std::map<std::pair<Courier, bool>, std::uint64_t> attempts_;
  std::uint64_t published_ = 0, delivered_ = 0, undelivered_ = 0;

  static const std::span<const double> probe_bounds;
};

}  // namespace sitelatch::engine
