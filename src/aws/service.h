// SPDX-License-Identifier: Apache-2.0
// What a service is to the gateway: a model's name, what an operation asks of IAM, and the handling
// of it. The gateway has recognised, authenticated, decoded and validated the input by the
// service's model (required members, lengths, ranges, patterns, enums) before a Call reaches the
// service; it authorises between the two functions below.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aws/condition_keys.h"
#include "aws/error.h"
#include "aws/value.h"
#include "base/time.h"

namespace sitelatch::aws {

// Who calls. `arn` is what GetCallerIdentity says and error texts name; `principal_arn` is
// aws:PrincipalArn (the role of a session). Root passes every policy; an anonymous caller has no
// ARN and only resource policies speak for it.
struct Caller {
  enum class Kind { root, user, role_session, anonymous };
  Kind kind = Kind::anonymous;
  std::string account;
  std::string arn;
  std::string principal_arn;
  std::string user_id;         // root: the account; user: AIDA...; session: AROA...:name
  std::string name;            // user or role name
  std::string session_name;    // of a role session
  std::string session_policy;  // JSON or empty
  std::string access_key_id;
};

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

// One question to IAM. All Permissions of a call must be granted. `resources` are alternate
// spellings of one resource (a policy that matches any of them matches), in the resource's own
// canonical form, however the caller named it. A resource policy takes part where the service has
// one.
struct Permission {
  std::string action;                       // "route53:UpdateHealthCheck"
  std::vector<std::string> resources;       // {"arn:aws:route53:::healthcheck/..."} or {"*"}
  ConditionKeys keys;                       // beyond the global ones, which the gateway adds
  std::string resource_policy;              // JSON text or empty
  bool resource_policy_required = false;    // a role's trust policy: nothing is allowed without it
  std::vector<std::string> denied_as = {};  // further spellings that a Deny reaches it by
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

// The usual service: a table of synchronous handlers. Derived classes build it once:
//   : OperationTable({{"CreateTopic", &Sns::create_topic}, ...})
template <class Derived>
class OperationTable {
 public:
  using Handler = Outcome<> (Derived::*)(const Call&);
  OperationTable(std::initializer_list<std::pair<const std::string_view, Handler>> handlers)
      : handlers_(handlers) {}
  std::vector<std::string_view> names() const {
    std::vector<std::string_view> out;
    for (const auto& [name, handler] : handlers_) out.push_back(name);
    return out;
  }
  // nullptr: not in the table.
  Handler find(std::string_view operation) const {
    const auto at = handlers_.find(operation);
    return at == handlers_.end() ? nullptr : at->second;
  }

 private:
  std::map<std::string_view, Handler> handlers_;
};

}  // namespace sitelatch::aws
