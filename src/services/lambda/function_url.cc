// SPDX-License-Identifier: Apache-2.0
#include "services/lambda/function_url.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace sitelatch::lambda {
namespace {
constexpr std::string_view url_label = "lambda-url";
constexpr std::string_view url_path = "/_sitelatch/url/";
constexpr std::string_view here = "localhost", on_aws = "on.aws";

// Where names below localhost lead (RFC 6761 §6.3), for probes too, which ask for IPv4 alone.
bool is_localhost(std::string_view host) {
  return host == here || host.ends_with(".localhost") || host == "127.0.0.1";
}

// "http://[::1]:4566" -> "::1" and ":4566"
struct Endpoint {
  std::string_view host, port;
};
Endpoint endpoint_of(std::string_view url) {
  auto rest = url.substr(url.find("://") == url.npos ? 0 : url.find("://") + 3);
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == rest.npos) return {rest, {}};
    return {rest.substr(1, end - 1), rest.substr(end + 1)};
  }
  const auto colon = std::min(rest.find(':'), rest.size());
  return {rest.substr(0, colon), rest.substr(colon)};
}

std::string host_name(std::string_view id, std::string_view region, std::string_view where) {
  return fmt::format("{}.{}.{}.{}", id, url_label, region, where);
}

std::optional<UrlPlace> place_by_host(std::string_view host, std::string_view target) {
  const auto labels = split(host, '.');
  if (labels.size() < 4 || labels[1] != url_label) return std::nullopt;
  const auto after = labels[0].size() + 1 + url_label.size() + 1 + labels[2].size() + 1;
  const auto where = host.substr(after);
  if (where != here && where != on_aws) return std::nullopt;
  return UrlPlace{std::string{labels[0]}, std::string{labels[2]}, std::string{host},
                  std::string{target}, false};
}

std::optional<UrlPlace> place_by_path(std::string_view target) {
  if (!target.starts_with(url_path)) return std::nullopt;
  const auto rest = target.substr(url_path.size());
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  UrlPlace place;
  place.id = rest.substr(0, end);
  place.target = rest.substr(end);
  if (!place.target.starts_with('/')) place.target.insert(0, "/");
  place.by_path = true;
  return place;
}

}  // namespace

std::string_view auth_type(const FunctionUrl& url) {
  return url.auth == FunctionUrl::Auth::none ? "NONE" : "AWS_IAM";
}

std::string address_of(const FunctionUrl& url, std::string_view region, std::string_view endpoint) {
  const auto api = endpoint_of(endpoint);
  if (is_localhost(api.host))
    return fmt::format("http://{}{}/", host_name(url.id, region, here), api.port);
  if (api.host.ends_with(".amazonaws.com"))
    return fmt::format("http://{}{}/", host_name(url.id, region, on_aws), api.port);
  return fmt::format("{}{}{}/", endpoint, url_path, url.id);
}

std::optional<UrlPlace> url_place(std::string_view host, std::string_view target) {
  auto place = place_by_host(host, target);
  return place ? place : place_by_path(target);
}

}  // namespace sitelatch::lambda
