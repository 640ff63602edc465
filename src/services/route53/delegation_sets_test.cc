// SPDX-License-Identifier: Apache-2.0
// Reusable delegation sets (fact route53-113).
#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;

namespace {

struct Sets : Fixture {
  std::string make_set(const std::string& reference, const std::string& more = "") {
    const auto out = ok("CreateReusableDelegationSet",
                        R"({"CallerReference":")" + reference + "\"" + more + "}")["DelegationSet"];
    CHECK(out["NameServers"].items().size() == 4);
    return out["Id"].string();
  }
  std::string zone_with(const std::string& name, const std::string& set) const {
    return R"({"Name":")" + name + R"(","CallerReference":"z )" + name +
           R"(","DelegationSetId":")" + set + "\"}";
  }
  aws::Value set_of(const std::string& zone) {
    return ok("GetHostedZone", R"({"Id":")" + zone + "\"}")["DelegationSet"];
  }
};

}  // namespace

TEST_CASE("zones that share a delegation set have its servers; what shares is not deleted") {
  Sets f;
  const auto set = f.make_set("one");
  CHECK(set.substr(0, 16) == "/delegationset/N");
  CHECK(f.code("CreateReusableDelegationSet", R"({"CallerReference":"one"})") ==
        "DelegationSetAlreadyCreated");
  const auto servers =
      f.ok("GetReusableDelegationSet", Fixture::just(set))["DelegationSet"]["NameServers"];
  const auto made = f.ok("CreateHostedZone", f.zone_with("a.test", set));
  CHECK(made["DelegationSet"]["Id"].string() == set);
  CHECK(made["DelegationSet"]["NameServers"] == servers);
  const auto zone = made["HostedZone"]["Id"].string();
  const auto ns = f.ok("ListResourceRecordSets", R"({"HostedZoneId":")" + zone + "\"}");
  CHECK(ns["ResourceRecordSets"].items().at(0)["ResourceRecords"].items().at(0)["Value"].string() ==
        servers.items().at(0).string() + ".");
  f.ok("CreateHostedZone", f.zone_with("b.test", set.substr(set.rfind('/') + 1)));
  f.make_zone("c.test");
  f.world.settle();
  f.crash();
  CHECK(f.set_of(zone)["CallerReference"].string() == "one");
  CHECK(f.ok("ListHostedZones", R"({"DelegationSetId":")" + set + "\"}")["HostedZones"]
            .items()
            .size() == 2);
  const auto limit =
      f.ok("GetReusableDelegationSetLimit",
           R"({"DelegationSetId":")" + set + R"(","Type":"MAX_ZONES_BY_REUSABLE_DELEGATION_SET"})");
  CHECK(limit["Limit"]["Value"].integer() == 100);
  CHECK(limit["Count"].integer() == 2);
  CHECK(f.code("DeleteReusableDelegationSet", Fixture::just(set)) == "DelegationSetInUse");
  const auto zones = f.ok("ListHostedZones", "{}");
  for (const auto& each : zones["HostedZones"].items())
    f.ok("DeleteHostedZone", Fixture::just(each["Id"].string()));
  f.ok("DeleteReusableDelegationSet", Fixture::just(set));
  f.world.settle();
  f.crash();
  CHECK(f.code("GetReusableDelegationSet", Fixture::just(set)) == "NoSuchDelegationSet");
  CHECK(f.code("CreateHostedZone", f.zone_with("d.test", set)) == "NoSuchDelegationSet");
  CHECK(f.code("ListHostedZones", R"({"DelegationSetId":"N1"})") == "NoSuchDelegationSet");
  CHECK(f.make_set("one") != set);  // the reference is free again
}

TEST_CASE("zones that contain one another share no servers, and private ones none at all") {
  Sets f;
  const auto set = f.make_set("one");
  f.ok("CreateHostedZone", f.zone_with("a.test", set));
  for (const std::string name : {"below.a.test", "A.test.", "deep.below.a.test"})
    CHECK_MESSAGE(f.code("CreateHostedZone", R"({"Name":")" + name +
                                                 R"(","CallerReference":"n","DelegationSetId":")" +
                                                 set + "\"}") == "ConflictingDomainExists",
                  name);
  f.ok("CreateHostedZone", f.zone_with("deep.b.test", set));
  CHECK(f.code("CreateHostedZone", f.zone_with("b.test", set)) == "ConflictingDomainExists");
  CHECK(f.code("CreateHostedZone",
               R"({"Name":"p.test","CallerReference":"p","DelegationSetId":")" + set +
                   R"(","VPC":{"VPCRegion":"us-east-1","VPCId":"vpc-1"}})") == "InvalidInput");
  const auto private_zone =
      f.ok("CreateHostedZone", R"({"Name":"p.test","CallerReference":"p","VPC":{"VPCRegion":)"
                               R"("us-east-1","VPCId":"vpc-1"}})")["HostedZone"]["Id"]
          .string();
  CHECK(f.code("CreateReusableDelegationSet", R"({"CallerReference":"x","HostedZoneId":")" +
                                                  private_zone + "\"}") == "InvalidArgument");
}

TEST_CASE("the servers of a zone that is there become reusable, once") {
  Sets f;
  const auto zone = f.make_zone("a.test");
  const auto before = f.set_of(zone)["NameServers"];
  const auto of_zone = R"(,"HostedZoneId":")" + zone + "\"";
  const auto set = f.make_set("one", of_zone);
  CHECK(f.set_of(zone)["Id"].string() == set);
  CHECK(f.set_of(zone)["NameServers"] == before);
  CHECK(f.code("CreateReusableDelegationSet", R"({"CallerReference":"two")" + of_zone + "}") ==
        "DelegationSetAlreadyReusable");
  CHECK(f.code("CreateReusableDelegationSet",
               R"({"CallerReference":"three","HostedZoneId":"Z1"})") == "HostedZoneNotFound");
}

TEST_CASE("delegation sets: pages, and a limit that is the one told") {
  Sets f;
  for (int i = 0; i < 100; ++i) f.make_set(std::to_string(i));
  CHECK(f.code("CreateReusableDelegationSet", R"({"CallerReference":"more"})") == "LimitsExceeded");
  const auto told = f.ok("GetAccountLimit", R"({"Type":"MAX_REUSABLE_DELEGATION_SETS_BY_OWNER"})");
  CHECK(told["Limit"]["Value"].integer() == 100);
  CHECK(told["Count"].integer() == 100);
  std::string marker;
  std::size_t seen = 0;
  for (int page = 0; page < 3; ++page) {
    const auto out = f.ok("ListReusableDelegationSets", R"({"MaxItems":"40")" + marker + "}");
    seen += out["DelegationSets"].items().size();
    CHECK(out["IsTruncated"].boolean() == (page < 2));
    marker = R"(,"Marker":")" + out["NextMarker"].string_or("") + "\"";
  }
  CHECK(seen == 100);
  CHECK(f.code("ListReusableDelegationSets", R"({"MaxItems":"-1"})") == "InvalidInput");
}
