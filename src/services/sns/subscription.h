// SPDX-License-Identifier: Apache-2.0
// A subscription and its states (facts sns-10 to sns-17):
//   pending ----confirm----> confirmed ----unsubscribe by URL----> deactivated ----confirm---->
//     confirmed
//   pending, deactivated: forgotten two days after their token was made. Lambda functions start as
//     confirmed.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "aws/wire/error.h"
#include "aws/wire/value.h"
#include "base/time.h"
#include "services/sns/filter_policy.h"

namespace sitelatch::sns {

inline constexpr Duration token_life = std::chrono::hours{48};

struct Subscription {
  enum class State { pending, confirmed, deactivated };

  std::string arn, topic_arn, protocol, endpoint, owner, principal;
  State state = State::pending;
  bool confirmed_by_signed_call = false;  // ConfirmationWasAuthenticated
  bool needs_signed_unsubscribe = false;  // AuthenticateOnUnsubscribe
  std::string token;                      // identifies the subscription in confirmation URLs
  Instant token_made{};
  std::map<std::string, std::string> settings;  // attributes that were set, by AWS's names
  std::shared_ptr<const FilterPolicy>
      filter;  // of settings["FilterPolicy"]; null: wants everything

  std::string setting(const std::string& name) const;  // or ""
  bool raw() const { return setting("RawMessageDelivery") == "true"; }
  FilterScope scope() const;
};

bool known_protocol(std::string_view protocol);
bool is_phone_number(const std::string& text);  // E.164
// Those of which something leaves the engine or reaches another service of it; the others are kept
// and delivered nowhere (fact sns-11).
bool is_delivered(std::string_view protocol);
// Refuses an endpoint that is none of its protocol.
aws::Outcome<Done> check_endpoint(const std::string& protocol, const std::string& endpoint);

enum class AttributeCall { subscribe, set };  // the wording of refusals differs
// Checks the value and stores it, normalised; the filter is parsed anew.
aws::Outcome<Done> set_attribute(Subscription& subscription, const std::string& name,
                                 const std::string& value, AttributeCall call);

aws::Value to_value(const Subscription& subscription);
Subscription subscription_from(const aws::Value& value);

}  // namespace sitelatch::sns
