// SPDX-License-Identifier: Apache-2.0
#include "client/endpoint.h"

#include <fmt/format.h>

#include "aws/auth/partition.h"
#include "base/text.h"
#include "client/client.h"
#include "client/failures.h"

namespace sitelatch::client {
namespace {

using aws::Partition;

// It becomes part of a host name.
bool valid_region(std::string_view region) {
  return !region.empty() && region.size() <= 63 && region.front() != '-' && region.back() != '-' &&
         region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
             std::string_view::npos;
}

bool is_global(const aws::ServiceModel& service) {
  return service.name == "route53" || service.name == "iam";
}

Outcome<std::string> signing_region(const aws::ServiceModel& service, std::string_view region) {
  const auto& partition = aws::partition_of(region);
  if (!region.empty() && !valid_region(region))
    return failure(
        configuration_error("InvalidRegion", fmt::format("\"{}\" is no name of a region", region)));
  if (service.name == "route53") return std::string{partition.route53_region};
  if (service.name == "iam") return std::string{partition.iam_region};
  if (!region.empty()) return std::string{region};
  if (service.name == "sts") return std::string{"us-east-1"};
  return failure(configuration_error("NoRegion", "no region is configured"));
}

// Splits "https://host:port/path"; false: it is none.
bool split_url(std::string_view url, Place& place) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const auto scheme = lower(url.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return false;
  const auto rest = url.substr(scheme_end + 3);
  const auto path_at = rest.find_first_of("/?#");
  const auto authority = rest.substr(0, path_at);
  const auto path = path_at == std::string_view::npos ? std::string_view{} : rest.substr(path_at);
  if (authority.empty() || authority.find_first_of(" @\\\r\n\t") != std::string_view::npos)
    return false;
  if (path.find_first_of(" ?#\r\n\t") != std::string_view::npos) return false;
  place.origin = scheme + "://" + lower(authority);
  place.base_path = std::string{path};
  while (place.base_path.ends_with('/')) place.base_path.pop_back();
  return true;
}

}  // namespace

Outcome<Place> endpoint_of(const aws::ServiceModel& service, std::string_view region,
                           EndpointVariant variant) {
  const auto& partition = aws::partition_of(region);
  auto signing = signing_region(service, region);
  if (!signing) return failure(signing.error());
  if (variant.dual_stack && partition.dual_stack_suffix.empty())
    return failure(configuration_error(
        "NoDualStack", fmt::format("partition {} has no dual-stack endpoints", partition.name)));
  const auto host = aws::endpoint_host(
      partition, is_global(service) ? service.name : service.endpoint_prefix, *signing, variant);
  return Place{"https://" + host, "", *signing, true};
}

Outcome<Place> configured_endpoint(const aws::ServiceModel& service, std::string_view region,
                                   std::string_view url) {
  auto signing = signing_region(service, region);
  if (!signing) return failure(signing.error());
  Place place;
  place.signing_region = *signing;
  if (!split_url(url, place))
    return failure(configuration_error(
        "InvalidEndpoint", fmt::format("the endpoint \"{}\" is no http or https URL", url)));
  return place;
}

std::string host_of(std::string_view origin) {
  const auto scheme_end = origin.find("://");
  const auto scheme = origin.substr(0, scheme_end);
  auto host = origin.substr(scheme_end + 3);
  if (scheme == "http" && host.ends_with(":80")) host.remove_suffix(3);
  if (scheme == "https" && host.ends_with(":443")) host.remove_suffix(4);
  return std::string{host};
}

bool is_loopback_origin(std::string_view origin) {
  auto host = origin.substr(origin.find("://") + 3);
  if (host.starts_with("[")) return host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string settings_name(const aws::ServiceModel& service) {
  if (service.name == "route53") return "route_53";
  if (service.name == "logs") return "cloudwatch_logs";
  if (service.name == "events") return "eventbridge";
  return service.name;
}

}  // namespace sitelatch::client
