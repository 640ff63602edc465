// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/engine_form.h"

#include <doctest/doctest.h>

#include <functional>

#include "guard/rules/testing.h"

using namespace sitelatch;
using namespace sitelatch::guard;
using guard::testing::id;

namespace {

EngineObserved engine_serving() {
  EngineObserved o;
  o.endpoint = guard::testing::healthy_check();
  o.probes_well = o.healthy = true;
  o.armed = true;
  o.records = FormRecords{1, 0, {}, {}};
  o.dns_primary = true;
  return o;
}

EngineObserved engine_latched() {
  auto o = engine_serving();
  o.healthy = false;
  o.latch = EngineLatch{guard::testing::at(-60), 7, "3 of 16 checkers"};
  o.dns_primary = false;
  return o;
}

EngineObserved changed_to(EngineObserved o, const std::function<void(EngineObserved&)>& change) {
  change(o);
  return o;
}

}  // namespace

TEST_CASE("the engine's tags are read, and a release names their version") {
  const Texts tags = {{std::string{resume_tag::latched}, "2026-11-28T10:42:21Z version 7"},
                      {std::string{resume_tag::cause}, "3 of 16"}};
  const auto latch = read_engine_latch(tags);
  REQUIRE(latch);
  CHECK(latch->since == from_civil(2026, 11, 28, 10, 42, 21));
  CHECK(latch->version == 7);
  CHECK(latch->cause == "3 of 16");
  CHECK_FALSE(read_engine_latch({}));
  CHECK(resume_request(7, "in sync") == "7 in sync");
  CHECK(resume_request(7, std::string(400, 'x')).size() == 256);
  std::string umlauts;
  while (umlauts.size() < 400) umlauts += "\u00fc";
  CHECK(resume_request(7, umlauts) == "7 " + umlauts.substr(0, 254));
  CHECK(trip_request("x" + umlauts) == "x" + umlauts.substr(0, 254));  // 255 bytes: not half of one
}

TEST_CASE("form engine: each phase, by what is there") {
  struct Row {
    const char* what;
    EngineObserved observed;
    Phase phase;
    const char* says;
  };
  for (const auto& row : std::vector<Row>{
           {"well", engine_serving(), Phase::serving, "Primary serves"},
           {"latched", engine_latched(), Phase::latched, "3 of 16 checkers"},
           {"latched, Primary down",
            changed_to(engine_latched(), [](auto& o) { o.probes_well = false; }), Phase::latched,
            "NOT healthy"},
           {"not armed", changed_to(engine_serving(), [](auto& o) { o.armed = false; }),
            Phase::not_deployed, "not under manual resume"},
           {"no record", changed_to(engine_serving(), [](auto& o) { o.records->on_endpoint = 0; }),
            Phase::not_attached, "no PRIMARY record"},
           {"SECONDARY with a check",
            changed_to(engine_serving(), [](auto& o) { o.records->secondary_checks = {"x"}; }),
            Phase::drifted, "latched or not"},
           {"on AWS", changed_to(engine_serving(), [](auto& o) { o.dns_primary = false; }),
            Phase::drifted, "On AWS the tag means nothing"},
           {"blind", changed_to(engine_serving(), [](auto& o) { o.unseen = "cannot see"; }),
            Phase::unknown, "cannot see"}}) {
    CAPTURE(row.what);
    const auto assessed = assess_engine(id, row.observed);
    INFO(assessed.sentence);
    CHECK(assessed.phase == row.phase);
    CHECK(assessed.sentence.find(row.says) != std::string::npos);
  }
}

TEST_CASE("form engine: armed when Primary is well, released by the version that was seen") {
  CHECK(against_engine(id, engine_serving()).empty());
  for (const auto& change : std::vector<std::function<void(EngineObserved&)>>{
           [](auto& o) { o.endpoint.reset(); }, [](auto& o) { o.unseen = "x"; },
           [](auto& o) { o.healthy = false; }, [](auto& o) { o.probes_well = false; },
           [](auto& o) { o.endpoint->disabled = true; },
           [](auto& o) { o.endpoint->path = std::string{failed_over_path}; }}) {
    auto o = engine_serving();
    o.armed = false;
    CHECK(against_engine(id, o).empty());
    change(o);
    CHECK_FALSE(against_engine(id, o).empty());
  }
  // Armed already: only the records are left, whatever Primary does.
  CHECK(against_engine(id, engine_latched()).empty());

  CHECK(against_engine_release(engine_latched(), {}).empty());
  CHECK_FALSE(against_engine_release(engine_serving(), {}).empty());
  CHECK(against_engine_release(engine_latched(), {{}, {}, 7, {}}).empty());
  CHECK_FALSE(against_engine_release(engine_latched(), {{}, {}, 6, {}}).empty());
  CHECK_FALSE(against_engine_release(engine_latched(), {false, {}, {}, {}}).empty());
  CHECK(against_engine_release(engine_latched(), {false, {}, {}, {"primary"}}).empty());
  CHECK_FALSE(against_engine_release(engine_latched(), {{}, false, {}, {}}).empty());
  // No word overrides what the engine would refuse.
  const auto down = changed_to(engine_latched(), [](auto& o) { o.probes_well = false; });
  CHECK_FALSE(against_engine_release(down, {{}, {}, {}, {"primary", "checks"}}).empty());
}
