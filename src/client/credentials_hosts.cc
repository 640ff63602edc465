// SPDX-License-Identifier: Apache-2.0
// Credentials from addresses next to this process: the container's, and the instance's metadata
// service (version 2).
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "client/credentials.h"
#include "client/failures.h"

namespace sitelatch::client {
namespace {

constexpr std::chrono::milliseconds container_limit{2'000};
constexpr std::string_view roles_path = "/latest/meta-data/iam/security-credentials/";

// fact client-8: a token goes over plain http only to these, or to this machine.
bool may_be_asked(std::string_view origin) {
  if (origin.starts_with("https://") || is_loopback_origin(origin)) return true;
  auto host = origin.substr(origin.find("://") + 3);
  host =
      host.starts_with("[") ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return host == "169.254.170.2" || host == "169.254.170.23" || host == "[fd00:ec2::23]";
}

aws::HttpRequest get(std::string method = "GET") {
  aws::HttpRequest request;
  request.method = std::move(method);
  return request;
}

// "https://host:port" and "/path?query" of a URL.
bool split_origin(std::string_view url, std::string& origin, std::string& target) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos ||
      (!url.starts_with("http://") && !url.starts_with("https://")))
    return false;
  const auto slash = url.find_first_of("/?", scheme_end + 3);
  origin = std::string{url.substr(0, slash)};
  target = slash == std::string_view::npos ? "/" : std::string{url.substr(slash)};
  if (target.front() == '?') target.insert(0, "/");
  return origin.size() > scheme_end + 3 && url.find_first_of(" @\r\n\t") == std::string_view::npos;
}

}  // namespace

Outcome<aws::HttpResponse> CredentialSources::ask_host(const std::string& url,
                                                       aws::HttpRequest request,
                                                       std::chrono::milliseconds limit) {
  Exchange exchange;
  if (!split_origin(url, exchange.origin, request.target))
    return failure(credentials_error("InvalidUrl", "\"" + url + "\" is no http or https URL"));
  request.headers.set("Host", host_of(exchange.origin));
  exchange.request = std::move(request);
  exchange.limits = {limit, limit};
  exchange.api = false;
  exchange.ca_bundle = configuration_.ca_bundle;
  auto response = transport_.send(exchange);
  if (!response)
    return failure(credentials_error("HostUnanswered", url + ": " + response.error().text));
  return std::move(*response);
}

CredentialSources::Found CredentialSources::from_container() {
  const auto relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const auto url = relative.empty() ? variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                                    : "http://169.254.170.2" + relative;
  if (url.empty()) return std::optional<Credentials>{};
  std::string origin, target;
  if (!split_origin(url, origin, target) || !may_be_asked(origin))
    return failure(
        credentials_error("ContainerCredentials",
                          "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to this "
                          "machine or the container agent, not " +
                              url));
  auto token = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const auto file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    const auto text = environment_.read_file(file);
    if (!text || !*text)
      return failure(credentials_error("ContainerCredentials",
                                       "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: " +
                                           (text ? file + " does not exist" : text.error().text)));
    token = std::string{trim(**text)};
  }
  auto request = get();
  request.headers.set("Accept", "application/json");
  if (token.find_first_of("\r\n") != std::string::npos)
    return failure(credentials_error("ContainerCredentials",
                                     "the container's authorization token has line breaks"));
  if (!token.empty()) request.headers.set("Authorization", token);
  const auto response = ask_host(url, std::move(request), container_limit);
  if (!response) return failure(response.error());
  const auto source = "the container (" + url + ")";
  if (response->status != 200)
    return failure(credentials_error("ContainerCredentials",
                                     fmt::format("{} answered {}", source, response->status)));
  auto credentials = read_credentials_json(response->body, source);
  if (!credentials) return failure(credentials.error());
  return std::optional{*credentials};
}

// Version 2 only: a token first. Whatever goes wrong means that there are none here, as most
// machines are no instances.
CredentialSources::Found CredentialSources::from_instance() {
  const auto none = [&](std::string why) {
    instance_trouble_ = std::move(why);
    return Found{std::optional<Credentials>{}};
  };
  if (equal_ignoring_case(variable("AWS_EC2_METADATA_DISABLED"), "true"))
    return none("switched off by AWS_EC2_METADATA_DISABLED");
  auto base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base.empty()) base = configuration_.profile().get("ec2_metadata_service_endpoint");
  if (base.empty())
    base = equal_ignoring_case(variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"), "ipv6")
               ? "http://[fd00:ec2::254]"
               : "http://169.254.169.254";
  while (base.ends_with('/')) base.pop_back();
  const auto seconds =
      std::clamp(parse_double(variable("AWS_METADATA_SERVICE_TIMEOUT")).value_or(1.0), 0.05, 60.0);
  const std::chrono::milliseconds limit{static_cast<int>(seconds * 1000)};

  auto token_request = get("PUT");
  token_request.headers.set("x-aws-ec2-metadata-token-ttl-seconds", "21600");
  const auto token = ask_host(base + "/latest/api/token", std::move(token_request), limit);
  if (!token) return none("no answer");
  if (token->status != 200) return none(fmt::format("answered {}", token->status));
  if (token->body.find_first_of("\r\n") != std::string::npos) return none("gave no token");

  auto roles_request = get();
  roles_request.headers.set("x-aws-ec2-metadata-token", token->body);
  auto role_request = roles_request;
  const auto roles = ask_host(base + std::string{roles_path}, std::move(roles_request), limit);
  if (!roles || roles->status != 200) return none("the instance has no role");
  const std::string role{trim(split(roles->body, '\n').front())};
  const auto document = ask_host(base + std::string{roles_path} + percent_encode(role),
                                 std::move(role_request), limit);
  if (!document || document->status != 200) return none("gave no credentials for role " + role);
  auto credentials = read_credentials_json(document->body, "the instance's role " + role);
  if (!credentials) return none(credentials.error().message);
  return std::optional{*credentials};
}

}  // namespace sitelatch::client
