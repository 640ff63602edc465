// SPDX-License-Identifier: Apache-2.0
// What people do by hand, and by mistake: forced statuses, deleted health checks, requests without
// the keys.
#include <doctest/doctest.h>

#include "failover_story.h"

namespace sitelatch::scenario {
namespace {

void force(FailoverStory& engine, route53::Forced forced) {
  REQUIRE(engine.route53().set_forced(engine.primary_check, forced));
  engine.wait(0s);
}

}  // namespace

TEST_CASE(
    "forced down: DNS moves, the alarm fires and latches, and `auto` does not undo the latch") {
  FailoverStory engine;
  engine.arm();
  force(engine, route53::Forced::down);
  CHECK(engine.dns() == backup_address);
  engine.wait(time_to_latch);
  CHECK(engine.path() == latch_path);
  force(engine, route53::Forced::none);
  CHECK(engine.dns() == backup_address);
  engine.wait(1h);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE(
    "forced up: an outage is hidden from DNS and from the alarm, and shows when the force ends") {
  FailoverStory engine;
  engine.arm();
  force(engine, route53::Forced::up);
  engine.primary().goes_down();
  engine.wait(10min);
  CHECK(engine.dns() == primary_address);
  CHECK(engine.alarm() == "OK");
  engine.crash();
  CHECK(engine.dns() == primary_address);
  force(engine, route53::Forced::none);
  CHECK(engine.dns() == backup_address);
  engine.wait(time_to_latch);
  CHECK(engine.path() == latch_path);
}

TEST_CASE("a force survives the engine's end") {
  FailoverStory engine;
  engine.arm();
  force(engine, route53::Forced::down);
  for (int i = 0; i < 5; ++i) {
    engine.crash();
    CHECK(engine.dns() == backup_address);
    engine.wait(1min);
  }
  CHECK(engine.dns() == backup_address);
  CHECK(engine.path() == latch_path);
}

// Fact route53-11: what was last known of a deleted check stands for the records that name it.
TEST_CASE("the latched health check is deleted: Backup is still answered") {
  FailoverStory engine;
  engine.arm();
  engine.lose_primary();
  engine.primary().comes_up();
  engine.ok("route53", "DeleteHealthCheck",
            Value::structure({{"HealthCheckId", engine.primary_check}}));
  for (int i = 0; i < 3; ++i) {
    engine.wait(10min);
    CHECK(engine.dns() == backup_address);
    engine.crash();
    CHECK(engine.dns() == backup_address);
  }
  CHECK(engine.alarm() == "OK");  // no more data is not breaching

  // What was last known counts in every later decision, too.
  engine.witness.both_down_is_known = true;
  engine.backup().goes_down();
  engine.wait(1min);
  CHECK(engine.dns() == primary_address);
  engine.backup().comes_up();
  engine.wait(1min);
  CHECK(engine.dns() == backup_address);
}

TEST_CASE(
    "the health check is deleted between failover and latch: the function says so, and Backup is "
    "still answered") {
  FailoverStory engine;
  engine.arm();
  engine.primary().goes_down();
  for (int s = 0; engine.dns() == primary_address && s < 60; ++s) engine.wait(1s);
  engine.wait(21s);
  engine.ok("route53", "DeleteHealthCheck",
            Value::structure({{"HealthCheckId", engine.primary_check}}));
  engine.primary().comes_up();
  engine.wait(10min);
  CHECK(engine.invoked.size() == 3);
  CHECK(engine.log().find(
            "An error occurred (NoSuchHealthCheck) when calling the UpdateHealthCheck operation") !=
        std::string::npos);
  CHECK(engine.dns() == backup_address);
}

// A disabled check is healthy by definition: whoever disables it switches back. Said here so that
// nobody is surprised.
TEST_CASE("disabling the latched health check is a switch back") {
  FailoverStory engine;
  engine.arm();
  engine.lose_primary();
  CHECK(engine.witness.latched());
  engine.witness.watch_no_more();
  engine.ok("route53", "UpdateHealthCheck",
            Value::structure({{"HealthCheckId", engine.primary_check}, {"Disabled", true}}));
  CHECK(engine.dns() == primary_address);
}

TEST_CASE("a switch back with an outdated version is refused") {
  FailoverStory engine;
  engine.arm();
  engine.lose_primary();
  const auto input = [&](int version) {
    return Value::structure({{"HealthCheckId", engine.primary_check},
                             {"ResourcePath", healthy_path},
                             {"HealthCheckVersion", version}});
  };
  const auto refused = engine.call("route53", "UpdateHealthCheck", input(1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "HealthCheckVersionMismatch");
  CHECK(engine.path() == latch_path);
  CHECK(engine.call("route53", "UpdateHealthCheck", input(2)));
  CHECK(engine.path() == healthy_path);
}

TEST_CASE("nobody without the keys undoes the latch") {
  FailoverStory engine;
  engine.arm();
  engine.lose_primary();
  engine.primary().comes_up();
  const auto request = [&engine] {
    aws::HttpRequest out;
    out.method = "POST";
    out.target = "/2013-04-01/healthcheck/" + engine.primary_check;
    out.headers = {{"Host", "127.0.0.1:4566"}, {"Content-Type", "application/xml"}};
    out.body =
        "<UpdateHealthCheckRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">"
        "<ResourcePath>/lb-check</ResourcePath></UpdateHealthCheckRequest>";
    out.peer = "127.0.0.1";
    return out;
  };
  const auto signed_by = [&](aws::SigningIdentity who) {
    auto out = request();
    aws::sign(out, who, {"us-east-1", "route53"}, engine.wall_now());
    return out;
  };
  CHECK(engine.http(request()).status == 403);
  CHECK(engine.http(signed_by({"AKIASOMEBODY", "secret", ""})).status == 403);
  auto wrong = engine.root();
  wrong.secret_access_key += "x";
  CHECK(engine.http(signed_by(wrong)).status == 403);
  auto tampered = signed_by(engine.root());
  tampered.target = "/2013-04-01/healthcheck/" + engine.backup_check;
  CHECK(engine.http(tampered).status == 403);
  auto old = request();
  aws::sign(old, engine.root(), {"us-east-1", "route53"}, engine.wall_now() - 16min);
  CHECK(engine.http(old).status == 403);
  engine.wait(10min);
  CHECK(engine.path() == latch_path);
  CHECK(engine.version() == 2);
  CHECK(engine.dns() == backup_address);

  // The same request, rightly signed, is the switch back.
  CHECK(engine.http(signed_by(engine.root())).status == 200);
  engine.wait(1min);
  CHECK(engine.dns() == primary_address);
}

}  // namespace sitelatch::scenario
