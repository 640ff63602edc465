// SPDX-License-Identifier: Apache-2.0
#include "engine/engine_metrics.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sitelatch::engine {
namespace {

constexpr std::array<double, 1> a_second = {1};

EngineReading reading_at_noon() {
  EngineReading out;
  out.version = "1.2.3";
  out.now = from_civil(2026, 11, 22, 12, 0, 0);
  out.started = WallInstant{std::chrono::seconds{1'796'000'000}};
  return out;
}

route53::HealthDescription check(const std::string& id, const std::string& target) {
  route53::HealthDescription out;
  out.id = id;
  out.target = target;
  out.since = from_civil(2026, 11, 22, 11, 58, 30);
  return out;
}

std::string text_of(const EngineReading& reading, const Tally& tally = {}) {
  return engine_metrics(reading, tally, prometheus::Histogram{a_second});
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::size_t lines_of(const std::string& text, const std::string& metric) {
  const auto lines = split(text, '\n');
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](auto line) {
    return line.starts_with(metric + "{") || line.starts_with(metric + " ");
  }));
}

TEST_CASE("engine metrics: health checks by id, what DNS takes them to be, and for how long") {
  auto reading = reading_at_noon();
  reading.checks = {check("a", "HTTP a.example:80/"), check("b", "TCP [::1]:9")};
  auto& b = reading.checks[1];
  b.status = route53::Status::unhealthy;
  b.forced = route53::Forced::down;
  b.armed = true;
  const auto text = text_of(reading);
  for (const auto* line :
       {"sitelatch_engine_health_checks{status=\"healthy\"} 1",
        "sitelatch_engine_health_checks{status=\"unhealthy\"} 1",
        "sitelatch_engine_health_check_info{health_check_id=\"b\",target=\"TCP [::1]:9\"} 1",
        "sitelatch_engine_health_check_healthy{health_check_id=\"a\"} 1",
        "sitelatch_engine_health_check_healthy{health_check_id=\"b\"} 0",
        "sitelatch_engine_health_check_probed_healthy{health_check_id=\"b\"} 1",
        "sitelatch_engine_health_check_in_status_seconds{health_check_id=\"a\"} 90",
        "sitelatch_engine_health_check_forced{health_check_id=\"b\"} 1",
        "sitelatch_engine_health_check_latched{health_check_id=\"b\"} 0",
        "sitelatch_engine_time_seconds 1795348800", "process_start_time_seconds 1796000000",
        "sitelatch_engine_build_info{version=\"1.2.3\"} 1"})
    CHECK_MESSAGE(has_line(text, line), std::string{line});
  CHECK(lines_of(text, "sitelatch_engine_health_check_latched") == 1);  // a has no manual resume
  CHECK(text.find("process_open_fds") == std::string::npos);            // not known: left out
}

TEST_CASE("engine metrics: whatever a target is made of, a line stays a line") {
  auto reading = reading_at_noon();
  reading.checks = {check("a", "HTTP x:80/\"} 1\n\\evil 2\n\xFC")};
  CHECK(has_line(text_of(reading),
                 "sitelatch_engine_health_check_info{health_check_id=\"a\",target=\"HTTP "
                 "x:80/\\\"} 1\\n\\\\evil 2\\n\xEF\xBF\xBD\"} 1"));
}

TEST_CASE("engine metrics: so many checks that not each has series of its own are all counted") {
  auto reading = reading_at_noon();
  for (std::size_t i = 0; i < most_checks_told + 5; ++i)
    reading.checks.push_back(check(std::to_string(i), "t"));
  const auto text = text_of(reading);
  CHECK(lines_of(text, "sitelatch_engine_health_check_healthy") == most_checks_told);
  CHECK(has_line(text, "sitelatch_engine_health_checks{status=\"healthy\"} 1005"));
}

TEST_CASE("engine metrics: DNS by transport and RCODE, alarms by state") {
  auto reading = reading_at_noon();
  net::DnsCounts counts;
  const std::array<std::uint8_t, 12> refused = {0, 0, 0x80, 0x85};
  counts.count(net::DnsCounts::Transport::udp, refused);
  counts.count(net::DnsCounts::Transport::tcp, refused);
  counts.count(net::DnsCounts::Transport::udp, {});
  counts.count_turn(std::chrono::microseconds{10}, 2);
  counts.count_turn(std::chrono::milliseconds{200}, 1);
  counts.add_to(reading.dns);
  counts.add_to(reading.dns);  // another thread's
  reading.alarms[cloudwatch::State::alarm] = 3;
  const auto text = text_of(reading);
  for (const auto* line :
       {"sitelatch_engine_dns_answers_total{transport=\"udp\",rcode=\"REFUSED\"} 2",
        "sitelatch_engine_dns_answers_total{transport=\"tcp\",rcode=\"REFUSED\"} 2",
        "sitelatch_engine_dns_answers_total{transport=\"tcp\",rcode=\"NOERROR\"} 0",
        "sitelatch_engine_dns_unanswered_total{transport=\"udp\"} 2",
        "sitelatch_engine_dns_turn_seconds_bucket{le=\"1e-05\"} 4",
        "sitelatch_engine_dns_turn_seconds_bucket{le=\"0.1\"} 4",
        "sitelatch_engine_dns_turn_seconds_bucket{le=\"+Inf\"} 6",
        "sitelatch_engine_alarms{state=\"ALARM\"} 3", "sitelatch_engine_alarms{state=\"OK\"} 0"})
    CHECK_MESSAGE(has_line(text, line), std::string{line});
  CHECK(counts.queries() == 3);
}

TEST_CASE("tally: calls, probes, deliveries and functions as they were told") {
  Tally tally;
  tally.call("route53", "GetHealthCheck", 200, 0.002);
  tally.call("route53", "GetHealthCheck", 404, 0.003);
  tally.call("unknown", "unknown", 403, 9);
  tally.probe(true, 0.5);
  tally.probe(false, 20);
  tally.attempt(Tally::Courier::http, false);
  tally.topic_metric("NumberOfNotificationsDelivered", 2);
  tally.topic_metric("PublishSize", 999);
  tally.function_metric("us-east-1", "Invocations", "f", 1);
  tally.function_metric("us-east-1", "Invocations", "", 1);  // the region's sum
  tally.function_metric("us-east-1", "Errors", "f", 1);
  tally.function_metric("us-east-1", "Duration", "f", 20);
  const auto text = text_of(reading_at_noon(), tally);
  for (const auto* line :
       {"sitelatch_engine_api_calls_total{service=\"route53\",operation=\"GetHealthCheck\",code="
        "\"404\"} 1",
        "sitelatch_engine_api_call_seconds_count{service=\"route53\",operation=\"GetHealthCheck\"} "
        "2",
        "sitelatch_engine_api_call_seconds_bucket{service=\"unknown\",operation=\"unknown\",le="
        "\"2.5\"} 0",
        "sitelatch_engine_probes_total{outcome=\"failure\"} 1",
        "sitelatch_engine_probe_seconds_sum 20.5",
        "sitelatch_engine_delivery_attempts_total{protocol=\"http\",outcome=\"failure\"} 1",
        "sitelatch_engine_sns_notifications_total{outcome=\"delivered\"} 2",
        "sitelatch_engine_function_invocations_total{region=\"us-east-1\",function=\"f\"} 1",
        "sitelatch_engine_function_errors_total{region=\"us-east-1\",function=\"f\"} 1",
        "sitelatch_engine_function_seconds_sum{region=\"us-east-1\",function=\"f\"} 0.02"})
    CHECK_MESSAGE(has_line(text, line), std::string{line});
}

TEST_CASE("tally: functions beyond the bound share one name, and none is lost") {
  Tally tally;
  for (std::size_t i = 0; i < Tally::most_functions + 7; ++i)
    tally.function_metric("us-east-1", "Invocations", "f" + std::to_string(i), 1);
  tally.function_metric("us-east-1", "Invocations", "f0", 1);
  const auto text = text_of(reading_at_noon(), tally);
  CHECK(lines_of(text, "sitelatch_engine_function_invocations_total") == Tally::most_functions + 1);
  CHECK(has_line(text, "sitelatch_engine_function_invocations_total{function=\"(others)\"} 7"));
  CHECK(has_line(
      text, "sitelatch_engine_function_invocations_total{region=\"us-east-1\",function=\"f0\"} 2"));
}

}  // namespace
}  // namespace sitelatch::engine
