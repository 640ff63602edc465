// SPDX-License-Identifier: Apache-2.0
// Private zones: what a VPC is, where they answer, and who may associate (facts route53-110 to
// route53-112).
#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;

namespace {

std::string vpc(const std::string& id, const std::string& region = "us-east-1") {
  return R"("VPC":{"VPCRegion":")" + region + R"(","VPCId":")" + id + R"("})";
}

struct Private : Fixture {
  std::string make_private(const std::string& name, const std::string& vpc_id,
                           const std::string& reference) {
    const auto id =
        ok("CreateHostedZone", R"({"Name":")" + name + R"(","CallerReference":")" + reference +
                                   "\"," + vpc(vpc_id) + "}")["HostedZone"]["Id"]
            .string();
    world.settle();
    return id.substr(id.rfind('/') + 1);
  }
  std::string of(const std::string& zone, const std::string& more) const {
    return R"({"HostedZoneId":")" + zone + "\"," + more + "}";
  }
  std::string shown_vpcs(const std::string& zone) {
    return aws::to_json(ok("GetHostedZone", R"({"Id":")" + zone + "\"}")["VPCs"]);
  }
  aws::Value by_vpc(const std::string& id, const std::string& more = "") {
    return ok("ListHostedZonesByVPC",
              R"({"VPCId":")" + id + R"(","VPCRegion":"us-east-1")" + more + "}");
  }
};

}  // namespace

TEST_CASE("a zone that is made with a VPC is private: shown, listed, and in no public answer") {
  Private f;
  const auto made = f.ok("CreateHostedZone",
                         R"({"Name":"corp.test","CallerReference":"1",)" + vpc("vpc-1a") + "}");
  CHECK(made["HostedZone"]["Config"]["PrivateZone"].boolean());
  CHECK(made["VPC"]["VPCId"].string() == "vpc-1a");
  CHECK(made["DelegationSet"].is_null());
  f.world.settle();
  CHECK(f.ok("GetChange",
             R"({"Id":")" + made["ChangeInfo"]["Id"].string() + "\"}")["ChangeInfo"]["Status"]
            .string() == "INSYNC");
  auto zone = made["HostedZone"]["Id"].string();
  zone = zone.substr(zone.rfind('/') + 1);
  f.change(zone, {{"CREATE", Fixture::a("www.corp.test", "192.0.2.1")}});
  CHECK(f.answer("www.corp.test") == "-");

  const auto got = f.ok("GetHostedZone", R"({"Id":")" + zone + "\"}");
  CHECK(aws::to_json(got["VPCs"]) == R"([{"VPCRegion":"us-east-1","VPCId":"vpc-1a"}])");
  CHECK(got["DelegationSet"].is_null());
  const auto records = f.ok("ListResourceRecordSets", R"({"HostedZoneId":")" + zone + "\"}");
  CHECK(records["ResourceRecordSets"]
            .items()
            .at(0)["ResourceRecords"]
            .items()
            .at(0)["Value"]
            .string() == "ns-1536.awsdns-00.co.uk.");
  CHECK(f.refusal("TestDNSAnswer", f.of(zone, R"("RecordName":"www.corp.test","RecordType":"A")"))
            .substr(0, 13) == "InvalidInput:");

  // A public zone of the same name answers, whichever was first, and goes without it.
  const auto open = f.make_zone("corp.test");
  f.change(open, {{"CREATE", Fixture::a("www.corp.test", "192.0.2.2")}});
  CHECK(f.answer("www.corp.test") == "192.0.2.2");
  CHECK(f.ok("ListHostedZones", R"({"HostedZoneType":"PrivateHostedZone"})")["HostedZones"]
            .items()
            .size() == 1);
  CHECK(f.ok("ListHostedZones", "{}")["HostedZones"].items().size() == 2);
  f.change(zone, {{"DELETE", Fixture::a("www.corp.test", "192.0.2.1")}});
  f.ok("DeleteHostedZone", R"({"Id":")" + zone + "\"}");
  f.world.settle();
  CHECK(f.answer("www.corp.test") == "192.0.2.2");
}

TEST_CASE("no alias leads from a public zone into a private one, or back") {
  Private f;
  const auto zone = f.make_private("corp.test", "vpc-1", "1");
  const auto open = f.make_zone("open.test");
  f.change(zone, {{"CREATE", Fixture::a("www.corp.test", "192.0.2.1")}});
  f.change(open, {{"CREATE", Fixture::a("www.open.test", "192.0.2.2")}});
  const auto refusal = [](const std::string& name, const std::string& target) {
    return "InvalidChangeBatch: [Tried to create an alias that targets " + name +
           ", type A in zone " + target +
           ", but a public and a private hosted zone cannot have aliases to one another]";
  };
  CHECK(f.change_refused(
            open, {{"CREATE", Fixture::alias(zone, "x.open.test", "www.corp.test", false)}}) ==
        refusal("www.corp.test.", zone));
  CHECK(f.change_refused(
            zone, {{"CREATE", Fixture::alias(open, "x.corp.test", "www.open.test", false)}}) ==
        refusal("www.open.test.", open));
  f.change(zone, {{"CREATE", Fixture::alias(zone, "x.corp.test", "www.corp.test", false)}});
}

TEST_CASE("what is no VPC") {
  Private f;
  const auto with = [](const std::string& more) {
    return R"({"Name":"a.test","CallerReference":"x")" + more + "}";
  };
  for (const std::string id : {"", "vpc-", "vpc", "subnet-1", "vpc-1/2", "vpc-1 ", "vpc-\u00e9"})
    CHECK_MESSAGE(
        f.refusal("CreateHostedZone", with("," + vpc(id))).substr(0, 13) == "InvalidVPCId:", id);
  CHECK(f.refusal("CreateHostedZone", with(R"(,"VPC":{"VPCId":"vpc-1"})")) ==
        "InvalidInput: Invalid parameter : VPCRegion is required with VPCId.");
  CHECK(f.refusal("CreateHostedZone", with(R"(,"HostedZoneConfig":{"PrivateZone":true})"))
            .substr(0, 13) == "InvalidInput:");
}

TEST_CASE("association: once for each name, never to a public zone, never the last one gone") {
  Private f;
  const auto zone = f.make_private("corp.test", "vpc-1", "1");
  const auto other = f.make_private("corp.test", "vpc-2", "2");
  CHECK(f.refusal("CreateHostedZone",
                  R"({"Name":"corp.test.","CallerReference":"3",)" + vpc("vpc-1") + "}") ==
        "ConflictingDomainExists: A conflicting domain is already associated with the given VPC or "
        "Delegation Set.");
  // The same VPC in another Region is another one; a name below is another name.
  CHECK(f.refusal("CreateHostedZone", R"({"Name":"corp.test","CallerReference":"4",)" +
                                          vpc("vpc-1", "eu-west-1") + "}") == "ok");
  f.make_private("below.corp.test", "vpc-1", "5");

  CHECK(f.refusal("AssociateVPCWithHostedZone", f.of(zone, vpc("vpc-2"))) ==
        "ConflictingDomainExists: The VPC vpc-2 in region us-east-1 has already been associated "
        "with the hosted zone " +
            other + " with the same domain name.");
  CHECK(f.refusal("AssociateVPCWithHostedZone", f.of(zone, vpc("vpc-1"))).substr(0, 24) ==
        "ConflictingDomainExists:");
  const auto added = f.ok("AssociateVPCWithHostedZone",
                          f.of(zone, vpc("vpc-3", "eu-west-1") + R"(,"Comment":"more")"));
  CHECK(added["ChangeInfo"]["Comment"].string() == "more");
  CHECK(added["ChangeInfo"]["Status"].string() == "PENDING");
  f.world.settle();
  CHECK(f.ok("GetChange",
             R"({"Id":")" + added["ChangeInfo"]["Id"].string() + "\"}")["ChangeInfo"]["Status"]
            .string() == "INSYNC");
  const auto both = R"([{"VPCRegion":"us-east-1","VPCId":"vpc-1"},)"
                    R"({"VPCRegion":"eu-west-1","VPCId":"vpc-3"}])";
  CHECK(f.shown_vpcs(zone) == both);
  f.crash();
  CHECK(f.shown_vpcs(zone) == both);
  CHECK(f.ok("GetHostedZoneLimit", f.of(zone, R"("Type":"MAX_VPCS_ASSOCIATED_BY_ZONE")"))["Count"]
            .integer() == 2);

  CHECK(f.refusal("DisassociateVPCFromHostedZone", f.of(zone, vpc("vpc-9"))).substr(0, 23) ==
        "VPCAssociationNotFound:");
  CHECK(f.refusal("DisassociateVPCFromHostedZone", f.of(zone, vpc("vpc-1"))) == "ok");
  CHECK(f.refusal("DisassociateVPCFromHostedZone", f.of(zone, vpc("vpc-3", "eu-west-1"))) ==
        "LastVPCAssociation: Cannot remove last VPC association for the private zone");
  const auto open = f.make_zone("open.test");
  CHECK(f.refusal("AssociateVPCWithHostedZone", f.of(open, vpc("vpc-1"))) ==
        "PublicZoneVPCAssociation: Attempting to associate public zone: " + open +
            " with vpc: vpc-1");
  CHECK(f.refusal("AssociateVPCWithHostedZone", f.of("Z1", vpc("vpc-1"))).substr(0, 17) ==
        "NoSuchHostedZone:");
}

TEST_CASE("no zone has more VPCs than its limit tells") {
  Private f;
  const auto zone = f.make_private("corp.test", "vpc-0", "1");
  const auto limit = f.ok("GetHostedZoneLimit",
                          f.of(zone, R"("Type":"MAX_VPCS_ASSOCIATED_BY_ZONE")"))["Limit"]["Value"]
                         .integer();
  for (std::int64_t i = 1; i < limit; ++i)
    f.ok("AssociateVPCWithHostedZone", f.of(zone, vpc("vpc-" + std::to_string(i))));
  CHECK(f.refusal("AssociateVPCWithHostedZone", f.of(zone, vpc("vpc-more"))).substr(0, 15) ==
        "LimitsExceeded:");
}

TEST_CASE("the zones of a VPC, in pages whose tokens refuse nonsense") {
  Private f;
  std::vector<std::string> zones{f.make_private("a.test", "vpc-1", "1"),
                                 f.make_private("b.test", "vpc-1", "2"),
                                 f.make_private("c.test", "vpc-1", "3")};
  f.make_private("d.test", "vpc-2", "4");
  std::sort(zones.begin(), zones.end());
  std::vector<std::string> seen;
  std::string token;
  for (int page = 0; page < 3; ++page) {
    const auto out = f.by_vpc("vpc-1", R"(,"MaxItems":"1")" + token);
    CHECK(out["MaxItems"].string() == "1");
    seen.push_back(out["HostedZoneSummaries"].items().at(0)["HostedZoneId"].string());
    CHECK(out["NextToken"].is_null() == (page == 2));
    token = R"(,"NextToken":")" + out["NextToken"].string_or("") + "\"";
  }
  CHECK(seen == zones);
  const auto summary = f.by_vpc("vpc-2")["HostedZoneSummaries"].items().at(0);
  CHECK(summary["Name"].string() == "d.test.");
  CHECK(summary["Owner"]["OwningAccount"].string() == "000000000000");
  CHECK(f.by_vpc("vpc-3")["HostedZoneSummaries"].items().empty());
  const std::string of_another = f.by_vpc("vpc-1", R"(,"MaxItems":"1")")["NextToken"].string();
  for (const auto& nonsense : {std::string{"nonsense"}, of_another})
    CHECK(f.refusal("ListHostedZonesByVPC", R"({"VPCId":"vpc-2","VPCRegion":"us-east-1",)"
                                            R"("NextToken":")" +
                                                nonsense + "\"}")
              .substr(0, 23) == "InvalidPaginationToken:");
  CHECK(f.refusal("ListHostedZonesByVPC",
                  R"({"VPCId":"vpc-2","VPCRegion":"us-east-1","MaxItems":"0"})")
            .substr(0, 13) == "InvalidInput:");
}

TEST_CASE("authorizations are kept, listed once each, and taken back") {
  Private f;
  const auto zone = f.make_private("corp.test", "vpc-1", "1");
  for (const std::string id : {"vpc-7", "vpc-5", "vpc-7"}) {
    const auto out = f.ok("CreateVPCAssociationAuthorization", f.of(zone, vpc(id)));
    CHECK(out["HostedZoneId"].string() == zone);
    CHECK(out["VPC"]["VPCId"].string() == id);
  }
  f.world.settle();
  f.crash();
  const auto first = f.ok("ListVPCAssociationAuthorizations", f.of(zone, R"("MaxResults":"1")"));
  CHECK(aws::to_json(first["VPCs"]) == R"([{"VPCRegion":"us-east-1","VPCId":"vpc-5"}])");
  const auto second = f.ok("ListVPCAssociationAuthorizations",
                           f.of(zone, R"("NextToken":")" + first["NextToken"].string() + "\""));
  CHECK(aws::to_json(second["VPCs"]) == R"([{"VPCRegion":"us-east-1","VPCId":"vpc-7"}])");
  CHECK(second["NextToken"].is_null());
  CHECK(f.refusal("ListVPCAssociationAuthorizations", f.of(zone, R"("NextToken":"nonsense")"))
            .substr(0, 23) == "InvalidPaginationToken:");
  f.ok("DeleteVPCAssociationAuthorization", f.of(zone, vpc("vpc-7")));
  CHECK(f.refusal("DeleteVPCAssociationAuthorization", f.of(zone, vpc("vpc-7"))).substr(0, 36) ==
        "VPCAssociationAuthorizationNotFound:");
  CHECK(f.refusal("CreateVPCAssociationAuthorization", f.of(f.make_zone("o.test"), vpc("vpc-1")))
            .substr(0, 13) == "InvalidInput:");
}

TEST_CASE("accelerated recovery is shown while it is on, and is nothing for private zones") {
  Private f;
  const auto zone = f.make_zone("open.test");
  const auto features = [&] {
    return f.ok("GetHostedZone", R"({"Id":")" + zone + "\"}")["HostedZone"]["Features"];
  };
  CHECK(features().is_null());
  f.ok("UpdateHostedZoneFeatures", f.of(zone, R"("EnableAcceleratedRecovery":true)"));
  f.world.settle();
  f.crash();
  CHECK(features()["AcceleratedRecoveryStatus"].string() == "ENABLED");
  f.ok("UpdateHostedZoneFeatures", R"({"HostedZoneId":")" + zone + "\"}");
  CHECK_FALSE(features().is_null());
  f.ok("UpdateHostedZoneFeatures", f.of(zone, R"("EnableAcceleratedRecovery":false)"));
  CHECK(features().is_null());
  CHECK(f.refusal("UpdateHostedZoneFeatures", f.of(f.make_private("p.test", "vpc-1", "1"),
                                                   R"("EnableAcceleratedRecovery":true)"))
            .substr(0, 13) == "InvalidInput:");
}

TEST_CASE("no zone is signed, and no key signs one") {
  Private f;
  const auto zone = f.make_zone("open.test");
  const auto closed = f.make_private("p.test", "vpc-1", "1");
  const auto key = [&](const std::string& of, const std::string& name, const std::string& status) {
    return f.refusal("CreateKeySigningKey",
                     f.of(of, R"("CallerReference":"k","KeyManagementServiceArn":)"
                              R"("arn:aws:kms:us-east-1:000000000000:key/k","Name":")" +
                                  name + R"(","Status":")" + status + "\""));
  };
  const auto code = [](const std::string& refusal) { return refusal.substr(0, refusal.find(':')); };
  CHECK(code(key(zone, "ksk_1", "ACTIVE")) == "InvalidKMSArn");
  CHECK(code(key(zone, "ksk-1", "ACTIVE")) == "InvalidKeySigningKeyName");
  CHECK(code(key(zone, "ksk_1", "SLEEPING")) == "InvalidKeySigningKeyStatus");
  CHECK(code(key(closed, "ksk_1", "ACTIVE")) == "InvalidArgument");
  CHECK(code(key("Z1", "ksk_1", "ACTIVE")) == "NoSuchHostedZone");
  for (const std::string operation :
       {"ActivateKeySigningKey", "DeactivateKeySigningKey", "DeleteKeySigningKey"})
    CHECK(code(f.refusal(operation, f.of(zone, R"("Name":"ksk_1")"))) == "NoSuchKeySigningKey");
  const auto just = [](const std::string& id) { return R"({"HostedZoneId":")" + id + "\"}"; };
  CHECK(f.refusal("EnableHostedZoneDNSSEC", just(zone)) ==
        "KeySigningKeyWithActiveStatusNotFound: Hosted zone with ID '" + zone +
            "' does not have a Key Signing Key in ACTIVE status.");
  CHECK(code(f.refusal("DisableHostedZoneDNSSEC", just(zone))) == "DNSSECNotFound");
  CHECK(code(f.refusal("EnableHostedZoneDNSSEC", just(closed))) == "InvalidArgument");
  CHECK(f.refusal("GetDNSSEC", just(closed)).substr(0, 53) ==
        "InvalidArgument: Operation is unsupported for private");
  CHECK(f.ok("GetDNSSEC", just(zone))["Status"]["ServeSignature"].string() == "NOT_SIGNING");
}
