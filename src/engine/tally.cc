// SPDX-License-Identifier: Apache-2.0
#include "engine/tally.h"

#include <array>

namespace sitelatch::engine {
namespace {

using prometheus::Labels;

constexpr std::array<double, 10> call_bounds = {0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                0.025,  0.05,  0.1,    0.5,   2.5};
// Up to Route 53's ten seconds (fact probe-3).
constexpr std::array<double, 9> bounds_of_probes = {0.001, 0.005, 0.025, 0.1, 0.5, 1, 2, 4, 10};
// Up to Lambda's fifteen minutes.
constexpr std::array<double, 9> function_bounds = {0.005, 0.025, 0.1, 0.5, 1, 3, 10, 60, 900};
constexpr std::string_view others = "(others)";  // no function is called so

}  // namespace

const std::span<const double> Tally::probe_bounds{bounds_of_probes};

void Tally::call(std::string_view service, std::string_view operation, int status, double seconds) {
  auto& calls =
      calls_.try_emplace(Two{service, operation}, Calls{{}, prometheus::Histogram{call_bounds}})
          .first->second;
  ++calls.by_status[status];
  calls.seconds.record(seconds);
}

void Tally::probe(bool success, double seconds) {
  ++(success ? probes_well_ : probes_failed_);
  probe_seconds_.record(seconds);
}

void Tally::attempt(Courier kind, bool arrived) { ++attempts_[{kind, arrived}]; }

void Tally::topic_metric(std::string_view metric_name, double value) {
  const auto more = static_cast<std::uint64_t>(value);
  if (metric_name == "NumberOfMessagesPublished") published_ += more;
  if (metric_name == "NumberOfNotificationsDelivered") delivered_ += more;
  if (metric_name == "NumberOfNotificationsFailed") undelivered_ += more;
}

Tally::Function& Tally::function(const std::string& region, const std::string& name) {
  Two key{region, name};
  if (functions_.size() >= most_functions && !functions_.contains(key))
    key = {"", std::string{others}};
  return functions_
      .try_emplace(std::move(key), Function{0, 0, 0, prometheus::Histogram{function_bounds}})
      .first->second;
}

void Tally::function_metric(const std::string& region, std::string_view metric_name,
                            const std::string& function_name, double value) {
  if (function_name.empty()) return;  // the region's sum
  constexpr double ms_a_second = 1000;
  const auto more = static_cast<std::uint64_t>(value);
  if (metric_name == "Invocations") function(region, function_name).invocations += more;
  if (metric_name == "Errors") function(region, function_name).errors += more;
  if (metric_name == "Throttles") function(region, function_name).throttles += more;
  if (metric_name == "Duration")
    function(region, function_name).seconds.record(value / ms_a_second);
}

void Tally::add_to(prometheus::Exposition& out) const {
  const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
  for (const auto& [key, calls] : calls_) {
    const Labels labels = {{"service", key.first}, {"operation", key.second}};
    for (const auto& [status, times] : calls.by_status) {
      auto with_status = labels;
      with_status.emplace_back("code", std::to_string(status));
      out.add("sitelatch_engine_api_calls_total", with_status, number(times));
    }
    out.add("sitelatch_engine_api_call_seconds", labels, calls.seconds);
  }
  out.add("sitelatch_engine_probes_total", {{"outcome", "success"}}, number(probes_well_));
  out.add("sitelatch_engine_probes_total", {{"outcome", "failure"}}, number(probes_failed_));
  out.add("sitelatch_engine_probe_seconds", {}, probe_seconds_);
  for (const auto kind : {Courier::http, Courier::email})
    for (const bool arrived : {true, false}) {
      const auto found = attempts_.find({kind, arrived});
      out.add("sitelatch_engine_delivery_attempts_total",
              {{"protocol", kind == Courier::http ? "http" : "email"},
               {"outcome", arrived ? "success" : "failure"}},
              found == attempts_.end() ? 0 : number(found->second));
    }
  out.add("sitelatch_engine_sns_messages_published_total", {}, number(published_));
  out.add("sitelatch_engine_sns_notifications_total", {{"outcome", "delivered"}},
          number(delivered_));
  out.add("sitelatch_engine_sns_notifications_total", {{"outcome", "failed"}},
          number(undelivered_));
  for (const auto& [key, function] : functions_) {
    const Labels labels = {{"region", key.first}, {"function", key.second}};
    out.add("sitelatch_engine_function_invocations_total", labels, number(function.invocations));
    out.add("sitelatch_engine_function_errors_total", labels, number(function.errors));
    out.add("sitelatch_engine_function_throttles_total", labels, number(function.throttles));
    out.add("sitelatch_engine_function_seconds", labels, function.seconds);
  }
}

}  // namespace sitelatch::engine
