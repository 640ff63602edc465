// SPDX-License-Identifier: Apache-2.0
// The places of geolocation records (fact route53-115).
#include "services/route53/geo_locations.h"

#include <set>

#include "services/route53/route53_fixture.h"

using namespace sitelatch;
using namespace sitelatch::route53;
using route53::testing::Fixture;

TEST_CASE("every place once, countries before continents, parts behind their country") {
  std::set<std::string> seen;
  std::string_view country;
  bool continents = false;
  for (const auto& place : geo_places()) {
    CHECK(seen.insert(std::string{place.continent} + "/" + std::string{place.country} + "/" +
                      std::string{place.subdivision})
              .second);
    continents = continents || !place.continent.empty();
    CHECK(continents == place.country.empty());
    if (!place.subdivision.empty()) CHECK(place.country == country);
    if (!continents && country != "*") CHECK(country <= place.country);
    country = place.country;
  }
  CHECK(seen.size() == 1 + 246 + 51 + 27 + 7);
}

TEST_CASE("GetGeoLocation: a place, or that there is none") {
  Fixture f;
  const auto get = [&](const std::string& input) {
    return aws::to_json(f.ok("GetGeoLocation", input)["GeoLocationDetails"]);
  };
  CHECK(get(R"({"ContinentCode":"EU"})") == R"({"ContinentCode":"EU","ContinentName":"Europe"})");
  CHECK(get(R"({"CountryCode":"*"})") == R"({"CountryCode":"*","CountryName":"Default"})");
  CHECK(get(R"({"CountryCode":"US","SubdivisionCode":"DC"})") ==
        R"({"CountryCode":"US","CountryName":"United States","SubdivisionCode":"DC",)"
        R"("SubdivisionName":"District of Columbia"})");
  CHECK(f.refusal("GetGeoLocation", R"({"ContinentCode":"XX"})") ==
        "NoSuchGeoLocation: The geo location you are trying to get does not exist.");
  CHECK(
      f.refusal("GetGeoLocation", R"({"CountryCode":"DE","SubdivisionCode":"BY"})").substr(0, 18) ==
      "NoSuchGeoLocation:");
  for (const std::string nonsense :
       {"{}", R"({"ContinentCode":"EU","CountryCode":"DE"})", R"({"SubdivisionCode":"CA"})"})
    CHECK(f.refusal("GetGeoLocation", nonsense).substr(0, 13) == "InvalidInput:");
}

TEST_CASE("ListGeoLocations: page by page the same as at once, and no page from nowhere") {
  Fixture f;
  const auto whole = f.ok("ListGeoLocations", "{}");
  CHECK_FALSE(whole["IsTruncated"].boolean());
  aws::Value list = aws::Value::list();
  std::string start;
  for (bool more = true; more;) {
    const auto page = f.ok("ListGeoLocations", R"({"MaxItems":"50")" + start + "}");
    for (const auto& item : page["GeoLocationDetailsList"].items()) list.push(item);
    more = page["IsTruncated"].boolean();
    start.clear();
    for (const std::string name : {"ContinentCode", "CountryCode", "SubdivisionCode"})
      if (page.has("Next" + name))
        start += ",\"Start" + name + "\":\"" + page["Next" + name].string() + "\"";
  }
  CHECK(list == whole["GeoLocationDetailsList"]);
  for (const std::string nonsense :
       {R"({"StartCountryCode":"ZZ"})", R"({"StartSubdivisionCode":"CA"})",
        R"({"StartContinentCode":"EU","StartCountryCode":"DE"})", R"({"MaxItems":"all"})"})
    CHECK(f.refusal("ListGeoLocations", nonsense).substr(0, 13) == "InvalidInput:");
}
