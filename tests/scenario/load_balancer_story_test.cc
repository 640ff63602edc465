// SPDX-License-Identifier: Apache-2.0
// Keycloak's own layout: `primary.` and `backup.` are aliases of load balancers, `client.` fails
// over between the two, with a health check each and EvaluateTargetHealth everywhere.
#include <doctest/doctest.h>

#include "failover_story.h"

namespace sitelatch::scenario {
namespace {

const std::string lb_1 = "keycloak-1.eu-west-1.elb.amazonaws.com",
                  lb_2 = "keycloak-2.eu-central-1.elb.amazonaws.com";

struct LoadBalancerStory : FailoverStory {
  LoadBalancerStory() {
    say(lb_1, primary_address);
    say(lb_2, backup_address);
    ok("route53", "ChangeResourceRecordSets",
       Value::structure(
           {{"HostedZoneId", zone},
            {"ChangeBatch",
             Value::structure(
                 {{"Changes",
                   Value::list(
                       {create("primary.example.test", "Z32O12XQLNTSW2", "dualstack." + lb_1),
                        create("backup.example.test", "Z215JYRZR1TBD5", lb_2),
                        upsert("PRIMARY", primary_check, "primary.example.test"),
                        upsert("SECONDARY", backup_check, "backup.example.test")})}})}}));
  }
  void say(const std::string& target, const std::string& address) {
    REQUIRE(route53().say_of_target({target, {{address}}, {}, {}, ""}).has_value());
    wait(0s);
  }
  void is_up(const std::string& target, bool up) {
    REQUIRE(route53().say_of_target({target, {}, {}, up, ""}).has_value());
    wait(0s);
  }
  static Value alias(const std::string& to_zone, const std::string& target) {
    return Value::structure(
        {{"HostedZoneId", to_zone}, {"DNSName", target}, {"EvaluateTargetHealth", true}});
  }
  static Value create(const std::string& record, const std::string& to_zone,
                      const std::string& target) {
    return Value::structure(
        {{"Action", "CREATE"},
         {"ResourceRecordSet",
          Value::structure(
              {{"Name", record}, {"Type", "A"}, {"AliasTarget", alias(to_zone, target)}})}});
  }
  Value upsert(const std::string& role, const std::string& check, const std::string& target) const {
    return Value::structure(
        {{"Action", "UPSERT"},
         {"ResourceRecordSet",
          Value::structure({{"Name", client_name},
                            {"Type", "A"},
                            {"SetIdentifier", role == "PRIMARY" ? "primary" : "secondary"},
                            {"Failover", role},
                            {"HealthCheckId", check},
                            {"AliasTarget", alias(zone, target)}})}});
  }
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

TEST_CASE("load balancers: one that is down fails over by itself, and no latch hears of it") {
  LoadBalancerStory engine;
  engine.arm();
  engine.is_up(lb_1, false);
  CHECK(engine.dns() == backup_address);
  CHECK(engine.dns() == engine.TestEngine::dns("backup.example.test"));
  CHECK(engine.TestEngine::dns("primary.example.test") == primary_address);
  engine.crash();
  CHECK(engine.dns() == backup_address);
  engine.wait(time_to_latch);
  CHECK(engine.path() == healthy_path);  // the check is well: this is what `doctor` warns of
  CHECK(engine.alarm() == "OK");
  engine.is_up(lb_2, false);
  CHECK(engine.dns() == primary_address);  // nothing healthy: PRIMARY
  engine.is_up(lb_1, true);
  CHECK(engine.dns() == primary_address);
}

}  // namespace sitelatch::scenario
