// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/config_form.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "guard/rules/config_steps.h"
#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::at;
using guard::testing::id;
using guard::testing::status_minutes;

namespace {

const std::string combined_id = "c0000000-0000-4000-8000-000000000000";
const std::string hold_id = "40000000-0000-4000-8000-000000000000";
const ConfigPlan of_config = plan_config(id, "aws");
const Instant at_noon = at(0);

std::vector<StatusMinute> ending_now(std::string_view text) {
  return status_minutes(text, at_noon - std::chrono::minutes{text.size()});
}

ConfigObserved serving() {
  ConfigObserved o;
  o.endpoint = guard::testing::healthy_check();
  o.endpoint_health = guard::testing::healthy_until(at_noon);
  o.combined = CombinedCheck{combined_id, 3, {id, hold_id}, 2, false, false, {}};
  o.combined_minutes = ending_now(std::string(20, '1'));
  HoldCheck hold;
  hold.id = hold_id;
  hold.version = 5;
  hold.alarm_region = "us-east-1";
  hold.alarm_name = of_config.alarm;
  hold.insufficient_data = "LastKnownStatus";
  hold.inverted = true;
  hold.copy = good_minutes_rule(combined_id);
  o.hold = hold;
  o.hold_minutes = ending_now(std::string(20, '1'));
  o.alarm = guard::testing::alarm_by(good_minutes_rule(combined_id));
  o.alarm->name = of_config.alarm;
  o.records = FormRecords{0, 1, {}, {}};
  o.dns_primary = true;
  return o;
}

ConfigObserved latched_now() {
  auto o = serving();
  o.combined_minutes = ending_now("11110000");
  o.hold_minutes = ending_now("11111000");
  o.dns_primary = false;
  return o;
}

ConfigObserved tripped_now() {
  auto o = serving();
  o.hold->disabled = true;
  o.hold_minutes = ending_now("11111000");
  o.combined_minutes = ending_now("11111000");
  o.dns_primary = false;
  return o;
}

ConfigObserved releasing(std::string_view minutes) {
  auto o = latched_now();
  o.combined->threshold = 1;
  o.combined_minutes = ending_now(minutes);
  o.hold->tags[std::string{tag::switch_back}] = "2026-11-22T11:45:00Z somebody: sites in sync";
  return o;
}

ConfigObserved unattached() {
  auto o = serving();
  o.records = FormRecords{1, 0, {}, {}};
  return o;
}

bool has_problem(const ConfigObserved& o, const std::string& name) {
  const auto problems = problems_of(of_config, o);
  return std::any_of(problems.begin(), problems.end(),
                     [&](const ConfigProblem& problem) { return problem.name == name; });
}

std::vector<ConfigStep> steps_of(const ConfigObserved& o) {
  std::vector<ConfigStep> out;
  for (const auto& work : config_work(of_config, o, {true, true}, at_noon))
    out.push_back(work.step);
  return out;
}

}  // namespace

TEST_CASE("a hold that has just become healthy was not within the last minutes") {
  struct Row {
    std::string_view minutes;
    bool was_unhealthy;
  };
  for (const auto& row : std::initializer_list<Row>{{"11111111", false},
                                                    {"00000011", true},
                                                    {"00000111", false},
                                                    {"00000000", false}}) {  // it is: that is true
    CAPTURE(row.minutes);
    auto o = serving();
    o.hold_minutes = ending_now(row.minutes);
    CHECK(hold_was_unhealthy(of_config, o, at_noon) == row.was_unhealthy);
  }
}

TEST_CASE("a form's name is read back; what cannot be deployed says so") {
  for (const auto& name : form_names()) CHECK(to_string(*form_named(name)) == name);
  CHECK_FALSE(form_named("guides"));
  CHECK_FALSE(not_built_yet(Form::guide));
  CHECK_FALSE(not_built_yet(Form::config));
  CHECK_FALSE(not_built_yet(Form::engine));
  for (const auto form : {Form::fast, Form::strict}) {
    const auto why = not_built_yet(form);
    REQUIRE(why);
    CHECK(why->starts_with("not built yet: --form " + std::string{to_string(form)}));
  }
}

TEST_CASE("a reference says whose a check is, and nothing else is one") {
  for (const auto& reference : {ConfigReference{id, false, 1}, ConfigReference{id, true, 12},
                                ConfigReference{"a-b-3", false, 4}}) {
    const auto text = to_string(reference);
    CHECK(text.size() <= 64);
    const auto read = config_reference(text);
    REQUIRE(read);
    CHECK(read->endpoint == reference.endpoint);
    CHECK(read->hold == reference.hold);
    CHECK(read->number == reference.number);
  }
  CHECK(to_string(ConfigReference{std::string(48, 'x'), true, 9999}).size() <= 64);
  for (const auto* text : {"", "sl-c-", "sl-c-x", "sl-c--1", "sl-x-a-1", "sl-h-a-0", "sl-h-a-x"})
    CHECK_FALSE(config_reference(text));
}

TEST_CASE("the alarm asks for fifteen whole good minutes, all of them") {
  const auto rule = good_minutes_rule(combined_id);
  CHECK(rule.metric_namespace == "AWS/Route53");
  CHECK(rule.metric == "HealthCheckStatus");
  CHECK(rule.statistic == "Minimum");
  CHECK(rule.comparison == "GreaterThanOrEqualToThreshold");
  CHECK(rule.threshold == 1.0);
  CHECK(rule.period_s == 60);
  CHECK(rule.periods == 15);
  CHECK(rule.datapoints == 0);  // as many as there are periods
}

TEST_CASE("good minutes are counted from the end, whole ones, without a gap") {
  struct Row {
    std::string minutes;
    int count;
  };
  for (const auto& row : {Row{"", 0},
                          {"1", 1},
                          {"0", 0},
                          {"x", 0},
                          {"0111", 3},
                          {"1110", 0},
                          {"11x11", 2},
                          {"11 111", 3},
                          {std::string(15, '1'), 15},
                          {std::string(20, '1'), 15}}) {
    CAPTURE(row.minutes);
    CHECK(good_minutes(ending_now(row.minutes), {}, at_noon) == row.count);
  }
  // The minute that runs is none yet, but a 0 in it counts.
  const auto running = std::chrono::seconds{30};
  CHECK(good_minutes(status_minutes("111", at_noon - std::chrono::minutes{2}), {},
                     at_noon + running) == 2);
  CHECK(good_minutes(status_minutes("110", at_noon - std::chrono::minutes{2}), {},
                     at_noon + running) == 0);
  CHECK(good_minutes(ending_now("11111"), at_noon - std::chrono::minutes{3}, at_noon) == 3);
}

TEST_CASE("each phase, by what is there") {
  struct Row {
    const char* what;
    ConfigObserved observed;
    Phase phase;
    const char* says;
    const char* next;
  };
  const auto changed = [](ConfigObserved o, const std::function<void(ConfigObserved&)>& change) {
    change(o);
    return o;
  };
  const std::vector<Row> rows = {
      {"nothing", ConfigObserved{}, Phase::not_deployed, "nothing", "--plan"},
      {"all well", serving(), Phase::serving, "Primary serves", ""},
      {"latched, Primary is back", latched_now(), Phase::latched, "Primary is healthy now",
       "switch-back"},
      {"latched, Primary is down",
       changed(latched_now(), [](auto& o) { o.endpoint_health.now = false; }), Phase::latched,
       "Primary is NOT healthy now", "mend Primary first"},
      {"tripped", tripped_now(), Phase::tripped, "tripped by hand", "switch-back"},
      {"Primary fails, the hold has yet to follow",
       changed(serving(), [](auto& o) { o.combined_minutes = ending_now("11110"); }),
       Phase::failing_over, "DNS names it still", "sitelatch trip"},
      {"the checkers see it first",
       changed(serving(), [](auto& o) { o.endpoint_health.probes_fail = true; }),
       Phase::failing_over, "have just begun to fail", "two minutes"},
      {"DNS is ahead of the metric", changed(serving(), [](auto& o) { o.dns_primary = false; }),
       Phase::failing_over, "DNS answers Backup", "two minutes"},
      {"switching back", releasing("0111"), Phase::switching_back, "3 of 15", "goes on with it"},
      {"not finished",
       changed(releasing(std::string(16, '1')),
               [](auto& o) { o.hold_minutes = ending_now("0001"); }),
       Phase::drifted, "NOTHING FAILS OVER", "finishes at once"},
      {"given up", changed(releasing("0111"), [](auto& o) { o.combined->threshold = 2; }),
       Phase::latched, "given up", "switch-back"},
      {"content with one, and nobody switches back",
       changed(serving(), [](auto& o) { o.combined->threshold = 1; }), Phase::drifted,
       "nobody is switching back", "deploy"},
      {"not attached", unattached(), Phase::not_attached, "NO latch", "--change-records"},
      {"starting",
       changed(unattached(),
               [](auto& o) {
                 o.combined->children = {id};
                 o.combined->threshold = 1;
                 o.combined_minutes = ending_now("1111");
                 o.hold_minutes = ending_now("0000");
               }),
       Phase::starting, "4 of 15", "deploy"},
      {"half made", changed(unattached(), [](auto& o) { o.hold.reset(); }), Phase::starting,
       "not finished", "deploy"},
      {"the hold is gone", changed(serving(), [](auto& o) { o.hold.reset(); }), Phase::drifted,
       "the hold check is gone", "destroy"},
      {"not Inverted", changed(serving(), [](auto& o) { o.hold->inverted = false; }),
       Phase::drifted, "not Inverted", "deploy"},
      {"Disabled and not Inverted",
       changed(serving(),
               [](auto& o) {
                 o.hold->inverted = false;
                 o.hold->disabled = true;
               }),
       Phase::drifted, "nothing fails over", "deploy"},
      {"records on both", changed(serving(), [](auto& o) { o.records->on_endpoint = 1; }),
       Phase::drifted, "come back by themselves", "--change-records"},
      {"SECONDARY has a check",
       changed(serving(), [](auto& o) { o.records->secondary_checks = {"x A SECONDARY"}; }),
       Phase::drifted, "latched or not", "--change-records"},
      {"latched, but DNS says Primary",
       changed(latched_now(), [](auto& o) { o.dns_primary = true; }), Phase::drifted,
       "DNS answers Primary all the same", "two minutes"},
      {"nobody may see", changed(serving(), [](auto& o) { o.unseen = "cannot see x"; }),
       Phase::unknown, "cannot see x", "rights"},
      {"no metric of the hold, C says both",
       changed(serving(), [](auto& o) { o.hold_minutes.reset(); }), Phase::serving,
       "Primary serves", ""},
      {"no metric of the hold, C says no and Primary is well",
       changed(latched_now(), [](auto& o) { o.hold_minutes.reset(); }), Phase::latched, "latched",
       "switch-back"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const auto assessed = assess_config(of_config, row.observed, at_noon);
    INFO(to_string(assessed.phase), ": ", assessed.sentence, " NEXT ", assessed.next);
    CHECK(assessed.phase == row.phase);
    CHECK(assessed.sentence.find(row.says) != std::string::npos);
    CHECK(assessed.next.find(row.next) != std::string::npos);
    CHECK((assessed.next.empty() == (row.phase == Phase::serving)));
  }
}

TEST_CASE("whatever somebody changes is named, and mended where nothing is released by it") {
  struct Row {
    const char* name;
    std::function<void(ConfigObserved&)> change;
    std::vector<ConfigStep> mends;
  };
  const std::vector<Row> rows = {
      {"alarm-gone", [](auto& o) { o.alarm.reset(); }, {ConfigStep::put_alarm}},
      {"alarm-rule", [](auto& o) { o.alarm->evaluation_periods = 1; }, {ConfigStep::put_alarm}},
      {"alarm-rule", [](auto& o) { o.alarm->datapoints_to_alarm = 3; }, {ConfigStep::put_alarm}},
      {"alarm-actions", [](auto& o) { o.alarm->alarm_actions = {"arn:x"}; }, {}},
      {"hold-rule", [](auto& o) { o.hold->copy->threshold = 0; }, {ConfigStep::mend_hold}},
      {"hold-rule", [](auto& o) { o.hold->copy->dimensions = {}; }, {ConfigStep::mend_hold}},
      {"hold-alarm", [](auto& o) { o.hold->alarm_name = "other"; }, {ConfigStep::mend_hold}},
      {"hold-without-data",
       [](auto& o) { o.hold->insufficient_data = "Healthy"; },
       {ConfigStep::mend_hold}},
      {"hold-not-inverted", [](auto& o) { o.hold->inverted = false; }, {ConfigStep::mend_hold}},
      {"combined-threshold", [](auto& o) { o.combined->threshold = 1; }, {ConfigStep::close}},
      {"combined-children",
       [](auto& o) {
         o.combined->children = {id};
         o.combined->threshold = 1;
       },
       {ConfigStep::close}},
      {"combined-children", [](auto& o) { o.combined->children = {hold_id}; }, {ConfigStep::close}},
      {"endpoint-changed", [](auto& o) { o.endpoint->disabled = true; }, {}},
      {"secondary-health",
       [](auto& o) { o.records->secondary_checks = {"x"}; },
       {ConfigStep::attach}},
      {"target-health", [](auto& o) { o.records->target_health = {"x"}; }, {ConfigStep::attach}},
      {"records-mixed", [](auto& o) { o.records->on_endpoint = 1; }, {ConfigStep::attach}},
  };
  for (const auto& row : rows) {
    for (const bool latched : {false, true}) {
      auto o = latched ? latched_now() : serving();
      row.change(o);
      CAPTURE(row.name);
      CAPTURE(latched);
      CHECK(has_problem(o, row.name));
      CHECK(steps_of(o) == row.mends);
      // A hold that records follow is never made to forget: C is not asked about E alone.
      const auto steps = steps_of(o);
      CHECK(std::find(steps.begin(), steps.end(), ConfigStep::open_window) == steps.end());
    }
  }
  CHECK(problems_of(of_config, serving()).empty());
  CHECK(problems_of(of_config, latched_now()).empty());
  CHECK(problems_of(of_config, tripped_now()).empty());
  CHECK(problems_of(of_config, releasing("01")).empty());
}

TEST_CASE("deploy: what is next, from nothing to records that follow") {
  using Step = ConfigStep;
  ConfigObserved o;
  o.endpoint = guard::testing::healthy_check();
  o.endpoint_health = guard::testing::healthy_until(at_noon);
  o.records = FormRecords{1, 0, {}, {}};
  CHECK(steps_of(o) == std::vector{Step::make_combined, Step::put_alarm, Step::make_hold,
                                   Step::wait, Step::close, Step::attach});
  const auto whole = serving();
  o.combined = whole.combined;
  o.combined->children = {id};
  o.combined->threshold = 1;
  CHECK(steps_of(o) ==
        std::vector{Step::put_alarm, Step::make_hold, Step::wait, Step::close, Step::attach});
  o.alarm = whole.alarm;
  o.hold = whole.hold;
  o.hold_minutes = ending_now("0000");
  CHECK(steps_of(o) == std::vector{Step::wait, Step::close, Step::attach});
  o.hold_minutes = ending_now("0001");
  CHECK(steps_of(o) == std::vector{Step::close, Step::attach});
  o.combined->children = {id, hold_id};
  o.combined->threshold = 2;
  CHECK(steps_of(o) == std::vector{Step::attach});
  // It latched before anything followed it: begun again, nobody is released.
  o.hold_minutes = ending_now("0000");
  CHECK(steps_of(o) == std::vector{Step::open_window, Step::wait, Step::close, Step::attach});
  CHECK(steps_of(serving()).empty());
  CHECK(steps_of(latched_now()).empty());
  CHECK(steps_of(tripped_now()).empty());
}

TEST_CASE("deploy refuses what it cannot build on, and the records wait for all of it") {
  const auto why = [](const std::vector<Refusal>& refusals) {
    return refusals.empty() ? std::string{} : refusals.front().why;
  };
  CHECK(against_config(of_config, serving()).empty());
  auto o = unattached();
  o.endpoint->type = "CALCULATED";
  CHECK(why(against_config(of_config, o)).find("is of type CALCULATED") != std::string::npos);
  o = unattached();
  o.endpoint->path = std::string{failed_over_path};
  CHECK(why(against_config(of_config, o)).find("is latched") != std::string::npos);
  o = unattached();
  o.combined.reset();
  o.endpoint_health.now = false;
  CHECK(why(against_config(of_config, o)).find("unhealthy") != std::string::npos);
  CHECK(why(against_config(of_config, releasing("01"))).find("switch back is under way") !=
        std::string::npos);
  o = serving();
  o.hold.reset();
  CHECK(why(against_config(of_config, o)).find("is gone") != std::string::npos);

  CHECK(against_attaching(of_config, unattached(), at_noon).empty());
  for (const auto& change : std::vector<std::function<void(ConfigObserved&)>>{
           [](auto& x) { x.records.reset(); }, [](auto& x) { x.records->on_endpoint = 0; },
           [](auto& x) { x.combined->threshold = 1; }, [](auto& x) { x.hold->disabled = true; },
           [](auto& x) { x.hold_minutes = ending_now("1110"); },
           [](auto& x) { x.endpoint_health.now = false; },
           [](auto& x) { x.endpoint_health.probes_fail = true; },
           [](auto& x) { x.endpoint_health.now.reset(); }, [](auto& x) { x.dns_primary = false; },
           [](auto& x) { x.dns_primary.reset(); }}) {
    auto wrong = unattached();
    change(wrong);
    CHECK_FALSE(against_attaching(of_config, wrong, at_noon).empty());
  }
}

TEST_CASE("a trip writes both, whichever is missing, and stands") {
  auto o = serving();
  auto change = trip_config(o);
  REQUIRE(change);
  REQUIRE(*change);
  CHECK((*change)->disabled == true);
  CHECK_FALSE((*change)->inverted);
  o.hold->inverted = false;
  change = trip_config(o);
  REQUIRE((change && *change));
  CHECK((*change)->inverted == true);
  change = trip_config(tripped_now());
  REQUIRE(change);
  CHECK_FALSE(*change);
  o.hold.reset();
  CHECK_FALSE(trip_config(o));
}

TEST_CASE("a release is refused by name, and what is under way goes on") {
  const auto names = [](const std::vector<Refusal>& refusals) {
    std::string out;
    for (const auto& refusal : refusals) out += refusal.name + ";";
    return out;
  };
  const ConfigRelease plain;
  CHECK(against_release(of_config, latched_now(), plain, at_noon).empty());
  CHECK(against_release(of_config, tripped_now(), plain, at_noon).empty());
  CHECK(names(against_release(of_config, serving(), plain, at_noon)) == ";");
  auto o = latched_now();
  o.endpoint_health.now = false;
  CHECK(names(against_release(of_config, o, plain, at_noon)) == "primary;");
  CHECK(against_release(of_config, o, {{}, {}, {}, {"primary"}}, at_noon).empty());
  CHECK(names(against_release(of_config, latched_now(), {false, false, {}, {}}, at_noon)) ==
        "primary;checks;");
  CHECK(
      against_release(of_config, latched_now(), {false, false, {}, {"primary", "checks"}}, at_noon)
          .empty());
  CHECK(against_release(of_config, latched_now(), {{}, {}, 5, {}}, at_noon).empty());
  CHECK(names(against_release(of_config, latched_now(), {{}, {}, 4, {}}, at_noon)) == ";");
  o = latched_now();
  o.hold->inverted = false;
  CHECK_FALSE(against_release(of_config, o, plain, at_noon).empty());
  o = latched_now();
  o.records = FormRecords{1, 0, {}, {}};
  CHECK_FALSE(against_release(of_config, o, plain, at_noon).empty());
  // Begun, and Primary fails again meanwhile: the minutes begin anew, nobody is refused.
  o = releasing("0110");
  o.endpoint_health.now = false;
  CHECK(against_release(of_config, o, plain, at_noon).empty());
}

TEST_CASE("the steps of a release: nothing is let go before fifteen good minutes") {
  const auto opened = at_noon - std::chrono::minutes{30};
  const auto next = [&](const ConfigObserved& o) {
    return next_of_release(of_config, o, opened, at_noon);
  };
  CHECK(next(latched_now()) == ReleaseStep::open);
  CHECK(next(tripped_now()) == ReleaseStep::open);
  for (const auto* minutes : {"0", "01", "01111111111111"})
    CHECK(next(releasing(minutes)) == ReleaseStep::wait);
  auto o = releasing(std::string(15, '1'));
  CHECK(next(o) == ReleaseStep::wait);  // the hold has the last word
  o.dns_primary = true;
  CHECK(next(o) == ReleaseStep::close);
  o = releasing("0111");
  o.dns_primary = true;  // a server's cache
  CHECK(next(o) == ReleaseStep::wait);
  o = releasing(std::string(15, '1'));
  o.hold_minutes = ending_now("0001");
  CHECK(next(o) == ReleaseStep::close);
  o.combined->threshold = 2;
  CHECK(next(o) == ReleaseStep::done);

  auto tripped = tripped_now();
  tripped.combined->threshold = 1;
  tripped.combined_minutes = ending_now(std::string(14, '1'));
  CHECK(next(tripped) == ReleaseStep::wait);
  tripped.combined_minutes = ending_now(std::string(15, '1'));
  CHECK(next(tripped) == ReleaseStep::let_go);
  // Minutes of before the release are none of it.
  CHECK(next_of_release(of_config, tripped, at_noon - std::chrono::minutes{3}, at_noon) ==
        ReleaseStep::wait);
}

TEST_CASE("a release is opened once, in the version that was shown") {
  const auto next = [](const ConfigObserved& o, MayOpen may_open) {
    return next_of_release(of_config, o, at_noon, at_noon, may_open);
  };
  CHECK(next(latched_now(), MayOpen::yes) == ReleaseStep::open);
  CHECK(next(latched_now(), MayOpen::not_again) == ReleaseStep::closed_by_others);
  CHECK(next(releasing("01"), MayOpen::not_again) == ReleaseStep::wait);
  CHECK(next(serving(), MayOpen::not_again) == ReleaseStep::done);

  const auto opens = [](const ConfigObserved& o) { return may_be_opened(of_config, o, at_noon); };
  CHECK(opens(latched_now()));
  CHECK(opens(tripped_now()));
  CHECK_FALSE(opens(serving()));
  CHECK_FALSE(opens(releasing("01")));
  auto ahead = latched_now();
  ahead.dns_primary = true;
  CHECK_FALSE(opens(ahead));

  CHECK(seen_the_same(latched_now(), latched_now()));
  for (const auto& change : std::vector<std::function<void(ConfigObserved&)>>{
           [](auto& x) { ++x.hold->version; }, [](auto& x) { ++x.combined->version; },
           [](auto& x) { x.hold.reset(); }, [](auto& x) { x.combined.reset(); }}) {
    auto other = latched_now();
    change(other);
    CHECK_FALSE(seen_the_same(latched_now(), other));
    CHECK_FALSE(seen_the_same(other, latched_now()));
  }
}

TEST_CASE("a switch back that is given up is closed, and tripped where that may be too late") {
  const auto next = [](const ConfigObserved& o) { return next_of_holding(of_config, o, at_noon); };
  CHECK(next(latched_now()) == HoldStep::done);
  CHECK(next(serving()) == HoldStep::done);
  CHECK(next(releasing("0" + std::string(8, '1'))) == HoldStep::close);
  for (const std::size_t good : {9u, 14u, 15u}) {
    auto o = releasing("0" + std::string(good, '1'));
    o.combined->threshold = 2;  // by others, just now
    CHECK(next(o) == HoldStep::trip);
    o = releasing("0" + std::string(good, '1'));
    CHECK(next(o) == HoldStep::trip);
    o.hold->disabled = true;
    CHECK(next(o) == HoldStep::close);
    // Primary serves already, and only its protection is missing.
    o = releasing("0" + std::string(good, '1'));
    o.dns_primary = true;
    CHECK(next(o) == HoldStep::close);
    o = releasing("0" + std::string(good, '1'));
    o.hold_minutes = ending_now("0001");
    CHECK(next(o) == HoldStep::trip);  // the metric is behind DNS, which says Backup
    o.dns_primary.reset();
    CHECK(next(o) == HoldStep::close);
  }
}

TEST_CASE("destroy: never a Primary that is held out, unless somebody says so") {
  CHECK_FALSE(against_removal(of_config, serving(), false, Unhold::unsaid, at_noon).empty());
  CHECK(against_removal(of_config, serving(), true, Unhold::unsaid, at_noon).empty());
  for (const auto& held : {latched_now(), tripped_now(), releasing("01")}) {
    CHECK_FALSE(against_removal(of_config, held, true, Unhold::unsaid, at_noon).empty());
    CHECK_FALSE(against_removal(of_config, held, false, Unhold::restore, at_noon).empty());
    CHECK(against_removal(of_config, held, true, Unhold::restore, at_noon).empty());
  }
  auto o = serving();
  o.endpoint_health.now = false;
  CHECK_FALSE(against_removal(of_config, o, true, Unhold::unsaid, at_noon).empty());
  // The metric of the hold is behind DNS, and behind what it has seen of C.
  o = serving();
  o.dns_primary = false;
  CHECK_FALSE(against_removal(of_config, o, true, Unhold::unsaid, at_noon).empty());
  for (const auto& [minutes, refused] :
       {std::pair{std::string(5, '1') + "0" + std::string(14, '1'), true},
        std::pair{std::string(5, '1') + "0" + std::string(15, '1'), false}}) {
    o = serving();
    o.combined_minutes = ending_now(minutes);
    CHECK(against_removal(of_config, o, true, Unhold::unsaid, at_noon).empty() != refused);
    CHECK(against_removal(of_config, o, true, Unhold::restore, at_noon).empty());
  }
  // Nobody may ask DNS or see C's metric: the hold alone says it.
  o = tripped_now();
  o.dns_primary.reset();
  o.combined_minutes.reset();
  CHECK_FALSE(against_removal(of_config, o, true, Unhold::unsaid, at_noon).empty());
  o = serving();
  o.records.reset();
  CHECK_FALSE(against_removal(of_config, o, true, Unhold::restore, at_noon).empty());
  CHECK(against_removal(of_config, unattached(), false, Unhold::unsaid, at_noon).empty());
}
