// SPDX-License-Identifier: Apache-2.0
// What people write into alarms, queries and dashboards: rules of composite alarms, metric math,
// searches, schedules of mute rules, bodies of dashboards. Input: which, text, NUL, what it is
// tried on.
#include "aws/wire/value.h"
#include "services/cloudwatch/alarm_rule.h"
#include "services/cloudwatch/dashboard_body.h"
#include "services/cloudwatch/math.h"
#include "services/cloudwatch/metric_search.h"
#include "services/cloudwatch/mute_schedule.h"
#include "target.h"

using namespace sitelatch;
using namespace sitelatch::cloudwatch;
using namespace std::chrono_literals;

namespace {

const Instant begin = from_civil(2026, 1, 1, 0, 0, 0);

math::Series series(std::string_view values) {
  math::Series out{"x", 60s, {}};
  for (std::size_t i = 0; i < values.size() && i < 20; ++i)
    if (values[i] != ' ')
      out.points.push_back({begin + i * 60s, static_cast<double>(values[i]) - 'a'});
  return out;
}

// The kind of what an expression gives is known before any data is.
void metric_math(const std::string& text, const std::string& tried) {
  const auto node = math::parse(text);
  if (!node) return;
  (void)math::references(*node);
  const auto type = math::check(*node, [](const std::string& id) {
    return id == "a" || id == "b" ? std::optional{math::Type::series} : std::nullopt;
  });
  if (!type) return;
  std::size_t budget = 100'000;
  math::Environment environment;
  environment.from = begin;
  environment.to = begin + 20min;
  environment.period = 60s;
  environment.budget = &budget;
  environment.data_of = [&](const std::string& id) {
    return series(id == "a" ? tried : std::string{tried.rbegin(), tried.rend()});
  };
  environment.metrics = [&](std::string_view) {
    return std::vector<math::Series>{series(tried), series("")};
  };
  environment.search = [&](const math::Search&) {
    return std::vector<math::Series>{series(tried)};
  };
  const auto data = math::evaluate(*node, environment);
  fuzz::require(data.index() == static_cast<std::size_t>(*type),
                "an expression gives what it says");
}

void schedule(const std::string& text, const std::string& tried) {
  const auto parsed = MuteSchedule::parse({text, tried, ""});
  if (!parsed) return;
  auto at = begin;
  for (int i = 0; i < 5; ++i) {
    const auto next = parsed->next_change(at);
    if (!next) return;
    fuzz::require(*next > at, "a change comes later");
    fuzz::require(parsed->mutes(*next - 1s) == parsed->mutes(at), "nothing changes in between");
    at = *next;
  }
}

}  // namespace

FUZZ_TARGET(alarm_words) {
  const auto which = input.choice(5);
  const auto text = input.text(), tried = input.rest();
  switch (which) {
    case 0:
      if (const auto rule = AlarmRule::parse(text))
        (void)rule->holds([&](const std::string& child) -> std::optional<State> {
          if (tried.find(child) == tried.npos) return std::nullopt;
          return child.size() % 2 == 0 ? State::ok : State::alarm;
        });
      return;
    case 1:
      return metric_math(text, tried);
    case 2:
      if (const auto search = MetricSearch::parse(text))
        (void)search->finds({"r", "AWS/EC2", tried, {{"InstanceId", tried}}});
      return;
    case 3:
      return schedule(text, tried);
    default:
      if (const auto body = aws::from_json(text)) (void)examine_dashboard(*body);
  }
}
