// SPDX-License-Identifier: Apache-2.0
#include "client/configuration.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/auth/regions.h"
#include "base/text.h"
#include "client/failures.h"

namespace sitelatch::client {
namespace {

std::string first_variable(const Environment& environment,
                           std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (auto value = environment.variable(name)) return *value;
  return "";
}

bool is_true(std::string_view text) { return equal_ignoring_case(text, "true"); }

Error unknown_profile(const Configuration& configuration) {
  const auto known = join(configuration.profiles.names(), ", ");
  return configuration_error(
      "ProfileNotFound",
      fmt::format("there is no profile \"{}\" in {} or {} ({})", configuration.profile_name,
                  configuration.profiles.config_path, configuration.profiles.credentials_path,
                  known.empty() ? "they have none" : "there are: " + known));
}

Outcome<int> max_attempts(const Options& options, const std::string& variable,
                          const Section& profile) {
  if (options.max_attempts) return *options.max_attempts;
  const auto text = variable.empty() ? profile.get("max_attempts") : variable;
  if (text.empty()) return Configuration{}.max_attempts;
  const auto number = parse_int(text);
  if (!number || *number < 1)
    return failure(
        configuration_error("InvalidMaxAttempts",
                            fmt::format("max attempts must be a number from 1, not \"{}\"", text)));
  return static_cast<int>(std::min<std::int64_t>(*number, 100));
}

void read_network(Configuration& configuration, const Environment& environment) {
  configuration.ca_bundle = first_variable(environment, {"AWS_CA_BUNDLE"});
  if (configuration.ca_bundle.empty())
    configuration.ca_bundle = configuration.profile().get("ca_bundle");
  if (configuration.ca_bundle.starts_with("~/"))
    configuration.ca_bundle = environment.home() + configuration.ca_bundle.substr(1);
  configuration.http_proxy = first_variable(environment, {"http_proxy", "HTTP_PROXY"});
  configuration.https_proxy = first_variable(environment, {"https_proxy", "HTTPS_PROXY"});
  configuration.no_proxy = first_variable(environment, {"no_proxy", "NO_PROXY"});
}

bool flag(const Environment& environment, const Section& profile, std::string_view variable,
          std::string_view setting) {
  const auto value = environment.variable(variable);
  return is_true(value ? *value : profile.get(setting));
}

// The region that was chosen, and by what: a slip of the hand is told before anything is asked.
Outcome<std::string> chosen_region(const Options& options, const Environment& environment,
                                   const Configuration& configuration) {
  std::string region = options.region, said_by = "--region";
  for (const auto* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (region.empty()) region = environment.variable(said_by = variable).value_or("");
  if (region.empty()) {
    region = configuration.profile().get("region");
    said_by = "profile " + configuration.profile_name;
  }
  if (region.empty()) return options.region_if_none;
  const auto newer = environment.variable("SITELATCH_NEW_REGIONS").value_or("");
  if (const auto problem = aws::region_problem(region, newer))
    return failure(configuration_error("UnknownRegion", said_by + ": " + *problem));
  return region;
}

// "": AWS's own.
std::string configured_url(const Configuration& configuration, const Environment& environment,
                           const aws::ServiceModel& service) {
  if (!configuration.endpoint_url.empty()) return configuration.endpoint_url;
  if (configuration.ignore_configured_endpoints) return "";
  const auto name = settings_name(service);
  const auto variable = "AWS_ENDPOINT_URL_" + upper(name);
  if (auto url = first_variable(environment, {variable, "AWS_ENDPOINT_URL"}); !url.empty())
    return url;
  const auto& profile = configuration.profile();
  const auto services = configuration.profiles.services.find(profile.get("services"));
  if (services != configuration.profiles.services.end())
    if (const auto nested = services->second.nested.find(name);
        nested != services->second.nested.end())
      if (const auto url = nested->second.find("endpoint_url"); url != nested->second.end())
        return url->second;
  return profile.get("endpoint_url");
}

}  // namespace

const Section& Configuration::profile() const {
  static const Section none;
  const auto* found = profiles.find(profile_name);
  return found ? *found : none;
}

Outcome<Configuration> read_configuration(const Options& options, const Environment& environment) {
  auto profiles = read_profiles(environment);
  if (!profiles) return failure(profiles.error());
  Configuration configuration;
  configuration.profiles = std::move(*profiles);
  configuration.profile_from_options = !options.profile.empty();
  const auto chosen = options.profile.empty()
                          ? first_variable(environment, {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"})
                          : options.profile;
  configuration.profile_name = chosen.empty() ? "default" : chosen;
  if (!chosen.empty() && chosen != "default" && !configuration.profiles.find(chosen))
    return failure(unknown_profile(configuration));
  const auto& profile = configuration.profile();
  auto region = chosen_region(options, environment, configuration);
  if (!region) return failure(region.error());
  configuration.region = std::move(*region);
  configuration.endpoint_url = options.endpoint_url;
  configuration.ignore_configured_endpoints =
      flag(environment, profile, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
           "ignore_configured_endpoint_urls");
  configuration.variant.fips =
      flag(environment, profile, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  configuration.variant.dual_stack =
      flag(environment, profile, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  const auto attempts =
      max_attempts(options, first_variable(environment, {"AWS_MAX_ATTEMPTS"}), profile);
  if (!attempts) return failure(attempts.error());
  configuration.max_attempts = *attempts;
  configuration.limits = options.limits;
  read_network(configuration, environment);
  return configuration;
}

Outcome<Place> place_of(const Configuration& configuration, const Environment& environment,
                        const aws::ServiceModel& service, std::string_view region) {
  const auto in = region.empty() ? std::string_view{configuration.region} : region;
  const auto url = configured_url(configuration, environment, service);
  if (!url.empty()) return configured_endpoint(service, in, url);
  return endpoint_of(service, in, configuration.variant);
}

}  // namespace sitelatch::client
