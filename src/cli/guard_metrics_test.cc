// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_metrics.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/text.h"
#include "guard/rules/testing.h"

namespace sitelatch::cli {
namespace {

using guard::testing::at;
using guard::testing::id;

constexpr WallInstant look_time{std::chrono::seconds{1'796'000'000}};
const std::string guide_labels =
    "{health_check_id=\"" + id + "\",name=\"client.example.org\",form=\"guide\"";

guard::RecordsSnapshot records_of(const std::string& name) {
  guard::RecordSnapshot record;
  record.name = name;
  record.type = "A";
  record.failover = "PRIMARY";
  record.health_check_id = id;
  guard::RecordsSnapshot out;
  out.users.push_back(record);
  return out;
}

std::vector<guard::DnsSnapshot> answers(std::vector<guard::Serving> sites) {
  std::vector<guard::DnsSnapshot> out;
  for (const auto site : sites) {
    guard::DnsSnapshot one;
    one.name = "client.example.org.";
    one.serving = site;
    out.push_back(one);
  }
  return out;
}

guard::View guide_view() {
  guard::View view;
  view.plan.settings.health_check_id = id;
  view.snapshot.observed.check = guard::testing::healthy_check();
  view.snapshot.observed.healthy = true;
  view.snapshot.records = records_of("client.example.org.");
  view.dns = answers({guard::Serving::primary, guard::Serving::primary, guard::Serving::unknown});
  view.assessment.state = guard::State::armed;
  view.assessment.since = at(0);
  view.assessment.links = {{guard::Link::Health::ok, "alarm", "", ""},
                           {guard::Link::Health::ok, "dns", "", ""},
                           {guard::Link::Health::broken, "dns", "no answer", ""},
                           {guard::Link::Health::unknown, "schedule", "denied", ""},
                           {guard::Link::Health::off, "notify", "", ""}};
  return view;
}

template <class View>
std::string text_of_one(const View& view, int exit_status = 0,
                        const std::optional<guard::Safety>& safety = std::nullopt) {
  StatusMetrics metrics;
  metrics.add(view, exit_status, safety);
  return metrics.text(look_time, exit_status);
}

// Lines of one metric, without its HELP and TYPE.
std::vector<std::string> samples_of(const std::string& text, const std::string& metric) {
  std::vector<std::string> out;
  for (const auto line : split(text, '\n'))
    if (line.starts_with(metric + "{") || line.starts_with(metric + " "))
      out.emplace_back(line.substr(metric.size()));
  return out;
}

using Lines = std::vector<std::string>;

TEST_CASE("metrics of the guide: state, links, who serves; what is not known is left out") {
  const auto text = text_of_one(guide_view(), 19);
  const auto of = [&text](const std::string& metric) { return samples_of(text, metric); };
  const auto states = of("sitelatch_guard_state");
  CHECK(states.size() == 12);
  CHECK(std::count(states.begin(), states.end(), guide_labels + ",state=\"armed\"} 1") == 1);
  CHECK(std::count(states.begin(), states.end(), guide_labels + ",state=\"unknown\"} 0") == 1);
  CHECK(of("sitelatch_guard_state_since_seconds") == Lines{guide_labels + "} 1795348800"});
  CHECK(of("sitelatch_guard_exit_status") == Lines{guide_labels + "} 19"});
  CHECK(of("sitelatch_guard_link_sound") ==
        Lines{guide_labels + ",link=\"alarm\"} 1", guide_labels + ",link=\"dns\"} 0"});
  CHECK(of("sitelatch_guard_primary_healthy") == Lines{guide_labels + "} 1"});
  CHECK(of("sitelatch_guard_readable") == Lines{"{health_check_id=\"" + id + "\"} 1"});
  CHECK(of("sitelatch_dns_names") ==
        Lines{guide_labels + ",site=\"backup\"} 0", guide_labels + ",site=\"both\"} 0",
              guide_labels + ",site=\"neither\"} 0", guide_labels + ",site=\"primary\"} 2",
              guide_labels + ",site=\"unknown\"} 1"});
  CHECK(of("sitelatch_status_last_run_seconds") == Lines{" 1796000000"});
  CHECK(of("sitelatch_status_exit_status") == Lines{" 19"});
  CHECK(of("sitelatch_status_guards") == Lines{" 1"});
  for (const auto* unknown : {"sitelatch_guard_release", "sitelatch_guard_last_drill_passed",
                              "sitelatch_guard_unsafe_seconds"})
    CHECK_MESSAGE(text.find(unknown) == std::string::npos, unknown);
}

TEST_CASE("metrics of the guide: the release, and Primary's health only where the check tells it") {
  auto view = guide_view();
  guard::Record record;
  record.release.number = 3;
  view.snapshot.observed.function.emplace();
  view.snapshot.observed.function->environment = guard::record_environment(record);
  view.snapshot.observed.notify_topic = guard::ObservedTopic{
      "arn",
      "",
      "",
      {{std::string{guard::tag::last_drill},
        guard::tag_text("2026-11-22T12:00:00Z alarm FAILED: nobody was reached")}}};
  view.form = guard::Form::hardened;
  view.assessment.since.reset();
  view.dns.clear();
  auto text = text_of_one(view);
  CHECK(samples_of(text, "sitelatch_guard_release") ==
        Lines{replace_all(guide_labels, "guide", "hardened") + "} 3"});
  CHECK(samples_of(text, "sitelatch_guard_state_since_seconds").empty());
  CHECK(samples_of(text, "sitelatch_dns_names").empty());
  CHECK(samples_of(text, "sitelatch_guard_last_drill_passed") ==
        Lines{replace_all(guide_labels, "guide", "hardened") + ",scenario=\"alarm\"} 0"});

  const auto health = [&view] {
    const auto lines = samples_of(text_of_one(view), "sitelatch_guard_primary_healthy");
    return lines.empty() ? std::string{"not known"}
                         : lines.front().substr(lines.front().size() - 1);
  };
  auto& observed = view.snapshot.observed;
  observed.probes_fail = true;
  CHECK(health() == "0");
  observed.probes_fail = false;
  observed.healthy = false;
  CHECK(health() == "0");
  observed.check->path = std::string{guard::failed_over_path};  // the latch, not Primary
  CHECK(health() == "not known");
  observed.check = guard::testing::healthy_check();
  observed.check->disabled = true;
  CHECK(health() == "not known");
  observed.check.reset();
  CHECK(health() == "not known");
}

TEST_CASE("metrics of config: its own states, problems as links, the drill that is noted") {
  guard::ConfigView view;
  view.plan = guard::plan_config(id, "aws");
  view.records = records_of("\\052.example.org.");
  view.observed.endpoint = guard::testing::healthy_check();
  view.observed.endpoint_health = guard::testing::healthy_until(at(0));
  view.assessment.phase = guard::Phase::latched;
  view.assessment.problems = {{"combined-threshold", "why", "mend", true}};
  view.endpoint_tags = {{std::string{guard::tag::last_drill},
                         guard::tag_text("2026-11-22T12:00:00Z outage passed: Backup after 61 s")}};
  const auto text = text_of_one(view, 14);
  const std::string labels =
      "{health_check_id=\"" + id + "\",name=\"\\\\052.example.org\",form=\"config\"";
  const auto states = samples_of(text, "sitelatch_guard_state");
  CHECK(states.size() == 10);
  CHECK(std::count(states.begin(), states.end(), labels + ",state=\"latched\"} 1") == 1);
  CHECK(samples_of(text, "sitelatch_guard_link_sound") ==
        Lines{labels + ",link=\"combined-threshold\"} 0"});
  CHECK(samples_of(text, "sitelatch_guard_primary_healthy") == Lines{labels + "} 1"});
  CHECK(samples_of(text, "sitelatch_guard_last_drill_seconds") == Lines{labels + "} 1795348800"});
  CHECK(samples_of(text, "sitelatch_guard_last_drill_passed") ==
        Lines{labels + ",scenario=\"outage\"} 1"});
  CHECK(samples_of(text, "sitelatch_guard_release").empty());
}

TEST_CASE("metrics of the engine's form: health by the probes, latched or not") {
  guard::EngineView view;
  view.endpoint = id;
  view.observed.endpoint = guard::testing::healthy_check();
  view.observed.healthy = false;  // by its latch
  view.observed.probes_well = true;
  view.assessment.phase = guard::Phase::latched;
  view.last_drill = "2026-11-22T12:00:00Z blip FAILED";
  const auto text = text_of_one(view, 14);
  const std::string labels = "{health_check_id=\"" + id + "\",form=\"engine\"";
  CHECK(samples_of(text, "sitelatch_guard_primary_healthy") == Lines{labels + "} 1"});
  CHECK(samples_of(text, "sitelatch_guard_last_drill_passed") ==
        Lines{labels + ",scenario=\"blip\"} 0"});
  view.observed.probes_well.reset();
  CHECK(samples_of(text_of_one(view), "sitelatch_guard_primary_healthy").empty());
}

TEST_CASE("metrics of the safety: of each case the worst outage; no figure where nothing latched") {
  guard::Safety safety;
  guard::OutageFigures first, second;
  first.cases[0] = {200, 100, 0, 0, {}, {}, {}, {}};
  second.cases[0] = {200, 0, 0, 0, {}, {}, {}, {}};
  first.cases[1] = {200, 200, 199, 0, 60'000, 90'500, {}, {}};
  second.cases[1] = {200, 200, 50, 0, 30'000, 290'000, {}, {}};
  first.cases[2] = {200, 200, 200, 200, {}, {}, {}, {}};
  second.cases[2] = {};
  safety.figures.outages = {first, second};
  const auto text = text_of_one(guide_view(), 0, safety);
  CHECK(samples_of(text, "sitelatch_guard_unsafe_seconds") ==
        Lines{guide_labels + ",case=\"base\"} 290", guide_labels + ",case=\"optimistic\"} 0"});
  CHECK(samples_of(text, "sitelatch_guard_leak_ratio") ==
        Lines{guide_labels + ",case=\"base\"} 0.995", guide_labels + ",case=\"optimistic\"} 0",
              guide_labels + ",case=\"pessimistic\"} 1"});
  CHECK(samples_of(text, "sitelatch_guard_never_latched_ratio") ==
        Lines{guide_labels + ",case=\"base\"} 0", guide_labels + ",case=\"optimistic\"} 0",
              guide_labels + ",case=\"pessimistic\"} 1"});
  CHECK(samples_of(text, "sitelatch_guard_safety_in_force") == Lines{guide_labels + "} 1"});
}

TEST_CASE(
    "a guard that cannot be read keeps no other from being told, and one named twice is one") {
  StatusMetrics metrics;
  metrics.add_unreadable("gone");
  metrics.add(guide_view(), 0, std::nullopt);
  metrics.add_unreadable("a\"\\.example.org");
  metrics.add(guide_view(), 0, std::nullopt);
  const auto text = metrics.text(look_time, 5);
  CHECK(samples_of(text, "sitelatch_guard_readable") ==
        Lines{"{health_check_id=\"" + id + "\"} 1", "{health_check_id=\"gone\"} 0",
              "{name=\"a\\\"\\\\.example.org\"} 0"});
  CHECK(samples_of(text, "sitelatch_guard_exit_status").size() == 1);
  CHECK(samples_of(text, "sitelatch_status_guards") == Lines{" 3"});

  StatusMetrics none;
  CHECK(samples_of(none.text(look_time, 12), "sitelatch_status_guards") == Lines{" 0"});
}

TEST_CASE("notes of drills are read, and other text is none") {
  const auto asked = [](const char* end) {
    return read_drill_note(std::string{"2026-11-28T10:42:21Z outage "} + end)->reached;
  };
  CHECK(asked("passed: Backup after 30 s, a person was reached after 3m") == true);
  CHECK(asked("FAILED: nobody was reached") == false);
  CHECK_FALSE(asked("passed: Backup after 30 s"));
  const auto cut_off = read_drill_note("2026-11-22T12:00:00Z trip interrupted: Backup after 3 s");
  REQUIRE(cut_off);
  CHECK(cut_off->at == at(0));
  CHECK(cut_off->scenario == "trip");
  CHECK(!cut_off->passed);
  for (const auto* text : {"", "passed", "yesterday outage passed", "2026-11-22T12:00:00Z outage",
                           "2026-11-22T12:00:00Z outage perhaps"})
    CHECK_MESSAGE(!read_drill_note(text), text);
}

}  // namespace
}  // namespace sitelatch::cli
