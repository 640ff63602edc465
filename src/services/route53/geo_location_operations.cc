// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "services/route53/geo_locations.h"
#include "services/route53/paging.h"
#include "services/route53/route53.h"

namespace sitelatch::route53 {
namespace {

constexpr std::size_t most_places_a_page = 500;

aws::Value text_or_none(std::string_view text) {
  return text.empty() ? aws::Value{} : aws::Value{text};
}

aws::Value to_value(const GeoPlace& place) {
  return aws::Value::structure({{"ContinentCode", text_or_none(place.continent)},
                                {"ContinentName", text_or_none(place.continent_name)},
                                {"CountryCode", text_or_none(place.country)},
                                {"CountryName", text_or_none(place.country_name)},
                                {"SubdivisionCode", text_or_none(place.subdivision)},
                                {"SubdivisionName", text_or_none(place.subdivision_name)}});
}

// The place that three members name, whose names begin with `prefix`. nullptr: none of them given.
aws::Outcome<const GeoPlace*> named_place(const aws::Value& in, const std::string& prefix,
                                          std::string_view error_code) {
  const auto continent = in[prefix + "ContinentCode"].string_or(""),
             country = in[prefix + "CountryCode"].string_or(""),
             subdivision = in[prefix + "SubdivisionCode"].string_or("");
  if (!continent.empty() && !country.empty())
    return aws::refuse("InvalidInput",
                       fmt::format("Invalid parameter : {0}ContinentCode and {0}CountryCode cannot "
                                   "both be specified.",
                                   prefix));
  if (!subdivision.empty() && country.empty())
    return aws::refuse("InvalidInput",
                       fmt::format("The value of {0}SubdivisionCode requires {0}CountryCode to be "
                                   "specified.",
                                   prefix));
  if (continent.empty() && country.empty()) return static_cast<const GeoPlace*>(nullptr);
  if (const auto* place = find_geo_place(continent, country, subdivision)) return place;
  if (error_code == "NoSuchGeoLocation")
    return aws::refuse("NoSuchGeoLocation",
                       "The geo location you are trying to get does not exist.");
  return aws::refuse("InvalidInput",
                     fmt::format("Invalid parameter : there is no geo location {}{}{} to start at.",
                                 continent, country, subdivision.empty() ? "" : "-" + subdivision));
}

}  // namespace

Route53::Out Route53::get_geo_location(const Call& call) {
  const auto place = named_place(call.input, "", "NoSuchGeoLocation");
  if (!place) return failure(place.error());
  if (!*place)
    return aws::refuse("InvalidInput",
                       "Invalid parameter : ContinentCode or CountryCode must be specified.");
  return aws::Value::structure({{"GeoLocationDetails", to_value(**place)}});
}

Route53::Out Route53::list_geo_locations(const Call& call) {
  const auto most = max_items(call.input["MaxItems"], most_places_a_page);
  if (!most) return failure(most.error());
  const auto start = named_place(call.input, "Start", "InvalidInput");
  if (!start) return failure(start.error());
  const auto& places = geo_places();
  auto list = aws::Value::list();
  const GeoPlace* next = nullptr;
  for (const auto* at = *start ? *start : places.data(); at != places.data() + places.size();
       ++at) {
    if (list.items().size() == *most) {
      next = at;
      break;
    }
    list.push(to_value(*at));
  }
  auto out = aws::Value::structure({{"GeoLocationDetailsList", list},
                                    {"IsTruncated", next != nullptr},
                                    {"MaxItems", std::to_string(*most)}});
  if (!next) return out;
  out.set("NextContinentCode", text_or_none(next->continent));
  out.set("NextCountryCode", text_or_none(next->country));
  out.set("NextSubdivisionCode", text_or_none(next->subdivision));
  return out;
}

}  // namespace sitelatch::route53
