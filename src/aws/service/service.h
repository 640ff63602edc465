// SPDX-License-Identifier: Apache-2.0
// What a service is to the gateway: a model's name, what an operation asks of IAM, and the handling
// of it. The gateway has recognised, authenticated, decoded and validated the input by the
// service's model (required members, lengths, ranges, patterns, enums) before a Call reaches the
// service; it authorises between the two functions below.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/auth/caller.h"
#include "aws/auth/permission.h"
#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "base/time.h"

namespace sitelatch::aws {

struct Call {
  std::string_view operation;  // "UpdateHealthCheck"
  const Value& input;
  const Caller& caller;
  std::string
      region;  // of the credential scope (or of the endpoint's host name); for global services too
  std::string account;     // the engine's account
  std::string request_id;  // uuid; also Lambda's invocation id
  std::string endpoint;  // "http://127.0.0.1:4566" as the client addressed it: for URLs in answers
  Instant now;
};

using Answer = std::function<void(Outcome<>)>;

class Service {
 public:
  virtual ~Service() = default;

  // The model's folder under models/: "route53", "sts".
  virtual std::string_view model_name() const = 0;
  // What the operation asks; empty: nothing (GetCallerIdentity). Called for operations of the model
  // that the service handles; must not change anything. An input that names what does not exist
  // still gives its ARN.
  virtual std::vector<Permission> authorisation(const Call& call) const = 0;
  // Operations that are handled; the gateway answers the others with AWS's error for an unknown
  // operation.
  virtual std::vector<std::string_view> operations() const = 0;
  // Operations that AWS takes without a signature (SNS ConfirmSubscription and Unsubscribe by URL).
  virtual bool allows_anonymous(std::string_view /*operation*/) const { return false; }
  // The largest body that is taken for an operation, as sent (fact gateway-12); asked from any
  // thread. `operation` may be empty: not known yet.
  virtual std::size_t largest_body(std::string_view /*operation*/) const { return 4u << 20; }
  // Handles one call and gives exactly one answer, now or later, on the control thread. State
  // changes are written to the journal before the answer is given; the gateway sends the reply once
  // they are durable.
  virtual void handle(const Call& call, Answer answer) = 0;
};

}  // namespace sitelatch::aws
