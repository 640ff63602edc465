// SPDX-License-Identifier: Apache-2.0
// The service as a client sees it: health checks, zones, changes, tags, and what DNS and metrics
// make of them.
#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;
using std::chrono::seconds;

namespace {
const std::string path_check =
    R"({"Type":"HTTP","IPAddress":"192.0.2.1","Port":80,"ResourcePath":"/lb-check",)"
    R"("RequestInterval":10,"FailureThreshold":1})";

// A site that answers /lb-check only, while up.
void site(Fixture& f, const bool& up) {
  f.world.prober.judge = [&up](const ports::ProbeRequest& request) {
    return up && request.path == "/lb-check" ? ports::sim::healthy_observation()
                                             : ports::sim::failed_observation();
  };
}
}  // namespace

TEST_CASE("CallerReference: the four cells of the table, and after deletion") {
  Fixture f;
  const auto id = f.make_check("one", path_check);
  CHECK(f.make_check("one", path_check) == id);
  CHECK(f.make_check("two", path_check) != id);
  const std::string other =
      R"({"CallerReference":"one","HealthCheckConfig":{"Type":"TCP","IPAddress":"192.0.2.1",)"
      R"("Port":1}})";
  CHECK(f.refusal("CreateHealthCheck", other) ==
        "HealthCheckAlreadyExists: A different health check has already been created with the "
        "specified caller reference.");
  f.ok("UpdateHealthCheck", R"({"HealthCheckId":")" + id + R"(","ResourcePath":"/x"})");
  CHECK(f.make_check("one", path_check) == id);  // a replay is compared with what was created
  f.ok("DeleteHealthCheck", R"({"HealthCheckId":")" + id + "\"}");
  const std::string again = R"({"CallerReference":"one","HealthCheckConfig":)" + path_check + "}";
  CHECK(f.refusal("CreateHealthCheck", again).substr(0, 25) == "HealthCheckAlreadyExists:");
  f.world.settle();
  f.crash();
  CHECK(f.refusal("CreateHealthCheck", again).substr(0, 25) == "HealthCheckAlreadyExists:");
  f.world.advance(std::chrono::hours{24 * 8});
  CHECK(f.refusal("CreateHealthCheck", again) == "ok");
}

TEST_CASE("CallerReferences of deleted checks are forgotten after their week, asked for or not") {
  Fixture f;
  const auto remembered = [&] {
    std::vector<std::string> out;
    f.world.journal.scan("route53.deleted_references", "", "",
                         [&](std::string_view reference, std::string_view) {
                           out.emplace_back(reference);
                           return true;
                         });
    return out;
  };
  const auto live_and_die = [&](const std::string& reference) {
    f.ok("DeleteHealthCheck",
         R"({"HealthCheckId":")" + f.make_check(reference, path_check) + "\"}");
    f.world.settle();
  };
  live_and_die("one");
  f.world.advance(std::chrono::hours{24 * 4});
  live_and_die("two");
  f.crash();
  f.world.advance(std::chrono::hours{24 * 4});
  live_and_die("one");
  CHECK(remembered() == std::vector<std::string>{"one", "two"});
  f.world.advance(std::chrono::hours{24 * 6});
  live_and_die("three");
  CHECK(remembered() == std::vector<std::string>{"one", "three"});
  f.world.advance(std::chrono::hours{24 * 8});
  live_and_die("four");
  CHECK(remembered() == std::vector<std::string>{"four"});
}

TEST_CASE("what comes back has AWS's defaults") {
  Fixture f;
  const auto out =
      f.ok("CreateHealthCheck", R"({"CallerReference":"x","HealthCheckConfig":{"Type":"HTTPS",)"
                                R"("FullyQualifiedDomainName":"a.example.com"}})");
  CHECK(aws::to_json(out["HealthCheck"]["HealthCheckConfig"]) ==
        R"({"Port":443,"Type":"HTTPS","FullyQualifiedDomainName":"a.example.com",)"
        R"("RequestInterval":30,"FailureThreshold":3,)"
        R"("MeasureLatency":false,"Inverted":false,"Disabled":false,"EnableSNI":true})");
  CHECK(out["Location"].string() == "https://route53.amazonaws.com/2013-04-01/healthcheck/" +
                                        out["HealthCheck"]["Id"].string());
  CHECK(out["HealthCheck"]["HealthCheckVersion"].integer() == 1);
}

TEST_CASE("AWS's words for what a health check may not be") {
  Fixture f;
  const auto calculated = f.make_check("calc", R"({"Type":"CALCULATED","HealthThreshold":0})");
  const std::pair<std::string, std::string> cases[] = {
      {R"({"Type":"TCP","IPAddress":"192.0.2.1","Port":1,"FullyQualifiedDomainName":"a.b"})",
       "InvalidInput: TCP health checks that have IP address must not have a fully qualified "
       "domain name specified."},
      {R"({"Type":"TCP","IPAddress":"192.0.2.1","Port":1,"ResourcePath":"/"})",
       "InvalidInput: TCP health checks must not have a resource path specified."},
      {R"({"Type":"TCP","IPAddress":"192.0.2.1"})",
       "InvalidInput: Invalid parameter : TCP health checks must have a port specified."},
      {R"({"Type":"HTTP","IPAddress":"192.0.2.1","AlarmIdentifier":{"Region":"us-east-1",)"
       R"("Name":"a"}})",
       "InvalidInput: Invalid parameter : Basic health checks must not have an metric region "
       "specified."},
      {R"({"Type":"HTTP","IPAddress":"192.0.2.1","InsufficientDataHealthStatus":"Healthy"})",
       "InvalidInput: Invalid parameter : Basic health checks must not have an insufficient data "
       "health state specified."},
      {R"({"Type":"CALCULATED"})",
       "InvalidInput: Invalid parameter : Calculated health checks must have a health threshold "
       "specified."},
      {R"({"Type":"CALCULATED","HealthThreshold":1,"FailureThreshold":1})",
       "InvalidInput: Calculated health checks must not have a failure threshold specified."},
      {R"({"Type":"CALCULATED","HealthThreshold":1,"ChildHealthChecks":[")" + calculated + R"("]})",
       "InvalidInput: Invalid parameter : Calculated health checks must not have a calculated "
       "health check as a child."},
      {R"({"Type":"CALCULATED","HealthThreshold":1,"ChildHealthChecks":["nobody"]})",
       "InvalidInput: Invalid parameter : The child health check nobody does not exist."},
      {R"({"Type":"HTTP"})",
       "InvalidInput: Invalid parameter : Basic health checks must have an IP address or a fully "
       "qualified domain name specified."},
      {R"({"Type":"HTTP_STR_MATCH","IPAddress":"192.0.2.1"})",
       "InvalidInput: Invalid parameter : String match health checks must have a search string "
       "specified."},
      {R"({"Type":"HTTP","IPAddress":"192.0.2.1","RequestInterval":20})",
       "InvalidInput: Invalid parameter : Request interval must be 10 or 30 seconds."},
      {R"({"Type":"HTTP","IPAddress":"192.0.2.1","ResourcePath":"/ HTTP/1.1\r\nX: y"})",
       "InvalidInput: Invalid parameter : Resource path contains invalid characters."},
      {R"({"Type":"HTTP","FullyQualifiedDomainName":"a b"})",
       "InvalidInput: Invalid parameter : Fully qualified domain name is not valid."},
      {R"({"Type":"RECOVERY_CONTROL","RoutingControlArn":"arn:aws:route53-recovery-control::1:x"})",
       "InvalidInput: Invalid parameter : The specified routing control does not exist."},
      {R"({"Type":"CLOUDWATCH_METRIC","AlarmIdentifier":{"Region":"us-east-1","Name":"nothing"}})",
       "InvalidInput: Invalid parameter : no such alarm"},
      {R"({"Type":"HTTP","IPAddress":"127.0.0.1"})",
       "ok"},  // the one deliberate difference (fact route53-15)
  };
  for (const auto& [config, refusal] : cases)
    CHECK(f.refusal("CreateHealthCheck",
                    R"({"CallerReference":"c","HealthCheckConfig":)" + config + "}") == refusal);
}

TEST_CASE("link-local endpoints are refused, but what was there can still be changed") {
  Fixture f;
  const std::string words =
      " is link-local or otherwise restricted (sitelatch engine "
      "--allow-link-local permits it).";
  CHECK(f.refusal("CreateHealthCheck",
                  R"({"CallerReference":"c","HealthCheckConfig":{"Type":"HTTP",)"
                  R"("IPAddress":"169.254.169.254"}})") ==
        "InvalidInput: Invalid parameter : The IP address 169.254.169.254" + words);
  CHECK(f.refusal("CreateHealthCheck",
                  R"({"CallerReference":"c","HealthCheckConfig":{"Type":"HTTP",)"
                  R"("IPAddress":"::ffff:169.254.169.254"}})") ==
        "InvalidInput: Invalid parameter : The IP address ::ffff:169.254.169.254" + words);
  CHECK(f.refusal("CreateHealthCheck",
                  R"({"CallerReference":"c","HealthCheckConfig":{"Type":"HTTP",)"
                  R"("FullyQualifiedDomainName":"169.254.169.254"}})") ==
        "InvalidInput: Invalid parameter : The IP address 169.254.169.254" + words);
  f.options.allow_link_local = true;
  f.crash();
  const auto id =
      f.make_check("l", R"({"Type":"HTTP","IPAddress":"169.254.1.1","ResourcePath":"/lb-check"})");
  f.world.journal.commit();
  f.options.allow_link_local = false;
  f.crash();
  const auto update = [&](const std::string& more) {
    return f.refusal("UpdateHealthCheck", R"({"HealthCheckId":")" + id + "\"," + more + "}");
  };
  CHECK(update(R"("ResourcePath":"/lb-check-failed-over")") == "ok");
  CHECK(update(R"("IPAddress":"169.254.1.2")") ==
        "InvalidInput: Invalid parameter : The IP address 169.254.1.2" + words);
  CHECK(update(R"("IPAddress":"192.0.2.1")") == "ok");
}

TEST_CASE("UpdateHealthCheck changes only what is sent, under the version") {
  Fixture f;
  const auto id = f.make_check(
      "u", R"({"Type":"HTTP","IPAddress":"192.0.2.1","FullyQualifiedDomainName":"a.example.com",)"
           R"("ResourcePath":"/lb-check","Regions":["us-east-1","eu-west-1","sa-east-1"]})");
  const auto update = [&](const std::string& more) {
    return R"({"HealthCheckId":")" + id + "\"," + more + "}";
  };
  auto out =
      f.ok("UpdateHealthCheck", update(R"("ResourcePath":"/lb-check-failed-over")"))["HealthCheck"];
  CHECK(out["HealthCheckVersion"].integer() == 2);
  CHECK(out["HealthCheckConfig"]["ResourcePath"].string() == "/lb-check-failed-over");
  CHECK(out["HealthCheckConfig"]["FullyQualifiedDomainName"].string() == "a.example.com");
  CHECK(f.refusal("UpdateHealthCheck", update(R"("HealthCheckVersion":1,"Inverted":true)"))
            .substr(0, 27) == "HealthCheckVersionMismatch:");
  CHECK(f.refusal("UpdateHealthCheck", update(R"("HealthCheckVersion":3,"Inverted":true)"))
            .substr(0, 27) == "HealthCheckVersionMismatch:");
  out = f.ok("UpdateHealthCheck",
             update(R"("HealthCheckVersion":2,"ResetElements":["ResourcePath","Regions",)"
                    R"("FullyQualifiedDomainName"])"))["HealthCheck"];
  CHECK(out["HealthCheckVersion"].integer() == 3);
  CHECK_FALSE(out["HealthCheckConfig"].has("ResourcePath"));
  CHECK_FALSE(out["HealthCheckConfig"].has("Regions"));
  CHECK_FALSE(out["HealthCheckConfig"].has("FullyQualifiedDomainName"));
  CHECK(f.refusal("UpdateHealthCheck", update(R"("SearchString":"x")")) ==
        "InvalidInput: Invalid parameter : Basic health checks must not have a search string "
        "specified.");
  const auto by_name =
      f.make_check("n", R"({"Type":"HTTP","FullyQualifiedDomainName":"a.example.com"})");
  CHECK(f.refusal("UpdateHealthCheck",
                  R"({"HealthCheckId":")" + by_name + R"(","IPAddress":"192.0.2.1"})")
            .substr(0, 13) == "InvalidInput:");
  CHECK(f.refusal("UpdateHealthCheck", R"({"HealthCheckId":")" + by_name +
                                           R"(","ResetElements":["FullyQualifiedDomainName"]})")
            .substr(0, 13) == "InvalidInput:");
  CHECK(f.refusal("GetHealthCheck", R"({"HealthCheckId":"x"})") ==
        "NoSuchHealthCheck: A health check with id x does not exist.");
}

TEST_CASE("lists of health checks: pages join, the marker is echoed") {
  Fixture f;
  for (int i = 0; i < 7; ++i) f.make_check(std::to_string(i));
  std::set<std::string> seen;
  std::string marker;
  for (int page = 0; page < 4; ++page) {
    const auto out = f.ok("ListHealthChecks", R"({"MaxItems":"2","Marker":")" + marker + "\"}");
    CHECK(out["Marker"].string() == marker);
    CHECK(out["MaxItems"].string() == "2");
    for (const auto& check : out["HealthChecks"].items()) seen.insert(check["Id"].string());
    CHECK(out["IsTruncated"].boolean() == (page < 3));
    marker = out["NextMarker"].string_or("");
  }
  CHECK(seen.size() == 7);
  CHECK(f.ok("GetHealthCheckCount", "{}")["HealthCheckCount"].integer() == 7);
  CHECK(f.refusal("ListHealthChecks", R"({"MaxItems":"x"})").substr(0, 13) == "InvalidInput:");
}

TEST_CASE("the guide: failover, the latch, the repaired Primary, the switch back") {
  Fixture f;
  bool up = true;
  site(f, up);
  const auto zone = f.make_zone();
  const auto check = f.make_check("primary", path_check);
  // The layout of the guide's scripts: a failover alias pair on plain records of the same zone.
  f.change(zone, {{"CREATE", f.a("primary.example.com", "192.0.2.1")},
                  {"CREATE", f.a("backup.example.com", "192.0.2.2")},
                  {"CREATE", f.alias(zone, "client.example.com", "primary.example.com", true,
                                     f.failover("PRIMARY", check))},
                  {"CREATE", f.alias(zone, "client.example.com", "backup.example.com", true,
                                     f.failover("SECONDARY"))}});
  f.world.advance(seconds{30});
  CHECK(f.answer("client.example.com") == "192.0.2.1");
  up = false;
  f.world.advance(seconds{11});
  CHECK(f.answer("client.example.com") == "192.0.2.2");
  f.ok("UpdateHealthCheck",
       R"({"HealthCheckId":")" + check + R"(","ResourcePath":"/lb-check-failed-over"})");
  CHECK(f.route53->describe_health().front().status == Status::unhealthy);  // the status stands
  up = true;
  f.world.advance(seconds{300});
  CHECK(f.answer("client.example.com") == "192.0.2.2");  // latched
  f.ok("UpdateHealthCheck", R"({"HealthCheckId":")" + check + R"(","ResourcePath":"/lb-check"})");
  f.world.settle();
  CHECK(f.answer("client.example.com") == "192.0.2.2");  // not before a probe has passed
  f.world.advance(seconds{11});
  CHECK(f.answer("client.example.com") == "192.0.2.1");
  const auto statuses = f.metrics.of("HealthCheckStatus", check);
  CHECK(std::count(statuses.begin(), statuses.end(), 0.0) >= 15);
}

TEST_CASE("deleting a health check that records use is allowed, and releases nothing") {
  Fixture f;
  bool up = false;
  site(f, up);
  const auto zone = f.make_zone();
  const auto check = f.make_check("p", path_check);
  const auto primary = f.a("client.example.com", "192.0.2.1", f.failover("PRIMARY", check));
  f.change(zone, {{"CREATE", primary},
                  {"CREATE", f.a("client.example.com", "192.0.2.2", f.failover("SECONDARY"))}});
  f.world.advance(seconds{15});
  REQUIRE(f.answer("client.example.com") == "192.0.2.2");
  f.ok("DeleteHealthCheck", R"({"HealthCheckId":")" + check + "\"}");
  f.world.settle();
  CHECK(f.answer("client.example.com") == "192.0.2.2");
  f.crash();
  CHECK(f.answer("client.example.com") == "192.0.2.2");
  CHECK(f.change_refused(zone, {{"UPSERT", primary}}) ==
        "NoSuchHealthCheck: A health check with id " + check + " does not exist.");
  // KCB's script deletes the records afterwards.
  f.change(zone, {{"DELETE", primary}});
  CHECK(f.answer("client.example.com") == "192.0.2.2");
  int departed = 0;
  f.world.journal.scan("route53.departed_checks", "", "",
                       [&](std::string_view, std::string_view) { return ++departed > 0; });
  CHECK(departed == 0);
}

TEST_CASE(
    "an update while a probe is under way: its answer says nothing about the new configuration") {
  Fixture f;
  std::vector<std::function<void(ports::Observation)>> waiting;
  struct HeldProber final : ports::Prober {
    explicit HeldProber(std::vector<std::function<void(ports::Observation)>>& held)
        : waiting(held) {}
    void probe(ports::ProbeRequest, std::function<void(ports::Observation)> done) override {
      waiting.push_back(std::move(done));
    }
    std::vector<std::function<void(ports::Observation)>>& waiting;
  } prober{waiting};
  f.route53 = std::make_unique<Route53>(f.world.journal, f.world.timers, f.world.entropy, prober,
                                        f.metrics, nullptr, f.sink);
  const auto id = f.make_check("x", path_check);
  f.world.advance(seconds{2});
  REQUIRE(waiting.size() == 1);
  f.ok("UpdateHealthCheck", R"({"HealthCheckId":")" + id + R"(","ResourcePath":"/new"})");
  waiting[0](ports::sim::failed_observation());
  CHECK(f.route53->describe_health().front().status == Status::healthy);
  CHECK_FALSE(f.route53->describe_health().front().last.has_value());
  f.world.advance(seconds{60});
  CHECK(waiting.size() == 2);  // one at a time, and the next one did come
  waiting[1](ports::sim::failed_observation());
  CHECK(f.route53->describe_health().front().status == Status::unhealthy);
  f.world.advance(seconds{60});
  f.ok("DeleteHealthCheck", R"({"HealthCheckId":")" + id + "\"}");
  waiting[2](ports::sim::failed_observation());  // nobody is there any more
  f.route53.reset();
  waiting[2](ports::sim::failed_observation());
}

TEST_CASE("disabled and inverted, one by one and together") {
  for (const bool up : {true, false})
    for (const bool disabled : {true, false})
      for (const bool inverted : {true, false}) {
        Fixture f;
        site(f, up);
        const auto config = path_check.substr(0, path_check.size() - 1) + R"(,"Disabled":)" +
                            (disabled ? "true" : "false") + R"(,"Inverted":)" +
                            (inverted ? "true" : "false") + "}";
        const auto id = f.make_check("x", config);
        // New: healthy, or unhealthy when inverted.
        CHECK((f.route53->describe_health().front().status == Status::healthy) == !inverted);
        f.world.advance(seconds{60});
        const bool healthy = (disabled || up) != inverted;
        CHECK((f.route53->describe_health().front().status == Status::healthy) == healthy);
        CHECK(f.world.prober.probes == (disabled ? 0u : f.world.prober.probes));
        CHECK((f.world.prober.probes > 0) == !disabled);
        const auto statuses = f.metrics.of("HealthCheckStatus", id);
        CHECK(statuses.back() == (healthy ? 1.0 : 0.0));
        CHECK(f.metrics.of("HealthCheckPercentageHealthy", id).empty() == disabled);
      }
}

TEST_CASE("three samples of HealthCheckStatus a minute, 20 s apart") {
  Fixture f;
  const auto id = f.make_check("x");
  f.world.advance(seconds{599});
  std::vector<Instant> at;
  for (const auto& s : f.metrics.samples)
    if (s.metric == "HealthCheckStatus") at.push_back(s.at);
  CHECK(at.size() == 30);
  for (std::size_t i = 1; i < at.size(); ++i) CHECK(at[i] - at[i - 1] == seconds{20});
}

TEST_CASE(
    "CALCULATED follows its children at once; a forced status goes over the real one and "
    "survives") {
  Fixture f;
  bool up = true;
  site(f, up);
  const auto one = f.make_check("1", path_check), two = f.make_check("2", path_check);
  const auto both =
      f.make_check("c", R"({"Type":"CALCULATED","HealthThreshold":2,"ChildHealthChecks":[")" + one +
                            R"(",")" + two + R"("]})");
  const auto status = [&](const std::string& id) {
    for (const auto& d : f.route53->describe_health())
      if (d.id == id) return d.status;
    return Status::healthy;
  };
  const auto zone = f.make_zone();
  f.change(zone, {{"CREATE", f.a("c.example.com", "192.0.2.1", f.failover("PRIMARY", both))},
                  {"CREATE", f.a("c.example.com", "192.0.2.2", f.failover("SECONDARY"))}});
  f.world.advance(seconds{20});
  CHECK(status(both) == Status::healthy);
  REQUIRE(f.route53->set_forced(one, Forced::down));
  f.world.settle();
  CHECK(status(both) == Status::unhealthy);
  CHECK(f.answer("c.example.com") == "192.0.2.2");
  f.crash();
  CHECK(f.answer("c.example.com") == "192.0.2.2");
  CHECK(status(one) == Status::unhealthy);
  f.world.advance(seconds{60});
  CHECK(f.answer("c.example.com") == "192.0.2.2");
  CHECK(f.metrics.of("ChildHealthCheckHealthyCount", both).back() == 1.0);
  REQUIRE(f.route53->set_forced(one, Forced::none));
  f.world.settle();
  CHECK(f.answer("c.example.com") == "192.0.2.1");
  up = false;  // both children flip; the forced one keeps its real status underneath
  REQUIRE(f.route53->set_forced(one, Forced::up));
  f.world.advance(seconds{20});
  CHECK(status(one) == Status::healthy);
  f.crash();
  REQUIRE(f.route53->set_forced(one, Forced::none));
  CHECK(status(one) == Status::unhealthy);
  CHECK_FALSE(f.route53->set_forced("nobody", Forced::up));
}

TEST_CASE("CLOUDWATCH_METRIC follows the data; insufficient data as configured") {
  for (const auto& [lacking, when_unhealthy] : {std::pair{"Healthy", Status::healthy},
                                                {"Unhealthy", Status::unhealthy},
                                                {"LastKnownStatus", Status::unhealthy}}) {
    Fixture f;
    f.make_check(
        "m",
        R"({"Type":"CLOUDWATCH_METRIC","AlarmIdentifier":{"Region":"us-east-1","Name":"alarm"},)"
        R"("InsufficientDataHealthStatus":")" +
            std::string{lacking} + "\"}");
    const auto status = [&] { return f.route53->describe_health().front().status; };
    f.world.advance(seconds{61});
    CHECK(status() == Status::healthy);
    f.stream.state = MetricDataStream::State::alarm;
    f.world.advance(seconds{61});
    CHECK(status() == Status::unhealthy);
    f.crash();
    CHECK(status() == Status::unhealthy);
    f.stream.state = MetricDataStream::State::insufficient_data;
    f.world.advance(seconds{61});
    CHECK(status() == when_unhealthy);
  }
}

TEST_CASE("status and last failure reason have AWS's shape") {
  Fixture f;
  bool up = false;
  site(f, up);
  const auto id = f.make_check("x", path_check);
  const std::string in = R"({"HealthCheckId":")" + id + "\"}";
  CHECK(f.ok("GetHealthCheckStatus", in)["HealthCheckObservations"].items().empty());
  f.world.advance(seconds{15});
  up = true;
  f.world.advance(seconds{15});
  const auto now = f.ok("GetHealthCheckStatus", in)["HealthCheckObservations"].items().at(0);
  CHECK(now["Region"].string() == "us-east-1");
  CHECK(now["StatusReport"]["Status"].string() == "Success: HTTP Status Code 200, OK");
  const auto last =
      f.ok("GetHealthCheckLastFailureReason", in)["HealthCheckObservations"].items().at(0);
  CHECK(last["StatusReport"]["Status"].string() ==
        "Failure: HTTP Status Code 503, Service Unavailable");
  CHECK(last["StatusReport"]["CheckedTime"].timestamp() <
        now["StatusReport"]["CheckedTime"].timestamp());
  const auto calculated = f.make_check("c", R"({"Type":"CALCULATED","HealthThreshold":0})");
  CHECK(f.refusal("GetHealthCheckStatus", R"({"HealthCheckId":")" + calculated + "\"}")
            .substr(0, 13) == "InvalidInput:");
}

TEST_CASE("zones: creation, lists, counts, comments, deletion") {
  Fixture f;
  const auto made =
      f.ok("CreateHostedZone",
           R"({"Name":"Example.COM","CallerReference":"1","HostedZoneConfig":{"Comment":"c"}})");
  CHECK(made["HostedZone"]["Name"].string() == "example.com.");
  CHECK(made["HostedZone"]["ResourceRecordSetCount"].integer() == 2);
  CHECK(made["ChangeInfo"]["Status"].string() == "PENDING");
  CHECK(made["DelegationSet"]["NameServers"].items().size() == 4);
  f.world.settle();
  CHECK(f.ok("GetChange",
             R"({"Id":")" + made["ChangeInfo"]["Id"].string() + "\"}")["ChangeInfo"]["Status"]
            .string() == "INSYNC");
  const auto id = made["HostedZone"]["Id"].string();
  CHECK(f.refusal("CreateHostedZone", R"({"Name":"b.com","CallerReference":"1"})").substr(0, 24) ==
        "HostedZoneAlreadyExists:");
  CHECK(f.refusal("CreateHostedZone", R"({"Name":"a..b","CallerReference":"2"})").substr(0, 18) ==
        "InvalidDomainName:");
  CHECK(f.refusal("CreateHostedZone",
                  R"({"Name":"a.com","CallerReference":"2","VPC":{"VPCRegion":"us-east-1",)"
                  R"("VPCId":"nonsense"}})")
            .substr(0, 13) == "InvalidVPCId:");
  f.make_zone("a.com");
  f.make_zone("z.org");
  CHECK(f.ok("GetHostedZoneCount", "{}")["HostedZoneCount"].integer() == 3);
  const auto by_name = f.ok("ListHostedZonesByName", R"({"DNSName":"b.com","MaxItems":"1"})");
  CHECK(by_name["HostedZones"].items().at(0)["Name"].string() == "example.com.");
  CHECK(by_name["NextDNSName"].string() == "z.org.");
  CHECK(f.ok("ListHostedZones", "{}")["HostedZones"].items().size() == 3);
  CHECK(f.ok("UpdateHostedZoneComment",
             R"({"Id":")" + id + R"(","Comment":"d"})")["HostedZone"]["Config"]["Comment"]
            .string() == "d");
  const auto bare = id.substr(12);
  f.change(bare, {{"CREATE", f.a("www.example.com", "192.0.2.1")}});
  CHECK(f.refusal("DeleteHostedZone", R"({"Id":")" + id + "\"}") ==
        "HostedZoneNotEmpty: The specified hosted zone contains non-required resource record sets "
        "and "
        "so cannot be deleted.");
  f.crash();
  CHECK(f.answer("www.example.com") == "192.0.2.1");
  f.change(bare, {{"DELETE", f.a("www.example.com", "192.0.2.1")}});
  f.ok("DeleteHostedZone", R"({"Id":")" + id + "\"}");
  f.world.settle();
  CHECK(f.refusal("GetHostedZone", R"({"Id":")" + id + "\"}") ==
        "NoSuchHostedZone: No hosted zone found with ID: " + bare);
  f.crash();
  CHECK(f.ok("GetHostedZoneCount", "{}")["HostedZoneCount"].integer() == 2);
}

TEST_CASE("names that no zone has (fact route53-136)") {
  Fixture f;
  const auto named = [&](const std::string& name) {
    return f.refusal("CreateHostedZone",
                     R"({"Name":")" + name + R"(","CallerReference":"n-)" + name + "\"}");
  };
  for (const std::string top : {"com", "com.", "COM", "de", "xyz"})
    CHECK(named(top) == "InvalidDomainName: " + top + " is reserved by AWS!");
  f.options.strict_names = true;
  f.crash();
  for (const std::string name : {"com", "test2", "example.com", "Example.Org."})
    CHECK(named(name) == "InvalidDomainName: " + name + " is reserved by AWS!");
  CHECK(named("www.example.com") == "ok");
  f.options.strict_names = false;
  f.crash();
  CHECK(named("database.") == "ok");
  CHECK(named("example.org") == "ok");
  CHECK(f.refusal("CreateHostedZone", R"({"Name":"a b.com","CallerReference":"2"})") ==
        "InvalidDomainName: FATAL problem: UnsupportedCharacter (Value contains unsupported "
        "characters) encountered with ' '");
}

TEST_CASE("of zones with one name the oldest answers, then its heir") {
  Fixture f;
  const auto first = f.make_zone();
  const auto second =
      f.ok("CreateHostedZone",
           R"({"Name":"example.com","CallerReference":"second"})")["HostedZone"]["Id"]
          .string()
          .substr(12);
  f.change(second, {{"CREATE", f.a("www.example.com", "192.0.2.2")}});
  CHECK(f.answer("www.example.com") == "-");
  f.change(first, {{"CREATE", f.a("www.example.com", "192.0.2.1")}});
  CHECK(f.answer("www.example.com") == "192.0.2.1");
  f.change(first, {{"DELETE", f.a("www.example.com", "192.0.2.1")}});
  f.ok("DeleteHostedZone", R"({"Id":")" + first + "\"}");
  f.world.settle();
  CHECK(f.answer("www.example.com") == "192.0.2.2");
}

TEST_CASE("TestDNSAnswer answers as DNS does") {
  Fixture f;
  const auto zone = f.make_zone();
  f.change(zone, {{"CREATE", f.a("*.w.example.com", "192.0.2.1")},
                  {"CREATE", f.a("a.b.example.com", "192.0.2.2")}});
  const auto ask = [&](const std::string& name, const std::string& type) {
    const auto out = f.ok("TestDNSAnswer", R"({"HostedZoneId":")" + zone + R"(","RecordName":")" +
                                               name + R"(","RecordType":")" + type + "\"}");
    std::string text = out["ResponseCode"].string();
    for (const auto& data : out["RecordData"].items()) text += " " + data.string();
    return text;
  };
  CHECK(ask("x.w.example.com", "A") == "NOERROR 192.0.2.1");
  CHECK(ask("a.b.example.com", "A") == "NOERROR 192.0.2.2");
  CHECK(ask("b.example.com", "A") == "NOERROR");
  CHECK(ask("a.b.example.com", "AAAA") == "NOERROR");
  CHECK(ask("c.example.com", "A") == "NXDOMAIN");
}

TEST_CASE("tags: of both kinds, in bulk, kept over a restart, gone with the resource") {
  Fixture f;
  const auto id = f.make_check("x");
  const auto zone = f.make_zone();
  f.ok("ChangeTagsForResource",
       R"({"ResourceType":"healthcheck","ResourceId":")" + id +
           R"(","AddTags":[{"Key":"Name","Value":"n"},{"Key":"b","Value":""}]})");
  f.ok("ChangeTagsForResource",
       R"({"ResourceType":"healthcheck","ResourceId":")" + id +
           R"(","AddTags":[{"Key":"Name","Value":"m"}],"RemoveTagKeys":["b"]})");
  f.world.settle();
  f.crash();
  const std::string list = R"({"ResourceType":"healthcheck","ResourceId":")" + id + "\"}";
  CHECK(aws::to_json(f.ok("ListTagsForResource", list)) ==
        R"({"ResourceTagSet":{"ResourceType":"healthcheck","ResourceId":")" + id +
            R"(","Tags":[{"Key":"Name","Value":"m"}]}})");
  CHECK(f.ok("ListTagsForResources", R"({"ResourceType":"hostedzone","ResourceIds":[")" + zone +
                                         R"("]})")["ResourceTagSets"]
            .items()
            .size() == 1);
  CHECK(f.refusal("ListTagsForResource", R"({"ResourceType":"hostedzone","ResourceId":"x"})") ==
        "NoSuchHostedZone: No hosted zone found with ID: x");
  CHECK(f.refusal("ChangeTagsForResource", R"({"ResourceType":"healthcheck","ResourceId":")" + id +
                                               R"(","AddTags":[{"Key":"aws:x","Value":"y"}]})")
            .substr(0, 13) == "InvalidInput:");
  f.ok("DeleteHealthCheck", R"({"HealthCheckId":")" + id + "\"}");
  CHECK(f.refusal("ListTagsForResource", list).substr(0, 18) == "NoSuchHealthCheck:");
}

TEST_CASE("what each operation asks of IAM") {
  Fixture f;
  const aws::Caller root{aws::Caller::Kind::root, "000000000000", "", "", "", "", "", "", ""};
  const auto asked = [&](std::string_view operation, const std::string& text) {
    const auto input = route53::testing::json(text);
    return f.route53->authorisation(
        {operation, input, root, "us-east-1", "000000000000", "r", "", f.world.timers.now()});
  };
  const auto update = asked("UpdateHealthCheck", R"({"HealthCheckId":"abc"})");
  REQUIRE(update.size() == 1);
  CHECK(update[0].action == "route53:UpdateHealthCheck");
  CHECK(update[0].resources == std::vector<std::string>{"arn:aws:route53:::healthcheck/abc"});
  CHECK(asked("GetChange", R"({"Id":"/change/C1"})")[0].resources.front() ==
        "arn:aws:route53:::change/C1");
  CHECK(asked("CreateHealthCheck", "{}")[0].resources.front() == "*");
  CHECK(asked("GetCheckerIpRanges", "{}").empty());
  const auto batch = asked("ChangeResourceRecordSets",
                           f.batch("/hostedzone/Z1", {{"UPSERT", f.a("A.example.com.", "1")},
                                                      {"DELETE", f.a("a.example.com", "1")}}));
  CHECK(batch[0].resources.front() == "arn:aws:route53:::hostedzone/Z1");
  CHECK(batch[0].keys.at("route53:changeresourcerecordsetsnormalizedrecordnames") ==
        std::vector<std::string>{"a.example.com"});
  CHECK(batch[0].keys.at("route53:changeresourcerecordsetsactions") ==
        std::vector<std::string>{"UPSERT", "DELETE"});
  CHECK(asked("ListTagsForResources", R"({"ResourceType":"healthcheck","ResourceIds":["a","b"]})")
            .size() == 2);
}
