// SPDX-License-Identifier: Apache-2.0
#include "services/route53/askers.h"

#include <doctest/doctest.h>

using namespace sitelatch;
using namespace sitelatch::route53;

TEST_CASE("the table of places: what it says, and of whom") {
  const auto table = AskerTable::parse(
      "# where our offices are\n"
      "192.0.2.0/24 continent=EU country=DE region=eu-central-1\r\n"
      "\n"
      "  192.0.2.128/25\tcontinent=NA country=US subdivision=CA   # one of them\n"
      "2001:db8::/32 region=ap-northeast-1");
  REQUIRE(table.has_value());
  CHECK(table->rows().size() == 3);
  const auto of = [&](const char* text) {
    const auto asker = table->asker(dns::network_from_text(text).value());
    return asker.continent + "/" + asker.country + "/" + asker.subdivision + "/" + asker.region;
  };
  CHECK(of("192.0.2.1") == "EU/DE//eu-central-1");
  CHECK(of("192.0.2.200") == "NA/US/CA/");
  CHECK(of("192.0.2.0/24") == "EU/DE//eu-central-1");
  CHECK(of("192.0.0.0/16") == "///");
  CHECK(of("198.51.100.1") == "///");
  CHECK(of("2001:db8::1") == "///ap-northeast-1");
}

TEST_CASE("a line that makes no sense is refused with its number") {
  const auto refused = [](const std::string& line) {
    const auto table = AskerTable::parse("10.0.0.0/8 region=eu-west-1\n" + line + "\n");
    return table ? std::string{"taken"} : table.error().text;
  };
  CHECK(refused("192.0.2.0/24 region=eu-west-1") == "taken");
  CHECK(refused("").starts_with("taken"));
  CHECK(refused("192.0.2.1/24 region=eu-west-1").starts_with("line 2: \"192.0.2.1/24\" is no"));
  for (const std::string bad :
       {"192.0.2.0/24", "192.0.2.0/24 continent=XX", "192.0.2.0/24 continent=", "x continent=EU",
        "192.0.2.0/24 country=DE", "192.0.2.0/24 continent=EU country=Germany",
        "192.0.2.0/24 continent=EU subdivision=CA", "192.0.2.0/24 region=EU_WEST",
        "192.0.2.0/24 EU", "192.0.2.0/24 color=red", "10.0.0.0/8 region=us-east-1"})
    CHECK_MESSAGE(refused(bad).starts_with("line 2: "), bad);
}
