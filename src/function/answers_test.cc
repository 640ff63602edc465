// SPDX-License-Identifier: Apache-2.0
// AWS's answers, as AWS and as nobody would write them.
#include <doctest/doctest.h>

#include <random>

#include "function/guard_calls.h"
#include "function/xml.h"

using namespace sitelatch;
using namespace sitelatch::function;

namespace {
const std::string check_answer = R"(<?xml version="1.0" encoding="UTF-8"?>
<GetHealthCheckResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><HealthCheck>
<Id>233e</Id><CallerReference>r</CallerReference>
<HealthCheckConfig><Port>443</Port><Type>HTTPS</Type>
<ResourcePath>/lb-check?a=1&amp;b=&#x32;</ResourcePath>
<FullyQualifiedDomainName>primary.example.test</FullyQualifiedDomainName>
<Inverted>false</Inverted><Disabled>true</Disabled><Regions><Region>us-east-1</Region></Regions>
</HealthCheckConfig><HealthCheckVersion>12</HealthCheckVersion></HealthCheck>
</GetHealthCheckResponse>)";
const std::string alarm_answer =
    R"(<DescribeAlarmsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/">
<DescribeAlarmsResult><CompositeAlarms/><MetricAlarms><member>
<AlarmName>a</AlarmName><AlarmArn>arn:a</AlarmArn><StateValue>ALARM</StateValue>
<StateUpdatedTimestamp>2026-11-22T12:00:00.500Z</StateUpdatedTimestamp>
<ActionsEnabled>true</ActionsEnabled><StateReason>)"
    "Threshold Crossed: 1 datapoint [0.0 (22/11/26 11:59:00)] was less than the threshold (1.0)."
    R"(</StateReason></member></MetricAlarms></DescribeAlarmsResult></DescribeAlarmsResponse>)";
}  // namespace

TEST_CASE("a health check is read with its version, flags and escapes") {
  const auto check = read_check_xml(check_answer);
  REQUIRE(check);
  CHECK(check->version == 12);
  CHECK(check->path == "/lb-check?a=1&b=2");
  CHECK(check->disabled);
  CHECK_FALSE(check->inverted);
  CHECK_FALSE(check->by_address);
  CHECK_FALSE(read_check_xml("<GetHealthCheckResponse/>"));
  CHECK_FALSE(read_check_xml(check_answer.substr(0, check_answer.size() - 5)));
}

TEST_CASE("an alarm is found by its ARN; none is not an error, garbage is") {
  const auto alarm = read_alarm_xml(alarm_answer, "arn:a");
  REQUIRE(alarm);
  REQUIRE(alarm->has_value());
  CHECK((*alarm)->state == guard::AlarmState::alarm);
  CHECK((*alarm)->from_data);
  CHECK(unix_ms((*alarm)->transitioned_at) % 1000 == 500);
  const auto other = read_alarm_xml(alarm_answer, "arn:b");
  REQUIRE(other);
  CHECK_FALSE(other->has_value());
  CHECK_FALSE(read_alarm_xml("<x/>", "arn:a"));
  CHECK_FALSE(read_alarm_xml("", "arn:a"));
}

TEST_CASE("HealthCheckStatus: a minute's minimum and maximum, in order whatever AWS's is") {
  const auto minutes = read_status_xml(
      "<R><GetMetricStatisticsResult><Datapoints><member><Timestamp>2026-11-22T12:01:00Z</"
      "Timestamp>"
      "<Minimum>0.0</Minimum><Maximum>1.0</Maximum><Unit>None</Unit></member><member><Timestamp>"
      "2026-11-22T12:00:00Z</Timestamp><Minimum>1.0</Minimum><Maximum>1.0</Maximum></member>"
      "</Datapoints><Label>HealthCheckStatus</Label></GetMetricStatisticsResult></R>");
  REQUIRE(minutes);
  REQUIRE(minutes->size() == 2);
  CHECK((*minutes)[0].begins < (*minutes)[1].begins);
  CHECK_FALSE((*minutes)[0].any_unhealthy);
  CHECK((*minutes)[1].any_unhealthy);
  CHECK((*minutes)[1].any_healthy);
  CHECK(read_status_xml("<R><GetMetricStatisticsResult/></R>")->empty());
  CHECK_FALSE(read_status_xml("<x/>"));
  CHECK_FALSE(
      read_status_xml("<R><GetMetricStatisticsResult><Datapoints><member/></Datapoints>"
                      "</GetMetricStatisticsResult></R>"));
}

TEST_CASE("tags") {
  const auto tags = read_tags_xml(
      "<R><ListTagsForResourceResult><Tags><member><Key>k</Key><Value>a &lt; "
      "b</Value></member><member><Key>e</Key><Value/></member></Tags></ListTagsForResourceResult></"
      "R>");
  CHECK(tags == guard::Texts{{"k", "a < b"}, {"e", ""}});
}

TEST_CASE("XML: prefixes, comments, CDATA, nesting of one name, and depth") {
  CHECK(parse_xml("<a:b><!-- </a:b> --><![CDATA[<&>]]>x</a:b>")->text == "<&>x");
  CHECK(parse_xml("<a><a><a>x</a></a></a>")->anywhere("a")->name == "a");
  CHECK((*parse_xml("<a q=\"/>\"><b>1</b></a>"))["b"].text == "1");
  CHECK(parse_xml("<a>&unknown;&#xZZ;&</a>")->text == "&unknown;&#xZZ;&");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  CHECK_FALSE(parse_xml(deep));
  for (const auto* bad :
       {"", "<", "<a", "<a>", "</a>", "<a></b>", "<>", "<a/", "x", "<!--", "<?xml"})
    CHECK_FALSE(parse_xml(bad));
}

TEST_CASE("mangled answers are refused or read, never feared") {
  std::mt19937 random{1};
  for (int i = 0; i < 20'000; ++i) {
    auto text = i % 2 ? check_answer : alarm_answer;
    for (int n = 0; n < 4; ++n) text[random() % text.size()] = static_cast<char>(random() % 256);
    text.resize(random() % (text.size() + 1));
    (void)read_check_xml(text);
    (void)read_alarm_xml(text, "arn:a");
    (void)read_tags_xml(text);
    (void)read_status_xml(text);
  }
}

TEST_CASE("endpoints") {
  const auto one = parse_endpoint("http://127.0.0.1:4566/");
  REQUIRE(one);
  CHECK_FALSE(one->tls);
  CHECK(one->port == 4566);
  CHECK(one->path.empty());
  CHECK(one->host_header() == "127.0.0.1:4566");
  CHECK(parse_endpoint("https://route53.amazonaws.com")->host_header() == "route53.amazonaws.com");
  CHECK(parse_endpoint("https://[::1]:8443/a/b/")->host == "::1");
  CHECK(parse_endpoint("https://[::1]:8443/a/b/")->path == "/a/b");
  for (const auto* bad :
       {"", "ftp://x", "http://", "http://x:0", "http://x:99999", "http://u@x", "x"})
    CHECK_FALSE(parse_endpoint(bad));
}

TEST_CASE(
    "guard-on-aws 30: isolated partitions, FIPS and dual stack are where the client has them") {
  unsetenv("AWS_ENDPOINT_URL");
  const auto host = [](const char* service, const char* partition, const char* region) {
    return find_service(service, partition, region)->endpoint.host;
  };
  CHECK(host("route53", "aws-iso", "us-iso-east-1") == "route53.c2s.ic.gov");
  CHECK(host("sns", "aws-iso-b", "us-isob-east-1") == "sns.us-isob-east-1.sc2s.sgov.gov");
  CHECK(host("logs", "aws-eusc", "eusc-de-east-1") == "logs.eusc-de-east-1.amazonaws.eu");
  setenv("AWS_USE_FIPS_ENDPOINT", "true", 1);
  CHECK(host("route53", "aws", "us-east-1") == "route53-fips.amazonaws.com");
  CHECK(host("monitoring", "aws", "us-east-1") == "monitoring-fips.us-east-1.amazonaws.com");
  CHECK(host("sns", "aws-us-gov", "us-gov-west-1") == "sns.us-gov-west-1.amazonaws.com");
  setenv("AWS_USE_DUALSTACK_ENDPOINT", "true", 1);
  CHECK(host("logs", "aws", "eu-west-1") == "logs-fips.eu-west-1.api.aws");
  unsetenv("AWS_USE_FIPS_ENDPOINT");
  CHECK(host("route53", "aws", "us-east-1") == "route53.global.api.aws");
  CHECK(host("sns", "aws-iso", "us-iso-east-1") == "sns.us-iso-east-1.c2s.ic.gov");  // it has none
  unsetenv("AWS_USE_DUALSTACK_ENDPOINT");
}

TEST_CASE("services are where their partition has them") {
  unsetenv("AWS_ENDPOINT_URL");
  CHECK(find_service("route53", "aws", "us-east-1")->endpoint.host == "route53.amazonaws.com");
  CHECK(find_service("route53", "aws-cn", "cn-northwest-1")->endpoint.host ==
        "route53.amazonaws.com.cn");
  CHECK(find_service("route53", "aws-us-gov", "us-gov-west-1")->endpoint.host ==
        "route53.us-gov.amazonaws.com");
  CHECK(find_service("sns", "aws", "eu-west-1")->endpoint.host == "sns.eu-west-1.amazonaws.com");
  setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1", 1);
  setenv("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:2", 1);
  CHECK(find_service("sns", "aws", "eu-west-1")->endpoint.port == 2);
  CHECK(find_service("logs", "aws", "eu-west-1")->endpoint.port == 1);
  unsetenv("AWS_ENDPOINT_URL");
  unsetenv("AWS_ENDPOINT_URL_SNS");
}
