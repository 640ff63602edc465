// SPDX-License-Identifier: Apache-2.0
#include "client/endpoint.h"

#include <doctest/doctest.h>

#include "client/client.h"
#include "client/configuration.h"
#include "client/test_support.h"

namespace sitelatch::client {
namespace {

std::string at(std::string_view service, std::string_view region, EndpointVariant variant = {}) {
  const auto place = endpoint_of(aws::service_model(service), region, variant);
  return place ? place->origin + " " + place->signing_region : place.error().code;
}

TEST_CASE("every service of every partition has its host and signing region (fact client-1)") {
  CHECK(at("route53", "eu-central-1") == "https://route53.amazonaws.com us-east-1");
  CHECK(at("route53", "") == "https://route53.amazonaws.com us-east-1");
  CHECK(at("route53", "cn-north-1") == "https://route53.amazonaws.com.cn cn-northwest-1");
  CHECK(at("route53", "us-gov-east-1") == "https://route53.us-gov.amazonaws.com us-gov-west-1");
  CHECK(at("route53", "us-isob-east-1") == "https://route53.sc2s.sgov.gov us-isob-east-1");
  CHECK(at("route53", "us-isof-south-1") == "https://route53.csp.hci.ic.gov us-isof-south-1");
  CHECK(at("route53", "eusc-de-east-1") == "https://route53.amazonaws.eu eusc-de-east-1");
  CHECK(at("iam", "eu-central-1") == "https://iam.amazonaws.com us-east-1");
  CHECK(at("iam", "cn-northwest-1") == "https://iam.cn-north-1.amazonaws.com.cn cn-north-1");
  CHECK(at("iam", "us-gov-east-1") == "https://iam.us-gov.amazonaws.com us-gov-west-1");
  CHECK(at("iam", "us-iso-east-1") == "https://iam.us-iso-east-1.c2s.ic.gov us-iso-east-1");
  CHECK(at("iam", "eu-isoe-west-1") == "https://iam.eu-isoe-west-1.cloud.adc-e.uk eu-isoe-west-1");
  CHECK(at("iam", "eusc-de-east-1") == "https://iam.eusc-de-east-1.amazonaws.eu eusc-de-east-1");
  CHECK(at("sts", "eu-central-1") == "https://sts.eu-central-1.amazonaws.com eu-central-1");
  CHECK(at("sts", "") == "https://sts.us-east-1.amazonaws.com us-east-1");
  CHECK(at("cloudwatch", "us-east-1") == "https://monitoring.us-east-1.amazonaws.com us-east-1");
  CHECK(at("lambda", "cn-north-1") == "https://lambda.cn-north-1.amazonaws.com.cn cn-north-1");
  CHECK(at("logs", "us-gov-west-1") == "https://logs.us-gov-west-1.amazonaws.com us-gov-west-1");
  CHECK(at("events", "us-iso-east-1") == "https://events.us-iso-east-1.c2s.ic.gov us-iso-east-1");
}

TEST_CASE("FIPS and dual-stack hosts (fact client-2)") {
  CHECK(at("cloudwatch", "us-east-1", {true, false}) ==
        "https://monitoring-fips.us-east-1.amazonaws.com us-east-1");
  CHECK(at("cloudwatch", "us-gov-west-1", {true, false}) ==
        "https://monitoring.us-gov-west-1.amazonaws.com us-gov-west-1");
  CHECK(at("lambda", "us-gov-west-1", {true, false}) ==
        "https://lambda-fips.us-gov-west-1.amazonaws.com us-gov-west-1");
  CHECK(at("route53", "us-east-1", {true, false}) ==
        "https://route53-fips.amazonaws.com us-east-1");
  CHECK(at("route53", "us-gov-west-1", {true, false}) ==
        "https://route53.us-gov.amazonaws.com us-gov-west-1");
  CHECK(at("iam", "us-east-1", {false, true}) == "https://iam.global.api.aws us-east-1");
  CHECK(at("iam", "us-gov-west-1", {false, true}) == "https://iam.us-gov.api.aws us-gov-west-1");
  CHECK(at("sns", "cn-north-1", {false, true}) ==
        "https://sns.cn-north-1.api.amazonwebservices.com.cn cn-north-1");
  CHECK(at("sns", "us-iso-east-1", {false, true}) == "NoDualStack");
}

TEST_CASE(
    "a region that would break out of the host name is refused, and regional services need one") {
  CHECK(at("lambda", "") == "NoRegion");
  for (const auto region :
       {"evil.example/", "a b", "-x", "x-", "us-east-1.evil", "US-EAST-1", "x@y"})
    CHECK(at("lambda", region) == "InvalidRegion");
  CHECK(at("route53", "evil/") == "InvalidRegion");
}

TEST_CASE("configured endpoints: only http and https URLs, base path kept, signing region stays") {
  const auto& lambda = aws::service_model("lambda");
  const auto place = configured_endpoint(lambda, "eu-west-1", "HTTP://LocalHost:4566/base/");
  REQUIRE(place);
  CHECK(place->origin == "http://localhost:4566");
  CHECK(place->base_path == "/base");
  CHECK(place->signing_region == "eu-west-1");
  CHECK_FALSE(place->real);
  for (const auto url : {"localhost:4566", "ftp://x", "http://", "http://user:pw@host",
                         "http://a b", "http://h/?q=1", "http://h\r\nX: y"})
    CHECK_FALSE(configured_endpoint(lambda, "eu-west-1", url));
}

TEST_CASE("hosts and loopback") {
  CHECK(host_of("http://127.0.0.1:4566") == "127.0.0.1:4566");
  CHECK(host_of("http://h:80") == "h");
  CHECK(host_of("https://h:443") == "h");
  CHECK(host_of("https://h:80") == "h:80");
  for (const auto origin :
       {"http://127.0.0.1:1", "http://localhost", "https://[::1]:443", "http://x.localhost:2"})
    CHECK(is_loopback_origin(origin));
  for (const auto origin : {"http://127.0.0.1.evil.example", "http://10.0.0.1", "https://[::2]"})
    CHECK_FALSE(is_loopback_origin(origin));
}

std::string place_with(test::FakeEnvironment& environment, Options options,
                       std::string_view service) {
  const auto configuration = read_configuration(options, environment);
  if (!configuration) return configuration.error().code;
  const auto place = place_of(*configuration, environment, aws::service_model(service), {});
  return place ? place->origin : place.error().code;
}

TEST_CASE("configured endpoints count in the SDKs' order (fact client-3)") {
  test::FakeEnvironment here;
  here.variables["AWS_REGION"] = "eu-west-1";
  here.files["/home/me/.aws/config"] =
      "[default]\nservices = local\nendpoint_url = http://profile:1\n"
      "[services local]\nroute_53 =\n  endpoint_url = http://section:2\ncloudwatch_logs=\n  "
      "endpoint_url = http://logs:3\n";
  CHECK(place_with(here, {}, "route53") == "http://section:2");
  CHECK(place_with(here, {}, "logs") == "http://logs:3");
  CHECK(place_with(here, {}, "sns") == "http://profile:1");
  here.variables["AWS_ENDPOINT_URL"] = "http://all:4";
  CHECK(place_with(here, {}, "route53") == "http://all:4");
  here.variables["AWS_ENDPOINT_URL_ROUTE_53"] = "http://r53:5";
  here.variables["AWS_ENDPOINT_URL_EVENTBRIDGE"] = "http://events:6";
  CHECK(place_with(here, {}, "route53") == "http://r53:5");
  CHECK(place_with(here, {}, "events") == "http://events:6");
  Options options;
  options.endpoint_url = "http://said:7";
  CHECK(place_with(here, options, "route53") == "http://said:7");
  here.variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  CHECK(place_with(here, {}, "route53") == "https://route53.amazonaws.com");
  CHECK(place_with(here, options, "route53") == "http://said:7");
}

}  // namespace
}  // namespace sitelatch::client
