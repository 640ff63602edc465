// SPDX-License-Identifier: Apache-2.0
// What the command line, the environment and the profile say together about how to call AWS. Read
// once, with the first call.
#pragma once

#include <string>

#include "client/client.h"
#include "client/endpoint.h"
#include "client/profiles.h"

namespace sitelatch::client {

struct Configuration {
  Profiles profiles;
  std::string profile_name;  // the one in use; "default" where nobody chose
  bool profile_from_options = false;
  const Section& profile() const;  // empty where there is none

  std::string region;        // may be empty
  std::string endpoint_url;  // from the options
  bool ignore_configured_endpoints = false;
  EndpointVariant variant;
  std::string ca_bundle;
  std::string http_proxy;
  std::string https_proxy;
  std::string no_proxy;
  int max_attempts = 5;  // choice: fact client-6
  Limits limits;
};

Outcome<Configuration> read_configuration(const Options& options, const Environment& environment);

// fact client-3: the order is --endpoint-url; AWS_ENDPOINT_URL_<SERVICE>; AWS_ENDPOINT_URL; the
// profile's `services` section; the profile's endpoint_url; AWS's own.
Outcome<Place> place_of(const Configuration& configuration, const Environment& environment,
                        const aws::ServiceModel& service, std::string_view region);

}  // namespace sitelatch::client
