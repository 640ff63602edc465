// SPDX-License-Identifier: Apache-2.0
// ChangeResourceRecordSets: AWS's refusals, and that a refused batch leaves nothing behind.
#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;

namespace {
std::string listing(Fixture& f, const std::string& zone) {
  return aws::to_json(f.ok("ListResourceRecordSets", R"({"HostedZoneId":")" + zone + "\"}"));
}
}  // namespace

TEST_CASE("AWS's words for what a batch may not do") {
  Fixture f;
  const auto zone = f.make_zone();
  const auto check = f.make_check("r");
  f.change(zone, {{"CREATE", f.a("www.example.com", "192.0.2.1")},
                  {"CREATE", f.a("w.example.com", "192.0.2.1", f.weighted("x", 1))},
                  {"CREATE", R"({"Name":"l.example.com","Type":"A","TTL":60,"SetIdentifier":"eu",)"
                             R"("Region":"eu-west-1","ResourceRecords":[{"Value":"192.0.2.1"}]})"},
                  {"CREATE", f.a("f.example.com", "192.0.2.1", f.failover("PRIMARY", check))},
                  {"CREATE", R"({"Name":"c.example.com","Type":"CNAME","TTL":60,)"
                             R"("ResourceRecords":[{"Value":"www.example.com"}]})"}});
  const auto before = listing(f, zone);
  struct Case {
    std::string action, record, refusal;
  };
  const std::string cname_www = R"({"Name":"www.example.com","Type":"CNAME","TTL":60,)"
                                R"("ResourceRecords":[{"Value":"x.example.com"}]})";
  const std::string cname_apex =
      R"({"Name":"example.com","Type":"CNAME","TTL":60,"ResourceRecords":)"
      R"([{"Value":"x.example.com"}]})";
  const Case cases[] = {
      {"CREATE", f.a("WWW.example.com.", "192.0.2.2"),
       "InvalidChangeBatch: [Tried to create resource record set [name='www.example.com.', "
       "type='A'] but it already exists]"},
      {"CREATE", f.a("w.example.com", "192.0.2.2", f.weighted("x", 2)),
       "InvalidChangeBatch: [Tried to create resource record set [name='w.example.com.', type='A', "
       "set-identifier='x'] but it already exists]"},
      {"DELETE", f.a("*.example.com", "192.0.2.1"),
       "InvalidChangeBatch: [Tried to delete resource record set [name='\\052.example.com.', "
       "type='A'] but it was not found]"},
      {"DELETE", f.a("www.example.com", "192.0.2.9"),
       "InvalidChangeBatch: [Tried to delete resource record set [name='www.example.com.', "
       "type='A'] but the values provided do not match the current values]"},
      {"CREATE", f.a("www.example.net", "192.0.2.1"),
       "InvalidChangeBatch: [RRSet with DNS name www.example.net. is not permitted in zone "
       "example.com.]"},
      {"CREATE", f.a("x.example.com", "192.0.2"),
       "InvalidChangeBatch: [Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address "
       "(Value is not a valid IPv4 address) encountered with '192.0.2'']"},
      {"CREATE", cname_www,
       "InvalidChangeBatch: [RRSet of type CNAME with DNS name www.example.com. is not permitted "
       "as it conflicts with other records with the same DNS name in zone example.com.]"},
      {"CREATE", f.a("c.example.com", "192.0.2.1"),
       "InvalidChangeBatch: [RRSet of type A with DNS name c.example.com. is not permitted because "
       "a conflicting RRSet of type CNAME with the same DNS name already exists in zone "
       "example.com.]"},
      {"CREATE", cname_apex,
       "InvalidChangeBatch: [RRSet of type CNAME with DNS name example.com. is not permitted at "
       "apex in zone example.com.]"},
      {"CREATE", f.a("n.example.com", "192.0.2.1", f.failover("PRIMARY")),
       "InvalidChangeBatch: [A non-alias primary ResourceRecordSet must have an associated health "
       "check. No changes made.]"},
      {"CREATE", f.a("n.example.com", "192.0.2.1", R"(,"HealthCheckId":"nobody")"),
       "NoSuchHealthCheck: A health check with id nobody does not exist."},
      {"CREATE", f.alias(zone, "n.example.com", "nothing.example.com", true),
       "InvalidChangeBatch: [Tried to create an alias that targets nothing.example.com., type A in "
       "zone " +
           zone + ", but that target was not found]"},
      {"CREATE", f.alias(zone, "n.example.com", "x.example.net", true),
       "InvalidChangeBatch: [Tried to create an alias that targets x.example.net., type A in "
       "zone " +
           zone +
           ", but the alias target name does not lie within the target zone, Tried to create an "
           "alias that targets x.example.net., type A in zone " +
           zone + ", but that target was not found]"},
      {"CREATE", f.alias(zone, "n.example.com", "n.example.com", true),
       "InvalidChangeBatch: [Tried to create an alias that targets n.example.com., type A in "
       "zone " +
           zone + ", but that target was not found]"},
      {"CREATE", f.a("www.example.com", "192.0.2.1", f.weighted("x", 1)),
       "InvalidChangeBatch: [RRSet with DNS name www.example.com., type A, SetIdentifier x cannot "
       "be created as a non-weighted set exists with the same name and type.]"},
      {"CREATE", f.a("w.example.com", "192.0.2.1"),
       "InvalidChangeBatch: [RRSet with DNS name w.example.com., type A cannot be created as other "
       "RRSets exist with the same name and type.]"},
      {"CREATE",
       f.a("w.example.com", "192.0.2.1", R"(,"SetIdentifier":"m","MultiValueAnswer":true)"),
       "InvalidChangeBatch: [RRSet with DNS name w.example.com., type A, SetIdentifier m cannot be "
       "created because a non multivalue answer rrset exists with the same name and type.]"},
      {"CREATE",
       R"({"Name":"w.example.com","Type":"A","TTL":61,"SetIdentifier":"y","Weight":1,)"
       R"("ResourceRecords":[{"Value":"192.0.2.1"}]})",
       "InvalidChangeBatch: [RRSet with DNS name w.example.com. and type A, SetIdentifier y cannot "
       "be created as weighted sets must contain the same TTL.]"},
      {"CREATE",
       R"({"Name":"l.example.com","Type":"A","TTL":60,"SetIdentifier":"eu2","Region":"eu-west-1",)"
       R"("ResourceRecords":[{"Value":"192.0.2.1"}]})",
       "InvalidChangeBatch: [RRSet with DNS name l.example.com., type A, SetIdentifier eu2, and "
       "Region Name=eu-west-1 cannot be created because a latency RRSet with the same name, type "
       "and region already exists.]"},
      {"CREATE",
       R"({"Name":"f.example.com","Type":"A","TTL":60,"SetIdentifier":"again",)"
       R"("Failover":"PRIMARY","HealthCheckId":")" +
           check + R"(","ResourceRecords":[{"Value":"192.0.2.1"}]})",
       "InvalidChangeBatch: [RRSet with DNS name f.example.com., type A, SetIdentifier again, and "
       "Failover=PRIMARY cannot be created because a failover RRSet with the same name, type and "
       "failover already exists.]"},
      {"CREATE",
       R"({"Name":"m.example.com","Type":"CNAME","TTL":60,"SetIdentifier":"m",)"
       R"("MultiValueAnswer":true,"ResourceRecords":[{"Value":"www.example.com"}]})",
       "InvalidChangeBatch: [RRSet of type CNAME with DNS name m.example.com. cannot be a "
       "multivalue answer]"},
      {"CREATE", R"({"Name":"n.example.com","Type":"A"})",
       "InvalidInput: Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
       "ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with "
       "[Action=CREATE, Name=n.example.com, Type=A, SetIdentifier=null]"},
      {"CREATE", f.alias(zone, "n.example.com", "www.example.com", true, R"(,"TTL":60)"),
       "InvalidInput: Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
       "ResourceRecords], or TrafficPolicyInstanceId], but found more than one in Change with "
       "[Action=CREATE, Name=n.example.com, Type=A, SetIdentifier=null]"},
      {"UPSERT", f.a("n.example.com.", "192.0.2.1", R"(,"Weight":1)"),
       "InvalidInput: Invalid request: Missing field 'SetIdentifier' in Change with "
       "[Action=UPSERT, Name=n.example.com., Type=A, SetIdentifier=null]"},
      {"DELETE", f.a("n.example.com", "192.0.2.1", R"(,"SetIdentifier":"s")"),
       "InvalidInput: Invalid request: Expected exactly one of [Weight, Region, Failover, "
       "GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig], but found "
       "none in Change with [Action=DELETE, Name=n.example.com, Type=A, SetIdentifier=s]"},
      {"CREATE",
       f.a("n.example.com", "192.0.2.1", R"(,"SetIdentifier":"s","Weight":1,"Region":"eu-west-1")"),
       "InvalidInput: Invalid request: Expected exactly one of [Weight, Region, Failover, "
       "GeoLocation, MultiValueAnswer, GeoProximityLocation, or CidrRoutingConfig], but found "
       "more than one in Change with [Action=CREATE, Name=n.example.com, Type=A, SetIdentifier=s]"},
  };
  for (const auto& c : cases) {
    CHECK(f.change_refused(zone, {{c.action, c.record}}) == c.refusal);
    // In the company of a sound change nothing is done either.
    CHECK(f.change_refused(zone, {{"CREATE", f.a("sound.example.com", "192.0.2.7")},
                                  {c.action, c.record}}) == c.refusal);
  }
  CHECK(listing(f, zone) == before);
  f.world.settle();
  CHECK(f.answer("sound.example.com") == "-");
}

TEST_CASE("all errors of a batch are told at once") {
  Fixture f;
  const auto zone = f.make_zone();
  CHECK(f.change_refused(zone, {{"DELETE", f.a("a.example.com", "192.0.2.1")},
                                {"CREATE", f.a("b.example.org", "192.0.2.1")}}) ==
        "InvalidChangeBatch: [Tried to delete resource record set [name='a.example.com.', "
        "type='A'] but it was not found, "
        "RRSet with DNS name b.example.org. is not permitted in zone example.com.]");
}

TEST_CASE("a batch changes a record set once; DELETE and CREATE are one change") {
  Fixture f;
  const auto zone = f.make_zone();
  const auto one = f.a("a.example.com", "192.0.2.1"), two = f.a("A.example.com.", "192.0.2.2");
  const std::string twice =
      "InvalidChangeBatch: [The request contains an invalid set of changes for a resource record "
      "set 'A a.example.com.']";
  CHECK(f.change_refused(zone, {{"CREATE", one}, {"CREATE", two}}) == twice);
  CHECK(f.change_refused(zone, {{"UPSERT", one}, {"UPSERT", two}}) == twice);
  CHECK(f.change_refused(zone, {{"CREATE", one}, {"DELETE", one}}) == twice);
  f.change(zone, {{"CREATE", one}});
  CHECK(f.change_refused(zone, {{"DELETE", one}, {"UPSERT", two}}) == twice);
  CHECK(f.change_refused(zone, {{"DELETE", one}, {"DELETE", one}}) == twice);
  f.change(zone, {{"DELETE", one}, {"CREATE", two}});
  CHECK(f.answer("a.example.com") == "192.0.2.2");
  // Another set identifier is another record set.
  f.change(zone, {{"CREATE", f.a("w.example.com", "192.0.2.1", f.weighted("x", 1))},
                  {"CREATE", f.a("w.example.com", "192.0.2.2", f.weighted("y", 1))}});
}

TEST_CASE("a failover pair changes roles by UPSERT") {
  Fixture f;
  const auto zone = f.make_zone();
  const auto check = f.make_check("r");
  const auto record = [&](const std::string& set, const std::string& role,
                          const std::string& address) {
    return R"({"Name":"f.example.com","Type":"A","TTL":60,"SetIdentifier":")" + set +
           R"(","Failover":")" + role + R"(","HealthCheckId":")" + check +
           R"(","ResourceRecords":[{"Value":")" + address + R"("}]})";
  };
  f.change(zone, {{"CREATE", record("a", "PRIMARY", "192.0.2.1")},
                  {"CREATE", record("b", "SECONDARY", "192.0.2.2")}});
  CHECK(f.answer("f.example.com") == "192.0.2.1");
  f.change(zone, {{"UPSERT", record("a", "SECONDARY", "192.0.2.1")},
                  {"UPSERT", record("b", "PRIMARY", "192.0.2.2")}});
  CHECK(f.answer("f.example.com") == "192.0.2.2");
  CHECK(f.change_refused(zone, {{"UPSERT", record("a", "PRIMARY", "192.0.2.1")}})
            .find("Failover=PRIMARY cannot be created") != std::string::npos);
}

TEST_CASE("the apex keeps its SOA and NS; they can be changed") {
  Fixture f;
  const auto zone = f.make_zone();
  std::string soa, ns;
  const auto all = f.ok("ListResourceRecordSets", R"({"HostedZoneId":")" + zone + "\"}");
  for (const auto& record : all["ResourceRecordSets"].items())
    (record["Type"].string() == "SOA" ? soa : ns) = aws::to_json(record);
  CHECK(f.change_refused(zone, {{"DELETE", soa}}) ==
        "InvalidChangeBatch: [A HostedZone must contain exactly one SOA record.]");
  CHECK(f.change_refused(zone, {{"DELETE", ns}}) ==
        "InvalidChangeBatch: [A HostedZone must contain at least one NS record for the zone "
        "itself.]");
  f.change(zone, {{"UPSERT", R"({"Name":"example.com","Type":"NS","TTL":60,"ResourceRecords":)"
                             R"([{"Value":"ns.example.net."}]})"}});
}

TEST_CASE("limits of a batch; UPSERT counts double") {
  Fixture f;
  const auto zone = f.make_zone();
  std::vector<std::pair<std::string, std::string>> changes;
  for (int i = 0; i < 501; ++i)
    changes.emplace_back("UPSERT", f.a("n" + std::to_string(i) + ".example.com", "192.0.2.1"));
  CHECK(f.change_refused(zone, changes) ==
        "InvalidChangeBatch: [Number of records limit of 1000 exceeded.]");
  for (auto& change : changes) change.first = "CREATE";
  f.change(zone, changes);
  CHECK(f.answer("n500.example.com") == "192.0.2.1");
  const std::string text(200, 'x');
  std::string values;
  for (int i = 0; i < 170; ++i)
    values += (i ? "," : "") + (R"({"Value":"\")" + std::to_string(i) + text + R"(\""})");
  CHECK(
      f.change_refused(
          zone, {{"CREATE", R"({"Name":"t.example.com","Type":"TXT","TTL":1,"ResourceRecords":[)" +
                                values + "]}"}}) ==
      "InvalidChangeBatch: [Number of characters limit of 32000 exceeded.]");
}

TEST_CASE("a batch may replace in one step what could not stand beside it") {
  Fixture f;
  const auto zone = f.make_zone();
  const std::string cname = R"({"Name":"www.example.com","Type":"CNAME","TTL":60,)"
                            R"("ResourceRecords":[{"Value":"x.example.com"}]})";
  f.change(zone, {{"CREATE", cname}});
  f.change(zone, {{"DELETE", cname}, {"CREATE", f.a("www.example.com", "192.0.2.1")}});
  CHECK(f.answer("www.example.com") == "192.0.2.1");
  f.change(zone, {{"DELETE", f.a("www.example.com", "192.0.2.1")},
                  {"CREATE", f.a("www.example.com", "192.0.2.2", f.weighted("x", 1))}});
  CHECK(f.answer("www.example.com") == "192.0.2.2");
}

TEST_CASE("DELETE matches values in any order") {
  Fixture f;
  const auto zone = f.make_zone();
  const auto record = [](const std::string& first, const std::string& second) {
    return R"({"Name":"www.example.com","Type":"A","TTL":60,"ResourceRecords":[{"Value":")" +
           first + R"("},{"Value":")" + second + R"("}]})";
  };
  f.change(zone, {{"CREATE", record("192.0.2.1", "192.0.2.2")}});
  CHECK(f.change_refused(zone, {{"CREATE", record("192.0.2.1", "192.0.2.1")}}) ==
        "InvalidChangeBatch: [Duplicate Resource Record: '192.0.2.1']");
  f.change(zone, {{"DELETE", record("192.0.2.2", "192.0.2.1")}});
  CHECK(f.answer("www.example.com") == "-");
}

TEST_CASE(
    "listings: labels reversed, bytewise with the dot, then type, then set identifier; pages "
    "join") {
  Fixture f;
  const auto zone = f.make_zone();
  f.change(zone, {{"CREATE", f.a("b.example.com", "192.0.2.1")},
                  {"CREATE", f.a("a.b.example.com", "192.0.2.1")},
                  {"CREATE", f.a("b-c.example.com", "192.0.2.1")},
                  {"CREATE", f.a("*.example.com", "192.0.2.1")},
                  {"CREATE", f.a("w.example.com", "192.0.2.1", f.weighted("2", 1))},
                  {"CREATE", f.a("w.example.com", "192.0.2.1", f.weighted("1", 1))},
                  {"CREATE", R"({"Name":"b.example.com","Type":"TXT","TTL":60,)"
                             R"("ResourceRecords":[{"Value":"\"x\""}]})"}});
  const auto names = [](const aws::Value& page) {
    std::string out;
    for (const auto& r : page["ResourceRecordSets"].items())
      out += r["Name"].string() + "/" + r["Type"].string() + r["SetIdentifier"].string_or("") + " ";
    return out;
  };
  const std::string whole =
      "example.com./NS example.com./SOA \\052.example.com./A b-c.example.com./A b.example.com./A "
      "b.example.com./TXT "
      "a.b.example.com./A w.example.com./A1 w.example.com./A2 ";
  CHECK(names(f.ok("ListResourceRecordSets", R"({"HostedZoneId":")" + zone + "\"}")) == whole);
  for (int size = 1; size <= 10; ++size) {
    std::string joined;
    aws::Value in = route53::testing::json(R"({"HostedZoneId":")" + zone + R"(","MaxItems":")" +
                                           std::to_string(size) + "\"}");
    for (int page = 0; page < 20; ++page) {
      const auto out = *f.call("ListResourceRecordSets", in);
      joined += names(out);
      CHECK(out["MaxItems"].string() == std::to_string(size));
      if (!out["IsTruncated"].boolean()) break;
      in.set("StartRecordName", out["NextRecordName"]);
      in.set("StartRecordType", out["NextRecordType"]);
      in.set("StartRecordIdentifier", out["NextRecordIdentifier"]);
    }
    CHECK(joined == whole);
  }
  CHECK(f.refusal("ListResourceRecordSets",
                  R"({"HostedZoneId":")" + zone + R"(","StartRecordType":"A"})")
            .substr(0, 13) == "InvalidInput:");
  CHECK(f.refusal("ListResourceRecordSets", R"({"HostedZoneId":")" + zone + R"(","MaxItems":"-1"})")
            .substr(0, 13) == "InvalidInput:");
}

TEST_CASE("all that is wrong with the values of a batch is told at once (fact route53-135)") {
  Fixture f;
  const auto zone = f.make_zone();
  const std::string label(64, 'x');
  CHECK(f.change_refused(zone, {{"CREATE", f.a("a.example.com", "192.0.2")},
                                {"CREATE", f.a("b.example.com", "192.0.2.1")},
                                {"CREATE", f.a("c.example.com", "1.1.1.1, 2.2.2.2")},
                                {"CREATE", f.a(label + ".example.com", "192.0.2.1")}}) ==
        "InvalidChangeBatch: [Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address "
        "(Value is not a valid IPv4 address) encountered with '192.0.2'', Invalid Resource Record: "
        "'FATAL problem: ARRDATANotSingleField (Value contains spaces) encountered with '1.1.1.1, "
        "2.2.2.2'', FATAL problem: DomainLabelTooLong (Domain label is too long) encountered "
        "with '" +
            label + "']");
  // Both values of one record.
  CHECK(f.change_refused(
            zone, {{"CREATE", R"({"Name":"a.example.com","Type":"A","TTL":60,"ResourceRecords":)"
                              R"([{"Value":"x"},{"Value":"192.0.2.1"},{"Value":"y"}]})"}}) ==
        "InvalidChangeBatch: [Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address "
        "(Value is not a valid IPv4 address) encountered with 'x'', Invalid Resource Record: "
        "'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered "
        "with 'y'']");
  // An empty label in a record's name stands alone, without brackets, and with the whole name.
  CHECK(f.change_refused(zone, {{"CREATE", f.a("a.example.com", "192.0.2")},
                                {"CREATE", f.a("a..example.com", "192.0.2.1")}}) ==
        "InvalidChangeBatch: FATAL problem: DomainLabelEmpty (Domain label is empty) encountered "
        "with 'a..example.com'");
  CHECK(
      f.change_refused(zone, {{"CREATE", f.alias("Z35SXDOTRQ7X7K", "a.example.com", "", true)}}) ==
      "InvalidChangeBatch: [FATAL problem: DomainNameEmpty (Domain name is empty) encountered "
      "with '']");
  // What is no sound request comes before what is wrong with values.
  CHECK(f.change_refused(zone, {{"CREATE", f.a("a.example.com", "192.0.2")},
                                {"CREATE", R"({"Name":"b.example.com","Type":"A"})"}})
            .starts_with("InvalidInput: Invalid request: Expected exactly one of"));
  CHECK(f.change_refused(zone, {{"CREATE", f.a("b.example.com", "192.0.2.1",
                                               R"(,"MultiValueAnswer":false)")}}) ==
        "InvalidInput: Invalid request: Missing field 'SetIdentifier' in Change with "
        "[Action=CREATE, Name=b.example.com, Type=A, SetIdentifier=null]");
}

TEST_CASE("an alias is judged before its own name, and both are told") {
  Fixture f;
  const auto zone = f.make_zone();
  CHECK(
      f.change_refused(zone, {{"CREATE", f.alias(zone, "recordset", "x.example.com", true)}}) ==
      "InvalidChangeBatch: [Tried to create an alias that targets x.example.com., type A in zone " +
          zone +
          ", but that target was not found, RRSet with DNS name recordset. is not permitted in "
          "zone example.com.]");
}
