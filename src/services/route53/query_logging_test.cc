// SPDX-License-Identifier: Apache-2.0
// Query logging: which log groups it takes, once a zone, in pages (fact route53-117).
#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;

namespace {

struct OneGroup final : QueryLogs {
  bool there = true, wanted = false;
  std::vector<std::string> written;  // "group stream line"

  bool has_group(std::string_view group_name) const override {
    return there && group_name == "/aws/route53/a";
  }
  void want_queries(bool any) override { wanted = any; }
  void write(const std::string& group_name, const std::string& stream_name, Instant,
             std::vector<std::string> lines) override {
    for (const auto& line : lines) written.push_back(group_name + " " + stream_name + " " + line);
  }
};

const std::string group_arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/route53/a";

struct Logging : Fixture {
  OneGroup group;
  Logging() {
    options.query_logs = &group;
    crash();
  }
};

std::string logging_to(const std::string& zone, const std::string& arn = group_arn) {
  return R"({"HostedZoneId":")" + zone + R"(","CloudWatchLogsLogGroupArn":")" + arn + "\"}";
}

}  // namespace

TEST_CASE("a zone's queries are logged to one group that is there, over a restart, until it ends") {
  Logging f;
  const auto zone = f.make_zone("a.test");
  const auto made = f.ok("CreateQueryLoggingConfig", logging_to("/hostedzone/" + zone));
  const auto logging = made["QueryLoggingConfig"]["Id"].string();
  CHECK(made["QueryLoggingConfig"]["HostedZoneId"].string() == zone);
  CHECK(made["Location"].string() ==
        "https://route53.amazonaws.com/2013-04-01/queryloggingconfig/" + logging);
  CHECK(f.refusal("CreateQueryLoggingConfig", logging_to(zone, group_arn + ":*")) ==
        "QueryLoggingConfigAlreadyExists: A query logging configuration already exists for this "
        "hosted zone");
  f.world.settle();
  f.crash();
  CHECK(f.ok("GetQueryLoggingConfig", Fixture::just(logging))["QueryLoggingConfig"] ==
        made["QueryLoggingConfig"]);
  f.ok("DeleteQueryLoggingConfig", Fixture::just(logging));
  CHECK(f.refusal("GetQueryLoggingConfig", Fixture::just(logging)) ==
        "NoSuchQueryLoggingConfig: The query logging configuration does not exist");
  CHECK(f.code("DeleteQueryLoggingConfig", Fixture::just(logging)) == "NoSuchQueryLoggingConfig");

  const auto again = f.ok("CreateQueryLoggingConfig", logging_to(zone))["QueryLoggingConfig"]["Id"];
  f.ok("DeleteHostedZone", Fixture::just(zone));
  CHECK(f.code("GetQueryLoggingConfig", Fixture::just(again.string())) ==
        "NoSuchQueryLoggingConfig");
  f.world.settle();
  f.crash();
  CHECK(f.ok("ListQueryLoggingConfigs", "{}")["QueryLoggingConfigs"].items().empty());
}

TEST_CASE("what queries are not logged to, and of what") {
  Logging f;
  const auto zone = f.make_zone("a.test");
  const std::pair<std::string, std::string> cases[] = {
      {"arn:aws:logs:us-east-1:000000000000:log-group:/aws/route53/b",
       "NoSuchCloudWatchLogsLogGroup: The specified CloudWatch Logs log group doesn't exist."},
      {"/aws/route53/a", "InvalidInput: The ARN for the CloudWatch Logs log group is invalid"},
      {"arn:aws:logs:us-east-1:000000000000:log-group:",
       "InvalidInput: The ARN for the CloudWatch Logs log group is invalid"},
      {group_arn + ":log-stream:x",
       "InvalidInput: The ARN for the CloudWatch Logs log group is invalid"},
      {"arn:aws:sns:us-east-1:000000000000:log-group:/aws/route53/a",
       "InvalidInput: The ARN for the CloudWatch Logs log group is invalid"},
      {"arn:aws:logs:eu-west-1:000000000000:log-group:/aws/route53/a",
       "InvalidInput: Invalid parameter : The log group for query logging must be in us-east-1 and "
       "in the account 000000000000 of the hosted zone."},
      {"arn:aws:logs:us-east-1:111111111111:log-group:/aws/route53/a",
       "InvalidInput: Invalid parameter : The log group for query logging must be in us-east-1 and "
       "in the account 000000000000 of the hosted zone."},
      {group_arn + ":*", "ok"}};
  for (const auto& [group, refusal] : cases)
    CHECK(f.refusal("CreateQueryLoggingConfig", logging_to(zone, group)) == refusal);
  CHECK(f.code("CreateQueryLoggingConfig", logging_to("Z1")) == "NoSuchHostedZone");
  const auto closed =
      f.ok("CreateHostedZone", R"({"Name":"p.test","CallerReference":"p","VPC":{"VPCRegion":)"
                               R"("us-east-1","VPCId":"vpc-1"}})")["HostedZone"]["Id"]
          .string();
  CHECK(f.code("CreateQueryLoggingConfig", logging_to(closed)) == "InvalidInput");
  Fixture without_logs;
  CHECK(without_logs.refusal("CreateQueryLoggingConfig", logging_to(without_logs.make_zone()))
            .substr(0, 29) == "NoSuchCloudWatchLogsLogGroup:");
}

TEST_CASE("query logging configurations, of all zones or of one, in pages") {
  Logging f;
  std::vector<std::string> zones;
  for (const std::string name : {"a.test", "b.test", "c.test"}) {
    zones.push_back(f.make_zone(name));
    f.ok("CreateQueryLoggingConfig", logging_to(zones.back()));
  }
  std::size_t seen = 0;
  std::string token;
  for (int page = 0; page < 2; ++page) {
    const auto out = f.ok("ListQueryLoggingConfigs", R"({"MaxResults":"2")" + token + "}");
    seen += out["QueryLoggingConfigs"].items().size();
    CHECK(out["NextToken"].is_null() == (page == 1));
    token = R"(,"NextToken":")" + out["NextToken"].string_or("") + "\"";
  }
  CHECK(seen == 3);
  const auto of_one = f.ok("ListQueryLoggingConfigs", R"({"HostedZoneId":")" + zones[1] + "\"}");
  REQUIRE(of_one["QueryLoggingConfigs"].items().size() == 1);
  CHECK(of_one["QueryLoggingConfigs"].items().at(0)["HostedZoneId"].string() == zones[1]);
  CHECK(f.refusal("ListQueryLoggingConfigs", R"({"NextToken":"nonsense"})") ==
        "InvalidPaginationToken: Route 53 can't get the next page of query logging configurations "
        "because the specified value for NextToken is invalid.");
  CHECK(f.code("ListQueryLoggingConfigs", R"({"HostedZoneId":"Z1"})") == "NoSuchHostedZone");
  CHECK(f.code("ListQueryLoggingConfigs", R"({"MaxResults":"x"})") == "InvalidInput");
}

TEST_CASE("what was asked of a zone is a line in its stream, while its queries are logged") {
  Logging f;
  const auto zone = f.make_zone("a.test");
  f.make_zone("b.test");
  const auto asked = [](const std::string& name, const std::string& rcode) {
    return LoggedQuery{dns::name_from_text(name).value(), "A", rcode, "UDP", "192.0.2.53"};
  };
  CHECK_FALSE(f.group.wanted);
  f.route53->log_queries({asked("www.a.test", "NOERROR")});
  CHECK(f.group.written.empty());
  const auto logging =
      f.ok("CreateQueryLoggingConfig", logging_to(zone))["QueryLoggingConfig"]["Id"].string();
  CHECK(f.group.wanted);
  f.world.settle();
  f.group.wanted = false;
  f.crash();
  CHECK(f.group.wanted);
  f.route53->log_queries({asked("www.a.test", "NOERROR"), asked("b.test", "NOERROR"),
                          asked("deep.below.a.test", "NXDOMAIN"), asked("nowhere", "REFUSED")});
  const auto line = [&](const std::string& rest) {
    return "/aws/route53/a " + zone + "/LCL1 1.0 " + iso8601_ms(f.world.timers.now()) + " " + zone +
           " " + rest;
  };
  CHECK(f.group.written ==
        std::vector<std::string>{line("www.a.test A NOERROR UDP LCL1 192.0.2.53 -"),
                                 line("deep.below.a.test A NXDOMAIN UDP LCL1 192.0.2.53 -")});
  f.group.there = false;  // nobody makes the group anew
  f.route53->log_queries({asked("a.test", "NOERROR")});
  CHECK(f.group.written.size() == 2);
  f.ok("DeleteQueryLoggingConfig", Fixture::just(logging));
  CHECK_FALSE(f.group.wanted);
}
