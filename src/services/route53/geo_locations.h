// SPDX-License-Identifier: Apache-2.0
// The places that geolocation records may name: AWS's table, in its order and under its names (fact
// route53-115).
#pragma once

#include <string_view>
#include <vector>

namespace sitelatch::route53 {

// What does not apply is empty. The default is the country "*".
struct GeoPlace {
  std::string_view continent, continent_name;
  std::string_view country, country_name;
  std::string_view subdivision, subdivision_name;
};

const std::vector<GeoPlace>& geo_places();
// nullptr: there is no such place.
const GeoPlace* find_geo_place(std::string_view continent, std::string_view country,
                               std::string_view subdivision);

}  // namespace sitelatch::route53
