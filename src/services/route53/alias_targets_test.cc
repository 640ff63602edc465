// SPDX-License-Identifier: Apache-2.0
// Aliases that leave the account: which are taken, what they answer, and whose health they have
// (facts route53-130 to route53-134).
#include "services/route53/alias_targets.h"

#include <map>

#include "services/route53/aws_zones.h"
#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using namespace sitelatch::route53::testing;

namespace {

const std::string elb_zone = "Z32O12XQLNTSW2", nlb_zone = "Z2IFOLAFXWLO4F",
                  cdn_zone = "Z2FDTNDATAQYW2", site_zone = "Z1BKCTXD74EZPE";
const std::string lb_1 = "lb-1.eu-west-1.elb.amazonaws.com",
                  lb_2 = "lb-2.eu-west-1.elb.amazonaws.com";

std::string wire(const std::string& text) { return dns::name_from_text(text).value(); }

struct ScriptedNames final : ports::NameWatch {
  void watch(const std::string& name, std::function<void(const ports::NameAnswer&)> told) override {
    watched[name] = std::move(told);
  }
  void forget(const std::string& name) override { watched.erase(name); }
  std::map<std::string, std::function<void(const ports::NameAnswer&)>> watched;
};

// A route53 whose outside is looked up in a script.
struct World : Fixture {
  ScriptedNames names;
  std::string zone;
  World() {
    look_up(true);
    zone = make_zone();
  }
  void look_up(bool on) {
    route53.reset();
    route53 = std::make_unique<Route53>(world.journal, world.timers, world.entropy, world.prober,
                                        metrics, &stream, sink, options, on ? &names : nullptr);
  }
  TargetDescription say(TargetWord word) {
    const auto out = route53->say_of_target(word);
    const std::string why = out ? "" : out.error().text;
    REQUIRE_MESSAGE(out.has_value(), why);
    world.settle();
    return *out;
  }
  void address(const std::string& name, const std::string& text) {
    say({name, {{text}}, {}, {}, ""});
  }
  void health(const std::string& name, bool up) { say({name, {}, {}, up, ""}); }
  void create(const std::string& record) { change(zone, {{"CREATE", record}}); }
  std::string test(const std::string& name, const std::string& type = "A") {
    const auto out = ok("TestDNSAnswer", R"({"HostedZoneId":")" + zone + R"(","RecordName":")" +
                                             name + R"(","RecordType":")" + type + "\"}");
    std::string text = out["ResponseCode"].string();
    for (const auto& data : out["RecordData"].items()) text += " " + data.string();
    return text;
  }
};

}  // namespace

TEST_CASE("AWS's own zones: what may be a target in them") {
  struct Case {
    const char *zone, *name, *type;
    bool taken;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"Z35SXDOTRQ7X7K", "my-lb-1.us-east-1.elb.amazonaws.com", "A", true},
           {"Z35SXDOTRQ7X7K", "dualstack.my-lb-1.us-east-1.elb.amazonaws.com", "AAAA", true},
           {"Z35SXDOTRQ7X7K", "MY-LB-1.US-EAST-1.ELB.AMAZONAWS.COM.", "A", true},
           {"Z35SXDOTRQ7X7K", "us-east-1.elb.amazonaws.com", "A", false},
           {"Z35SXDOTRQ7X7K", "my-lb-1.us-east-1.elb.amazonaws.com", "TXT", false},
           {"Z35SXDOTRQ7X7K", "my-lb-1.us-east-1.elb.amazonaws.com", "CNAME", false},
           {"Z35SXDOTRQ7X7K", "my-lb-1.eu-west-1.elb.amazonaws.com", "A", false},
           {"Z35SXDOTRQ7X7K", "my-nlb-1.elb.us-east-1.amazonaws.com", "A", false},
           {"Z26RNL4JYFTOTI", "my-nlb-1.elb.us-east-1.amazonaws.com", "A", true},
           {"Z1GDH35T77C1KE", "my-lb.cn-north-1.elb.amazonaws.com.cn", "A", true},
           {"Z2FDTNDATAQYW2", "d111111abcdef8.cloudfront.net", "A", true},
           {"Z2FDTNDATAQYW2", "d111111abcdef8.cloudfront.net", "HTTPS", true},
           {"Z35SXDOTRQ7X7K", "my-lb-1.us-east-1.elb.amazonaws.com", "HTTPS", false},
           {"Z3AQBSTGFYJSTF", "s3-website-us-east-1.amazonaws.com", "A", true},
           {"Z3AQBSTGFYJSTF", "s3-website.us-east-1.amazonaws.com", "A", false},
           {"Z2O1EMRO9K5GLX", "s3-website.us-east-2.amazonaws.com", "A", true},
           {"Z3AQBSTGFYJSTF", "bucket.s3-website-us-east-1.amazonaws.com", "A", true},
           {"Z3AQBSTGFYJSTF", "bucket.s3.amazonaws.com", "A", false},
           {"Z1UJRXOUMOOFQ8", "d-abc.execute-api.us-east-1.amazonaws.com", "A", true},
           {"Z2BJ6XQ5FK7U4H", "a1234567890abcdef.awsglobalaccelerator.com", "A", true},
           {"Z117KPS5GTRQ2G", "my-env.us-east-1.elasticbeanstalk.com", "A", true},
           {"Z117KPS5GTRQ2G", "my-env.elasticbeanstalk.com", "A", false},
           {"Z7HUB22UULQXV", "vpce-1-x.vpce-svc-2.us-east-1.vpce.amazonaws.com", "A", true},
           {"Z01915732ZBZKC8D32TPT", "x1.us-east-1.awsapprunner.com", "A", true},
       }) {
    CAPTURE(c.name);
    CAPTURE(c.zone);
    World w;
    const auto name = dns::name_to_text(wire(c.name));
    const std::string record = R"({"Name":"n.example.com","Type":")" + std::string{c.type} +
                               R"(","AliasTarget":{"HostedZoneId":")" + c.zone +
                               R"(","DNSName":")" + c.name + R"(","EvaluateTargetHealth":false}})";
    const auto said = w.change_refused(w.zone, {{"CREATE", record}});
    const auto tried = "Tried to create an alias that targets " + name + ", type " + c.type +
                       " in zone " + c.zone + ",";
    const bool inside = dns::is_within(wire(c.name), aws_zone(c.zone)->origin);
    const auto words = "InvalidChangeBatch: [" +
                       (inside ? ""
                               : tried +
                                     " but the alias target name does not lie within the "
                                     "target zone, ") +
                       tried + " but that target was not found]";
    CHECK(said == (c.taken ? "ok" : words));
  }
}

TEST_CASE("an alias to a zone that is nobody's is told as one where the name does not lie") {
  World w;
  for (const std::string id : {"ZUNKNOWN1234", "ABCDEFABCDE"}) {
    const auto tried = "Tried to create an alias that targets " + lb_1 + "., type A in zone " + id;
    CHECK(w.change_refused(w.zone, {{"CREATE", w.alias(id, "n.example.com", lb_1, false)}}) ==
          "InvalidChangeBatch: [" + tried +
              ", but the alias target name does not lie within the target zone, " + tried +
              ", but that target was not found]");
  }
  // Of a zone that AWS has and this engine does not know, a person's word is enough.
  const auto record = w.alias("/hostedzone/ZUNKNOWN1234", "n.example.com", "x.new.aws", false);
  CHECK(w.change_refused(w.zone, {{"CREATE", record}}) != "ok");
  w.say({"x.new.aws", {{"192.0.2.7"}}, {}, {}, "ZUNKNOWN1234"});
  CHECK(w.change_refused(
            w.zone, {{"CREATE", w.alias("ZOTHER", "n.example.com", "x.new.aws", false)}}) != "ok");
  w.create(record);
  CHECK(w.answer("n.example.com") == "192.0.2.7");
  CHECK(w.change_refused(w.zone, {{"CREATE", w.alias("ZUNKNOWN1234", "m.example.com", "y.new.aws",
                                                     false)}}) != "ok");
}

TEST_CASE("CloudFront's health is not evaluated") {
  World w;
  const std::string cdn = "d111111abcdef8.cloudfront.net";
  CHECK(w.change_refused(w.zone, {{"CREATE", w.alias(cdn_zone, "w.example.com", cdn, true)}}) ==
        "InvalidChangeBatch: [EvaluateTargetHealth cannot be true for RRSet with DNS name "
        "w.example.com., type A: its alias target d111111abcdef8.cloudfront.net. is a CloudFront "
        "distribution]");
  w.create(w.alias(cdn_zone, "w.example.com", cdn, false));
}

TEST_CASE("a target answers by the addresses that were said, each family its own") {
  World w;
  w.create(w.alias(elb_zone, "a.example.com", lb_1, false));
  CHECK(w.names.watched.contains(lb_1));
  w.say({lb_1, {{"192.0.2.2", "2001:db8::1", "192.0.2.1", "192.0.2.1"}}, 30, {}, ""});
  CHECK(w.names.watched.empty());
  CHECK(w.answer("a.example.com") == "192.0.2.1 192.0.2.2");
  CHECK(w.test("a.example.com") == "NOERROR 192.0.2.2 192.0.2.1");
  CHECK(w.test("a.example.com", "AAAA") == "NOERROR");
  w.change(w.zone, {{"CREATE", R"({"Name":"a.example.com","Type":"AAAA","AliasTarget":{)"
                               R"("HostedZoneId":")" +
                                   elb_zone + R"(","DNSName":"dualstack.)" + lb_1 +
                                   R"(","EvaluateTargetHealth":true}})"}});
  CHECK(w.test("a.example.com", "AAAA") == "NOERROR 2001:db8::1");
  // Under its own name, too.
  CHECK(w.answer(lb_1) == "192.0.2.1 192.0.2.2");
  // The word outlives the engine.
  w.look_up(true);
  CHECK(w.answer("a.example.com") == "192.0.2.1 192.0.2.2");
  CHECK(w.answer(lb_1) == "192.0.2.1 192.0.2.2");
  CHECK(w.names.watched.empty());
  // Taken back, the resolver is asked again.
  REQUIRE(w.route53->take_back_target(lb_1).has_value());
  w.world.settle();
  CHECK(w.test("a.example.com") == "SERVFAIL");
  CHECK(w.answer(lb_1) == "-");
  CHECK(w.names.watched.contains(lb_1));
  CHECK_FALSE(w.route53->take_back_target(lb_1).has_value());
}

TEST_CASE("a target of which nothing was said answers what the resolver says") {
  using Kind = ports::NameAnswer::Kind;
  World w;
  w.create(w.alias(elb_zone, "a.example.com", lb_1, true));
  CHECK(w.test("a.example.com") == "SERVFAIL");  // nobody has answered yet
  const std::string v4("\xc0\0\2\1", 4);
  w.names.watched.at(lb_1)({Kind::found, {v4}});
  w.world.settle();
  CHECK(w.answer("a.example.com") == "192.0.2.1");
  w.names.watched.at(lb_1)({Kind::nothing, {}});
  w.world.settle();
  CHECK(w.test("a.example.com") == "NOERROR");
  w.names.watched.at(lb_1)({Kind::unknown, {}});
  w.world.settle();
  CHECK(w.test("a.example.com") == "SERVFAIL");
  // One question for however many aliases, and none for nobody.
  w.create(w.alias(elb_zone, "b.example.com", "dualstack." + lb_1, true));
  CHECK(w.names.watched.size() == 1);
  w.change(w.zone, {{"DELETE", w.alias(elb_zone, "a.example.com", lb_1, true)}});
  CHECK(w.names.watched.size() == 1);
  w.change(w.zone, {{"DELETE", w.alias(elb_zone, "b.example.com", "dualstack." + lb_1, true)}});
  CHECK(w.names.watched.empty());
  // A zone that goes takes its aliases along; aliases inside of zones are nobody's question.
  w.create(w.a("c.example.com", "192.0.2.9"));
  w.create(w.alias(w.zone, "d.example.com", "c.example.com", true));
  CHECK(w.names.watched.empty());
}

TEST_CASE("without lookups an alias to outside answers nothing until something is said") {
  World w;
  w.look_up(false);
  w.create(w.alias(elb_zone, "a.example.com", lb_1, true));
  CHECK(w.test("a.example.com") == "NOERROR");
  w.address(lb_1, "192.0.2.1");
  CHECK(w.test("a.example.com") == "NOERROR 192.0.2.1");
}

// The layout of Keycloak's own benchmark: `primary.` and `backup.` are aliases of load balancers,
// `client.` fails over between these two, all with EvaluateTargetHealth.
TEST_CASE("EvaluateTargetHealth inherits a load balancer's health, through aliases of aliases") {
  for (const bool evaluates : {true, false}) {
    CAPTURE(evaluates);
    World w;
    w.address(lb_1, "192.0.2.1");
    w.address(lb_2, "192.0.2.2");
    w.create(w.alias(elb_zone, "primary.example.com", lb_1, evaluates));
    w.create(w.alias(elb_zone, "backup.example.com", lb_2, evaluates));
    w.create(
        w.alias(w.zone, "client.example.com", "primary.example.com", true, w.failover("PRIMARY")));
    w.create(
        w.alias(w.zone, "client.example.com", "backup.example.com", true, w.failover("SECONDARY")));
    const auto client = [&] { return w.answer("client.example.com"); };
    CHECK(client() == "192.0.2.1");
    w.health(lb_1, false);
    CHECK(client() == (evaluates ? "192.0.2.2" : "192.0.2.1"));
    CHECK(w.test("client.example.com") == (evaluates ? "NOERROR 192.0.2.2" : "NOERROR 192.0.2.1"));
    CHECK(w.answer("primary.example.com") == "192.0.2.1");  // nothing healthy: all of it
    w.look_up(true);                                        // a restart keeps it
    CHECK(client() == (evaluates ? "192.0.2.2" : "192.0.2.1"));
    w.health(lb_2, false);
    CHECK(client() == "192.0.2.1");  // both down: primary
    w.health(lb_1, true);
    CHECK(client() == "192.0.2.1");
    w.health(lb_1, false);
    REQUIRE(w.route53->take_back_target(lb_1).has_value());  // and with it that it is down
    w.world.settle();
    CHECK(w.test("client.example.com") == "SERVFAIL");
  }
}

TEST_CASE("weighted aliases of load balancers leave out one that is down") {
  World w;
  w.address(lb_1, "192.0.2.1");
  w.address(lb_2, "192.0.2.2");
  w.create(w.alias(elb_zone, "w.example.com", lb_1, true, w.weighted("1", 10)));
  w.create(w.alias(elb_zone, "w.example.com", lb_2, true, w.weighted("2", 10)));
  const auto seen = [&] {
    std::set<std::string> out;
    for (std::uint64_t random = 0; random < 40; ++random)
      out.insert(w.answer("w.example.com", random));
    return join({out.begin(), out.end()}, " ");
  };
  CHECK(seen() == "192.0.2.1 192.0.2.2");
  w.health(lb_2, false);
  CHECK(seen() == "192.0.2.1");
}

TEST_CASE("what makes no sense of a target is refused, and changes nothing") {
  World w;
  const auto refused = [&](const TargetWord& word) {
    const auto out = w.route53->say_of_target(word);
    return out ? std::string{"taken"} : out.error().text;
  };
  CHECK(refused({"www.example.org", {{"192.0.2.1"}}, {}, {}, ""}).find("none of AWS's own zones") !=
        std::string::npos);
  CHECK(refused({"a..b", {{"192.0.2.1"}}, {}, {}, ""}).find("is no name") != std::string::npos);
  CHECK(refused({"eu-west-1.elb.amazonaws.com", {}, {}, false, ""}) != "taken");
  CHECK(refused({lb_1, {{"192.0.2"}}, {}, {}, ""}) ==
        "an address is IPv4 or IPv6, like 192.0.2.1 or 2001:db8::1");
  CHECK(refused({lb_1, std::vector<std::string>(17, "192.0.2.1"), {}, {}, ""}) ==
        "a target has at most 16 addresses");
  CHECK(w.route53->describe_targets().empty());
}

TEST_CASE("the list has what aliases lead to and what was said") {
  using From = TargetDescription::From;
  World w;
  w.create(w.alias(elb_zone, "a.example.com", lb_1, true));
  w.create(w.alias(elb_zone, "b.example.com", "dualstack." + lb_1, true));
  w.address(lb_2, "192.0.2.2");
  const auto list = w.route53->describe_targets();
  REQUIRE(list.size() == 2);
  CHECK(list[0].name == lb_1);
  CHECK(list[0].aliases == 2);
  CHECK(list[0].from == From::unknown);
  CHECK(list[1].name == lb_2);
  CHECK(list[1].aliases == 0);
  CHECK(list[1].from == From::said);
  CHECK(list[1].ttl == 60);
}

TEST_CASE("a traffic policy's load balancer is looked up while an instance leads to it") {
  World w;
  const auto document =
      R"({"AWSPolicyFormatVersion":"2015-10-01","RecordType":"A","StartEndpoint":"e",)"
      R"("Endpoints":{"e":{"Type":"elastic-load-balancer","Value":")" +
      lb_1 + R"("}}})";
  const auto policy =
      w.call("CreateTrafficPolicy", aws::Value::structure({{"Name", "p"}, {"Document", document}}));
  REQUIRE(policy.has_value());
  const auto made = w.ok("CreateTrafficPolicyInstance",
                         R"({"HostedZoneId":")" + w.zone +
                             R"(","Name":"t.example.com","TTL":60,"TrafficPolicyVersion":1,)"
                             R"("TrafficPolicyId":")" +
                             (*policy)["TrafficPolicy"]["Id"].string() + R"("})");
  w.world.settle();
  REQUIRE(w.names.watched.contains(lb_1));
  w.names.watched.at(lb_1)({ports::NameAnswer::Kind::found, {std::string("\xc0\0\2\1", 4)}});
  w.world.settle();
  CHECK(w.answer("t.example.com") == "192.0.2.1");
  w.look_up(true);  // a restart looks it up again
  CHECK(w.names.watched.contains(lb_1));
  w.ok("DeleteTrafficPolicyInstance",
       R"({"Id":")" + made["TrafficPolicyInstance"]["Id"].string() + R"("})");
  w.world.settle();
  CHECK(w.names.watched.empty());
}
