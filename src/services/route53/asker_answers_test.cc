// SPDX-License-Identifier: Apache-2.0
// Answers that depend on who asks: TestDNSAnswer and DNS say the same (fact route53-137).
#include <map>

#include "dns/testing.h"
#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using namespace sitelatch::route53::testing;

namespace {

struct AskedWorld : Fixture {
  std::string zone;
  AskedWorld() {
    auto table = AskerTable::parse(
        "192.0.2.0/24 continent=EU country=DE region=eu-central-1\n"
        "198.51.100.0/24 continent=NA country=US subdivision=CA region=us-west-1\n"
        "2001:db8::/32 continent=AS country=JP region=ap-northeast-1\n");
    REQUIRE(table.has_value());
    options.askers = std::make_shared<const AskerTable>(std::move(*table));
    route53.reset();
    route53 = make();
    zone = make_zone();
  }
  void geo(const std::string& set, const std::string& where, const std::string& address) {
    change(zone, {{"CREATE", a("g.example.com", address,
                               R"(,"SetIdentifier":")" + set + R"(","GeoLocation":)" + where)}});
  }
  std::string test(const std::string& more, const std::string& name = "g.example.com") {
    const auto out = call("TestDNSAnswer", R"({"HostedZoneId":")" + zone + R"(","RecordName":")" +
                                               name + R"(","RecordType":"A")" + more + "}");
    if (!out) return out.error().code + ": " + out.error().message;
    std::string text = (*out)["ResponseCode"].string();
    for (const auto& data : (*out)["RecordData"].items()) text += " " + data.string();
    return text;
  }
  std::string resolver(const std::string& ip) { return test(R"(,"ResolverIP":")" + ip + "\""); }
  std::string subnet(const std::string& ip, const std::string& mask = "") {
    return test(R"(,"EDNS0ClientSubnetIP":")" + ip + "\"" +
                (mask.empty() ? "" : R"(,"EDNS0ClientSubnetMask":")" + mask + "\""));
  }
  // By DNS, for somebody with this address.
  std::string told(const std::vector<std::uint8_t>& address,
                   const std::string& name = "g.example.com") const {
    const auto text = dns::testing::reply_text(
        dns::testing::ask(*sink.view, dns::testing::query_bytes(name, "A"), {}, 0, {address}));
    const auto at = text.find(" A ");
    if (at == std::string::npos) return text.substr(0, text.find('\n'));
    return text.substr(at + 3, text.find('\n', at) - at - 3);
  }
};

}  // namespace

TEST_CASE("geolocation without a default: who is meant gets an answer, others none") {
  AskedWorld w;
  w.geo("de", R"({"CountryCode":"DE"})", "10.0.0.1");
  w.geo("na", R"({"ContinentCode":"NA"})", "10.0.0.2");
  CHECK(w.resolver("192.0.2.53") == "NOERROR 10.0.0.1");
  CHECK(w.resolver("198.51.100.53") == "NOERROR 10.0.0.2");
  CHECK(w.resolver("2001:db8::53") == "NOERROR");
  CHECK(w.resolver("203.0.113.1") == "NOERROR");
  CHECK(w.test("") == "NOERROR");
  // The client's network goes before the resolver's address.
  CHECK(w.test(R"(,"ResolverIP":"192.0.2.53","EDNS0ClientSubnetIP":"198.51.100.0")") ==
        "NOERROR 10.0.0.2");
  CHECK(w.subnet("198.51.100.77") == "NOERROR 10.0.0.2");
  CHECK(w.subnet("198.51.100.0", "32") == "NOERROR 10.0.0.2");
  CHECK(w.subnet("198.51.100.0", "16") == "NOERROR");  // more than is placed
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.1");
  CHECK(w.told({198, 51, 100, 1}) == "10.0.0.2");
  CHECK(w.told({203, 0, 113, 1}) == "NOERROR aa");
  CHECK(w.told({}) == "NOERROR aa");
  w.geo("rest", R"({"CountryCode":"*"})", "10.0.0.3");
  CHECK(w.told({203, 0, 113, 1}) == "10.0.0.3");
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.1");
  CHECK(w.test("") == "NOERROR 10.0.0.3");
  // A restart, an alias of it, and a record that goes.
  w.crash();
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.1");
  w.change(w.zone, {{"CREATE", w.alias(w.zone, "alias.example.com", "g.example.com", true)}});
  CHECK(w.told({192, 0, 2, 1}, "alias.example.com") == "10.0.0.1");
  w.change(w.zone,
           {{"DELETE", w.a("g.example.com", "10.0.0.1",
                           R"(,"SetIdentifier":"de","GeoLocation":{"CountryCode":"DE"})")}});
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.3");
  CHECK(w.told({192, 0, 2, 1}, "alias.example.com") == "10.0.0.3");
}

TEST_CASE("geolocation and health: who is meant for a site that is down gets the next") {
  AskedWorld w;
  const auto check = w.make_check("1");
  w.change(w.zone, {{"CREATE", w.a("g.example.com", "10.0.0.1",
                                   R"(,"SetIdentifier":"de","GeoLocation":{"CountryCode":"DE"},)"
                                   R"("HealthCheckId":")" +
                                       check + "\"")}});
  w.geo("rest", R"({"CountryCode":"*"})", "10.0.0.3");
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.1");
  REQUIRE(w.route53->set_forced(check, Forced::down).has_value());
  w.world.settle();
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.3");
  CHECK(w.resolver("192.0.2.1") == "NOERROR 10.0.0.3");
}

TEST_CASE("latency goes by the Region that a place is near to") {
  AskedWorld w;
  for (const auto& [region, address] : {std::pair{"eu-west-1", "10.0.0.1"},
                                        {"us-east-1", "10.0.0.2"},
                                        {"ap-northeast-1", "10.0.0.3"}})
    w.change(w.zone, {{"CREATE", w.a("g.example.com", address,
                                     std::string{R"(,"SetIdentifier":")"} + region +
                                         R"(","Region":")" + region + "\"")}});
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.1");  // eu-central-1 is of the same area
  CHECK(w.told({198, 51, 100, 1}) == "10.0.0.2");
  CHECK(w.resolver("2001:db8::53") == "NOERROR 10.0.0.3");
  CHECK(w.told({}) == "10.0.0.2");  // the home Region
}

TEST_CASE("TestDNSAnswer's parameters that are none are refused") {
  AskedWorld w;
  w.geo("rest", R"({"CountryCode":"*"})", "10.0.0.3");
  CHECK(w.resolver("192.0.2") ==
        "InvalidInput: Invalid parameter : ResolverIP is not valid: 192.0.2");
  CHECK(w.resolver("192.0.2.0/24").starts_with("InvalidInput:"));
  CHECK(w.subnet("x").starts_with("InvalidInput:"));
  CHECK(w.subnet("192.0.2.0", "33").starts_with("InvalidInput:"));
  CHECK(w.subnet("192.0.2.0", "x").starts_with("InvalidInput:"));
  CHECK(w.subnet("2001:db8::", "64") == "NOERROR 10.0.0.3");
  CHECK(w.test(R"(,"EDNS0ClientSubnetMask":"24")").starts_with("InvalidInput:"));
}

TEST_CASE("a place that Route 53 does not know is refused") {
  AskedWorld w;
  const auto refused = [&](const std::string& where) {
    return w.change_refused(w.zone,
                            {{"CREATE", w.a("g.example.com", "10.0.0.1",
                                            R"(,"SetIdentifier":"x","GeoLocation":)" + where)}});
  };
  CHECK(
      refused(R"({"ContinentCode":"XX"})") ==
      "InvalidChangeBatch: [RRSet with DNS name g.example.com., type A, SetIdentifier x cannot be "
      "created as there is no geolocation [ContinentCode=XX].]");
  for (const auto* bad :
       {"{}", R"({"SubdivisionCode":"CA"})", R"({"ContinentCode":"NA","CountryCode":"US"})",
        R"({"ContinentCode":"NA","SubdivisionCode":"CA"})"})
    CHECK_MESSAGE(refused(bad).starts_with("InvalidChangeBatch: ["), bad);
  CHECK(refused(R"({"ContinentCode":"AN"})") == "ok");
}

TEST_CASE("a CIDR collection says who is meant, and anew when it changes") {
  AskedWorld w;
  const auto collection =
      w.ok("CreateCidrCollection", R"({"Name":"offices","CallerReference":"offices"})");
  const auto id = collection["Collection"]["Id"].string();
  const auto put = [&](const std::string& action, const std::string& block) {
    w.ok("ChangeCidrCollection", R"({"Id":")" + id + R"(","Changes":[{"LocationName":"paris",)" +
                                     R"("Action":")" + action + R"(","CidrList":[")" + block +
                                     "\"]}]}");
    w.world.settle();
  };
  put("PUT", "203.0.113.0/24");
  for (const auto& [location, address] : {std::pair{"paris", "10.0.0.1"}, {"*", "10.0.0.2"}})
    w.change(w.zone, {{"CREATE", w.a("g.example.com", address,
                                     R"(,"SetIdentifier":")" + std::string{location} +
                                         R"(","CidrRoutingConfig":{"CollectionId":")" + id +
                                         R"(","LocationName":")" + location + "\"}")}});
  CHECK(w.told({203, 0, 113, 1}) == "10.0.0.1");
  CHECK(w.resolver("203.0.113.1") == "NOERROR 10.0.0.1");
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.2");
  put("PUT", "192.0.2.0/24");
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.1");
  put("DELETE_IF_EXISTS", "203.0.113.0/24");
  CHECK(w.told({203, 0, 113, 1}) == "10.0.0.2");
  w.crash();
  CHECK(w.told({192, 0, 2, 1}) == "10.0.0.1");
}
