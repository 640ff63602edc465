// SPDX-License-Identifier: Apache-2.0
// Keycloak's own layout: `primary.` and `backup.` are aliases of load balancers, `client.` fails
// over between the two, with a health check each and EvaluateTargetHealth everywhere.
#include <doctest/doctest.h>

#include "failover_story.h"

namespace sitelatch::scenario {
namespace {

const std::string lb_1 = "keycloak-1.eu-west-1.elb.amazonaws.com",
                  lb_2 = "keycloak-2.eu-central-1.elb.amazonaws.com";

void say(TestEngine& engine, const std::string& target, const std::string& address) {
  REQUIRE(engine.route53().say_of_target({target, {{address}}, {}, {}, ""}).has_value());
  engine.wait(0s);
}
void is_up(TestEngine& engine, const std::string& target, bool up) {
  REQUIRE(engine.route53().say_of_target({target, {}, {}, up, ""}).has_value());
  engine.wait(0s);
}

Value upsert(const std::string& name, const std::string& to_zone, const std::string& target,
             const std::string& role = "", const std::string& check = "") {
  auto record =
      Value::structure({{"Name", name},
                        {"Type", "A"},
                        {"AliasTarget", Value::structure({{"HostedZoneId", to_zone},
                                                          {"DNSName", target},
                                                          {"EvaluateTargetHealth", true}})}});
  if (!role.empty()) {
    record.set("SetIdentifier", role == "PRIMARY" ? "primary" : "secondary");
    record.set("Failover", role);
    record.set("HealthCheckId", check);
  }
  return Value::structure({{"Action", "UPSERT"}, {"ResourceRecordSet", record}});
}

void lay_out(TestEngine& engine, const std::string& zone, const std::string& primary_check,
             const std::string& backup_check) {
  say(engine, lb_1, primary_address);
  say(engine, lb_2, backup_address);
  const auto changes =
      Value::list({upsert("primary.example.test", "Z32O12XQLNTSW2", "dualstack." + lb_1),
                   upsert("backup.example.test", "Z215JYRZR1TBD5", lb_2),
                   upsert(client_name, zone, "primary.example.test", "PRIMARY", primary_check),
                   upsert(client_name, zone, "backup.example.test", "SECONDARY", backup_check)});
  engine.ok("route53", "ChangeResourceRecordSets",
            Value::structure({{"HostedZoneId", zone},
                              {"ChangeBatch", Value::structure({{"Changes", changes}})}}));
}

struct LoadBalancerStory : FailoverStory {
  LoadBalancerStory() { lay_out(*this, zone, primary_check, backup_check); }
};

// The same without a guard, and without a witness who knows of health checks alone.
struct Unguarded : TestEngine {
  Unguarded() {
    const auto zone = ok("route53", "CreateHostedZone",
                         Value::structure({{"Name", "example.test"}, {"CallerReference", "z"}}));
    const auto id = zone["HostedZone"]["Id"].string();
    lay_out(*this, id.substr(id.rfind('/') + 1), make_check("primary", "127.0.1.1"),
            make_check("backup", "127.0.1.2"));
  }
  std::string make_check(const std::string& name, const std::string& address) {
    site(name, address);
    const auto config = Value::structure({{"Type", "HTTP"},
                                          {"IPAddress", address},
                                          {"Port", site_port},
                                          {"ResourcePath", healthy_path}});
    return ok("route53", "CreateHealthCheck",
              Value::structure(
                  {{"CallerReference", name}, {"HealthCheckConfig", config}}))["HealthCheck"]["Id"]
        .string();
  }
  std::string client() const { return dns(client_name); }
};

}  // namespace

TEST_CASE("load balancers: a failed Primary is latched behind aliases of aliases") {
  LoadBalancerStory engine;
  engine.arm();
  CHECK(engine.dns() == primary_address);
  engine.primary().goes_down();
  engine.wait(time_to_latch);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.path() == latch_path);
  engine.primary().comes_up();
  engine.wait(6h);
  CHECK(engine.dns() == backup_address);
  engine.crash();
  CHECK(engine.dns() == backup_address);
  engine.switch_back_by_hand();
  engine.wait(3min);
  CHECK(engine.dns() == primary_address);
}

TEST_CASE("load balancers: one that is down fails over, with no health check unhealthy") {
  Unguarded engine;
  CHECK(engine.client() == primary_address);
  is_up(engine, lb_1, false);
  CHECK(engine.client() == backup_address);
  CHECK(engine.dns("primary.example.test") == primary_address);
  engine.crash();
  CHECK(engine.client() == backup_address);
  engine.wait(1h);
  CHECK(engine.client() == backup_address);
  is_up(engine, lb_2, false);
  CHECK(engine.client() == primary_address);  // nothing healthy: PRIMARY
  is_up(engine, lb_1, true);
  CHECK(engine.client() == primary_address);
  // It goes back by itself, which is why a guard wants EvaluateTargetHealth away.
  is_up(engine, lb_2, true);
  is_up(engine, lb_1, false);
  CHECK(engine.client() == backup_address);
  is_up(engine, lb_1, true);
  CHECK(engine.client() == primary_address);
}

TEST_CASE("load balancers: a health check and a target count together") {
  Unguarded engine;
  engine.site("primary").goes_down();
  engine.wait(3min);
  CHECK(engine.client() == backup_address);
  is_up(engine, lb_2, false);
  CHECK(engine.client() == primary_address);
  engine.site("primary").comes_up();
  is_up(engine, lb_1, false);
  is_up(engine, lb_2, true);
  engine.wait(3min);
  CHECK(engine.client() == backup_address);
}

}  // namespace sitelatch::scenario
