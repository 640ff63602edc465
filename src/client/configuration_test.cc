// SPDX-License-Identifier: Apache-2.0
#include "client/configuration.h"

#include <doctest/doctest.h>

#include "client/test_support.h"

namespace sitelatch::client {
namespace {

using test::FakeEnvironment;

TEST_CASE("sections, nested settings, comments and quotes as botocore reads them") {
  const auto sections = parse_sections(
      "\xef\xbb\xbf# comment\r\n[profile \"my ops\"]\r\nRegion = eu-west-1\r\n; another\r\ns3 "
      "=\r\n  max = 5\r\n  Mode=x\r\n"
      "key = a#b = c\r\n\r\n[default]\nx: y\n",
      "config");
  REQUIRE(sections);
  const auto& ops = sections->at("profile \"my ops\"");
  CHECK(ops.get("region") == "eu-west-1");
  CHECK(ops.nested.at("s3").at("max") == "5");
  CHECK(ops.nested.at("s3").at("mode") == "x");
  CHECK(ops.get("key") == "a#b = c");
  CHECK(sections->at("default").get("x") == "y");
}

TEST_CASE("a line that is nothing is named") {
  const auto sections = parse_sections("[default]\nnonsense\n", "/etc/aws");
  REQUIRE_FALSE(sections);
  CHECK(sections.error().cause == Cause::configuration);
  CHECK(sections.error().message == "/etc/aws, line 2: neither a [section] nor a setting");
  CHECK_FALSE(parse_sections("x = y\n", "f"));
}

TEST_CASE("[profile default] counts before [default], the credentials file before both") {
  FakeEnvironment here;
  here.files["/home/me/.aws/config"] =
      "[profile default]\nregion=eu-west-1\n[default]\nregion=eu-west-2\noutput=text\n[profile \"a "
      "b\"]\nregion=r\n[stray]\nregion=q\n";
  here.files["/home/me/.aws/credentials"] =
      "[default]\naws_access_key_id=A\noutput=json\n[other]\naws_access_key_id=B\n";
  const auto profiles = read_profiles(here);
  REQUIRE(profiles);
  CHECK(profiles->find("default")->get("region") == "eu-west-1");
  CHECK(profiles->find("default")->get("output") == "json");
  CHECK(profiles->find("a b")->get("region") == "r");
  CHECK(profiles->find("other")->get("aws_access_key_id") == "B");
  CHECK(profiles->find("stray") == nullptr);
}

TEST_CASE("the files may stand elsewhere") {
  FakeEnvironment here;
  here.variables["AWS_CONFIG_FILE"] = "~/c";
  here.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/d";
  here.files = {{"/home/me/c", "[profile x]\nregion=1\n"}, {"/d", "[y]\nregion=2\n"}};
  const auto profiles = read_profiles(here);
  REQUIRE(profiles);
  CHECK(profiles->names() == std::vector<std::string>{"x", "y"});
}

TEST_CASE("the region: option, AWS_REGION, AWS_DEFAULT_REGION, profile") {
  FakeEnvironment here;
  here.files["/home/me/.aws/config"] = "[profile ops]\nregion = p\n";
  here.variables["SITELATCH_NEW_REGIONS"] = "p d r o n";
  Options options;
  options.region_if_none = "n";
  options.profile = "ops";
  const auto region = [&] { return read_configuration(options, here)->region; };
  CHECK(region() == "p");
  here.variables["AWS_DEFAULT_REGION"] = "d";
  CHECK(region() == "d");
  here.variables["AWS_REGION"] = "r";
  CHECK(region() == "r");
  options.region = "o";
  CHECK(region() == "o");
  CHECK(read_configuration({}, FakeEnvironment{})->region == "");
  Options bare;
  bare.region_if_none = "n";
  CHECK(read_configuration(bare, FakeEnvironment{})->region == "n");
}

TEST_CASE("issue 8: a region that AWS does not have is refused, whoever names it (client-14)") {
  FakeEnvironment here;
  const auto refused = [&](const Options& options) {
    const auto configuration = read_configuration(options, here);
    return configuration ? std::string{} : explain(configuration.error());
  };
  const auto has = [](const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  };
  here.files["/home/me/.aws/config"] = "[profile ops]\nregion = eu-wset-1\n";
  here.variables["AWS_PROFILE"] = "ops";
  CHECK(has(refused({}), "Profile ops: this program knows no region \"eu-wset-1\"."));
  CHECK(has(refused({}), "Did you mean eu-west-1?"));
  Options options;
  options.region_if_none = "us-east-1";  // stands in for none, not for a wrong one
  CHECK(has(refused(options), "Profile ops"));
  here.variables["AWS_REGION"] = "nowhere-9";
  CHECK(has(refused({}), "AWS_REGION: \"nowhere-9\" is not called as regions"));
  options.region = "mars-north-1";
  CHECK(has(refused(options), "--region: \"mars-north-1\""));
  here.variables["SITELATCH_NEW_REGIONS"] = "mars-north-1";
  CHECK(refused(options) == "");
}

TEST_CASE("an unknown profile is an error that says which there are") {
  FakeEnvironment here;
  here.files["/home/me/.aws/config"] = "[profile ops]\nregion = p\n";
  here.variables["AWS_PROFILE"] = "opps";
  const auto configuration = read_configuration({}, here);
  REQUIRE_FALSE(configuration);
  CHECK(configuration.error().code == "ProfileNotFound");
  CHECK(explain(configuration.error()).find("there are: ops") != std::string::npos);
}

TEST_CASE("max attempts: option, variable, profile, else five") {
  FakeEnvironment here;
  CHECK(read_configuration({}, here)->max_attempts == 5);
  here.files["/home/me/.aws/config"] = "[default]\nmax_attempts = 2\n";
  CHECK(read_configuration({}, here)->max_attempts == 2);
  here.variables["AWS_MAX_ATTEMPTS"] = "7";
  CHECK(read_configuration({}, here)->max_attempts == 7);
  Options options;
  options.max_attempts = 1;
  CHECK(read_configuration(options, here)->max_attempts == 1);
  here.variables["AWS_MAX_ATTEMPTS"] = "many";
  CHECK(read_configuration({}, here).error().code == "InvalidMaxAttempts");
}

TEST_CASE("proxies and the CA bundle; the lower-case variable counts first") {
  FakeEnvironment here;
  here.variables = {{"HTTPS_PROXY", "http://upper"},
                    {"https_proxy", "http://lower"},
                    {"NO_PROXY", "x"},
                    {"AWS_CA_BUNDLE", "~/ca.pem"}};
  const auto configuration = read_configuration({}, here);
  CHECK(configuration->https_proxy == "http://lower");
  CHECK(configuration->no_proxy == "x");
  CHECK(configuration->ca_bundle == "/home/me/ca.pem");
}

}  // namespace
}  // namespace sitelatch::client
