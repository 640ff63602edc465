// SPDX-License-Identifier: Apache-2.0
// What a Client keeps between calls: the configuration, credentials until shortly before they
// expire, the limiter and the quota of retries, how far the world's clock is from ours. Signs,
// sends, decides about sending again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "aws/wire/wire.h"
#include "client/client.h"
#include "client/configuration.h"
#include "client/credentials.h"
#include "client/retry.h"

namespace sitelatch::client {

class Client::Session {
 public:
  Session(Options options, Dependencies dependencies)
      : options_(std::move(options)), dependencies_(dependencies) {}

  Outcome<Reply> send(const Call& call);
  std::string region();
  aws::EndpointVariant endpoint_variant();
  Duration clock_offset() const { return clock_offset_; }
  Outcome<std::string> endpoint(std::string_view service, std::string_view region);
  Outcome<std::string> credentials_source();

 private:
  // One operation, resolved: what to send and where.
  struct Plan {
    const aws::ServiceModel* service = nullptr;
    const aws::Operation* operation = nullptr;
    aws::Protocol protocol{};
    Place place;
    std::string region;
    aws::HttpRequest request;  // unsigned
    Limits limits;
    int attempts = 1;
  };

  Outcome<const Configuration*> configuration();
  Outcome<Plan> plan(const Call& call, const Configuration& configuration);
  Outcome<Reply> send_signed(const Plan& plan);
  Outcome<Reply> send_with(const Plan& plan, const Credentials* credentials);
  Outcome<Reply> attempt(const Plan& plan, const Credentials* credentials);
  bool learn_clock_skew(const Error& error, const aws::HttpResponse& response);
  Exchange exchange_of(const Plan& plan, const Credentials* credentials);
  Outcome<const Credentials*> credentials();
  Outcome<Credentials> search_credentials();
  Outcome<Value> sts(std::string_view operation, const Value& input,
                     const Credentials* credentials);
  RateLimiter& rate_limiter_of(const Plan& plan);
  double random();

  const Options options_;
  const Dependencies dependencies_;
  std::optional<Configuration> configuration_;
  std::optional<Credentials> credentials_;
  RetryQuota quota_;
  std::map<std::string, RateLimiter> rate_limiters_;  // by origin; of Route 53
  Duration clock_offset_{0};                          // the world's time less ours
  bool clock_corrected_ = false;                      // by the attempt just made
};

}  // namespace sitelatch::client
