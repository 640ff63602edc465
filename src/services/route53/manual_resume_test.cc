// SPDX-License-Identifier: Apache-2.0
// Manual resume as the API shows it: what latches, that nothing but a release releases, what is
// durable when DNS says it, and what each refusal says. Facts route53-80 to route53-87.
#include <array>
#include <chrono>
#include <random>

#include "base/log.h"
#include "ports/rows.h"
#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;
using std::chrono::seconds;

namespace {

const std::string primary = "192.0.2.1", backup = "192.0.2.2";
const std::string tag_names = R"("ResourceType":"healthcheck","ResourceId":")";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A failover pair whose PRIMARY rests on `check`, which is probed every ten seconds, threshold 1.
struct Pair : Fixture {
  bool up = true;
  std::string check, zone;

  Pair() {
    set_log_level(LogLevel::error);  // each latch and release is a warning
    world.prober.judge = [this](const ports::ProbeRequest&) {
      return up ? ports::sim::healthy_observation() : ports::sim::failed_observation();
    };
    zone = make_zone();
    check = make_check("p");
    change(zone, {{"CREATE", a("primary.example.com", primary)},
                  {"CREATE", a("backup.example.com", backup)},
                  {"CREATE", alias(zone, "client.example.com", "primary.example.com", false,
                                   failover("PRIMARY", check))},
                  {"CREATE", alias(zone, "client.example.com", "backup.example.com", false,
                                   failover("SECONDARY"))}});
    world.advance(seconds{25});
  }
  std::string dns() const { return answer("client.example.com"); }
  void wait(int s = 25) { world.advance(seconds{s}); }

  std::string tag(const std::string& key, const std::string& value) {
    return tag(check, key, value);
  }
  std::string tag(const std::string& id, const std::string& key, const std::string& value) {
    auto out = refusal("ChangeTagsForResource", "{" + tag_names + id + R"(","AddTags":[{"Key":")" +
                                                    key + R"(","Value":")" + value + R"("}]})");
    world.settle();
    return out;
  }
  std::string untag(const std::string& key) {
    auto out = refusal("ChangeTagsForResource",
                       "{" + tag_names + check + R"(","RemoveTagKeys":[")" + key + R"("]})");
    world.settle();
    return out;
  }
  void arm() { REQUIRE(tag("sitelatch:manual-resume", "true") == "ok"); }
  // Armed, failed over, and Primary is back.
  void latch() {
    arm();
    up = false;
    wait();
    REQUIRE(dns() == backup);
    up = true;
    wait();
    REQUIRE(dns() == backup);
  }
  std::string release(const std::string& words) { return tag("sitelatch:resume", words); }
  std::string release() { return release(std::to_string(version()) + " looked at"); }
  std::string update(const std::string& members) {
    auto out =
        refusal("UpdateHealthCheck", R"({"HealthCheckId":")" + check + R"(",)" + members + "}");
    world.settle();
    return out;
  }
  std::int64_t version() {
    return ok("GetHealthCheck",
              R"({"HealthCheckId":")" + check + R"("})")["HealthCheck"]["HealthCheckVersion"]
        .integer();
  }
  // "key=value" of each, joined by blanks.
  std::string tags() { return tags(check); }
  std::string tags(const std::string& id) {
    const auto set = ok("ListTagsForResource", "{" + tag_names + id + R"("})")["ResourceTagSet"];
    std::vector<std::string> out;
    for (const auto& one : set["Tags"].items())
      out.push_back(one["Key"].string() + "=" + one["Value"].string());
    return join(out, " ");
  }
  bool latched() { return contains(tags(), "sitelatch:latched="); }
  HealthDescription description() const { return route53->describe_health().front(); }

  bool durable(const std::string& table) const {
    return world.journal.durable(table, check).has_value();
  }
  bool durably_unhealthy() const {
    const auto row = world.journal.durable("route53.health", check);
    return row && row->front() == 'u';
  }
};

}  // namespace

TEST_CASE("an armed check that fails over stays, though Primary is back at once") {
  Pair f;
  f.arm();
  CHECK(f.dns() == primary);
  CHECK_FALSE(f.latched());
  const auto before = f.version();
  f.up = false;
  f.wait(10);
  REQUIRE(f.dns() == backup);
  f.up = true;
  f.wait(3600);
  CHECK(f.dns() == backup);
  CHECK(f.version() == before + 1);
  const auto seen = f.ok("GetHealthCheckStatus", R"({"HealthCheckId":")" + f.check + R"("})");
  CHECK(contains(seen["HealthCheckObservations"].items().at(0)["StatusReport"]["Status"].string(),
                 "Success"));
  CHECK(f.metrics.of("HealthCheckStatus", f.check).back() == 0);
  CHECK(f.metrics.of("HealthCheckPercentageHealthy", f.check).back() == 100);
  CHECK(f.description().status == Status::unhealthy);
  CHECK(f.description().real_status == Status::healthy);
  CHECK(f.release() == "ok");
  CHECK(f.dns() == primary);
  CHECK(f.version() == before + 2);
  f.wait(3600);
  CHECK(f.dns() == primary);
}

TEST_CASE("without the tag, or with false, nothing latches") {
  for (const auto* value : {"", "false"}) {
    Pair f;
    if (*value != '\0') REQUIRE(f.tag("sitelatch:manual-resume", value) == "ok");
    f.up = false;
    f.wait();
    REQUIRE(f.dns() == backup);
    f.up = true;
    f.wait();
    CHECK(f.dns() == primary);
  }
}

TEST_CASE("failover and latch are one batch: no commit and no view has the one without the other") {
  Pair f;
  f.arm();
  const auto before = f.version();
  int failed_over = 0;
  const auto look = [&] {
    if (!f.durably_unhealthy()) return;
    ++failed_over;
    CHECK(f.durable("route53.latches"));
    const auto row = f.world.journal.durable("route53.health_checks", f.check);
    REQUIRE(row);
    CHECK(health_check_from_row(f.check, *row).version == before + 1);
  };
  f.world.journal.on_commit = [&](auto) { look(); };
  f.sink.on_publish = [&] {
    if (f.dns() == backup) CHECK(f.durable("route53.latches"));
    look();
  };
  f.up = false;
  f.wait(12);
  CHECK(failed_over > 2);
  CHECK(f.dns() == backup);
}

TEST_CASE("killed at every step of a failover: what was durable is latched, and nothing else") {
  int latched = 0, not_yet = 0;
  for (int steps = 0; steps < 60; ++steps) {
    Pair f;
    f.arm();
    f.up = false;
    for (int i = 0; i < steps; ++i) {
      if (f.world.later.run_one() || f.world.timers.run_one_due()) continue;
      if (f.world.journal.commit()) continue;
      if (const auto due = f.world.timers.next_due()) f.world.timers.move_to(*due);
    }
    const auto said = f.dns();
    const bool was_durable = f.durably_unhealthy();
    REQUIRE(f.durable("route53.latches") == was_durable);
    f.up = true;
    f.crash();
    REQUIRE(f.dns() == (was_durable ? backup : primary));
    if (said == backup) REQUIRE(was_durable);
    f.wait(120);
    CHECK(f.dns() == (was_durable ? backup : primary));
    CHECK(f.latched() == was_durable);
    ++(was_durable ? latched : not_yet);
  }
  CHECK(latched > 5);
  CHECK(not_yet > 2);
}

TEST_CASE("nothing but a release releases") {
  const std::vector<std::pair<const char*, std::function<std::string(Pair&)>>> attempts{
      {"path", [](Pair& f) { return f.update(R"("ResourcePath":"/other")"); }},
      {"threshold", [](Pair& f) { return f.update(R"("FailureThreshold":10)"); }},
      {"address", [](Pair& f) { return f.update(R"("IPAddress":"192.0.2.7")"); }},
      {"disabled", [](Pair& f) { return f.update(R"("Disabled":true)"); }},
      {"disabled and enabled",
       [](Pair& f) { return f.update(R"("Disabled":true)"), f.update(R"("Disabled":false)"); }},
      {"inverted", [](Pair& f) { return f.update(R"("Inverted":true)"); }},
      {"inverted twice",
       [](Pair& f) { return f.update(R"("Inverted":true)"), f.update(R"("Inverted":false)"); }},
      {"inverted while down", [](Pair& f) { return f.up = false, f.update(R"("Inverted":true)"); }},
      {"reset", [](Pair& f) { return f.update(R"("ResetElements":["ResourcePath"])"); }},
      {"nothing", [](Pair& f) { return f.update(R"("Port":80)"); }},
      {"another tag", [](Pair& f) { return f.tag("Name", "primary"); }},
      {"armed again", [](Pair& f) { return f.tag("sitelatch:manual-resume", "true"); }},
      {"taken away and armed",
       [](Pair& f) {
         return f.refusal("ChangeTagsForResource",
                          "{" + tag_names + f.check +
                              R"(","RemoveTagKeys":["sitelatch:manual-resume"],"AddTags":)"
                              R"([{"Key":"sitelatch:manual-resume","Value":"true"}]})");
       }},
      {"tripped", [](Pair& f) { return f.tag("sitelatch:trip", "stay"); }},
      {"forced down and auto",
       [](Pair& f) {
         REQUIRE(f.route53->set_forced(f.check, Forced::down));
         REQUIRE(f.route53->set_forced(f.check, Forced::none));
         return std::string{"ok"};
       }},
      {"crashed", [](Pair& f) { return f.crash(), std::string{"ok"}; }},
  };
  for (const auto& attempt : attempts) {
    CAPTURE(attempt.first);
    Pair f;
    f.latch();
    CHECK(attempt.second(f) == "ok");
    for (int i = 0; i < 3; ++i) {
      CHECK(f.dns() == backup);
      f.wait();
      CHECK(f.latched());
      f.crash();
    }
    CHECK(f.dns() == backup);
  }
}

TEST_CASE("what would take the latch away is refused, and says what to do") {
  Pair f;
  f.latch();
  const auto v = std::to_string(f.version());
  const auto says_what = "add the tag sitelatch:resume with the value \"" + v + " <reason>\"";
  for (const auto& said :
       {f.untag("sitelatch:manual-resume"), f.tag("sitelatch:manual-resume", "false"),
        f.untag("sitelatch:latched"), f.untag("sitelatch:cause")}) {
    CHECK(contains(said, "InvalidInput: "));
    CHECK(contains(said, says_what));
  }
  const auto forced = f.route53->set_forced(f.check, Forced::up);
  REQUIRE_FALSE(forced);
  CHECK(contains(forced.error().text, says_what));
  f.wait();
  CHECK(f.dns() == backup);
  CHECK(std::to_string(f.version()) == v);
  // Terraform, whose state knows neither tag.
  CHECK(
      contains(f.refusal("ChangeTagsForResource",
                         "{" + tag_names + f.check +
                             R"(","RemoveTagKeys":["sitelatch:latched","sitelatch:cause",)"
                             R"("sitelatch:manual-resume"],"AddTags":[{"Key":"a","Value":"b"}]})"),
               says_what));
  CHECK(f.latched());
  CHECK_FALSE(contains(f.tags(), "a=b"));
}

TEST_CASE("the latched check is deleted: whatever still names it goes on without Primary") {
  Pair f;
  f.latch();
  f.ok("DeleteHealthCheck", R"({"HealthCheckId":")" + f.check + R"("})");
  f.wait(3600);
  CHECK(f.dns() == backup);
  // Also when the pair is looked at anew.
  f.change(f.zone, {{"UPSERT", f.alias(f.zone, "client.example.com", "backup.example.com", true,
                                       f.failover("SECONDARY"))}});
  CHECK(f.dns() == backup);
  f.crash();
  CHECK(f.dns() == backup);
  CHECK_FALSE(f.durable("route53.latches"));
  // A new check is a new one: neither armed nor latched.
  const auto next = f.make_check("next");
  f.wait();
  CHECK(f.tags(next).empty());
  CHECK(f.description().status == Status::healthy);
  CHECK(f.dns() == backup);
}

TEST_CASE("a release wants the version, a reason, and a Primary that is seen healthy") {
  Pair f;
  f.latch();
  const auto v = f.version();
  for (const auto* text : {"", "looked at", "3", "3 "}) {
    const auto said = f.release(text);
    CHECK(contains(said,
                   "InvalidInput: The value of the tag sitelatch:resume is the "
                   "HealthCheckVersion"));
    CHECK(contains(said, "\"" + std::to_string(v) + " looked at by hand\""));
  }
  const auto old = f.release(std::to_string(v - 1) + " looked at");
  CHECK(contains(
      old, "its HealthCheckVersion is " + std::to_string(v) + ", not " + std::to_string(v - 1)));
  CHECK(contains(old, "It is latched since 2026-01-01T00:00:"));
  f.up = false;
  f.wait();
  CHECK(contains(f.release(), "it is unhealthy now ("));
  f.up = true;
  f.wait();
  REQUIRE(f.update(R"("Disabled":true)") == "ok");
  CHECK(contains(f.release(), "it is disabled"));
  REQUIRE(f.update(R"("Disabled":false)") == "ok");
  REQUIRE(f.route53->set_forced(f.check, Forced::down));
  CHECK(contains(f.release(), "it is unhealthy now (forced down by `sitelatch health`)"));
  REQUIRE(f.route53->set_forced(f.check, Forced::none));
  CHECK(f.dns() == backup);
  // Each update counted: only who knows of the last one may release.
  CHECK(f.version() == v + 2);
  CHECK(contains(f.release(std::to_string(v) + " looked at"), "is not released"));
  CHECK(f.release() == "ok");
  CHECK(f.dns() == primary);
  CHECK(f.tags() == "sitelatch:manual-resume=true");  // requests are not kept
}

TEST_CASE("the answer of a release was lost: asked again it is done, over a restart too") {
  Pair f;
  f.latch();
  const auto asked = std::to_string(f.version()) + " looked at";
  REQUIRE(f.release(asked) == "ok");
  const auto after = f.version();
  for (int i = 0; i < 3; ++i) {
    CHECK(f.release(asked) == "ok");
    CHECK(f.version() == after);
    f.crash();
  }
  // Somebody else's, by the same knowledge.
  CHECK(
      contains(f.release(std::to_string(after - 1) + " me too"), "it was released at 2026-01-01"));
  f.up = false;
  f.wait();
  f.up = true;
  f.wait();
  REQUIRE(f.dns() == backup);
  const auto late = f.release(asked);
  CHECK(contains(late, "its HealthCheckVersion is " + std::to_string(after + 1)));
  CHECK(f.dns() == backup);
}

TEST_CASE("a check without a latch has nothing to release") {
  Pair f;
  CHECK(contains(f.release("1 why"), "is not latched: there is nothing to release"));
  f.arm();
  CHECK(contains(f.release("1 why"), "is not latched: there is nothing to release"));
}

TEST_CASE(
    "tripped by hand: latched while Primary is well, and who has not seen it cannot release") {
  Pair f;
  CHECK(contains(f.tag("sitelatch:trip", "drill"), "has no manual resume"));
  f.arm();
  CHECK(contains(f.tag("sitelatch:trip", " "), "is the reason, in words"));
  const auto before = f.version();
  CHECK(f.tag("sitelatch:trip", "drill") == "ok");
  CHECK(f.dns() == backup);
  CHECK(f.version() == before + 1);
  CHECK(contains(f.tags(), "sitelatch:cause=by hand of "));
  CHECK(contains(f.tags(), ": drill"));
  // One operator has looked, the other says that it has to stay.
  const auto seen = std::to_string(f.version());
  CHECK(f.tag("sitelatch:trip", "until Monday") == "ok");
  const auto tripped = f.version();
  CHECK(f.tag("sitelatch:trip", "until Monday") == "ok");  // its answer was lost
  CHECK(f.version() == tripped);
  CHECK(contains(f.tags(), "until Monday"));
  CHECK(contains(f.release(seen + " drill is over"), "until Monday"));
  CHECK(f.dns() == backup);
  CHECK(f.release() == "ok");
  CHECK(f.dns() == primary);
}

TEST_CASE("what is unhealthy when it is armed latches at once") {
  Pair f;
  f.up = false;
  f.wait();
  REQUIRE(f.dns() == backup);
  f.arm();
  CHECK(f.latched());
  f.up = true;
  f.wait();
  CHECK(f.dns() == backup);
  CHECK(f.release() == "ok");
  CHECK(f.dns() == primary);
}

TEST_CASE("an update or a force that makes an armed check unhealthy latches it") {
  for (const auto* members : {R"("Inverted":true)", R"("Disabled":true,"Inverted":true)"}) {
    Pair f;
    f.arm();
    const auto answered =
        f.ok("UpdateHealthCheck", R"({"HealthCheckId":")" + f.check + R"(",)" + members + "}");
    f.world.settle();
    CHECK(f.latched());
    CHECK(answered["HealthCheck"]["HealthCheckVersion"].integer() == f.version());
    REQUIRE(f.update(R"("Disabled":false,"Inverted":false)") == "ok");
    f.wait();
    CHECK(f.dns() == backup);
  }
  Pair f;
  f.arm();
  REQUIRE(f.route53->set_forced(f.check, Forced::down));
  REQUIRE(f.route53->set_forced(f.check, Forced::none));
  f.wait();
  CHECK(f.dns() == backup);
  CHECK(contains(f.tags(), "sitelatch:cause=forced down"));
}

TEST_CASE("disarmed again before anything happened, it follows its probes") {
  Pair f;
  f.arm();
  CHECK(f.untag("sitelatch:manual-resume") == "ok");
  f.up = false;
  f.wait();
  REQUIRE(f.dns() == backup);
  f.up = true;
  f.wait();
  CHECK(f.dns() == primary);
}

TEST_CASE("a latched child is unhealthy for its CALCULATED parents, and a parent latches itself") {
  Pair f;
  const auto other = f.make_check("other");
  const auto parent =
      f.make_check("parent", R"({"Type":"CALCULATED","HealthThreshold":2,"ChildHealthChecks":[")" +
                                 f.check + R"(",")" + other + R"("]})");
  const auto status = [&](const std::string& id) {
    for (const auto& check : f.route53->describe_health())
      if (check.id == id) return check.status;
    return Status::healthy;
  };
  f.latch();
  CHECK(status(parent) == Status::unhealthy);
  REQUIRE(f.tag(parent, "sitelatch:manual-resume", "true") == "ok");
  CHECK(
      contains(f.tags(parent), "sitelatch:cause=1 of 2 children are healthy, where 2 are needed"));
  REQUIRE(f.release() == "ok");
  f.wait();
  CHECK(status(f.check) == Status::healthy);
  CHECK(status(parent) == Status::unhealthy);
  f.crash();
  CHECK(status(parent) == Status::unhealthy);
  REQUIRE(f.tag(parent, "sitelatch:resume", "2 looked at") == "ok");
  CHECK(status(parent) == Status::healthy);
}

TEST_CASE("a check of metric data latches too") {
  Pair f;
  const auto metric = f.make_check(
      "m",
      R"({"Type":"CLOUDWATCH_METRIC","AlarmIdentifier":{"Region":"us-east-1","Name":"alarm"}})");
  REQUIRE(f.tag(metric, "sitelatch:manual-resume", "true") == "ok");
  f.wait(120);
  CHECK(f.tags(metric) == "sitelatch:manual-resume=true");
  f.stream.state = MetricDataStream::State::alarm;
  f.wait(120);
  f.stream.state = MetricDataStream::State::ok;
  f.wait(120);
  CHECK(contains(f.tags(metric), "sitelatch:cause=by the data of alarm alarm"));
}

TEST_CASE("both lists show the latch while there is one, and nobody can write it") {
  Pair f;
  CHECK(contains(f.tag("sitelatch:latched", "2026"), "is the engine's own"));
  CHECK(contains(f.tag("sitelatch:cause", "x"), "is the engine's own"));
  CHECK(f.untag("sitelatch:latched") == "ok");  // there is none
  f.latch();
  const auto tags = f.tags();
  CHECK(contains(tags, "sitelatch:latched=2026-01-01T00:00:"));
  CHECK(contains(tags, "Z version " + std::to_string(f.version()) + " "));
  CHECK(contains(tags, "sitelatch:cause="));
  const auto sets =
      f.ok("ListTagsForResources", R"({"ResourceType":"healthcheck","ResourceIds":[")" + f.check +
                                       R"("]})")["ResourceTagSets"];
  CHECK(sets.items().at(0)["Tags"].items().size() == 3);
  CHECK(f.description().latch.latch.has_value());
  REQUIRE(f.release() == "ok");
  CHECK(f.tags() == "sitelatch:manual-resume=true");
  CHECK(f.description().latch.last_release->reason == "looked at");
}

TEST_CASE("a cause is cut to what a tag holds, between characters") {
  Pair f;
  f.arm();
  std::string reason;
  for (int i = 0; i < 250; ++i) reason += "ü";
  REQUIRE(f.tag("sitelatch:trip", reason) == "ok");
  const auto set = f.ok("ListTagsForResource", "{" + tag_names + f.check + R"("})");
  const auto cause = set["ResourceTagSet"]["Tags"].items().back()["Value"].string();
  CHECK(valid_utf8(cause));
  CHECK(utf8_length(cause) == 256);
}

TEST_CASE("keys that could be mistaken, values that say nothing, zones, and requests in company") {
  Pair f;
  for (const auto* key : {"Sitelatch:Manual-Resume", "sitelatch:manual_resume", "sitelatch:RESUME",
                          " sitelatch:trip"})
    CHECK(contains(f.tag(key, "true"), "could be mistaken for sitelatch:"));
  for (const auto* value : {"", "True", "yes", "1"})
    CHECK(contains(f.tag("sitelatch:manual-resume", value), "is true or false, not"));
  CHECK(f.tag("sitelatch:calibrate", "run") == "ok");
  CHECK(
      contains(f.refusal("ChangeTagsForResource",
                         R"({"ResourceType":"hostedzone","ResourceId":")" + f.zone +
                             R"(","AddTags":[{"Key":"sitelatch:manual-resume","Value":"true"}]})"),
               "is a property of health checks"));
  f.latch();
  const auto v = std::to_string(f.version());
  const std::string release_it = R"({"Key":"sitelatch:resume","Value":")" + v + R"( x"})";
  const std::string another = R"({"Key":"a","Value":"b"})";
  for (const auto& company :
       {R"("AddTags":[)" + release_it + "," + another + "]",
        R"("AddTags":[)" + another + R"(,{"Key":"sitelatch:trip","Value":"x"}])",
        R"("AddTags":[)" + release_it + R"(],"RemoveTagKeys":["sitelatch:manual-resume"])"})
    CHECK(contains(
        f.refusal("ChangeTagsForResource", "{" + tag_names + f.check + R"(",)" + company + "}"),
        "is a request and comes alone"));
  CHECK(f.latched());
}

TEST_CASE("a data directory of before manual resume, armed by its tag and failed over: latched") {
  Pair f;
  f.up = false;
  f.wait();
  REQUIRE(f.dns() == backup);
  f.world.journal.put("route53.tags", "healthcheck/" + f.check,
                      R"({"sitelatch:manual-resume":"true"})");
  f.world.journal.commit();
  f.crash();
  f.world.settle();
  CHECK(f.durable("route53.latches"));
  f.up = true;
  f.wait();
  CHECK(f.dns() == backup);
  CHECK(f.release() == "ok");
}

TEST_CASE("rows of latches and releases that no engine wrote are refused by their names") {
  for (const auto* table : {"route53.latches", "route53.releases"}) {
    for (const auto* row : {"", "nonsense", "{}", R"({"since":"x","cause":"c","tripped":""})"}) {
      Pair f;
      f.world.journal.put(table, f.check, row);
      f.world.journal.commit();
      CHECK_THROWS_WITH_AS(f.crash(), doctest::Contains(table), ports::BadRow);
    }
  }
}

// --- every order, on the service itself

namespace {

enum class Act {
  down,
  up,
  arm,
  disarm,
  disable,
  enable,
  invert,
  turn_back,
  force_up,
  force_down,
  force_auto,
  trip,
  release,
  edit,
  crash
};
constexpr int acts = 15;

// What a person would say of the pair, by the rules as they are written down.
struct Expected {
  bool armed = false, real_bad = false, disabled = false, inverted = false, latched = false;
  int forced = 0;  // 1 up, -1 down
  bool own_bad() const {
    if (forced != 0) return forced < 0;
    return (real_bad && !disabled) != inverted;
  }
  void settle() { latched = latched || (armed && own_bad()); }
};

struct Story {
  Pair f;
  Expected e;

  void act(Act act) {
    const auto update = [&](const char* members) { CHECK(f.update(members) == "ok"); };
    const auto force = [&](Forced forced, bool accepted) {
      CHECK(f.route53->set_forced(f.check, forced).has_value() == accepted);
    };
    switch (act) {
      case Act::down:
      case Act::up:
        f.up = act == Act::up;
        break;
      case Act::arm:
        CHECK(f.tag("sitelatch:manual-resume", "true") == "ok");
        e.armed = true;
        break;
      case Act::disarm:
        CHECK((f.untag("sitelatch:manual-resume") == "ok") == !e.latched);
        if (!e.latched) e.armed = false;
        break;
      case Act::disable:
      case Act::enable:
        e.disabled = act == Act::disable;
        update(e.disabled ? R"("Disabled":true)" : R"("Disabled":false)");
        break;
      case Act::invert:
      case Act::turn_back:
        e.inverted = act == Act::invert;
        update(e.inverted ? R"("Inverted":true)" : R"("Inverted":false)");
        break;
      case Act::force_up:
        force(Forced::up, !e.latched);
        if (!e.latched) e.forced = 1;
        break;
      case Act::force_down:
        force(Forced::down, true);
        e.forced = -1;
        break;
      case Act::force_auto:
        force(Forced::none, true);
        e.forced = 0;
        break;
      case Act::trip:
        CHECK((f.tag("sitelatch:trip", "by hand") == "ok") == e.armed);
        e.latched = e.latched || e.armed;
        break;
      case Act::release: {
        const bool releases = e.latched && !e.own_bad() && !e.disabled;
        CHECK((f.release() == "ok") == releases);
        if (releases) e.latched = false;
        break;
      }
      case Act::edit:
        update(R"("ResourcePath":"/elsewhere")");
        break;
      case Act::crash:
        f.crash();
        break;
    }
    e.settle();
    look();
    f.wait(12);  // at least one probe
    if (!e.disabled) e.real_bad = !f.up;
    e.settle();
    look();
  }
  void look() {
    f.world.settle();
    CHECK(f.dns() == (e.latched || e.own_bad() ? backup : primary));
    CHECK(f.latched() == e.latched);
    CHECK(f.durable("route53.latches") == e.latched);
  }
};

}  // namespace

TEST_CASE("every order of three acts, and long ones by chance: the latch is as written down") {
  for (int n = 0; n < acts * acts * acts; ++n) {
    CAPTURE(n);
    Story story;
    for (int rest = n, i = 0; i < 3; ++i, rest /= acts) story.act(Act{rest % acts});
  }
  int latched = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    Story story;
    for (int i = 0; i < 12; ++i) story.act(Act{static_cast<int>(random() % acts)});
    latched += story.e.latched ? 1 : 0;
  }
  CHECK(latched > 50);
}
