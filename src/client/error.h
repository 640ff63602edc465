// SPDX-License-Identifier: Apache-2.0
// Why a call to AWS failed: an answer of the service (code, message, status, request id), or no
// answer at all and what stood in the way. explain() turns either into sentences for people;
// programs look at `cause` and `code`.
#pragma once

#include <string>
#include <string_view>

#include "aws/wire/value.h"
#include "base/result.h"

namespace sitelatch::client {

enum class Cause {
  service,          // the service answered, with `code`
  configuration,    // no region, an unknown profile, an endpoint that is no URL, no such operation
  credentials,      // none found, or a source of them failed; `message` says where was looked
  name_resolution,  // the endpoint's (or proxy's) name has no address, or there is no DNS
  refused,          // nothing listens at the endpoint
  unreachable,      // no route
  timeout,
  tls,         // the certificate was not accepted, or no common TLS
  connection,  // broken off in the middle, or another transport fault
  answer,      // an answer that is not the service's: unreadable, or a proxy's page
};

struct Error {
  Cause cause = Cause::service;
  std::string code;        // as SDKs show it: "NoSuchHealthCheck", "Throttling"; without an answer
                           // "ConnectionRefused" etc.
  std::string message;     // AWS's, or what happened
  int status = 0;          // HTTP; 0: no answer
  std::string request_id;  // empty: not said
  aws::Value members;      // further members of the error's structure (null: none)

  // What was asked.
  std::string service;    // "route53"; empty where the failure came before a call
  std::string operation;  // "GetHealthCheck"
  std::string region;
  std::string endpoint;            // "https://route53.amazonaws.com"
  std::string access_key_id;       // as whom, as far as the client knows
  std::string credentials_source;  // "environment", "profile ops (role arn:... )"
  int attempts = 0;

  bool is(std::string_view a_code) const { return cause == Cause::service && code == a_code; }
};

template <class T = aws::Value>
using Outcome = Result<T, Error>;

// The service says that this may not be done (403 and its codes), whatever the spelling.
bool is_denied(const Error& error);
// The service says that the thing is not there ("NoSuchHealthCheck", "ResourceNotFoundException",
// "NotFound", ...).
bool is_absent(const Error& error);
bool is_throttled(const Error& error);
bool is_expired_token(const Error& error);
// The credentials themselves are not taken: expired, unknown, or of another secret.
bool is_bad_credentials(const Error& error);
// Nothing was decided about the thing that was asked for: AWS was not reached or did not get to it
// (throttled or failing to the end), or this caller may not do or see it. The opposite: AWS looked
// at it and said no.
bool is_unanswered(const Error& error);

// The IAM action behind an operation: "cloudwatch:DescribeAlarms", "lambda:InvokeFunction".
std::string iam_action(std::string_view service, std::string_view operation);

// One to three sentences for people, ending with a full stop: what failed, why, what mends it.
// `doing` leads in where it is given: explain(error, "read health check 1a2b") -> "Cannot read
// health check 1a2b: ...".
std::string explain(const Error& error, std::string_view doing = {});

}  // namespace sitelatch::client
