// SPDX-License-Identifier: Apache-2.0
// For tests: a Route53 on a simulated world, spoken to in JSON, with its DNS view and metrics at
// hand.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "dns/lookup.h"
#include "dns/name.h"
#include "ports/sim/world.h"
#include "services/route53/route53.h"

namespace sitelatch::route53::testing {

struct Sample {
  std::string metric, id, unit;
  double value;
  Instant at;
};
struct RecordingMetrics final : HealthMetrics {
  void publish(std::string_view metric, std::string_view id, double value, std::string_view unit,
               Instant at) override {
    samples.push_back({std::string{metric}, std::string{id}, std::string{unit}, value, at});
  }
  std::vector<double> of(std::string_view metric, const std::string& id) const {
    std::vector<double> out;
    for (const auto& s : samples)
      if (s.metric == metric && s.id == id) out.push_back(s.value);
    return out;
  }
  std::vector<Sample> samples;
};

struct RecordingSink final : ViewSink {
  void publish(std::shared_ptr<const dns::View> next) override {
    view = std::move(next);
    ++views;
    if (on_publish) on_publish();
  }
  std::shared_ptr<const dns::View> view;
  int views = 0;
  std::function<void()> on_publish;
};

// One alarm, "alarm", with these settings; its metric says `state` whatever the settings are.
struct ScriptedStream final : MetricDataStream {
  Result<AlarmConfiguration> alarm(std::string_view, std::string_view name) const override {
    if (name != "alarm" || gone) return failure(Problem{"no such alarm"});
    return settings;
  }
  State evaluate(std::string_view region, const AlarmConfiguration& by,
                 Instant now) const override {
    asked.push_back({std::string{region}, by, now});
    return state;
  }
  struct Asked {
    std::string region;
    AlarmConfiguration by;
    Instant at;
  };
  State state = State::ok;
  AlarmConfiguration settings{1, 5, "GreaterThanThreshold", 60, "M", "N", "Average", {}};
  bool gone = false;
  mutable std::vector<Asked> asked;
};

inline aws::Value json(const std::string& text) {
  auto value = aws::from_json(text);
  REQUIRE_MESSAGE(value.has_value(), text);
  return *value;
}

// "192.0.2.1" of what DNS answers for a name, sorted and joined by spaces; "-" when it says
// nothing.
inline std::string answer_in(const dns::View& view, const std::string& name,
                             std::uint64_t random = 0) {
  const auto found = dns::lookup_a(view, dns::name_from_text(name).value(), random);
  std::vector<std::string> out;
  for (const auto& a : found.addresses)
    out.push_back(std::to_string(a[0]) + "." + std::to_string(a[1]) + "." + std::to_string(a[2]) +
                  "." + std::to_string(a[3]));
  std::sort(out.begin(), out.end());
  return out.empty() ? "-" : join(out, " ");
}

struct Fixture {
  ports::sim::World world;
  RecordingMetrics metrics;
  RecordingSink sink;
  ScriptedStream stream;
  Options options;  // from the next make() or crash()
  std::unique_ptr<Route53> route53 = make();

  std::unique_ptr<Route53> make() {
    return std::make_unique<Route53>(world.journal, world.timers, world.entropy, world.prober,
                                     metrics, &stream, sink, options);
  }
  // As after kill -9: what was not committed is gone.
  void crash() {
    route53.reset();
    world.journal.crash();
    route53 = make();
  }

  aws::Outcome<> call(std::string_view operation, const std::string& input) {
    return call(operation, json(input));
  }
  aws::Outcome<> call(std::string_view operation, const aws::Value& input) {
    const aws::Caller root{aws::Caller::Kind::root, "000000000000", "", "", "", "", "", "", ""};
    std::optional<aws::Outcome<>> out;
    route53->handle({operation, input, root, "us-east-1", "000000000000", "r", "http://127.0.0.1",
                     world.timers.now()},
                    [&](aws::Outcome<> answer) { out = std::move(answer); });
    REQUIRE(out.has_value());
    return std::move(*out);
  }
  aws::Value ok(std::string_view operation, const std::string& input) {
    auto out = call(operation, input);
    const std::string said =
        std::string{operation} + ": " + (out ? "" : out.error().code + ": " + out.error().message);
    REQUIRE_MESSAGE(out.has_value(), said);
    return *out;
  }
  // "Code: message" of a refusal, "ok" otherwise.
  std::string refusal(std::string_view operation, const std::string& input) {
    const auto out = call(operation, input);
    return out ? "ok" : out.error().code + ": " + out.error().message;
  }

  // Its code alone.
  std::string code(std::string_view operation, const std::string& input) {
    const auto text = refusal(operation, input);
    return text.substr(0, text.find(':'));
  }
  static std::string just(const std::string& id) { return R"({"Id":")" + id + "\"}"; }

  std::string make_check(
      const std::string& reference,
      const std::string& config =
          R"({"Type":"HTTP","IPAddress":"192.0.2.1","Port":80,"ResourcePath":"/lb-check",)"
          R"("RequestInterval":10,"FailureThreshold":1})") {
    return ok("CreateHealthCheck", R"({"CallerReference":")" + reference +
                                       R"(","HealthCheckConfig":)" + config +
                                       "}")["HealthCheck"]["Id"]
        .string();
  }
  std::string make_zone(const std::string& name = "example.com") {
    const auto id = ok("CreateHostedZone", R"({"Name":")" + name + R"(","CallerReference":"z-)" +
                                               name + "\"}")["HostedZone"]["Id"]
                        .string();
    world.settle();
    return id.substr(id.rfind('/') + 1);
  }
  // One change each: {"CREATE", R"({"Name":...})"}.
  std::string batch(const std::string& zone,
                    const std::vector<std::pair<std::string, std::string>>& changes) const {
    std::string list;
    for (const auto& [action, record] : changes)
      list += (list.empty() ? "" : ",") +
              (R"({"Action":")" + action + R"(","ResourceRecordSet":)" + record + "}");
    return R"({"HostedZoneId":")" + zone + R"(","ChangeBatch":{"Changes":[)" + list + "]}}";
  }
  aws::Value change(const std::string& zone,
                    const std::vector<std::pair<std::string, std::string>>& changes) {
    auto out = ok("ChangeResourceRecordSets", batch(zone, changes));
    world.settle();
    return out;
  }
  std::string change_refused(const std::string& zone,
                             const std::vector<std::pair<std::string, std::string>>& changes) {
    return refusal("ChangeResourceRecordSets", batch(zone, changes));
  }
  std::string answer(const std::string& name, std::uint64_t random = 0) const {
    return answer_in(*sink.view, name, random);
  }

  static std::string a(const std::string& name, const std::string& address,
                       const std::string& more = "") {
    return R"({"Name":")" + name + R"(","Type":"A","TTL":60,"ResourceRecords":[{"Value":")" +
           address + R"("}])" + more + "}";
  }
  static std::string alias(const std::string& zone, const std::string& name,
                           const std::string& target, bool evaluate, const std::string& more = "") {
    return R"({"Name":")" + name + R"(","Type":"A","AliasTarget":{"HostedZoneId":")" + zone +
           R"(","DNSName":")" + target + R"(","EvaluateTargetHealth":)" +
           (evaluate ? "true" : "false") + "}" + more + "}";
  }
  static std::string failover(const std::string& role, const std::string& health_check_id = "") {
    return R"(,"SetIdentifier":")" + role + R"(","Failover":")" + role + "\"" +
           (health_check_id.empty() ? "" : R"(,"HealthCheckId":")" + health_check_id + "\"");
  }
  static std::string weighted(const std::string& set, int weight,
                              const std::string& health_check_id = "") {
    return R"(,"SetIdentifier":")" + set + R"(","Weight":)" + std::to_string(weight) +
           (health_check_id.empty() ? "" : R"(,"HealthCheckId":")" + health_check_id + "\"");
  }
};

}  // namespace sitelatch::route53::testing
