// SPDX-License-Identifier: Apache-2.0
// Traffic policies: documents, versions, instances, and what DNS makes of them (facts route53-118
// and route53-119).
#include "services/route53/route53_fixture.h"
#include "services/route53/traffic_document.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;

namespace {

std::string document(const std::string& more, const std::string& type = "A") {
  return R"({"AWSPolicyFormatVersion":"2015-10-01","RecordType":")" + type + "\"," + more + "}";
}
std::string value_endpoint(const std::string& id, const std::string& value) {
  return "\"" + id + R"(":{"Type":"value","Value":")" + value + R"("})";
}
const std::string two_endpoints = R"("Endpoints":{)" + value_endpoint("a", "192.0.2.1") + "," +
                                  value_endpoint("b", "192.0.2.2") + "}";
const std::string only_a = document(R"("StartEndpoint":"a",)" + two_endpoints);
const std::string only_b = document(R"("StartEndpoint":"b",)" + two_endpoints);

std::string ruled(const std::string& rule, const std::string& type = "A") {
  return document(R"("StartRule":"r",)" + two_endpoints + R"(,"Rules":{"r":)" + rule + "}", type);
}

struct Traffic : Fixture {
  std::string zone = make_zone("a.test");

  std::string make_policy(const std::string& name, const std::string& text) {
    auto input = aws::Value::structure({{"Name", name}, {"Document", text}});
    const auto out = call("CreateTrafficPolicy", input);
    const std::string said = out ? "" : out.error().message;
    REQUIRE_MESSAGE(out.has_value(), said);
    return (*out)["TrafficPolicy"]["Id"].string();
  }
  static std::string version(const std::string& policy, int number = 1) {
    return R"({"Id":")" + policy + R"(","Version":)" + std::to_string(number) + "}";
  }
  std::string instance_of(const std::string& policy, const std::string& name,
                          int number = 1) const {
    return R"({"HostedZoneId":")" + zone + R"(","Name":")" + name +
           R"(","TTL":60,"TrafficPolicyId":")" + policy + R"(","TrafficPolicyVersion":)" +
           std::to_string(number) + "}";
  }
  std::string make_instance(const std::string& policy, const std::string& name) {
    const auto out = ok("CreateTrafficPolicyInstance", instance_of(policy, name));
    CHECK(out["TrafficPolicyInstance"]["State"].string() == "Creating");
    world.settle();
    return out["TrafficPolicyInstance"]["Id"].string();
  }
  std::string update(const std::string& instance, const std::string& policy, int number,
                     int ttl = 60) const {
    return R"({"Id":")" + instance + R"(","TTL":)" + std::to_string(ttl) +
           R"(,"TrafficPolicyId":")" + policy + R"(","TrafficPolicyVersion":)" +
           std::to_string(number) + "}";
  }
  aws::Value shown_instance(const std::string& id) {
    return ok("GetTrafficPolicyInstance", just_id(id))["TrafficPolicyInstance"];
  }
  static std::string just_id(const std::string& id) { return R"({"Id":")" + id + "\"}"; }
};

}  // namespace

TEST_CASE("what is no traffic policy document, and why") {
  const auto fault = [](const std::string& text) {
    const auto out = parse_traffic_document(text);
    if (out) return std::string{"ok"};
    CHECK(out.error().code == "InvalidTrafficPolicyDocument");
    return out.error().message.substr(std::string{"Invalid traffic policy document: "}.size());
  };
  const auto item = [](const std::string& more) {
    return R"({"EndpointReference":"a")" + more + "}";
  };
  const auto list = [&](const std::string& type, const std::string& name,
                        const std::string& items) {
    return ruled(R"({"RuleType":")" + type + R"(",")" + name + R"(":[)" + items + "]}");
  };
  const std::pair<std::string, std::string> cases[] = {
      {"nonsense", "it is not JSON."},
      {"[]", "it is not a JSON object."},
      {R"({"RecordType":"A"})",
       "AWSPolicyFormatVersion is '': 2015-10-01 and 2023-05-09 are supported."},
      {document(R"("StartEndpoint":"a",)" + two_endpoints, "SOA"),
       "RecordType is 'SOA', which is no type of record that a traffic policy may have."},
      {document(two_endpoints), "the document has not exactly one of StartEndpoint and StartRule."},
      {document(R"("StartEndpoint":"a","StartRule":"r",)" + two_endpoints),
       "the document has not exactly one of StartEndpoint and StartRule."},
      {document(R"("StartEndpoint":"c",)" + two_endpoints),
       "the document names the endpoint c, which is not defined."},
      {document(R"("StartRule":"r",)" + two_endpoints),
       "the document names the rule r, which is not defined."},
      {document(R"("StartEndpoint":"a","Endpoints":{"a":{"Type":"queue","Value":"x"}})"),
       "the endpoint a has the type 'queue', which is none of value, cloudfront, "
       "elastic-load-balancer, application-load-balancer, network-load-balancer, "
       "elastic-beanstalk, s3-website."},
      {document(R"("StartEndpoint":"a","Endpoints":{"a":{"Type":"s3-website","Value":"b"}})"),
       "the endpoint a is an s3-website, which has a Region."},
      {ruled(R"({"RuleType":"random"})"),
       "the rule r has the RuleType 'random', which is none of failover, geo, geoproximity, "
       "latency, multivalue, weighted."},
      {ruled(R"({"RuleType":"failover","Primary":{"EndpointReference":"a"}})"),
       "Secondary of the rule r is not there."},
      {ruled(R"({"RuleType":"weighted","Items":[]})"), "the rule r has no Items."},
      {list("weighted", "Items", item(R"(,"Weight":"256")")),
       "one of the Items of the rule r has no Weight from 0 to 255."},
      {list("weighted", "Items", item(R"(,"Weight":1,"EvaluateTargetHealth":"maybe")")),
       "EvaluateTargetHealth of one of the Items of the rule r is neither true nor false."},
      {list("multivalue", "Items", R"({"RuleReference":"r"})"),
       "one of the Items of the rule r has no endpoint of the type value."},
      {list("latency", "Regions", item(R"(,"Region":"mars")")),
       "one of the Regions of the rule r has no Region."},
      {list("latency", "Regions",
            item(R"(,"Region":"us-east-1")") + "," + item(R"(,"Region":"us-east-1")")),
       "the rule r has a place twice."},
      {list("geo", "Locations", item(R"(,"Country":"ZZ")")),
       "one of the Locations of the rule r names no place that there is."},
      {list("geo", "Locations", item(R"(,"IsDefault":"true","Country":"DE")")),
       "one of the Locations of the rule r is the default and names a place."},
      {list("geoproximity", "GeoProximityLocations", item(R"(,"Region":"us-east-1")")),
       "the rule r has no GeoproximityLocations."},
      {list("geoproximity", "GeoproximityLocations", item("")),
       "one of the GeoproximityLocations of the rule r has not exactly one of Region, "
       "LocalZoneGroup, and Latitude with Longitude."},
      {list("geoproximity", "GeoproximityLocations", item(R"(,"Latitude":"91","Longitude":"0")")),
       "one of the GeoproximityLocations of the rule r has no Latitude from -90 to 90 with a "
       "Longitude from -180 to 180."},
      {list("geoproximity", "GeoproximityLocations", item(R"(,"Region":"us-east-1","Bias":"100")")),
       "one of the GeoproximityLocations of the rule r has a Bias that is not from -99 to 99."},
      {list("weighted", "Items", R"({"RuleReference":"r","Weight":1})"),
       "the rule r leads back to itself."},
      {document(R"("StartEndpoint":"a","Rules":[],)" + two_endpoints), "Rules is not an object."},
  };
  for (const auto& [text, expected] : cases) CHECK(fault(text) == expected);
  CHECK(fault(document(R"("StartEndpoint":"a",)" + two_endpoints, "AAAA"))
            .starts_with("the value of the endpoint a is no AAAA record: "));

  std::string chain;
  for (int i = 0; i < 40; ++i)
    chain += (i ? ",\"r" : "\"r") + std::to_string(i) +
             R"(":{"RuleType":"weighted","Items":[{"RuleReference":"r)" + std::to_string(i + 1) +
             R"(","Weight":1}]})";
  chain += R"(,"r40":{"RuleType":"multivalue","Items":[{"EndpointReference":"a"}]})";
  CHECK(fault(document(R"("StartRule":"r0",)" + two_endpoints + R"(,"Rules":{)" + chain + "}")) ==
        "more than 30 rules lead to one another in a row.");

  for (const auto& good :
       {only_a, list("geo", "Locations", item(R"(,"IsDefault":true)")),
        list("geo", "Locations", item(R"(,"Continent":"NA","Country":"US","Subdivision":"CA")")),
        list("geoproximity", "GeoproximityLocations",
             item(R"(,"Region":"aws:route53:us-east-1","Bias":"-99")")),
        list("latency", "Regions", item(R"(,"Region":"us-gov-west-1")")),
        document(R"("StartEndpoint":"a","Endpoints":{"a":{"Type":"s3-website","Value":"b.test",)"
                 R"("Region":"eu-west-1"}})"),
        document(R"("StartEndpoint":"m","Endpoints":{)" + value_endpoint("m", "10 mx.test") + "}",
                 "MX")})
    CHECK(fault(good) == "ok");
}

TEST_CASE("a policy in versions: listed, commented, deleted, and still shown to who knows it") {
  Traffic f;
  const auto policy = f.make_policy("front", only_a);
  CHECK(f.code("CreateTrafficPolicy",
               aws::to_json(aws::Value::structure({{"Name", "front"}, {"Document", only_a}}))) ==
        "TrafficPolicyAlreadyExists");
  CHECK(f.code("CreateTrafficPolicy",
               aws::to_json(aws::Value::structure({{"Name", "other"}, {"Document", "{}"}}))) ==
        "InvalidTrafficPolicyDocument");
  const auto second =
      f.call("CreateTrafficPolicyVersion",
             aws::Value::structure({{"Id", policy}, {"Document", only_b}, {"Comment", "b"}}));
  REQUIRE(second.has_value());
  CHECK((*second)["TrafficPolicy"]["Version"].integer() == 2);
  CHECK((*second)["Location"].string() ==
        "https://route53.amazonaws.com/2013-04-01/trafficpolicy/" + policy + "/2");
  f.ok("UpdateTrafficPolicyComment", R"({"Id":")" + policy + R"(","Version":1,"Comment":"a"})");
  f.world.settle();
  f.crash();
  const auto got = f.ok("GetTrafficPolicy", Traffic::version(policy))["TrafficPolicy"];
  CHECK(got["Document"].string() == only_a);
  CHECK(got["Comment"].string() == "a");
  CHECK(got["Type"].string() == "A");
  CHECK(aws::to_json(f.ok("ListTrafficPolicies", "{}")["TrafficPolicySummaries"]) ==
        R"([{"Id":")" + policy +
            R"(","Name":"front","Type":"A","LatestVersion":2,"TrafficPolicyCount":2}])");

  const auto first =
      f.ok("ListTrafficPolicyVersions", R"({"Id":")" + policy + R"(","MaxItems":"1"})");
  CHECK(first["IsTruncated"].boolean());
  CHECK(first["TrafficPolicyVersionMarker"].string() == "2");
  const auto rest = f.ok("ListTrafficPolicyVersions",
                         R"({"Id":")" + policy + R"(","TrafficPolicyVersionMarker":"2"})");
  CHECK(rest["TrafficPolicies"].items().at(0)["Comment"].string() == "b");
  CHECK_FALSE(rest["IsTruncated"].boolean());
  CHECK(f.code("ListTrafficPolicyVersions",
               R"({"Id":")" + policy + R"(","TrafficPolicyVersionMarker":"x"})") == "InvalidInput");

  f.ok("DeleteTrafficPolicy", Traffic::version(policy, 2));
  CHECK(f.code("DeleteTrafficPolicy", Traffic::version(policy, 2)) == "NoSuchTrafficPolicy");
  f.ok("DeleteTrafficPolicy", Traffic::version(policy, 1));
  f.world.settle();
  f.crash();
  CHECK(f.ok("ListTrafficPolicies", "{}")["TrafficPolicySummaries"].items().empty());
  CHECK(
      f.ok("GetTrafficPolicy", Traffic::version(policy, 2))["TrafficPolicy"]["Document"].string() ==
      only_b);
  for (const std::string operation : {"ListTrafficPolicyVersions", "CreateTrafficPolicyVersion"})
    CHECK(f.code(operation, aws::to_json(aws::Value::structure(
                                {{"Id", policy}, {"Document", only_a}}))) == "NoSuchTrafficPolicy");
  CHECK(f.code("CreateTrafficPolicyInstance", f.instance_of(policy, "x.a.test")) ==
        "NoSuchTrafficPolicy");
  CHECK(f.code("GetTrafficPolicy", Traffic::version(policy, 3)) == "NoSuchTrafficPolicy");
  CHECK(f.make_policy("front", only_a) != policy);  // the name is free again
}

TEST_CASE("policies in the order of their making, in pages, up to the limit that is told") {
  Traffic f;
  std::vector<std::string> made;
  for (int i = 0; i < 50; ++i) made.push_back(f.make_policy(std::to_string(i), only_a));
  CHECK(f.code("CreateTrafficPolicy",
               aws::to_json(aws::Value::structure({{"Name", "more"}, {"Document", only_a}}))) ==
        "TooManyTrafficPolicies");
  const auto told = f.ok("GetAccountLimit", R"({"Type":"MAX_TRAFFIC_POLICIES_BY_OWNER"})");
  CHECK(told["Limit"]["Value"].integer() == 50);
  CHECK(told["Count"].integer() == 50);
  std::vector<std::string> seen;
  std::string marker;
  for (bool more = true; more;) {
    const auto page = f.ok("ListTrafficPolicies", R"({"MaxItems":"20")" + marker + "}");
    for (const auto& summary : page["TrafficPolicySummaries"].items())
      seen.push_back(summary["Id"].string());
    more = page["IsTruncated"].boolean();
    marker = R"(,"TrafficPolicyIdMarker":")" + page["TrafficPolicyIdMarker"].string() + "\"";
  }
  CHECK(seen == made);
  CHECK(f.code("ListTrafficPolicies", R"({"TrafficPolicyIdMarker":"nonsense"})") == "InvalidInput");
}

TEST_CASE("an instance answers by its policy, from its making to its end, over restarts") {
  Traffic f;
  const auto policy = f.make_policy("front", only_a);
  REQUIRE(f.call("CreateTrafficPolicyVersion",
                 aws::Value::structure({{"Id", policy}, {"Document", only_b}})));
  const auto instance = f.make_instance(policy, "WWW.a.test");
  CHECK(f.answer("www.a.test") == "192.0.2.1");
  const auto shown = f.shown_instance(instance);
  CHECK(shown["State"].string() == "Applied");
  CHECK(shown["Name"].string() == "www.a.test.");
  CHECK(shown["Message"].string().empty());
  const auto records = f.ok("ListResourceRecordSets", R"({"HostedZoneId":")" + f.zone + "\"}");
  CHECK(aws::to_json(records["ResourceRecordSets"].items().at(2)) ==
        R"({"Name":"www.a.test.","Type":"A","TrafficPolicyInstanceId":")" + instance + "\"}");
  CHECK(f.code("DeleteTrafficPolicy", Traffic::version(policy)) == "TrafficPolicyInUse");
  CHECK(f.code("CreateTrafficPolicyInstance", f.instance_of(policy, "www.a.test", 2)) ==
        "TrafficPolicyInstanceAlreadyExists");
  f.crash();
  CHECK(f.answer("www.a.test") == "192.0.2.1");
  CHECK(f.shown_instance(instance) == shown);

  const auto updated =
      f.ok("UpdateTrafficPolicyInstance", f.update(instance, policy, 2))["TrafficPolicyInstance"];
  CHECK(updated["State"].string() == "Updating");
  CHECK(f.answer("www.a.test") == "192.0.2.1");  // not durable yet
  f.world.settle();
  CHECK(f.answer("www.a.test") == "192.0.2.2");
  CHECK(f.shown_instance(instance)["State"].string() == "Applied");
  f.ok("DeleteTrafficPolicy", Traffic::version(policy, 1));
  f.crash();
  CHECK(f.answer("www.a.test") == "192.0.2.2");
  CHECK(f.code("DeleteHostedZone", Traffic::just_id(f.zone)) == "HostedZoneNotEmpty");

  f.ok("DeleteTrafficPolicyInstance", Traffic::just_id(instance));
  f.world.settle();
  CHECK(f.answer("www.a.test") == "-");
  CHECK(f.code("GetTrafficPolicyInstance", Traffic::just_id(instance)) ==
        "NoSuchTrafficPolicyInstance");
  f.crash();
  CHECK(f.ok("GetTrafficPolicyInstanceCount", "{}")["TrafficPolicyInstanceCount"].integer() == 0);
  f.ok("DeleteHostedZone", Traffic::just_id(f.zone));
}

TEST_CASE("rules behind rules fail over and share by the health of what is behind them") {
  Traffic f;
  bool up = true;
  f.world.prober.judge = [&](const ports::ProbeRequest&) {
    return up ? ports::sim::healthy_observation() : ports::sim::failed_observation();
  };
  const auto check = f.make_check("c");
  const auto policy = f.make_policy(
      "front",
      document(R"("StartRule":"site",)" + two_endpoints +
               R"(,"Rules":{"site":{"RuleType":"failover","Primary":{"RuleReference":"halls",)" +
               R"("EvaluateTargetHealth":"true"},"Secondary":{"EndpointReference":"b"}},)" +
               R"("halls":{"RuleType":"weighted","Items":[{"EndpointReference":"a",)" +
               R"("Weight":"10","HealthCheck":")" + check + R"("}]}})"));
  const auto instance = f.make_instance(policy, "www.a.test");
  const auto zone2 = f.make_zone("b.test");
  f.change(zone2, {{"CREATE", Fixture::alias(f.zone, "x.b.test", "www.a.test", true)}});
  CHECK(f.answer("www.a.test") == "192.0.2.1");
  up = false;
  f.world.advance(std::chrono::seconds{30});
  CHECK(f.answer("www.a.test") == "192.0.2.2");
  CHECK(f.answer("x.b.test") == "192.0.2.2");
  f.crash();
  CHECK(f.answer("www.a.test") == "192.0.2.2");
  up = true;
  f.world.advance(std::chrono::seconds{30});
  CHECK(f.answer("www.a.test") == "192.0.2.1");
  // Who deletes the check leaves its last status, as records do (fact route53-11).
  f.ok("DeleteHealthCheck", R"({"HealthCheckId":")" + check + "\"}");
  CHECK(f.code("UpdateTrafficPolicyInstance", f.update(instance, policy, 1)) == "ok");
  const auto failed = f.shown_instance(instance);
  CHECK(failed["State"].string() == "Failed");
  CHECK(failed["Message"].string() == "A health check with id " + check + " does not exist.");
  f.world.settle();
  CHECK(f.answer("www.a.test") == "192.0.2.1");  // as before
}

TEST_CASE("an instance that gets no records says why; the record alone is nobody's to make") {
  Traffic f;
  const auto policy = f.make_policy("front", only_a);
  f.change(f.zone, {{"CREATE", Fixture::a("www.a.test", "192.0.2.7")}});
  const auto out = f.ok("CreateTrafficPolicyInstance",
                        f.instance_of(policy, "www.a.test"))["TrafficPolicyInstance"];
  CHECK(out["State"].string() == "Failed");
  CHECK(out["Message"].string() ==
        "[Tried to create resource record set [name='www.a.test.', type='A'] but it already "
        "exists]");
  f.world.settle();
  f.crash();
  CHECK(f.answer("www.a.test") == "192.0.2.7");
  f.change(f.zone, {{"DELETE", Fixture::a("www.a.test", "192.0.2.7")}});
  const auto id = out["Id"].string();
  f.ok("UpdateTrafficPolicyInstance", f.update(id, policy, 1));
  f.world.settle();
  CHECK(f.answer("www.a.test") == "192.0.2.1");

  const auto record = R"({"Name":"www.a.test","Type":"A","TrafficPolicyInstanceId":")" + id + "\"}";
  for (const std::string action : {"CREATE", "UPSERT"})
    CHECK(f.change_refused(f.zone, {{action, record}}).substr(0, 13) == "InvalidInput:");
  f.change(f.zone, {{"DELETE", record}});
  CHECK(f.answer("www.a.test") == "-");
  CHECK(f.shown_instance(id)["State"].string() == "Applied");  // as AWS leaves it
  f.crash();
  f.ok("DeleteTrafficPolicyInstance", Traffic::just_id(id));

  for (const std::string name : {"b.test", "", "a..a.test"})
    CHECK(f.code("CreateTrafficPolicyInstance", f.instance_of(policy, name)) == "InvalidInput");
  const auto text = f.make_policy("text", document(R"("StartEndpoint":"t","Endpoints":{)" +
                                                       value_endpoint("t", R"(\"x\")") + "}",
                                                   "TXT"));
  const auto instance = f.make_instance(policy, "y.a.test");
  CHECK(f.code("UpdateTrafficPolicyInstance", f.update(instance, text, 1)) == "ConflictingTypes");
  CHECK(f.code("UpdateTrafficPolicyInstance", f.update("nobody", policy, 1)) ==
        "NoSuchTrafficPolicyInstance");
}

TEST_CASE("instances in lists and pages: of all, of a zone, of a policy; and their limit") {
  Traffic f;
  const auto policy = f.make_policy("front", only_a);
  const auto other = f.make_policy("other", only_b);
  const auto zone2 = f.make_zone("b.test");
  for (const std::string name : {"c.a.test", "a.a.test", "b.a.test"}) f.make_instance(policy, name);
  f.make_instance(other, "d.a.test");
  const auto far = f.ok("CreateTrafficPolicyInstance",
                        replace_all(f.instance_of(policy, "a.b.test"), f.zone, zone2));
  f.world.settle();
  CHECK(f.code("CreateTrafficPolicyInstance", f.instance_of(policy, "e.a.test")) ==
        "TooManyTrafficPolicyInstances");
  CHECK(f.ok("GetAccountLimit", R"({"Type":"MAX_TRAFFIC_POLICY_INSTANCES_BY_OWNER"})")["Count"]
            .integer() == 5);

  const auto walk = [&](const std::string& operation, const std::string& input) {
    std::string seen, markers;
    for (bool more = true; more;) {
      const auto page = f.ok(operation, R"({"MaxItems":"1")" + input + markers + "}");
      const auto& item = page["TrafficPolicyInstances"].items().at(0);
      seen += (seen.empty() ? "" : " ") + item["Name"].string();
      more = page["IsTruncated"].boolean();
      markers.clear();
      for (const std::string name : {"HostedZoneIdMarker", "TrafficPolicyInstanceNameMarker",
                                     "TrafficPolicyInstanceTypeMarker"})
        if (page.has(name)) markers += ",\"" + name + "\":\"" + page[name].string() + "\"";
    }
    return seen;
  };
  const std::string near = "a.a.test. b.a.test. c.a.test.";
  const auto all = walk("ListTrafficPolicyInstances", "");
  CHECK((all == near + " d.a.test. a.b.test." || all == "a.b.test. " + near + " d.a.test."));
  const auto of_zone = R"(,"HostedZoneId":")" + f.zone + "\"";
  CHECK(walk("ListTrafficPolicyInstancesByHostedZone", of_zone) == near + " d.a.test.");
  const auto of_policy = R"(,"TrafficPolicyId":")" + other + R"(","TrafficPolicyVersion":1)";
  CHECK(walk("ListTrafficPolicyInstancesByPolicy", of_policy) == "d.a.test.");
  const std::pair<std::string, std::string> nonsense[] = {
      {R"({"TrafficPolicyInstanceNameMarker":"a.a.test"})", "InvalidInput"},
      {R"({"HostedZoneIdMarker":")" + f.zone +
           R"(","TrafficPolicyInstanceNameMarker":"z.a.test",)" +
           R"("TrafficPolicyInstanceTypeMarker":"A"})",
       "NoSuchTrafficPolicyInstance"},
      {R"({"MaxItems":"none"})", "InvalidInput"}};
  for (const auto& [input, code] : nonsense)
    CHECK(f.code("ListTrafficPolicyInstances", input) == code);
  CHECK(f.code("ListTrafficPolicyInstancesByHostedZone", R"({"HostedZoneId":"Z1"})") ==
        "NoSuchHostedZone");
  CHECK(f.code("ListTrafficPolicyInstancesByPolicy",
               R"({"TrafficPolicyId":"p","TrafficPolicyVersion":1})") == "NoSuchTrafficPolicy");
}
