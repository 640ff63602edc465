// SPDX-License-Identifier: Apache-2.0
// Checkers: where they are, the rhythm and the opinion of each, and what they add up to.
#include "services/route53/checkers.h"

#include <map>
#include <set>

#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

std::vector<std::string> names(const std::vector<std::string>& regions, std::size_t checkers) {
  std::vector<std::string> out;
  for (const auto& place : checkers_in(regions, checkers)) out.push_back(name_of(place));
  return out;
}

struct Probed {
  Instant at;
  int checker;
  std::string region;
};

// A check of an endpoint that some checkers do not reach; every probe is written down.
struct Sixteen : Fixture {
  explicit Sixteen(std::size_t checkers = 16) {
    options.checkers = checkers;
    crash();
    world.prober.judge = [this](const ports::ProbeRequest& request) {
      probed.push_back(
          {world.timers.now(), request.checker.number, std::string{request.checker.region}});
      return request.checker.number < cut_off ? ports::sim::failed_observation()
                                              : ports::sim::healthy_observation();
    };
  }
  std::string check(int threshold, const std::string& more = "") {
    return make_check("x", R"({"Type":"HTTP","IPAddress":"192.0.2.1","Port":80,)"
                           R"("RequestInterval":10,"FailureThreshold":)" +
                               std::to_string(threshold) + more + "}");
  }
  bool healthy() const { return route53->describe_health().front().status == Status::healthy; }
  std::map<int, std::vector<Instant>> by_checker() const {
    std::map<int, std::vector<Instant>> out;
    for (const auto& each : probed) out[each.checker].push_back(each.at);
    return out;
  }
  int cut_off = 0;  // the first so many
  std::vector<Probed> probed;
};

}  // namespace

TEST_CASE("checkers: two in each Region, one a Region in turn") {
  CHECK(names({}, 1) == std::vector<std::string>{"us-east-1/1"});
  CHECK(names({"sa-east-1", "eu-west-1", "us-west-2"}, 1) ==
        std::vector<std::string>{"sa-east-1/1"});
  CHECK(names({}, 9) == std::vector<std::string>{"us-east-1/1", "us-west-1/1", "us-west-2/1",
                                                 "eu-west-1/1", "ap-southeast-1/1",
                                                 "ap-southeast-2/1", "ap-northeast-1/1",
                                                 "sa-east-1/1", "us-east-1/2"});
  CHECK(names({"eu-west-1", "us-west-2", "eu-west-1", "sa-east-1"}, 16) ==
        std::vector<std::string>{"eu-west-1/1", "us-west-2/1", "sa-east-1/1", "eu-west-1/2",
                                 "us-west-2/2", "sa-east-1/2"});
  const auto all = names({}, most_checkers);
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 16);
  CHECK(names({}, 100) == all);
}

TEST_CASE("every checker probes by a rhythm of its own, from its answer to its next request") {
  Sixteen f;
  const auto made = f.world.timers.now();
  f.check(1);
  f.world.advance(minutes{2});
  const auto all = f.by_checker();
  REQUIRE(all.size() == 16);
  std::set<std::int64_t> phases;
  for (const auto& [checker, at] : all) {
    REQUIRE(at.size() >= 11);
    // The single one's second probe comes early (fact route53-13); all other gaps are the interval.
    for (std::size_t i = checker == 0 ? 2 : 1; i < at.size(); ++i)
      CHECK(at[i] - at[i - 1] == seconds{10});
    phases.insert(unix_ms(at.back()) % 10'000);
  }
  CHECK(phases.size() == 16);
  CHECK(*phases.rbegin() - *phases.begin() > 5'000);  // spread, not in one heap
  CHECK(all.at(0).front() - made < seconds{1});
}

TEST_CASE("thirteen of sixteen cut off: healthy; fourteen: unhealthy; three back: healthy") {
  for (const int threshold : {1, 3}) {
    Sixteen f;
    const auto id = f.check(threshold);
    f.world.advance(minutes{1});
    f.cut_off = 13;
    f.world.advance(minutes{10});
    CHECK(f.healthy());
    CHECK(f.metrics.of("HealthCheckPercentageHealthy", id).back() == 18.75);
    CHECK(f.metrics.of("HealthCheckStatus", id).back() == 1.0);
    f.cut_off = 14;
    if (threshold > 1) {
      f.world.advance(seconds{(threshold - 1) * 10 - 1});
      CHECK(f.healthy());  // the fourteenth has not failed often enough
    }
    f.world.advance(seconds{11});
    CHECK_FALSE(f.healthy());
    f.world.advance(minutes{1});
    CHECK(f.metrics.of("HealthCheckPercentageHealthy", id).back() == 12.5);
    CHECK(f.metrics.of("HealthCheckStatus", id).back() == 0.0);
    f.cut_off = 13;
    f.world.advance(seconds{threshold * 10});
    CHECK(f.healthy());
    f.cut_off = 16;
    f.world.advance(minutes{2});
    CHECK_FALSE(f.healthy());
    f.cut_off = 0;
    f.world.advance(minutes{2});
    CHECK(f.metrics.of("HealthCheckPercentageHealthy", id).back() == 100.0);
  }
}

TEST_CASE(
    "of a single checker nothing is different: its first failure at threshold 1 is the check's") {
  Sixteen f{1};
  f.check(1);
  f.world.advance(seconds{30});
  f.cut_off = 1;
  f.world.advance(seconds{10});
  CHECK_FALSE(f.healthy());
  CHECK(f.by_checker().size() == 1);
  f.cut_off = 0;
  f.world.advance(seconds{10});
  CHECK(f.healthy());
}

TEST_CASE("after a restart the stored status stands until enough checkers contradict it") {
  Sixteen f;
  f.check(2);
  f.cut_off = 16;
  f.world.advance(minutes{2});
  REQUIRE_FALSE(f.healthy());
  f.crash();
  f.cut_off = 14;
  f.world.advance(minutes{10});
  CHECK_FALSE(f.healthy());
  f.crash();
  f.cut_off = 13;
  f.world.advance(seconds{9});
  CHECK_FALSE(f.healthy());  // no checker has passed twice
  f.world.advance(seconds{21});
  CHECK(f.healthy());
  f.crash();
  CHECK(f.healthy());
  f.world.advance(minutes{10});
  CHECK(f.healthy());
}

TEST_CASE("GetHealthCheckStatus tells one observation of each checker, each from its Region") {
  Sixteen f;
  const auto id = f.check(1);
  const std::string in = R"({"HealthCheckId":")" + id + "\"}";
  CHECK(f.ok("GetHealthCheckStatus", in)["HealthCheckObservations"].items().empty());
  f.cut_off = 5;
  f.world.advance(seconds{20});
  std::map<std::string, int> regions;
  std::set<std::string> addresses;
  int failures = 0;
  const auto told = f.ok("GetHealthCheckStatus", in);
  for (const auto& each : told["HealthCheckObservations"].items()) {
    ++regions[each["Region"].string()];
    addresses.insert(each["IPAddress"].string());
    failures += each["StatusReport"]["Status"].string().starts_with("Failure: ") ? 1 : 0;
  }
  CHECK(regions.size() == 8);
  for (const auto& [region, checkers] : regions) CHECK(checkers == 2);
  CHECK(addresses.size() == 16);
  CHECK(addresses.contains("127.0.0.16"));
  CHECK(failures == 5);
  CHECK(f.ok("GetHealthCheckLastFailureReason", in)["HealthCheckObservations"].items().size() == 5);
  CHECK(f.ok("GetCheckerIpRanges", "{}")["CheckerIpRanges"].strings() ==
        std::vector<std::string>{"127.0.0.0/27", "::1/128"});
  const auto described = f.route53->describe_health().front();
  CHECK(described.checkers.all == 16);
  CHECK(described.checkers.healthy == 11);
}

TEST_CASE("Regions say which checkers probe; those that come begin with the check's status") {
  Sixteen f;
  const auto id = f.check(1, R"(,"Regions":["eu-west-1","us-west-2","sa-east-1"])");
  const auto update = [&](const std::string& members) {
    f.ok("UpdateHealthCheck", R"({"HealthCheckId":")" + id + "\"," + members + "}");
  };
  f.world.advance(minutes{1});
  CHECK(f.by_checker().size() == 6);
  f.cut_off = 16;
  f.world.advance(minutes{1});
  REQUIRE_FALSE(f.healthy());
  // All Regions: ten more, and a check that is unhealthy does not become healthy by them.
  f.probed.clear();
  update(R"("ResetElements":["Regions"])");
  CHECK_FALSE(f.healthy());
  f.world.advance(minutes{1});
  CHECK_FALSE(f.healthy());
  CHECK(f.by_checker().size() == 16);
  // Fewer: the others probe no more.
  f.cut_off = 0;
  f.world.advance(minutes{1});
  CHECK(f.healthy());
  update(R"("Regions":["ap-northeast-1","us-west-2","sa-east-1"])");
  f.probed.clear();
  f.world.advance(minutes{1});
  std::set<std::string> regions;
  for (const auto& each : f.probed) regions.insert(each.region);
  CHECK(regions == std::set<std::string>{"ap-northeast-1", "us-west-2", "sa-east-1"});
  CHECK(f.probed.size() <= 6 * 7);
  update(R"("Disabled":true)");
  f.probed.clear();
  f.world.advance(minutes{1});
  CHECK(f.probed.empty());
}

TEST_CASE(
    "a single checker goes on undisturbed when the Regions change, and is told from the first of "
    "them") {
  Sixteen f{1};
  const auto id = f.check(3);
  f.world.advance(minutes{1});
  f.cut_off = 1;
  f.world.advance(seconds{20});  // two failures
  const auto probes = f.probed.size();
  f.ok("UpdateHealthCheck",
       R"({"HealthCheckId":")" + id + R"(","Regions":["eu-west-1","us-west-2","sa-east-1"]})");
  f.world.advance(seconds{10});
  CHECK(f.probed.size() == probes + 1);
  CHECK_FALSE(f.healthy());
  const auto seen = f.ok("GetHealthCheckStatus", R"({"HealthCheckId":")" + id + "\"}");
  REQUIRE(seen["HealthCheckObservations"].items().size() == 1);
  CHECK(seen["HealthCheckObservations"].items()[0]["Region"].string() == "eu-west-1");
  CHECK(seen["HealthCheckObservations"].items()[0]["IPAddress"].string() == "127.0.0.1");
}

TEST_CASE("a probe of a checker that is gone says nothing, also when one is at its place again") {
  Sixteen f;
  std::vector<std::pair<int, std::function<void(ports::Observation)>>> held;
  struct HeldProber final : ports::Prober {
    explicit HeldProber(decltype(held)& all) : waiting(all) {}
    void probe(ports::ProbeRequest request, std::function<void(ports::Observation)> done) override {
      waiting.emplace_back(request.checker.number, std::move(done));
    }
    decltype(held)& waiting;
  } prober{held};
  f.route53 = std::make_unique<Route53>(f.world.journal, f.world.timers, f.world.entropy, prober,
                                        f.metrics, nullptr, f.sink, f.options);
  const auto id = f.check(1);
  const auto regions = [&](const std::string& list) {
    f.ok("UpdateHealthCheck", R"({"HealthCheckId":")" + id + R"(","Regions":[)" + list + "]}");
  };
  f.world.advance(seconds{15});
  REQUIRE(held.size() == 16);  // each has one under way, and no more
  regions(R"("eu-west-1","us-west-2","sa-east-1")");
  regions(R"("us-east-1","us-west-1","ap-southeast-1")");  // all six are new
  for (auto& [checker, done] : held) done(ports::sim::failed_observation());
  CHECK(f.healthy());
  held.clear();
  f.world.advance(seconds{15});
  CHECK(held.size() == 6);
  for (auto& [checker, done] : held) done(ports::sim::failed_observation());
  CHECK_FALSE(f.healthy());
}

TEST_CASE("a thousand checks of sixteen checkers: each probes once an interval") {
  Fixture f;
  f.options.checkers = 16;
  f.crash();
  for (int i = 0; i < 1000; ++i)
    f.make_check(std::to_string(i), R"({"Type":"HTTP","IPAddress":"192.0.2.1","Port":80})");
  f.world.advance(seconds{30});
  const auto first = f.world.prober.probes;
  CHECK(first >= 16'000);
  // Not all at once: no second of the next interval has more than its share of them and a bit.
  std::size_t most = 0;
  for (int second = 0; second < 30; ++second) {
    const auto before = f.world.prober.probes;
    f.world.advance(seconds{1});
    most = std::max(most, f.world.prober.probes - before);
  }
  CHECK(f.world.prober.probes - first == 16'000);
  CHECK(most < 700);
}
