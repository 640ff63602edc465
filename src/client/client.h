// SPDX-License-Identifier: Apache-2.0
// Calling AWS, or an engine that speaks like it. `Aws` is what the guard asks and what its tests
// fake; `Client` is the real one: credentials and endpoints as the SDKs find them, signed requests,
// retries with backoff, time limits. Operations and members go by the names of the service models;
// outputs leave out what was not sent:
//   auto reply = aws.call("route53", "GetHealthCheck", Value::structure({{"HealthCheckId", id}}));
//   if (!reply) return failure(reply.error());            // explain(reply.error()) for people
//   reply->operator[]("HealthCheck")["HealthCheckVersion"].integer();
// Synchronous, for one thread. Nothing is read, loaded or opened before the first call.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/auth/endpoint_host.h"
#include "aws/wire/value.h"
#include "client/environment.h"
#include "client/error.h"
#include "client/transport.h"
#include "ports/entropy.h"

namespace sitelatch::client {

using aws::Value;

struct Call {
  std::string
      service;  // the model's name: cloudwatch, events, iam, kms, lambda, logs, route53, sns, sts
  std::string operation;
  Value input = Value::structure();
  std::string region{};  // empty: the configured one. Global services (route53, iam) take only its
                         // partition from it
  std::optional<std::chrono::milliseconds>
      time_limit{};               // of one attempt, in place of the options'
  std::optional<int> attempts{};  // 1: never sent twice
};

struct Reply {
  Value output;
  std::string request_id;  // for the audit
};

class Aws {
 public:
  virtual ~Aws() = default;

  virtual Outcome<Reply> send(const Call& call) = 0;
  // The region that calls without one go to; empty: none is configured.
  virtual std::string region() = 0;
  // AWS's time less ours, as far as an answer has told; decisions add it to our clock as signatures
  // do.
  virtual Duration clock_offset() const { return {}; }
  // FIPS and dual stack, as the environment or the profile asks for them.
  virtual aws::EndpointVariant endpoint_variant() { return {}; }

  Outcome<Value> call(std::string_view service, std::string_view operation,
                      Value input = Value::structure(), std::string_view region = {});
  // Every page, its lists joined in one output; the operation's own token members are followed and
  // left out. Works for operations without pages too.
  Outcome<Value> call_all(std::string_view service, std::string_view operation,
                          Value input = Value::structure(), std::string_view region = {});
  // Page by page, until the last or until `visit` says stop.
  enum class Visit { go_on, stop };
  Outcome<Done> pages(std::string_view service, std::string_view operation, Value input,
                      std::string_view region,
                      const std::function<Visit(const Value& page)>& visit);
};

// What people say on the command line; the environment and the profile fill in the rest.
struct Options {
  std::string profile;         // --profile: comes before credentials in the environment
  std::string region;          // --region
  std::string region_if_none;  // where neither that, the environment nor the profile names one
  std::string endpoint_url;    // --endpoint-url: for every service
  Limits limits;
  std::optional<int> max_attempts;  // else AWS_MAX_ATTEMPTS, the profile's max_attempts, or 5
  std::string user_agent = "sitelatch";
};

// Borrowed; must outlive the client.
struct Dependencies {
  Environment& environment;
  Clock& clock;
  ports::Entropy& entropy;
  Transport& transport;
};

class Client final : public Aws {
 public:
  Client(Options options, Dependencies dependencies);
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Outcome<Reply> send(const Call& call) override;
  std::string region() override;
  Duration clock_offset() const override;
  aws::EndpointVariant endpoint_variant() override;
  // Where calls of a service go, and what the credentials' source is, for people ("status" and
  // "doctor" say so).
  Outcome<std::string> endpoint(std::string_view service, std::string_view region = {});
  Outcome<std::string> credentials_source();

 private:
  class Session;
  std::unique_ptr<Session> session_;
};

// The real thing: this process's environment and files, libcurl.
// SITELATCH_FAULT_EXIT_BEFORE_CALLS=N and SITELATCH_FAULT_EXIT_AFTER_CALLS=N end the process with
// status 137 just before the Nth request to an AWS API is sent, or just after its answer came, so
// that tests can cut a command off anywhere.
std::unique_ptr<Aws> connect(Options options);

}  // namespace sitelatch::client
